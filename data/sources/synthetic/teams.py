"""Teams: how many people work when, sized so that the work that comes in makes the wished load."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.sources.synthetic.calendars import TeamCalendar
from data.sources.synthetic.catalogue import Catalogue
from data.sources.synthetic.causes import CODE, SHARE, TEAMS
from data.sources.synthetic.chances import liability, scale_of
from data.sources.synthetic.exceptions import (
    REOPENED_SHARE,
    raise_exceptions,
)
from data.sources.synthetic.frames import draw_by_row, names
from data.sources.synthetic.orders import OrderBlock, orders_of
from data.sources.synthetic.shop import RandomStream, SyntheticShop
from data.sources.synthetic.visits import moments_of_day, visits_of_day
from data.ticks import SECONDS_PER_DAY, SECONDS_PER_HOUR

PILOT_ORDERS = 8_000
PILOT_ATTEMPT = 63
REWORK_SHARE = 0.6
# What comes in by chance varies with the root of its mean, and so does the slack that it takes.
MAX_LOAD = 0.92
SLACK = 3.0
MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)
# Weekdays, opening hour (UTC) and longest shift of each team, in the order of TEAMS.
SHIFTS: tuple[tuple[tuple[int, ...], int, int], ...] = (
    ((0, 1, 2, 3, 4, 5), 7, 12),
    (MONDAY_TO_FRIDAY, 7, 10),
    ((0, 1, 2, 3, 4, 5, 6), 8, 10),
    (MONDAY_TO_FRIDAY, 6, 9),
    ((0, 1, 2, 3, 4, 5), 6, 12),
    (MONDAY_TO_FRIDAY, 8, 9),
    (MONDAY_TO_FRIDAY, 8, 9),
)
MIN_SHIFT_S = 7_200


@dataclass(frozen=True)
class Team:
    """Some people with one skill and one shift."""

    name: str
    operators: int
    calendar: TeamCalendar


def pilot_orders(shop: SyntheticShop, catalogue: Catalogue) -> OrderBlock:
    """Draw orders from all over the period, to see what is usual."""
    random = shop.random(RandomStream.PILOT)
    visits = visits_of_day(shop, catalogue, day=0, count=PILOT_ORDERS, attempt=PILOT_ATTEMPT)
    visits = visits.only(np.isin(np.arange(PILOT_ORDERS), visits.line_visit), visits.line_units > 0)
    size = len(visits.placed_s)
    days = np.sort(random.integers(0, shop.period_days, size))
    visits.placed_s = (days + moments_of_day(random, size)) * SECONDS_PER_DAY
    return orders_of(shop, catalogue, visits, 0)


def teams_for(shop: SyntheticShop, orders: OrderBlock) -> list[Team]:
    """Give each team the people and hours that its share of the work needs at the wished load."""
    exceptions_a_week = shop.orders * shop.exception_share / shop.period_days * 7
    work_hours = _minutes_by_team(shop, orders) * exceptions_a_week / 60
    load = shop.load or MAX_LOAD / (1 + SLACK / np.sqrt(work_hours))
    needed_s = work_hours / load * SECONDS_PER_HOUR
    return [_team(shop, number, seconds) for number, seconds in enumerate(needed_s)]


def _minutes_by_team(shop: SyntheticShop, orders: OrderBlock) -> np.ndarray:
    """Mean minutes of work that one exception brings to each team, the wrong ones included."""
    random = shop.random(RandomStream.PILOT, 1)
    chance = liability(orders) * scale_of(orders, 1.0)
    chance[:, CODE["stock"]] = SHARE[CODE["stock"]]
    cause = draw_by_row(random, chance, np.arange(len(orders)))
    # Orders liable to nothing else than usual count less than those liable to much.
    weight = chance.sum(axis=1)
    raised = raise_exceptions(
        random,
        orders,
        cause_of_order=cause,
        apparent=cause,
        burst_of=np.full(len(orders), -1),
        lost_at_deadline=shop.lost_at_deadline,
    )
    touched = ~np.isfinite(raised.self_resolves_s) | (random.random(len(cause)) < 0.5)
    minutes = raised.touch_minutes * touched * (1 + REOPENED_SHARE * REWORK_SHARE) * weight
    wrong = (raised.first_team != raised.team) * raised.triage_minutes * touched * weight
    by_team = np.bincount(raised.team, minutes, len(TEAMS))
    by_team += np.bincount(raised.first_team, wrong, len(TEAMS))
    return by_team / weight.sum()


def _team(shop: SyntheticShop, number: int, needed_a_week_s: float) -> Team:
    weekdays, opens_hour, max_hours = SHIFTS[number]
    a_day_s = needed_a_week_s / len(weekdays)
    operators = max(1, int(np.ceil(a_day_s / (max_hours * SECONDS_PER_HOUR))))
    length_s = max(MIN_SHIFT_S, round(a_day_s / operators))
    calendar = TeamCalendar(weekdays, opens_hour * SECONDS_PER_HOUR, length_s, shop.start.weekday())
    return Team(TEAMS[number], operators, calendar)


def teams_table(teams: list[Team]) -> pd.DataFrame:
    """The truth about the teams: one row each."""
    return pd.DataFrame(
        {
            "team": names(TEAMS, np.arange(len(teams))),
            "operators": [team.operators for team in teams],
            "weekdays": names(
                ["".join(map(str, team.calendar.weekdays)) for team in teams],
                np.arange(len(teams)),
            ),
            "opens_hour": [team.calendar.opens_s / SECONDS_PER_HOUR for team in teams],
            "shift_hours": [team.calendar.length_s / SECONDS_PER_HOUR for team in teams],
        }
    )
