"""Stock that becomes an exception, and its facts, in a history made by hand."""

import numpy as np
import orjson
import pandas as pd
import pytest

from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from data.policy.policy import Policy
from models.loss_curve import CURVE_AGES_HOURS
from training.forecast_book.stock_exceptions import exceptions_of, stock_exceptions
from training.forecast_book.stock_facts import StockFacts

AS_OF = pd.Timestamp("2026-03-01", tz="UTC")
DAY = pd.Timedelta(1, "D")
MOMENT = "datetime64[us, UTC]"
ORDER_KINDS = {"sku": "str", "site": "str", "order_id": "str", "placed_at": MOMENT}
ORDER_KINDS |= {"due_at": MOMENT, "total": "float64", "waiting_units": "float64"}
NO_ORDERS = pd.DataFrame(columns=list(ORDER_KINDS)).astype(ORDER_KINDS)


@pytest.fixture(scope="module")
def forecast(a_book):
    """Weeks from 2026-03-01 on: A-00000 at north sells 1 to 4 a week, A-00002 at south 17 to 20."""
    return a_book().forecast


@pytest.fixture(scope="module")
def policy():
    return Policy.read()


@pytest.fixture
def raised(forecast, policy):
    """The stock exceptions of shelves and of orders that wait."""

    def find(*shelves, policy=policy, orders=NO_ORDERS):
        stock = pd.DataFrame(shelves)
        stock["inbound_at"] = pd.to_datetime(stock["inbound_at"], utc=True)
        stock_facts = StockFacts(forecast, stock, orders, AS_OF, policy)
        return exceptions_of(stock_facts, seed=7).to_pylist()

    return find


@pytest.fixture
def raised_in(forecast, policy, tmp_path):
    """The stock exceptions of a history of some tables, imported after the moment."""

    def find(**tables):
        terms = ImportTerms("test", AS_OF + 30 * DAY)
        assert not write_history(tmp_path, iter(tables.items()), terms).quarantine
        return stock_exceptions(History.open(tmp_path), forecast, policy, AS_OF).to_pylist()

    return find


def shelf(sku="A-00002", site="south", on_hand=3.0, **changes):
    """A row of `stock/on_hand.sql`."""
    plain = {
        "sku": sku,
        "site": site,
        "counted_at": AS_OF - DAY,
        "on_hand": on_hand,
        "inbound": 0.0,
        "inbound_at": pd.NaT,
        "unit_price": 50.0,
        "cost": 20.0,
        "lead_time_days": np.nan,
    }
    return plain | changes


def waiting(**units_of):
    """Rows of `stock/open_orders.sql`."""
    tables = orders(**units_of)
    columns = {"units": "waiting_units", "ship_by_at": "due_at"}
    return tables["orders"].merge(tables["order_lines"]).rename(columns=columns)


def stock(*shelves):
    """The table."""
    columns = ["sku", "site", "counted_at", "on_hand"]
    return pd.DataFrame(shelves)[columns]


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


def steps(*reached):
    rows = [(order, stage, AS_OF - DAY, "reached", "") for order, stage in reached]
    columns = ["order_id", "stage", "occurred_at", "event", "line_id"]
    return pd.DataFrame(rows, columns=columns)


SHIPPED_ONCE = ("long_ago", "shipped")


def open_orders(**units_of):
    """Tables of open orders, and of one that was shipped, so that it is known what is open."""
    return orders(**units_of, long_ago=1.0) | {"order_events": steps(SHIPPED_ONCE)}


def only(rows, kind):
    (exception,) = [row for row in rows if row["kind"] == kind]
    return exception, orjson.loads(exception["facts"])


def kinds(rows):
    return [exception["kind"] for exception in rows]


def test_what_will_run_out_is_told_with_its_chance_and_money(raised):
    exception, facts = only(raised(shelf(on_hand=3)), "stock_out_risk")

    assert exception["chance"] > 0.9
    assert facts["lost_margin"] == pytest.approx(facts["lost_units"] * 30, abs=2)
    assert exception["message"].startswith("A-00002 at south runs out on ")


