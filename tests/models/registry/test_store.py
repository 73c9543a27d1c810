"""Versions are kept, promoted and rolled back; a file that was touched is refused."""

from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from data.domain import NoChampionError, UnknownChoiceError
from features.engine.event_log import LogRows
from models.registry.store import ModelRegistry, TrainedModel
from models.triage.load import load_triage

FILES = {"triage.json": '{"ä": 1}', "team.trees.txt": "tree\nversion=v4\n"}
PAST = {
    "resolved": LogRows(
        np.array([1, 2, 2**60]),
        {"type": np.array(["late", None, "地址"], object), "sku": np.array([None] * 3, object)},
        {"hours": np.array([0.5, np.nan, 3.0])},
    ),
    "labels.team": LogRows(np.empty(0, np.int64), {"type": np.empty(0, object)}, {}),
}
_names = count()


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ModelRegistry(tmp_path_factory.mktemp("store") / "mlruns")


@pytest.fixture
def model():
    """A name that no other test uses: to make a store takes seconds, so they share one."""
    return f"model-{next(_names)}"


@pytest.fixture
def record(store, model):
    """Record a version."""

    def _record(**changed):
        plain = {
            "files": FILES,
            "past": PAST,
            "params": {"rounds": 3},
            "metrics": {"loss": 0.5, "undefined": float("nan")},
            "tags": {"as_of": "2026-01-01"},
        }
        return store.record(TrainedModel(model, **(plain | changed)), now_ms=1_772_323_200_000)

    return _record


@pytest.fixture
def folder_of(store, model):
    """The folder of a version's files."""

    def _folder(version):
        source = store._client.get_model_version(model, version).source
        return Path(source.removeprefix("file://"))

    return _folder


def test_what_is_recorded_is_read_back(store, model, record):
    version, files, past = store.read(model, record())

    assert (version, files) == ("1", FILES)
    assert past.keys() == PAST.keys()
    for name, rows in PAST.items():
        np.testing.assert_array_equal(past[name].known_at, rows.known_at)
        for key, values in rows.keys.items():
            assert past[name].keys[key].tolist() == values.tolist()
            assert past[name].keys[key].dtype == object
        for value, numbers in rows.values.items():
            np.testing.assert_array_equal(past[name].values[value], numbers)


def test_a_new_version_is_no_champion_yet(store, model, record):
    record()

    assert store.champion_version(model) is None
    with pytest.raises(NoChampionError, match="nothing is promoted"):
        store.read(model)


def test_a_model_never_trained_has_no_champion_and_no_versions(store):
    assert store.champion_version("never") is None
    assert store.versions("never") == []


def test_the_champion_is_what_was_promoted_last(store, model, record):
    for version in (record(), record()):
        store.promote(model, version, why="better", now="2026-01-02T00:00:00Z")

    assert store.champion_version(model) == "2"
    assert store.read(model)[0] == "2"


def test_versions_are_listed_newest_first_with_the_reason(store, model, record):
    record(), record()
    store.promote(model, "1", why="it is better", now="2026-01-02T00:00:00Z")

    newest, oldest = store.versions(model)

    assert (newest.version, newest.champion, newest.why) == ("2", False, "")
    assert (oldest.version, oldest.champion, oldest.why) == ("1", True, "it is better")
    assert oldest.since == "2026-01-02T00:00:00Z"
    assert oldest.tags["as_of"] == "2026-01-01"


def test_rolling_back_makes_the_predecessor_champion(store, model, record):
    for version in (record(), record()):
        store.promote(model, version, why="better", now="2026-01-02T00:00:00Z")

    assert store.rollback(model, now="2026-01-03T00:00:00Z") == "1"
    assert store.champion_version(model) == "1"
    assert store.versions(model)[1].why == "rolled back from version 2"


def test_the_first_champion_has_nothing_to_go_back_to(store, model, record):
    store.promote(model, record(), why="first", now="2026-01-02T00:00:00Z")

    with pytest.raises(NoChampionError, match="no predecessor"):
        store.rollback(model, now="2026-01-03T00:00:00Z")


def test_promoting_the_champion_again_keeps_its_predecessor(store, model, record):
    for version in (record(), record(), "2"):
        store.promote(model, version, why="better", now="2026-01-02T00:00:00Z")

    assert store.rollback(model, now="2026-01-03T00:00:00Z") == "1"


