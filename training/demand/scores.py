"""Scores of demand forecasts: sums for each series, figures with intervals from a bootstrap.

A target that is missing (out of stock, outside the life of the series, not known) is not scored.
Sources: SPL and RMSSE as in the M5 competition (Makridakis, Spiliotis, Assimakopoulos 2022), MASE
by Hyndman and Koehler 2006, demand classes by Syntetos, Boylan and Croston 2005.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd

from models.demand.level_sets import M5_PROBABILITIES
from training.common.measures import REPEATS, Figure

MAX_REGULAR_INTERVAL, MAX_EVEN_CV2 = 1.32, 0.49
CLASSES = ("smooth", "erratic", "intermittent", "lumpy", "unsold")
VOLUMES = ("low", "middle", "high")
HISTORIES = ("established", "scarce")
LIVES = ("alive", "silent")
MIN_SALES_OF_ESTABLISHED = 10  # of an established series
INNER_95 = (1, 7)  # positions of .025 and .975
_MEANS = ("spl", "rmsse", "mase")


def series_scores(
    past: np.ndarray, actual: np.ndarray, quantiles: np.ndarray, mean: np.ndarray, season: int
) -> pd.DataFrame:
    """Score n series over H periods.

    Args:
        past: (n, T) units that the forecast could learn from, NaN where missing.
        actual: (n, H) units that came, NaN where not to be scored.
        quantiles: (n, H, 9) units at `M5_PROBABILITIES`.
        mean: (n, H) units.
        season: Periods between the values that MASE compares.

    Returns:
        n rows. `spl`, `rmsse`, `mase`: of each series, NaN where it has no target or its past gives
        no scale (the mean step is 0 or not known). All others are sums over its targets: `targets`,
        `units`, `error` (mean less actual), `absolute_error` (of the mean), `inside_95`,
        `covers_P` (actual <= quantile) and `below_P` (actual < quantile): where demand is a whole
        number, and often 0, the nominal P lies between the two.
    """
    observed = np.isfinite(actual)
    targets = observed.sum(axis=1)
    error = np.where(observed, mean - actual, 0.0)
    median_error = np.where(observed, np.abs(quantiles[:, :, 4] - actual), 0.0)
    reached = quantiles >= actual[:, :, None]  # False where not seen
    exceeded = quantiles > actual[:, :, None]
    low, high = INNER_95
    with np.errstate(divide="ignore", invalid="ignore"):  # 0 / 0 is NaN: not scored
        step, season_step = mean_step(past, 1), mean_step(past, season)
        scores = {
            "spl": pinball_sum(actual, quantiles) / targets / step,
            "rmsse": np.sqrt((error**2).sum(axis=1) / targets / mean_step(past, 1, power=2)),
            "mase": median_error.sum(axis=1) / targets / season_step,
        }
    scores |= {
        "targets": targets,
        "units": np.where(observed, actual, 0.0).sum(axis=1),
        "error": error.sum(axis=1),
        "absolute_error": np.abs(error).sum(axis=1),
        "inside_95": (reached[:, :, high] & ~exceeded[:, :, low]).sum(axis=1),
    }
    for column, probability in enumerate(M5_PROBABILITIES):
        scores[f"covers_{probability:g}"] = reached[:, :, column].sum(axis=1)
        scores[f"below_{probability:g}"] = exceeded[:, :, column].sum(axis=1)
    return pd.DataFrame(scores)


def pinball_sum(actual: np.ndarray, quantiles: np.ndarray) -> np.ndarray:
    """Return (n,) pinball losses, summed over the targets and averaged over the nine quantiles."""
    short = actual[:, :, None] - quantiles
    loss = np.maximum(M5_PROBABILITIES * short, (M5_PROBABILITIES - 1) * short)
    return np.nansum(loss, axis=(1, 2)) / len(M5_PROBABILITIES)


def mean_step(past: np.ndarray, lag: int, *, power: int = 1) -> np.ndarray:
    """Return (n,) mean absolute change over `lag` periods, to a power; NaN where it is 0 or none.

    Only pairs of which both values are known count.
    """
    change = np.abs(past[:, lag:].astype(np.float64) - past[:, :-lag]) ** power
    pairs = np.isfinite(change).sum(axis=1)
    step = np.nansum(change, axis=1) / np.maximum(pairs, 1)
    return np.where(step > 0, step, np.nan)


def demand_classes(past: np.ndarray) -> np.ndarray:
    """Return (n,) of `CLASSES`, by the interval between sales and the spread of their sizes.

    Args:
        past: (n, T) units, NaN where missing.
    """
    sold = np.nan_to_num(past) > 0
    sales = np.maximum(sold.sum(axis=1), 1)
    interval = np.isfinite(past).sum(axis=1) / sales
    size = np.where(sold, past, 0.0).sum(axis=1, dtype=np.float64) / sales
    spread = (np.where(sold, past - size[:, None], 0.0) ** 2).sum(axis=1) / sales
    uneven = spread > MAX_EVEN_CV2 * size**2
    seldom = interval > MAX_REGULAR_INTERVAL
    classes = np.array(CLASSES)[2 * seldom + uneven]
    return np.where(sold.any(axis=1), classes, "unsold")


def histories(past: np.ndarray) -> np.ndarray:
    """Return (n,) of `HISTORIES`: whether a series sold in enough periods for a scale.

    The mean step of a series that sold a unit twice is next to nothing, and one large order later
    its scaled loss outweighs that of a thousand others.
    """
    return np.where((np.nan_to_num(past) > 0).sum(axis=1) >= MIN_SALES_OF_ESTABLISHED, *HISTORIES)


def volumes(past: np.ndarray) -> np.ndarray:
    """Return (n,) of `VOLUMES`: the thirds of the series by mean units a period."""
    periods = np.maximum(np.isfinite(past).sum(axis=1), 1)
    rank = np.argsort(np.argsort(np.nansum(past, axis=1) / periods, kind="stable"), kind="stable")
    return np.array(VOLUMES)[rank * len(VOLUMES) // max(len(rank), 1)]


def figures(scores: pd.DataFrame, repeats: int = REPEATS) -> dict[str, Figure]:
    """Return the figures of scored series with their 95 % intervals.

    Args:
        scores: Rows of `series_scores`, each with the codes `series` and `origin` (0, 1, ...).
            Both are drawn with replacement, a series with all its origins: they are not
            independent.
        repeats: How many draws.

    Returns:
        `spl`, `rmsse`, `mase`: unweighted means of the series; `wape`, `bias`: errors of the mean
        over the units that came; `for_nothing`: units forecast for series that then sold nothing,
        over the units that came; the share of targets in the 95 % interval, at most each quantile
        and below it.
    """
    names, over, under = _fractions(scores)
    stacked = np.column_stack([over, under])
    drawn = np.array([weight @ stacked for weight in _draws(scores, repeats)])
    drawn = drawn.reshape(-1, stacked.shape[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = drawn[:, : len(names)] / drawn[:, len(names) :]
        values = over.sum(axis=0) / under.sum(axis=0)
    return {name: _figure(values[i], shares[:, i]) for i, name in enumerate(names)}


def spl_saved(scores: pd.DataFrame, others: pd.DataFrame, repeats: int = REPEATS) -> Figure:
    """Return the share of the others' SPL that is saved, with its interval, paired by series.

    Args:
        scores: As `figures` takes them.
        others: The same series and origins, forecast otherwise.
        repeats: How many draws.
    """
    both = scores["spl"].notna() & others["spl"].notna()
    pair = np.column_stack([scores["spl"][both], others["spl"][both]])
    drawn = np.array([weight @ pair for weight in _draws(scores[both], repeats)])
    with np.errstate(divide="ignore", invalid="ignore"):
        own, other = pair.sum(axis=0)
        return _figure(1 - own / other, 1 - drawn[:, 0] / drawn[:, 1])


def units_for_nothing(scores: pd.DataFrame) -> pd.Series:
    """Return the units that were forecast for each series that sold nothing; 0 for the others."""
    return scores["error"].where(scores["units"] == 0, 0.0)


def _figure(value: float, drawn: np.ndarray) -> Figure:
    drawn = drawn[np.isfinite(drawn)]
    low, high = np.quantile(drawn, [0.025, 0.975]) if len(drawn) else (np.nan, np.nan)
    return Figure(float(value), float(low), float(high))


class FigureFractions(NamedTuple):
    """Figures as sums over sums.

    Attributes:
        names: Names of the k figures.
        over: (n, k) numerators.
        under: (n, k) denominators.
    """

    names: list[str]
    over: np.ndarray
    under: np.ndarray


def _fractions(scores: pd.DataFrame) -> FigureFractions:
    """Write each figure as a sum over a sum: names, (n, k) numerators and denominators."""
    counted = [c for c in scores if str(c).startswith(("inside_", "covers_", "below_"))]
    over = {name: scores[name].fillna(0.0) for name in _MEANS}
    under = {name: scores[name].notna() for name in _MEANS}
    over |= {"wape": scores["absolute_error"], "bias": scores["error"]}
    over |= {"for_nothing": units_for_nothing(scores)}
    under |= dict.fromkeys(("wape", "bias", "for_nothing"), scores["units"])
    over |= {str(name): scores[name] for name in counted}
    under |= dict.fromkeys(map(str, counted), scores["targets"])
    both = [pd.DataFrame(columns).to_numpy(np.float64) for columns in (over, under)]
    return FigureFractions(list(over), both[0], both[1])


def _draws(scores: pd.DataFrame, repeats: int) -> Iterator[np.ndarray]:
    """Draw series and origins with replacement: for each draw how often each row counts."""
    rng = np.random.default_rng(7)
    codes = [np.unique(scores[name], return_inverse=True)[1] for name in ("series", "origin")]
    for _ in range(repeats):
        series, origin = (_times_drawn(rng, int(code.max(initial=0)) + 1) for code in codes)
        yield series[codes[0]] * origin[codes[1]]


def _times_drawn(rng: np.random.Generator, n: int) -> np.ndarray:
    return np.bincount(rng.integers(0, n, n), minlength=n)
