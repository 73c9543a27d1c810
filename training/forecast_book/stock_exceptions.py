"""Stock exceptions of a history and a forecast: the table that the service raises them from.

Stock-outs and overstock come from sample paths, unfillable orders from the open orders. Each row is
priced, says when the money is lost, and brings its own sentence and facts.
"""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa

from data.domain import ExceptionType
from data.history.history import History
from data.policy.policy import Policy
from data.ticks import tick_of
from models.demand.forecast import Forecast
from models.demand.sample_paths import sample_paths
from models.inventory.stock_reasons import overstock_words, run_out_words
from models.inventory.stock_risk import (
    DemandPaths,
    Overstock,
    RunOut,
    StockedSeries,
    overstock,
    run_out,
)
from training.forecast_book.stock_facts import COLUMNS, StockException, StockFacts
from training.forecast_book.unfillable_orders import unfillable_orders

PATHS = 400
SERIES_AT_ONCE = 500
KINDS = (
    ExceptionType.STOCK_OUT_RISK,
    ExceptionType.UNFILLABLE_ORDERS,
    ExceptionType.OVERSTOCK,
)


def stock_exceptions(
    history: History, forecast: Forecast, policy: Policy, as_of: pd.Timestamp, *, seed: int = 7
) -> pa.Table:
    """Return one row a stock exception, the dearest first; none where no stock was ever counted.

    Args:
        history: Rows known at or after the moment are not read.
        forecast: Made as of the same moment.
        policy: What the company prefers.
        as_of: The moment.
        seed: Of the sample paths.
    """
    return exceptions_of(StockFacts.read(history, forecast, policy, as_of), seed)


def exceptions_of(stock_facts: StockFacts, seed: int) -> pa.Table:
    """Return the stock exceptions of the stock facts."""
    candidates = (
        [*_of_forecasts(stock_facts, seed), *unfillable_orders(stock_facts)]
        if len(stock_facts.stock)
        else []
    )
    candidates.sort(
        key=lambda exception: (-exception.loss, exception.kind, exception.sku, exception.site)
    )
    most = stock_facts.policy.stock.most_of_a_kind
    listed = [
        row
        for kind in KINDS
        for row in [exception for exception in candidates if exception.kind is kind][:most]
    ]
    listed.sort(key=candidates.index)
    return pa.Table.from_pylist([asdict(exception) for exception in listed], COLUMNS)


def _of_forecasts(stock_facts: StockFacts, seed: int) -> Iterator[StockException]:
    """Yield stock-outs and overstock among the series that are forecast and counted."""
    rules = stock_facts.policy.stock
    rows, stock, shelves = stock_facts.shelves()
    worth_a_look = np.flatnonzero(stock_facts.may_matter(rows, shelves))
    for begin in range(0, len(worth_a_look), SERIES_AT_ONCE):
        some = worth_a_look[begin : begin + SERIES_AT_ONCE]
        paths = sample_paths(stock_facts.forecast, rows[some], PATHS, seed)
        demand, there = DemandPaths.of(paths, stock_facts.edges_hours), shelves.take(some)
        about = stock.iloc[some].assign(per_period=paths.mean(axis=(1, 2))).to_dict("records")
        remedy = {"now_hours": stock_facts.now_hours, "remedy_hours": rules.remedy_hours}
        yield from _risks(stock_facts, about, there, run_out(demand, there, **remedy))
        keeping = {
            "keep_hours": rules.keep_days * 24,
            "share_per_year": rules.holding_share_per_year,
        }
        heaps = overstock(demand, there, now_hours=stock_facts.now_hours, **keeping)
        yield from _heaps(stock_facts, about, heaps)


def _risks(
    stock_facts: StockFacts, about: list[dict[Any, Any]], shelves: StockedSeries, risks: RunOut
) -> Iterator[StockException]:
    policy = stock_facts.policy
    loss = _preventable(policy, ExceptionType.STOCK_OUT_RISK, risks.saving)
    reported = (loss >= policy.stock.smallest_loss) & (risks.chance >= policy.stock.smallest_chance)
    for i in np.flatnonzero(reported):
        delivery = shelves.delivery_hours[i]
        median, early = risks.median_hours[i], risks.early_hours[i]
        facts = _facts(stock_facts, about[i]) | {
            "chance": round(float(risks.chance[i]), 4),
            "runs_out_on": _day(stock_facts, median) if median < delivery else None,
            "runs_out_early_on": _day(stock_facts, early) if early < delivery else None,
            "next_delivery_on": _day(stock_facts, delivery),
            "lost_units": round(float(risks.lost_units[i]), 1),
            "lost_margin": round(float(risks.lost_margin[i]), 2),
        }
        yield StockException(
            kind=ExceptionType.STOCK_OUT_RISK,
            sku=about[i]["sku"],
            site=about[i]["site"],
            loss=float(loss[i]),
            curve=risks.curve[i].tolist(),
            chance=float(risks.chance[i]),
            due_at_ms=_act_by(stock_facts, min(median, delivery), min(early, delivery)),
            message=run_out_words(facts, policy.currency),
            facts=orjson.dumps(facts).decode(),
        )


def _act_by(stock_facts: StockFacts, *runs_out_hours: float) -> int | None:
    """The last moment at which a remedy still comes in time; when it runs out if that is over."""
    remedy = stock_facts.policy.stock.remedy_hours
    later = [h for at in runs_out_hours for h in (at - remedy, at) if h > stock_facts.now_hours]
    return tick_of(stock_facts.moment(later[0])) if later else None


def _heaps(
    stock_facts: StockFacts, about: list[dict[Any, Any]], heaps: Overstock
) -> Iterator[StockException]:
    policy = stock_facts.policy
    loss = _preventable(policy, ExceptionType.OVERSTOCK, heaps.saving)
    for i in np.flatnonzero((loss >= policy.stock.smallest_loss) & (heaps.units > 0)):
        facts = _facts(stock_facts, about[i]) | {
            "excess_units": float(heaps.units[i]),
            "keep_days": policy.stock.keep_days,
            "tied_up": round(float(heaps.tied_up[i]), 2),
            "holding_per_day": round(float(heaps.holding_per_day[i]), 4),
        }
        yield StockException(
            kind=ExceptionType.OVERSTOCK,
            sku=about[i]["sku"],
            site=about[i]["site"],
            loss=float(loss[i]),
            curve=heaps.curve[i].tolist(),
            chance=None,
            due_at_ms=None,
            message=overstock_words(facts, policy.currency),
            facts=orjson.dumps(facts).decode(),
        )


def _preventable(policy: Policy, kind: ExceptionType, money: np.ndarray) -> np.ndarray:
    """Price money at risk as the work list does: no more than the largest, as far as it helps."""
    return np.minimum(money, policy.losses.largest) * policy.losses.terms(kind).handling_helps


def _facts(stock_facts: StockFacts, about: dict[Any, Any]) -> dict[str, Any]:
    inbound = about["inbound"]
    return {
        "sku": about["sku"],
        "site": about["site"],
        "on_hand": float(about["on_hand"]),
        "inbound": 0.0 if np.isnan(inbound) else float(inbound),
        "per_period": round(float(about["per_period"]), 3),
        "period": stock_facts.forecast.grain.noun,
    }


def _day(stock_facts: StockFacts, hours: float) -> str:
    return f"{stock_facts.moment(hours):%Y-%m-%d}"
