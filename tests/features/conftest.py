"""Small random order histories, full of ties and gaps, and features computed from them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from data.contract.tables import TABLES

START = pd.Timestamp("2024-03-01", tz="UTC")
ATTRIBUTES = [
    '{"team": "blue"}',
    '{"sku": "b"}',
    '{"team": "red", "tries": 2}',
    '{"tries": 1.5}',
    "{}",
    None,
]
BRANDS = ['{"brand": "b1", "lead_days": 9}', '{"brand": "b2"}', '{"brand": null}', None]
MESSAGES = ["Address not found", "地址错误", "Endereço não encontrado 12", None]


class Dice:
    """Random cells of a table; times fall on a coarse grid, so that many are equal."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)

    def times(self, n: int) -> pd.Series:
        hours = self.random.integers(0, 60, n) * 12
        micros = self.random.choice([0, 0, 0, 1, 999, 1000], n)
        return pd.Series(START + pd.to_timedelta(hours, "h") + pd.to_timedelta(micros, "us"))

    def later(self, times: pd.Series) -> pd.Series:
        """The same time, or later by days."""
        days = self.random.choice([0, 0, 0.5, 1, 3, 20], len(times))
        return times + pd.to_timedelta(days, "D")

    def some(self, values: list[Any], n: int) -> pd.Series:
        return pd.Series([values[i] for i in self.random.integers(0, len(values), n)], dtype=object)

    def gaps(self, column: pd.Series) -> pd.Series:
        return column.mask(pd.Series(self.random.random(len(column)) < 0.3, column.index))


@dataclass(frozen=True)
class SmallHistory:
    """The tables that the features of exceptions and orders read."""

    orders: pd.DataFrame
    order_lines: pd.DataFrame
    order_events: pd.DataFrame
    exceptions: pd.DataFrame
    exception_events: pd.DataFrame
    outcomes: pd.DataFrame
    products: pd.DataFrame
    sites: pd.DataFrame

    def changed(self, change: Callable[[str, pd.DataFrame], pd.DataFrame]) -> "SmallHistory":
        """Return the history with every table changed."""
        return replace(self, **{name: change(name, rows) for name, rows in vars(self).items()})


def _checked(name: str, rows: pd.DataFrame) -> pd.DataFrame:
    return TABLES[name].schema.validate(rows)


def _orders(dice: Dice, ids: list[str]) -> pd.DataFrame:
    n = len(ids)
    placed = dice.times(n)
    columns = {
        "order_id": ids,
        "placed_at": placed,
        "promised_at": dice.gaps(placed + pd.to_timedelta(dice.random.integers(1, 20, n), "D")),
        "ship_by_at": dice.gaps(placed + pd.to_timedelta(dice.random.integers(1, 9, n), "D")),
        "channel": dice.some(["web", "shop", None], n),
        "customer_id": dice.some(["c1", "c2", "c3", None], n),
        "region": dice.some(["SP", "RJ", None], n),
        "postcode": dice.some(["01001", "01009", "20000", None], n),
        "payment_method": dice.some(["card", "cash", None], n),
        "total": dice.gaps(pd.Series(dice.random.integers(1, 500, n) / 4)),
        "weight": dice.gaps(pd.Series(dice.random.integers(1, 5, n) / 2)),
        "known_at": dice.later(placed),
    }
    return _checked("orders", pd.DataFrame(columns))


def _lines(dice: Dice, orders: pd.DataFrame, prefix: str) -> pd.DataFrame:
    own = orders.sample(n=2 * len(orders), replace=True, random_state=dice.random)
    n = len(own)
    columns = {
        "order_id": own["order_id"].to_numpy(),
        "line_id": [f"{prefix}{i}" for i in range(n)],
        "sku": dice.some(["a", "b", "c"], n),
        "units": dice.random.integers(0, 9, n).astype(float),
        "site": dice.some(["s1", "s2", None], n),
        "unit_price": dice.gaps(pd.Series(dice.random.integers(1, 90, n) / 8)),
        "known_at": dice.later(own["known_at"].reset_index(drop=True)),
    }
    return _checked("order_lines", pd.DataFrame(columns))


def _order_events(dice: Dice, orders: pd.DataFrame) -> pd.DataFrame:
    own = orders.sample(n=3 * len(orders), replace=True, random_state=dice.random)
    occurred = dice.later(own["placed_at"].reset_index(drop=True))
    columns = {
        "order_id": own["order_id"].to_numpy(),
        "stage": dice.some(["placed", "paid", "shipped", "delivered"], len(own)),
        "occurred_at": occurred,
        "event": dice.some(["reached", "reached", "canceled"], len(own)),
        "line_id": "",
        "known_at": dice.later(occurred),
    }
    rows = pd.DataFrame(columns)
    key = [name for name in TABLES["order_events"].key if name in rows]
    return _checked("order_events", rows.drop_duplicates(key))


