"""Columns of two periods compared by Evidently, guarded against what it cannot take.

Distances are compared, not p-values: on thousands of rows every column differs "significantly".
Evidently raises on columns without values and divides by the spread of constant ones, so these are
dealt with first, each with its reason; and nothing is declared as target or prediction, for its
classification metrics fail on histories of two labels.
"""

import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from data.domain import NotEnoughDataError

MAX_COMPARED_ROWS = 5_000
"""A side: 3 s for 50 columns; 100,000 rows take half a minute and say the same."""
MIN_VALUES_OF_A_COLUMN = 20
MAX_WORDS_OF_A_COLUMN = 12
OTHER = "(other)"
WORDS, NUMBERS, ABSENCE = "jensenshannon", "wasserstein", "missing share"
_DISTANCE = 0.1  # Evidently's own threshold of either distance


@dataclass(frozen=True)
class ColumnDrift:
    """Distance of one column between two periods.

    Attributes:
        name: The column.
        method: wasserstein (in standard deviations of the reference), jensenshannon, or the
            difference of the missing shares where one side has hardly a value.
        score: The distance.
        threshold: From where on it counts: 0.1, or more where chance gives more on so few rows.
        of: What the two figures are of: the mean, or the share of the word that moved most.
        reference: Figure of the reference.
        current: Figure of the current period.
    """

    name: str
    method: str
    score: float
    threshold: float
    of: str
    reference: float
    current: float

    @property
    def drifted(self) -> bool:
        """True where it moved by the threshold or more."""
        return self.score >= self.threshold

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"drifted": self.drifted}


@dataclass(frozen=True)
class DriftComparison:
    """All columns compared, the one that moved most first.

    Attributes:
        columns: Those compared.
        left_out: Those that could not be, each with the reason.
        html: Evidently's report, one page that loads nothing.
    """

    columns: list[ColumnDrift]
    left_out: dict[str, str]
    html: str

    def of(self, prefix: str) -> list[ColumnDrift]:
        """Return the columns whose names begin so."""
        return [column for column in self.columns if column.name.startswith(prefix)]


def compare(reference: pd.DataFrame, current: pd.DataFrame) -> DriftComparison:
    """Compare two frames of the same columns: numbers and words.

    Raises:
        NotEnoughDataError: No column has values to compare.
    """
    left_out: dict[str, str] = {}
    absent: list[ColumnDrift] = []
    fit: list[str] = []
    for name in reference:
        before, now = reference[name], current[name]
        counts = before.count(), now.count()
        if max(counts) < MIN_VALUES_OF_A_COLUMN:
            left_out[str(name)] = (
                f"{counts[0]} and {counts[1]} values where {MIN_VALUES_OF_A_COLUMN} are needed"
            )
        elif min(counts) < MIN_VALUES_OF_A_COLUMN:
            absent.append(_absence(str(name), before, now))
        elif pd.concat([before, now]).nunique() < 2:
            left_out[str(name)] = "the same value everywhere"
        else:
            fit.append(str(name))
    if not fit:
        raise NotEnoughDataError("columns to compare", 0, 1, "Widen --reference and --current.")
    frames = [_few_words(reference[fit], frame[fit]) for frame in (reference, current)]
    measured, html = _measured(frames[0], frames[1])
    columns = sorted(absent + measured, key=lambda column: -column.score / column.threshold)
    return DriftComparison(columns, left_out, html)


def chance_distance(before: pd.Series, now: pd.Series) -> float:
    """Return about the largest distance that samples of one distribution show by chance.

    Both distances shrink with the square root of the rows; that of words grows with their number.
    """
    rows = 1 / before.count() + 1 / now.count()
    if is_numeric_dtype(before):
        return 2 * float(np.sqrt(rows))
    words = pd.concat([before, now]).nunique()
    return 1.5 * float(np.sqrt((words - 1) * rows / (8 * np.log(2))))


def _absence(name: str, before: pd.Series, now: pd.Series) -> ColumnDrift:
    shares = float(before.isna().mean()), float(now.isna().mean())
    return ColumnDrift(name, ABSENCE, abs(shares[1] - shares[0]), _DISTANCE, ABSENCE, *shares)


def _few_words(reference: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Keep the most frequent words of the reference: a hundred rare ones move far by chance."""
    shown = frame.copy()
    for name in frame.select_dtypes(exclude="number"):
        common = reference[name].value_counts().index[:MAX_WORDS_OF_A_COLUMN]
        shown[name] = frame[name].where(frame[name].isin(common) | frame[name].isna(), OTHER)
    return shown


class MeasuredColumns(NamedTuple):
    """Compared columns, and the page.

    Attributes:
        columns: Compared columns.
        html: Evidently's page.
    """

    columns: list[ColumnDrift]
    html: str


def _measured(reference: pd.DataFrame, current: pd.DataFrame) -> MeasuredColumns:
    limits = {
        str(name): max(_DISTANCE, chance_distance(reference[name], current[name]))
        for name in reference
    }
    scores, html = _evidently(reference, current, limits)
    columns = []
    for name, limit in limits.items():
        before, now = reference[name], current[name]
        words = not is_numeric_dtype(before)
        figures = _word_that_moved(before, now) if words else _means(before, now)
        columns.append(
            ColumnDrift(name, WORDS if words else NUMBERS, scores[name], limit, *figures)
        )
    return MeasuredColumns(columns, html)


class ColumnFigures(NamedTuple):
    """Figures of a column in both periods.

    Attributes:
        of: Meaning of the figures.
        reference: Figure of the reference.
        current: Figure of the current period.
    """

    of: str
    reference: float
    current: float


def _means(before: pd.Series, now: pd.Series) -> ColumnFigures:
    return ColumnFigures("mean", float(before.mean()), float(now.mean()))


def _word_that_moved(before: pd.Series, now: pd.Series) -> ColumnFigures:
    shares = pd.DataFrame(
        {"before": before.value_counts(normalize=True), "now": now.value_counts(normalize=True)}
    ).fillna(0.0)
    moved = (shares["now"] - shares["before"]).abs().round(9)  # of two words both move as far
    word = str(moved.sort_index().idxmax())
    return ColumnFigures(
        f"share of {word}", float(shares["before"][word]), float(shares["now"][word])
    )


class EvidentlyResult(NamedTuple):
    """Result of Evidently.

    Attributes:
        distances: Distance of each column.
        html: The page.
    """

    distances: dict[str, float]
    html: str


def _evidently(
    reference: pd.DataFrame, current: pd.DataFrame, limits: Mapping[str, float]
) -> EvidentlyResult:
    """Return each column's distance, and the report's page."""
    with warnings.catch_warnings():
        # Evidently's imports use what litestar and numpy will drop; the lock file holds those back.
        warnings.simplefilter("ignore", DeprecationWarning)
        from evidently import DataDefinition, Dataset, Report  # takes 7 s
        from evidently.presets import DataDriftPreset
    words = [name for name in limits if not is_numeric_dtype(reference[name])]
    numbers = [name for name in limits if name not in words]
    definition = DataDefinition(numerical_columns=numbers, categorical_columns=words)
    preset = DataDriftPreset(
        columns=[*numbers, *words],
        num_method=NUMBERS,
        cat_method=WORDS,
        per_column_threshold=dict(limits),
    )
    then, now = (Dataset.from_pandas(frame, definition) for frame in (reference, current))
    snapshot = Report([preset]).run(now, then)
    scores = {
        metric["config"]["column"]: float(metric["value"])
        for metric in snapshot.dict()["metrics"]
        if "column" in metric["config"]
    }
    return EvidentlyResult(scores, snapshot.get_html_str(as_iframe=False))
