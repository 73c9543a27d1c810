"""The replay of a queue, from a history to the page that people read."""

from dataclasses import replace
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from data.domain import BadInputError
from data.policy.policy import Policy
from training.queue_replay.analysis.bootstrap import Bootstrap
from training.queue_replay.analysis.lower_bound import bound_windows
from training.queue_replay.analysis.report import page
from training.queue_replay.analysis.sensitivity import compare_under_stress, stresses
from training.queue_replay.analysis.what_if import with_people
from training.queue_replay.commands import queue
from training.queue_replay.plan import ReplayPlan, ReplaySpec, prepare_replay
from training.queue_replay.replay import replay
from training.queue_replay.rules.inputs import price_window
from training.queue_replay.tuning import tune, tuned_text

Tables = dict[str, pd.DataFrame]


def quietly(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def spec(shop) -> ReplaySpec:
    """The last month of the simulated shop, without models."""
    return ReplaySpec(shop.as_of, shop.end, Policy.read(), origins=0, draws=2, seed=3)


@pytest.fixture(scope="module")
def plan(shop, spec) -> ReplayPlan:
    """What that month is replayed with, models of its first day among it."""
    return prepare_replay(shop.history, replace(spec, origins=1), quietly)


@pytest.fixture(scope="module")
def report(shop, spec) -> dict[str, Any]:
    """The report of that month."""
    return replay(shop.history, spec, quietly, stress=False)


def test_the_same_seed_gives_the_same_report_to_the_last_byte(shop, spec, report):
    again = replay(shop.history, spec, quietly, stress=False)

    assert orjson.dumps(again) == orjson.dumps(report)


def test_another_seed_draws_other_worlds(shop, spec, report):
    other = replay(shop.history, replace(spec, seed=4), quietly, stress=False)

    assert other["rules"]["ours"]["money_lost"] != report["rules"]["ours"]["money_lost"]


def test_the_page_refers_to_nothing_outside_itself(report):
    written = page(report)

    assert "http://" not in written
    assert "https://" not in written
    assert len(written) < 3_000_000


def test_the_page_begins_with_what_would_have_been_saved(report):
    assert page(report).index("saved against the order") < page(report).index("All orders of work")


def test_the_recorded_order_comes_first_and_is_reproduced(report):
    assert report["savings_told"]
    assert next(iter(report["rules"])) == "history"


def test_ours_loses_no_more_than_first_come_first_served(report):
    rules = report["rules"]
    assert rules["ours"]["money_lost"]["value"] <= rules["fifo"]["money_lost"]["value"]


def test_the_groups_add_up_to_the_whole(report):
    for grouping in ("by_team", "by_type", "by_segment"):
        total = sum(row["money_lost"] for row in report[grouping])
        assert total == pytest.approx(report["rules"]["ours"]["money_lost"]["value"])


@pytest.fixture(scope="module")
def refused(shop, spec, a_history) -> dict[str, Any]:
    """The report of a month in which the people were away for half of the time."""
    away = shop.as_of + pd.Timedelta(2, "D"), shop.as_of + pd.Timedelta(16, "D")
    return replay(a_history(_nobody_there(shop.tables, *away)), spec, quietly, stress=False)


def test_where_the_recorded_order_is_not_reproduced_no_savings_are_told(refused):
    assert not refused["savings_told"]
    assert "no savings are shown" in refused["headline"][0]
    assert not refused.keys() & {"savings", "rules", "by_team", "stress", "people"}


def test_the_page_of_a_refusal_says_it_first(refused):
    assert page(refused).index("no savings are shown") < page(refused).index("What this can")


def _nobody_there(tables: Tables, begin: pd.Timestamp, end: pd.Timestamp) -> Tables:
    """Let nothing be begun in a stretch of days: all that was done then is done after it."""
    events, outcomes = tables["exception_events"].copy(), tables["outcomes"].copy()
    for table, columns in ((events, ("occurred_at", "known_at")), (outcomes, ("resolved_at",))):
        for column in columns:
            inside = (table[column] >= begin) & (table[column] < end)
            moved = end + (table[column] - begin) / 50
            table[column] = table[column].where(~inside, moved.dt.as_unit("us"))
    outcomes["known_at"] = outcomes[["known_at", "resolved_at"]].max(axis=1)
    return tables | {"exception_events": events, "outcomes": outcomes}


def test_worthless_models_are_not_listened_to(plan):
    mixed = plan.predictions[0].shuffled(np.random.default_rng(1))

    assert not plan.predictions[0].summary["policy_only"]
    assert mixed.summary["policy_only"]


def test_opinions_do_not_change_with_what_became_known_later(
    shop, spec, plan, a_history, with_another_future
):
    other = a_history(with_another_future(shop.tables, spec.end))
    again = prepare_replay(other, replace(spec, origins=1), quietly)

    for name in ("loss", "touch_p50_minutes", "curve"):
        ours, second = (
            getattr(price_window(each.predictions[0], spec.policy), name) for each in (plan, again)
        )
        np.testing.assert_array_equal(ours, second)


def test_more_work_of_the_same_kind_stays_on_its_days(spec, plan):
    experiment = plan.experiment
    random = np.random.default_rng(1)
    loads = {each.name: each.experiment for each in stresses(experiment, [], spec.policy, random)}

    n = len(experiment.workload.ids)
    assert len(loads["load_x1.5"].workload.ids) == pytest.approx(1.5 * n, rel=0.1)
    assert len(loads["load_x0.7"].workload.ids) == pytest.approx(0.7 * n, rel=0.1)
    assert set(loads["load_x1.5"].cost_model.day) == set(experiment.cost_model.day)


def test_under_no_stress_is_ours_worse_than_first_come_first_served(spec, plan):
    stressed = stresses(
        plan.experiment.reduced(1), plan.predictions, spec.policy, np.random.default_rng(1)
    )

    compared = [compare_under_stress(stress, 1, quietly) for stress in stressed]

    assert "models_shuffled" in [each["name"] for each in compared]
    assert not [each["name"] for each in compared if each["worse_than_fifo"]]


def test_one_person_fewer_leaves_a_team_of_one_every_other_shift(plan):
    hours = plan.experiment.workload.team_hours[0]
    fewer = with_people(plan.experiment, 0, -1).workload.team_hours[0]

    assert hours.people.max() == 1
    assert len(fewer.opens_at) == (len(hours.opens_at) + 1) // 2


def test_nothing_loses_less_than_the_bound(plan):
    for window in bound_windows(plan.experiment, np.random.default_rng(1), quietly):
        assert min(window["money_lost"].values()) >= window["lost_whatever_the_order"] - 0.01


def test_the_command_writes_a_report_and_a_page(shop, tmp_path):
    report, html = tmp_path / "queue.json", tmp_path / "queue.html"
    begin, end = shop.as_of.isoformat(), shop.end.isoformat()

    queue(shop.history.path, begin, end, report, html, origins=0, draws=1, stress=False)

    assert orjson.loads(report.read_bytes())["savings_told"]
    assert html.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_days_that_are_all_alike_leave_no_doubt():
    same = np.full((3, 40), 2.0)

    total = Bootstrap.of(scenarios=3, days=40, seed=1).total(same)

    assert (total.low, total.value, total.high) == pytest.approx((80, 80, 80))


def test_one_day_that_made_all_the_gain_leaves_doubt():
    gain = np.zeros((1, 30))
    gain[0, 4] = 1_000

    assert Bootstrap.of(scenarios=1, days=30, seed=1).total(gain).low == 0


def test_a_period_that_ends_before_it_begins_is_told(shop, spec):
    with pytest.raises(BadInputError, match="--to"):
        replace(spec, end=spec.begin)


def test_tuning_is_not_confirmed_on_what_it_has_seen(shop, spec):
    with pytest.raises(BadInputError, match="--confirm-from"):
        tune(shop.history, spec, spec, quietly)


def test_what_is_tuned_stands_in_a_policy_that_can_be_read(shop, spec):
    middle = spec.begin + (spec.end - spec.begin) / 2
    first, later = replace(spec, end=middle), replace(spec, begin=middle)

    tuned = tune(shop.history, first, later, quietly)

    policy = Policy.of_text(tuned_text(spec.policy, tuned), "tuned")
    assert policy.guards.look_ahead_minutes == tuned.look_ahead_minutes
    assert policy.losses == spec.policy.losses
    assert tuned.confirmed == (tuned.later is not None and tuned.later.value >= 0)


def test_the_headline_says_what_is_recorded_and_what_is_modelled(shop, spec, report):
    outcomes = shop.tables["outcomes"].set_index("exception_id")
    recorded = report["money"]["recorded_losses"]
    money = report["money"]

    assert report["headline"][0].startswith("Modelled")
    assert report["headline"][1].startswith(f"Recorded: EUR {recorded['money']:,.0f} lost in")
    assert recorded["money"] <= outcomes["loss"].sum()
    assert recorded["losses"] <= (outcomes["loss"] > 0).sum()
    for name in ("lost_as_worked", "lost_by_ours", "saved"):
        assert money[name]["origin"] == "modelled"
        assert money[name]["low"] <= money[name]["value"] <= money[name]["high"]
    ours = report["rules"]["ours"]["money_lost"]
    assert {"origin": "modelled", **ours} == money["lost_by_ours"]


def test_the_page_marks_each_amount_of_the_headline(report):
    written = page(report)

    marked = written[written.index("What is recorded") : written.index("Money lost over")]
    assert marked.count("<td>recorded</td>") == 1
    assert marked.count("<td>modelled</td>") == 3


def test_where_no_amount_is_recorded_all_money_is_said_to_be_modelled(shop, spec, a_history):
    outcomes = shop.tables["outcomes"].assign(loss=np.nan)
    silent = replay(a_history(shop.tables | {"outcomes": outcomes}), spec, quietly, stress=False)

    assert silent["money"]["recorded_losses"]["losses"] == 0
    assert silent["headline"][1].startswith("Recorded: no amount of a loss")


def test_longer_waits_are_explained_where_they_stand(report):
    was, ours = (report["rules"][name] for name in ("history", "ours"))
    (words,) = [line for line in report["headline"] if "19 of 20" in line]

    assert ("grows" in words) == (ours["wait_p95_hours"] > was["wait_p95_hours"])
    assert 0 <= ours["slowest_lost_share"] <= 1
    if "grows" in words:
        assert f"{ours['slowest_lost_share']:.0%} were lost before work on them began" in words
        assert "see below" in page(report)


def test_the_slowest_are_those_with_less_to_save(report):
    """Who waits longest by our list has lost no less often than who waits longest as worked."""
    was, ours = (report["rules"][name]["slowest_lost_share"] for name in ("history", "ours"))

    assert ours >= was
