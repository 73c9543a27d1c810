"""What promises came to on weeks that followed them: how much was automatic, how wrong it was."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.table import Table

from data.policy.automation import PromiseTerms
from models.automation.binomial import interval
from models.automation.conformal_sets import FEWEST_OWN, SetThresholds
from models.automation.risk_control import LabelPromises, promised
from models.classifiers.calibration import codes
from models.triage.triage import Triage
from training.common import measures
from training.triage.evaluation import PeriodPredictions
from training.triage.labels import unswayed

ERRORS = (0.02, 0.05, 0.10)
_NAMES = {"category": "categories", "team": "teams"}


@dataclass(frozen=True)
class JudgedLabel:
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
        """Whether that was known to be wrong."""
        return self.labelled & (self.best != self.code)


def report(scoring: PeriodPredictions, triage: Triage, terms: PromiseTerms) -> dict[str, Any]:
    """Return, for each promised label, what each of `ERRORS` came to, and the sets."""
    found = {}
    for label, evidence in triage.evidence.items():
        judged = judged_of(scoring, label)
        if judged is None:
            continue
        found[label] = {
            "labelled": int(judged.labelled.sum()),
            "promised": {
                f"{error:.0%}": _came_true(judged, promised(evidence, _at(terms, error)), error)
                for error in ERRORS
            },
            "sets": _sets(judged, triage.sets[label], terms),
        }
    return found


def judged_of(scoring: PeriodPredictions, label: str) -> JudgedLabel | None:
    """Return what is to be judged of a period; None where no label is recorded."""
    known, rows = scoring.known, scoring.rows
    if label not in known.labels.classes:
        return None
    latest = known.labels.classes[label].at(known.tick, len(known.ids))[rows]
    named = np.array([name is not None for name in latest], bool)
    return JudgedLabel(
        getattr(scoring.predictions, label),
        codes(latest, getattr(scoring.predictions, _NAMES[label])),
        unswayed(named, known.labels.hidden[rows]),
        scoring.taken("detected_at"),
    )


def _at(terms: PromiseTerms, error: float) -> PromiseTerms:
    return terms.model_copy(update={"error": error, "errors": {}})


def _came_true(judged: JudgedLabel, promises: LabelPromises, error: float) -> dict[str, Any]:
    automatic = promises.automatic(judged.best, judged.top)
    # What the probabilities alone would allow, without any promise: the comparison.
    as_told = judged.top >= 1 - error
    made = [(k, promise) for k, promise in enumerate(promises.classes) if promise.made]
    return {
        "classes_promised": len(made),
        "classes": len(promises.classes),
        **_figures(judged, automatic),
        "by_probability_alone": _figures(judged, as_told),
        "by_class": [
            {"name": promise.name, "threshold": promise.threshold, "words": promise.words}
            | _counts(judged, automatic & (judged.best == k))
            for k, promise in made
        ],
        "lost_classes": _lost(judged, automatic, promises),
    }


def _figures(judged: JudgedLabel, automatic: np.ndarray) -> dict[str, Any]:
    blocks = measures.day_blocks(judged.ticks)
    n, wrong, counted = len(automatic), judged.wrong, automatic & judged.labelled

    def error(rows: np.ndarray) -> float:
        among = counted[rows].sum()
        return float(wrong[rows][counted[rows]].sum() / among) if among else np.nan

    return {
        "share_automatic": asdict(measures.figure(lambda r: float(automatic[r].mean()), n, blocks)),
        "error": asdict(measures.figure(error, n, blocks)),
        **_counts(judged, automatic),
    }


def _counts(judged: JudgedLabel, automatic: np.ndarray) -> dict[str, Any]:
    known, wrong = int((automatic & judged.labelled).sum()), int(judged.wrong[automatic].sum())
    low, high = interval(wrong, known)
    return {
        "automatic": int(automatic.sum()),
        "known": known,
        "wrong": wrong,
        "error_low": low,
        "error_high": high,
    }


def _lost(
    judged: JudgedLabel, automatic: np.ndarray, promises: LabelPromises
) -> list[dict[str, Any]]:
    """Name the classes that most often were set to another: a promise says nothing of those."""
    names, found = [promise.name for promise in promises.classes], []
    for k, name in enumerate(names):
        own = judged.labelled & (judged.code == k)
        to_another = int((own & automatic & (judged.best != k)).sum())
        if to_another:
            found.append({"name": name, "labelled": int(own.sum()), "set_to_another": to_another})
    return sorted(found, key=lambda row: -row["set_to_another"] / row["labelled"])[:10]


def _sets(judged: JudgedLabel, sets: SetThresholds, terms: PromiseTerms) -> dict[str, Any]:
    members = sets.members(judged.probability, terms.set_coverage)
    size, seen = members.sum(axis=1), judged.labelled
    holds = (judged.code >= 0) & members[np.arange(len(size)), judged.code]
    shown = (size >= 1) & (size <= terms.largest_set)
    right = judged.best == judged.code

    def share(what: np.ndarray, among: np.ndarray) -> float:
        return float(what[among].mean()) if among.any() else np.nan

    own = sets.rows[judged.code] >= FEWEST_OWN
    return {
        "coverage_promised": terms.set_coverage,
        "coverage": share(holds, seen),
        "coverage_of_rare_classes": share(holds, seen & (judged.code >= 0) & ~own),
        "mean_names": float(size.mean()),
        "share_shown": float(shown.mean()),
        "share_of_one_name": float((size == 1).mean()),
        "coverage_of_shown": share(holds, seen & shown),
        "first_name_right_of_shown": share(right, seen & shown),
        "lowest_coverage_of_a_class": _lowest_coverage(judged, holds),
    }


def _lowest_coverage(judged: JudgedLabel, holds: np.ndarray) -> float:
    """Return the lowest coverage among the classes of which fifty or more are labelled."""
    found = []
    for k in np.unique(judged.code[judged.labelled & (judged.code >= 0)]):
        own = judged.labelled & (judged.code == k)
        if own.sum() >= 50:
            found.append(float(holds[own].mean()))
    return min(found, default=np.nan)


def tables(promises: Mapping[str, Any]) -> list[Table]:
    """Lay out what came true: a row a promised error."""
    made = []
    for label, found in promises.items():
        table = Table(
            "promised", "classes", "automatic", "error that came true", "by probability alone",
            title=f"promises of {label}: {found['labelled']:,} labelled",
        )  # fmt: skip
        for error, values in found["promised"].items():
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
