"""From columns and rows of the simulation to tables of the contract; nothing after the end."""

import numpy as np
import pandas as pd

from data.domain import LabelOrigin, Priority
from data.sources.synthetic.catalogue import (
    CHANNELS,
    CITIES,
    COUNTRIES,
    PAYMENT_METHODS,
    POSTCODE_HEADS,
    SEGMENTS,
    SITES,
    SOURCES,
    Catalogue,
)
from data.sources.synthetic.causes import CAUSES, CODE, NAMES, TEAMS, TYPES
from data.sources.synthetic.exceptions import SEVERITIES, Raised
from data.sources.synthetic.frames import MISSING, names, numbered, times, written
from data.sources.synthetic.handling import EVENTS, OPERATORS_A_TEAM, SYSTEM, Records
from data.sources.synthetic.orders import AT, STAGES, Orders
from data.sources.synthetic.shop import HOUR_S, SyntheticShop
from data.sources.synthetic.texts import attributes, messages
from data.tables import YesNo

PRIORITIES = [str(each) for each in Priority]
CODES = [code for cause in CAUSES.values() for code in cause.codes]
ACTORS = ("customer", "system", "warehouse", "carrier")
ACTOR_OF_STAGE = np.array([0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 0])
# What happens outside is heard of later: scans of carriers come in with the next transmission.
HEARD_AFTER_HOURS = np.array([0, 0, 0, 0, 0, 0, 0, 0.1, 1, 3, 0.5])
UNPAID_AT_FIRST = np.isin(PAYMENT_METHODS, ("bank_transfer", "boleto", "invoice"))


def orders_table(shop: SyntheticShop, random: np.random.Generator, orders: Orders) -> pd.DataFrame:
    """One row an order, known once it is received."""
    visits, size = orders.visits, len(orders)
    place = visits.country * 4 + orders.city
    head = np.array([h for heads in POSTCODE_HEADS for h in heads])
    tail = np.char.zfill(random.integers(0, 1000, size).astype(str), 3)
    postcode = np.char.add(head[visits.country * 4 + orders.postcode_city], tail)
    constant = np.zeros(size, dtype=int)
    return pd.DataFrame(
        {
            "order_id": numbered("o", orders.number),
            "placed_at": times(shop, visits.placed_s),
            "source": names(SOURCES, orders.source),
            "channel": names(CHANNELS, visits.channel),
            "customer_id": numbered("c", visits.customer, 7),
            "customer_segment": names(SEGMENTS, orders.segment),
            "promised_at": times(shop, orders.promised_s),
            "ship_by_at": times(shop, orders.ship_by_s),
            "currency": names(("EUR",), constant),
            "total": orders.total,
            "country": names(COUNTRIES, visits.country),
            "postcode": written(postcode),
            "city": names([city for cities in CITIES for city in cities], place),
            "payment_method": names(PAYMENT_METHODS, orders.payment),
            "payment_status": names(
                ("authorized", "pending"), UNPAID_AT_FIRST[orders.payment].astype(int)
            ),
            "fulfillment_status": names(("unfulfilled",), constant),
            "status": names(("open",), constant),
            "known_at": times(shop, _received_s(orders)),
        }
    )[_received_s(orders) < shop.period_s]


def _received_s(orders: Orders) -> np.ndarray:
    return orders.planned_s[:, AT[STAGES[1]]]


def lines_table(shop: SyntheticShop, catalogue: Catalogue, orders: Orders) -> pd.DataFrame:
    """One row a line, known with its order."""
    visits = orders.visits
    order = visits.line_visit
    known_s = _received_s(orders)[order]
    first_line = np.searchsorted(order, np.arange(len(orders)))
    return pd.DataFrame(
        {
            "order_id": numbered("o", orders.number[order]),
            "line_id": numbered("", np.arange(len(order)) - first_line[order] + 1, 1),
            "sku": names(catalogue.skus, visits.line_sku),
            "units": visits.line_units.astype(float),
            "site": names(SITES, visits.site[order]),
            "unit_price": visits.line_price,
            "known_at": times(shop, known_s),
        }
    )[known_s < shop.period_s]


def planned_events(shop: SyntheticShop, orders: Orders, raised: Raised) -> pd.DataFrame:
    """The stages that are reached without hindrance: up to the exception, if there is one."""
    last = np.full(len(orders), len(STAGES))
    last[raised.order] = raised.stage
    row, stage = np.nonzero(np.arange(len(STAGES)) <= last[:, None])
    moment_s = orders.planned_s[row, stage]
    return _order_events(shop, orders.number[row], stage, moment_s, np.zeros(len(row), dtype=int))


def late_events(shop: SyntheticShop, records: Records) -> pd.DataFrame:
    """The stages that are reached after an exception, and cancellations."""
    number, stage, moment_s, canceled = _columns(records.order_events, 4)
    return _order_events(
        shop, number.astype(np.int64), stage.astype(int), moment_s, canceled.astype(int)
    )


