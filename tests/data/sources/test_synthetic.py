import json
import re
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.contract.tables import TABLES
from data.domain import BadInputError, Stage
from data.sources.synthetic import SyntheticShop, generate, write_truth
from data.sources.synthetic.calendars import TeamCalendar
from data.sources.synthetic.causes import CAUSES
from data.sources.synthetic.texts import TEMPLATES

SHOP = SyntheticShop(orders=6_000, seed=11, block_orders=1_500)
QUIET = {"orders": 6_000, "seed": 3, "days_between_bursts": np.inf}
WORKED = ("started", "paused", "resolved", "reclassified")


def simulated(shop, truth=None):
    parts = {}
    for name, rows in generate(shop, truth):
        parts.setdefault(name, []).append(rows)
    return {name: pd.concat(rows, ignore_index=True) for name, rows in parts.items()}


@pytest.fixture(scope="module")
def truth_folder(tmp_path_factory):
    return tmp_path_factory.mktemp("history") / "truth"


@pytest.fixture(scope="module")
def history(truth_folder):
    return simulated(SHOP, truth_folder)


@pytest.fixture(scope="module")
def truth(history, truth_folder):
    assert history, "the truth is written while the history is"
    return {file.stem: pd.read_parquet(file) for file in truth_folder.glob("*.parquet")}


@pytest.fixture(scope="module")
def closed(history, truth):
    """Closed exceptions with what is true about them."""
    observed = history["exceptions"].drop(columns="known_at")
    ended = history["outcomes"].merge(observed, on="exception_id")
    return ended.merge(truth["exceptions"], on="exception_id", suffixes=("", "_true"))


def test_the_same_seed_gives_the_same_history(history):
    again = simulated(SHOP)
    for name, rows in history.items():
        pd.testing.assert_frame_equal(rows, again[name])


def test_another_seed_gives_another_history(history):
    other = simulated(SyntheticShop(orders=6_000, seed=12, block_orders=1_500))
    assert not history["orders"].head(500).equals(other["orders"].head(500))


NOT_SIMULATED = {"demand", "plans", "rates"}


@pytest.mark.parametrize("name", sorted(TABLES.keys() - NOT_SIMULATED))
def test_every_table_passes_its_schema(history, name):
    assert len(TABLES[name].schema.validate(history[name])) == len(history[name])


@pytest.mark.parametrize("name", sorted(TABLES.keys() - NOT_SIMULATED))
def test_every_row_has_a_key_of_its_own(history, name):
    table = history[name]
    key = [column for column in TABLES[name].key if column in table]
    assert not table.duplicated(key).any()


@pytest.mark.parametrize("name", ["order_lines", "order_events", "exceptions"])
def test_no_row_refers_to_an_order_that_is_not_there(history, name):
    assert history[name]["order_id"].isin(history["orders"]["order_id"]).all()


@pytest.mark.parametrize("name", ["exception_events", "outcomes"])
def test_no_row_refers_to_an_exception_that_is_not_there(history, name):
    assert history[name]["exception_id"].isin(history["exceptions"]["exception_id"]).all()


@pytest.mark.parametrize(
    ("name", "happened_at"),
    [
        ("orders", "placed_at"),
        ("order_events", "occurred_at"),
        ("exceptions", "detected_at"),
        ("exception_events", "occurred_at"),
        ("outcomes", "resolved_at"),
        ("outcomes", "breached_at"),
        ("stock", "counted_at"),
    ],
)
def test_nothing_is_known_before_it_has_happened(history, name, happened_at):
    table = history[name].dropna(subset=[happened_at])
    assert (table["known_at"] >= table[happened_at]).all()


def test_nothing_is_known_after_the_end(history):
    assert max(rows["known_at"].max() for rows in history.values()) <= pd.Timestamp(SHOP.end)


def test_parents_come_before_their_children():
    orders, exceptions = set(), set()
    for name, rows in generate(SyntheticShop(orders=3_000, block_orders=500)):
        if name == "orders":
            orders |= set(rows["order_id"])
        elif name == "exceptions":
            assert set(rows["order_id"]) <= orders
            exceptions |= set(rows["exception_id"])
        elif name in ("exception_events", "outcomes"):
            assert set(rows["exception_id"]) <= exceptions


