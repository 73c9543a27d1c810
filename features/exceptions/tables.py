"""From the tables of a history to the columns and logs that the features of exceptions read."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import pandas as pd

from data.contract.tables import ExceptionEvents, Exceptions, OrderLines, Orders, Outcomes
from data.ticks import MS_PER_DAY, MS_PER_HOUR, ceil_ticks, floor_ticks
from features.engine.event_log import LogRows
from features.engine.feature_set import Columns, Entity
from features.exceptions.features import ATTRIBUTE, NUMBER_COLUMNS, TEXT_COLUMNS, TIME_COLUMNS

MOST_ATTRIBUTES = 24
LATE_DAYS = 5
FEWEST_SHARE = 0.01
"""An attribute is read where at least one exception in a hundred has it."""


def exception_columns(
    exceptions: pd.DataFrame,
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    kinds: Mapping[str, str],
) -> dict[str, np.ndarray]:
    """Join exceptions with what was known of their orders *before* they were detected.

    Args:
        exceptions: Rows of `Exceptions`.
        orders: Rows of `Orders`.
        lines: Rows of `OrderLines`.
        kinds: The attributes to give, as `attribute_kinds` found them in training.

    Returns:
        Columns by name, in the order of `exceptions`.
    """
    joined = _with_order(exceptions, orders)
    joined = joined.join(_line_facts(exceptions, lines), on=Exceptions.exception_id)
    columns = {name: text_column(joined[name]) for name in TEXT_COLUMNS}
    columns |= {name: joined[name].to_numpy(np.float64) for name in NUMBER_COLUMNS}
    columns |= {name: floor_ticks(joined[name]) for name in TIME_COLUMNS}
    return columns | attribute_columns(attribute_rows(exceptions[Exceptions.attributes]), kinds)


def text_column(column: pd.Series) -> np.ndarray:
    """Return texts as objects, None where missing."""
    values = column.to_numpy(object)
    values[column.isna().to_numpy()] = None
    return values


def _with_order(exceptions: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    wanted = [*TEXT_COLUMNS, *NUMBER_COLUMNS, *TIME_COLUMNS]
    taken = [name for name in wanted if name in orders and name not in exceptions]
    own = orders[[Orders.order_id, Orders.known_at, *taken]].rename(
        columns={Orders.known_at: "order_known_at"}
    )
    joined = exceptions.merge(own, on=Exceptions.order_id, how="left")
    unknown = ~(joined["order_known_at"] < joined[Exceptions.detected_at])
    joined.loc[unknown, taken] = None
    return joined


def _line_facts(exceptions: pd.DataFrame, lines: pd.DataFrame) -> pd.DataFrame:
    named = exceptions[[Exceptions.exception_id, Exceptions.order_id, Exceptions.detected_at]]
    own = lines.merge(named, on=OrderLines.order_id, how="inner")
    own = own[own[OrderLines.known_at] < own[Exceptions.detected_at]]
    own = own.sort_values([Exceptions.exception_id, OrderLines.line_id], kind="stable")
    return own.groupby(Exceptions.exception_id, sort=False).agg(
        units=(OrderLines.units, "sum"),
        line_count=(OrderLines.line_id, "size"),
        highest_unit_price=(OrderLines.unit_price, "max"),
        site=(OrderLines.site, "first"),
        sku=(OrderLines.sku, "first"),
    )


def attribute_columns(
    rows: Sequence[Mapping[str, Any]], kinds: Mapping[str, str]
) -> dict[str, np.ndarray]:
    """Spread attributes into columns: floats for a kind of `number`, texts for `word`.

    That a word is missing says something too ("nobody is assigned yet"): it is the empty word.
    """
    columns = {}
    for name, kind in kinds.items():
        values = [row.get(name.removeprefix(ATTRIBUTE)) for row in rows]
        if kind == "number":
            columns[name] = np.array([_number(value) for value in values], np.float64)
        else:
            columns[name] = np.array(["" if v is None else str(v) for v in values], object)
    return columns


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else np.nan


def attribute_kinds(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Find the common attributes; one is a `number` where all its values are JSON numbers."""
    values: dict[str, list[Any]] = {}
    for row in rows:
        for name, value in row.items():
            if value is not None:
                values.setdefault(name, []).append(value)
    common = [name for name, found in values.items() if len(found) >= FEWEST_SHARE * len(rows)]
    common.sort(key=lambda name: (-len(values[name]), name))
    return {
        ATTRIBUTE + name: "word" if any(np.isnan(_number(v)) for v in values[name]) else "number"
        for name in common[:MOST_ATTRIBUTES]
    }


def attribute_rows(attributes: pd.Series) -> list[dict[str, Any]]:
    """Parse JSON objects; an empty one where there is none."""
    return [orjson.loads(text) if isinstance(text, str) else {} for text in attributes]