def _exceptions(dice: Dice, ids: list[str], orders: pd.DataFrame) -> pd.DataFrame:
    n = len(ids)
    detected = dice.times(n)
    columns = {
        "exception_id": ids,
        "order_id": dice.some([*orders["order_id"], None], n),
        "detected_at": detected,
        "type": dice.some(["late_shipment", "fraud_risk", None], n),
        "reason_code": dice.some(["r1", "r2", None], n),
        "severity": dice.some(["high", None], n),
        "message": dice.some(MESSAGES, n),
        "due_at": dice.gaps(dice.later(detected)),
        "attributes": dice.some(ATTRIBUTES, n),
        "known_at": dice.later(detected),
    }
    return _checked("exceptions", pd.DataFrame(columns))


def _exception_events(dice: Dice, exceptions: pd.DataFrame) -> pd.DataFrame:
    own = exceptions.sample(n=3 * len(exceptions), replace=True, random_state=dice.random)
    occurred = dice.later(own["detected_at"].reset_index(drop=True))
    columns = {
        "exception_id": own["exception_id"].to_numpy(),
        "occurred_at": occurred,
        "step": dice.random.integers(0, 2, len(own)),
        "event": dice.some(["assigned", "resolved", "started"], len(own)),
        "team": dice.some(["blue", "red", None], len(own)),
        "known_at": dice.later(occurred),
    }
    rows = pd.DataFrame(columns)
    checked = _checked("exception_events", rows)
    return checked.drop_duplicates(list(TABLES["exception_events"].key))


def _outcomes(dice: Dice, exceptions: pd.DataFrame) -> pd.DataFrame:
    own = exceptions[dice.random.random(len(exceptions)) < 0.7].reset_index(drop=True)
    n = len(own)
    columns = {
        "exception_id": own["exception_id"],
        "breached": dice.some([True, False, None], n),
        "touch_minutes": dice.gaps(pd.Series(dice.random.integers(0, 99, n) / 2)),
        "known_at": dice.later(own["detected_at"]),
    }
    return _checked("outcomes", pd.DataFrame(columns))


def _master(dice: Dice, table: str, key: str, names: list[str], column: str) -> pd.DataFrame:
    values = dice.some(["north", "south", None], len(names))
    rows = pd.DataFrame({key: names, column: values, "known_at": dice.times(len(names))})
    if table == "products":
        rows["attributes"] = dice.some(BRANDS, len(names))
    return _checked(table, rows)


@pytest.fixture(scope="session")
def a_history() -> Callable[..., SmallHistory]:
    """Build a random history; the same seed gives the same one."""

    def build(seed: int, prefix: str = "", orders: int = 7, exceptions: int = 12) -> SmallHistory:
        dice = Dice(seed)
        placed = _orders(dice, [f"{prefix}o{i}" for i in range(orders)])
        raised = _exceptions(dice, [f"{prefix}e{i}" for i in range(exceptions)], placed)
        return SmallHistory(
            orders=placed,
            order_lines=_lines(dice, placed, prefix),
            order_events=_order_events(dice, placed),
            exceptions=raised,
            exception_events=_exception_events(dice, raised),
            outcomes=_outcomes(dice, raised),
            products=_master(dice, "products", "sku", ["a", "b"], "product_group"),
            sites=_master(dice, "sites", "site", ["s1", "s2"], "region"),
        )

    return build


@pytest.fixture(scope="session")
def with_another_future(a_history) -> Callable[[SmallHistory, pd.Timestamp, int], SmallHistory]:
    """Remove, alter and add rows that become known at or after a moment, in every table."""

    def disturb(history: SmallHistory, as_of: pd.Timestamp, seed: int) -> SmallHistory:
        dice = Dice(seed)
        other = a_history(seed, prefix="new ")
        altered = a_history(seed)

        def change(name: str, rows: pd.DataFrame) -> pd.DataFrame:
            key = list(TABLES[name].key)
            past = rows[rows["known_at"] < as_of]
            future = rows[rows["known_at"] >= as_of]
            remaining = future[dice.random.random(len(future)) < 0.5]
            more = pd.concat([getattr(altered, name), getattr(other, name)])
            more = more.assign(known_at=more["known_at"].clip(lower=as_of))
            everything = pd.concat([past, more, remaining]).drop_duplicates(key)
            return everything.sample(frac=1, random_state=dice.random).reset_index(drop=True)

        return history.changed(change)

    return disturb
