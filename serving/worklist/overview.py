"""The work list as people look at it: narrowed down, counted, summed up. No HTTP in it."""

import asyncio
import math
from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

from data.domain import Priority
from models.ranking.rule import Tier
from serving.clock import Clock
from serving.live_list.open_exceptions import OpenRow
from serving.live_list.snapshot import ListView, Snapshot
from serving.live_list.worklist import MAX_ROWS_RANKED_AT_ONCE, Worklist
from serving.scoring.scorer import Scorer
from serving.wire.answers import MoneyOut
from serving.wire.formats import money, rfc3339, rfc3339_or_none
from serving.worklist.view import rows_view


class WorklistFilters(NamedTuple):
    """Which rows are wanted; an empty text for all.

    Attributes:
        team: Who should have them.
        category: What they are.
        priority: Their band.
        text: Stands anywhere in a row.
        at_ms: As of this moment; None for now.
    """

    team: str = ""
    category: str = ""
    priority: str = ""
    text: str = ""
    at_ms: int | None = None


class FilteredRows(NamedTuple):
    """Places of the wanted rows, in order, and how many open ones there are of each kind."""

    places: list[int]
    teams: Counter[str]
    categories: Counter[str]
    priorities: Counter[str]


async def overview(
    wanted: WorklistFilters,
    begin: int,
    limit: int,
    *,
    worklist: Worklist,
    scorer: Scorer,
    clock: Clock,
) -> dict[str, Any]:
    """Return some of the wanted rows, and what the list as a whole amounts to.

    Raises:
        BadPayloadError: There is no list as of the wanted moment.
    """
    sight = await worklist.view(wanted.at_ms)
    snapshot = sight.snapshot
    if len(snapshot.order) > MAX_ROWS_RANKED_AT_ONCE:
        found = await asyncio.to_thread(_found, snapshot, wanted)
    else:
        found = _found(snapshot, wanted)
    begin = min(begin, max(0, (len(found.places) - 1) // limit * limit))
    return {
        "at": None if wanted.at_ms is None else rfc3339(wanted.at_ms),
        "rows": _rows(sight, found.places, (begin, begin + limit)),
        "begin": begin,
        "end": min(begin + limit, len(found.places)),
        "total": len(found.places),
        "open": len(snapshot.order),
        "at_stake": _at_stake(snapshot, found.places),
        "overdue": int((snapshot.ranking.tier[found.places] == Tier.LOST).sum()),
        "teams": sorted(found.teams.items()),
        "categories": sorted(found.categories.items()),
        "priorities": [(one.value, found.priorities[one.value]) for one in Priority],
        "ranked_at": rfc3339(snapshot.now_ms),
        **snapshot.lines.shown(wanted.team or None),
        **status(scorer, clock()),
        **snapshot.stamp(),
    }


def status(scorer: Scorer, now_ms: int) -> dict[str, Any]:
    """Return by which model and policy the service answers, and what keeps it from a model."""
    triage = scorer.champion.current
    return {
        **scorer.stamp(now_ms),
        "trained_as_of": rfc3339_or_none(triage.trained_as_of) if triage else None,
        "problem": scorer.champion.problem,
    }


def _found(snapshot: Snapshot, wanted: WorklistFilters) -> FilteredRows:
    bands = snapshot.policy.bands
    places, teams, categories, priorities = [], Counter(), Counter(), Counter()
    scores = snapshot.ranking.score.tolist()
    text = wanted.text.strip().casefold()
    for place in snapshot.order.tolist():
        row = snapshot.rows.at(place)
        known = not (row.is_degraded or math.isnan(scores[place]))
        priority = bands.priority(scores[place]).value if known else ""
        own = (row.team or "", row.category or "", priority)
        for counts, name in zip((teams, categories, priorities), own, strict=True):
            if name:
                counts[name] += 1
        asked = (wanted.team, wanted.category, wanted.priority)
        if all(a in ("", b) for a, b in zip(asked, own, strict=True)) and _is_told(
            snapshot, place, text
        ):
            places.append(place)
    return FilteredRows(places, teams, categories, priorities)


def _is_told(snapshot: Snapshot, place: int, text: str) -> bool:
    """Say whether a text stands in a row; in an incident's, whether it does in a member's."""
    row = snapshot.rows.at(place)
    if not text:
        return True
    if isinstance(row, OpenRow):
        return text in _words(row)
    members = snapshot.open.rows[snapshot.rows.are_of(place)]
    return text in row.incident.body.casefold() or any(text in _words(one) for one in members)


def _words(row: OpenRow) -> str:
    told, order = row.exception, row.exception.order
    words: list[Iterable[str | None]] = [
        (told.external_id, told.message, told.type, told.reason_code, row.category),
        (row.opinion.team, row.id),
    ]
    if order:
        address, customer = order.shipping_address, order.customer
        words.append((order.order_number, order.external_id, order.channel))
        words.append(line.sku for line in order.line_items)
        words.append((address.city, address.country_code) if address else ())
        words.append((customer.external_id, customer.segment) if customer else ())
    plain = "\n".join(word for part in words for word in part if word)
    return f"{plain}\n{plain.replace('_', ' ')}".casefold()


def _rows(sight: ListView, places: list[int], span: tuple[int, int]) -> list[dict[str, Any]]:
    """The rows of a span, each with the rank of the one below it."""
    ranks = sight.snapshot.rank_of[places[span[0] + 1 : span[1] + 1]].tolist()
    return [
        row | {"below": ranks[i] if i < len(ranks) else None}
        for i, row in enumerate(rows_view(sight, places[slice(*span)]))
    ]


def _at_stake(snapshot: Snapshot, places: list[int]) -> MoneyOut:
    return money(float(snapshot.rows.losses[places].sum()), snapshot.policy.currency)