def test_the_loss_is_what_can_still_be_saved_times_the_chance_that_it_helps(raised, policy):
    exception, facts = only(raised(shelf(on_hand=3)), "stock_out_risk")

    helps = policy.losses.terms("stock_out_risk").handling_helps
    assert 0 < exception["loss"] <= facts["lost_margin"] * helps


def test_the_curve_is_a_share_that_never_falls(raised):
    (exception,) = raised(shelf(on_hand=3))

    assert len(exception["curve"]) == len(CURVE_AGES_HOURS)
    assert np.diff(exception["curve"]).min() >= 0


def test_a_delivery_that_comes_sooner_leaves_less_to_lose(raised):
    later, sooner = (
        raised(shelf(on_hand=0, inbound=50.0, inbound_at=AS_OF + days * DAY))[0]["loss"]
        for days in (5, 3)
    )

    assert sooner < later


def test_a_delivery_that_is_overdue_is_not_waited_for(raised):
    overdue = shelf(on_hand=0, inbound=50.0, inbound_at=AS_OF - DAY)

    assert raised(overdue)[0]["loss"] == raised(shelf(on_hand=0))[0]["loss"]


def test_without_a_cost_the_margin_is_the_policy_s_share_of_the_price(raised, policy):
    _, facts = only(raised(shelf(cost=np.nan)), "stock_out_risk")
    margin = 50 * policy.stock.margin_share

    assert facts["lost_margin"] == pytest.approx(facts["lost_units"] * margin, abs=2)


def test_enough_stock_is_no_exception(raised):
    assert raised(shelf(on_hand=60)) == []


def test_too_much_stock_is_an_exception_of_its_own(raised):
    exception, facts = only(raised(shelf(on_hand=900)), "overstock")

    assert facts["tied_up"] == facts["excess_units"] * 20
    assert exception["due_at_ms"] is None


def test_what_is_not_forecast_is_left_out(raised):
    assert raised(shelf("unheard of", on_hand=0)) == []


def test_what_costs_too_little_is_left_out(raised, policy):
    dear = policy.stock.model_copy(update={"smallest_loss": 1e6})

    assert raised(shelf(), policy=policy.model_copy(update={"stock": dear})) == []


def test_only_the_dearest_of_a_kind_are_told(raised, policy):
    one_only = policy.stock.model_copy(update={"most_of_a_kind": 1})
    both = shelf(), shelf("A-00001", "north", on_hand=0.0)
    (exception,) = raised(*both, policy=policy.model_copy(update={"stock": one_only}))

    assert exception["loss"] == max(each["loss"] for each in raised(*both))


def test_the_same_seed_gives_the_same_exceptions(raised):
    assert raised(shelf(on_hand=9)) == raised(shelf(on_hand=9))


def test_of_orders_that_can_not_all_be_filled_the_dear_ones_are(raised):
    rows = raised(shelf(on_hand=-2.0), orders=waiting(cheap=2.0, dear=2.0))
    exception, facts = only(rows, "unfillable_orders")

    assert [order["fill"] for order in facts["orders"]] == [False, True]
    assert "Fill dear; tell the customer of cheap." in exception["message"]


def test_orders_are_priced_as_the_work_list_prices_them(raised, policy):
    rows = raised(shelf(on_hand=-2.0), orders=waiting(cheap=2.0, dear=2.0))
    exception, facts = only(rows, "unfillable_orders")
    losses = policy.losses
    cheap, dear = (losses.share_of_order * value + losses.fixed for value in (10, 100))

    assert facts["lost_unchosen"] == pytest.approx(dear)
    assert facts["lost_chosen"] == pytest.approx(cheap * (1 - losses.handling_helps))
    assert exception["loss"] == pytest.approx(facts["lost_unchosen"] - facts["lost_chosen"])


