"""No feature of an order knows the future, and one order computes what all together do."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from data.contract.tables import TABLES
from features.engine.compute import Features
from features.engine.feature_set import Entity, FeaturePlan
from features.orders.features import FEATURES
from features.orders.logs import is_thinned, order_logs
from features.orders.tables import OrderTables, order_columns, order_subjects

SEEDS = st.integers(0, 2**32 - 1)
SEEDED = settings(max_examples=4, phases=[Phase.generate])  # a seed has nothing to shrink to


@dataclass(frozen=True)
class IndexedHistory:
    """A history whose logs are indexed once, to compute the features of any of its subjects.

    Attributes:
        tables: Rows of the history.
        subjects: All orders at all stages.
        plan: Fitted on all subjects, unless another is taken.
        features: Features over the indexed logs.
    """

    tables: OrderTables
    subjects: pd.DataFrame
    plan: FeaturePlan
    features: Features

    @classmethod
    def of(
        cls, history: Any, plan: FeaturePlan | None = None, *, thinned: bool | None = None
    ) -> Self:
        """Index the logs of a history; `thinned` as its orders tell, if it is None."""
        tables = _tables(history)
        subjects = order_subjects(tables.orders, tables.order_events)
        placed = subjects[subjects["stage"] == "placed"].set_index("order_id")
        base = placed.loc[tables.orders["order_id"]].reset_index()
        plan = plan or FEATURES.fit(order_columns(subjects, tables), {})
        entities = [Entity(name, tuple(parts)) for name, parts in plan.entities.items()]
        thinned = is_thinned(tables.orders) if thinned is None else thinned
        logs = order_logs(order_columns(base, tables), entities, tables, thinned=thinned)
        return cls(tables, subjects, plan, Features(FEATURES, plan, logs))

    def compute(self, subjects: pd.DataFrame) -> pd.DataFrame:
        """Compute the features of some subjects, by order and stage."""
        columns = order_columns(subjects, self.tables)
        keys = self.features.keys(columns)
        dense = self.features.compute(columns, keys, columns["scored_at"]).dense
        names = zip(subjects["order_id"], subjects["stage"], strict=True)
        index = pd.Index(list(names), tupleize_cols=False)
        return pd.DataFrame(dense, columns=self.features.names, index=index)

    @property
    def rows(self) -> pd.DataFrame:
        """Features of all subjects."""
        return self.compute(self.subjects)


def _tables(history: Any) -> OrderTables:
    return OrderTables(
        **{field.name: getattr(history, field.name) for field in fields(OrderTables)}
    )


@SEEDED
@given(seed=SEEDS, other=SEEDS, row=st.integers(0, 20))
def test_no_row_known_at_or_after_the_stage_changes_a_feature(
    seed, other, row, a_history, with_another_future
):
    history = a_history(seed)
    subjects = order_subjects(history.orders, history.order_events)
    subject = subjects.iloc[[row % len(subjects)]].reset_index(drop=True)
    as_of, order_id = subject["scored_at"].iloc[0], subject["order_id"].iloc[0]
    disturbed = with_another_future(history, as_of, other)
    own = _with_own_rows(disturbed, history, order_id, as_of)

    before = IndexedHistory.of(history, thinned=False)
    after = IndexedHistory.of(own, before.plan, thinned=False)

    pd.testing.assert_frame_equal(before.compute(subject), after.compute(subject), check_exact=True)


def _with_own_rows(disturbed: Any, history: Any, order_id: str, as_of: pd.Timestamp) -> Any:
    """Give back the subject's own rows, and its master data, that became known with the stage."""

    def change(name: str, rows: pd.DataFrame) -> pd.DataFrame:
        own = getattr(history, name)
        if "order_id" in own and name != "exceptions":
            before = (own["order_id"] == order_id) & (own["known_at"] <= as_of)
            others = rows[(rows["order_id"] != order_id) | (rows["known_at"] > as_of)]
        elif name in ("products", "sites"):
            before = own["known_at"] <= as_of
            others = rows[rows["known_at"] > as_of]
        else:
            return rows
        return pd.concat([own[before], others]).drop_duplicates(list(TABLES[name].key))

    return disturbed.changed(change)


@SEEDED
@given(seed=SEEDS)
def test_one_subject_at_a_time_gives_what_the_bulk_gives(seed, a_history):
    history = IndexedHistory.of(a_history(seed))
    subjects = history.subjects

    single = [history.compute(subjects.iloc[[row]]) for row in range(len(subjects))]

    pd.testing.assert_frame_equal(pd.concat(single), history.rows, check_exact=True)


