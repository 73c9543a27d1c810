"""One exception explained: the terms of the rule, what the models expect, what moved them."""

import asyncio
import logging
from copy import deepcopy
from typing import Any

import numpy as np

from data.ledger.ledger import Ledger
from data.policy.policy import Policy
from models.triage.labels import PROMISED_NAMES
from models.triage.predictions import ClassPredictions
from models.triage.triage import Triage
from serving.clock import Clock
from serving.exceptions.view import exception_view
from serving.live_list.visible_list import VisibleList
from serving.live_list.waiting_cost import costs_of_waiting
from serving.scoring.amounts import rates_for
from serving.scoring.answer import case_of, is_scored
from serving.scoring.columns import columns_as_of
from serving.scoring.scorer import Scorer
from serving.wire.check import checked
from serving.wire.exception_in import EXCEPTION, OURS, ExceptionIn
from serving.wire.formats import money, rfc3339_or_none

LOG = logging.getLogger("expedite.explained")
MAX_CHANCES = 5
_NONE: dict[str, list[tuple[str, float]]] = {label: [] for label in PROMISED_NAMES}


async def explained(
    exception_id: str, *, ledger: Ledger, scorer: Scorer, worklist: VisibleList, clock: Clock
) -> dict[str, Any]:
    """Return an exception as the API shows it, and with it what its place is made of.

    Raises:
        NotFoundError: There is none of this id.
    """
    shown = await exception_view(
        exception_id, ledger=ledger, scorer=scorer, worklist=worklist, clock=clock
    )
    view: dict[str, Any] = {**shown}
    exception = _exception_of(view["payload"])
    is_open, triage = view["status"] == "open", scorer.champion.current
    view["parsed"] = exception
    view["terms"] = await _terms(exception_id, worklist, scorer.policy) if is_open else None
    view |= await _waiting(exception_id, worklist)
    view["stock"] = view["payload"].get("stock") if exception.source == OURS else None
    judged = is_open and exception.source != OURS and not view["suggestion_hidden"]
    view["chances"] = (
        _chances(exception, triage, scorer.policy, clock()) if judged and triage else _NONE
    )
    view["class_names"] = (
        {name: model.names for name, model in triage.classes.items()} if triage else {}
    )
    return view


async def strongest(
    exception_id: str, *, ledger: Ledger, scorer: Scorer, worklist: VisibleList, clock: Clock
) -> list[dict[str, Any]]:
    """Return the features that moved the chance of harm most; empty where no model says.

    Raises:
        NotFoundError: There is none of this id.
    """
    view = await exception_view(
        exception_id, ledger=ledger, scorer=scorer, worklist=worklist, clock=clock
    )
    triage = scorer.champion.current
    exception = _exception_of(view["payload"])
    if triage is None or exception.source == OURS:
        return []
    columns, as_of = columns_as_of(
        [exception], triage, now_ms=clock(), rates=rates_for(scorer.policy, triage)
    )
    moved = await asyncio.to_thread(triage.reasons, columns, as_of)
    largest = max((abs(by) for _, by in moved), default=0.0) or 1.0
    return [
        {"meaning": meaning, "log_odds": by, "share": abs(by) / largest} for meaning, by in moved
    ]


async def _terms(exception_id: str, worklist: VisibleList, policy: Policy) -> dict[str, Any] | None:
    """The numbers of the rule for one open exception; None once it is off the list."""
    snapshot = await worklist.ranked()
    row = snapshot.row_of(exception_id)
    if row is None:
        return None
    assessment, ranked_row = snapshot.open.rows[row].assessment, snapshot.ranked_row(row)
    if not is_scored(assessment, ranked_row):
        return None
    case = case_of(assessment, ranked_row, policy, now_ms=snapshot.now_ms)
    look_ahead_hours = policy.guards.look_ahead_minutes / 60
    return {
        "loss": money(case.stake, case.currency),
        "chance": case.lost_if_started_now,
        "loss_now": money(ranked_row.loss_now, case.currency),
        "loss_deferred": money(ranked_row.loss_deferred, case.currency),
        "touch_minutes": case.touch_minutes,
        "touch_minutes_p90": assessment.terms["touch_p90_minutes"],
        "touch_learned": assessment.touch_learned,
        "look_ahead_minutes": policy.guards.look_ahead_minutes,
        "look_ahead_hours": look_ahead_hours,
        "touch_hours": ranked_row.touch_hours,
        "waiting_cost": money(assessment.terms["waiting_cost_per_hour"], case.currency),
        "score": money(ranked_row.score, case.currency),
    }


async def _waiting(exception_id: str, worklist: VisibleList) -> dict[str, Any]:
    """Return the cost of waiting for one open exception, and the end of its team's shift."""
    snapshot = await worklist.ranked()
    row = snapshot.row_of(exception_id)
    if row is None:
        return {"cost_of_waiting": None, "shift_ends_at": None}
    until = snapshot.lines.until(snapshot.rows.teams[row])
    return {
        "cost_of_waiting": costs_of_waiting(snapshot, [row])[0],
        "shift_ends_at": rfc3339_or_none(until),
    }


def _chances(exception: ExceptionIn, triage: Triage, policy: Policy, now_ms: int) -> dict[str, Any]:
    rates = rates_for(policy, triage)
    columns, as_of = columns_as_of([exception], triage, now_ms=now_ms, rates=rates)
    try:
        expected = triage.predict(columns, as_of)
    except Exception:  # whatever a model raises, the rest of the explanation stands
        LOG.exception("Champion %s failed on %s", triage.version, exception.external_id)
        return _NONE
    return {label: _likeliest(expected.classes.get(label)) for label in PROMISED_NAMES}


def _likeliest(predicted: ClassPredictions | None) -> list[tuple[str, float]]:
    """The likeliest names, the first first."""
    if predicted is None:
        return []
    names, chances = predicted
    best = np.argsort(-chances[0])[:MAX_CHANCES]
    return [(names[i], float(chances[0][i])) for i in best]


def _exception_of(payload: dict[str, Any]) -> ExceptionIn:
    """Read the payload that is shown, which stays as it is."""
    return checked(EXCEPTION, deepcopy(payload))
