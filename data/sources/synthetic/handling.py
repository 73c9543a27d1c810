"""Queues of teams: first come, first served, as people and hours allow."""

from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from typing import NamedTuple

import numpy as np

from data.domain import HandlingEvent
from data.sources.synthetic.causes import LOOKS_LIKE, TEAMS
from data.sources.synthetic.exceptions import ExceptionBlock
from data.sources.synthetic.frames import MISSING
from data.sources.synthetic.orders import OrderBlock
from data.sources.synthetic.teams import REWORK_SHARE, Team
from data.ticks import SECONDS_PER_HOUR

EVENTS = tuple(HandlingEvent)
ASSIGNED, STARTED, PAUSED, RECLASSIFIED, RESOLVED, REOPENED = range(len(EVENTS))
DISPATCHER, SYSTEM = -1, -2
OPERATORS_A_TEAM = 10_000  # an operator's code is team * this + number
SECOND_TEAM_RIGHT_SHARE = 0.85
RECLASSIFIED_RIGHT_SHARE = 0.85
MISLABELLED_SHARE = 0.04
PRIORITY_CHANGED_SHARE = 0.12
SELF_RESOLVED_UNLABELLED_SHARE = 0.4
DISPATCH_S = (120, 1_200)
CLOSED_AFTER_S = 24 * SECONDS_PER_HOUR
RESTART_S = 600


@dataclass(slots=True)
class HandledCase:
    """One exception on its way through the teams; `draws` are uniform, 0 to 1."""

    number: int
    cause: int
    confused_with: int
    at_team: int
    team: int
    priority: int
    touch_s: float
    triage_s: float
    hazard_s: float
    self_resolves_s: float
    loss: float
    reopens: bool
    cancels: bool
    order: int
    stage: int
    planned_s: list[float]
    draws: list[float]
    steps: int = 0
    worked_s: float = 0.0


@dataclass
class HandlingRecords:
    """Records of handling since the last drain, as rows of plain values."""

    events: list[tuple] = field(default_factory=list)
    outcomes: list[tuple] = field(default_factory=list)
    order_events: list[tuple] = field(default_factory=list)


class WorkStart(NamedTuple):
    """Start of work on a case: in worked seconds of the team, and as a second of the period."""

    worked_s: float
    moment_s: float


class TeamQueue:
    """The queue of one team: first come, first served, by whoever is free first."""

    def __init__(self, team: Team) -> None:
        self.calendar = team.calendar
        self.free = [(0.0, operator) for operator in range(team.operators)]

    def next_start(self, arrived_s: float) -> WorkStart:
        """Return the earliest start of work on a case."""
        worked_s = max(self.free[0][0], self.calendar.worked_by(arrived_s))
        return WorkStart(worked_s, max(self.calendar.moment_of(worked_s), arrived_s))

    def take(self, until_worked_s: float) -> int:
        """Keep the operator who is free first busy, and say who it is."""
        operator = self.free[0][1]
        heapreplace(self.free, (until_worked_s, operator))
        return operator


