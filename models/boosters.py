"""LightGBM boosters: fitted for one objective, kept as LightGBM's own text, read at speed."""

import ctypes
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Self

import lightgbm as lgb
import numpy as np
from lightgbm.libpath import _LIB  # the C interface is LightGBM's documented, stable one
from scipy.sparse import issparse

from features.engine.compute import Matrix

_FLOAT32, _FLOAT64 = 0, 1
_FEW_ROWS = 64
_NORMAL = 0
DEFAULT_SEED = 7
_RUN_SEED = ContextVar("run_seed", default=DEFAULT_SEED)


@contextmanager
def _in_context(variable: ContextVar[Any], value: object) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def seeded(seed: int) -> AbstractContextManager[None]:
    """Fit all boosters of a block of code with another seed; copies of a context take it over.

    Args:
        seed: 0 or more. `DEFAULT_SEED` changes nothing. Boosters of different seeds stay different.
    """
    return _in_context(_RUN_SEED, seed)


def run_seed() -> int:
    """Return the seed that boosters are fitted with here."""
    return _RUN_SEED.get()


def seed_of_run(seed: int) -> int:
    """Return a seed as the run moves it: for what is drawn beside the boosters, such as rows."""
    return seed - DEFAULT_SEED + run_seed()


@dataclass(frozen=True)
class TreeSettings:
    """Settings of boosted trees; logged with each run. `varies`: whether trials may vary them."""

    rounds: int = 200
    learning_rate: float = 0.05
    leaves: int = 31
    smallest_leaf: int = 40
    columns_share: float = 0.6
    rows_share: float = 0.8
    l2: float = 5.0
    seed: int = DEFAULT_SEED
    threads: int = 1  # boosters are fitted side by side instead
    varies: bool = True

    def params(self, **objective: Any) -> dict[str, Any]:
        """Return LightGBM's parameters for an objective."""
        return {
            "learning_rate": self.learning_rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.smallest_leaf,
            "feature_fraction": self.columns_share,
            "bagging_fraction": self.rows_share,
            "bagging_freq": 1,
            "lambda_l2": self.l2,
            "seed": seed_of_run(self.seed),
            "num_threads": self.threads,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
            **objective,
        }


@dataclass(frozen=True)
class TreeVariation:
    """Factors by which a run varies the settings of all its boosters; 1 changes nothing."""

    rounds: float = 1.0
    learning_rate: float = 1.0
    leaves: float = 1.0
    smallest_leaf: float = 1.0
    columns_share: float = 1.0
    l2: float = 1.0

    def of(self, settings: TreeSettings) -> TreeSettings:
        """Return varied settings, within what LightGBM allows."""
        if not settings.varies:
            return settings
        return replace(
            settings,
            rounds=max(round(settings.rounds * self.rounds), 1),
            learning_rate=settings.learning_rate * self.learning_rate,
            leaves=max(round(settings.leaves * self.leaves), 2),
            smallest_leaf=max(round(settings.smallest_leaf * self.smallest_leaf), 1),
            columns_share=min(settings.columns_share * self.columns_share, 1.0),
            l2=settings.l2 * self.l2,
        )


NO_VARIATION = TreeVariation()
_RUN_VARIATION = ContextVar("run_variation", default=NO_VARIATION)


def varied(variation: TreeVariation) -> AbstractContextManager[None]:
    """Fit all boosters of a block of code with varied settings; copies of a context too."""
    return _in_context(_RUN_VARIATION, variation)


def run_variation() -> TreeVariation:
    """Return the variation that boosters are fitted with here."""
    return _RUN_VARIATION.get()


