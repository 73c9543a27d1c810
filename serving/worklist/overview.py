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
    """Filters of the work list; an empty text means all.

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
    """Rows that match the filters, in order, and the number of open rows of each kind."""

    rows: list[int]
    teams: Counter[str]
    categories: Counter[str]
    priorities: Counter[str]


async def overview(
    filters: WorklistFilters,
    begin: int,
    limit: int,
    *,
    worklist: Worklist,
    scorer: Scorer,
    clock: Clock,
) -> dict[str, Any]:
    """Return a page of the matching rows, and the totals of the whole list.

    Raises:
        BadPayloadError: There is no list as of that moment.
    """
    list_view = await worklist.view(filters.at_ms)
    snapshot = list_view.snapshot
    if len(snapshot.order) > MAX_ROWS_RANKED_AT_ONCE:
        matches = await asyncio.to_thread(_filter_rows, snapshot, filters)
    else:
        matches = _filter_rows(snapshot, filters)
    begin = min(begin, max(0, (len(matches.rows) - 1) // limit * limit))
    return {
        "at": None if filters.at_ms is None else rfc3339(filters.at_ms),
        "rows": _rows(list_view, matches.rows, (begin, begin + limit)),
        "begin": begin,
        "end": min(begin + limit, len(matches.rows)),
        "total": len(matches.rows),
        "open": len(snapshot.order),
        "at_stake": _at_stake(snapshot, matches.rows),
        "overdue": int((snapshot.ranking.tier[matches.rows] == Tier.LOST).sum()),
        "teams": sorted(matches.teams.items()),
        "categories": sorted(matches.categories.items()),
        "priorities": [
            (priority.value, matches.priorities[priority.value]) for priority in Priority
        ],
        "unreadable": 0 if filters.at_ms is not None else len(worklist.unreadable),
        "ranked_at": rfc3339(snapshot.now_ms),
        **snapshot.lines.shown(filters.team or None),
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


def _filter_rows(snapshot: Snapshot, filters: WorklistFilters) -> FilteredRows:
    bands = snapshot.policy.bands
    rows, teams, categories, priorities = [], Counter(), Counter(), Counter()
    scores = snapshot.ranking.score.tolist()
    text = filters.text.strip().casefold()
    for row in snapshot.order.tolist():
        open_row = snapshot.rows.at(row)
        is_scored = not (open_row.is_degraded or math.isnan(scores[row]))
        priority = bands.priority(scores[row]).value if is_scored else ""
        own = (open_row.team or "", open_row.category or "", priority)
        for counts, name in zip((teams, categories, priorities), own, strict=True):
            if name:
                counts[name] += 1
        chosen = (filters.team, filters.category, filters.priority)
        if all(a in ("", b) for a, b in zip(chosen, own, strict=True)) and _holds_text(
            snapshot, row, text
        ):
            rows.append(row)
    return FilteredRows(rows, teams, categories, priorities)


def _holds_text(snapshot: Snapshot, row: int, text: str) -> bool:
    """Say whether a text stands in a row; in an incident's, whether it does in a member's."""
    open_row = snapshot.rows.at(row)
    if not text:
        return True
    if isinstance(open_row, OpenRow):
        return text in _words(open_row)
    members = snapshot.open.rows[snapshot.rows.are_of(row)]
    return text in open_row.incident.body.casefold() or any(
        text in _words(member) for member in members
    )


def _words(row: OpenRow) -> str:
    exception, order = row.exception, row.exception.order
    words: list[Iterable[str | None]] = [
        (
            exception.external_id,
            exception.message,
            exception.type,
            exception.reason_code,
            row.category,
        ),
        (row.assessment.team, row.id),
    ]
    if order:
        address, customer = order.shipping_address, order.customer
        words.append((order.order_number, order.external_id, order.channel))
        words.append(line.sku for line in order.line_items)
        words.append((address.city, address.country_code) if address else ())
        words.append((customer.external_id, customer.segment) if customer else ())
    plain = "\n".join(word for part in words for word in part if word)
    return f"{plain}\n{plain.replace('_', ' ')}".casefold()


def _rows(list_view: ListView, rows: list[int], span: tuple[int, int]) -> list[dict[str, Any]]:
    """The rows of a span, each with the rank of the one below it."""
    ranks = list_view.snapshot.rank_of[rows[span[0] + 1 : span[1] + 1]].tolist()
    return [
        row | {"below": ranks[i] if i < len(ranks) else None}
        for i, row in enumerate(rows_view(list_view, rows[slice(*span)]))
    ]


def _at_stake(snapshot: Snapshot, rows: list[int]) -> MoneyOut:
    return money(float(snapshot.rows.losses[rows].sum()), snapshot.policy.currency)
