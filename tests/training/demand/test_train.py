"""A training run of demand: rehearsed, registered, promoted where it is better, and rolled back."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data.domain import BadInputError
from features.demand.grain import Grain
from models.boosters import seeded
from models.demand import boosted
from models.demand.forecaster import DemandForecaster
from models.registry.store import ModelRegistry, TrainedModel
from training.demand.champion import MODEL, load_demand
from training.demand.choices import DemandChoices
from training.demand.dataset import read_panel
from training.demand.rehearsal import rehearse
from training.demand.train import train_demand, trained_as_of

END = pd.Timestamp("2025-02-24", tz="UTC")
HORIZON = 4


def weeks_before(weeks):
    return END - pd.Timedelta(7 * weeks, "D")


def say(_):
    pass


def trained(history, as_of, store, **more):
    return train_demand(history, as_of, store, say, horizon=HORIZON, **more)


@pytest.fixture(scope="module")
def run(demand_history, tmp_path_factory):
    """A store with a first champion, of twelve weeks before the end; and how it came to be."""
    store = ModelRegistry(tmp_path_factory.mktemp("demand") / "mlruns")
    return store, trained(demand_history, weeks_before(12), store)


def test_the_first_version_is_the_champion_and_says_what_serves(run):
    store, outcome = run

    assert outcome.decision.promoted
    assert "serves: SPL of trees" in outcome.reasons[MODEL]
    assert store.champion_version(MODEL) == outcome.version


def test_a_version_holds_the_method_that_was_best(run, demand_history):
    store, outcome = run
    demand, _ = load_demand(store, outcome.version)
    panel = read_panel(demand_history, weeks_before(12))

    best = outcome.reasons[MODEL].split()[0]
    assert set(demand.forecast(panel).method) == {best}


def test_a_version_says_from_when_on_it_has_seen_nothing(run):
    store, outcome = run

    assert trained_as_of(store, f"demand-{outcome.version}") == weeks_before(12)


def test_the_champion_is_not_judged_by_what_it_has_seen(run, demand_history):
    store, _ = run
    outcome = trained(demand_history, weeks_before(12), store)

    assert not outcome.decision.promoted
    assert "train with a later --as-of" in outcome.decision.reason


def test_what_is_no_better_is_not_promoted(demand_history, tmp_path):
    store = ModelRegistry(tmp_path / "mlruns")
    rehearsed = weeks_before(HORIZON)
    best = trained(demand_history, END, store).reasons[MODEL].split()[0]
    same = DemandForecaster.fit(read_panel(demand_history, rehearsed), HORIZON, method=best)
    tags = {"as_of": rehearsed.isoformat()}
    version = store.record(
        TrainedModel(MODEL, same.to_files(), {}, {}, {}, tags), now_ms=1_772_323_200_000
    )
    store.promote(MODEL, version, why="for the test", now="2026-01-01T00:00:00Z")

    outcome = trained(demand_history, END, store)

    assert not outcome.decision.promoted
    assert " against " in outcome.decision.reason


def test_another_grain_is_not_compared(run, demand_history):
    store, _ = run
    outcome = trained(demand_history, weeks_before(0), store, grain=Grain.MONTH)

    assert not outcome.decision.promoted
    assert "can't be compared" in outcome.decision.reason


def test_the_champion_before_comes_back(run, demand_history):
    store, _ = run
    before = store.champion_version(MODEL)
    later = trained(demand_history, weeks_before(8), store)
    store.promote(MODEL, later.version, why="by hand", now="2026-01-01T00:00:00Z")

    assert store.rollback(MODEL, now="2026-01-01T00:00:00Z") == before


def test_the_rehearsal_does_not_see_its_window(a_history, demand_history, demand_tables):
    rows = demand_tables["demand"].copy()
    later = rows["known_at"] >= weeks_before(HORIZON)
    rows.loc[later, ["units", "in_stock_share"]] = [999.0, 1.0]
    altered = a_history({"demand": rows})
    panel = read_panel(demand_history, END)

    original, other = (rehearse(h, panel, HORIZON, say) for h in (demand_history, altered))
    assert {"trees", "average"} <= original.forecasts.keys()
    for method, forecast in original.forecasts.items():
        np.testing.assert_array_equal(forecast.point, other.forecasts[method].point)
        np.testing.assert_array_equal(forecast.mean, other.forecasts[method].mean)


def test_a_history_too_short_to_rehearse_is_served_by_the_fallback(demand_history):
    panel = read_panel(demand_history, pd.Timestamp("2024-01-23", tz="UTC"))
    result = rehearse(demand_history, panel, HORIZON, say)

    assert result.served_by == "average"
    assert "too short" in result.reason


def test_the_loss_in_the_reason_is_the_one_among_the_metrics(run):
    store, _ = run
    version = store._client.get_model_version(MODEL, "1")
    logged = store._client.get_run(version.run_id).data

    served_by = logged.params["served_by"]
    assert f"{served_by} {logged.metrics[f'{served_by}.spl']:.4f}" in logged.tags["served.demand"]


def test_a_run_measures_the_method_that_serves_beside_the_others(run):
    figures = run[1].figures["demand"]
    others = {"trees", "average", "seasonal_naive"} - {run[1].reasons[MODEL].split()[0]}

    assert {"model", *others} <= figures.keys()
    assert figures["labelled"] > 0
    assert figures["model"]["spl"]["value"] <= min(figures[n]["spl"]["value"] for n in others)


def test_the_model_card_shows_the_demand(run):
    store, outcome = run

    assert "Model card: demand" in outcome.card
    assert "Reliability of demand" in outcome.card
    assert any(store.root.rglob("model_card.html"))


def test_only_the_methods_that_are_named_compete_beside_the_baselines():
    assert DemandChoices.named(names=["average"]).methods == ["average", "seasonal_naive"]


def test_an_offer_that_is_not_to_be_read_is_not_there(demand_history):
    panel = read_panel(demand_history, weeks_before(12))
    priced = replace(panel, price=np.ones_like(panel.units), promotion=np.zeros_like(panel.units))

    narrowed = DemandChoices(without=("price",)).narrowed(priced)

    assert narrowed.price is None
    assert narrowed.promotion is not None


def test_attributes_are_chosen_by_name_like_offers(demand_history):
    panel = read_panel(demand_history, weeks_before(12))
    brand, dose = np.full(panel.series, "acme", object), np.ones(panel.series, np.float32)
    own = replace(panel, words={"product.brand": brand}, numbers={"product.dose_mg": dose})

    assert not DemandChoices(without=("product.b*",)).narrowed(own).words
    assert DemandChoices(features=("product.*",)).narrowed(own).numbers
    with pytest.raises(BadInputError, match=r"product\.brand"):
        DemandChoices(without=("product.bran",)).narrowed(own)


def test_trials_before_the_last_horizon_are_logged_with_the_run(demand_history, tmp_path):
    store = ModelRegistry(tmp_path / "mlruns")
    choices = DemandChoices.named(names=["trees"], trials=1)
    outcome = train_demand(demand_history, weeks_before(12), store, lambda _: None, choices=choices)

    assert "trials" in outcome.reasons
    table = pd.read_csv(next(store.root.rglob("trials.csv")))
    assert list(table["trial"]) == [0, 1]
    assert table["chosen"].sum() == 1


def test_the_seed_of_a_run_draws_the_rows_too(demand_history, monkeypatch):
    panel, drawn = read_panel(demand_history, weeks_before(12)), []

    def rows(*arguments, seed, **more):
        drawn.append(seed)
        return training_rows(*arguments, seed=seed, **more)

    training_rows = boosted.training_rows
    monkeypatch.setattr(boosted, "training_rows", rows)
    for seed in (7, 8):
        with seeded(seed):
            boosted.BoostedDemand.fit(panel, HORIZON, seed=7, planned=False)

    assert drawn == [7, 8]
