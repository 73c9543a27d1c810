"""The service: the parts that routes work with, made in one place."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple, Self

from fastapi import Request
from sqlalchemy.exc import SQLAlchemyError

from data.ledger.audits import salt_of, suspensions_of
from data.ledger.changes import LedgerPosition, latest_position
from data.ledger.claims import active_claims
from data.ledger.ledger import Ledger
from data.ledger.versions import CHAMPION, POLICY, VersionInUse, record_version
from data.ledger.writer import LedgerWriter
from data.policy.policy import Policy
from data.settings import Settings
from serving.clock import Clock, clock_from
from serving.forecast_book import ForecastBookInUse
from serving.http.requests import caller_of
from serving.incident_watch.watch import IncidentWatch
from serving.ledger_follower import LedgerFollower
from serving.live_list.as_of import PastLists
from serving.live_list.claim_board import ClaimBoard
from serving.live_list.visible_list import VisibleList
from serving.live_list.worklist import Worklist
from serving.pollers import LookRecord
from serving.scoring.champion import Champion, ModelStore
from serving.scoring.decisions import BlindingDraws
from serving.scoring.guarantees import Guarantees
from serving.scoring.scorer import Scorer
from serving.stage_times import TimedLedgerWriter
from serving.watch_lease import LeasedWriter, WatchLease


class StoredParts(NamedTuple):
    """Parts that start from the state in the ledger.

    Attributes:
        position: Of the ledger before they were read: what is written after it is followed.
    """

    position: LedgerPosition
    guarantees: Guarantees
    draws: BlindingDraws
    claims: ClaimBoard

    @classmethod
    def read(cls, ledger: Ledger, policy: Policy, now_ms: int) -> Self:
        """Read the position, withdrawn promises, the salt of the draws and the active claims."""
        terms = policy.promises
        with ledger.reading() as connection:
            return cls(
                latest_position(connection),
                Guarantees(terms, suspensions_of(connection)),
                BlindingDraws(salt_of(connection), terms.audit_share, terms.hidden_share),
                ClaimBoard(active_claims(connection, now_ms=now_ms)),
            )


@dataclass(frozen=True)
class Service:
    """The parts of one service process.

    Attributes:
        settings: Where things are.
        policy: What the company prefers.
        clock: Tells the present.
        ledger: Is read by any thread.
        writer: Writes to the ledger.
        writes: Record of its transactions.
        scorer: Scores by the champion in use.
        worklist: The open exceptions, ranked.
        claims: Who has which of them.
        guarantees: What is decided without asking.
        incidents: Finds bursts.
        lease: Says whether this process has the watches.
        leased_writer: Writes what the watches find.
        follower: Brings in what other processes wrote.
        forecast_book: Answers about demand and stock.
    """

    settings: Settings
    policy: Policy
    clock: Clock
    ledger: Ledger
    writer: LedgerWriter
    writes: LookRecord
    scorer: Scorer
    worklist: Worklist
    claims: ClaimBoard
    guarantees: Guarantees
    incidents: IncidentWatch
    lease: WatchLease
    leased_writer: LeasedWriter
    follower: LedgerFollower
    forecast_book: ForecastBookInUse

    @classmethod
    def open(
        cls,
        settings: Settings,
        open_store: Callable[[], ModelStore],
        clock: Clock | None = None,
    ) -> Self:
        """Open the ledger and make the parts; the champion is not loaded yet.

        Args:
            settings: Where things are.
            open_store: Opens the store of champions.
            clock: Tells the present; by the settings if left out.
        """
        clock = clock or clock_from(settings.clock)
        policy = Policy.read(settings.policy)
        ledger = Ledger.open(settings.database_url)
        writes = LookRecord("ledger_writer")
        writer, lease = TimedLedgerWriter(ledger, writes.note), WatchLease(ledger)
        stored = StoredParts.read(ledger, policy, clock())
        champion = _champion(open_store, ledger, policy, clock)
        worklist = _worklist(ledger, policy, stored.claims, champion, clock=clock)
        leased_writer = LeasedWriter(writer, lease)
        incidents = IncidentWatch(ledger, leased_writer, worklist, policy=policy, clock=clock)
        follower = LedgerFollower(
            ledger,
            stored.position,
            worklist=worklist,
            guarantees=stored.guarantees,
            incidents=incidents,
            clock=clock,
        )
        return cls(
            settings=settings,
            policy=policy,
            clock=clock,
            ledger=ledger,
            writer=writer,
            writes=writes,
            scorer=Scorer(
                champion, policy, stored.guarantees, stored.draws, worklist.lowest_reached
            ),
            worklist=worklist,
            claims=stored.claims,
            guarantees=stored.guarantees,
            incidents=incidents,
            lease=lease,
            leased_writer=leased_writer,
            follower=follower,
            forecast_book=ForecastBookInUse(settings.mlruns),
        )

    def close(self) -> None:
        """Finish what is being written, give back the lease, and let go of the ledger."""
        self.follower.close()
        self.writer.close()
        with suppress(SQLAlchemyError):
            self.lease.release()
        self.ledger.close()


def _champion(
    open_store: Callable[[], ModelStore], ledger: Ledger, policy: Policy, clock: Clock
) -> Champion:
    """Return the holder of the champion. The ledger notes the policy, and each champion in use."""

    def note_champion(version: str | None) -> None:
        _note(ledger, VersionInUse(CHAMPION, version, clock()))

    _note(ledger, VersionInUse(POLICY, policy.label, clock(), policy.text))
    return Champion(open_store, note_champion)


def _worklist(
    ledger: Ledger, policy: Policy, claims: ClaimBoard, champion: Champion, *, clock: Clock
) -> Worklist:
    """Return the work list with all that the ledger holds open."""
    worklist = Worklist(
        policy,
        claims=claims,
        past_lists=PastLists(ledger),
        model_version=lambda: champion.version,
        clock=clock,
    )
    for record in ledger.open_records():
        worklist.show(record)
    return worklist


def _note(ledger: Ledger, version: VersionInUse) -> None:
    with ledger.writing() as connection:
        record_version(connection, version)


def visible_list(request: Request) -> VisibleList:
    """Return the work list as the caller of a request sees it."""
    return VisibleList(service_of(request).worklist, caller_of(request).teams)


def service_of(request: Request) -> Service:
    """Return the service of the application that a request came to."""
    return request.app.state.service
