"""Comparison of score sets on rehearsed orders, window by window."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.domain import Stage
from features.orders.history_features import RATE_OF, RATES
from models.early_warning.early_warning import PLAIN
from models.early_warning.stage_logit import StageLogit
from training.common import measures
from training.common.promotion import MIN_SHARE_NO_WORSE, NOISE_QUANTILE
from training.early_warning.fit import PreparedOrders, evened, settled_rows
from training.early_warning.score_sets import (
    CANDIDATES,
    NO_SCORES,
    RATE,
    ScoreSet,
    model_score_sets,
)
from training.early_warning.surplus import PastChances, outcome_surplus


class WarningSkill(NamedTuple):
    """Skill of a score set beside one rate for each stage, and beside plain LightGBM.

    Attributes:
        is_learned: Whether it beats the rates beyond noise, and is no worse than plain LightGBM.
        summary: The losses that were compared, and what was decided by them.
    """

    is_learned: bool
    summary: str


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
        last_begin: Tick at which the last window begins.
    """

    rows: np.ndarray
    window: np.ndarray
    scores: dict[str, np.ndarray]
    last_begin: int

    @property
    def last_window(self) -> int:
        """The window that ends with the dataset."""
        return int(self.window.max())

    def select(self, mask: np.ndarray) -> SelectedScores:
        """Return the rows of a mask and their scores."""
        return SelectedScores(
            self.rows[mask], {name: score[mask] for name, score in self.scores.items()}
        )


