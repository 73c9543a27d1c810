"""Backtest of demand forecasts by a rolling origin, each read anew as of its cut-off."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.history.history import History
from features.demand.grain import Grain
from features.demand.panel import Panel
from models.demand.catalog import method_names, that_can_learn
from models.demand.forecast import Forecast
from models.demand.forecaster import DemandForecaster
from training.common.run import Progress, git_commit
from training.demand.origins import (
    Origin,
    cut_offs,
    read_origin,
    read_truth,
    score,
    score_aggregates,
)
from training.demand.scores import (
    CLASSES,
    HISTORIES,
    LIVES,
    VOLUMES,
    figures,
    spl_saved,
    units_for_nothing,
)

SEED = 7
Figures = dict[str, float]


@dataclass
class MethodBacktest:
    """One method at all origins.

    Attributes:
        scores: A row a series and origin, as `demand_origins.score` gives them.
        aggregates: A row a group and origin.
        fit_seconds: Of each origin.
        forecast_seconds: Of each origin.
        last: The forecast of the last origin.
    """

    scores: list[pd.DataFrame] = field(default_factory=list)
    aggregates: list[pd.DataFrame] = field(default_factory=list)
    fit_seconds: list[float] = field(default_factory=list)
    forecast_seconds: list[float] = field(default_factory=list)
    last: Forecast | None = None


@dataclass(frozen=True)
class Backtest:
    """Result: the report, and the last origin with its forecasts for pictures."""

    report: dict[str, Any]
    origin: Origin
    forecasts: dict[str, Forecast]


def backtest(
    history: History,
    horizon: int,
    origins: int,
    progress: Progress,
    *,
    grain: Grain | None = None,
    methods: Sequence[str] | None = None,
) -> Backtest:
    """Forecast the last horizons of a history with each method, and score them.

    Args:
        history: The history.
        horizon: Periods that are forecast at each origin.
        origins: How many, a horizon apart.
        progress: Receives a line at each step.
        grain: That of the given demand, else a day, if left out.
        methods: Names of those to compare; gains are given of the first over each other one. All
            that the history holds enough for if left out.

    Raises:
        NotEnoughDataError: The history is too short, or has nothing to score.
    """
    progress("Reading what came")
    truth = read_truth(history, grain)
    results = {
        method: MethodBacktest() for method in methods or that_can_learn(method_names(), truth)
    }
    origins_read: list[Origin] = []
    for number, as_of in enumerate(cut_offs(truth, horizon, origins)):
        origin = read_origin(history, as_of, truth, horizon)
        origins_read.append(origin)
        for method, result in results.items():
            progress(f"Origin {number + 1} of {origins} ({as_of:%Y-%m-%d}): {method}")
            run_method(origin, method, number, result)
    if not any(np.isfinite(origin.actual).any() for origin in origins_read):
        cure = "Choose a shorter --horizon, or import demand with periods in stock."
        raise NotEnoughDataError("periods to score", 0, 1, cure)
    progress("Drawing intervals")
    report = {"history": history.fingerprint, **_report(truth, horizon, origins_read, results)}
    last = {name: result.last for name, result in results.items() if result.last is not None}
    return Backtest(report, origins_read[-1], last)


def _report(
    truth: Panel, horizon: int, origins: Sequence[Origin], results: dict[str, MethodBacktest]
) -> dict[str, Any]:
    return {
        "git_commit": git_commit(),
        "grain": str(truth.grain),
        "horizon": horizon,
        "origins": [_origin_facts(origin, truth) for origin in origins],
        "methods": {name: summary(result) for name, result in results.items()},
        "spl_saved": _saved(results),
    }


def run_method(origin: Origin, method: str, number: int, result: MethodBacktest) -> None:
    """Fit on the data of an origin, forecast, score, and add the scores to the result."""
    begin = time.perf_counter()
    demand = DemandForecaster.fit(origin.panel, len(origin.periods), method=method, seed=SEED)
    fitted = time.perf_counter()
    forecast = demand.forecast(origin.panel)
    result.forecast_seconds.append(time.perf_counter() - fitted)
    result.fit_seconds.append(fitted - begin)
    result.scores.append(score(origin, forecast).assign(origin=number))
    result.aggregates.append(score_aggregates(origin, forecast).assign(origin=number))
    result.last = forecast


def joined(parts: list[pd.DataFrame], keys: list[str]) -> pd.DataFrame:
    """Join the scores of origins, and number the series: one code at all origins."""
    rows = pd.concat(parts, ignore_index=True)
    return rows.assign(series=rows.groupby(keys).ngroup())


def summary(result: MethodBacktest) -> dict[str, Any]:
    """Return the figures of a method: overall, by class, by volume, of aggregates, and its cost."""
    scores = joined(result.scores, ["sku", "site"])
    sums = joined(result.aggregates, ["level", "group"])
    return {
        "all": figures_of(scores),
        "by_life": _by(scores, "life", LIVES),
        "by_history": _by(scores, "history", HISTORIES),
        "by_class": _by(scores, "demand_class", CLASSES),
        "by_volume": _by(scores, "volume", VOLUMES),
        "by_method": _by(scores, "method", sorted(scores["method"].unique())),
        "aggregates": _by(sums, "level", list(dict.fromkeys(sums["level"]))),
        "seconds": {"fit": result.fit_seconds, "forecast": result.forecast_seconds},
    }


def figures_of(scores: pd.DataFrame) -> dict[str, Any]:
    """Return figures as plain values, with what they are of.

    `series_scored` of `series` have a scaled score; each counts once for each of its origins. All
    that had begun and were in stock count in `bias`, `wape` and `units_for_nothing`.
    """
    counts = {
        "series": len(scores),
        "series_scored": int(scores["spl"].notna().sum()),
        "series_without_scale": int((scores["spl"].isna() & (scores["targets"] > 0)).sum()),
        "targets": int(scores["targets"].sum()),
        "units": float(scores["units"].sum()),
        "units_for_nothing": float(units_for_nothing(scores).sum()),
    }
    measured = {name: asdict(figure) for name, figure in figures(scores).items()}
    return counts | {name: value for name, value in measured.items() if np.isfinite(value["value"])}


def _by(scores: pd.DataFrame, column: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    parts = {name: scores[scores[column] == name] for name in names}
    return {name: figures_of(part) for name, part in parts.items() if part["targets"].sum()}


def _saved(results: dict[str, MethodBacktest]) -> dict[str, dict[str, Figures]]:
    """Return the share of each other method's SPL that the first one saves; all, established."""
    first, *others = (joined(result.scores, ["sku", "site"]) for result in results.values())
    established = first["history"] == HISTORIES[0]
    parts = {"all": np.ones_like(established), HISTORIES[0]: established}
    return {
        name: {
            part: asdict(spl_saved(first[rows], other[rows]))
            for part, rows in parts.items()
            if rows.any()
        }
        for name, other in zip(list(results)[1:], others, strict=True)
    }


def _origin_facts(origin: Origin, truth: Panel) -> dict[str, Any]:
    """Return the facts of an origin, with the units of series that were not yet recorded."""
    columns = np.isin(truth.periods, origin.periods)
    all_units = np.nansum(truth.demanded()[:, columns])
    return {
        "as_of": origin.as_of.isoformat(),
        "first_period": str(origin.periods[0]),
        "last_period": str(origin.periods[-1]),
        "series": origin.panel.series,
        "periods_known": origin.panel.length,
        "targets": int(np.isfinite(origin.actual).sum()),
        "units": float(np.nansum(origin.actual)),
        "units_of_unknown_series": float(all_units - np.nansum(origin.actual)),
    }