def test_as_many_orders_are_placed_as_were_asked_for():
    shop = SyntheticShop(orders=1_234, days=40, start=datetime(2024, 2, 28, tzinfo=UTC))
    rows = simulated(shop)["order_lines"]["order_id"].nunique()
    # The last order or two may still be on their way into the system at the end.
    assert 1_232 <= rows <= 1_234


def test_no_exception_is_raised_before_its_order_is_known(history):
    orders = history["orders"][["order_id", "known_at"]]
    both = history["exceptions"].merge(orders, on="order_id", suffixes=("", "_order"))
    assert (both["detected_at"] >= both["known_at_order"]).all()


def test_no_exception_is_raised_on_an_order_that_has_ended(history):
    events = history["order_events"]
    canceled = events.loc[events["event"] == "canceled", ["order_id", "occurred_at"]]
    both = history["exceptions"].merge(canceled, on="order_id")
    assert (both["detected_at"] <= both["occurred_at"]).all()


def test_an_order_stands_still_while_its_exception_is_open(history, closed):
    reached = history["order_events"].query("event == 'reached'")
    spans = closed[["order_id", "detected_at", "resolved_at"]]
    both = reached.merge(spans, on="order_id")
    between = (both["occurred_at"] > both["detected_at"]) & (
        both["occurred_at"] < both["resolved_at"]
    )
    assert not between.any()


def test_stages_are_reached_in_their_order(history):
    reached = history["order_events"].query("event == 'reached'")
    number = reached["stage"].map({str(stage): i for i, stage in enumerate(Stage)})
    ordered = reached.assign(number=number).sort_values(["order_id", "number"])
    backwards = ordered.groupby("order_id")["occurred_at"].diff() < pd.Timedelta(0)
    assert not backwards.any()


def test_the_truth_is_in_no_table(history):
    for name, rows in history.items():
        assert set(rows.columns) <= set(TABLES[name].schema.to_schema().columns)


def test_the_truth_covers_every_exception(history, truth):
    assert set(truth["exceptions"]["exception_id"]) == set(history["exceptions"]["exception_id"])


def test_the_truth_can_be_written_alone(truth, tmp_path):
    write_truth(SHOP, tmp_path)
    for name, rows in truth.items():
        pd.testing.assert_frame_equal(rows, pd.read_parquet(tmp_path / f"{name}.parquet"))


def test_a_simulation_that_is_cut_short_leaves_no_truth(tmp_path):
    rows = generate(SyntheticShop(orders=1_000), tmp_path / "truth")
    next(rows)
    rows.close()
    assert not list(tmp_path.glob("truth/*.parquet"))


@pytest.fixture(scope="module")
def shelf_days(history, truth):
    """One row a shelf and day: on hand at midnight, ordered, wanted, sold from the shelf."""
    shelf_day = ["sku", "site", "period_start"]
    stock = history["stock"]
    midnight = stock[stock["counted_at"] == stock["counted_at"].dt.floor("D")]
    midnight = midnight.rename(columns={"counted_at": "period_start"})
    lines = history["order_lines"].merge(
        history["orders"][["order_id", "placed_at"]], on="order_id"
    )
    lines["period_start"] = lines["placed_at"].dt.floor("D")
    ordered = lines.groupby(shelf_day)["units"].sum().rename("ordered_units").reset_index()
    days = truth["demand"].merge(midnight[[*shelf_day, "on_hand"]], on=shelf_day)
    return days.merge(ordered, on=shelf_day, how="left").fillna({"ordered_units": 0})


def test_a_shelf_sells_no_more_than_it_holds(shelf_days):
    assert (shelf_days["sold_units"] <= shelf_days["on_hand"].clip(lower=0)).all()


def test_people_get_what_they_want_where_it_is_in_stock(shelf_days):
    stocked = shelf_days[shelf_days["in_stock_share"] == 1]
    before_end = stocked[stocked["period_start"] < pd.Timestamp(SHOP.end) - pd.Timedelta(days=1)]
    assert (before_end["ordered_units"] == before_end["wanted_units"]).all()


def test_empty_shelves_hide_demand(shelf_days):
    empty = shelf_days[shelf_days["in_stock_share"] < 1]
    assert empty["ordered_units"].sum() < 0.7 * empty["wanted_units"].sum()


def test_what_is_sold_though_not_there_becomes_a_stock_exception(shelf_days, truth):
    oversold_units = (shelf_days["ordered_units"] - shelf_days["sold_units"]).clip(lower=0).sum()
    causes = truth["exceptions"]["cause"].value_counts()
    assert 0.4 * oversold_units <= causes["stock"] <= oversold_units


