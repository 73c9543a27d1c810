from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.domain import BadInputError, NotEnoughDataError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.run_source import import_files
from data.ingest.sources import source_folder
from data.ingest.write_history import write_history
from data.sources.synthetic import generate
from data.sources.synthetic.shop import SyntheticShop
from features.demand.grain import Grain
from training.demand.dataset import read_panel

TERMS = ImportTerms("test", pd.Timestamp("2026-01-01", tz="UTC"))
DAY_0 = date(2024, 1, 1)  # a Monday
NAN = np.nan
LATER = "2025-01-01"


def moment(day):
    """Noon of the day that is so many days after the first one; text stays."""
    return day if isinstance(day, str) else f"{DAY_0 + timedelta(day)}T12:00"


def at(day):
    return pd.Timestamp(DAY_0 + timedelta(day), tz="UTC")


@pytest.fixture
def history(tmp_path):
    """Write tables, each a list of rows, into a history."""

    def _history(**tables):
        frames = ((name, pd.DataFrame(rows)) for name, rows in tables.items())
        write_history(tmp_path / "history", frames, TERMS)
        return History.open(tmp_path / "history")

    return _history


def order(order_id, day, *lines):
    """An order with its lines: SKU, units and more columns."""
    rows = [
        {"order_id": order_id, "line_id": str(n), "sku": sku, "units": units, "site": "A"} | more
        for n, (sku, units, more) in enumerate(lines)
    ]
    return {"order_id": order_id, "placed_at": moment(day)}, rows


def ordered(*orders):
    """The tables of orders."""
    lines = [line for _, rows in orders for line in rows]
    return {"orders": [head for head, _ in orders], "order_lines": lines}


def sold(*days):
    """Orders of one unit of S on each of some days."""
    return ordered(*(order(str(n), day, ("S", 1, {})) for n, day in enumerate(days)))


def step(order_id, day, event="returned", **more):
    row = {"order_id": order_id, "stage": "after_sales", "occurred_at": moment(day)}
    return row | {"event": event} | more


def count(day, on_hand, sku="S", **more):
    row = {"sku": sku, "site": "A", "counted_at": f"{DAY_0 + timedelta(day)}", "on_hand": on_hand}
    return row | more


def week(number, units, sku="S", **more):
    begins = DAY_0 + timedelta(7 * number)
    known_at = f"{begins + timedelta(6)}T23:59:59"
    row = {"sku": sku, "site": "A", "period_start": str(begins), "units": units}
    return row | {"known_at": known_at} | more


def test_gaps_are_zeros_only_between_the_first_and_the_last_life_sign(history):
    panel = read_panel(history(**sold(1, 4), stock=[count(0, 5, "T"), count(5, 5, "T")]), at(7))

    np.testing.assert_array_equal(panel.units[0], [NAN, 1, 0, 0, 1, NAN, NAN])
    np.testing.assert_array_equal(panel.units[1], [0, 0, 0, 0, 0, 0, NAN])


def test_the_day_of_the_moment_is_not_complete(history):
    panel = read_panel(history(**sold(0, 1, 2)), at(2) + pd.Timedelta("13h"))

    assert panel.periods.astype(str).tolist() == ["2024-01-01", "2024-01-02"]


def test_the_last_moment_of_a_day_is_of_that_day(history):
    tables = ordered(order("A", 0, ("S", 1, {})))
    tables["orders"][0]["placed_at"] = "2024-01-01T23:59:59.999999"

    np.testing.assert_array_equal(read_panel(history(**tables), at(3)).units, [[1, NAN, NAN]])


def test_midnight_completes_the_day_before(history):
    assert read_panel(history(**sold(0, 1, 2)), at(2)).length == 2


def test_a_return_counts_on_the_day_of_the_order(history):
    tables = ordered(order("A", 0, ("S", 5, {})), order("B", 2, ("S", 1, {})))
    panel = read_panel(history(**tables, order_events=[step("A", 2, line_id="0", units=2)]), at(3))

    np.testing.assert_array_equal(panel.units, [[3, 0, 1]])


