"""The work list as people look at it: narrowed down, counted, summed up. No HTTP in it."""

import asyncio
from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from data.domain import Priority
from data.ticks import MISSING_TICK
from models.ranking.rule import Tier
from serving.clock import Clock
from serving.live_list.open_row import OpenRow
from serving.live_list.snapshot import ListView, Snapshot
from serving.live_list.visible_list import VisibleList
from serving.live_list.worklist import MAX_ROWS_RANKED_AT_ONCE
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
        state: `overdue` or `lost`.
        text: Stands anywhere in a row.
        at_ms: As of this moment; None for now.
    """

    team: str = ""
    category: str = ""
    priority: str = ""
    state: str = ""
    text: str = ""
    at_ms: int | None = None


class FilteredRows(NamedTuple):
    """Rows that match the filters, in order, and counts.

    Attributes:
        rows: Their places.
        teams: Open rows of each team.
        categories: Open rows of each category.
        priorities: Rows of each band among those that match the other filters.
        states: Overdue and lost rows among those.
        counted: Rows that match all filters but band and state.
    """

    rows: list[int]
    teams: Counter[str]
    categories: Counter[str]
    priorities: Counter[str]
    states: Counter[str]
    counted: int


async def overview(
    filters: WorklistFilters,
    begin: int,
    limit: int,
    *,
    worklist: VisibleList,
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
        "overdue": matches.states["overdue"],
        "lost": matches.states["lost"],
        "counted": matches.counted,
        "teams": sorted(matches.teams.items()),
        "categories": sorted(matches.categories.items()),
        "priorities": [
            (priority.value, matches.priorities[priority.value]) for priority in Priority
        ],
        "unreadable": 0 if filters.at_ms is not None else worklist.unreadable_count,
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
    order = snapshot.order
    teams, categories, priorities = (
        column[order]
        for column in (snapshot.rows.teams, snapshot.rows.categories, snapshot.priorities)
    )
    is_match = np.ones(len(order), bool)
    for word, values in ((filters.team, teams), (filters.category, categories)):
        if word:
            is_match &= values == word
    if text := filters.text.strip().casefold():
        matching = np.flatnonzero(is_match)
        holds = [_holds_text(snapshot, row, text) for row in order[matching].tolist()]
        is_match[matching[~np.array(holds, bool)]] = False
    states = _states(snapshot)[order]
    counts = _counts(priorities[is_match]), _counts(states[is_match]), int(is_match.sum())
    for word, values in ((filters.priority, priorities), (filters.state, states)):
        if word:
            is_match &= values == word
    return FilteredRows(order[is_match].tolist(), _counts(teams), _counts(categories), *counts)


def _states(snapshot: Snapshot) -> np.ndarray:
    """Return for each place `lost`, `overdue` or None."""
    due_at = snapshot.rows.due_at
    overdue = (due_at != MISSING_TICK) & (due_at <= snapshot.now_ms)
    lost = snapshot.ranking.tier == Tier.LOST
    states = np.full(len(lost), None, object)
    states[overdue], states[lost] = "overdue", "lost"
    return states


def _counts(words: np.ndarray) -> Counter[str]:
    """Return how often each word stands there; None is none."""
    counts = Counter(words.tolist())
    del counts[None]
    return counts


def _holds_text(snapshot: Snapshot, row: int, text: str) -> bool:
    """Say whether a text stands in a row; in an incident's, whether it does in a member's."""
    open_row = snapshot.rows.at(row)
    if isinstance(open_row, OpenRow):
        return text in open_row.words
    members = snapshot.open.rows[snapshot.rows.are_of(row)]
    return text in open_row.incident.body.casefold() or any(
        text in member.words for member in members
    )


def _rows(list_view: ListView, rows: list[int], span: tuple[int, int]) -> list[dict[str, Any]]:
    """The rows of a span, each with the rank of the one below it."""
    ranks = list_view.snapshot.rank_of[rows[span[0] + 1 : span[1] + 1]].tolist()
    return [
        row | {"below": ranks[i] if i < len(ranks) else None}
        for i, row in enumerate(rows_view(list_view, rows[slice(*span)]))
    ]


def _at_stake(snapshot: Snapshot, rows: list[int]) -> MoneyOut:
    return money(float(snapshot.rows.losses[rows].sum()), snapshot.policy.currency)
