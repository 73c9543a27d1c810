"""A version of triage is an MLflow model: loaded by its alias, without pickle."""

import shutil

import mlflow
import numpy as np
import pandas as pd
import pytest

from data.ticks import MISSING_TICK
from models.registry.locations import database_uri
from models.registry.store import ModelRegistry
from models.triage.load import load_triage
from training.triage.dataset import TriageDataset

pytestmark = pytest.mark.filterwarnings("ignore:.*type hints:UserWarning")
_TIMES = ("detected_at", "due_at", "placed_at", "promised_at", "ship_by_at")


@pytest.fixture(scope="module")
def loaded(shop):
    """The champion, as a notebook loads it."""
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(database_uri(shop.store.root))
    yield mlflow.pyfunc.load_model("models:/triage@champion")
    mlflow.set_tracking_uri(before)


@pytest.fixture(scope="module")
def dataset(shop):
    return TriageDataset.read(shop.history, shop.as_of, load_triage(shop.store).kinds)


@pytest.fixture(scope="module")
def frame(dataset):
    """The last hundred exceptions as a frame; times are moments."""
    columns = {name: column[-100:] for name, column in dataset.columns.items()}
    for name in _TIMES:
        ticks = np.where(columns[name] == MISSING_TICK, np.iinfo(np.int64).min, columns[name])
        columns[name] = pd.to_datetime(ticks, unit="ms", utc=True)
    return pd.DataFrame(columns, index=np.arange(500, 600))


@pytest.fixture(scope="module")
def predictions(loaded, frame):
    return loaded.predict(frame)


def test_mlflow_predicts_as_the_champion_does(shop, dataset, predictions):
    columns = {name: column[-100:] for name, column in dataset.columns.items()}
    expected = load_triage(shop.store).predict(columns, columns["detected_at"])

    np.testing.assert_array_equal(predictions["p_breach"], expected.p_breach)


def test_a_store_that_was_moved_predicts_the_same(shop, frame, predictions, tmp_path):
    """MLflow decodes a path twice: a name with a % needs a folder to copy the version to."""
    root = tmp_path / "a b%20é" / "mlruns"
    shutil.copytree(shop.store.root, root)
    ModelRegistry(root)
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(database_uri(root))

    try:
        (tmp_path / "copy").mkdir()
        moved = mlflow.pyfunc.load_model("models:/triage@champion", dst_path=str(tmp_path / "copy"))
    finally:
        mlflow.set_tracking_uri(before)

    pd.testing.assert_frame_equal(moved.predict(frame), predictions)


def test_the_frame_names_category_team_and_touch_time(predictions):
    assert {"category", "team", "touch_minutes"} <= set(predictions)


def test_probabilities_of_a_label_sum_to_one(predictions):
    names = [name for name in predictions if name.startswith("p_category_")]

    np.testing.assert_allclose(predictions[names].sum(axis=1), 1.0)


def test_predictions_stand_beside_the_rows_of_the_frame(frame, predictions):
    assert predictions.index.equals(frame.index)


def test_the_signature_names_what_is_predicted(loaded, predictions):
    assert loaded.metadata.signature.outputs.input_names() == [*predictions]


def test_a_frame_may_hold_the_moment_alone(loaded):
    assert len(loaded.predict(pd.DataFrame({"detected_at": ["2026-03-01T08:00:00Z"]}))) == 1


def test_a_frame_may_hold_whole_numbers_and_columns_without_values(loaded):
    detected_at = pd.to_datetime(["2026-03-01", "2026-03-02"])
    frame = pd.DataFrame({"detected_at": detected_at, "units": [1, 2], "type": [np.nan, np.nan]})

    assert len(loaded.predict(frame)) == 2


def test_a_row_without_its_moment_is_refused(loaded):
    with pytest.raises(Exception, match="detected_at"):
        loaded.predict(pd.DataFrame({"type": ["late"]}))


def test_nothing_in_the_store_is_pickled(shop):
    beginnings = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
    files = [path for path in (shop.store.root / "artifacts").rglob("*") if path.is_file()]

    assert not [path for path in files if path.read_bytes().startswith(beginnings)]