def test_a_return_that_is_known_later_is_not_seen_earlier(history):
    opened = history(**sold(0, 1), order_events=[step("0", 5, line_id="0", units=1)])

    assert read_panel(opened, at(5)).units[0, 0] == 1
    assert read_panel(opened, at(6)).units[0, 0] == 0


def test_a_canceled_order_takes_all_its_lines_with_it(history):
    tables = ordered(order("A", 0, ("S", 5, {}), ("T", 2, {})))
    panel = read_panel(history(**tables, order_events=[step("A", 0, "canceled")]), at(1))

    np.testing.assert_array_equal(panel.units, [[0], [0]])


def test_a_return_without_units_is_the_whole_line(history):
    tables = ordered(order("A", 0, ("S", 5, {}), ("S", 2, {})))
    panel = read_panel(history(**tables, order_events=[step("A", 1, line_id="1")]), at(1))
    later = read_panel(history(**tables), at(2))

    assert panel.units[0, 0] == 7
    assert later.units[0, 0] == 5


@pytest.mark.parametrize(("units", "net_units"), [((1, 1), 3), ((1, 2), 2), ((1, 1, 1), 2)])
def test_all_returns_of_a_line_in_one_second_count(history, units, net_units):
    tables = ordered(order("A", 0, ("S", 5, {})))
    steps = [step("A", 1, line_id="0", units=returned) for returned in units]

    assert read_panel(history(**tables, order_events=steps), at(2)).units[0, 0] == net_units


def test_more_returned_than_ordered_is_not_below_zero(history):
    tables = ordered(order("A", 0, ("S", 2, {}), ("S", 3, {})))
    steps = [step("A", 0, "canceled", line_id="0", units=2), step("A", 0, line_id="0", units=2)]

    assert read_panel(history(**tables, order_events=steps), at(1)).units[0, 0] == 3


def test_other_steps_of_an_order_take_nothing_back(history):
    steps = [step("0", 0, "reached") | {"stage": "delivered"}]

    assert read_panel(history(**sold(0), order_events=steps), at(1)).units[0, 0] == 1


def test_a_line_without_a_site_is_demand_of_all_sites(history):
    panel = read_panel(history(**ordered(order("A", 0, ("S", 2, {"site": None})))), at(1))

    assert panel.site.tolist() == ["all"]


def test_the_price_of_a_day_is_what_its_units_were_sold_at(history):
    lines = ("S", 3, {"unit_price": 1.0}), ("S", 1, {"unit_price": 2.0}), ("S", 9, {})
    panel = read_panel(history(**ordered(order("A", 0, *lines))), at(1))

    np.testing.assert_allclose(panel.price, [[1.25]])


def test_a_history_without_prices_has_none(history):
    panel = read_panel(history(**sold(0)), at(1))

    assert (panel.price, panel.promotion) == (None, None)


def test_counts_say_how_long_it_was_out_of_stock(history):
    counts = [count(0, 3), count(1, 0), count(3, 4), count(4, 0) | {"counted_at": moment(4)}]
    panel = read_panel(history(**sold(0, 6), stock=counts), at(7))

    np.testing.assert_allclose(panel.in_stock, [[1, 0, 0, 1, 0.5, 1, 1]], atol=1e-6)


def test_the_flag_of_a_count_goes_before_its_units(history):
    counts = [count(0, 3, in_stock=False), count(1, 0, in_stock=True), count(2, 0)]
    panel = read_panel(history(**sold(0, 2), stock=counts), at(3))

    np.testing.assert_allclose(panel.in_stock, [[0, 1, 0]])


def test_demanded_is_missing_where_it_was_out_of_stock(history):
    panel = read_panel(history(**sold(0, 2), stock=[count(1, 0), count(2, 1)]), at(3))

    np.testing.assert_array_equal(panel.demanded(), [[1, NAN, 1]])


