"""Recorded classes of exceptions, by the party that set them.

A class that was set automatically is no label: no person checked it.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from data.domain import LabelOrigin
from models.triage.labels import LABEL_NAMES, LABELS


@dataclass(frozen=True)
class ClassLabels:
    """Recorded classes with their moments; one exception may have several.

    Attributes:
        row: Position of the exception.
        known_at: Tick at which it became known.
        name: The class.
    """

    row: np.ndarray
    known_at: np.ndarray
    name: np.ndarray

    def at(self, tick: int, n: int) -> np.ndarray:
        """Return for each of n exceptions the class known last before a tick, or None."""
        in_order = self._in_order(tick)
        latest = np.full(n, None, object)
        latest[self.row[in_order]] = self.name[in_order]
        return latest

    def known_ticks(self, tick: int, n: int) -> np.ndarray:
        """Return for each of n exceptions the tick at which that became known, or NaN."""
        in_order = self._in_order(tick)
        moment = np.full(n, np.nan)
        moment[self.row[in_order]] = self.known_at[in_order]
        return moment

    def _in_order(self, tick: int) -> np.ndarray:
        before = np.flatnonzero(self.known_at < tick)
        return before[np.argsort(self.known_at[before], kind="stable")]


def label_origins(n: int, ended: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return by label its origin; empty where that is not recorded."""
    origins = {}
    for label in LABELS:
        if label.origin_column:
            origin = origins[label.name] = np.full(n, "", object)
            origin[ended["row"]] = ended[label.origin_column].fillna("").to_numpy(object)
    return origins


class LabelsByOrigin(NamedTuple):
    """Labels by the party that set them.

    Attributes:
        by_people: Set by people.
        automatic: Set without a check.
    """

    by_people: dict[str, ClassLabels]
    automatic: dict[str, ClassLabels]


def class_labels(
    solved: pd.DataFrame, ended: pd.DataFrame, origins: dict[str, np.ndarray]
) -> LabelsByOrigin:
    """Return what people set, and what was set automatically.

    A class is known when a case is resolved; the outcome tells it where no step did, or anew.
    """
    by_people, automatic = {}, {}
    for label in LABEL_NAMES:
        parts = [part[["row", "known", label]] for part in (solved, ended) if label in part]
        if not parts:
            continue
        changes = pd.concat(parts).dropna().sort_values("known", kind="stable")
        changes = changes[changes[label] != changes.groupby("row")[label].shift()]
        alone = np.zeros(len(changes), bool)
        if label in origins:
            alone = origins[label][changes["row"].to_numpy(int)] == LabelOrigin.AUTOMATIC
        for by_label, rows in ((by_people, changes[~alone]), (automatic, changes[alone])):
            if len(rows):
                by_label[label] = ClassLabels(
                    rows["row"].to_numpy(), rows["known"].to_numpy(), rows[label].to_numpy(object)
                )
    return LabelsByOrigin(by_people, automatic)
