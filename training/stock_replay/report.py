"""Report of a replay: its costs beside those of perfect foresight, period by period."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from data.domain import Json
from training.stock_replay.simulator import Episode

mpl.use("Agg")


def figures(episode: Episode) -> Json:
    """Return the costs of an episode, its fill rate and its mean stock."""
    return {
        "cost": episode.cost,
        "holding": float(episode.holding_cost.sum()),
        "shortage": float(episode.shortage_cost.sum()),
        "fill_rate": episode.fill_rate,
        "mean_stock": float(episode.left.sum(axis=0).mean()),
    }


def spread(episodes: Sequence[Episode]) -> Json:
    """Return the figures' means over seeds, and the range and deviation of the cost."""
    each = [figures(episode) for episode in episodes]
    cost = np.array([row["cost"] for row in each])
    return {
        **{name: float(np.mean([row[name] for row in each])) for name in each[0]},
        "cost_lowest": float(cost.min()),
        "cost_highest": float(cost.max()),
        "cost_deviation": float(cost.std(ddof=1)) if len(cost) > 1 else None,
    }


def by_period(episode: Episode, periods: np.ndarray) -> list[Json]:
    """Return a row for each period: units over all series, and costs."""
    columns = {
        "demand": np.nan_to_num(episode.demand),
        "arrived": episode.arrived,
        "sold": episode.sold,
        "lost": episode.lost,
        "stock": episode.left,
        "holding": episode.holding_cost,
        "shortage": episode.shortage_cost,
    }
    totals = {name: matrix.sum(axis=0).tolist() for name, matrix in columns.items()}
    unknown = np.isnan(episode.demand).sum(axis=0).tolist()
    return [
        {
            "period": str(period),
            **{name: values[k] for name, values in totals.items()},
            "series_not_scored": unknown[k],
        }
        for k, period in enumerate(periods)
    ]


def draw(path: Path, episode: Episode, oracle: Episode, *, periods: np.ndarray, title: str) -> None:
    """Draw cost and stock of each period beside those of perfect foresight."""
    names = [str(period) for period in periods]
    figure = Figure(figsize=(8.0, 6.0), layout="constrained")
    upper, lower = figure.subplots(2, sharex=True)
    holding, shortage = episode.holding_cost.sum(axis=0), episode.shortage_cost.sum(axis=0)
    upper.bar(names, holding, label="holding")
    upper.bar(names, shortage, bottom=holding, label="shortage")
    best = (oracle.holding_cost + oracle.shortage_cost).sum(axis=0)
    upper.plot(names, best, color="black", marker="o", label="perfect foresight")
    upper.set(title=title, ylabel="cost")
    upper.legend()
    lower.bar(names, np.nan_to_num(episode.demand).sum(axis=0), color="0.8", label="demand")
    lower.plot(names, episode.left.sum(axis=0), marker="o", label="stock at the end")
    lower.plot(names, episode.arrived.sum(axis=0), marker=".", linestyle="--", label="arrived")
    lower.set(ylabel="units")
    lower.tick_params(axis="x", labelrotation=30)
    lower.legend()
    figure.savefig(path)
