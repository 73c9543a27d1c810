"""Work in the background survives any failure, is started again, and says what fails."""

import asyncio
import logging
import time

import pytest

from data.domain import ConflictError, LeaseLostError
from data.ledger.ledger import Ledger
from data.ledger.writer import LedgerWriter
from serving import pollers
from serving.pollers import Background, LookRecord, PollingTask, PollingThread


def wait_until(reached):
    end = time.monotonic() + 30
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.01)


async def reach(reached):
    await asyncio.to_thread(wait_until, reached)


class Look:
    """A look that fails with an error, and counts its calls."""

    def __init__(self, error=None):
        self.error = error
        self.calls = 0

    def __call__(self, *_arguments):
        self.calls += 1
        if self.error is not None:
            raise self.error

    async def wait(self, *_arguments):
        self()


def thread_of(look, settings):
    return PollingThread("champion", look, settings, warning="slow")


def background_of(threads, tasks):
    return Background(threads, tasks, writer=LookRecord("ledger_writer"), seconds_between=0.01)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), KeyboardInterrupt()])
def test_a_thread_survives_any_error_of_its_look(settings, error):
    look = Look(error)
    thread = thread_of(look, settings)
    thread.start()
    wait_until(lambda: look.calls > 3)

    assert not thread.needs_restart()
    assert type(error).__name__ in thread.record.problem
    look.error = None
    wait_until(lambda: thread.record.problem is None)
    assert thread.record.failures >= 3
    assert thread.record.succeeded_at > 0
    thread.stop()


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(3), asyncio.CancelledError()])
def test_a_task_survives_any_error_of_its_look_and_can_be_stopped(error):
    async def run():
        look = Look(error)
        task = PollingTask("incidents", look.wait, seconds_between=0.01)
        task.begin()
        await reach(lambda: look.calls > 2)
        assert task.record.failures >= 2
        assert not task.needs_restart()
        await task.stop()
        assert task.needs_restart()

    asyncio.run(run())


def test_a_thread_and_a_task_that_ended_are_started_again(settings):
    async def run():
        looks = Look(), Look()
        thread = thread_of(looks[0], settings)
        task = PollingTask("incidents", looks[1].wait, seconds_between=0.01)
        background = background_of([thread], [task])
        background.start_threads()
        background.start_tasks()
        thread._stopping.set()
        thread._thread.join()
        assert background.problems()["champion"] is not None
        thread._stopping.clear()
        task._task.cancel()
        await asyncio.sleep(0)
        await reach(lambda: thread.record.failures + task.record.failures == 2)
        before = [look.calls for look in looks]
        await reach(lambda: all(look.calls > n for look, n in zip(looks, before, strict=True)))
        assert not any(background.problems().values())
        await background.stop()

    asyncio.run(run())


def test_a_task_that_is_stuck_is_started_again(monkeypatch):
    async def run():
        calls = []

        async def look():
            calls.append(1)
            await asyncio.sleep(3_600 if len(calls) == 1 else 0)

        task = PollingTask("incidents", look, seconds_between=0.01)
        background = background_of([], [task])
        background.start_tasks()
        await reach(lambda: calls)
        monkeypatch.setattr(pollers, "MAX_LOOK_SECONDS", 0.05)
        await reach(lambda: len(calls) > 2)
        await background.stop()

    asyncio.run(run())


def test_failures_in_a_row_double_the_wait_and_log_one_traceback(caplog):
    record = LookRecord("champion")
    waits = []
    with caplog.at_level(logging.ERROR):
        for _ in range(7):
            waits.append(record.seconds_to_wait(2.0))
            with record.look():
                raise ValueError("x")

    assert waits == [2, 4, 8, 16, 32, 32, 32]
    assert len([line for line in caplog.records if line.exc_info]) == 1
    with record.look():
        pass
    assert record.seconds_to_wait(2.0) == 2


def test_a_lease_that_another_process_took_is_no_failure():
    record = LookRecord("incidents")
    with record.look():
        raise LeaseLostError("watches")

    assert (record.failures, record.problem) == (0, None)


def test_a_transaction_that_ends_the_process_elsewhere_only_fails_here(settings):
    record = LookRecord("ledger_writer")
    ledger = Ledger.open(settings.database_url)
    writer = LedgerWriter(ledger, record.note)

    async def run():
        with pytest.raises(RuntimeError, match="SystemExit"):
            await writer.run(Look(SystemExit(3)))
        assert "SystemExit" in record.problem
        with pytest.raises(ConflictError):
            await writer.run(Look(ConflictError("exc_1", "it ended")))
        assert record.failures == 1
        await writer.run(Look())
        assert record.problem is None

    asyncio.run(run())
    writer.close()
    ledger.close()


PLANTED = ("champion", "forecasts", "follower", "lease", "rescoring", "stock_exceptions",
           "incidents")  # fmt: skip


def test_the_service_says_what_fails_in_the_background_and_goes_on(
    running, shelf, a_triage, monkeypatch
):
    """Plant an exit in every look before the start; nothing ends, all is said, all recovers."""
    shelf.promote(a_triage())
    monkeypatch.setattr("serving.app.RENEW_SECONDS", 0.02)
    look = Look(SystemExit(3))
    for target, method in (
        ("serving.app.ChampionWatch", "look"),
        ("serving.forecast_book.ForecastBookInUse", "poll"),
    ):
        monkeypatch.setattr(f"{target}.{method}", look)
    for target in (
        "serving.ledger_follower.LedgerFollower",
        "serving.watch_lease.WatchLease",
        "serving.exceptions.rescore.RescoringWatch",
        "serving.inventory.stock_watch.StockExceptionWatch",
        "serving.incident_watch.watch.IncidentWatch",
    ):
        monkeypatch.setattr(f"{target}.look", look.wait)
    with running() as client:
        wait_until(lambda: sum(_failing(client).values()) == len(PLANTED))
        assert {name for name, failing in _failing(client).items() if failing} == set(PLANTED)
        assert client.get("/readyz").json()["degraded"] is True
        health = client.get("/v1/health").json()
        assert health["degraded"] is True
        assert all("SystemExit" in health["background"][name] for name in PLANTED)

        monkeypatch.undo()
        monkeypatch.setattr(look, "error", None)
        wait_until(lambda: not any(_failing(client).values()))
        assert set(client.get("/v1/health").json()["background"].values()) == {"ok"}


def _failing(client):
    """Return from `/metrics` which tasks fail."""
    lines = client.get("/metrics").text.splitlines()
    prefix = 'expedite_background_failing{task="'
    rows = [line.removeprefix(prefix).split('"} ') for line in lines if line.startswith(prefix)]
    return {name: value == "1.0" for name, value in rows}
