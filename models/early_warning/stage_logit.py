"""A logistic regression of few scores with an offset for each stage: it joins and calibrates."""

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from sklearn.linear_model import LogisticRegression

from data.domain import Json

_MIN_CHANCE = 1e-4


@dataclass(frozen=True)
class StageLogit:
    """Weights of scores.

    Attributes:
        scores: Names of the scores.
        mean: Of each score, subtracted.
        slope: Of each score.
        offset: By stage; `""` serves a stage never seen.
    """

    scores: tuple[str, ...]
    mean: list[float]
    slope: list[float]
    offset: dict[str, float]

    @classmethod
    def fit(
        cls,
        scores: dict[str, np.ndarray],
        stage: np.ndarray,
        happened: np.ndarray,
        weight: np.ndarray,
    ) -> Self:
        """Fit on rows that the scores were not learned from; both outcomes must be among them."""
        table = np.stack(list(scores.values()), axis=1)
        mean, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
        names = sorted(set(stage.tolist()))
        one_hot = np.stack([stage == name for name in names], axis=1)
        joined = np.hstack([(table - mean) / spread, one_hot])
        fitted = LogisticRegression(solver="newton-cholesky", max_iter=100).fit(
            joined, happened, sample_weight=weight
        )
        coefficient, k = fitted.coef_[0], len(scores)
        start = float(fitted.intercept_[0])
        offset = {n: start + float(c) for n, c in zip(names, coefficient[k:], strict=True)}
        slope = (coefficient[:k] / spread).tolist()
        usual = float(np.mean(start + one_hot @ coefficient[k:]))
        return cls(tuple(scores), mean.tolist(), slope, {**offset, "": usual})

    def chance(self, scores: dict[str, np.ndarray], stage: np.ndarray) -> np.ndarray:
        """Return n chances."""
        logit = np.array([self.offset.get(name, self.offset[""]) for name in stage], float)
        for name, mean, slope in zip(self.scores, self.mean, self.slope, strict=True):
            logit += slope * (scores[name] - mean)
        return np.clip(1 / (1 + np.exp(-logit)), _MIN_CHANCE, 1 - _MIN_CHANCE)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Json) -> Self:
        """Build from what `to_json` gave."""
        return cls(**{**values, "scores": tuple(values["scores"])})


def logit(chance: np.ndarray) -> np.ndarray:
    """Return log odds; NaN (nothing known) as even less than rare."""
    inside = np.clip(np.nan_to_num(chance, nan=0.01), 0.001, 0.999)
    return np.log(inside / (1 - inside))
