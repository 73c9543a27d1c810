"""Tables of exceptions: as they were raised, handled and closed, and the truth about them."""

import numpy as np
import pandas as pd

from data.contract.column_types import YesNo
from data.domain import LabelOrigin, Priority
from data.sources.synthetic.catalogue import SOURCES, Catalogue
from data.sources.synthetic.causes import CAUSES, NAMES, TEAMS, TYPES
from data.sources.synthetic.exceptions import SEVERITIES, ExceptionBlock
from data.sources.synthetic.frames import (
    MISSING,
    columns_of_rows,
    names,
    numbered,
    texts,
    times,
)
from data.sources.synthetic.handling import EVENTS, OPERATORS_A_TEAM, SYSTEM, HandlingRecords
from data.sources.synthetic.orders import OrderBlock
from data.sources.synthetic.shop import SyntheticShop
from data.sources.synthetic.texts import attributes, messages

PRIORITIES = [str(each) for each in Priority]
CODES = [code for cause in CAUSES.values() for code in cause.codes]


def exceptions_table(
    shop: SyntheticShop,
    random: np.random.Generator,
    catalogue: Catalogue,
    orders: OrderBlock,
    raised: ExceptionBlock,
    first_number: int,
) -> pd.DataFrame:
    """One row an exception as it is first raised."""
    size = len(raised.order)
    is_recorded = random.random(size) < 0.92
    return pd.DataFrame(
        {
            "exception_id": numbered("e", first_number + np.arange(size)),
            "detected_at": times(shop, raised.detected_s),
            "order_id": numbered("o", orders.number[raised.order]),
            "source": names(SOURCES, orders.source[raised.order]),
            "type": names(TYPES, raised.type),
            "reason_code": names(CODES, raised.code),
            "message": texts(messages(random, catalogue, orders, raised)),
            "severity": names(SEVERITIES, np.where(is_recorded, raised.severity, MISSING)),
            "due_at": times(shop, raised.due_s),
            "attributes": texts(attributes(random, catalogue, orders, raised)),
            "known_at": times(shop, raised.detected_s),
        }
    )


def true_exceptions(shop: SyntheticShop, raised: ExceptionBlock, first_number: int) -> pd.DataFrame:
    """Ground truth of each exception: facts that are recorded later or never."""
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
            "heals_at": times(shop, raised.self_resolves_s),
            "cancels": raised.cancels,
            "reopens": raised.reopens,
        }
    )


def exception_events_table(shop: SyntheticShop, records: HandlingRecords) -> pd.DataFrame:
    """One row a step in the handling."""
    number, moment_s, step, event, team, by, category, priority = columns_of_rows(records.events, 8)
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


def outcomes_table(shop: SyntheticShop, records: HandlingRecords) -> pd.DataFrame:
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
        recorded_s,
    ) = columns_of_rows(rows, 11)
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
            "known_at": times(shop, recorded_s),
        }
    )