def test_given_demand_goes_before_order_lines(history):
    panel = read_panel(history(**sold(0, 1), demand=[week(0, 4), week(1, 6)]), at(14))

    assert panel.grain == Grain.WEEK
    np.testing.assert_array_equal(panel.units, [[4, 6]])


def test_given_shares_go_before_counts(history):
    rows = [week(0, 4, in_stock_share=0.25), week(1, 6)]
    panel = read_panel(history(demand=rows, stock=[count(0, 0), count(13, 0)]), at(14))

    np.testing.assert_allclose(panel.in_stock, [[0.25, 0]], atol=1e-6)


def test_given_weeks_begin_on_their_own_weekday(history):
    rows = [week(n, n) | {"period_start": str(DAY_0 + timedelta(7 * n + 2))} for n in range(3)]
    rows = [row | {"known_at": f"{DAY_0 + timedelta(7 * n + 9)}"} for n, row in enumerate(rows)]
    panel = read_panel(history(demand=rows), at(30))

    assert panel.periods.astype(str).tolist() == ["2024-01-03", "2024-01-10", "2024-01-17"]


def test_the_last_period_is_the_last_one_of_which_a_given_row_is_known(history):
    rows = [week(n, 1) | {"known_at": str(DAY_0 + timedelta(7 * n + 7))} for n in range(3)]

    assert read_panel(history(demand=rows), at(14)).length == 1


def test_given_weeks_add_up_to_months(history):
    panel = read_panel(history(demand=[week(n, 1) for n in range(9)]), at(63), Grain.MONTH)

    assert panel.periods.astype(str).tolist() == ["2024-01-01", "2024-02-01"]
    np.testing.assert_array_equal(panel.units, [[5, 4]])


def test_a_grain_finer_than_the_given_one_is_refused(history):
    with pytest.raises(BadInputError, match="by week"):
        read_panel(history(demand=[week(0, 1), week(1, 1)]), at(14), Grain.DAY)


@pytest.mark.parametrize("grain", [None, Grain.WEEK])
def test_nothing_complete_is_said_to_be_too_little(history, grain):
    with pytest.raises(NotEnoughDataError, match="complete periods"):
        read_panel(history(**sold(0)), at(0), grain)


def test_what_is_planned_stands_after_the_last_period(history):
    plan = {"sku": "S", "site": "A", "period_start": str(at(4))[:10], "promotion": 0.3}
    late = plan | {"period_start": str(at(5))[:10], "known_at": moment(3)}
    opened = history(**sold(0, 1, 2), plans=[plan | {"known_at": moment(0), "price": 2}, late])
    panel = read_panel(opened, at(3))

    np.testing.assert_allclose(panel.promotion, [[NAN, NAN, NAN, NAN, 0.3]])
    np.testing.assert_allclose(panel.price, [[NAN, NAN, NAN, NAN, 2]])


def test_a_known_price_goes_before_the_planned_one(history):
    plan = {"sku": "S", "site": "A", "known_at": moment(0), "price": 2}
    plans = [plan | {"period_start": str(DAY_0 + timedelta(n))} for n in range(3)]
    tables = ordered(order("A", 0, ("S", 1, {"unit_price": 9})), order("B", 2, ("S", 1, {})))

    np.testing.assert_allclose(read_panel(history(**tables, plans=plans), at(3)).price, [[9, 2, 2]])


def test_a_planned_sku_that_was_never_sold_has_a_row(history):
    plan = {"sku": "N", "site": "A", "period_start": str(DAY_0), "known_at": moment(0), "price": 2}
    panel = read_panel(history(**sold(0), plans=[plan]), at(2))

    assert panel.sku.tolist() == ["N", "S"]
    assert np.isnan(panel.units[0]).all()


