"""Validation: the simulated historical order must reproduce the recorded waits and breaches.

Where it does not, the workload lacks something that the history held (people on leave, overtime,
unrecorded work). Savings of another order can't be computed from it then.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from data.domain import Json, NotEnoughDataError
from data.ticks import MS_PER_HOUR, NEVER
from training.queue_replay.workload.workload import Scenario, SimulationResult, Workload

MIN_VISITS_TO_VALIDATE = 50
MEASURES = {"mean": 0.10, "median": 0.15, "90th percentile": 0.15}
"""Tolerance of a simulated wait, as a share of the recorded one."""
TEAM_TOLERANCE = 0.25
BREACH_TOLERANCE = 0.05
MIN_DIFFERENCE_HOURS = 0.25
MIN_DIFFERENCE_OF_BREACHED_SHARE = 0.01
"""Smaller differences than these never count, whatever their share."""


@dataclass(frozen=True)
class ValidationCheck:
    """One figure as recorded and as simulated.

    Attributes:
        figure: In words.
        unit: "hours" or "exceptions".
        recorded: Its value in the history.
        simulated: Its value in the simulation, the mean over the scenarios.
        tolerance: Largest allowed difference, in the unit.
    """

    figure: str
    unit: str
    recorded: float
    simulated: float
    tolerance: float

    @property
    def holds(self) -> bool:
        """Return true if the figure is reproduced."""
        return abs(self.simulated - self.recorded) <= self.tolerance

    @property
    def to_json(self) -> Json:
        """Its fields, for a report."""
        return {
            "what": self.figure,
            "unit": self.unit,
            "recorded": self.recorded,
            "played": self.simulated,
            "tolerance": self.tolerance,
            "holds": self.holds,
        }

    def __str__(self) -> str:
        return (
            f"{self.figure}: {self.recorded:,.1f} {self.unit} recorded, "
            f"{self.simulated:,.1f} played (may differ by {self.tolerance:,.1f})"
        )


@dataclass(frozen=True)
class Validation:
    """All figures that were compared."""

    checks: tuple[ValidationCheck, ...]

    @property
    def holds(self) -> bool:
        """Return true if all figures are reproduced: only then are savings reported."""
        return all(check.holds for check in self.checks)

    @property
    def conclusion(self) -> str:
        """Return the conclusion in words."""
        if self.holds:
            return "The recorded waits and breaches are reproduced."
        failed = "; ".join(str(check) for check in self.checks if not check.holds)
        return (
            "The recorded waits and breaches are not reproduced, so no savings are shown: "
            f"{failed}. Check who was there when: set [shifts] in the policy "
            "(python -m training shifts shows what was learned), or choose a steadier period."
        )


def validate(
    workload: Workload,
    scenarios: Sequence[Scenario],
    results: Sequence[SimulationResult],
    until: int,
) -> Validation:
    """Compare simulations of the historical order with the record.

    Args:
        workload: The workload.
        scenarios: The simulated scenarios.
        results: The historical order in each of them.
        until: Tick at which the history ends: later resolutions are not on record.

    Raises:
        NotEnoughDataError: Too few begins are recorded to compare.
    """
    recorded = workload.started_at != NEVER
    recorded &= ~_under_way(workload)
    if recorded.sum() < MIN_VISITS_TO_VALIDATE:
        cure = "Choose a longer period."
        raise NotEnoughDataError(
            "recorded begins", int(recorded.sum()), MIN_VISITS_TO_VALIDATE, cure
        )
    actual = _waits_hours(workload, workload.started_at, workload.ended_at)[recorded]
    simulated = [
        _waits_hours(workload, result.started_at, result.ended_at)[recorded] for result in results
    ]
    checks = _check_waits("all teams", actual, simulated, MEASURES)
    for code, name in enumerate(workload.teams):
        rows = workload.team[recorded] == code
        if rows.sum() >= MIN_VISITS_TO_VALIDATE:
            of_team = [hours[rows] for hours in simulated]
            checks += _check_waits(name, actual[rows], of_team, {"mean": TEAM_TOLERANCE})
    return Validation((*checks, _check_breaches(workload, scenarios, results, until)))


def _under_way(workload: Workload) -> np.ndarray:
    """Mark visits that had begun before the period: there is no wait to reproduce."""
    begin = min(int(hours.opens_at.min(initial=NEVER)) for hours in workload.team_hours)
    return workload.started_at <= begin


def _waits_hours(workload: Workload, started_at: np.ndarray, ended_at: np.ndarray) -> np.ndarray:
    """Return m hours from the ready moment of a visit to its begin; NaN if it never began."""
    before = np.append(0, ended_at[:-1])
    first = np.append(True, np.diff(workload.visit_of) > 0)
    measured = (started_at != NEVER) & (first | (before != NEVER))
    ready = np.where(first, workload.ready_at, np.where(measured, before, 0) + workload.delay_ms)
    return np.where(measured, (started_at - ready) / MS_PER_HOUR, np.nan)


def _check_waits(
    who: str, actual: np.ndarray, simulated_waits: list[np.ndarray], tolerances: dict[str, float]
) -> list[ValidationCheck]:
    checks = []
    for name, share in tolerances.items():
        recorded = _measure(name, actual)
        simulated = float(np.mean([_measure(name, hours) for hours in simulated_waits]))
        tolerance = max(share * recorded, MIN_DIFFERENCE_HOURS)
        checks.append(
            ValidationCheck(
                figure=f"wait of {who}, {name}",
                unit="hours",
                recorded=recorded,
                simulated=simulated,
                tolerance=tolerance,
            )
        )
    return checks


def _measure(name: str, hours: np.ndarray) -> float:
    if name == "mean":
        return float(np.nanmean(hours))
    return float(np.nanquantile(hours, {"median": 0.5, "90th percentile": 0.9}[name]))


def _check_breaches(
    workload: Workload,
    scenarios: Sequence[Scenario],
    results: Sequence[SimulationResult],
    until: int,
) -> ValidationCheck:
    """Compare the losses before the history ends, as recorded and as simulated."""
    resolved = workload.resolved_at <= until
    actual = [(scenario.lost_at < workload.resolved_at)[resolved].sum() for scenario in scenarios]
    simulated = [result.lost[resolved].sum() for result in results]
    tolerance = max(
        BREACH_TOLERANCE * np.mean(actual), MIN_DIFFERENCE_OF_BREACHED_SHARE * resolved.sum()
    )
    return ValidationCheck(
        figure="breaches of those resolved",
        unit="exceptions",
        recorded=float(np.mean(actual)),
        simulated=float(np.mean(simulated)),
        tolerance=float(tolerance),
    )
