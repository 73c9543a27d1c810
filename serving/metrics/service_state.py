"""Gauges of the service, which are read at each look of Prometheus."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from data.ledger.changes import latest_position
from data.policy.policy import Policy
from data.ticks import MS_PER_SECOND
from models.ranking.staffing import work_clock, work_hours_ahead
from models.ranking.start_loss import losses_if_begun
from serving.live_list.open_exceptions import NO_TEAM, OpenArrays
from serving.pollers import Background
from serving.service import Service

AN_HOUR = np.array([[0.0, 1.0]])


class CalibrationErrors(NamedTuple):
    """Expected calibration error of a label, and that of perfect chances on so few outcomes."""

    error: float
    by_chance: float


class DriftFigures(NamedTuple):
    """Figures of a drift job.

    Attributes:
        is_drift: Its verdict.
        errors: Of the later period, by label; labels with too few outcomes have none.
    """

    is_drift: bool
    errors: dict[str, CalibrationErrors]


class JobCounts(NamedTuple):
    """Counts of the newest jobs.

    Attributes:
        by_status: Jobs by kind and status.
        succeeded_at: Seconds since 1970 at which the last job of a kind succeeded.
        drift: Figures of the last drift job; None before it, or where its report is not at hand.
    """

    by_status: dict[tuple[str, str], int]
    succeeded_at: dict[str, float]
    drift: DriftFigures | None = None


class ServiceState(Collector):
    """Gauges of one process."""

    def __init__(
        self, service: Service, background: Background, job_counts: Callable[[], JobCounts]
    ) -> None:
        self._service = service
        self._background = background
        self._job_counts = job_counts

    def collect(self) -> Iterable[Metric]:
        """Yield the gauges, and the counts of the background."""
        service = self._service
        yield _gauge("open_exceptions", "Open exceptions", len(service.worklist.open))
        yield _gauge(
            "unreadable_exceptions",
            "Open exceptions that the ledger holds and nobody can read",
            len(service.worklist.unreadable),
        )
        champion = service.scorer.champion
        yield _gauge("degraded", "1 without a champion", int(champion.version is None))
        if champion.current is not None:
            yield _gauge(
                "champion_as_of_timestamp_seconds",
                "Moment up to which the champion knows the history, in seconds since 1970",
                champion.current.trained_as_of / MS_PER_SECOND,
            )
        book = service.forecast_book.book
        if book is not None:
            yield _gauge(
                "forecast_book_as_of_timestamp_seconds",
                "Moment up to which the forecast book knows demand, in seconds since 1970",
                book.as_of_ms / MS_PER_SECOND,
            )
        yield from self._ledger()
        yield from _queues(service.worklist.open.frozen(), service.policy, service.clock())
        yield from _jobs(self._job_counts())
        yield from _looks(self._background)

    def _ledger(self) -> Iterable[Metric]:
        try:
            with self._service.ledger.reading() as connection:
                latest = latest_position(connection)
        except SQLAlchemyError:
            yield _gauge("ledger_up", "1 while the ledger answers", 0)
            return
        yield _gauge("ledger_up", "1 while the ledger answers", 1)
        yield _gauge("ledger_position", "Number of the newest event of the ledger", latest.event)
        yield _gauge(
            "ledger_events_behind",
            "Events of the ledger that this process has not read yet",
            max(latest.event - self._service.follower.position.event, 0),
        )


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"expedite_{name}", text, value)


def _queues(now_open: OpenArrays, policy: Policy, now_ms: int) -> Iterable[Metric]:
    """Yield the length, the oldest age and the money that an hour costs, by team.

    Nothing is ranked for it: a look of Prometheus must not hold up calls.
    """
    length = GaugeMetricFamily(
        "expedite_queue_length", "Open exceptions of a team", labels=["team"]
    )
    oldest = GaugeMetricFamily(
        "expedite_queue_oldest_seconds", "Age of a team's oldest open exception", labels=["team"]
    )
    loss = GaugeMetricFamily(
        "expedite_queue_loss_per_hour",
        "Money that is expected to be lost by another hour of waiting, in the policy's currency",
        labels=["team"],
    )
    teams = np.array([team or NO_TEAM for team in now_open.teams.tolist()], object)
    clock = work_clock(policy.shifts, now_open.teams, now_ms)
    hours = work_hours_ahead(clock, now_ms, np.tile(AN_HOUR, (len(teams), 1)))
    losses = losses_if_begun(now_open.scored.at(now_ms, clock), hours)
    rises = np.nan_to_num(losses[:, 1] - losses[:, 0])
    for team in sorted(set(teams.tolist())):
        of_team = teams == team
        length.add_metric([team], int(of_team.sum()))
        oldest_ms = now_ms - int(now_open.scored.detected_at[of_team].min())
        oldest.add_metric([team], max(oldest_ms, 0) / MS_PER_SECOND)
        loss.add_metric([team], float(rises[of_team].sum()))
    yield from (length, oldest, loss)


def _jobs(counts: JobCounts) -> Iterable[Metric]:
    jobs = GaugeMetricFamily(
        "expedite_jobs", "Jobs among the last 200, by kind and status", labels=["kind", "status"]
    )
    succeeded = GaugeMetricFamily(
        "expedite_job_last_success_timestamp_seconds",
        "End of the last job of a kind that succeeded, in seconds since 1970",
        labels=["kind"],
    )
    for (kind, status), count in sorted(counts.by_status.items()):
        jobs.add_metric([kind, status], count)
    for kind, moment in sorted(counts.succeeded_at.items()):
        succeeded.add_metric([kind], moment)
    yield from (jobs, succeeded)
    yield from _drift(counts.drift)


def _drift(figures: DriftFigures | None) -> Iterable[Metric]:
    """Yield what the last drift job says; no values before the first."""
    drift = GaugeMetricFamily("expedite_drift", "1 where the last drift job found drift")
    error = GaugeMetricFamily(
        "expedite_calibration_error",
        "Expected calibration error of a label in the later period of the last drift job",
        labels=["label"],
    )
    by_chance = GaugeMetricFamily(
        "expedite_calibration_error_by_chance",
        "The error that perfect chances would show on so few outcomes",
        labels=["label"],
    )
    if figures is not None:
        drift.add_metric([], int(figures.is_drift))
        for label, errors in sorted(figures.errors.items()):
            error.add_metric([label], errors.error)
            by_chance.add_metric([label], errors.by_chance)
    yield from (drift, error, by_chance)


def _looks(background: Background) -> Iterable[Metric]:
    failures = CounterMetricFamily(
        "expedite_background_failures", "Failed looks of the background", labels=["task"]
    )
    failing = GaugeMetricFamily(
        "expedite_background_failing", "1 where the last look failed or is stuck", labels=["task"]
    )
    succeeded = GaugeMetricFamily(
        "expedite_background_last_success_timestamp_seconds",
        "Time of the last look that succeeded, in seconds since 1970; 0 before the first",
        labels=["task"],
    )
    problems = background.problems()
    for record in background.records:
        failures.add_metric([record.name], record.failures)
        failing.add_metric([record.name], int(problems[record.name] is not None))
        succeeded.add_metric([record.name], record.succeeded_at)
    yield from (failures, failing, succeeded)
