"""The work list as it was at a moment that is over, from what the ledger knew by then.

Each event keeps what the source had told and what was made of it; the ledger also keeps which
policy and champion were in use. The same code ranks and shows a list of the past and of the
present, so a past list is the answer that was, or would have been, given at its moment.
"""

import asyncio
from collections import OrderedDict
from contextlib import suppress

from sqlalchemy import Connection

from data.ledger.as_of import open_exceptions_at
from data.ledger.claims import claims_at
from data.ledger.incidents import incidents_at
from data.ledger.ledger import Ledger
from data.ledger.versions import CHAMPION, POLICY, recorded_since, version_in_use
from data.policy.policy import Policy
from serving.live_list.claim_board import ClaimBoard
from serving.live_list.open_exceptions import OpenExceptions
from serving.live_list.open_row import ReadRow
from serving.live_list.snapshot import ListView, RankingContext, Snapshot
from serving.wire.errors import BadPayloadError, Flaw
from serving.wire.formats import rfc3339
from serving.wire.stored_exception import UnreadableRowError

MAX_PAST_LISTS = 4
"""So many past lists stay in memory, for those who page through one."""


class PastLists:
    """Past lists, the last few kept as they were rebuilt: what is over does not change."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lists: OrderedDict[int, ListView] = OrderedDict()
        self._rebuilding = asyncio.Lock()

    async def at(self, at_ms: int, *, now_ms: int) -> ListView:
        """Return the list as it was.

        Raises:
            BadPayloadError: The moment is not over, or came before anything was recorded.
        """
        if at_ms >= now_ms:
            raise _refused("is not over yet: leave it out for the list as of now")
        async with self._rebuilding:
            if at_ms not in self._lists:
                self._lists[at_ms] = await asyncio.to_thread(_rebuilt, self._ledger, at_ms)
            self._lists.move_to_end(at_ms)
            while len(self._lists) > MAX_PAST_LISTS:
                self._lists.popitem(last=False)
            return self._lists[at_ms]


def _rebuilt(ledger: Ledger, at_ms: int) -> ListView:
    with ledger.reading() as connection:
        judges = _judges_at(connection, at_ms)
        then = OpenExceptions()
        for record in open_exceptions_at(connection, at_ms):
            with suppress(UnreadableRowError):
                row = ReadRow.read(
                    record.id, record.revision, payload=record.payload, assessment=record.assessment
                )
                if row.exception.is_open:
                    then.put(row)
        for incident, members in incidents_at(connection, at_ms):
            then.join(incident, members)
        claims = ClaimBoard(claims_at(connection, at_ms))
    return ListView(Snapshot.of(then.frozen(), judges, at_ms, number=at_ms), claims, at_ms)


def _judges_at(connection: Connection, at_ms: int) -> RankingContext:
    policy = version_in_use(connection, POLICY, at_ms=at_ms)
    champion = version_in_use(connection, CHAMPION, at_ms=at_ms)
    if policy is None or champion is None:
        since = recorded_since(connection)
        begin = "nothing is recorded yet" if since is None else f"it begins at {rfc3339(since)}"
        raise _refused(f"is before what the ledger can tell: {begin}")
    read = Policy.of_text(policy.body or "", f"the policy {policy.label} of then")
    return RankingContext(read, champion.label)


def _refused(detail: str) -> BadPayloadError:
    return BadPayloadError([Flaw("query/at", detail)])
