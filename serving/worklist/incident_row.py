"""One incident as a row of the work list: the fields of an exception's row, for the group."""

import math

from data.policy.policy import Policy
from data.ticks import MISSING_TICK, MS_PER_HOUR
from models.ranking.reasons import ReasonInputs, reasons
from serving.incident_watch.evidence import stored_facts
from serving.live_list.incident_groups import IncidentRow
from serving.live_list.snapshot import ListView, Snapshot
from serving.live_list.waiting_cost import CostOfWaitingOut
from serving.scoring.answer import TIERS, RankedRow, ScoringOut, decision_view, safe_start_at
from serving.scoring.assessment import ABSTAIN, LabelDecision
from serving.wire.exception_in import OURS
from serving.wire.formats import iso_duration, iso_hours, money, rfc3339, rfc3339_or_none
from serving.worklist.row import WorklistRowOut

KIND = "incident"


def incident_view(
    list_view: ListView, row: IncidentRow, cost_of_waiting: CostOfWaitingOut | None
) -> WorklistRowOut:
    """Return one incident as the work list shows it."""
    snapshot = list_view.snapshot
    incident, evidence = row.incident, stored_facts(row.incident)
    at = snapshot.row_of(row.id)
    assert at is not None  # noqa: S101 - it is a row of this snapshot
    due = row.due_at
    left = None if due == MISSING_TICK else iso_hours((due - snapshot.now_ms) / MS_PER_HOUR)
    return {
        "kind": KIND,
        "rank": int(snapshot.rank_of[at]),
        "id": row.id,
        "revision": row.revision,
        "source": OURS,
        "external_id": row.id,
        "type": KIND,
        "message": evidence.words,
        "source_value": None,
        "severity": None,
        "order_number": None,
        "order_total": None,
        "channel": None,
        "customer_segment": None,
        "detected_at": rfc3339(row.detected_at),
        "due_at": rfc3339_or_none(due),
        "time_left": left,
        **list_view.claims.shown(row.id, list_view.now_ms),
        **_scoring(row, snapshot.ranked_row(at), snapshot),
        "members": row.members,
        "incident": {
            "attribute": incident.attribute,
            "value": incident.value,
            "began_at": rfc3339(incident.began_at_ms),
            "noticed_at": rfc3339(evidence.opened_ms),
            "last_at": rfc3339(evidence.last_ms),
            "count": evidence.count,
            "usual_count": round(evidence.expected, 3),
            "times_usual": round(evidence.times_usual, 2),
            "kinds": list(evidence.kinds),
            "is_over": evidence.is_over,
        },
        "cost_of_waiting": cost_of_waiting,
        "team_back_at": snapshot.team_back_at(at),
    }


def _scoring(row: IncidentRow, ranked: RankedRow, snapshot: Snapshot) -> ScoringOut:
    policy, now_ms = snapshot.policy, snapshot.now_ms
    is_scored, currency = not math.isnan(ranked.score), policy.currency
    fix = policy.incidents
    return {
        "score": round(ranked.score, 4) if is_scored else None,
        "priority": ranked.priority if is_scored else None,
        "money_at_stake": money(row.loss, currency),
        "order_value": None,
        "order_value_basis": None,
        "expected_loss_now": money(ranked.loss_now, currency) if is_scored else None,
        "expected_loss_if_deferred": money(ranked.loss_deferred, currency) if is_scored else None,
        "handling_time": {
            "p50": iso_duration(fix.fix_minutes_p50),
            "p90": iso_duration(fix.fix_minutes_p90),
            "learned": False,
        },
        "category": decision_view(LabelDecision(row.category, None, (), ABSTAIN)),
        "team": row.team,
        "team_probability": None,
        "routing": decision_view(LabelDecision(row.team, None, (), ABSTAIN)),
        "suggestion_hidden": False,
        "chance_of_breach": None,
        "chance_of_breach_learned": False,
        "latest_safe_start_at": safe_start_at(ranked, now_ms),
        "tier": TIERS[ranked.tier],
        "reasons": [
            {"code": code, "text": text}
            for code, text in reasons(case_of_incident(row, ranked, policy, now_ms=now_ms))
        ],
        **snapshot.stamp(),
        "incident_id": row.id,
    }


def case_of_incident(
    row: IncidentRow, ranked: RankedRow, policy: Policy, *, now_ms: int
) -> ReasonInputs:
    """Return what reasons are made of: those of the group, under its one fix."""
    is_scored, due = not math.isnan(ranked.score), row.due_at
    return ReasonInputs(
        currency=policy.currency,
        stake=row.loss,
        lost_if_started_now=ranked.loss_now / row.loss if is_scored and row.loss > 0 else None,
        lost_by_turn=ranked.loss_deferred - ranked.loss_now if is_scored else None,
        score=ranked.score if is_scored else None,
        touch_minutes=policy.incidents.fix_minutes_p50,
        hours_to_due=None if due == MISSING_TICK else (due - now_ms) / MS_PER_HOUR,
        age_hours=max(0.0, (now_ms - row.detected_at) / MS_PER_HOUR),
        category=row.category,
        probability=None,
        tier=ranked.tier,
        touch_learned=False,
    )
