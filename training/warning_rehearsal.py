"""Rehearse the early warning: fit as of some weeks ago, then calibrate, judge and choose.

What is served in the end is fitted on everything and keeps the calibration of the rehearsal. Where
a baseline predicts the chance of an exception better, the baseline is served.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.domain import NotEnoughDataError
from features.order_logs import LATE
from features.order_past import RATE_OF, RATES
from models.stage_logit import StageLogit
from models.warning import ANY, SHORTAGE, EarlyWarning
from training.warning_fitting import PreparedOrders, evened, fit_scores, settled_rows

FEWEST_TO_JOIN = 25
FITTED_SHARE = 0.7
"""Of the settled orders, by time; the rest calibrates (first half) and judges (second half)."""

TREES, TIME, RATES_TOO = "boosted trees", "delivery time", "rates"
Way = tuple[str, ...]
"""The names of the scores that are joined."""


class Window(NamedTuple):
    """Ticks of placing: from `begin` scores are calibrated, from `middle` judged, until `end`."""

    begin: int
    middle: int
    end: int


@dataclass(frozen=True)
class WarningRehearsal:
    """The rehearsed models and how they did on the rows of judgement.

    Attributes:
        model: Calibrated on all rows since `window.begin`.
        window: What was fitted, calibrated and judged on.
        losses: Mean log loss of every way.
        judged: Positions of the rows of judgement.
        chance: Their chance of an exception, calibrated on the rows before them only.
    """

    model: EarlyWarning
    window: Window
    losses: dict[str, float]
    judged: np.ndarray
    chance: np.ndarray


def rate_ways() -> dict[str, list[Way]]:
    """Return for each baseline its windows and smoothings."""
    return {
        f"rate of the {said}": [(f"rate {i}",) for i, f in enumerate(RATES) if f.entity == entity]
        for entity, said in RATE_OF.items()
    }


def model_ways(model: EarlyWarning, best_rates: Way) -> dict[str, Way]:
    """Return the ways in which the models, and the best rates beside them, can be joined."""
    found = {TREES: (ANY,), f"{TREES} and {RATES_TOO}": (ANY, *best_rates)}
    if model.delivery:
        found |= {
            TIME: (SHORTAGE,),
            f"{TIME} and {RATES_TOO}": (SHORTAGE, *best_rates),
            f"{TREES} and {TIME}": (ANY, SHORTAGE),
            f"{TREES}, {TIME} and {RATES_TOO}": (ANY, SHORTAGE, *best_rates),
        }
    return found


def log_losses(chance: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """Return the log loss of each row."""
    return -np.log(np.where(happened, chance, 1 - chance))


def rehearse(prepared: PreparedOrders) -> WarningRehearsal:
    """Fit as of some weeks ago; calibrate, judge and choose on the orders placed since.

    Raises:
        NotEnoughDataError: Too few orders were placed since, or hardly any went wrong.
    """
    known = prepared.known
    settled = settled_rows(prepared, known.way_types, known.tick)
    window = _window(known.columns["placed_at"][settled])
    model = fit_scores(prepared, window.begin)
    placed = known.columns["placed_at"]
    since = settled[placed[settled] >= window.begin]
    happened = known.to_come(known.way_types)
    halves = since[placed[since] < window.middle], since[placed[since] >= window.middle]
    if min(happened[half].sum() for half in halves) < FEWEST_TO_JOIN:
        raise NotEnoughDataError(
            "orders of the last weeks that raised an exception",
            int(happened[since].sum()),
            2 * FEWEST_TO_JOIN,
            "Choose another --as-of, or import a longer history.",
        )
    scores = model.scores(prepared.rows)
    chosen, losses = _tried(prepared, model, scores, halves)
    best = min(losses, key=lambda name: losses[name])
    model.served_by = _sentence(best, losses)
    model.joined = _join(prepared, scores, chosen[best], window)
    judged = halves[1]
    first = _fit_joined(prepared, scores, chosen[best], (halves[0], happened[halves[0]]))
    chance = first.chance({n: scores[n][judged] for n in first.scores}, known.stage[judged])
    return WarningRehearsal(model, window, losses, judged, chance)


def _tried(
    prepared: PreparedOrders,
    model: EarlyWarning,
    scores: dict[str, np.ndarray],
    halves: tuple[np.ndarray, np.ndarray],
) -> tuple[dict[str, Way], dict[str, float]]:
    """Calibrate every way on the first half; return it and its loss on the second, by name."""
    chosen: dict[str, Way] = {}
    losses: dict[str, float] = {}
    for name, ways in rate_ways().items():
        tried = {way: _loss(prepared, scores, way, halves) for way in ways}
        chosen[name] = min(tried, key=lambda way: tried[way])
        losses[name] = tried[chosen[name]]
    best_rates = tuple(score for way in chosen.values() for score in way)
    for name, way in model_ways(model, best_rates).items():
        chosen[name], losses[name] = way, _loss(prepared, scores, way, halves)
    return chosen, losses


def _window(placed: np.ndarray) -> Window:
    begin, middle = np.quantile(placed, [FITTED_SHARE, (1 + FITTED_SHARE) / 2])
    return Window(int(begin), int(middle), int(placed.max()) + 1)


def _loss(
    prepared: PreparedOrders,
    scores: dict[str, np.ndarray],
    way: Way,
    halves: tuple[np.ndarray, np.ndarray],
) -> float:
    first, second = halves
    known = prepared.known
    happened = known.to_come(known.way_types)
    model = _fit_joined(prepared, scores, way, (first, happened[first]))
    chance = model.chance({name: scores[name][second] for name in way}, known.stage[second])
    losses = log_losses(chance, happened[second])
    return float(np.average(losses, weights=known.weight[second]))


def _fit_joined(
    prepared: PreparedOrders,
    scores: dict[str, np.ndarray],
    way: Way,
    labelled: tuple[np.ndarray, np.ndarray],
) -> StageLogit:
    rows, happened = labelled
    known = prepared.known
    own = {name: scores[name][rows] for name in way}
    return StageLogit.fit(own, known.stage[rows], happened, evened(known.weight[rows]))


def _join(
    prepared: PreparedOrders,
    scores: dict[str, np.ndarray],
    way: Way,
    window: Window,
) -> dict[str, StageLogit]:
    """Join scores to the chance of any exception and of each type of enough cases."""
    known = prepared.known
    joined = {}
    for name in (ANY, *known.raised_at):
        types = known.way_types if name == ANY else [name]
        rows = settled_rows(prepared, types, known.tick)
        rows = rows[known.columns["placed_at"][rows] >= window.begin]
        happened = known.to_come(types)[rows]
        if FEWEST_TO_JOIN <= happened.sum() < len(rows):
            own = way if name == ANY else _type_way(name, scores, way)
            joined[name] = _fit_joined(prepared, scores, own, (rows, happened))
    return joined


def _type_way(name: str, scores: dict[str, np.ndarray], way: Way) -> Way:
    """Return the scores of one type: lateness as any exception, others by their own booster."""
    own = name if name in scores else ANY
    if name == LATE:
        return tuple(own if score == ANY else score for score in way)
    return (own, SHORTAGE) if SHORTAGE in scores else (own,)


def _sentence(best: str, losses: dict[str, float]) -> str:
    baselines = {name: loss for name, loss in losses.items() if name.startswith("rate of")}
    rival = min(baselines, key=lambda name: baselines[name])
    return f"{best} (loss {losses[best]:.4f}); best baseline: {rival} ({losses[rival]:.4f})"


def fit_final(prepared: PreparedOrders, rehearsal: WarningRehearsal) -> EarlyWarning:
    """Fit the scores on everything settled; keep the choice and calibration of the rehearsal."""
    model = fit_scores(prepared, prepared.known.tick)
    rehearsed = rehearsal.model
    kept = {
        name: joined
        for name, joined in rehearsed.joined.items()
        if all(_has(model, score) for score in joined.scores)
    }
    model.joined, model.served_by = kept, rehearsed.served_by
    return model


def _has(model: EarlyWarning, score: str) -> bool:
    if score == SHORTAGE:
        return model.delivery is not None
    return score in model.trees or score.startswith("rate ")
