"""The registry's folder may be moved, copied and renamed."""

import shutil
import sqlite3
from contextlib import closing

import pytest

from models.registry.locations import DATABASE
from models.registry.store import ModelRegistry, TrainedModel

_OLD, _NEW = {"triage.json": '{"is": "old"}'}, {"triage.json": '{"is": "new"}'}
_TICK = 1_772_323_200_000


def _record(store, files, model="triage"):
    return store.record(TrainedModel(model, files, {}, {}, {}, {}), now_ms=_TICK)


def _promote(store, version):
    store.promote("triage", version, why="better", now="2026-01-02T00:00:00Z")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A registry with a champion, of which tests take copies: to make one takes seconds."""
    store = ModelRegistry(tmp_path_factory.mktemp("original") / "mlruns")
    _promote(store, _record(store, _OLD))
    return store.root


@pytest.fixture(params=["models", "models of %20 é # ?"])
def moved(original, tmp_path, request):
    """A copy in another folder; the original is out of reach as long as a test runs."""
    copy, away = tmp_path / request.param, original.with_name("away")
    shutil.copytree(original, copy)
    original.rename(away)
    yield copy
    away.rename(original)


def _places(root):
    columns = (
        "SELECT artifact_uri FROM runs UNION ALL SELECT source FROM model_versions UNION ALL "
        "SELECT storage_location FROM model_versions UNION ALL "
        "SELECT artifact_location FROM experiments WHERE name <> 'Default'"
    )
    with closing(sqlite3.connect(root / DATABASE)) as database:
        return [place for (place,) in database.execute(columns)]


def test_a_moved_registry_reads_its_champion(moved):
    assert ModelRegistry(moved).read("triage").files == _OLD


def test_a_moved_registry_takes_a_new_champion(moved):
    store = ModelRegistry(moved)

    _promote(store, _record(store, _NEW))

    assert ModelRegistry(moved).read("triage").files == _NEW


def test_a_moved_registry_writes_nothing_outside_of_its_folder(moved):
    store = ModelRegistry(moved)
    _record(store, _NEW)

    assert not store.root.with_name("mlruns").exists()
    assert [path.name for path in moved.parent.iterdir()] == [moved.name]


def test_every_stored_place_follows_a_move(moved):
    ModelRegistry(moved)

    assert all(place.startswith((moved / "artifacts").as_uri()) for place in _places(moved))


def test_a_copy_leaves_the_original_alone(original, tmp_path):
    shutil.copytree(original, tmp_path / "copy")
    before = _places(original)
    copy = ModelRegistry(tmp_path / "copy")
    _promote(copy, _record(copy, _NEW))

    assert _places(original) == before


def test_a_copy_that_can_not_be_written_is_read(original, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    with closing(sqlite3.connect(copy / DATABASE)) as database:
        trigger = "CREATE TRIGGER closed BEFORE UPDATE ON experiments BEGIN SELECT RAISE(FAIL, "
        database.execute(trigger + "'attempt to write a readonly database'); END")

    assert ModelRegistry(copy).read("triage").files == _OLD


def test_artefacts_that_lie_elsewhere_on_purpose_keep_their_place(original, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(original, copy)
    elsewhere = "file:///elsewhere/artifacts"
    with closing(sqlite3.connect(copy / DATABASE)) as database:
        database.execute(
            "INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage) "
            "VALUES (77, 'another', ?, 'active')",
            (elsewhere,),
        )
        database.execute(
            "INSERT INTO runs (run_uuid, experiment_id, artifact_uri, status, lifecycle_stage) "
            "VALUES ('of-another', 77, ?, 'FINISHED', 'active')",
            (f"{elsewhere}/of-another/artifacts",),
        )
        database.commit()
    ModelRegistry(copy)

    assert f"{elsewhere}/of-another/artifacts" in _places(copy)