class Booster:
    """A fitted booster. Safe to call from several threads."""

    def __init__(self, booster: lgb.Booster) -> None:
        self.booster = booster
        self.outputs = booster.num_model_per_iteration()
        self._single = threading.local()

    @classmethod
    def fit(
        cls,
        table: Any,
        label: np.ndarray,
        settings: TreeSettings,
        *,
        weight: np.ndarray | None = None,
        words: list[int] | None = None,
        group: np.ndarray | None = None,
        **objective: Any,
    ) -> Self:
        """Fit boosted trees.

        Args:
            table: (n, columns) array or CSR matrix.
            label: n numbers as the objective wants them.
            settings: How they learn.
            weight: n weights; all 1 if None.
            words: Columns that hold codes of words.
            group: Sizes of the groups that are ranked, for a ranking objective.
            objective: LightGBM's parameters of the objective.
        """
        data = lgb.Dataset(
            table, label, weight=weight, group=group, categorical_feature=words or []
        )
        own = run_variation().of(settings)
        return cls(lgb.train(own.params(**objective), data, num_boost_round=own.rounds))

    def predict(self, matrix: Matrix) -> np.ndarray:
        """Return (n, outputs)."""
        if len(matrix) == 1:
            return self.predict_row(matrix.single_row)[None, :]
        return self.predict_table(matrix.table)

    def predict_table(self, table: Any) -> np.ndarray:
        """Return (n, outputs) of an array or CSR matrix."""
        if table.shape[0] <= _FEW_ROWS and isinstance(table, np.ndarray):
            return self._predict_few(np.ascontiguousarray(table, np.float32))
        raw = self.booster.predict(table, num_threads=1)
        return np.asarray(raw).reshape(table.shape[0], self.outputs)

    def _predict_few(self, table: np.ndarray) -> np.ndarray:
        """Call LightGBM directly: its Python door costs ten times as much as a dozen rows."""
        out = np.empty((len(table), self.outputs))
        length = ctypes.c_int64()
        failed = _LIB.LGBM_BoosterPredictForMat(
            self.booster._handle,
            table.ctypes.data_as(ctypes.c_void_p),
            ctypes.c_int(_FLOAT32),
            ctypes.c_int32(table.shape[0]),
            ctypes.c_int32(table.shape[1]),
            ctypes.c_int(1),
            ctypes.c_int(_NORMAL),
            ctypes.c_int(0),
            ctypes.c_int(-1),
            b"num_threads=1",
            ctypes.byref(length),
            out.ctypes.data_as(ctypes.c_void_p),
        )
        if failed:
            raise RuntimeError(_LIB.LGBM_GetLastError().decode())
        return out

    def predict_row(self, row: np.ndarray) -> np.ndarray:
        """Return the outputs of one row of float64, by LightGBM's single-row path: microseconds."""
        single = getattr(self._single, "call", None)
        if single is None:
            single = self._single.call = _SingleRow(self.booster)
        return single(row)

    def contributions(self, table: Any) -> np.ndarray:
        """Return (n, columns + 1) contributions to the raw score, the last one the base."""
        values: Any = self.booster.predict(table, pred_contrib=True, num_threads=1)
        return values.toarray() if issparse(values) else values

    def importance(self) -> np.ndarray:
        """Return the total gain of each column."""
        return self.booster.feature_importance("gain")

    def importance_by_name(self, names: Sequence[str]) -> dict[str, float]:
        """Return the total gain of each column; those after the names are of the message."""
        gain = self.importance().tolist()
        grams = [f"message n-gram {i}" for i in range(len(gain) - len(names))]
        return dict(zip([*names, *grams], gain, strict=True))

    def to_text(self) -> str:
        """Return LightGBM's own text."""
        return self.booster.model_to_string()

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Read LightGBM's own text."""
        return cls(lgb.Booster(model_str=text))


class _SingleRow:
    """LightGBM's prepared single-row call; it holds buffers, so each thread has its own."""

    def __init__(self, booster: lgb.Booster) -> None:
        self._booster = booster  # keeps the C handle alive
        self._columns = booster.num_feature()
        self._row = np.empty(self._columns)
        self._out = np.empty(booster.num_model_per_iteration())
        self._length = ctypes.c_int64()
        config = ctypes.c_void_p()
        failed = _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
            booster._handle,
            ctypes.c_int(_NORMAL),
            ctypes.c_int(0),
            ctypes.c_int(-1),
            ctypes.c_int(_FLOAT64),
            ctypes.c_int32(self._columns),
            b"num_threads=1",
            ctypes.byref(config),
        )
        if failed:
            raise RuntimeError(_LIB.LGBM_GetLastError().decode())
        self._arguments = (
            config,
            self._row.ctypes.data_as(ctypes.c_void_p),
            ctypes.byref(self._length),
            self._out.ctypes.data_as(ctypes.c_void_p),
        )

    def __call__(self, row: np.ndarray) -> np.ndarray:
        self._row[:] = row
        if _LIB.LGBM_BoosterPredictForMatSingleRowFast(*self._arguments):
            raise RuntimeError(_LIB.LGBM_GetLastError().decode())
        return self._out.copy()
