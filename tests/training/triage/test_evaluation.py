"""A period is scored as it was lived: each exception with what was known when it was detected."""

import numpy as np
import orjson
import pandas as pd
import pytest

from data.domain import NotEnoughDataError
from data.history.history import History
from data.policy.policy import Policy
from models.raw_columns.tuned_trees import KIND
from models.registry.store import ModelRegistry
from models.triage.load import load_triage
from training.triage.evaluation import MAJORITY, predictions_table, report, score_period

ALL_KNOWN = "quantiles of all known before"
PARTS = ("category", "team", "priority")


@pytest.fixture(scope="module")
def champion(shop):
    return load_triage(shop.store, shop.outcome.version)


@pytest.fixture(scope="module")
def scoring(shop, champion):
    return score_period(champion, shop.history, shop.as_of, shop.end)


@pytest.fixture(scope="module")
def table(scoring):
    return predictions_table(scoring, Policy.read())


@pytest.fixture(scope="module")
def figures(scoring, champion):
    return report(scoring, champion)


def test_there_is_one_row_for_each_exception_detected_in_the_period(shop, table):
    raised = shop.history.table("exceptions")
    own = raised[(raised["detected_at"] >= shop.as_of) & (raised["detected_at"] < shop.end)]

    assert sorted(table["exception_id"]) == sorted(own["exception_id"])
    assert table["detected_at"].between(shop.as_of, shop.end, inclusive="left").all()


def test_the_documented_columns_are_there(table, champion):
    single = ["exception_id", "detected_at", "p_breach", "score", "handling_basis"]
    hours = [f"handling_hours_p{quantile}" for quantile in (10, 50, 90)]
    classes = [f"p_{part}_{name}" for part in PARTS for name in champion.classes[part].names]

    assert set(table) == {*single, *hours, *classes, *PARTS}


def test_each_label_stands_beside_plain_lightgbm_and_a_constant(figures):
    constants = {"breach": "one rate for all"}
    for label in (*PARTS, "hours_to_resolve", "breach", "touch_minutes"):
        constant = constants.get(label, MAJORITY if label in PARTS else ALL_KNOWN)
        assert {"model", KIND, constant} <= figures[label].keys(), label


@pytest.mark.parametrize("part", PARTS)
def test_probabilities_of_a_part_sum_to_one(table, part):
    chances = table.filter(regex=f"^p_{part}_")

    assert (chances >= 0).all(axis=None)
    np.testing.assert_allclose(chances.sum(axis=1), 1.0)


@pytest.mark.parametrize("part", PARTS)
def test_the_class_named_is_the_likeliest(table, part):
    chances = table.filter(regex=f"^p_{part}_")

    assert (chances.idxmax(axis=1).str.removeprefix(f"p_{part}_") == table[part]).all()


def test_chances_of_a_breach_are_chances(table):
    assert table["p_breach"].between(0, 1).all()
    assert table["p_breach"].nunique() > 20


def test_handling_hours_are_ordered_and_say_what_they_are(table):
    low, median, high = (table[f"handling_hours_p{q}"] for q in (10, 50, 90))

    assert (low > 0).all()
    assert (low <= median).all()
    assert (median <= high).all()
    assert set(table["handling_basis"]) == {"touch"}


def test_every_row_has_a_score(table):
    assert np.isfinite(table["score"]).all()
    assert (table["score"] >= 0).all()


def test_the_table_survives_parquet(table, tmp_path):
    table.to_parquet(tmp_path / "p.parquet")

    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "p.parquet"), table)


def test_what_becomes_known_later_changes_no_score(
    shop, champion, a_history, with_another_future, table
):
    middle = shop.as_of + (shop.end - shop.as_of) / 2
    other = a_history(with_another_future(shop.tables, middle))

    result = score_period(champion, other, shop.as_of, middle)

    earlier = table[table["detected_at"] < middle].reset_index(drop=True)
    assert len(earlier) > 50
    pd.testing.assert_frame_equal(predictions_table(result, Policy.read()), earlier)


def test_what_became_known_since_training_is_read(shop, champion, table):
    columns = ["p_breach", "score"]
    rows = score_period(champion, shop.history, shop.as_of, shop.end)
    raised = {name: column[rows.rows] for name, column in rows.dataset.columns.items()}

    stale = champion.predict(raised, raised["detected_at"]).p_breach

    assert (np.abs(stale - table[columns[0]].to_numpy()) > 1e-6).mean() > 0.5


def test_a_period_without_exceptions_is_refused_with_a_cure(shop, champion):
    year = pd.Timedelta(365, "D")

    with pytest.raises(NotEnoughDataError, match="Widen --from or --to"):
        score_period(champion, shop.history, shop.end + year, shop.end + 2 * year)


def test_every_figure_has_its_interval(figures):
    for part in ("breach", *PARTS, "touch_minutes", "hours_to_resolve"):
        for measure, result in figures[part]["model"].items():
            assert result["low"] <= result["value"] <= result["high"], (part, measure)


def test_each_part_stands_beside_its_baselines(figures):
    assert "one rate for all" in figures["breach"]
    assert "as given at first (type)" in figures["category"]
    assert "most frequent of reason_code" in figures["team"]
    assert "quantiles of all known before" in figures["touch_minutes"]
    assert "quantiles of all known before" in figures["hours_to_resolve"]


def test_the_report_is_plain_json(figures):
    assert orjson.loads(orjson.dumps(figures))["exceptions"] == figures["exceptions"]


def test_breaches_of_a_later_period_are_told_from_the_rest(figures):
    assert figures["breach"]["model"]["auc"]["value"] > 0.6
    assert figures["breach"]["one rate for all"]["auc"]["value"] == 0.5


@pytest.mark.parametrize("part", PARTS[:2])
def test_the_model_is_right_more_often_than_the_usual_guess(figures, part):
    guesses = [v["accuracy"]["value"] for n, v in figures[part].items() if n.startswith("most")]

    assert figures[part]["model"]["accuracy"]["value"] >= max(guesses) - 0.02


@pytest.mark.long
@pytest.mark.slow
def test_real_incidents_are_told_as_well_as_was_measured(incidents):
    days = (pd.Timestamp("2016-04-01", tz="UTC"), pd.Timestamp("2016-04-15", tz="UTC"))
    champion = load_triage(ModelRegistry(incidents / "mlruns"))

    result = report(score_period(champion, History.open(incidents / "history"), *days), champion)

    assert result["breach"]["model"]["auc"]["value"] >= 0.80
    assert result["team"]["model"]["accuracy"]["value"] >= 0.85
