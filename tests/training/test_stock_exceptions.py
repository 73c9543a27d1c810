"""Which stock becomes an exception, and what is said of it; of a history made by hand."""

import numpy as np
import orjson
import pandas as pd
import pytest

from data.checking import Terms
from data.history import History
from data.importing import write_history
from data.policy import Policy
from models.ranking_rule import CURVE_AGES_HOURS
from training.stock_exceptions import stock_exceptions

AS_OF = pd.Timestamp("2026-03-01", tz="UTC")
DAY = pd.Timedelta(1, "D")


@pytest.fixture(scope="module")
def forecast(a_book):
    """Weeks from 2026-03-01 on: A-00000 at north sells 1 to 4 a week, A-00002 at south 17 to 20."""
    return a_book().forecast


@pytest.fixture(scope="module")
def policy():
    return Policy.read()


@pytest.fixture
def a_history(tmp_path_factory):
    """Write tables as a history that was imported after the moment."""

    def write(**tables):
        folder = tmp_path_factory.mktemp("history")
        terms = Terms("test", AS_OF + 30 * DAY)
        assert not write_history(folder, iter(tables.items()), terms).quarantine
        return History.open(folder)

    return write


@pytest.fixture
def found(a_history, forecast, policy):
    """The stock exceptions of some tables."""

    def find(policy=policy, **tables):
        return stock_exceptions(a_history(**tables), forecast, policy, AS_OF).to_pylist()

    return find


def stock(*shelves):
    return pd.DataFrame([{"counted_at": AS_OF - DAY, **shelf} for shelf in shelves])


def shelf(sku="A-00002", site="south", on_hand=3.0, **changes):
    return {"sku": sku, "site": site, "on_hand": on_hand, **changes}


def products(**changes):
    plain = {"sku": "A-00002", "unit_price": 50.0, "cost": 20.0, "known_at": AS_OF - 30 * DAY}
    return pd.DataFrame([plain | changes])


def orders(**units_of):
    """Orders of A-00002 at south, each an hour after the one before, and their lines."""
    names = list(units_of)
    placed = [AS_OF - 2 * DAY + pd.Timedelta(i, "h") for i in range(len(names))]
    order_rows = pd.DataFrame(
        {
            "order_id": names,
            "placed_at": placed,
            "total": [100.0 if name.startswith("dear") else 10.0 for name in names],
            "ship_by_at": AS_OF + DAY,
        }
    )
    lines = pd.DataFrame(
        {
            "order_id": names,
            "line_id": "1",
            "sku": "A-00002",
            "site": "south",
            "units": list(units_of.values()),
        }
    )
    return {"orders": order_rows, "order_lines": lines}


def steps(*told):
    rows = [(order, stage, AS_OF - DAY, "reached", "") for order, stage in told]
    columns = ["order_id", "stage", "occurred_at", "event", "line_id"]
    return pd.DataFrame(rows, columns=columns)


SHIPPED_ONCE = ("long_ago", "shipped")


def waiting(**units_of):
    """Open orders, and one that was shipped, so that it is known what is open."""
    tables = orders(**units_of, long_ago=1.0)
    return tables | {"order_events": steps(SHIPPED_ONCE)}


def test_without_stock_there_are_no_exceptions_but_their_columns(
    found, a_history, forecast, policy
):
    table = stock_exceptions(a_history(products=products()), forecast, policy, AS_OF)

    assert table.num_rows == 0
    assert "loss" in table.column_names


def test_what_will_run_out_is_told_with_its_chance_and_money(found):
    (one,) = found(stock=stock(shelf(on_hand=3)), products=products())
    facts = orjson.loads(one["facts"])

    assert one["kind"] == "stock_out_risk"
    assert one["chance"] > 0.9
    assert facts["lost_margin"] == pytest.approx(facts["lost_units"] * 30, abs=2)
    assert one["message"].startswith("A-00002 at south runs out on ")


def test_the_loss_is_what_can_still_be_saved_times_the_chance_that_it_helps(found, policy):
    (one,) = found(stock=stock(shelf(on_hand=3)), products=products())
    helps = policy.losses.terms("stock_out_risk")[2]

    assert 0 < one["loss"] <= orjson.loads(one["facts"])["lost_margin"] * helps


def test_the_curve_is_a_share_that_never_falls(found):
    (one,) = found(stock=stock(shelf(on_hand=3)))

    assert len(one["curve"]) == len(CURVE_AGES_HOURS)
    assert np.diff(one["curve"]).min() >= 0


def test_a_delivery_on_its_way_ends_the_risk(found):
    coming = {"inbound": 500.0, "inbound_at": AS_OF + pd.Timedelta(36, "h")}
    (late,) = found(stock=stock(shelf(on_hand=0)))
    (soon,) = [
        one
        for one in found(stock=stock(shelf(on_hand=0, **coming)))
        if one["kind"] == "stock_out_risk"
    ] or [{"loss": 0.0}]

    assert soon["loss"] < late["loss"]


def test_enough_stock_is_no_exception(found):
    assert found(stock=stock(shelf(on_hand=60))) == []