class Comparison:
    """Comparison of score sets for some types of exceptions, window by window."""

    def __init__(
        self, prepared: PreparedOrders, rehearsed: RehearsalScores, types: list[str]
    ) -> None:
        self._prepared, self._rehearsed, self._types = prepared, rehearsed, types
        dataset = prepared.dataset
        self.happened = dataset.to_come(types)
        self.settled = np.isin(rehearsed.rows, settled_rows(prepared, types, dataset.tick))
        self._follows = set(types) <= set(dataset.transit_types)
        self._is_any = set(types) == set(dataset.transit_types)
        self._judged = rehearsed.rows[self.settled & (rehearsed.window > 0)]
        self._blocks = measures.day_blocks(dataset.columns["placed_at"][self._judged])
        self._losses: dict[ScoreSet, np.ndarray] = {}

    @property
    def last_rows(self) -> np.ndarray:
        """Positions of the settled rows of the last window."""
        last = self._rehearsed.window == self._rehearsed.last_window
        return self._rehearsed.rows[last & self.settled]

    def score_sets(self) -> dict[str, ScoreSet]:
        """Return score sets by name: those of the models, the largest first, then the baselines."""
        parts = filter(self._prepared.choices.competes, CANDIDATES)
        score_sets = model_score_sets(self._rehearsed.scores, tuple(parts))
        for entity, words in RATE_OF.items():
            tried = [(f"rate {i}",) for i, rate in enumerate(RATES) if rate.entity == entity]
            score_sets[f"{RATE} {words}"] = min(
                tried, key=lambda score_set: float(self.losses(score_set).mean())
            )
        return score_sets

    def best(self, score_sets: dict[str, ScoreSet], losses: dict[str, float]) -> str:
        """Return the largest score set, unless another is better beyond noise, or a baseline is.

        Several scores together hold up better in other seasons than a set that wins by very little.
        To plain LightGBM it gives way where it is worse in three of four draws.
        """
        models = [name for name in score_sets if not name.startswith(RATE)]
        rival = min(score_sets.keys() - set(models), key=lambda name: losses[name])
        if not models:
            return rival
        best = models[0]
        for name in models[1:]:
            drawn = self._drawn(self.losses(score_sets[best]) - self.losses(score_sets[name]))
            if np.quantile(drawn, MIN_SHARE_NO_WORSE if name == PLAIN else NOISE_QUANTILE) > 0:
                best = name
        return best if losses[best] < losses[rival] else rival

    def skill(self, score_set: ScoreSet) -> WarningSkill:
        """Compare a score set with one rate for each stage, and with plain LightGBM as it is."""
        own, of_rate, plain = self.losses(score_set), self.losses(NO_SCORES), self._plain_losses()
        summary = f"log loss {own.mean():.4f}, one rate for each stage {of_rate.mean():.4f}"
        if plain is not None:
            summary += f", plain LightGBM {plain.mean():.4f}"
        summary += f", on {len(own):,} settled orders at their stages"
        if np.quantile(self._drawn(of_rate - own), NOISE_QUANTILE) <= 0:
            return WarningSkill(
                False, f"no better than one rate for each stage beyond noise ({summary})"
            )
        if plain is not None and np.quantile(self._drawn(own - plain), NOISE_QUANTILE) > 0:
            return WarningSkill(False, f"worse than plain LightGBM on the raw columns ({summary})")
        return WarningSkill(True, summary)

    def _drawn(self, gain: np.ndarray) -> np.ndarray:
        return np.array([gain[rows].mean() for rows in self._blocks])

    def _plain_losses(self) -> np.ndarray | None:
        windows = range(1, self._rehearsed.last_window + 1)
        chances = [own for own in map(self.plain_chance, windows) if own is not None]
        if not chances:
            return None
        losses = log_losses(np.concatenate(chances), self.happened[self._judged])
        return losses * evened(self._prepared.dataset.weight[self._judged])

    def plain_chance(self, window: int) -> np.ndarray | None:
        """Return plain LightGBM's chances of the settled rows of a window, as they are.

        Returns:
            None where it was not fitted, or the types are not all that can go wrong on the way.
        """
        if PLAIN not in self._rehearsed.scores or not self._is_any:
            return None
        scores = self._rehearsed.select(self.settled & (self._rehearsed.window == window)).scores
        return 1 / (1 + np.exp(-scores[PLAIN]))

    def losses(self, score_set: ScoreSet) -> np.ndarray:
        """Return the weighted log losses in the windows that have others before them."""
        if score_set not in self._losses:
            windows = range(1, self._rehearsed.last_window + 1)
            chance = np.concatenate([self.chance(score_set, window) for window in windows])
            losses = log_losses(chance, self.happened[self._judged])
            self._losses[score_set] = losses * evened(self._prepared.dataset.weight[self._judged])
        return self._losses[score_set]

    def chance(self, score_set: ScoreSet, window: int) -> np.ndarray:
        """Return the chances of the settled rows of a window, calibrated on those before it.

        They follow the outcomes that were known when each row was scored, as they do when served.
        """
        rehearsed, dataset = self._rehearsed, self._prepared.dataset
        model = self.fitted(score_set, rehearsed.window < window)
        rows, scores = rehearsed.select(self.settled & (rehearsed.window == window))
        if not self._follows:
            return model.chance(scores, dataset.stage[rows])
        so_far, own = rehearsed.select(
            (rehearsed.window <= window) & (dataset.stage[rehearsed.rows] == str(Stage.PLACED))
        )
        past = PastChances(so_far, model.chance(own, dataset.stage[so_far]))
        surplus = outcome_surplus(dataset, self._types, past, dataset.scored_at[rows])
        return model.chance(scores, dataset.stage[rows], surplus)

    def fitted(self, score_set: ScoreSet, chosen: np.ndarray) -> StageLogit:
        """Join a score set on the settled rows among the chosen ones."""
        dataset = self._prepared.dataset
        rows, scores = self._rehearsed.select(self.settled & chosen)
        own = {name: scores[name] for name in score_set}
        weight = evened(dataset.weight[rows])
        return StageLogit.fit(own, dataset.stage[rows], self.happened[rows], weight)

    def cases(self, chosen: np.ndarray) -> int:
        """Return the number of the rarer outcome among the settled rows that are chosen."""
        happened = self.happened[self._rehearsed.rows[self.settled & chosen]]
        return int(min(happened.sum(), (~happened).sum()))


def log_losses(chance: np.ndarray, happened: np.ndarray) -> np.ndarray:
    """Return the log loss of each row."""
    return -np.log(np.where(happened, chance, 1 - chance))
