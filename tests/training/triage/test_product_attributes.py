"""Where only an attribute of the product decides, the category of new SKUs is learned by it."""

import json

import numpy as np
import pandas as pd
import pytest

from models.classifiers.blend import ClassPlan
from models.classifiers.classifier import CalibratedClassifier, Calibration
from models.triage.triage import Triage
from serving.scoring.columns import columns_as_of
from serving.wire.exception_in import exception
from training.triage.choices import EVERYTHING, TrainingChoices
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.fit import TrainingRows, fit_class, prepare

START = pd.Timestamp("2024-01-01", tz="UTC")
AS_OF = START + pd.Timedelta(days=200)
CASES, CATEGORY_OF = 1_600, {"acme": "damaged", "bolt": "late", "core": "address"}
NEW_FROM = 1_200
"""From this case on, orders are of SKUs that no earlier order names."""
ESTIMATOR = "trees"


@pytest.fixture(scope="module")
def tables():
    """Exceptions whose category follows from the vendor of the product, in nine of ten cases."""
    dice = np.random.default_rng(3)
    number = np.arange(CASES)
    sku = np.where(number < NEW_FROM, dice.integers(0, 150, CASES), dice.integers(150, 300, CASES))
    vendors = np.array(list(CATEGORY_OF))[dice.integers(0, 3, 300)]
    names = np.array(list(CATEGORY_OF.values()))
    decided = np.array([CATEGORY_OF[vendor] for vendor in vendors[sku]])
    category = np.where(dice.random(CASES) < 0.9, decided, names[dice.integers(0, 3, CASES)])
    ids = np.array([f"e{i:05}" for i in number])
    orders = np.array([f"o{i:05}" for i in number])
    placed = pd.Series(START + pd.to_timedelta(number / 8, "D"))
    detected, ended = placed + pd.Timedelta(hours=2), placed + pd.Timedelta(hours=9)
    attributes = [
        json.dumps({"vendor": vendor, "dose_mg": int(dice.integers(5, 500))}) for vendor in vendors
    ]
    skus = [f"sku-{i:03}" for i in range(300)]
    return {
        "products": pd.DataFrame({"sku": skus, "attributes": attributes, "known_at": START}),
        "orders": pd.DataFrame({"order_id": orders, "placed_at": placed}),
        "order_lines": pd.DataFrame(
            {"order_id": orders, "line_id": "1", "sku": np.array(skus)[sku], "units": 1.0}
        ),
        "exceptions": pd.DataFrame(
            {"exception_id": ids, "detected_at": detected, "order_id": orders, "source": "oms"}
        ),
        "outcomes": pd.DataFrame(
            {
                "exception_id": ids,
                "category": category,
                "label_origin": "typed",
                "resolved_at": ended,
                "known_at": ended,
            }
        ),
    }


@pytest.fixture(scope="module")
def dataset(tables, a_history):
    return TriageDataset.read(a_history(tables), AS_OF)


@pytest.fixture(scope="module")
def fitted(dataset):
    """Fit a triage on the cases before the new SKUs."""

    def build(choices=EVERYTHING):
        cut = dataset.detected_at[NEW_FROM]
        chosen = choices.narrowed(dataset)
        prepared = prepare(chosen, *choose(chosen, choices))
        rows = TrainingRows.before(chosen, int(cut))
        own = fit_class(prepared, rows, "category", only=ClassPlan.of(ESTIMATOR))
        model = CalibratedClassifier(
            label="category",
            names=tuple(own.names),
            prior=own.prior,
            estimator=own.estimators[ESTIMATOR],
            calibration=Calibration(1.0, 0.0),
            selection_reason="for the test",
        )
        return Triage(
            prepared.features,
            dict(prepared.past),
            int(cut),
            classes={"category": model},
            products=dataset.products.keeping(prepared.features.plan.attributes),
        )

    return build


def probabilities(triage, columns):
    predicted = triage.predict(columns, columns["detected_at"]).classes["category"]
    return predicted.names, predicted.probability


def accuracy(triage, tables, columns):
    names, probability = probabilities(triage, columns)
    actual = tables["outcomes"]["category"].to_numpy()
    hits = np.array(names)[probability.argmax(1)] == actual
    return hits[NEW_FROM:].mean()


def test_the_category_of_new_skus_is_learned_by_the_attribute_of_their_product(
    dataset, tables, fitted
):
    without = TrainingChoices(without=("attributes.product.*",))

    assert accuracy(fitted(), tables, dataset.columns) > 0.85
    assert accuracy(fitted(without), tables, without.narrowed(dataset).columns) < 0.5


def test_a_stored_champion_predicts_of_a_call_with_the_sku_what_training_computes(
    dataset, tables, fitted
):
    triage = fitted()
    stored = Triage.from_files(triage.to_files(), triage.past)
    late = range(CASES - 40, CASES)
    calls = [
        {
            "external_id": str(row),
            "source": "oms",
            "detected_at": tables["exceptions"]["detected_at"][row].isoformat(),
            "order": {
                "placed_at": tables["orders"]["placed_at"][row].isoformat(),
                "line_items": [{"sku": tables["order_lines"]["sku"][row], "quantity": 1}],
            },
        }
        for row in late
    ]
    columns, _ = columns_as_of([exception(call) for call in calls], stored, now_ms=2**62)

    _, offline = probabilities(triage, dataset.columns)
    _, online = probabilities(stored, columns)
    np.testing.assert_array_equal(online, offline[list(late)])
