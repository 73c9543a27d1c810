"""Costs of a simulation: money, breaches, waits, by day of detection and by group."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from data.ticks import MS_PER_DAY, MS_PER_HOUR, NEVER
from training.queue_replay.workload.workload import Scenario, SimulationResult, Workload

MAX_GROUPS = 12
UNLABELLED, OTHERS = "not told", "all others"


@dataclass(frozen=True)
class ExceptionGroups:
    """Grouping of n exceptions.

    Attributes:
        names: Of the groups.
        code: n positions among the names.
        size: Number of exceptions of each group.
    """

    names: tuple[str, ...]
    code: np.ndarray
    size: np.ndarray

    @classmethod
    def of(cls, labels: np.ndarray, max_groups: int = MAX_GROUPS) -> "ExceptionGroups":
        """Group by n texts: the largest groups, and all others; an empty text is `not told`."""
        filled = np.array([str(label) if label else UNLABELLED for label in labels])
        names, code, size = np.unique(filled, return_inverse=True, return_counts=True)
        largest = np.sort(np.argsort(-size, kind="stable")[:max_groups])
        row = np.full(len(names), len(largest))
        row[largest] = np.arange(len(largest))
        shown = [str(name) for name in names[largest]]
        shown += [OTHERS] * (len(names) > len(largest))
        return cls(tuple(shown), row[code], np.bincount(row[code], minlength=len(shown)))

    def take(self, rows: np.ndarray) -> "ExceptionGroups":
        """Return the same groups of some exceptions, repeated ones among them."""
        code = self.code[rows]
        return ExceptionGroups(self.names, code, np.bincount(code, minlength=len(self.names)))


@dataclass(frozen=True)
class CostModel:
    """Prices and groupings by which a simulated run is charged.

    Attributes:
        day: n positions of days of detection, those on which nothing was detected left out.
        days: Number of these days.
        first_day: Of the period, in days since 1970.
        period_days: Length of the period.
        groups: Groupings of the exceptions: `team`, `type`, `segment`.
        waiting_cost_per_hour: Money for each hour that one is open.
        long_wait_hours: A longer wait until work begins counts as starved.
    """

    day: np.ndarray
    days: int
    first_day: int
    period_days: int
    groups: Mapping[str, ExceptionGroups]
    waiting_cost_per_hour: float
    long_wait_hours: float

    @classmethod
    def of(
        cls,
        workload: Workload,
        period: tuple[int, int],
        groups: Mapping[str, ExceptionGroups],
        prices: tuple[float, float],
    ) -> "CostModel":
        """Build the cost model of a workload.

        Args:
            workload: The workload.
            period: Its first tick and the first after it; what waited then counts on its first day.
            groups: Groupings of the exceptions.
            prices: Money for each hour that one is open; hours from which a wait is a long one.
        """
        first, last = (tick // MS_PER_DAY for tick in (period[0], period[1] - 1))
        days, day = np.unique(workload.detected_at // MS_PER_DAY, return_inverse=True)
        return cls(day, len(days), int(first), int(last) - int(first) + 1, groups, *prices)

    def by_day(self, values: np.ndarray) -> np.ndarray:
        """Sum n values by day."""
        return np.bincount(self.day, values, self.days)

    def by_day_and(self, group: ExceptionGroups, values: np.ndarray) -> np.ndarray:
        """Sum n values by day and group: (days, groups)."""
        many = len(group.names)
        flat = np.bincount(self.day * many + group.code, values, self.days * many)
        return flat.reshape(self.days, many)


@dataclass(frozen=True)
class CostSummary:
    """Costs of one simulation of one rule in one scenario.

    Attributes:
        money: Money lost, by day of detection.
        lost: Exceptions whose loss happened, by day of detection.
        waiting_cost: Money, by day of detection.
        money_by_group: For each grouping, money lost as (days, groups).
        money_by_loss_day: Money lost by the day of the loss; the last value holds all later days.
        wait_p95_hours: 95th percentile of the wait until work began.
        slowest_lost_share: Of those that wait at least so long, the share whose loss had come
            before work on them began: nothing was left to save.
        slowest_stake_ratio: Mean money at stake of those, over the mean of all; NaN for none.
        age_p95_hours: 95th percentile of the age at the end.
        age_max_hours: The highest age at the end.
        starved_by_group: For each grouping, the number of each group with a long wait.
        top_changes: Of the first twenty rows, the number that lose their rank in an hour; NaN if it
            was not measured.
    """

    money: np.ndarray
    lost: np.ndarray
    waiting_cost: np.ndarray
    money_by_group: dict[str, np.ndarray]
    money_by_loss_day: np.ndarray
    wait_p95_hours: float
    slowest_lost_share: float
    slowest_stake_ratio: float
    age_p95_hours: float
    age_max_hours: float
    starved_by_group: dict[str, np.ndarray]
    top_changes: float


def summarise_costs(
    workload: Workload,
    scenario: Scenario,
    result: SimulationResult,
    cost_model: CostModel,
    top_changes: float = np.nan,
) -> CostSummary:
    """Summarise the costs of a simulation; unresolved exceptions end with the last resolution."""
    last = int(
        result.resolved_at[result.resolved_at < NEVER].max(initial=workload.detected_at.max())
    )
    ended = np.minimum(result.resolved_at, last)
    age_hours = (ended - workload.detected_at) / MS_PER_HOUR
    begun = _begun_at(workload, result, ended)
    wait_hours = (begun - workload.detected_at) / MS_PER_HOUR
    wait_p95 = float(np.quantile(wait_hours, 0.95))
    slowest, stake = wait_hours >= wait_p95, scenario.loss.mean()
    starved = wait_hours > cost_model.long_wait_hours
    lost_day = np.minimum(
        scenario.lost_at // MS_PER_DAY - cost_model.first_day, cost_model.period_days
    )
    money, groups = result.money_lost, cost_model.groups
    return CostSummary(
        money=cost_model.by_day(money),
        lost=cost_model.by_day(result.lost.astype(np.float64)),
        waiting_cost=cost_model.by_day(age_hours * cost_model.waiting_cost_per_hour),
        money_by_group={
            name: cost_model.by_day_and(group, money) for name, group in groups.items()
        },
        money_by_loss_day=np.bincount(np.maximum(lost_day, 0), money, cost_model.period_days + 1),
        wait_p95_hours=wait_p95,
        slowest_lost_share=float((scenario.lost_at <= begun)[slowest].mean()),
        slowest_stake_ratio=float(scenario.loss[slowest].mean() / stake) if stake else np.nan,
        age_p95_hours=float(np.quantile(age_hours, 0.95)),
        age_max_hours=float(age_hours.max()),
        starved_by_group={
            name: np.bincount(group.code[starved], minlength=len(group.names))
            for name, group in groups.items()
        },
        top_changes=top_changes,
    )


def _begun_at(workload: Workload, result: SimulationResult, ended: np.ndarray) -> np.ndarray:
    """Return the ticks at which work on each exception began; its end where none was needed."""
    begun = ended.copy()
    np.minimum.at(begun, workload.visit_of, result.started_at)
    return begun


def last_team_names(workload: Workload) -> np.ndarray:
    """Return the name of the team of each exception's last visit; None without any."""
    team = np.full(len(workload.ids), None, object)
    names = np.array(workload.teams, object)
    team[workload.visit_of] = names[workload.team]  # of equal indices the last one stays
    return team
