"""Guarantees compared with the weeks after them: the automatic share, and its error."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.table import Table

from data.policy.automation import PromiseTerms
from models.automation.binomial import share_interval
from models.automation.conformal_sets import MIN_ROWS_FOR_OWN_THRESHOLD, SetThresholds
from models.automation.risk_control import LabelPromises, promise_classes
from models.classifiers.calibration import codes
from models.triage.triage import Triage
from training.common import measures
from training.triage.labels import unswayed
from training.triage.period import PeriodPredictions

ERRORS = (0.02, 0.05, 0.10)


@dataclass(frozen=True)
class PeriodLabels:
    """Exceptions of a period, for one label.

    Attributes:
        probability: (n, classes).
        code: n true classes; -1 for one that the model does not know.
        labelled: Whether people set the class, of those to judge by.
        ticks: When they were detected.
    """

    probability: np.ndarray
    code: np.ndarray
    labelled: np.ndarray
    ticks: np.ndarray

    @property
    def best(self) -> np.ndarray:
        """The most probable class of each."""
        return self.probability.argmax(axis=1)

    @property
    def top(self) -> np.ndarray:
        """Its probability."""
        return self.probability.max(axis=1)

    @property
    def wrong(self) -> np.ndarray:
        """Mask of the exceptions whose most probable class is wrong."""
        return self.labelled & (self.best != self.code)


def report(scoring: PeriodPredictions, triage: Triage, terms: PromiseTerms) -> dict[str, Any]:
    """Return, for each promised label, the actual error at each of `ERRORS`, and the sets."""
    reports = {}
    for label, evidence in triage.evidence.items():
        labelled = labelled_period(scoring, label)
        if labelled is None:
            continue
        reports[label] = {
            "labelled": int(labelled.labelled.sum()),
            "promised": {
                f"{error:.0%}": _actual_error(
                    labelled, promise_classes(evidence, _at(terms, error)), error
                )
                for error in ERRORS
            },
            "sets": _sets(labelled, triage.sets[label], terms),
        }
    return reports


def labelled_period(scoring: PeriodPredictions, label: str) -> PeriodLabels | None:
    """Return what is to be judged of a period; None where no label is recorded."""
    dataset, rows = scoring.dataset, scoring.rows
    if label not in dataset.labels.classes:
        return None
    latest = dataset.labels.classes[label].at(dataset.tick, len(dataset.ids))[rows]
    has_label = np.array([name is not None for name in latest], bool)
    predicted = scoring.predictions.classes[label]
    return PeriodLabels(
        predicted.probability,
        codes(latest, predicted.names),
        unswayed(has_label, dataset.labels.hidden[rows]),
        scoring.column("detected_at"),
    )


def _at(terms: PromiseTerms, error: float) -> PromiseTerms:
    return terms.model_copy(update={"error": error, "errors": {}})


def _actual_error(labels: PeriodLabels, promises: LabelPromises, error: float) -> dict[str, Any]:
    automatic = promises.automatic(labels.best, labels.top)
    # What the probabilities alone would allow, without any promise: the comparison.
    by_probability = labels.top >= 1 - error
    made = [(k, promise) for k, promise in enumerate(promises.classes) if promise.made]
    return {
        "classes_promised": len(made),
        "classes": len(promises.classes),
        **_figures(labels, automatic),
        "by_probability_alone": _figures(labels, by_probability),
        "by_class": [
            {"name": promise.name, "threshold": promise.threshold, "words": promise.words}
            | _counts(labels, automatic & (labels.best == k))
            for k, promise in made
        ],
        "lost_classes": _lost(labels, automatic, promises),
    }


def _figures(labels: PeriodLabels, automatic: np.ndarray) -> dict[str, Any]:
    blocks = measures.day_blocks(labels.ticks)
    n, wrong, counted = len(automatic), labels.wrong, automatic & labels.labelled

    def error(rows: np.ndarray) -> float:
        among = counted[rows].sum()
        return float(wrong[rows][counted[rows]].sum() / among) if among else np.nan

    return {
        "share_automatic": asdict(measures.figure(lambda r: float(automatic[r].mean()), n, blocks)),
        "error": asdict(measures.figure(error, n, blocks)),
        **_counts(labels, automatic),
    }


def _counts(labels: PeriodLabels, automatic: np.ndarray) -> dict[str, Any]:
    labelled, wrong = int((automatic & labels.labelled).sum()), int(labels.wrong[automatic].sum())
    low, high = share_interval(wrong, labelled)
    return {
        "automatic": int(automatic.sum()),
        "known": labelled,
        "wrong": wrong,
        "error_low": low,
        "error_high": high,
    }


def _lost(
    labels: PeriodLabels, automatic: np.ndarray, promises: LabelPromises
) -> list[dict[str, Any]]:
    """Name the classes that most often were set to another: a promise says nothing of those."""
    names, lost = [promise.name for promise in promises.classes], []
    for k, name in enumerate(names):
        own = labels.labelled & (labels.code == k)
        to_another = int((own & automatic & (labels.best != k)).sum())
        if to_another:
            lost.append({"name": name, "labelled": int(own.sum()), "set_to_another": to_another})
    return sorted(lost, key=lambda row: -row["set_to_another"] / row["labelled"])[:10]


def _sets(labels: PeriodLabels, sets: SetThresholds, terms: PromiseTerms) -> dict[str, Any]:
    members = sets.members(labels.probability, terms.set_coverage)
    size, labelled = members.sum(axis=1), labels.labelled
    holds = (labels.code >= 0) & members[np.arange(len(size)), labels.code]
    shown = (size >= 1) & (size <= terms.largest_set)
    right = labels.best == labels.code

    def share(what: np.ndarray, among: np.ndarray) -> float:
        return float(what[among].mean()) if among.any() else np.nan

    own = sets.rows[labels.code] >= MIN_ROWS_FOR_OWN_THRESHOLD
    return {
        "coverage_promised": terms.set_coverage,
        "coverage": share(holds, labelled),
        "coverage_of_rare_classes": share(holds, labelled & (labels.code >= 0) & ~own),
        "mean_names": float(size.mean()),
        "share_shown": float(shown.mean()),
        "share_of_one_name": float((size == 1).mean()),
        "coverage_of_shown": share(holds, labelled & shown),
        "first_name_right_of_shown": share(right, labelled & shown),
        "lowest_coverage_of_a_class": _lowest_coverage(labels, holds),
    }


def _lowest_coverage(labels: PeriodLabels, holds: np.ndarray) -> float:
    """Return the lowest coverage among the classes of which fifty or more are labelled."""
    coverages = []
    for k in np.unique(labels.code[labels.labelled & (labels.code >= 0)]):
        own = labels.labelled & (labels.code == k)
        if own.sum() >= 50:
            coverages.append(float(holds[own].mean()))
    return min(coverages, default=np.nan)


def tables(promises: Mapping[str, Any]) -> list[Table]:
    """Lay out the actual errors: a row for each promised error."""
    made = []
    for label, figures in promises.items():
        table = Table(
            "promised", "classes", "automatic", "error that came true", "by probability alone",
            title=f"promises of {label}: {figures['labelled']:,} labelled",
        )  # fmt: skip
        for error, values in figures["promised"].items():
            alone = values["by_probability_alone"]
            table.add_row(
                error,
                f"{values['classes_promised']} of {values['classes']}",
                _percent(values["share_automatic"]),
                f"{_percent(values['error'])}  ({values['wrong']} of {values['known']})",
                f"{_percent(alone['share_automatic'])}: {_percent(alone['error'])}",
            )
        made.append(table)
    return made


def _percent(value: Mapping[str, float]) -> str:
    if not np.isfinite(value["value"]):
        return "-"
    return "{value:.1%} [{low:.1%} {high:.1%}]".format(**value)