def _order_events(
    shop: SyntheticShop,
    number: np.ndarray,
    stage: np.ndarray,
    moment_s: np.ndarray,
    canceled: np.ndarray,
) -> pd.DataFrame:
    known_s = moment_s + HEARD_AFTER_HOURS[stage] * HOUR_S
    keep = known_s < shop.period_s  # false for NaN, too
    number, stage, canceled = number[keep], stage[keep], canceled[keep]
    return pd.DataFrame(
        {
            "order_id": numbered("o", number),
            "stage": names([str(each) for each in STAGES], stage),
            "occurred_at": times(shop, moment_s[keep]),
            "event": names(("reached", "canceled"), canceled),
            "actor": names(ACTORS, np.where(canceled == 1, 0, ACTOR_OF_STAGE[stage])),
            "known_at": times(shop, known_s[keep]),
        }
    )


def exceptions_table(
    shop: SyntheticShop,
    random: np.random.Generator,
    catalogue: Catalogue,
    orders: Orders,
    raised: Raised,
    first_number: int,
) -> pd.DataFrame:
    """One row an exception as it is first seen."""
    size = len(raised.order)
    told = random.random(size) < 0.92
    return pd.DataFrame(
        {
            "exception_id": numbered("e", first_number + np.arange(size)),
            "detected_at": times(shop, raised.detected_s),
            "order_id": numbered("o", orders.number[raised.order]),
            "source": names(SOURCES, orders.source[raised.order]),
            "type": names(TYPES, raised.type),
            "reason_code": names(CODES, raised.code),
            "message": written(messages(random, catalogue, orders, raised)),
            "severity": names(SEVERITIES, np.where(told, raised.severity, MISSING)),
            "due_at": times(shop, raised.due_s),
            "attributes": written(attributes(random, catalogue, orders, raised)),
            "known_at": times(shop, raised.detected_s),
        }
    )


def true_exceptions(shop: SyntheticShop, raised: Raised, first_number: int) -> pd.DataFrame:
    """What nobody knows at first, and some of it nobody ever: the truth about each exception."""
    size = len(raised.order)
    bursts = [f"b{number:03d}" for number in range(int(raised.burst.max(initial=0)) + 1)]
    return pd.DataFrame(
        {
            "exception_id": numbered("e", first_number + np.arange(size)),
            "cause": names(NAMES, raised.cause),
            "burst_id": names(bursts, raised.burst),
            "team": names(TEAMS, raised.team),
            "first_team": names(TEAMS, raised.first_team),
            "touch_minutes": raised.touch_minutes,
            "triage_minutes": raised.triage_minutes,
            "hazard_at": times(shop, raised.hazard_s),
            "loss_if_breached": raised.loss,
            "heals_at": times(shop, raised.heals_s),
            "cancels": raised.cancels,
            "reopens": raised.reopens,
        }
    )


def exception_events_table(shop: SyntheticShop, records: Records) -> pd.DataFrame:
    """One row a step in the handling."""
    number, moment_s, step, event, team, by, category, priority = _columns(records.events, 8)
    keep = moment_s < shop.period_s
    people, who = np.unique(by[keep].astype(int), return_inverse=True)
    return pd.DataFrame(
        {
            "exception_id": numbered("e", number[keep].astype(np.int64)),
            "occurred_at": times(shop, moment_s[keep]),
            "step": step[keep].astype(np.int64),
            "event": names([str(each) for each in EVENTS], event[keep]),
            "team": names(TEAMS, team[keep]),
            "by": names([_person(code) for code in people], who),
            "category": names(NAMES, category[keep]),
            "priority": names(PRIORITIES, priority[keep]),
            "known_at": times(shop, moment_s[keep]),
        }
    )


def _person(code: int) -> str:
    if code < 0:
        return "system" if code == SYSTEM else "dispatcher"
    team, number = divmod(code, OPERATORS_A_TEAM)
    return f"{TEAMS[team]}-{number + 1:02d}"


def outcomes_table(shop: SyntheticShop, records: Records) -> pd.DataFrame:
    """One row a closed exception; those still open have none."""
    rows = [row for row in records.outcomes if row[-1] < shop.period_s]
    (
        number,
        label,
        team,
        priority,
        resolved_s,
        touch,
        breached,
        breached_s,
        loss,
        healed,
        known_s,
    ) = _columns(rows, 11)
    typed = [str(LabelOrigin.TYPED)]
    return pd.DataFrame(
        {
            "exception_id": numbered("e", number.astype(np.int64)),
            "category": names(NAMES, label),
            "label_origin": names(typed, np.where(label >= 0, 0, MISSING)),
            "team": names(TEAMS, team),
            "priority": names(PRIORITIES, priority),
            "resolved_at": times(shop, resolved_s),
            "touch_minutes": touch,
            "breached": pd.array(breached == 1, dtype=YesNo),
            "breached_at": times(shop, breached_s),
            "loss": loss,
            "healed_itself": pd.array(healed == 1, dtype=YesNo),
            "known_at": times(shop, known_s),
        }
    )


def _columns(rows: list[tuple], count: int) -> np.ndarray:
    """Turn rows of numbers into columns."""
    return np.array(rows, dtype=float).reshape(-1, count).T


def spoil_addresses(random: np.random.Generator, orders: Orders, raised: Raised) -> None:
    """Write a postcode of another city on most orders whose address is wrong."""
    wrong = raised.order[(raised.cause == CODE["address"])]
    wrong = wrong[random.random(len(wrong)) < 0.6]
    orders.postcode_city[wrong] = (orders.city[wrong] + random.integers(1, 4, len(wrong))) % 4