def exception_logs(
    columns: Columns,
    entities: Sequence[Entity],
    exceptions: pd.DataFrame,
    events: pd.DataFrame,
    outcomes: pd.DataFrame,
) -> dict[str, LogRows]:
    """Return what became known of exceptions, when, keyed by what they were when raised.

    A row that follows an exception (a step, an outcome) counts from the later of its own `known_at`
    and its exception's.

    Args:
        columns: `exception_columns` of the exceptions.
        entities: Whose past will be asked for.
        exceptions: Rows of `Exceptions`, in the order of the columns.
        events: Rows of `ExceptionEvents`.
        outcomes: Rows of `Outcomes`.
    """
    keys = {entity.name: entity.key(columns) for entity in entities}
    raised = ceil_ticks(exceptions[Exceptions.known_at])
    position = pd.Series(np.arange(len(exceptions)), index=exceptions[Exceptions.exception_id])
    steps = _steps(events, position, raised)
    solved = steps[steps[ExceptionEvents.event] == "resolved"]
    ended = outcomes[outcomes[Outcomes.exception_id].isin(position.index)]
    end_row = position.loc[ended[Outcomes.exception_id]].to_numpy()
    end_known = np.maximum(ceil_ticks(ended[Outcomes.known_at]), raised[end_row])
    closed = _first_closed(solved, end_row, end_known)
    return {
        "raised": LogRows(raised, keys, {}),
        "open": _open_log(keys, raised, closed),
        "late": _late_log(keys, columns, raised, closed),
        "resolved": _resolved_log(keys, columns, steps, solved),
        "ended": _ended_log(keys, ended, (end_row, end_known)),
    }


def _ended_log(
    keys: Mapping[str, np.ndarray], ended: pd.DataFrame, end: tuple[np.ndarray, np.ndarray]
) -> LogRows:
    row, known = end
    return LogRows(
        known,
        {name: key[row] for name, key in keys.items()},
        {
            "breached": ended[Outcomes.breached].to_numpy(np.float64, na_value=np.nan),
            "touch_minutes": np.log1p(ended[Outcomes.touch_minutes].to_numpy(np.float64)),
            "loss": ended[Outcomes.loss].to_numpy(np.float64),
        },
    )


def _steps(events: pd.DataFrame, position: pd.Series, raised: np.ndarray) -> pd.DataFrame:
    steps = events[events[ExceptionEvents.exception_id].isin(position.index)]
    row = position.loc[steps[ExceptionEvents.exception_id]].to_numpy()
    known = np.maximum(ceil_ticks(steps[ExceptionEvents.known_at]), raised[row])
    steps = steps.assign(row=row, known=known)
    # To the last key column: the order of the rows in the table must not decide a tie.
    order = ["known", ExceptionEvents.occurred_at, ExceptionEvents.step, ExceptionEvents.event]
    return steps.sort_values(order)


def _first_closed(solved: pd.DataFrame, end_row: np.ndarray, end_known: np.ndarray) -> pd.Series:
    """For each exception, by its row, when it was first known to be solved or ended."""
    closings = pd.DataFrame(
        {
            "row": np.concatenate([solved["row"].to_numpy(), end_row]),
            "known": np.concatenate([solved["known"].to_numpy(), end_known]),
        }
    )
    return closings.groupby("row")["known"].min()


def _open_log(keys: Mapping[str, np.ndarray], raised: np.ndarray, closed: pd.Series) -> LogRows:
    """One up when raised, one down when first known to be closed."""
    rows = np.concatenate([np.arange(len(raised)), closed.index.to_numpy()]).astype(np.intp)
    change = np.concatenate([np.ones(len(raised)), -np.ones(len(closed))])
    known = np.concatenate([raised, closed.to_numpy(np.int64)])
    return LogRows(known, {name: key[rows] for name, key in keys.items()}, {"change": change})


def _late_log(
    keys: Mapping[str, np.ndarray], columns: Columns, raised: np.ndarray, closed: pd.Series
) -> LogRows:
    """For each exception, five days after it was detected: whether it was still open.

    Unlike the times to resolve that are known as yet, this is not a matter of the quick ones only.
    """
    due = np.maximum(columns["detected_at"] + LATE_DAYS * MS_PER_DAY, raised)
    open_still = ~(closed.reindex(range(len(raised))).to_numpy(np.float64) < due)
    return LogRows(due, keys, {"open_after_5_days": open_still.astype(np.float64)})


def _resolved_log(
    keys: Mapping[str, np.ndarray], columns: Columns, steps: pd.DataFrame, solved: pd.DataFrame
) -> LogRows:
    row = solved["row"].to_numpy(np.intp)
    hours = (
        ceil_ticks(solved[ExceptionEvents.occurred_at]) - columns["detected_at"][row]
    ) / MS_PER_HOUR
    with_team = steps[steps[ExceptionEvents.team].notna()]
    first_team = with_team.groupby("row")[ExceptionEvents.team].first()
    final_team = solved[ExceptionEvents.team]
    moved = final_team.to_numpy(object) != first_team.reindex(row).to_numpy(object)
    return LogRows(
        solved["known"].to_numpy(np.int64),
        {name: key[row] for name, key in keys.items()},
        {
            "hours": np.log1p(np.maximum(hours, 0.0)),
            "moved": np.where(final_team.isna(), np.nan, moved),
        },
    )
