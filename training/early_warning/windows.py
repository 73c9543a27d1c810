"""Windows of the rehearsal: where each begins, chosen from what the history holds.

The usual windows begin at fixed shares of the settled orders. Where failures are rare at first, or
orders take long to settle, models can't learn before the usual origins. Then the first window
begins at the first origin that a model can learn before, and the windows share the rarer outcome
evenly.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.ticks import MS_PER_DAY
from training.early_warning.fit import (
    MIN_FAILED_ORDERS,
    MIN_SETTLED_ORDERS,
    PreparedOrders,
    learnable_cases,
    settled_rows,
)

MIN_CASES_TO_CALIBRATE = 25
MIN_WINDOWS = 2
"""One window calibrates, another judges."""

ORIGINS = (0.4, 0.55, 0.7, 0.85)
"""Of the settled orders, by time: where the usual windows begin."""

_TRIED_ORIGINS = tuple(share / 100 for share in range(2, 99, 2))


def window_origins(prepared: PreparedOrders) -> list[int]:
    """Return the ticks at which windows begin; the last one ends where the dataset does.

    Each window holds enough settled orders of both outcomes, and a model can learn before it.

    Raises:
        NotEnoughDataError: The history does not hold two such windows.
    """
    dataset = prepared.dataset
    settled = settled_rows(prepared, dataset.transit_types, dataset.tick)
    _refuse_too_few(prepared)
    placed = dataset.columns["placed_at"][settled]
    failed = dataset.to_come(dataset.transit_types)[settled]
    usual = [int(edge) for edge in np.quantile(placed, ORIGINS)]
    if all(_can_learn(prepared, edge) for edge in usual) and _are_full(placed, failed, usual):
        return usual
    first = _first_origin(prepared, placed)
    later = placed >= first
    rarer = failed[later].sum() * 2 <= later.sum()
    cases = np.sort(placed[later & (failed == rarer)])
    for windows in range(len(ORIGINS), MIN_WINDOWS - 1, -1):
        begins = [cases[len(cases) * window // windows] for window in range(1, windows)]
        origins = [first, *map(int, begins)] if len(cases) else [first]
        full = len(origins) == windows and _are_full(placed, failed, origins)
        if full and all(_can_learn(prepared, origin) for origin in origins):
            return origins
    counted = "orders at their stages that {} after the models could first learn"
    raise NotEnoughDataError(
        counted.format("raised an exception" if rarer else "raised none"),
        len(cases),
        MIN_WINDOWS * MIN_CASES_TO_CALIBRATE,
        f"They could learn from {_day(first)} on; {int(later.sum()):,} orders at their stages were "
        f"placed later and are settled as of {_day(dataset.tick)}. {_CURE}",
    )


_CURE = "Choose a later --as-of, or import a longer history."


def _refuse_too_few(prepared: PreparedOrders) -> None:
    """Refuse a history on which not even the final models can learn, and name the cause."""
    dataset = prepared.dataset
    cases = learnable_cases(prepared, dataset.tick)
    if cases.settled < MIN_SETTLED_ORDERS:
        raise NotEnoughDataError(
            "settled orders at their stages",
            cases.settled,
            MIN_SETTLED_ORDERS,
            f"{len(dataset.tables.orders):,} orders are there, but an order is settled only when "
            f"its promise has passed for some time; {_wait_days(prepared):.0f} days after it was "
            f"placed is usual here. {_CURE}",
        )
    if cases.failed < MIN_FAILED_ORDERS:
        raise NotEnoughDataError(
            "settled orders at their stages that raised an exception",
            cases.failed,
            MIN_FAILED_ORDERS,
            f"{cases.settled:,} orders at their stages are settled as of {_day(dataset.tick)}; "
            f"{_named_exceptions(prepared):,} of {len(dataset.tables.exceptions):,} exceptions "
            "name an order and are of what goes wrong on the way. "
            "Choose a later --as-of, or import exceptions that name their orders.",
        )


def _named_exceptions(prepared: PreparedOrders) -> int:
    exceptions = prepared.dataset.tables.exceptions
    on_the_way = exceptions["type"].isin(prepared.dataset.transit_types)
    return int((exceptions["order_id"].notna() & on_the_way).sum())


def _first_origin(prepared: PreparedOrders, placed: np.ndarray) -> int:
    """Return the first tried origin from which on models can learn before each.

    Raises:
        NotEnoughDataError: Models can learn at the end of the history only.
    """
    tried = [int(edge) for edge in np.quantile(placed, _TRIED_ORIGINS)]
    first = None
    for origin in reversed(tried):
        if not _can_learn(prepared, origin):
            break
        first = origin
    if first is not None:
        return first
    cases = learnable_cases(prepared, tried[-1])
    raise NotEnoughDataError(
        f"settled orders at their stages that raised an exception before {_day(tried[-1])}",
        cases.failed,
        MIN_FAILED_ORDERS,
        f"{cases.settled:,} orders at their stages were settled by then "
        f"(at least {MIN_SETTLED_ORDERS:,} are needed), when the last of today's settled orders "
        f"were placed: orders settle {_wait_days(prepared):.0f} days after they are placed, and "
        f"the rehearsal needs orders placed after others have settled. {_CURE}",
    )


def _can_learn(prepared: PreparedOrders, origin: int) -> bool:
    return learnable_cases(prepared, origin).enough


def _are_full(placed: np.ndarray, failed: np.ndarray, origins: Sequence[int]) -> bool:
    """Say whether every window holds enough orders of both outcomes."""
    window = np.searchsorted(origins, placed, side="right")
    sizes = np.array(
        [np.bincount(window[failed == outcome], minlength=len(origins) + 1) for outcome in (0, 1)]
    )
    return bool((sizes[:, 1:] >= MIN_CASES_TO_CALIBRATE).all())


def _wait_days(prepared: PreparedOrders) -> float:
    """Return the median days from placing an order to the moment by which it should be there."""
    dataset = prepared.dataset
    return float(np.median(dataset.limit - dataset.columns["placed_at"])) / MS_PER_DAY


def _day(tick: int) -> str:
    return f"{pd.Timestamp(tick, unit='ms'):%Y-%m-%d}"
