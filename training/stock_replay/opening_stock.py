"""Opening stock of a replay: read from a CSV file, or assumed."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.domain import BadInputError
from training.stock_replay.simulator import Opening

# The second name of each is that of the VN2 file; case, blanks and underscores make no difference.
ALIASES = {
    "sku": ("sku", "product"),
    "site": ("site", "store"),
    "on_hand": ("on_hand", "end_inventory"),
}
INBOUND = ("inbound_{}", "in_transit_w+{}")
MAX_SERIES_NAMED = 5


@dataclass(frozen=True)
class OpeningStock:
    """Opening stock of each simulated series.

    Attributes:
        opening: Units, 0 for series that the file does not name.
        missing: Number of those series.
    """

    opening: Opening
    missing: int


def read_opening(path: Path, series: Sequence[tuple[str, str]], lead_periods: int) -> OpeningStock:
    """Read on hand and inbound units of series.

    Args:
        path: CSV with sku, site, on_hand and inbound_1 .. inbound_{L-1}: units that arrive at the
            start of the 1st, 2nd, ... period.
        series: (sku, site) of each simulated series.
        lead_periods: L.

    Raises:
        BadInputError: A column is missing, a value is no number of units, a series is named twice
            or is not in the history.
    """
    row_of = {key: row for row, key in enumerate(series)}
    units = np.full((len(series), lead_periods), np.nan)
    unknown: list[tuple[str, str]] = []
    for line, key, values in _rows(path, lead_periods):
        row = row_of.get(key)
        if row is None:
            unknown.append(key)
        elif np.isfinite(units[row, 0]):
            raise BadInputError(
                f"{path}, line {line}", f"{_name(key)} is named twice", "Add them up."
            )
        else:
            units[row] = values
    _refuse_unknown(path, unknown)
    missing = int(np.isnan(units[:, 0]).sum())
    units = np.nan_to_num(units)
    return OpeningStock(Opening(units[:, 0], units[:, 1:]), missing)


def assumed_opening(units: np.ndarray, lead_periods: int) -> OpeningStock:
    """Assume the stock of a shop that orders each period what it sold.

    On hand is a period's mean demand and half its square root. The mean and a twentieth of it
    arrive in the last of the L - 1 periods, and nothing before. The opening stock of VN2 looks so.

    Args:
        units: (n, R) recent demand, NaN where unknown.
        lead_periods: L.
    """
    observed = np.isfinite(units)
    mean = np.where(observed, units, 0.0).sum(axis=1) / np.maximum(observed.sum(axis=1), 1)
    inbound = np.zeros((len(mean), lead_periods - 1))
    inbound[:, -1:] = np.round(1.05 * mean)[:, None]
    return OpeningStock(Opening(np.ceil(mean + 0.5 * np.sqrt(mean)), inbound), 0)


def _rows(path: Path, lead_periods: int) -> Iterator[tuple[int, tuple[str, str], list[float]]]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            columns = _columns(path, reader.fieldnames or (), lead_periods)
            for row in reader:
                where = f"{path}, line {reader.line_num}"
                key = (_text(row, columns["sku"], where), _text(row, columns["site"], where))
                stock = [name for kind, name in columns.items() if kind not in ("sku", "site")]
                yield reader.line_num, key, [_units(row[name], name, where) for name in stock]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(str(path), f"can't be read ({error})", "Give a CSV file.") from error


def _columns(path: Path, header: Sequence[str], lead_periods: int) -> dict[str, str]:
    """Return the name in the file of each required column, units in the order of time."""
    named = {name.strip().lower().replace(" ", "_"): name for name in header}
    required: dict[str, tuple[str, ...]] = dict(ALIASES)
    for period in range(1, lead_periods):
        required[f"inbound_{period}"] = tuple(name.format(period) for name in INBOUND)
    columns = {
        column: named[alias]
        for column, aliases in required.items()
        for alias in aliases
        if alias in named
    }
    lacking = [column for column in required if column not in columns]
    if lacking:
        needed, there = ", ".join(required), ", ".join(header)
        cure = f"A lead of {lead_periods} periods needs {needed}; there are {there}."
        raise BadInputError(str(path), f"has no column {', '.join(lacking)}", cure)
    return columns


def _text(row: dict[str, str], column: str, where: str) -> str:
    text = (row[column] or "").strip()
    if not text:
        raise BadInputError(f"{where}, column '{column}'", "is empty", "Name the series.")
    return text


def _units(text: str | None, column: str, where: str) -> float:
    try:
        units = float(text or "")
    except ValueError:
        units = np.nan
    if not (np.isfinite(units) and units >= 0):
        cure = "Write a number of 0 or more; 0 where there is nothing."
        raise BadInputError(f"{where}, column '{column}'", f"'{text}' is no stock", cure)
    return units


def _name(key: tuple[str, str]) -> str:
    return f"sku {key[0]} at site {key[1]}"


def _refuse_unknown(path: Path, unknown: Sequence[tuple[str, str]]) -> None:
    if unknown:
        named = ", ".join(map(_name, unknown[:MAX_SERIES_NAMED]))
        problem = f"{len(unknown)} series are not known to the history: {named}"
        raise BadInputError(str(path), problem, "Leave them out, or import their demand.")
