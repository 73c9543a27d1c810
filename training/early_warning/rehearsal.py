"""Rehearsal of the early warning: train as of several past moments, score the orders after each.

One later window would teach only its own season: a season of late parcels shifts every chance for
months. So the scores of two to four windows, each by models fitted before it, are joined and
calibrated together. Each set of scores is evaluated window by window, on calibrations of the
windows before. Where a baseline predicts the chance of an exception better, the baseline is served.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from features.orders.history_features import RATE_OF, RATES
from features.orders.logs import LATE
from models.early_warning.early_warning import ANY, SHORTAGE, EarlyWarning
from models.early_warning.stage_logit import StageLogit
from training.common import measures
from training.common.promotion import NOISE_QUANTILE
from training.early_warning.fit import PreparedOrders, evened, fit_scores, settled_rows
from training.early_warning.windows import MIN_CASES_TO_CALIBRATE, window_origins

TREES, TIME, RATES_TOO = "boosted trees", "delivery time", "long-run rates"
RATE = "rate of the"
ScoreSet = tuple[str, ...]
"""The names of the scores that are joined."""

LONG_RATES = tuple(f"rate {i}" for i, f in enumerate(RATES) if (f.days, f.smoothing) == (None, 20))
"""What is joined to the models: short windows carry the weather of one season into the next."""


class SelectedScores(NamedTuple):
    """Scores of some rows.

    Attributes:
        rows: Positions of the rows.
        scores: Their scores by name.
    """

    rows: np.ndarray
    scores: dict[str, np.ndarray]


@dataclass(frozen=True)
class RehearsalScores:
    """Scores of orders by models that were fitted before they were placed.

    Attributes:
        rows: Positions of the subjects.
        window: Which window each belongs to, from 0.
        scores: By name, in the order of `rows`.
    """

    rows: np.ndarray
    window: np.ndarray
    scores: dict[str, np.ndarray]

    @property
    def last_window(self) -> int:
        """The window that ends with the dataset."""
        return int(self.window.max())

    def select(self, mask: np.ndarray) -> SelectedScores:
        """Return the rows of a mask and their scores."""
        return SelectedScores(
            self.rows[mask], {name: score[mask] for name, score in self.scores.items()}
        )


@dataclass(frozen=True)
class WarningRehearsal:
    """Losses of the score sets, and the parts that the final models take over.

    Attributes:
        joined: For any exception and for types: calibrated on all windows.
        baselines: For each baseline the rate that did best.
        served_by: The sentence that names the best score set and the best baseline.
        losses: Mean log loss of every score set.
        evaluated: Positions of the rows of the last window.
        chance: Their chance of an exception, calibrated on the windows before.
    """

    joined: dict[str, StageLogit]
    baselines: dict[str, int]
    served_by: str
    losses: dict[str, float]
    evaluated: np.ndarray
    chance: np.ndarray


def rehearse(prepared: PreparedOrders) -> WarningRehearsal:
    """Score window after window, choose the best set of scores, and calibrate it.

    Raises:
        NotEnoughDataError: Too few orders are settled, or hardly any went wrong.
    """
    dataset = prepared.dataset
    rehearsed = _score_windows(prepared)
    settled = np.isin(rehearsed.rows, settled_rows(prepared, dataset.transit_types, dataset.tick))
    judge = _Comparison(prepared, rehearsed, settled)
    score_sets = judge.score_sets()
    losses = {name: float(judge.losses(score_set).mean()) for name, score_set in score_sets.items()}
    best = judge.best(score_sets, losses)
    last = rehearsed.window == rehearsed.last_window
    return WarningRehearsal(
        joined=_join(prepared, rehearsed, score_sets[best]),
        baselines={
            name: int(score_set[0].removeprefix("rate "))
            for name, score_set in score_sets.items()
            if name.startswith(RATE)
        },
        served_by=_sentence(best, losses),
        losses=losses,
        evaluated=rehearsed.rows[last & settled],
        chance=judge.chance(score_sets[best], rehearsed.last_window),
    )


def _score_windows(prepared: PreparedOrders) -> RehearsalScores:
    dataset = prepared.dataset
    placed = dataset.columns["placed_at"]
    edges = window_origins(prepared)
    rows, windows, parts = [], [], []
    for window, (begin, end) in enumerate(zip(edges, [*edges[1:], dataset.tick], strict=True)):
        own = np.flatnonzero((placed >= begin) & (placed < end))
        model = fit_scores(prepared, begin)
        rows.append(own)
        windows.append(np.full(len(own), window))
        paced = dataset.paced(prepared.rows, model.delivery)
        parts.append(model.scores(paced.take(own)))
    common = [name for name in parts[0] if all(name in part for part in parts)]
    scores = {name: np.concatenate([part[name] for part in parts]) for name in common}
    return RehearsalScores(np.concatenate(rows), np.concatenate(windows), scores)


class _Comparison:
    """Comparison of score sets, window by window."""

    def __init__(
        self, prepared: PreparedOrders, rehearsed: RehearsalScores, settled: np.ndarray
    ) -> None:
        self._prepared, self._rehearsed, self._settled = prepared, rehearsed, settled
        dataset = prepared.dataset
        self._happened = dataset.to_come(dataset.transit_types)
        self._judged = rehearsed.rows[settled & (rehearsed.window > 0)]
        self._blocks = measures.day_blocks(dataset.columns["placed_at"][self._judged])
        self._losses: dict[ScoreSet, np.ndarray] = {}

    def score_sets(self) -> dict[str, ScoreSet]:
        """Return score sets by name: those of the models, the largest first, then the baselines."""
        score_sets = _model_score_sets(self._rehearsed.scores)
        for entity, words in RATE_OF.items():
            tried = [(f"rate {i}",) for i, rate in enumerate(RATES) if rate.entity == entity]
            score_sets[f"{RATE} {words}"] = min(
                tried, key=lambda score_set: float(self.losses(score_set).mean())
            )
        return score_sets

    def best(self, score_sets: dict[str, ScoreSet], losses: dict[str, float]) -> str:
        """Return the largest score set, unless another is better beyond noise, or a baseline is.

        Several scores together hold up better in other seasons than a set that wins by very little.
        """
        models = [name for name in score_sets if not name.startswith(RATE)]
        best = models[0]
        for name in models[1:]:
            gain = self.losses(score_sets[best]) - self.losses(score_sets[name])
            drawn = [gain[rows].mean() for rows in self._blocks]
            if np.quantile(drawn, NOISE_QUANTILE) > 0:
                best = name
        rival = min(score_sets.keys() - set(models), key=lambda name: losses[name])
        return best if losses[best] < losses[rival] else rival

    def losses(self, score_set: ScoreSet) -> np.ndarray:
        """Return the weighted log losses in the windows that have others before them."""
        if score_set not in self._losses:
            windows = range(1, self._rehearsed.last_window + 1)
            chance = np.concatenate([self.chance(score_set, window) for window in windows])
            losses = log_losses(chance, self._happened[self._judged])
            self._losses[score_set] = losses * evened(self._prepared.dataset.weight[self._judged])
        return self._losses[score_set]

    def chance(self, score_set: ScoreSet, window: int) -> np.ndarray:
        """Return the chances of the settled rows of a window, calibrated on those before it."""
        before = self._settled & (self._rehearsed.window < window)
        rows, scores = self._rehearsed.select(before)
        model = _fit(self._prepared, score_set, scores, (rows, self._happened[rows]))
        rows, scores = self._rehearsed.select(self._settled & (self._rehearsed.window == window))
        return model.chance(scores, self._prepared.dataset.stage[rows])


def _model_score_sets(scores: dict[str, np.ndarray]) -> dict[str, ScoreSet]:
    score_sets: dict[str, ScoreSet] = {}
    if SHORTAGE in scores:
        score_sets = {
            f"{TREES}, {TIME} and {RATES_TOO}": (ANY, SHORTAGE, *LONG_RATES),
            f"{TREES} and {TIME}": (ANY, SHORTAGE),
            f"{TIME} and {RATES_TOO}": (SHORTAGE, *LONG_RATES),
            TIME: (SHORTAGE,),
        }
    return score_sets | {f"{TREES} and {RATES_TOO}": (ANY, *LONG_RATES), TREES: (ANY,)}


def log_losses(chance: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """Return the log loss of each row."""
    return -np.log(np.where(happened, chance, 1 - chance))


def _fit(
    prepared: PreparedOrders,
    score_set: ScoreSet,
    scores: dict[str, np.ndarray],
    labelled: tuple[np.ndarray, np.ndarray],
) -> StageLogit:
    rows, happened = labelled
    dataset = prepared.dataset
    own = {name: scores[name] for name in score_set}
    return StageLogit.fit(own, dataset.stage[rows], happened, evened(dataset.weight[rows]))


def _join(
    prepared: PreparedOrders, rehearsed: RehearsalScores, score_set: ScoreSet
) -> dict[str, StageLogit]:
    """Join scores to the chance of any exception and of each type of enough cases."""
    dataset = prepared.dataset
    joined = {}
    for name in (ANY, *dataset.raised_at):
        types = dataset.transit_types if name == ANY else [name]
        settled = np.isin(rehearsed.rows, settled_rows(prepared, types, dataset.tick))
        rows, scores = rehearsed.select(settled)
        happened = dataset.to_come(types)[rows]
        if MIN_CASES_TO_CALIBRATE <= happened.sum() < len(rows):
            own = score_set if name == ANY else _type_score_set(name, scores, score_set)
            joined[name] = _fit(prepared, own, scores, (rows, happened))
    return joined


def _type_score_set(name: str, scores: dict[str, np.ndarray], score_set: ScoreSet) -> ScoreSet:
    """Return the scores of one type: lateness as any exception, others by their own booster."""
    own = name if name in scores else ANY
    if name == LATE:
        return tuple(own if score == ANY else score for score in score_set)
    return (own, SHORTAGE) if SHORTAGE in scores else (own,)


def _sentence(best: str, losses: dict[str, float]) -> str:
    baselines = {name: loss for name, loss in losses.items() if name.startswith(RATE)}
    rival = min(baselines, key=lambda name: baselines[name])
    return f"{best} (loss {losses[best]:.4f}); best baseline: {rival} ({losses[rival]:.4f})"


def fit_final(prepared: PreparedOrders, rehearsal: WarningRehearsal) -> EarlyWarning:
    """Fit the scores on everything settled; keep the choice and calibration of the rehearsal."""
    model = fit_scores(prepared, prepared.dataset.tick)
    model.stage_logits, model.served_by = rehearsal.joined, rehearsal.served_by
    model.baselines = rehearsal.baselines
    return model
