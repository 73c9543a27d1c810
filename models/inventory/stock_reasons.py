"""Stock exceptions in words and money, each sentence from the facts that stand beside it. Pure."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from models.wording import money, number, percent

Facts = Mapping[str, Any]
MAX_NAMED_ORDERS = 5


def run_out_words(facts: Facts, currency: str) -> str:
    """Say what runs out, when, how likely that is and what it costs.

    >>> print(run_out_words({"sku": "A-17", "site": "berlin", "on_hand": 40, "per_period": 8.04,
    ...     "period": "day", "chance": 0.72, "runs_out_on": "2026-03-03", "inbound": 60,
    ...     "next_delivery_on": "2026-03-06", "lost_units": 23.2, "lost_margin": 184.4}, "EUR"))
    A-17 at berlin runs out on 3 March with 72 % (on hand 40, forecast 8 a day, next delivery \
6 March): about 23 units lost, EUR 184 of margin
    """
    if facts["on_hand"] <= 0:
        what = f"is out of stock, {percent(facts['chance'])} likely to lose sales"
    elif facts["runs_out_on"]:
        what = f"runs out on {_day(facts['runs_out_on'])} with {percent(facts['chance'])}"
    else:
        what = f"may run out with {percent(facts['chance'])}"
    coming = "next delivery" if facts["inbound"] else "nothing on its way, an order could arrive"
    return (
        f"{facts['sku']} at {facts['site']} {what} (on hand {_units(facts['on_hand'])}, "
        f"forecast {_units(facts['per_period'])} a {facts['period']}, "
        f"{coming} {_day(facts['next_delivery_on'])}): about {_counted(facts['lost_units'])} "
        f"lost, {money(facts['lost_margin'], currency)} of margin"
    )


def overstock_words(facts: Facts, currency: str) -> str:
    """Say what lies too long and what it costs.

    >>> print(overstock_words({"sku": "A-17", "site": "berlin", "on_hand": 150, "inbound": 0,
    ...     "per_period": 0.4, "period": "day", "excess_units": 120, "keep_days": 60,
    ...     "tied_up": 1200.0, "holding_per_day": 0.82}, "EUR"))
    A-17 at berlin has about 120 units more than it sells in 60 days (on hand 150, inbound 0, \
forecast 0.4 a day): EUR 1,200 tied up, EUR 0.82 a day
    """
    return (
        f"{facts['sku']} at {facts['site']} has about {_units(facts['excess_units'])} units more "
        f"than it sells in {facts['keep_days']:g} days (on hand {_units(facts['on_hand'])}, "
        f"inbound {_units(facts['inbound'])}, forecast {_units(facts['per_period'])} a "
        f"{facts['period']}): {money(facts['tied_up'], currency)} tied up, "
        f"{money(facts['holding_per_day'], currency)} a day"
    )


def unfillable_words(facts: Facts, currency: str) -> str:
    """Say which orders to fill, which customers to tell, and what that saves.

    >>> print(unfillable_words({"sku": "A-17", "site": "berlin", "pool_units": 4,
    ...     "waiting_units": 7, "lost_unchosen": 240.0, "lost_chosen": 90.0, "orders": [
    ...     {"order_id": "o1", "fill": True}, {"order_id": "o2", "fill": False}]}, "EUR"))
    A-17 at berlin: 2 open orders want 7 units, 4 are there. Fill o1; tell the customer of o2. \
EUR 90 lost so, EUR 240 if the first are served first
    """
    orders = facts["orders"]
    fill = [order["order_id"] for order in orders if order["fill"]]
    tell = [order["order_id"] for order in orders if not order["fill"]]
    todo = [f"fill {_named(fill)}"] if fill else []
    if tell:
        todo.append(f"tell the customer{'s' * (len(tell) > 1)} of {_named(tell)}")
    advice = "; ".join(todo)
    wants = "1 open order wants" if len(orders) == 1 else f"{len(orders)} open orders want"
    are = "is" if facts["pool_units"] == 1 else "are"
    return (
        f"{facts['sku']} at {facts['site']}: {wants} {_counted(facts['waiting_units'])}, "
        f"{_units(facts['pool_units'])} {are} there. "
        f"{advice[0].upper()}{advice[1:]}. {money(facts['lost_chosen'], currency)} lost so, "
        f"{money(facts['lost_unchosen'], currency)} if the first are served first"
    )


def _named(orders: list[str]) -> str:
    more = len(orders) - MAX_NAMED_ORDERS
    return ", ".join(orders[:MAX_NAMED_ORDERS]) + (f" and {more} more" if more > 0 else "")


def _units(units: float) -> str:
    """Whole units, but for less than one."""
    return number(units) if units >= 1 or units <= 0 else f"{units:.1f}"


def _counted(units: float) -> str:
    number = _units(units)
    return f"{number} unit" if number == "1" else f"{number} units"


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day} {day:%B}"