def test_a_count_is_below_zero_where_too_much_was_sold(history):
    assert history["stock"]["on_hand"].min() < 0


def test_exceptions_are_a_few_per_cent_of_the_orders(history):
    assert 0.06 <= len(history["exceptions"]) / len(history["orders"]) <= 0.11


def test_exceptions_still_open_at_the_end_have_no_outcome(history):
    settled = pd.Timestamp(SHOP.end) - pd.Timedelta(days=1)
    late = history["exceptions"][history["exceptions"]["detected_at"] > settled]
    assert len(late)
    assert not late["exception_id"].isin(history["outcomes"]["exception_id"]).any()


def test_breached_means_resolved_after_the_hazard(closed):
    late = closed["resolved_at"] > closed["hazard_at"]
    assert (closed["breached"].astype(bool) == late).all()


def test_a_missed_deadline_loses_some_orders_at_once_and_the_longer_the_more(closed):
    late = (closed["resolved_at"] - closed["due_at"]) / pd.Timedelta(hours=1)
    lost = closed["breached"].astype(bool)

    assert 0.25 < lost[late.between(0, 12)].mean() < 0.6
    assert lost[late > 120].mean() > 0.8


def test_money_is_lost_where_a_deadline_is_broken_and_only_there(closed):
    assert ((closed["loss"] > 0) == closed["breached"].astype(bool)).all()


def test_what_heals_itself_takes_nobody_any_time(closed):
    assert (closed.loc[closed["healed_itself"].astype(bool), "touch_minutes"] == 0).all()


def test_work_follows_cause_team_value_lines_and_text_but_not_exactly(history, truth, closed):
    cases = truth["exceptions"].merge(history["exceptions"], on="exception_id")
    cases = cases[cases["burst_id"].isna()]
    value = history["orders"].set_index("order_id")["total"].reindex(cases["order_id"])
    sent = pd.json_normalize(cases["attributes"].map(json.loads).tolist())
    factors = {
        "value": np.log(value.to_numpy()),
        "lines": sent["line_count"].to_numpy(),
        "hard": cases["message"].fillna("").map(_hard_phrases).to_numpy(),
        "key accounts": (cases["team"] == "key_accounts").to_numpy(),
    }
    causes = pd.get_dummies(cases["cause"]).to_numpy(float)
    inputs = np.column_stack([*factors.values(), causes]).astype(float)
    minutes = np.log(cases["touch_minutes"].to_numpy())

    weights = np.linalg.lstsq(inputs, minutes, rcond=None)[0]

    assert (weights[: len(factors)] > 0.05).all(), dict(zip(factors, weights, strict=False))
    explained = 1 - (minutes - inputs @ weights).var() / minutes.var()
    assert 0.4 <= explained <= 0.75


def _hard_phrases(message):
    return sum(
        message.count(phrase.split("{")[0])
        for language in TEMPLATES.values()
        for phrase in language["hard"]
    )


def test_some_exceptions_are_reopened(history):
    reopened = history["exception_events"].query("event == 'reopened'")
    share = reopened["exception_id"].nunique() / len(history["exceptions"])
    assert 0.01 <= share <= 0.07


def test_an_outcome_is_known_after_the_last_step(history):
    last = history["exception_events"].groupby("exception_id")["occurred_at"].max()
    outcomes = history["outcomes"].set_index("exception_id")
    assert (outcomes["known_at"] >= last.reindex(outcomes.index)).all()


def test_steps_are_numbered_in_the_order_of_time(history):
    steps = history["exception_events"].sort_values(["exception_id", "step"])
    backwards = steps.groupby("exception_id")["occurred_at"].diff() < pd.Timedelta(0)
    assert not backwards.any()


def test_a_team_takes_its_exceptions_in_the_order_in_which_they_came(history):
    events = history["exception_events"].sort_values(["exception_id", "step"])
    is_arrival = events["event"].isin(["assigned", "reopened"])
    events = events.assign(came_at=events["occurred_at"].where(is_arrival))
    events["came_at"] = events.groupby("exception_id")["came_at"].ffill()
    first = events.query("event == 'started'").drop_duplicates(["exception_id", "team", "came_at"])
    by_team = first.sort_values("came_at", kind="stable").groupby("team")["occurred_at"]
    assert not (by_team.diff() < pd.Timedelta(0)).any()


