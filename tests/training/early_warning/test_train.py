"""The early warning on a small shop where parcels to one region take longer than promised."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import orjson
import pandas as pd
import pytest

from data.domain import BadInputError, NoChampionError, NotEnoughDataError, UnknownChoiceError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from data.ticks import MS_PER_DAY
from models.early_warning.early_warning import ANY, PLAIN, EarlyWarning
from models.early_warning.stage_logit import StageLogit
from models.registry.store import ModelRegistry
from training.early_warning.choices import WarningChoices
from training.early_warning.dataset import OrderDataset
from training.early_warning.fit import PreparedOrders, fit_scores
from training.early_warning.report import (
    OrderScoring,
    report,
    riskiest_rows,
    score_orders,
    warnings_table,
    weighted_measures,
)
from training.early_warning.score_sets import LONG_RATES, model_score_sets
from training.early_warning.train import load_warning, train_warning
from training.triage.train import TrainingResult

START = pd.Timestamp("2024-01-01", tz="UTC")
AS_OF = pd.Timestamp("2024-05-01", tz="UTC")
END = pd.Timestamp("2024-06-01", tz="UTC")
IMPORTED = pd.Timestamp("2024-08-01", tz="UTC")


def shop(n: int = 1_800, seed: int = 3) -> dict[str, pd.DataFrame]:
    """Orders of five months; those to the north take two days longer, and so does slow shipping."""
    dice = np.random.default_rng(seed)
    ids = [f"o{i:05}" for i in range(n)]
    placed = pd.Series(START + pd.to_timedelta(np.sort(dice.uniform(0, 150, n)), "D"))
    region = dice.choice(["north", "south", "west"], n)
    to_ship = dice.gamma(2.0, 0.7, n)
    road = dice.gamma(6.0, 0.5, n) + 2.0 * (region == "north")
    shipped = placed + pd.to_timedelta(to_ship, "D")
    delivered = shipped + pd.to_timedelta(road, "D")
    promised = placed + pd.Timedelta(days=7)
    late = (delivered > promised).to_numpy()
    orders = {"order_id": ids, "placed_at": placed, "promised_at": promised, "region": region}
    events = [
        pd.DataFrame({"order_id": ids, "stage": stage, "occurred_at": times})
        for stage, times in (("placed", placed), ("shipped", shipped), ("delivered", delivered))
    ]
    raised = {
        "exception_id": [f"{name}:late" for name in np.array(ids)[late]],
        "detected_at": promised[late].to_numpy(),
        "order_id": np.array(ids)[late],
        "type": "late_shipment",
    }
    return {
        "orders": pd.DataFrame(orders),
        "order_events": pd.concat(events),
        "exceptions": pd.DataFrame(raised),
    }


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., History]:
    """Write tables as a history and open it."""

    def write(tables: dict[str, pd.DataFrame]) -> History:
        folder = tmp_path_factory.mktemp("shop") / "history"
        write_history(folder, iter(tables.items()), ImportTerms("test", IMPORTED))
        return History.open(folder)

    return write


class Run(NamedTuple):
    """Traces of one training run."""

    history: History
    store: ModelRegistry
    outcome: TrainingResult


@pytest.fixture(scope="session")
def run(written, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Train once on the shop."""
    store = ModelRegistry(tmp_path_factory.mktemp("runs"))
    history = written(shop())
    return Run(history, store, train_warning(history, AS_OF, store, lambda _: None))


@pytest.fixture(scope="session")
def scoring(run: Run) -> OrderScoring:
    """Score the month after the training."""
    return score_orders(load_warning(run.store), run.history, AS_OF, END)


@pytest.fixture(scope="session")
def figures(run: Run, scoring: OrderScoring) -> Any:
    """Figures of that month."""
    return report(scoring, load_warning(run.store))


def test_the_first_challenger_becomes_champion(run):
    assert run.outcome.decision.promoted
    assert run.store.champion_version("warning") == run.outcome.version


def test_it_beats_every_rate_at_placing_and_when_shipped(figures):
    for stage in ("stage placed", "stage shipped"):
        own = figures[stage]
        rates = [own[name]["auc"]["value"] for name in own if "rate of" in name]
        assert own["model"]["auc"]["value"] > max(rates)


def test_it_learns_more_when_the_order_is_shipped(figures):
    placed, shipped = (
        figures[f"stage {s}"]["model"]["auc"]["value"] for s in ("placed", "shipped")
    )
    assert shipped > placed + 0.05