def test_too_much_stock_is_an_exception_of_its_own(found):
    (one,) = found(stock=stock(shelf(on_hand=900)), products=products())
    facts = orjson.loads(one["facts"])

    assert one["kind"] == "overstock"
    assert facts["tied_up"] == facts["excess_units"] * 20
    assert one["due_at_ms"] is None


def test_what_costs_too_little_is_left_out(found, policy):
    dear = policy.stock.model_copy(update={"smallest_loss": 1e6})

    assert found(policy.model_copy(update={"stock": dear}), stock=stock(shelf())) == []


def test_only_the_dearest_of_a_kind_are_told(found, policy):
    one_only = policy.stock.model_copy(update={"most_of_a_kind": 1})
    both = stock(shelf(), shelf("A-00001", "north", on_hand=0.0))
    (one,) = found(policy.model_copy(update={"stock": one_only}), stock=both)

    assert one["loss"] == max(each["loss"] for each in found(stock=both))


def test_the_last_count_counts(found):
    counts = stock(shelf(on_hand=0), shelf(on_hand=60, counted_at=AS_OF - DAY / 2))

    assert found(stock=counts) == []


def test_what_became_known_at_the_moment_changes_nothing(found):
    told_late = stock(shelf(on_hand=3), shelf(on_hand=60, counted_at=AS_OF))

    assert found(stock=told_late) == found(stock=stock(shelf(on_hand=3)))


def test_of_orders_that_can_not_all_be_filled_the_dear_ones_are(found):
    tables = waiting(cheap=2.0, dear=2.0)
    (one,) = [
        each
        for each in found(stock=stock(shelf(on_hand=-2.0)), **tables)
        if each["kind"] == "unfillable_orders"
    ]
    facts = orjson.loads(one["facts"])

    assert {order["order_id"]: order["fill"] for order in facts["orders"]} == {
        "cheap": False,
        "dear": True,
    }
    assert "Fill dear; tell the customer of cheap." in one["message"]


def test_orders_are_priced_as_the_work_list_prices_them(found, policy):
    tables = waiting(cheap=2.0, dear=2.0)
    (one,) = [o for o in found(stock=stock(shelf(on_hand=-2.0)), **tables) if "orders" in o["kind"]]
    facts, losses = orjson.loads(one["facts"]), policy.losses
    dear = losses.share_of_order * 100 + losses.fixed
    cheap = losses.share_of_order * 10 + losses.fixed

    assert facts["lost_unchosen"] == pytest.approx(dear)
    assert facts["lost_chosen"] == pytest.approx(cheap * (1 - losses.handling_helps))
    assert one["loss"] == pytest.approx(facts["lost_unchosen"] - facts["lost_chosen"])


def kinds(rows):
    return [one["kind"] for one in rows]


def test_orders_that_can_all_be_filled_are_no_exception(found):
    rows = found(stock=stock(shelf(on_hand=0.0)), **waiting(cheap=2.0, dear=2.0))

    assert "unfillable_orders" not in kinds(rows)


@pytest.mark.parametrize("stage", ["shipped", "delivered"])
def test_orders_that_are_on_their_way_do_not_wait(found, stage):
    tables = waiting(cheap=2.0, dear=2.0)
    tables["order_events"] = steps(SHIPPED_ONCE, ("cheap", stage), ("dear", stage))

    assert "unfillable_orders" not in kinds(found(stock=stock(shelf(on_hand=-4.0)), **tables))


def test_canceled_orders_do_not_wait(found):
    tables = waiting(cheap=2.0, dear=2.0)
    gone = steps(("cheap", "placed"), ("dear", "placed")).assign(event="canceled")
    tables["order_events"] = pd.concat([steps(SHIPPED_ONCE), gone])

    assert "unfillable_orders" not in kinds(found(stock=stock(shelf(on_hand=-4.0)), **tables))


def test_a_canceled_line_waits_for_fewer_units(found):
    tables = waiting(cheap=2.0, dear=2.0)
    gone = steps(("cheap", "placed")).assign(event="canceled", line_id="1", units=1.0)
    tables["order_events"] = pd.concat([steps(SHIPPED_ONCE), gone])
    rows = found(stock=stock(shelf(on_hand=-1.0)), **tables)
    (one,) = [o for o in rows if o["kind"] == "unfillable_orders"]

    assert [order["units"] for order in orjson.loads(one["facts"])["orders"]] == [1.0, 2.0]


def test_where_no_shipment_is_ever_told_nothing_is_known_to_wait(found):
    rows = found(stock=stock(shelf(on_hand=-4.0)), **orders(cheap=2.0, dear=2.0))

    assert "unfillable_orders" not in kinds(rows)


def test_counts_of_what_lies_there_are_all_there_is_for_open_orders(found, policy):
    physical = policy.stock.model_copy(update={"on_hand_after_open_orders": False})
    tables = waiting(cheap=2.0, dear=2.0)
    rows = found(policy.model_copy(update={"stock": physical}), stock=stock(shelf()), **tables)
    (one,) = [o for o in rows if o["kind"] == "unfillable_orders"]

    assert orjson.loads(one["facts"])["pool_units"] == 3


def test_the_same_seed_gives_the_same_exceptions(found):
    tables = {"stock": stock(shelf(on_hand=9)), **waiting(cheap=2.0, dear=20.0)}

    assert found(**tables) == found(**tables)