def test_orders_that_can_all_be_filled_are_no_exception(raised):
    rows = raised(shelf(on_hand=0.0), orders=waiting(cheap=2.0, dear=2.0))

    assert "unfillable_orders" not in kinds(rows)


def test_what_arrives_before_the_first_is_due_is_there_for_them(raised):
    coming = shelf(on_hand=-2.0, inbound=2.0, inbound_at=AS_OF + DAY / 2)
    rows = raised(coming, orders=waiting(cheap=2.0, dear=2.0))

    assert "unfillable_orders" not in kinds(rows)


def test_counts_of_what_lies_there_are_all_there_is_for_open_orders(raised, policy):
    physical = policy.stock.model_copy(update={"on_hand_after_open_orders": False})
    policy = policy.model_copy(update={"stock": physical})
    rows = raised(shelf(), policy=policy, orders=waiting(cheap=2.0, dear=2.0))
    _, facts = only(rows, "unfillable_orders")

    assert facts["pool_units"] == 3


def test_without_stock_there_are_no_exceptions_but_their_columns(forecast, policy):
    nothing = pd.DataFrame(columns=list(shelf()))
    table = exceptions_of(StockFacts(forecast, nothing, NO_ORDERS, AS_OF, policy), seed=7)

    assert table.num_rows == 0
    assert "loss" in table.column_names


def test_the_last_count_counts(raised_in):
    counts = stock(shelf(on_hand=0), shelf(on_hand=60, counted_at=AS_OF - DAY / 2))

    assert raised_in(stock=counts) == []


def test_what_became_known_at_the_moment_is_not_read(raised_in):
    counts = stock(shelf(on_hand=60), shelf(on_hand=0, counted_at=AS_OF))

    assert raised_in(stock=counts) == []


def test_prices_and_costs_are_the_product_s(raised_in):
    product = {
        "sku": ["A-00002"],
        "unit_price": [500.0],
        "cost": [100.0],
        "known_at": [AS_OF - DAY],
    }
    _, facts = only(
        raised_in(stock=stock(shelf()), products=pd.DataFrame(product)), "stock_out_risk"
    )

    assert facts["lost_margin"] == pytest.approx(facts["lost_units"] * 400, abs=20)


def test_open_orders_of_a_history_are_found(raised_in):
    rows = raised_in(stock=stock(shelf(on_hand=-2.0)), **open_orders(cheap=2.0, dear=2.0))
    _, facts = only(rows, "unfillable_orders")

    assert [order["order_id"] for order in facts["orders"]] == ["cheap", "dear"]


def test_orders_that_are_on_their_way_or_canceled_do_not_wait(raised_in):
    tables = open_orders(cheap=2.0, dear=2.0)
    gone = steps(("dear", "placed")).assign(event="canceled")
    tables["order_events"] = pd.concat([steps(SHIPPED_ONCE, ("cheap", "delivered")), gone])

    assert "unfillable_orders" not in kinds(raised_in(stock=stock(shelf(on_hand=-4.0)), **tables))


def test_a_canceled_line_waits_for_fewer_units(raised_in):
    tables = open_orders(cheap=2.0, dear=2.0)
    gone = steps(("cheap", "placed")).assign(event="canceled", line_id="1", units=1.0)
    tables["order_events"] = pd.concat([steps(SHIPPED_ONCE), gone])
    _, facts = only(raised_in(stock=stock(shelf(on_hand=-1.0)), **tables), "unfillable_orders")

    assert [order["units"] for order in facts["orders"]] == [1.0, 2.0]


def test_where_no_shipment_is_ever_told_nothing_is_known_to_wait(raised_in):
    rows = raised_in(stock=stock(shelf(on_hand=-4.0)), **orders(cheap=2.0, dear=2.0))

    assert "unfillable_orders" not in kinds(rows)
