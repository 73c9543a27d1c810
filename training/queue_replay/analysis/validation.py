"""The historical order first: does the simulator bring about the waits and breaches on record?

Where it does not, something in the history is not in the work as read (people on leave, overtime,
work that nobody recorded), and what another order would have saved can't be told from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.domain import NotEnoughDataError
from data.ticks import MS_PER_HOUR, NEVER
from training.queue_replay.workload.workload import Scenario, SimulationResult, Workload

MIN_VISITS_TO_VALIDATE = 50
MEASURES = {"mean": 0.10, "median": 0.15, "90th percentile": 0.15}
"""How far a played wait may be from the recorded one, as a share of it."""
TEAM_TOLERANCE = 0.25
BREACH_TOLERANCE = 0.05
MIN_DIFFERENCE_HOURS = 0.25
MIN_DIFFERENCE_OF_BREACHED_SHARE = 0.01
"""Smaller differences than these never count, whatever their share."""


@dataclass(frozen=True)
class ValidationCheck:
    """One figure as recorded and as played.

    Attributes:
        what: In words.
        unit: "hours" or "exceptions".
        recorded: What the history says.
        played: What the simulator brings about, the mean over the worlds.
        tolerance: The most that they may differ, in the unit.
    """

    what: str
    unit: str
    recorded: float
    played: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Return true if the figure is reproduced."""
        return abs(self.played - self.recorded) <= self.tolerance

    def __str__(self) -> str:
        return (
            f"{self.what}: {self.recorded:,.1f} {self.unit} recorded, {self.played:,.1f} played"
            f" (may differ by {self.tolerance:,.1f})"
        )


@dataclass(frozen=True)
class Validation:
    """All figures that were compared."""

    compared: tuple[ValidationCheck, ...]

    @property
    def holds(self) -> bool:
        """Return true if all figures are reproduced: only then are savings reported."""
        return all(each.holds for each in self.compared)

    @property
    def verdict(self) -> str:
        """Return the conclusion in words."""
        if self.holds:
            return "The recorded waits and breaches are reproduced."
        failed = "; ".join(str(each) for each in self.compared if not each.holds)
        return (
            "The recorded waits and breaches are not reproduced, so no savings are shown: "
            f"{failed}. Check who was there when: set [shifts] in the policy "
            "(python -m training shifts shows what was learned), or choose a steadier period."
        )


def check(
    work: Workload, worlds: Sequence[Scenario], plays: Sequence[SimulationResult], until: int
) -> Validation:
    """Compare plays of the historical order with what is recorded.

    Args:
        work: What came in.
        worlds: The worlds that were played.
        plays: The historical order in each of them.
        until: Tick at which the history ends: what was resolved later is not on record.

    Raises:
        NotEnoughDataError: Too few begins are recorded to compare.
    """
    recorded = work.started_at != NEVER
    recorded &= ~_under_way(work)
    if recorded.sum() < MIN_VISITS_TO_VALIDATE:
        cure = "Choose a longer period."
        raise NotEnoughDataError(
            "recorded begins", int(recorded.sum()), MIN_VISITS_TO_VALIDATE, cure
        )
    real = _waits_hours(work, work.started_at, work.ended_at)[recorded]
    played = [_waits_hours(work, p.started_at, p.ended_at)[recorded] for p in plays]
    compared = _waits("all teams", real, played, MEASURES)
    for code, name in enumerate(work.teams):
        mine = work.team[recorded] == code
        if mine.sum() >= MIN_VISITS_TO_VALIDATE:
            theirs = [each[mine] for each in played]
            compared += _waits(name, real[mine], theirs, {"mean": TEAM_TOLERANCE})
    return Validation((*compared, _breaches(work, worlds, plays, until)))


def _under_way(work: Workload) -> np.ndarray:
    """Say which visits had begun before the period: there is no wait to reproduce."""
    begin = min(int(crew.opens_at.min(initial=NEVER)) for crew in work.crews)
    return work.started_at <= begin


def _waits_hours(work: Workload, started_at: np.ndarray, ended_at: np.ndarray) -> np.ndarray:
    """Return m hours from when a visit could begin to when it did; NaN where it never did."""
    before = np.append(0, ended_at[:-1])
    first = np.append(True, np.diff(work.visit_of) > 0)
    known = (started_at != NEVER) & (first | (before != NEVER))
    ready = np.where(first, work.ready_at, np.where(known, before, 0) + work.delay_ms)
    return np.where(known, (started_at - ready) / MS_PER_HOUR, np.nan)


def _waits(
    who: str, real: np.ndarray, played: list[np.ndarray], tolerances: dict[str, float]
) -> list[ValidationCheck]:
    found = []
    for name, share in tolerances.items():
        recorded = _measured(name, real)
        simulated = float(np.mean([_measured(name, each) for each in played]))
        tolerance = max(share * recorded, MIN_DIFFERENCE_HOURS)
        found.append(
            ValidationCheck(f"wait of {who}, {name}", "hours", recorded, simulated, tolerance)
        )
    return found


def _measured(name: str, hours: np.ndarray) -> float:
    if name == "mean":
        return float(np.nanmean(hours))
    return float(np.nanquantile(hours, {"median": 0.5, "90th percentile": 0.9}[name]))


def _breaches(
    work: Workload, worlds: Sequence[Scenario], plays: Sequence[SimulationResult], until: int
) -> ValidationCheck:
    """Compare how many were lost before the history ends, as resolved and as played."""
    solved = work.resolved_at <= until
    real = [(w.lost_at < work.resolved_at)[solved].sum() for w in worlds]
    played = [p.lost[solved].sum() for p in plays]
    tolerance = max(
        BREACH_TOLERANCE * np.mean(real), MIN_DIFFERENCE_OF_BREACHED_SHARE * solved.sum()
    )
    what = "breaches of those resolved"
    return ValidationCheck(
        what, "exceptions", float(np.mean(real)), float(np.mean(played)), float(tolerance)
    )
