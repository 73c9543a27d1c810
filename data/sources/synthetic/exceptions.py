"""Exceptions: the cause of each, and all that follows from it, observed and unobserved."""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from data.domain import Stage
from data.sources.synthetic.catalogue import BUSINESS, VIP
from data.sources.synthetic.causes import (
    CAUSES,
    CODE,
    KEY_ACCOUNTS,
    LOOKS_LIKE,
    NEEDS_CONTACT,
    TEAM,
    TEAMS,
    TYPE_SHARE,
    USUAL_CAUSE_OF_TYPE,
)
from data.sources.synthetic.frames import MISSING, draw_by_row
from data.sources.synthetic.orders import AT, OrderBlock
from data.ticks import SECONDS_PER_HOUR

# Spread (sigma of the logarithm) of the work on cases that are alike in all that is written down.
TOUCH_SPREAD = 0.5
USUAL_TOTAL = 90.0
EFFORT_BY_TOTAL = 0.2  # twice the value of the order is 15 % more work
EFFORT_OF_A_LINE = 0.12
EFFORT_OF_COMPLEXITY = 0.5
# Key accounts talk to the customer; a team that takes a case over learns first what it is.
EFFORT_OF_KEY_ACCOUNTS = 1.5
EFFORT_TAKEN_OVER = 1.25
TRIAGE_MINUTES = 7
# The second of many alike goes faster.
MEMBER_OF_BURST_EFFORT = 0.45
TAKEN_OVER_SHARE = 0.07
REOPENED_SHARE = 0.04
DUE_RECORDED_SHARE = 0.88
GIVES_UP_EARLY_SHARE = 0.1
HOURS_UNTIL_LOST = 72.0
"""Mean hours after the due time until an order is lost that was not lost at it."""
SLA_OF_SEGMENT = np.array([1.6, 1.5, 1.1, 0.9])
PENALTY_OF_SEGMENT = np.array([4.0, 7.0, 28.0, 45.0])
BANDS_FROM = np.array([-1.0, 0.25, 1.3])  # of the urgency as people judge it: p3, p2, p1
SEVERITY_FROM = np.array([-0.6, 0.7, 1.7])
CANCELS_SHARE = 0.35
SEVERITIES = ("low", "medium", "high", "critical")
LANGUAGES = ("en", "pt", "zh", "de")
LANGUAGE_OF_COUNTRY = np.array([3, 0, 0, 1, 1, 2, 0])
OWN_LANGUAGE_SHARE = 0.82
OWN_WORDS_SHARE = 0.94
GENERIC = MISSING


class Detection(NamedTuple):
    """Detection of exceptions: stage of the order, and second of the period."""

    stage: np.ndarray
    detected_s: np.ndarray


class Deadlines(NamedTuple):
    """Due times (NaN where none is recorded), and the moments of the loss."""

    due_s: np.ndarray
    hazard_s: np.ndarray


@dataclass
class ExceptionBlock:
    """A block of exceptions as columns. The first part is observed at once, the rest later.

    Attributes:
        order: Row in the block of orders.
        stage: The last stage that the order reached.
        wording: The cause in whose words it is described; below 0 in neutral words.
        complexity: 0 to 2, visible in the message.
        hazard_s: When the loss happens, if it is still open then.
        self_resolves_s: When it goes away by itself, infinite for never.
    """

    order: np.ndarray
    detected_s: np.ndarray
    type: np.ndarray
    code: np.ndarray
    severity: np.ndarray
    due_s: np.ndarray
    language: np.ndarray
    wording: np.ndarray
    complexity: np.ndarray
    first_team: np.ndarray
    priority: np.ndarray
    stage: np.ndarray
    cause: np.ndarray
    burst: np.ndarray
    team: np.ndarray
    touch_minutes: np.ndarray
    triage_minutes: np.ndarray
    hazard_s: np.ndarray
    self_resolves_s: np.ndarray
    loss: np.ndarray
    cancels: np.ndarray
    reopens: np.ndarray

    def before(self, moment_s: float) -> "ExceptionBlock":
        """Select the exceptions detected before a moment."""
        is_earlier = self.detected_s < moment_s
        return ExceptionBlock(**{f.name: getattr(self, f.name)[is_earlier] for f in fields(self)})


