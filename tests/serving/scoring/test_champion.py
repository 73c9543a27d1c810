"""A champion is watched, swapped in whole, refused when broken; the ledger continues its past."""

import threading
import time

import pytest

from data.domain import NoChampionError
from models.registry.store import ModelRegistry, TrainedModel
from serving.scoring.champion import Champion, ModelStore
from serving.scoring.columns import columns_as_of
from serving.wire.exception_in import exception


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.01)


def version_in(client):
    return client.get("/v1/health").json()["model_version"]


def test_a_champion_promoted_later_is_taken_over_without_a_restart(
    without_champion, shelf, a_triage
):
    shelf.promote(a_triage("8"))

    wait_until(lambda: version_in(without_champion) == "8")


def test_no_call_fails_or_is_degraded_while_champions_change(client, shelf, a_triage, an_exception):
    answers, stopping = [], threading.Event()

    def call():
        while not stopping.is_set():
            answers.append(client.post("/v1/score", json=an_exception()))

    caller = threading.Thread(target=call)
    caller.start()
    for version in ("8", "9", "10"):
        shelf.promote(a_triage(version))
        wait_until(lambda version=version: version_in(client) == version)
    stopping.set()
    caller.join()

    assert {answer.status_code for answer in answers} == {200}
    assert not any(answer.json()["degraded"] for answer in answers)


def test_a_broken_champion_is_refused_and_the_old_one_stays(client, shelf, caplog):
    with caplog.at_level("WARNING", "expedite.champion"):
        shelf.promote_broken("8", NoChampionError("triage", "a file was changed"))
        wait_until(lambda: "refused" in client.get("/v1/health").json()["champion"])

    assert version_in(client) == "7"
    assert "a file was changed" in caplog.text


def test_a_champion_that_fails_on_its_first_exception_is_refused(shelf, a_triage):
    faulty = a_triage("8")
    faulty.classes["team"] = None
    shelf.promote(faulty)
    champion = Champion(lambda: shelf)

    assert champion.poll() is False
    assert champion.current is None


def test_a_refused_champion_is_not_loaded_at_every_look(shelf):
    shelf.promote_broken("8", ValueError("broken"))
    champion = Champion(lambda: shelf)
    for _ in range(10):
        champion.poll()

    assert shelf.loads == ["8"]


def test_a_store_that_can_not_be_opened_leaves_the_service_degraded():
    def nothing_there():
        raise OSError("the disk is gone")

    champion = Champion(nothing_there)

    assert champion.poll() is False
    assert "the disk is gone" in champion.problem


def test_what_was_scored_without_a_champion_is_scored_by_the_first(
    without_champion, shelf, a_triage, an_exception
):
    without_champion.post("/v1/exceptions", json=an_exception())
    shelf.promote(a_triage("8"))

    def first_row():
        return without_champion.get("/v1/worklist").json()["rows"][0]

    wait_until(lambda: first_row()["model_version"] == "8")
    assert first_row()["score"] is not None


def test_a_second_look_is_noted_in_the_history(without_champion, shelf, a_triage, an_exception):
    created = without_champion.post("/v1/exceptions", json=an_exception()).json()
    shelf.promote(a_triage("8"))

    def history():
        view = without_champion.get(f"/v1/exceptions/{created['id']}").json()
        return [event["event"] for event in view["history"]]

    wait_until(lambda: history() == ["created", "rescored"])


def raised_of_the_same_type(service, payload):
    """Count of exceptions of this type in the last day, as the champion in use knows it."""
    triage = service.scorer.champion.current
    columns, as_of = columns_as_of([exception(payload)], triage, now_ms=service.clock())
    names = triage.features.names
    return triage.rows(columns, as_of).matrix.dense[0, names.index("raised_1d_by_type")]


def test_the_past_of_the_champion_goes_on_with_what_the_ledger_learned(client, an_exception):
    client.post("/v1/exceptions", json={"exceptions": [an_exception(str(i)) for i in range(3)]})
    after = an_exception("next", detected_at="2026-03-01T12:30:00Z")
    service = client.app.state.service
    service.clock.pass_hours(1)

    wait_until(lambda: raised_of_the_same_type(service, after) == 3)


def test_an_exception_is_not_counted_in_its_own_past(client, an_exception):
    payload = an_exception(detected_at="2026-03-01T12:00:00Z")
    client.post("/v1/exceptions", json=payload)
    service = client.app.state.service
    champion = service.scorer.champion
    wait_until(lambda: champion.current is not champion._loaded)

    assert raised_of_the_same_type(service, payload) == 0


# MLflow's own tables use an option that SQLAlchemy gave up on.
quiet_mlflow = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture(scope="module")
def a_store(tmp_path_factory):
    """A real model store; a new one takes seconds."""
    return ModelRegistry(tmp_path_factory.mktemp("store") / "mlruns")


@pytest.fixture
def promoted(a_store, a_triage):
    """Record one more version, change it on disk if told so, and make it the champion."""

    def promote(*, change=lambda _file: None):
        triage = a_triage()
        version = a_store.record(
            TrainedModel("triage", triage.to_files(), triage.past, {}, {}, {}),
            now_ms=1_772_323_200_000,
        )
        change(max(a_store.root.rglob("triage.json"), key=lambda file: file.stat().st_mtime_ns))
        a_store.promote("triage", version, why="for tests", now="2026-03-01T12:00:00Z")
        return version

    return promote


@quiet_mlflow
def test_a_promotion_in_the_real_store_is_taken_over(a_store, promoted):
    champion = Champion(lambda: ModelStore.of(a_store))
    versions = []
    for _ in range(2):
        promoted_version = promoted()
        champion.poll()
        versions.append((champion.current.version, f"triage-{promoted_version}"))

    assert all(loaded == promoted_version for loaded, promoted_version in versions)


@quiet_mlflow
def test_a_changed_file_in_the_real_store_is_refused(a_store, promoted):
    promoted(change=lambda file: file.write_text(file.read_text() + " "))
    champion = Champion(lambda: ModelStore.of(a_store))
    champion.poll()

    assert champion.current is None
    assert "not the file that was registered" in champion.problem