@SEEDED
@given(seed=SEEDS)
def test_the_order_of_the_rows_changes_nothing(seed, a_history):
    history = a_history(seed)
    shuffled = history.changed(
        lambda _, rows: rows.sample(frac=1, random_state=seed % 2**31).reset_index(drop=True)
    )

    straight = IndexedHistory.of(history)
    mixed = IndexedHistory.of(shuffled, straight.plan)

    pd.testing.assert_frame_equal(straight.rows, mixed.rows, check_exact=True)


@pytest.fixture
def a_shop(a_history) -> Callable[..., Any]:
    """Two orders from one shop, the first of which ended before the second was placed."""

    def build(*, raised: bool, lines_of: tuple[str, ...] = ("first", "second")) -> Any:
        history = a_history(0, orders=2)
        day = pd.Timestamp("2024-05-01", tz="UTC")
        placed = pd.Series([day, day + pd.Timedelta(days=10)])
        orders = history.orders.assign(
            order_id=["first", "second"],
            placed_at=placed,
            known_at=placed,
            promised_at=placed + pd.Timedelta(days=5),
            region=["SP", "SP"],
            total=[10.0, 20.0],
            weight=1.0,
        )
        lines = history.order_lines.iloc[: len(lines_of)].assign(
            order_id=list(lines_of), line_id="1", site="s1", sku="a", units=1.0, unit_price=8.0
        )
        lines["known_at"] = lines["order_id"].map(
            dict(zip(orders["order_id"], placed, strict=True))
        )
        events = history.order_events.iloc[:1].assign(
            order_id="first",
            stage="delivered",
            event="reached",
            occurred_at=day + pd.Timedelta(days=3),
            known_at=day + pd.Timedelta(days=3),
        )
        exceptions = history.exceptions.iloc[:1].assign(
            order_id="first" if raised else "unknown",
            type="late_shipment",
            known_at=day + pd.Timedelta(days=2),
        )
        tables = {"orders": orders, "order_lines": lines, "order_events": events}
        tables["exceptions"] = exceptions
        return history.changed(lambda name, rows: tables.get(name, rows))

    return build


@pytest.mark.parametrize("raised", [True, False])
def test_an_order_counts_as_failed_or_good_from_when_that_was_known(a_shop, raised):
    rows = IndexedHistory.of(a_shop(raised=raised)).rows

    shares = rows["failed_mean_ever_by_region"]
    assert np.isnan(shares[("first", "placed")])
    assert shares[("second", "placed")] == float(raised)


def test_orders_under_way_are_counted_until_they_end(a_shop):
    rows = IndexedHistory.of(a_shop(raised=False)).rows

    assert rows["change_sum_ever_by_region"].tolist() == [0.0, 1.0, 0.0]


def test_orders_of_a_thinned_sample_are_not_counted_while_under_way(a_shop):
    history = a_shop(raised=False)
    thinned = history.orders.assign(weight=[18.7, 1.0])

    rows = IndexedHistory.of(history.changed(lambda n, t: thinned if n == "orders" else t)).rows

    assert not rows["change_sum_ever_by_region"].any()


def test_an_order_without_lines_borrows_goods_and_total_of_the_one_before(a_shop):
    rows = IndexedHistory.of(a_shop(raised=False, lines_of=("first",))).rows

    lent = ["order_total", "freight", "ordered_units"]
    assert rows.loc[[("second", "placed")], lent].to_numpy().tolist() == [[10.0, 2.0, 1.0]]


def test_a_weighted_share_counts_each_order_with_its_weight(a_history):
    history = a_history(5, orders=40, exceptions=60)
    doubled = history.orders.assign(weight=history.orders["weight"].fillna(1.0) * 2)
    plain = history.orders.assign(weight=history.orders["weight"].fillna(1.0))
    by_weight = [
        IndexedHistory.of(history.changed(lambda n, t, o=orders: o if n == "orders" else t)).rows
        for orders in (plain, doubled)
    ]

    # Weights matter only against each other.
    pd.testing.assert_frame_equal(by_weight[0], by_weight[1], rtol=1e-4)


def test_every_feature_has_a_name_of_its_own(a_history):
    names = IndexedHistory.of(a_history(1)).rows.columns

    assert names.is_unique