def test_nobody_works_outside_the_shift_of_the_team(history, truth):
    people = history["exception_events"]["by"].str.contains("-")
    works = history["exception_events"]["event"].isin(WORKED) & people
    work = history["exception_events"][works].merge(truth["teams"], left_on="team", right_on="team")
    # A reassignment stands in the name of the new team: only what its own people did counts here.
    work = work[[by.startswith(team) for by, team in zip(work["by"], work["team"], strict=True)]]
    hour = (work["occurred_at"] - work["occurred_at"].dt.floor("D")).dt.total_seconds() / 3600
    assert (hour >= work["opens_hour"] - 1e-3).all()
    assert (hour <= work["opens_hour"] + work["shift_hours"] + 1e-3).all()


def test_waits_grow_with_the_load():
    waits_hours = []
    for load in (0.6, 1.2):
        rows = simulated(SyntheticShop(load=load, **QUIET))
        both = rows["exceptions"].merge(rows["outcomes"], on="exception_id")
        waits_hours.append((both["resolved_at"] - both["detected_at"]).dt.total_seconds().mean())
    assert waits_hours[1] > 2 * waits_hours[0]


def test_the_work_that_comes_in_makes_the_wished_load(tmp_path):
    shop = SyntheticShop(orders=30_000, days=60, load=0.8, days_between_bursts=np.inf)
    minutes = simulated(shop, tmp_path)["outcomes"]["touch_minutes"].sum()
    teams = pd.read_parquet(tmp_path / "teams.parquet")
    a_week = teams["operators"] * teams["shift_hours"] * teams["weekdays"].str.len()
    assert minutes / 60 / (a_week.sum() * shop.period_days / 7) == pytest.approx(0.8, abs=0.08)


def test_the_first_team_is_often_but_not_always_the_last(history):
    assigned = history["exception_events"].query("event == 'assigned'")
    first = assigned.drop_duplicates("exception_id").set_index("exception_id")["team"]
    last = history["outcomes"].set_index("exception_id")["team"]
    assert 0.6 <= (first.reindex(last.index) == last).mean() <= 0.8


def test_the_type_hints_at_the_cause_but_does_not_tell_it(closed):
    most = closed.groupby("type")["cause"].agg(lambda causes: causes.mode()[0])
    assert 0.55 <= (closed["type"].map(most) == closed["cause"]).mean() <= 0.8


def test_people_mistake_few_categories(closed):
    labelled = closed.dropna(subset=["category"])
    assert 0.92 <= (labelled["category"] == labelled["cause"]).mean() <= 0.99


def test_a_burst_stands_out_in_its_window(history, truth):
    named = {"gateway", "carrier", "site", "sku"}
    sent = pd.json_normalize(history["exceptions"]["attributes"].map(json.loads).tolist())
    observed = history["exceptions"].assign(**{name: sent[name] for name in named})
    observed = observed.merge(truth["exceptions"][["exception_id", "cause"]], on="exception_id")
    for burst in truth["bursts"].itertuples():
        alike = observed[
            (observed[burst.attribute] == burst.value) & (observed["cause"] == burst.cause)
        ]
        # Some are noticed hours after the stage that was hit.
        ended_at = burst.ended_at + pd.Timedelta(hours=24)
        inside = alike["detected_at"].between(burst.started_at, ended_at)
        span = (ended_at - burst.started_at) / pd.Timedelta(days=SHOP.period_days)
        assert inside.sum() > 3 * span * (~inside).sum(), burst


def test_a_quiet_period_has_no_burst(tmp_path):
    write_truth(SyntheticShop(**QUIET), tmp_path)
    assert pd.read_parquet(tmp_path / "exceptions.parquet")["burst_id"].isna().all()


@pytest.mark.parametrize(
    ("country", "pattern"),
    [("CN", "[\u4e00-\u9fff]"), ("BR", "[ãçéêíó]"), ("DE", "[äöüß]| nicht |Kunde")],
)
def test_messages_are_written_in_the_language_of_the_place(history, country, pattern):
    orders = history["orders"][["order_id", "country"]]
    there = history["exceptions"].merge(orders, on="order_id").query("country == @country")
    assert there["message"].dropna().str.contains(pattern).mean() > 0.4


CAUSE_WORDS = {
    (language, name): re.compile(
        "|".join(re.sub(r"\\\{\w+\\\}", ".+", re.escape(t)) for t in texts)
    )
    for language, templates in TEMPLATES.items()
    for name, texts in templates.items()
    if name not in ("comma", "hard")
}


