"""Comparison of two periods with the champion: the columns that drifted, and the cost."""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import pandas as pd

from data.contract.exception_tables import Exceptions
from data.domain import BadInputError
from data.history.history import END_OF_TIME, History
from data.ticks import tick_of
from models.registry.store import ModelRegistry
from models.triage.triage import Triage
from training.common.run import Progress
from training.drift.columns import MAX_COMPARED_ROWS, DriftComparison, compare
from training.drift.cost import CalibrationCost, cost
from training.drift.page import drift_page
from training.drift.periods import (
    DriftPeriod,
    Period,
    compared_columns,
    important_features,
    promises,
    rare_outcomes,
    score_drift_period,
)
from training.drift.verdict import DriftFinding, decided_by, finding, sentence
from training.triage.dataset import TriageDataset
from training.triage.evaluation import since_training

_SIDES = ("reference", "current")
STEPS = 4
"""Lines of progress that a comparison sends."""


@dataclass(frozen=True)
class Drift:
    """Drift from the reference to the current period."""

    model: str
    sides: list[DriftPeriod]
    comparison: DriftComparison
    costs: list[CalibrationCost]

    @property
    def verdict(self) -> str:
        """One line: what moved most, what it costs, what to do."""
        return sentence(self.comparison, self.costs)

    @property
    def decided_by(self) -> str:
        """One line: the comparison that decided the verdict."""
        return decided_by(self.comparison, self.costs)

    @property
    def is_drift(self) -> bool:
        """True where the verdict is drift."""
        return finding(self.comparison, self.costs) is not DriftFinding.NONE

    def to_json(self) -> dict[str, object]:
        """Return the figures as plain values."""
        return {
            "model": self.model,
            "verdict": self.verdict,
            "decided_by": self.decided_by,
            "drift": self.is_drift,
            "finding": finding(self.comparison, self.costs),
            **{name: _period_facts(side) for name, side in zip(_SIDES, self.sides, strict=True)},
            "calibration": {cost.label: cost.to_json() for cost in self.costs},
            "columns": [column.to_json() for column in self.comparison.columns],
            "left_out": self.comparison.left_out,
        }


def _period_facts(side: DriftPeriod) -> dict[str, object]:
    period, n = side.period, side.detected
    looked = pd.to_datetime(side.looked_at, unit="ms", utc=True).isoformat()
    return {
        "from": period.begin.isoformat(),
        "to": period.end.isoformat(),
        "exceptions": n,
        "scored": len(side.rows),
        "compared": min(len(side.rows), MAX_COMPARED_ROWS),
        "outcomes_known_before": looked,
    }


def compare_periods(
    triage: Triage,
    history: History,
    reference: Period,
    current: Period,
    progress: Progress = lambda _line: None,
) -> Drift:
    """Compare features, predictions and, as far as known, outcomes of two periods.

    Both are looked at equally long after their ends: outcomes known early are those of quick cases,
    and a mere difference of patience is no drift. Large periods are sampled. The words of messages
    are not compared.

    Args:
        triage: The model whose inputs and promises are compared.
        history: The order history.
        reference: The period to compare with.
        current: The period that is asked about.
        progress: Receives a line at each step.

    Raises:
        BadInputError: The periods overlap.
        NotEnoughDataError: Too few exceptions were detected in one of them.
    """
    if reference.begin < current.end and current.begin < reference.end:
        raise BadInputError(
            "--current", f"{current} overlaps {reference}", "Choose two periods that don't."
        )
    progress("Reading the history")
    dataset = TriageDataset.read(history, END_OF_TIME, triage.kinds)
    live = triage.with_recent(since_training(triage, dataset))
    patience = max(0, _last_known(dataset) - tick_of(max(reference.end, current.end)))
    progress("Scoring both periods")
    sides = [
        score_drift_period(
            live,
            dataset,
            period=period,
            option=f"--{name}",
            looked_at=tick_of(period.end) + patience,
        )
        for name, period in zip(_SIDES, (reference, current), strict=True)
    ]
    progress("Comparing columns")
    features = important_features(triage)
    before, now = (compared_columns(live, dataset, side, features) for side in sides)
    too_few = rare_outcomes(before, now)
    compared = compare(before.drop(columns=list(too_few)), now.drop(columns=list(too_few)))
    comparison = DriftComparison(compared.columns, compared.left_out | too_few, compared.html)
    progress("Comparing promises with outcomes")
    reference_promises, current_promises = (dict(promises(live, dataset, side)) for side in sides)
    costs = [
        cost(label, reference_promises[label], current_promises[label])
        for label in reference_promises
    ]
    return Drift(triage.version, sides, comparison, [c for c in costs if c])


def _last_known(dataset: TriageDataset) -> int:
    moments = [table[Exceptions.known_at].max() for table in dataset.tables.values() if len(table)]
    return tick_of(max(moments)) + 1


def store_report(
    drift: Drift, store: ModelRegistry, html: Path | None, figures: Path | None
) -> None:
    """Store the page and the figures with the champion's run, and at the optional paths."""
    figures_json = orjson.dumps(drift.to_json(), option=orjson.OPT_INDENT_2)
    periods = f"{drift.model}: {drift.sides[0].period} and {drift.sides[1].period}"
    page = drift_page(
        periods,
        drift.verdict,
        drift.decided_by,
        costs=drift.costs,
        columns=drift.comparison.columns,
    ).encode()
    for path, content in ((html, page), (figures, figures_json)):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "drift.html").write_bytes(page)
        (folder / "evidently.html").write_text(drift.comparison.html, encoding="utf-8")
        (folder / "drift.json").write_bytes(figures_json)
        version = drift.model.removeprefix("triage-")
        name = "drift_" + "_".join(str(side.period) for side in drift.sides)
        store.add_report("triage", version, folder, name)