def test_attributes_are_those_known_at_the_moment(history):
    products = [
        {"sku": "S", "department": "toys", "known_at": moment(0)},
        {"sku": "T", "department": "food", "known_at": LATER},
    ]
    sites = [{"site": "A", "country": "DE", "format": "small", "known_at": moment(0)}]
    tables = ordered(order("A", 0, ("S", 1, {}), ("T", 1, {})))
    panel = read_panel(history(**tables, products=products, sites=sites), at(1))

    assert panel.attributes["department"].tolist() == ["toys", None]
    assert panel.attributes["category"].tolist() == [None, None]
    assert panel.attributes["format"].tolist() == ["small", "small"]


def test_free_attributes_of_products_are_words_and_numbers(history):
    products = [
        {"sku": "S", "attributes": '{"brand": "acme", "dose_mg": 50}', "known_at": moment(0)},
        {"sku": "T", "attributes": '{"brand": "bolt"}', "cost": 3.5, "known_at": moment(0)},
        {"sku": "U", "attributes": '{"brand": "core"}', "known_at": LATER},
    ]
    tables = ordered(order("A", 0, *((sku, 1, {}) for sku in "STU")))
    panel = read_panel(history(**tables, products=products), at(1))

    assert panel.words["product.brand"].tolist() == ["acme", "bolt", None]
    np.testing.assert_array_equal(panel.numbers["product.dose_mg"], [50, np.nan, np.nan])
    np.testing.assert_array_equal(panel.numbers["cost"], [np.nan, 3.5, np.nan])
    assert "product.brand" not in panel.attributes


@pytest.mark.parametrize(
    ("company", "row", "site", "day"),
    [
        ("UTC", None, None, "2024-01-01"),
        ("Asia/Kolkata", None, None, "2024-01-02"),
        ("Asia/Kolkata", "UTC", None, "2024-01-01"),
        ("Asia/Kolkata", "UTC", "Pacific/Auckland", "2024-01-02"),
        ("Pacific/Auckland", None, "America/Lima", "2024-01-01"),
    ],
)
def test_a_day_is_the_site_s_else_the_row_s_else_the_company_s(history, company, row, site, day):
    tables = ordered(order("A", 0, ("S", 1, {})))
    tables["orders"][0] |= {"placed_at": "2024-01-01T18:45:00Z", "timezone": row}
    sites = [{"site": "A", "timezone": site, "known_at": moment(0)}]
    opened = history(**tables, sites=sites).in_time_zone(company)

    assert read_panel(opened, at(5)).periods[0] == np.datetime64(day)


@pytest.mark.parametrize(("day", "hours"), [("2024-03-31", 23), ("2024-10-27", 25)])
def test_a_day_without_stock_is_one_day_where_clocks_change(history, day, hours):
    begin = pd.Timestamp(day, tz="Europe/Berlin")
    end = begin + pd.Timedelta(hours, "h")
    counts = [
        {"sku": "S", "site": "A", "counted_at": f"{moment.tz_convert('UTC').isoformat()}"}
        | {"on_hand": on_hand}
        for moment, on_hand in [(begin - pd.Timedelta("1D"), 5), (begin, 0), (end, 5)]
    ]
    opened = history(stock=counts).in_time_zone("Europe/Berlin")
    panel = read_panel(opened, end + pd.Timedelta("3D"))

    assert panel.timezone == "Europe/Berlin"
    np.testing.assert_allclose(panel.in_stock[0, :3], [1, 0, 1])
    assert str(panel.periods[1]) == day


def test_a_given_day_is_complete_as_it_ends_where_the_company_is(history):
    rows = [
        {"sku": "S", "site": "A", "period_start": f"2024-01-0{n}", "units": n}
        | {"known_at": "2024-01-02T20:00:00Z"}
        for n in (1, 2)
    ]
    opened = history(demand=rows)
    as_of = pd.Timestamp("2024-01-02T21:00Z")

    assert read_panel(opened, as_of).length == 1
    assert read_panel(opened.in_time_zone("Asia/Kolkata"), as_of).length == 2