def _written_causes(message):
    """Names of the templates that a message is made of."""
    return {name for (_, name), words in CAUSE_WORDS.items() if words.match(message)}


def test_messages_hold_the_words_of_their_cause_or_neutral_ones_but_never_anothers(closed):
    written = closed.dropna(subset=["message"])
    names = written["message"].map(_written_causes)
    readable = names.map(len) == 1  # typing errors hide a few
    word = names[readable].map(lambda one: next(iter(one)))
    own = word == written["cause"][readable]

    assert readable.mean() > 0.75
    assert 0.9 <= own.mean() <= 0.97
    assert set(word[~own]) == {"generic"}


@pytest.mark.parametrize("language", TEMPLATES)
def test_every_language_has_words_for_every_cause(language):
    sizes = {name: len(texts) for name, texts in TEMPLATES[language].items() if name != "comma"}

    assert sizes == dict.fromkeys({*CAUSES, "generic", "hard"}, 4)


def test_memory_does_not_grow_with_the_number_of_orders():
    peaks = []
    for orders in (5_000, 20_000):
        tracemalloc.start()
        for _ in generate(SyntheticShop(orders=orders, days=60, block_orders=1_000)):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.7 * peaks[0]


def test_no_part_holds_more_orders_than_a_block():
    shop = SyntheticShop(orders=20_000, block_orders=2_000)
    parts = [len(rows) for name, rows in generate(shop) if name == "orders"]
    assert max(parts) <= 2_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"orders": 10},
        {"orders": 20_000_000},
        {"seed": -1},
        {"start": datetime(2025, 1, 6, 3, tzinfo=UTC)},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(BadInputError):
        SyntheticShop(**wrong)


@given(worked_s=st.integers(0, 10**7), length_s=st.integers(600, 80_000))
def test_working_hours_convert_there_and_back(worked_s, length_s):
    calendar = TeamCalendar((0, 2, 4), 3_600, length_s, first_weekday=3)
    assert calendar.worked_by(calendar.moment_of(worked_s)) == pytest.approx(worked_s)


def test_work_that_outlasts_the_shift_pauses_until_the_next():
    calendar = TeamCalendar((0, 1), 9 * 3_600, 3_600)
    (pause,) = calendar.breaks(3_000, 4_000)
    assert pause == (pytest.approx(10 * 3_600, abs=0.01), (24 + 9) * 3_600)


@pytest.fixture(scope="module")
def eventful(tmp_path_factory):
    """Exceptions of a shop whose last twenty days are eventful, with what is true about them."""
    folder = tmp_path_factory.mktemp("eventful")
    tables = simulated(SyntheticShop(**QUIET, days=60, eventful_days=20), folder)
    true = pd.read_parquet(folder / "exceptions.parquet")
    placed = tables["orders"].set_index("order_id")["placed_at"]
    rows = tables["exceptions"].merge(true, on="exception_id", suffixes=("", "_true"))
    rows["is_late"] = rows["order_id"].map(placed) >= placed.max() - pd.Timedelta(days=20)
    return rows, pd.read_parquet(folder / "bursts.parquet")


def test_in_eventful_days_faults_of_a_warehouse_look_like_a_carriers(eventful):
    rows, _ = eventful
    faults = rows[rows["cause"] == "warehouse"]
    shown = faults.groupby("is_late")["type"].value_counts(normalize=True)

    assert shown[False, "late_shipment"] > 0.3
    assert shown.get((False, "carrier_issue"), 0.0) < 0.15
    assert shown[True, "carrier_issue"] > 0.35
    assert set(faults[faults["is_late"]]["team"]) <= {"logistics", "stock_desk", "key_accounts"}


def test_in_eventful_days_there_are_more_of_them(eventful):
    rows, _ = eventful
    a_day = rows[rows["cause"] == "warehouse"].groupby("is_late").size() / [40, 20]

    assert 1.8 <= a_day[True] / a_day[False] <= 4.5


def test_eventful_days_end_with_a_burst_of_a_gateway(eventful):
    rows, bursts = eventful
    members = rows[rows["burst_id"] == bursts.iloc[-1]["burst_id"]]

    assert (bursts["attribute"] == "gateway").all()
    assert len(bursts) == 1
    assert len(members) >= 5
    assert set(members["cause"]) == {"payment"}