def test_chances_are_calibrated_on_the_month_after(figures):
    assert abs(figures["stage placed"]["model"]["promised_minus_seen"]["value"]) < 0.06


def test_warning_is_won_before_the_exception(figures):
    assert figures["warning won"]["median_days"] > 0


def test_there_is_one_row_for_each_order_and_stage(scoring):
    table = warnings_table(scoring)

    assert list(table)[:4] == ["order_id", "stage", "scored_at", "p_exception"]
    assert not table.duplicated(["order_id", "stage"]).any()
    assert table["scored_at"].between(AS_OF, END, inclusive="left").all()


def test_chances_lie_between_0_and_1_and_no_type_exceeds_any(scoring):
    table = warnings_table(scoring)

    assert table["p_exception"].between(0, 1).all()
    assert (table["p_late_shipment"] <= table["p_exception"] + 1e-9).all()


def test_what_was_raised_already_is_not_warned_of(scoring):
    raised = scoring.read.raised["late_shipment"]

    assert raised.any()
    assert not scoring.warnings.p_type["late_shipment"][raised].any()


def test_a_loaded_model_gives_the_chances_of_the_one_that_was_stored(scoring, run):
    model = load_warning(run.store)
    again = EarlyWarning.from_files(model.to_files())

    np.testing.assert_array_equal(
        again.predict(scoring.read).p_exception, scoring.warnings.p_exception
    )


def test_one_order_gets_the_chance_that_it_gets_among_others(scoring, run):
    model = load_warning(run.store)
    single = model.predict(scoring.read.take(np.array([5])))

    assert single.p_exception[0] == pytest.approx(scoring.warnings.p_exception[5], rel=1e-9)


def test_nothing_known_at_or_after_as_of_changes_what_is_learned(written):
    tables = shop(900)
    until = {
        "orders": tables["orders"].query("placed_at < @AS_OF"),
        "order_events": tables["order_events"].query("occurred_at < @AS_OF"),
        "exceptions": tables["exceptions"].query("detected_at < @AS_OF"),
    }

    learned = [
        fit_scores(PreparedOrders.of(dataset), dataset.tick).to_files()
        for dataset in (OrderDataset.read(written(t), AS_OF) for t in (tables, until))
    ]

    assert learned[0] == learned[1]


def test_orders_are_settled_by_their_promise_and_not_by_their_delivery(run):
    dataset = OrderDataset.read(run.history, AS_OF)

    settled = dataset.settled(["late_shipment"], dataset.tick)
    old = dataset.columns["promised_at"] < dataset.tick - 3 * MS_PER_DAY
    fresh = dataset.columns["promised_at"] >= dataset.tick
    assert settled[old].all()
    assert not settled[fresh].any()
    assert (dataset.delivery_known_at[fresh] < dataset.tick).any()


def test_the_same_challenger_does_not_replace_the_champion(run):
    again = train_warning(run.history, AS_OF, run.store, lambda _: None)

    assert not again.decision.promoted
    assert run.store.champion_version("warning") == run.outcome.version


def test_a_run_measures_each_label_beside_baselines(run):
    figures = run.outcome.figures

    assert {"exception", "late_shipment"} <= figures.keys()
    beside = {"model", "rate of the region", "one rate", "plain LightGBM"}
    assert beside <= figures["exception"].keys()
    model = figures["exception"]["model"]["auc"]
    assert model["low"] <= model["value"] <= model["high"]


def test_the_model_card_shows_each_label(run):
    assert "Reliability of exception" in run.outcome.card
    assert "Reliability of late_shipment" in run.outcome.card
    assert "Importance of delivery time" in run.outcome.card
    assert any(run.store.root.rglob("model_card.html"))