DAYS = st.integers(0, 12)
SKUS = st.sampled_from("ST")
ORDERS = st.lists(st.tuples(DAYS, SKUS, st.integers(0, 5)), min_size=1, max_size=12)
STEPS = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 4), st.booleans(), st.integers(0, 4)),
    max_size=6,
    unique_by=lambda drawn: drawn[:3],
)
COUNTS = st.lists(
    st.tuples(DAYS, SKUS, st.integers(0, 1)), max_size=6, unique_by=lambda drawn: drawn[:2]
)


def tables_of(orders, steps, counts):
    """The tables that were drawn; a step happens days after its order, to a line or all of it."""
    made = ordered(
        *(order(str(n), day, (sku, units, {})) for n, (day, sku, units) in enumerate(orders))
    )
    events = [
        step(
            str(of),
            orders[of][0] + wait,
            line_id="0" if to_line else "",
            units=units if to_line else None,
        )
        for of, wait, to_line, units in steps
        if of < len(orders)
    ]
    stock = [count(day, on_hand, sku) for day, sku, on_hand in counts]
    filled = {"order_events": events, "stock": stock}
    return made | {name: rows for name, rows in filled.items() if rows}


def by_hand(orders, steps, counts, days):
    """Units by SKU as the rules say, one row after another."""
    units = {}
    for sku in "ST":
        signs = [day for day, of, _ in orders if of == sku and day < days]
        signs += [day for day, of, _ in counts if of == sku and day < days]
        if signs:
            lived = range(min(signs), max(signs) + 1)
            units[sku] = [0.0 if day in lived else NAN for day in range(days)]
    for number, (day, sku, ordered_units) in enumerate(orders):
        back = [
            (to_line, n) for of, wait, to_line, n in steps if of == number and day + wait < days
        ]
        net_units = max(ordered_units - sum(n for to_line, n in back if to_line), 0)
        if day < days:
            units[sku][day] += 0 if any(not to_line for to_line, _ in back) else net_units
    first = min(
        (n for row in units.values() for n, cell in enumerate(row) if not np.isnan(cell)), default=0
    )
    return {sku: row[first:] for sku, row in units.items()}


