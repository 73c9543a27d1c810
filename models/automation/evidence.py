"""Counts of the errors of one label in a calibration window: small, and read often."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np

from data.domain import Json

GRID = 1 - np.geomspace(0.001, 0.95, 56)
"""Thresholds of the top probability, the strictest first."""

MAX_ACCEPTED_GROWTH = 1.1
"""A model that inherits evidence may accept so many times as much."""

_COUNTS = ("accepted", "wrong", "still_open")
_SHARES = ("most_lost", "late_error")
MIN_LOST_ROWS = 5
"""So many rows of a class that are taken for another are no chance."""


class CalibrationRows(NamedTuple):
    """n rows of a calibration window.

    Attributes:
        probability: (n, classes), calibrated.
        code: True classes; -1 for one that has no code.
        labelled: Whether the true class is known.
        late: Whether it was one of the last that came to be known.
        hidden: People gave the labels without seeing a suggestion.
    """

    probability: np.ndarray
    code: np.ndarray
    labelled: np.ndarray
    late: np.ndarray
    hidden: bool = False

    @classmethod
    def fully_labelled(cls, probability: np.ndarray, code: np.ndarray) -> Self:
        """Return rows whose labels are all known."""
        return cls(probability, code, np.ones(len(code), bool), np.zeros(len(code), bool))


@dataclass(frozen=True)
class CalibrationCounts:
    """Counts of one label in a calibration window: any error can be promised from them.

    Attributes:
        label: category or team.
        names: The classes, by code.
        accepted: (classes, 56) labelled rows predicted as the class, with at least the probability
            of `GRID`.
        wrong: Those of them that were another class.
        still_open: Rows besides, predicted likewise, whose label is not known yet.
        most_lost: (classes, 56) largest share of any other class that is among the wrong ones.
        late_error: (56,) share of wrong ones among the labels that came last, by `GRID`.
        hidden: People gave the labels without seeing a suggestion.
        pilot: The same of rows before: they choose what is tested and are not tested on.
        thresholds: (classes, 56) probabilities from which the model that serves accepts; None:
            those of `GRID`, as the model serves that was counted.
    """

    label: str
    names: tuple[str, ...]
    accepted: np.ndarray
    wrong: np.ndarray
    still_open: np.ndarray
    most_lost: np.ndarray
    late_error: np.ndarray
    hidden: bool = False
    pilot: "CalibrationCounts | None" = None
    thresholds: np.ndarray | None = None

    @property
    def expected_wrong(self) -> np.ndarray:
        """Wrong ones among as many as `accepted` once all labels are known.

        What is known early is easier: of those still open as many are taken to be wrong as of
        those that came last. Where none is open it is what was counted.
        """
        early = self.wrong / np.maximum(self.accepted, 1)
        late = np.maximum(early, self.late_error)
        share_open = self.still_open / np.maximum(self.accepted + self.still_open, 1)
        return self.wrong + self.accepted * share_open * (late - early)

    @property
    def predicted_error(self) -> np.ndarray:
        """Share of wrong ones that the probabilities of the accepted rows say; no label is read."""
        among = self.accepted + self.still_open
        middle = (np.concatenate([[1.0], GRID[:-1]]) + GRID) / 2
        wrong = (np.diff(among, axis=1, prepend=0) * (1 - middle)).cumsum(axis=1)
        return wrong / np.maximum(among, 1)

    @classmethod
    def count(
        cls, label: str, names: Sequence[str], rows: CalibrationRows, *, hidden: bool = False
    ) -> Self:
        """Count rows that neither the fit nor the calibration nor the choice of the model used."""
        best = rows.probability.argmax(axis=1)
        top = rows.probability[np.arange(len(best)), best]
        passed = np.searchsorted(-GRID, -top, side="left")
        wrong = rows.labelled & (best != rows.code)
        late = rows.labelled & rows.late

        def by_class(rows_of: np.ndarray) -> np.ndarray:
            counts = np.zeros((len(names), len(GRID) + 1), np.int64)
            np.add.at(counts, (best[rows_of], passed[rows_of]), 1)
            return counts.cumsum(axis=1)[:, :-1]

        among_late = by_class(late).sum(axis=0)
        late_error = by_class(late & wrong).sum(axis=0) / np.maximum(among_late, 1)
        return cls(
            label=label,
            names=tuple(names),
            accepted=by_class(rows.labelled),
            wrong=by_class(wrong),
            still_open=by_class(~rows.labelled),
            most_lost=_most_lost(best, rows.code, passed, len(names)),
            late_error=late_error,
            hidden=rows.hidden,
        )

    def with_pilot(self, pilot: "CalibrationCounts") -> Self:
        """Return it with a pilot."""
        return replace(self, pilot=pilot)

    def for_model(self, probability: np.ndarray) -> Self:
        """Return it for another model, fitted on more, that accepts hardly more of the same rows.

        What is shown of one model holds for a better one at the same share, and not where it
        is as sure: one that has seen more is surer of more, and of these rows too sure.

        Args:
            probability: (n, classes) of the other model, for the rows that were counted.
        """
        best, top = probability.argmax(axis=1), probability.max(axis=1)
        most = np.floor(MAX_ACCEPTED_GROWTH * (self.accepted + self.still_open)).astype(int)
        thresholds = np.tile(GRID, (len(self.names), 1))
        for k in range(len(self.names)):
            own = np.sort(top[best == k])[::-1]
            if len(own):
                first_too_many = np.append(own, 0.0)[np.minimum(most[k], len(own))]
                thresholds[k] = np.maximum(GRID, np.nextafter(first_too_many, 1))
        return replace(self, thresholds=thresholds)

    def ordered(self, names: Sequence[str]) -> Self:
        """Return it by the codes of another model: of a class that is new nothing is known."""
        row = np.array([self.names.index(n) if n in self.names else -1 for n in names], int)
        in_model = (row >= 0)[:, None]
        counted = (self.accepted, self.wrong, self.still_open, self.most_lost)
        accepted, wrong, still_open, lost = (np.where(in_model, c[row], 0) for c in counted)
        return replace(
            self,
            names=tuple(names),
            accepted=accepted,
            wrong=wrong,
            still_open=still_open,
            most_lost=lost,
            pilot=self.pilot.ordered(names) if self.pilot else None,
            thresholds=None,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        plain = {
            name: value.tolist() if isinstance(value, np.ndarray) else value
            for name, value in vars(self).items()
        }
        return plain | {"pilot": self.pilot.to_json() if self.pilot else None}

    @classmethod
    def from_json(cls, plain: Json) -> Self:
        """Build from what `to_json` gave."""
        counts = {name: np.array(plain[name], np.int64) for name in _COUNTS}
        read: dict[str, Any] = {name: np.array(plain[name], float) for name in _SHARES}
        read["names"] = tuple(plain["names"])
        read["pilot"] = cls.from_json(plain["pilot"]) if plain["pilot"] else None
        if plain["thresholds"]:
            read["thresholds"] = np.array(plain["thresholds"])
        return cls(**{**plain, **counts, **read})


def _most_lost(best: np.ndarray, code: np.ndarray, passed: np.ndarray, classes: int) -> np.ndarray:
    """Return, by predicted class and threshold, the largest share of another class taken for it."""
    coded = np.flatnonzero(code >= 0)
    wrong = coded[best[coded] != code[coded]]
    counts = np.zeros((classes, classes, len(GRID) + 1), np.int64)
    np.add.at(counts, (best[wrong], code[wrong], passed[wrong]), 1)
    lost = counts.cumsum(axis=2)[:, :, :-1]
    of_all = np.maximum(np.bincount(code[coded], minlength=classes), 1)
    return np.where(lost >= MIN_LOST_ROWS, lost / of_all[:, None], 0.0).max(axis=1)