@pytest.fixture(scope="session")
def worthless(written, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Train once on a shop where chance alone says which orders are late."""
    tables = shop(1_200, seed=4)
    late = np.random.default_rng(11).random(len(tables["orders"])) < 0.25
    unlucky = tables["orders"][late]
    tables["exceptions"] = pd.DataFrame(
        {
            "exception_id": unlucky["order_id"] + ":late",
            "detected_at": unlucky["promised_at"],
            "order_id": unlucky["order_id"],
            "type": "late_shipment",
        }
    )
    store = ModelRegistry(tmp_path_factory.mktemp("worthless"))
    history = written(tables)
    return Run(history, store, train_warning(history, AS_OF, store, lambda _: None))


def test_a_first_challenger_that_learned_nothing_is_not_promoted(worthless):
    assert not worthless.outcome.decision.promoted
    assert "no model is better than a constant" in worthless.outcome.decision.reason
    assert worthless.store.champion_version("warning") is None


def test_where_nothing_is_learned_everything_says_so(worthless):
    assert worthless.outcome.reasons["exception"].startswith("not learned, one rate for each stage")
    assert worthless.outcome.figures["exception"]["learned"] is False
    assert "not learned: the same for all" in worthless.outcome.card

    model = load_warning(worthless.store, worthless.outcome.version)
    figures = report(score_orders(model, worthless.history, AS_OF, END), model)
    assert "any" in model.not_learned
    assert figures["not_learned"] == list(model.not_learned)


def test_where_nothing_is_learned_one_rate_serves_each_stage(worthless):
    model = load_warning(worthless.store, worthless.outcome.version)
    read = score_orders(model, worthless.history, AS_OF, END).read._replace(surplus={})
    rows = np.flatnonzero((read.stage == "placed") & ~read.raised["late_shipment"])

    chance = model.predict(read.take(rows)).p_exception

    assert np.ptp(chance) == pytest.approx(0.0, abs=1e-12)
    assert chance[0] == pytest.approx(0.25, abs=0.08)


def test_plain_trees_on_the_raw_columns_serve_where_they_are_all_that_is_told(run):
    """A champion of plain LightGBM is stored, and gives the same chances when it is read back."""
    prepared = PreparedOrders.of(OrderDataset.read(run.history, AS_OF))
    model = fit_scores(prepared, prepared.dataset.tick)
    model.stage_logits = {ANY: StageLogit((PLAIN,), [0.0], [1.0], {"": 0.0})}
    again = EarlyWarning.from_files(model.to_files())

    chance = again.predict(prepared.rows).p_exception

    np.testing.assert_array_equal(chance, model.predict(prepared.rows).p_exception)
    late = prepared.dataset.to_come(["late_shipment"])
    assert chance[late].mean() > chance[~late].mean() + 0.05


def test_patterns_narrow_what_is_read(run):
    dataset = OrderDataset.read(run.history, AS_OF)
    every = PreparedOrders.of(dataset).names
    names = PreparedOrders.of(dataset, WarningChoices(without=("region*",))).names

    assert any(name.startswith("region") for name in every)
    assert not any(name.startswith("region") for name in names)


def test_a_pattern_that_matches_nothing_is_answered(run):
    with pytest.raises(BadInputError, match="no feature is called 'regon'"):
        PreparedOrders.of(OrderDataset.read(run.history, AS_OF), WarningChoices(("regon",)))


def test_an_unknown_candidate_is_answered_with_those_there_are():
    with pytest.raises(UnknownChoiceError, match="delivery_time"):
        WarningChoices.named((), (), ["forest"])


def test_only_the_candidates_that_are_named_compete():
    sets = model_score_sets(("any", "delivery time", *LONG_RATES), ("delivery_time",))

    assert list(sets) == ["delivery time"]


def test_a_champion_of_before_does_not_follow_outcomes(run):
    files = load_warning(run.store).to_files()
    plain = orjson.loads(files["warning.json"])
    del plain["follows_outcomes"]

    model = EarlyWarning.from_files({**files, "warning.json": orjson.dumps(plain).decode()})

    assert not model.follows_outcomes


def test_a_history_without_exceptions_says_that_there_is_too_little(written, tmp_path):
    tables = shop(500)
    history = written({"orders": tables["orders"], "order_events": tables["order_events"]})

    with pytest.raises(NotEnoughDataError, match="raised an exception"):
        train_warning(history, AS_OF, ModelRegistry(tmp_path), lambda _: None)


def test_without_a_champion_the_cure_is_told(tmp_path):
    with pytest.raises(NoChampionError, match="python -m training warning"):
        load_warning(ModelRegistry(tmp_path))


def test_the_riskiest_are_counted_by_weight():
    chance, weight = np.array([0.9, 0.8, 0.1]), np.array([1.0, 18.7, 18.7])

    assert riskiest_rows(chance, weight, 0.05).tolist() == [0]
    assert riskiest_rows(chance, weight, 0.6).tolist() == [0, 1]


def test_figures_count_each_order_with_its_weight():
    chance, happened = np.array([0.2, 0.6, 0.4]), np.array([False, True, False])
    result = weighted_measures(chance, happened, np.array([1.0, 1.0, 2.0]))

    rows = np.arange(3)
    assert result["promised_minus_seen"](rows) == pytest.approx((0.2 + 0.6 + 0.8) / 4 - 0.25)
    assert result["auc"](rows) == 1.0
