"""One training run after the other: what is learned, what is promoted, and what it never saw."""

import numpy as np
import pandas as pd
import pytest

from data.domain import NotEnoughDataError
from models.triage.load import load_triage
from training.common.model_card.figures import plain_metrics
from training.triage.dataset import TriageDataset
from training.triage.train import train_triage


@pytest.fixture(scope="module")
def champion(shop):
    return load_triage(shop.store, shop.outcome.version)


@pytest.fixture(scope="module")
def again(shop):
    """Result of training a second time as of the same day."""
    return train_triage(shop.history, shop.as_of, shop.store, lambda _: None)


@pytest.fixture(scope="module")
def later(shop, again):
    """Result of training at the end, after the second time."""
    assert not again.decision.promoted
    return train_triage(shop.history, shop.end, shop.store, lambda _: None)


def test_the_first_champion_is_promoted(shop):
    assert shop.outcome.decision.promoted
    assert shop.outcome.decision.reason.startswith("the first champion")


def test_everything_is_trained_where_everything_is_recorded(shop, champion):
    assert shop.outcome.untrained == {}
    assert set(champion.classes) == {"category", "team", "priority"}
    assert None not in (champion.resolve, champion.breach_risk, champion.touch)


def test_every_part_says_what_serves_and_what_it_beat(shop):
    reasons = shop.outcome.reasons

    assert reasons.keys() == {"category", "team", "priority", "resolve", "harm", "touch"}
    assert all("loss" in sentence for sentence in reasons.values())


def test_a_second_training_as_of_the_same_day_is_not_promoted_and_says_why(shop, again):
    assert not again.decision.promoted
    assert "too few are left to judge by" in again.decision.reason
    assert "later --as-of" in again.decision.reason


def test_a_run_measures_each_label_beside_a_baseline(shop):
    figures = shop.outcome.figures

    assert figures.keys() == {"breach", "category", "team", "priority", "resolve", "touch"}
    assert {"model", "one rate", "plain LightGBM"} <= figures["breach"].keys()
    assert all("majority" in figures[label] for label in ("category", "team", "priority"))


def test_figures_have_plain_names_with_their_intervals(shop):
    metrics = plain_metrics(shop.outcome.figures)

    assert metrics["breach.auc_low"] <= metrics["breach.auc"] <= metrics["breach.auc_high"]
    assert metrics["category.accuracy"] > metrics["category.majority.accuracy"]


def test_a_version_stores_its_model_card(shop):
    cards = shop.store.root.rglob("model_card.html")

    assert shop.outcome.card in {card.read_text(encoding="utf-8") for card in cards}


@pytest.mark.parametrize(
    "part", ["the first champion", "breach: ", "What it must not be used for", "Importance"]
)
def test_the_model_card_holds(shop, part):
    assert part in shop.outcome.card


def test_the_model_card_shows_each_label(shop):
    for label in shop.outcome.figures:
        assert f"Reliability of {label}" in shop.outcome.card
    for label in ("breach", "resolve"):
        assert f"Importance of {label}" in shop.outcome.card


def test_the_model_card_loads_nothing(shop):
    assert "<script" not in shop.outcome.card
    assert 'src="' not in shop.outcome.card


def test_a_later_challenger_is_judged_against_the_champion(shop, later):
    assert "mean log loss" in later.decision.reason
    best = later.version if later.decision.promoted else shop.outcome.version
    assert shop.store.champion_version("triage") == best


def test_training_again_gives_the_very_same_model(shop, again):
    texts = shop.store.read("triage", shop.outcome.version)[1]
    other = shop.store.read("triage", again.version)[1]

    assert texts == other


def test_no_pickle_is_written(shop, later):
    written = [path for path in shop.store.root.rglob("*") if path.is_file()]

    suffixes = {path.suffix or path.name for path in written}
    # Python compiles the loader that MLflow keeps beside a model wherever it may write bytecode.
    of_mlflow = {"MLmodel", ".py", ".pyc", ".yaml", "registered_model_meta"}
    assert {".txt", ".json", ".parquet", ".png", ".html", ".db"} <= suffixes
    assert suffixes - of_mlflow <= {
        ".txt", ".json", ".parquet", ".png", ".html", ".db", ".db-wal", ".db-shm",
    }  # fmt: skip
    assert not [path for path in written if path.read_bytes()[:1] == b"\x80"]


def test_a_run_keeps_what_it_was_made_of(shop):
    tags = next(v for v in shop.store.versions("triage") if v.version == "1").tags

    assert tags["as_of"] == shop.as_of.isoformat()
    assert tags["data_fingerprint"] == shop.history.fingerprint
    assert tags["git_commit"]


def test_a_model_loaded_predicts_as_the_one_that_was_trained(
    shop, champion, fit, predicted, assert_same_predictions
):
    trained = fit(shop.history, shop.as_of)

    result, expected = (predicted(m, shop.history, shop.end) for m in (champion, trained))

    assert_same_predictions(result, expected)


def test_nothing_known_at_or_after_as_of_changes_the_model(
    shop, champion, fit, a_history, with_another_future, predicted, assert_same_predictions
):
    other = a_history(with_another_future(shop.tables, shop.as_of))
    assert other.fingerprint != shop.history.fingerprint

    result, expected = (
        predicted(model, shop.history, shop.end) for model in (fit(other, shop.as_of), champion)
    )

    assert_same_predictions(result, expected)


def test_one_exception_alone_is_predicted_as_among_others(shop, champion, predicted):
    columns = TriageDataset.read(shop.history, shop.end, champion.kinds).columns
    together = predicted(champion, shop.history, shop.end)

    for row in range(0, 300, 30):
        own = {name: column[row : row + 1] for name, column in columns.items()}
        alone = champion.predict(own, own["detected_at"])
        for name, value in vars(together).items():
            if isinstance(value, np.ndarray):
                expected = value[row : row + 1]
                np.testing.assert_allclose(getattr(alone, name), expected, rtol=1e-6, err_msg=name)


def test_an_exception_of_which_nothing_is_known_is_predicted_too(shop, champion):
    columns = TriageDataset.read(shop.history, shop.end, champion.kinds).columns
    bare = {
        name: np.full_like(column[:1], None)
        for name, column in columns.items()
        if column.dtype == object
    }
    bare |= {name: np.full(1, np.nan) for name, c in columns.items() if c.dtype == np.float64}
    times = {
        name: np.full(1, np.iinfo(np.int64).min)
        for name, c in columns.items()
        if c.dtype == np.int64
    }
    bare |= times | {"detected_at": columns["detected_at"][-1:]}

    result = champion.predict(bare, bare["detected_at"])

    for name, value in vars(result).items():
        if isinstance(value, np.ndarray):
            assert np.isfinite(value).all(), name


def test_the_reasons_of_an_exception_are_meanings_with_their_weight(shop, champion):
    columns = TriageDataset.read(shop.history, shop.end, champion.kinds).columns

    result = champion.reasons(columns, columns["detected_at"], row=3, most=4)

    assert len(result) == 4
    weights = [abs(weight) for _, weight in result]
    assert weights == sorted(weights, reverse=True)


def test_before_the_first_exception_there_is_nothing_to_train(shop):
    with pytest.raises(NotEnoughDataError, match="later --as-of"):
        TriageDataset.read(shop.history, pd.Timestamp("2000-01-01", tz="UTC"))