def test_an_unknown_version_can_not_be_promoted(store, model, record):
    record()

    with pytest.raises(UnknownChoiceError, match="There are: 1"):
        store.promote(model, "7", why="", now="")


def test_an_unknown_version_can_not_be_read(store, model, record):
    record()

    with pytest.raises(UnknownChoiceError, match="There are: 1"):
        store.read(model, "7")


@pytest.mark.parametrize(
    "file",
    [*FILES, "past.resolved.parquet", "past.labels.team.parquet", "sha256.json"],
)
def test_a_file_that_was_changed_is_refused(store, model, record, folder_of, file):
    version = record()
    path = folder_of(version) / file
    path.write_bytes(path.read_bytes() + b" ")

    with pytest.raises(NoChampionError, match=f"{file} is not the file that was registered"):
        store.read(model, version)


def test_a_file_that_is_missing_is_refused(store, model, record, folder_of):
    version = record()
    (folder_of(version) / "triage.json").unlink()

    with pytest.raises(NoChampionError, match=r"triage\.json"):
        store.read(model, version)


def test_a_file_that_was_added_is_not_read(store, model, record, folder_of):
    version = record()
    (folder_of(version) / "harm.trees.txt").write_text("mine")

    assert store.read(model, version)[1] == FILES


def test_digests_that_were_written_anew_are_refused(store, model, record, folder_of):
    record()
    other = record(files=FILES | {"triage.json": "{}"})
    folder, other_folder = folder_of("1"), folder_of(other)
    for path in other_folder.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())

    with pytest.raises(NoChampionError, match=r"sha256\.json is not the file"):
        store.read(model, "1")


def test_files_that_make_no_model_are_refused_as_no_champion(store):
    broken = TrainedModel("triage", {"triage.json": "{}"}, {}, {}, {}, {})
    version = store.record(broken, now_ms=1_772_323_200_000)

    with pytest.raises(NoChampionError, match="can't be built"):
        load_triage(store, version)


def test_a_report_is_stored_with_the_run(store, model, record, folder_of):
    version = record(write_report=lambda folder: (folder / "lift.png").write_bytes(b"png"))

    assert (folder_of(version).parent / "report" / "lift.png").read_bytes() == b"png"


def test_a_report_can_be_added_to_a_version(store, model, record, folder_of, tmp_path):
    version = record()
    (tmp_path / "drift.html").write_text("<p>")

    store.add_report(model, version, tmp_path, "drift")

    assert (folder_of(version).parent / "drift" / "drift.html").read_text() == "<p>"


def test_a_figure_that_is_not_defined_is_left_out_of_the_run(store, model, record):
    version = record()

    run = store._client.get_run(store._client.get_model_version(model, version).run_id)
    assert run.data.metrics == {"loss": 0.5}


def test_a_store_opened_again_knows_its_champion(store, model, record):
    store.promote(model, record(), why="first", now="2026-01-02T00:00:00Z")

    assert ModelRegistry(store.root).champion_version(model) == "1"


def test_nothing_but_texts_and_parquet_is_written(store, record, folder_of):
    folder = folder_of(record())

    assert {path.suffix for path in folder.iterdir()} == {".json", ".txt", ".parquet"}


def test_a_log_without_values_is_kept(store, model, record):
    bare = replace(PAST["resolved"], values={})

    past = store.read(model, record(past={"raised": bare}))[2]

    assert past["raised"].values == {}


def test_a_run_is_named_by_model_and_date(store, model, record):
    run = store._client.get_run(store._client.get_model_version(model, record()).run_id)

    assert run.info.run_name == f"{model} 2026-01-01"


def test_a_run_names_the_history_that_it_learned_from(store, model, record):
    version = record(tags={"as_of": "2026-01-01", "data_fingerprint": "f" * 64})

    run = store._client.get_run(store._client.get_model_version(model, version).run_id)
    assert run.inputs.dataset_inputs[0].dataset.digest == "f" * 36


def test_a_version_is_described(store, model, record):
    version = record(description="Trained on history a as of b; promoted")

    described = store._client.get_model_version(model, version).description
    assert described == "Trained on history a as of b; promoted"
