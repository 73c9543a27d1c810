"""From the tables of a history to the columns that the features of orders read.

A subject is one order at one stage that it reached, scored when that became known. Of its own rows
(order, lines, steps, and what its SKUs and sites are) it knows those known by then; of all others
those known before.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
import pandas as pd

from data.contract.order_tables import OrderEvents, OrderLines, Orders
from data.contract.reference_tables import Products, Sites
from data.domain import Stage
from data.ticks import floor_ticks
from features.engine.attributes import OF_LINE, OF_ORDER, OF_PRODUCT, with_attributes
from features.engine.columns import text_column
from features.engine.feature_set import Columns
from features.orders.features import NUMBER_COLUMNS, TEXT_COLUMNS, TIME_COLUMNS

REACHED = "reached"
AREA_LETTERS = 3
SUBJECT = "subject"

ATTRIBUTES_OF = {
    Orders.attributes: OF_ORDER,
    "line_attributes": OF_LINE,
    "product_attributes": OF_PRODUCT,
}
"""Columns of JSON objects, and the prefix of the attributes of each."""


@dataclass(frozen=True)
class OrderTables:
    """The tables that the features of orders read, as the history has them."""

    orders: pd.DataFrame
    order_lines: pd.DataFrame
    order_events: pd.DataFrame
    products: pd.DataFrame
    sites: pd.DataFrame
    exceptions: pd.DataFrame


def order_subjects(orders: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each order and stage: order_id, stage, stage_at, scored_at.

    A stage reached again counts once. An order without a `placed` step has one all the same.
    """
    placed = pd.DataFrame(
        {
            Orders.order_id: orders[Orders.order_id],
            OrderEvents.stage: str(Stage.PLACED),
            "stage_at": orders[Orders.placed_at],
            "scored_at": orders[Orders.known_at],
        }
    )
    steps = first_steps(events).merge(
        orders[[Orders.order_id, Orders.known_at]], on=Orders.order_id, suffixes=("", "_order")
    )
    later = steps[steps[OrderEvents.stage] != str(Stage.PLACED)]
    reached = pd.DataFrame(
        {
            Orders.order_id: later[Orders.order_id],
            OrderEvents.stage: later[OrderEvents.stage],
            "stage_at": later[OrderEvents.occurred_at],
            "scored_at": later[["known_at", "known_at_order"]].max(axis=1),
        }
    )
    subjects = pd.concat([placed, reached])
    return subjects.sort_values(["scored_at", "order_id", "stage"], ignore_index=True)


def first_steps(events: pd.DataFrame) -> pd.DataFrame:
    """Return for each order and stage the step by which it was first known to be reached."""
    reached = events[events[OrderEvents.event] == REACHED]
    reached = reached.sort_values([OrderEvents.known_at, OrderEvents.occurred_at])
    return reached.drop_duplicates([OrderEvents.order_id, OrderEvents.stage])


def order_columns(subjects: pd.DataFrame, tables: OrderTables) -> dict[str, np.ndarray]:
    """Join subjects with what was known of their orders when they are scored.

    Returns:
        Columns by name, in the order of `subjects`.
    """
    own = subjects.reset_index(drop=True).rename_axis(SUBJECT).reset_index()
    own = own.merge(
        tables.orders.rename(columns={Orders.known_at: "order_known_at"}),
        on=Orders.order_id,
        how="left",
    )
    own = own.join(_last_stage(own, tables.order_events), on=SUBJECT)
    own = _with_goods(own, tables)
    own["postcode_area"] = own[Orders.postcode].str.slice(0, AREA_LETTERS)
    promise = (own[Orders.promised_at] - own[Orders.placed_at]).dt.days // 7
    own["promise_weeks"] = promise.map("{:.0f}".format, na_action="ignore")
    columns = {name: text_column(own[name]) for name in (*TEXT_COLUMNS, *ATTRIBUTES_OF)}
    columns |= {name: own[name].to_numpy(np.float64, na_value=np.nan) for name in NUMBER_COLUMNS}
    return columns | {name: floor_ticks(own[name]) for name in TIME_COLUMNS}


def order_attributes(columns: Columns) -> list[dict[str, Any]]:
    """Return the attributes of each subject: those of its order, first line and product."""
    rows: list[dict[str, Any]] = [{} for _ in columns[Orders.attributes]]
    for name, prefix in ATTRIBUTES_OF.items():
        for row, text in zip(rows, columns[name], strict=True):
            if text is not None:
                row.update(with_attributes({}, prefix, orjson.loads(text)))
    return rows