class TeamQueues:
    """All team queues. Cases reach a queue in the order of time, so each start is final."""

    def __init__(self, teams: list[Team]) -> None:
        self.queues = [TeamQueue(team) for team in teams]
        self.waiting: list[tuple[float, int, HandledCase]] = []
        self.records = HandlingRecords()

    def receive(self, case: HandledCase, detected_s: float) -> None:
        """Have the dispatcher send a case to its first team."""
        early_s, late_s = DISPATCH_S
        arrives_s = detected_s + early_s + case.draws[0] * (late_s - early_s)
        self._note(case, arrives_s, ASSIGNED, DISPATCHER)
        heappush(self.waiting, (arrives_s, case.number, case))

    def work_until(self, moment_s: float) -> None:
        """Serve all cases that reach a queue before the moment."""
        while self.waiting and self.waiting[0][0] < moment_s:
            arrived_s, _, case = heappop(self.waiting)
            self._serve(case, arrived_s)

    def end(self) -> None:
        """Cancel the orders of those left open whose customers give up."""
        for _, _, case in self.waiting:
            if case.cancels:
                self._cancel(case)

    def drain_records(self) -> HandlingRecords:
        """Hand over the records and begin new ones."""
        records, self.records = self.records, HandlingRecords()
        return records

    def _serve(self, case: HandledCase, arrived_s: float) -> None:
        queue = self.queues[case.at_team]
        from_s, starts_s = queue.next_start(arrived_s)
        if case.self_resolves_s <= starts_s:
            resolved_s = max(case.self_resolves_s, arrived_s)
            self._note(case, resolved_s, RESOLVED, SYSTEM)
            self._close(case, resolved_s)
            return
        work_s = case.touch_s if case.at_team == case.team else case.triage_s
        operator = queue.take(from_s + work_s) + case.at_team * OPERATORS_A_TEAM
        self._note(case, starts_s, STARTED, operator)
        for paused_s, again_s in queue.calendar.breaks(from_s, from_s + work_s):
            self._note(case, paused_s, PAUSED, operator)
            self._note(case, again_s, STARTED, operator)
        case.worked_s += work_s
        ends_s = max(queue.calendar.end_of(from_s + work_s), starts_s)
        if case.at_team == case.team:
            self._resolve(case, ends_s, operator)
        else:
            self._pass_on(case, ends_s, operator)

    def _pass_on(self, case: HandledCase, moment_s: float, operator: int) -> None:
        """The wrong team finds another, not always the right one."""
        right = case.draws[2] < RECLASSIFIED_RIGHT_SHARE
        category = case.cause if right else case.confused_with
        if case.draws[1] < SECOND_TEAM_RIGHT_SHARE:
            case.at_team = case.team
        else:
            case.at_team = (case.team + 1 + int(case.draws[3] * (len(TEAMS) - 1))) % len(TEAMS)
            case.draws[1] = 0.0
        self._note(case, moment_s, event=RECLASSIFIED, by=operator, category=category)
        self._note(case, moment_s, event=ASSIGNED, by=operator, category=category)
        heappush(self.waiting, (moment_s, case.number, case))

    def _resolve(self, case: HandledCase, moment_s: float, operator: int) -> None:
        self._note(case, moment_s, event=RESOLVED, by=operator, category=self._label(case))
        if not case.reopens:
            self._close(case, moment_s)
            return
        again_s = moment_s + (0.05 + 0.9 * case.draws[3]) * CLOSED_AFTER_S
        case.reopens, case.self_resolves_s = False, np.inf
        case.touch_s *= REWORK_SHARE
        self._note(case, again_s, REOPENED, SYSTEM)
        heappush(self.waiting, (again_s, case.number, case))

    def _close(self, case: HandledCase, resolved_s: float) -> None:
        """Write down how it ended, known a day later, and let the order go on or not."""
        breached = resolved_s > case.hazard_s
        self_resolved = case.worked_s == 0
        label = self._label(case)
        if self_resolved and case.draws[2] < SELF_RESOLVED_UNLABELLED_SHARE:
            label = MISSING
        self.records.outcomes.append(
            (
                case.number,
                label,
                case.at_team,
                self._last_priority(case),
                resolved_s,
                round(case.worked_s / 60, 1),
                breached,
                case.hazard_s if breached else np.nan,
                case.loss if breached else 0.0,
                self_resolved,
                resolved_s + CLOSED_AFTER_S,
            )
        )
        if breached and case.cancels:
            self._cancel(case)
        else:
            self._go_on(case, resolved_s)

    def _go_on(self, case: HandledCase, resolved_s: float) -> None:
        """Reach the stages left, as late as the exception has made them."""
        left = case.planned_s[case.stage + 1 :]
        late_s = max(0.0, resolved_s + RESTART_S - left[0]) if left else 0.0
        self.records.order_events += [
            (case.order, stage, planned_s + late_s, False)
            for stage, planned_s in enumerate(left, case.stage + 1)
            if planned_s == planned_s  # noqa: PLR0124 - NaN: a stage that is never reached
        ]

    def _cancel(self, case: HandledCase) -> None:
        self.records.order_events.append((case.order, case.stage, case.hazard_s, True))

    def _label(self, case: HandledCase) -> int:
        return case.confused_with if case.draws[4] < MISLABELLED_SHARE else case.cause

    def _last_priority(self, case: HandledCase) -> int:
        if case.draws[5] > PRIORITY_CHANGED_SHARE:
            return case.priority
        return max(case.priority - 1, 0) if case.priority else 1

    def _note(
        self, case: HandledCase, moment_s: float, event: int, by: int, category: int = MISSING
    ) -> None:
        row = (case.number, moment_s, case.steps, event, case.at_team, by, category, case.priority)
        self.records.events.append(row)
        case.steps += 1


def cases_of(
    random: np.random.Generator, orders: OrderBlock, raised: ExceptionBlock, first_number: int
) -> list[HandledCase]:
    """Make the cases that go to the queues."""
    size = len(raised.order)
    pick = (random.random(size) < 0.4).astype(int)
    columns = (
        np.arange(first_number, first_number + size),
        raised.cause,
        LOOKS_LIKE[raised.cause, pick],
        raised.first_team,
        raised.team,
        raised.priority,
        raised.touch_minutes * 60,
        raised.triage_minutes * 60,
        raised.hazard_s,
        raised.self_resolves_s,
        raised.loss,
        raised.reopens,
        raised.cancels,
        orders.number[raised.order],
        raised.stage,
        orders.planned_s[raised.order],
        random.random((size, 6)),
    )
    return [HandledCase(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]