def raise_exceptions(
    random: np.random.Generator,
    orders: OrderBlock,
    cause_of_order: np.ndarray,
    apparent: np.ndarray,
    burst_of: np.ndarray,
    *,
    lost_at_deadline: float,
) -> ExceptionBlock:
    """Work out each exception from its cause, the cause that it shows, and its order."""
    order = np.flatnonzero(cause_of_order >= 0)
    cause, shown, size = cause_of_order[order], apparent[order], len(order)
    segment, total = orders.segment[order], orders.total[order]
    detection = _detection(random, orders, order, shown)
    stage, detected_s = detection
    kind = draw_by_row(random, TYPE_SHARE, shown)
    due_s, hazard_s = _deadlines(
        random,
        orders,
        order=order,
        cause=cause,
        detection=detection,
        lost_at_deadline=lost_at_deadline,
    )
    complexity = random.binomial(2, np.clip(0.12 + 0.08 * orders.lines[order], 0, 0.5))
    effort = np.where(burst_of[order] >= 0, MEMBER_OF_BURST_EFFORT, 1) * np.exp(
        EFFORT_OF_COMPLEXITY * complexity
    )
    severity = 0.6 * np.log(total / 90) + 0.7 * random.standard_normal(size)
    language = LANGUAGE_OF_COUNTRY[orders.visits.country[order]]
    team = _right_team(random, cause, segment)
    lost_share = np.minimum(_by_cause("lost_share")[cause] * random.lognormal(0, 0.3, size), 1)
    return ExceptionBlock(
        order=order,
        detected_s=detected_s,
        type=kind,
        code=_reason_code(random, shown, kind),
        severity=np.digitize(severity, SEVERITY_FROM),
        due_s=due_s,
        language=np.where(random.random(size) < OWN_LANGUAGE_SHARE, language, 0),
        wording=_wording(random, shown),
        complexity=complexity,
        first_team=_first_team(random, kind, segment),
        priority=_priority(random, orders, order=order, cause=cause, left_s=due_s - detected_s),
        stage=stage,
        cause=cause,
        burst=burst_of[order],
        team=team,
        touch_minutes=_touch_minutes(random, orders, order=order, cause=cause, team=team) * effort,
        triage_minutes=TRIAGE_MINUTES * random.lognormal(0, 0.4, size),
        hazard_s=hazard_s,
        self_resolves_s=_self_resolves_s(random, cause, detected_s),
        loss=np.round(total * lost_share + PENALTY_OF_SEGMENT[segment], 2),
        cancels=random.random(size) < CANCELS_SHARE,
        reopens=random.random(size) < REOPENED_SHARE,
    )


def _touch_minutes(
    random: np.random.Generator,
    orders: OrderBlock,
    order: np.ndarray,
    cause: np.ndarray,
    team: np.ndarray,
) -> np.ndarray:
    """Work of an ordinary case: by cause, team, value and lines; shorter as the teams learn."""
    experience = 1.08 - 0.16 * orders.early[order]
    lines = 1 + EFFORT_OF_A_LINE * (orders.lines[order] - 1)
    value = (orders.total[order] / USUAL_TOTAL) ** EFFORT_BY_TOTAL
    is_own = team == team_of(cause, orders.segment[order])
    by_team = np.where(is_own, 1, EFFORT_TAKEN_OVER)
    by_team = by_team * np.where(team == KEY_ACCOUNTS, EFFORT_OF_KEY_ACCOUNTS, 1)
    spread = random.lognormal(0, TOUCH_SPREAD, len(order))
    usual = _by_cause("touch_minutes")[cause]
    return usual * by_team * value * lines * experience * spread


def _self_resolves_s(
    random: np.random.Generator, cause: np.ndarray, detected_s: np.ndarray
) -> np.ndarray:
    self_resolves = random.random(len(cause)) < _by_cause("self_resolves_share")[cause]
    hours = 0.5 + random.exponential(_by_cause("sla_hours")[cause] * 0.4)
    return np.where(self_resolves, detected_s + hours * SECONDS_PER_HOUR, np.inf)


def _priority(
    random: np.random.Generator,
    orders: OrderBlock,
    order: np.ndarray,
    cause: np.ndarray,
    left_s: np.ndarray,
) -> np.ndarray:
    """Priority set by people: value, good customers, little time (if recorded) and fraud."""
    urgency = 0.7 * np.log(orders.total[order] / 90) - 0.2
    urgency += 0.8 * (orders.segment[order] >= VIP) + 0.8 * (cause == CODE["fraud"])
    urgency += 0.9 * (left_s < 14 * SECONDS_PER_HOUR)  # false for NaN
    urgency += 0.45 * random.standard_normal(len(order))
    return len(BANDS_FROM) - np.digitize(urgency, BANDS_FROM)