@settings(max_examples=6)
@given(orders=ORDERS, steps=STEPS, counts=COUNTS)
def test_units_are_those_counted_by_hand(orders, steps, counts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("history") / "history"
    frames = ((n, pd.DataFrame(rows)) for n, rows in tables_of(orders, steps, counts).items())
    write_history(folder, frames, TERMS)
    panel = read_panel(History.open(folder), at(14))
    expected = by_hand(orders, steps, counts, 14)

    assert panel.sku.tolist() == sorted(expected)
    np.testing.assert_array_equal(panel.units, [expected[sku] for sku in panel.sku])


DEMAND_ROWS = st.lists(
    st.tuples(st.integers(0, 6), SKUS, st.integers(0, 5)),
    unique_by=lambda drawn: drawn[:2],
    max_size=8,
)


@settings(max_examples=4)
@given(
    orders=ORDERS,
    steps=STEPS,
    counts=COUNTS,
    rows=DEMAND_ROWS,
    until=st.integers(3, 13),
    data=st.data(),
)
def test_what_becomes_known_later_changes_nothing(
    orders, steps, counts, rows, until, data, tmp_path_factory
):
    tables = tables_of(orders, steps, counts)
    tables["plans"] = [
        {"sku": sku, "site": "A", "period_start": str(DAY_0 + timedelta(2 * n)), "price": units}
        | {"known_at": moment(n)}
        for n, sku, units in rows
    ]
    tables["products"] = [
        {"sku": sku, "department": "d", "known_at": moment(n)} for n, sku in enumerate("ST")
    ]
    before, changed = {}, {}
    for name, all_rows in tables.items():
        late = [row for row in all_rows if known_on(row, tables) >= str(at(until))[:10]]
        before[name] = [row for row in all_rows if row not in late]
        redrawn = data.draw(st.lists(st.sampled_from(late), unique_by=id) if late else st.just([]))
        numbers = {"units", "on_hand", "price"}
        changed[name] = before[name] + [
            {key: 7 if key in numbers else value for key, value in row.items()} for row in redrawn
        ]
    parents = {row["order_id"] for row in changed["orders"]}
    for name in ("order_lines", "order_events"):
        changed[name] = [row for row in changed.get(name, []) if row["order_id"] in parents]
    panels = [panel_or_none(each, until, tmp_path_factory) for each in (before, changed)]

    assert same(*panels)


def known_on(row, tables):
    """The text of the moment at which a row is known."""
    for name in ("known_at", "occurred_at", "counted_at", "placed_at"):
        if name in row:
            return row[name]
    return next(o["placed_at"] for o in tables["orders"] if o["order_id"] == row["order_id"])


def panel_or_none(tables, until, tmp_path_factory):
    folder = tmp_path_factory.mktemp("history") / "history"
    frames = ((name, pd.DataFrame(rows)) for name, rows in tables.items() if rows)
    write_history(folder, frames, TERMS)
    try:
        return read_panel(History.open(folder), at(until))
    except NotEnoughDataError:
        return None


def same(panel, other):
    if panel is None or other is None:
        return panel is other
    fields = ("periods", "sku", "site", "units", "in_stock", "price", "promotion")
    for name in fields:
        np.testing.assert_array_equal(getattr(panel, name), getattr(other, name))
    for name, texts in panel.attributes.items():
        assert texts.tolist() == other.attributes[name].tolist()
    return True


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """The panel of a simulated shop, its truth with each row's place in it, and its tables."""
    folder = tmp_path_factory.mktemp("shop")
    shop = SyntheticShop(orders=3_000, seed=5, days=45)
    write_history(folder / "history", generate(shop, folder / "truth"), TERMS)
    history = History.open(folder / "history")
    panel = read_panel(history, pd.Timestamp(shop.end) + pd.Timedelta("30D"))
    truth = pd.read_parquet(folder / "truth" / "demand.parquet")
    series = pd.MultiIndex.from_arrays([panel.sku, panel.site])
    rows = series.get_indexer(pd.MultiIndex.from_frame(truth[["sku", "site"]]))
    days = truth["period_start"].dt.tz_localize(None).to_numpy("datetime64[D]")
    return panel, truth, (rows, (days - panel.periods[0]).astype(int)), history


def test_stock_outs_of_the_simulated_shop_are_marked_as_they_were(simulated):
    panel, truth, row, _ = simulated

    assert (truth["in_stock_share"] < 1).sum() > 100
    np.testing.assert_allclose(panel.in_stock[row], truth["in_stock_share"], atol=1e-5)


def test_units_of_the_simulated_shop_are_those_it_sold_and_kept(simulated):
    """On days wholly in stock: the truth leaves out what was sold but not there."""
    panel, truth, row, history = simulated
    steps = history.table("order_events").query("event in ('canceled', 'returned')")
    lines = history.table("order_lines").merge(history.table("orders")[["order_id", "placed_at"]])
    touched = lines[lines["order_id"].isin(steps["order_id"])]
    touched = pd.MultiIndex.from_arrays(
        [touched["sku"], touched["site"], touched["placed_at"].dt.normalize()]
    )
    keys = pd.MultiIndex.from_frame(truth[["sku", "site", "period_start"]])
    plain = ((truth["in_stock_share"] == 1) & ~keys.isin(touched)).to_numpy()

    assert plain.sum() > 1_000
    np.testing.assert_array_equal(panel.units[row][plain], truth["sold_units"][plain])


@pytest.fixture(scope="module")
def retail(real_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("retail") / "history"
    import_files([real_data / "online_retail_ii"], source_folder("online_retail"), folder, TERMS)
    return History.open(folder)


@pytest.mark.parametrize("as_of", ["2010-03-01", "2010-10-15"])
def test_units_of_the_wholesaler_are_its_lines_less_what_came_back_until_then(retail, as_of):
    as_of = pd.Timestamp(as_of, tz="UTC")
    orders = retail.table("orders", known_before=as_of)[["order_id", "placed_at"]]
    lines = retail.table("order_lines", known_before=as_of).merge(orders, on="order_id")
    steps = retail.table("order_events", known_before=as_of).query("stage == 'after_sales'")
    back = steps.groupby(["order_id", "line_id"])["units"].sum()
    lines["back"] = back.reindex(
        pd.MultiIndex.from_frame(lines[["order_id", "line_id"]])
    ).to_numpy()
    net_units = (lines["units"] - lines["back"].fillna(0)).clip(lower=0)
    panel = read_panel(retail, as_of)

    by_sku = net_units.groupby(lines["sku"]).sum()
    assert panel.sku.tolist() == by_sku.index.tolist()
    np.testing.assert_allclose(np.nansum(panel.units, axis=1), by_sku, rtol=1e-5)
    by_day = net_units.groupby(lines["placed_at"].dt.normalize()).sum()
    days = (by_day.index.tz_localize(None).to_numpy("datetime64[D]") - panel.periods[0]).astype(int)
    np.testing.assert_allclose(np.nansum(panel.units, axis=0)[days], by_day, rtol=1e-5)


def test_days_and_weeks_of_the_wholesaler_hold_the_same_units(retail):
    as_of = pd.Timestamp("2010-10-11", tz="UTC")  # a Monday; the first one of the set is 7 December
    days, weeks = (read_panel(retail, as_of, grain) for grain in (Grain.DAY, Grain.WEEK))
    since = int(np.flatnonzero(days.periods == weeks.periods[0])[0])

    np.testing.assert_allclose(np.nansum(days.units[:, since:]), np.nansum(weeks.units), rtol=1e-6)


def placed(moments, zone=None, site="A"):
    """Orders of one unit of S at moments in UTC."""
    tables = ordered(*(order(f"{site}{n}", at_, ("S", 1, {})) for n, at_ in enumerate(moments)))
    heads = [head | {"timezone": zone} for head in tables["orders"]]
    lines = [line | {"site": site} for line in tables["order_lines"]]
    return {"orders": heads, "order_lines": lines}


def units_by_day(panel):
    """Units of each series by its site and by day, those of days with sales only."""
    columns = [np.flatnonzero(np.nan_to_num(row)) for row in panel.units]
    return {
        site: dict(zip(panel.periods[days].astype(str).tolist(), row[days].tolist(), strict=True))
        for site, days, row in zip(panel.site, columns, panel.units, strict=True)
    }


def test_a_late_order_on_new_years_eve_in_utc_is_of_january_in_berlin(history):
    late = "2024-12-31T23:30Z"
    opened = history(**placed([late, "2025-01-31T12:00Z"], "Europe/Berlin"))
    panel = read_panel(opened, pd.Timestamp("2025-02-01", tz="Europe/Berlin"), Grain.MONTH)

    assert units_by_day(panel) == {"A": {"2025-01-01": 2.0}}


@pytest.mark.parametrize(
    ("moment_", "day"),
    [
        ("2024-03-30T22:59Z", "2024-03-30"),
        ("2024-03-30T23:00Z", "2024-03-31"),  # 23 hours
        ("2024-03-31T21:59Z", "2024-03-31"),
        ("2024-03-31T22:00Z", "2024-04-01"),
        ("2024-10-26T22:00Z", "2024-10-27"),  # 25 hours
        ("2024-10-27T22:59Z", "2024-10-27"),
        ("2024-10-27T23:00Z", "2024-10-28"),
    ],
)
def test_a_day_on_which_clocks_change_has_23_or_25_hours(history, moment_, day):
    panel = read_panel(history(**placed([moment_], "Europe/Berlin")), at(400))

    assert units_by_day(panel) == {"A": {day: 1.0}}


def test_the_time_zone_of_a_site_goes_before_that_of_an_order(history):
    moments = ["2024-05-01T16:00Z"]  # 18:00 in Berlin, 1:00 of the next day in Tokyo
    berlin = placed(moments, "Europe/Berlin")
    tokyo = placed(moments, "Europe/Berlin", site="T")
    sites = [{"site": "T", "timezone": "Asia/Tokyo", "known_at": "1970-01-01"}]
    both = {name: berlin[name] + tokyo[name] for name in berlin}
    panel = read_panel(history(**both, sites=sites), at(300))

    assert units_by_day(panel) == {"A": {"2024-05-01": 1.0}, "T": {"2024-05-02": 1.0}}


@pytest.mark.parametrize(
    ("zone", "moment_", "last"),
    [
        ("America/Los_Angeles", "2024-01-06T07:59Z", "2024-01-04"),
        ("America/Los_Angeles", "2024-01-06T08:00Z", "2024-01-05"),
        ("Asia/Tokyo", "2024-01-06T14:59Z", "2024-01-05"),
        ("Asia/Tokyo", "2024-01-06T15:00Z", "2024-01-06"),
    ],
)
def test_a_day_is_complete_at_local_midnight(history, zone, moment_, last):
    opened = history(**placed(["2024-01-02T12:00Z"], zone))
    panel = read_panel(opened, pd.Timestamp(moment_))

    assert str(panel.periods[-1]) == last
    assert panel.begins_at(panel.next_periods(1)[0]) <= pd.Timestamp(moment_)


def test_a_day_is_complete_where_it_has_ended_in_all_time_zones(history):
    tables = [placed(["2024-01-02T12:00Z"], zone, zone) for zone in ("Asia/Tokyo", "America/Lima")]
    both = {name: tables[0][name] + tables[1][name] for name in tables[0]}
    panel = read_panel(history(**both), pd.Timestamp("2024-01-06T04:59Z"))

    assert panel.timezone == "America/Lima"
    assert str(panel.periods[-1]) == "2024-01-04"


def test_a_time_zone_that_is_known_later_shifts_nothing_before(history):
    sites = [{"site": "A", "timezone": "Asia/Tokyo", "known_at": "2024-01-10"}]
    opened = history(**placed(["2024-01-02T16:00Z"]), sites=sites)

    assert units_by_day(read_panel(opened, at(8))) == {"A": {"2024-01-02": 1.0}}
    assert units_by_day(read_panel(opened, at(10))) == {"A": {"2024-01-03": 1.0}}


def test_no_time_zone_shifts_periods_that_are_given(history):
    sites = [{"site": "A", "timezone": "Asia/Tokyo", "known_at": "1970-01-01"}]
    tables = {"demand": [week(0, 1), week(1, 2)]}
    shifted, plain = history(**tables, sites=sites), history(**tables)

    for opened in (shifted, plain):
        panel = read_panel(opened, at(14))
        assert panel.periods.astype(str).tolist() == ["2024-01-01", "2024-01-08"]
        np.testing.assert_array_equal(panel.units, [[1, 2]])


def test_stock_is_out_on_local_days(history):
    counts = [count(0, 5), count(0, 0), count(0, 5)]
    moments = ["2024-01-01T08:00Z", "2024-01-02T23:00Z", "2024-01-03T23:00Z"]
    stock = [row | {"counted_at": at_} for row, at_ in zip(counts, moments, strict=True)]
    stock = [row | {"timezone": "Europe/Berlin"} for row in stock]
    opened = history(**placed([moments[0], "2024-01-05T12:00Z"], "Europe/Berlin"), stock=stock)

    np.testing.assert_array_equal(read_panel(opened, at(5)).in_stock, [[1, 1, 0, 1, 1]])