def _last_stage(own: pd.DataFrame, events: pd.DataFrame) -> pd.Series:
    """Return when the stage before was reached, by subject."""
    named = own[[SUBJECT, Orders.order_id, OrderEvents.stage, "stage_at", "scored_at"]]
    steps = first_steps(events).merge(named, on=Orders.order_id, suffixes=("_before", ""))
    before = steps[
        (steps[OrderEvents.known_at] <= steps["scored_at"])
        & (steps[OrderEvents.occurred_at] <= steps["stage_at"])
        & (steps["stage_before"] != steps["stage"])
    ]
    return before.groupby(SUBJECT)[OrderEvents.occurred_at].max().rename("last_stage_at")


def _with_goods(own: pd.DataFrame, tables: OrderTables) -> pd.DataFrame:
    """Add what is ordered, and where it ships from.

    That an order has no lines says more of its file than of the order: some sources drop the lines
    of those that failed. It borrows the goods of the last order that has some, so that no model
    can take the gap for a cause.
    """
    goods = _goods(own, tables)
    bare = ~own[SUBJECT].isin(goods.index)
    lent = _lent(own[bare], tables)
    goods = pd.concat([goods.join(own.set_index(SUBJECT)[Orders.total]), lent])
    return own.drop(columns=Orders.total).join(goods, on=SUBJECT)


def _lent(bare: pd.DataFrame, tables: OrderTables) -> pd.DataFrame:
    """Return the goods and the total that subjects without lines borrow."""
    lenders = _lenders(tables)
    subjects = bare[[SUBJECT, "order_known_at"]].sort_values(["order_known_at", SUBJECT])
    borrowed = pd.merge_asof(
        subjects,
        lenders,
        left_on="order_known_at",
        right_on="lent_at",
        allow_exact_matches=False,
    ).dropna(subset="lent_at")
    return borrowed.set_index(SUBJECT).drop(columns=["order_known_at", "lent_at"])


def _lenders(tables: OrderTables) -> pd.DataFrame:
    """Return orders with the goods that were known of them first, by the time they were known."""
    lines = tables.order_lines
    first = lines.groupby(OrderLines.order_id)[OrderLines.known_at].min().rename("scored_at")
    own = tables.orders.join(first, on=Orders.order_id, how="inner")
    own["scored_at"] = own[["scored_at", Orders.known_at]].max(axis=1)
    own = own.sort_values(["scored_at", Orders.order_id], ignore_index=True)
    own = own.rename_axis(SUBJECT).reset_index()
    goods = _goods(own, tables)
    facts = own.set_index(SUBJECT)[["scored_at", Orders.total]].rename(
        columns={"scored_at": "lent_at"}
    )
    return facts.join(goods, how="inner")


def _goods(own: pd.DataFrame, tables: OrderTables) -> pd.DataFrame:
    """Sum up the lines that were known of each subject when it was scored."""
    named = own[[SUBJECT, Orders.order_id, "scored_at"]]
    lines = tables.order_lines.merge(named, on=OrderLines.order_id, how="inner")
    lines = lines[lines[OrderLines.known_at] <= lines["scored_at"]]
    products = tables.products.rename(columns={Products.attributes: "product_attributes"})
    lines = _with_master(
        lines, products, Products.sku, ["product_group", "weight_g", "product_attributes"]
    )
    lines = _with_master(lines, tables.sites, Sites.site, ["region"])
    lines["goods_value"] = lines[OrderLines.units] * lines[OrderLines.unit_price]
    lines["weight_g"] = lines[OrderLines.units] * lines["weight_g"]
    lines = lines.sort_values([SUBJECT, OrderLines.line_id])
    grouped = lines.groupby(SUBJECT, sort=False)
    goods = grouped.agg(
        units=(OrderLines.units, "sum"),
        line_count=(OrderLines.line_id, "size"),
        site_count=(OrderLines.site, "nunique"),
        site=(OrderLines.site, "first"),
        sku=(OrderLines.sku, "first"),
        product_group=("product_group", "first"),
        site_region=("region", "first"),
        line_attributes=(OrderLines.attributes, "first"),
        product_attributes=("product_attributes", "first"),
    )
    return goods.join(grouped[["goods_value", "weight_g"]].sum(min_count=1))


def _with_master(
    lines: pd.DataFrame, master: pd.DataFrame, key: str, columns: list[str]
) -> pd.DataFrame:
    facts = master[[key, "known_at", *columns]].rename(columns={"known_at": "master_known_at"})
    joined = lines.merge(facts, on=key, how="left")
    joined.loc[~(joined["master_known_at"] <= joined["scored_at"]), columns] = None
    return joined.drop(columns="master_known_at")