def team_of(cause: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """Team of each exception: by cause, but key accounts for business customers to contact."""
    return np.where(NEEDS_CONTACT[cause] & (segment == BUSINESS), KEY_ACCOUNTS, TEAM[cause])


def _right_team(random: np.random.Generator, cause: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """Solving team: some cases move to the team of a similar cause, for unrecorded reasons."""
    taken_over = random.random(len(cause)) < TAKEN_OVER_SHARE
    neighbour = TEAM[LOOKS_LIKE[cause, random.integers(0, 2, len(cause))]]
    return np.where(taken_over, neighbour, team_of(cause, segment))


def _by_cause(attribute: str) -> np.ndarray:
    return np.array([getattr(cause, attribute) for cause in CAUSES.values()])


def _detection(
    random: np.random.Generator, orders: OrderBlock, order: np.ndarray, cause: np.ndarray
) -> Detection:
    """Draw the stage of the order at the exception, and the delay until it is detected."""
    stages = [[AT[stage] for stage in each.stages] for each in CAUSES.values()]
    pick = random.random(len(order))
    stage = np.array([stages[c][int(p * len(stages[c]))] for c, p in zip(cause, pick, strict=True)])
    delay_hours = _by_cause("delay_hours")[cause] * random.lognormal(0, 0.6, len(order))
    detected_s = orders.planned_s[order, stage] + delay_hours * SECONDS_PER_HOUR
    return Detection(stage, detected_s)


def _deadlines(
    random: np.random.Generator,
    orders: OrderBlock,
    order: np.ndarray,
    cause: np.ndarray,
    detection: Detection,
    lost_at_deadline: float,
) -> Deadlines:
    """Draw due times and moments of the loss.

    Some customers give up before the due time, some at it; the others wait on, for days.
    """
    size, (stage, detected_s) = len(order), detection
    usual_s = (
        _by_cause("sla_hours")[cause] * SLA_OF_SEGMENT[orders.segment[order]] * SECONDS_PER_HOUR
    )
    due_s = detected_s + usual_s * random.lognormal(0, 0.5, size)
    ship_by_s = np.maximum(orders.ship_by_s[order], detected_s + 5 * SECONDS_PER_HOUR)
    is_due_by_shipping = (stage < AT[Stage.SHIPPED]) & (random.random(size) < 0.4)
    due_s = np.where(is_due_by_shipping, np.minimum(due_s, ship_by_s), due_s)
    gives_up = random.random(size) < GIVES_UP_EARLY_SHARE
    patience = np.where(gives_up, random.uniform(0.25, 1, size), 1)
    late = random.spawn(1)[0]  # its own draws: all others are those of before
    waits_on = ~gives_up & (late.random(size) >= lost_at_deadline)
    waits_s = late.exponential(HOURS_UNTIL_LOST * SECONDS_PER_HOUR, size)
    hazard_s = detected_s + (due_s - detected_s) * patience + np.where(waits_on, waits_s, 0.0)
    is_recorded = random.random(size) < DUE_RECORDED_SHARE
    return Deadlines(np.where(is_recorded, due_s, np.nan), hazard_s)


def _wording(random: np.random.Generator, cause: np.ndarray) -> np.ndarray:
    """Words of the cause that shows, and neutral ones now and then, but never another's."""
    # The second draw is left over from when words could mislead: without it a seed would give
    # other orders of work, and no figure of before could be compared.
    luck = random.random((2, len(cause)))[0]
    return np.where(luck < OWN_WORDS_SHARE, cause, GENERIC)


def _reason_code(random: np.random.Generator, cause: np.ndarray, kind: np.ndarray) -> np.ndarray:
    """Codes count two to a cause; half are of the type rather than of the cause, some missing."""
    u = random.random(len(cause))
    of = np.where(u < 0.45, cause, USUAL_CAUSE_OF_TYPE[kind])
    code = 2 * of + random.integers(0, 2, len(cause))
    return np.where(u < 0.75, code, MISSING)


def _first_team(random: np.random.Generator, kind: np.ndarray, segment: np.ndarray) -> np.ndarray:
    """The dispatcher goes by the type, sees a business customer half the time, and errs."""
    size = len(kind)
    apparent_cause = USUAL_CAUSE_OF_TYPE[kind]
    apparent_segment = np.where(random.random(size) < 0.5, segment, 0)
    anywhere = random.integers(0, len(TEAMS), size)
    return np.where(random.random(size) < 0.06, anywhere, team_of(apparent_cause, apparent_segment))
