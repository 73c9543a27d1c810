"""Gate of demand: the best method of a rehearsal, and the comparison with the champion."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from training.common.promotion import GateDecision
from training.demand.scores import HISTORIES, MIN_SALES_OF_ESTABLISHED, Figure, figures, spl_saved

UPPER = 0.975
MAX_COVERAGE_LOSS = 0.01
MAX_SPL = 10.0  # real histories have less than 1.5, those that hardly ever sold too
MAX_EXTREME_SERIES_SHARE = 0.05
MIN_ROWS_TO_JUDGE_DEMAND = 10  # series


class MethodChoice(NamedTuple):
    """Chosen method of a rehearsal.

    Attributes:
        method: Its name.
        reason: The sentence that compares the methods.
    """

    method: str
    reason: str


def best_method(scores: Mapping[str, pd.DataFrame], fallback: str) -> MethodChoice:
    """Return the method with the least SPL, the fallback in a tie, and the sentence that says so.

    Args:
        scores: For each method the scores of the same series; empty if nothing could be rehearsed.
        fallback: Serves where nothing could be compared.
    """
    means = {name: comparable(rows)["spl"].mean() for name, rows in scores.items()}
    means = {name: mean for name, mean in means.items() if np.isfinite(mean)}
    if not means:
        return MethodChoice(
            fallback, f"{fallback} serves: the history is too short to compare methods"
        )
    best = min(means, key=lambda name: (means[name], name != fallback))
    summary = ", ".join(f"{name} {spl:.4f}" for name, spl in means.items())
    return MethodChoice(best, f"{best} serves: SPL of {summary} ({_covered(scores[best])})")


def decide_demand(challenger: pd.DataFrame, champion: pd.DataFrame) -> GateDecision:
    """Judge a challenger against the champion, on targets that neither has learned from.

    Args:
        challenger: Scores of series, as `demand_scores.figures` takes them.
        champion: Of the same series.
    """
    if reason := implausible(challenger):
        return GateDecision(False, reason)
    challenger, champion = comparable(challenger), comparable(champion)
    compared = int((challenger["spl"].notna() & champion["spl"].notna()).sum())
    if compared < MIN_ROWS_TO_JUDGE_DEMAND:
        return GateDecision(
            False,
            f"only {compared} series came that the champion has not seen, too few to judge by (at "
            f"least {MIN_ROWS_TO_JUDGE_DEMAND}): train with a later --as-of",
        )
    saved = spl_saved(challenger, champion)
    summary = f"SPL {challenger['spl'].mean():.4f} against {champion['spl'].mean():.4f}"
    if saved.value <= 0:
        return GateDecision(False, f"{summary}: no better than the champion")
    if saved.low <= 0:
        return GateDecision(
            False, f"{summary}: the gain is within the noise ({_shares(saved)} saved)"
        )
    coverage, champion_coverage = (_upper_coverage(scores) for scores in (challenger, champion))
    if _short(coverage) > _short(champion_coverage) + MAX_COVERAGE_LOSS:
        return GateDecision(
            False,
            f"{summary}, but the {UPPER:.1%} quantile covers {coverage:.1%}, "
            f"the champion's {champion_coverage:.1%}",
        )
    return GateDecision(True, f"{summary}: better beyond the noise ({_shares(saved)} saved)")


def comparable(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the established series, where there are enough: a few others decide every mean.

    A series with an extreme among its targets, as a typo is, decides nothing.
    """
    scores = scores[scores["extreme_targets"] == 0]
    established = scores[scores["history"] == HISTORIES[0]]
    return established if established["spl"].notna().sum() >= MIN_ROWS_TO_JUDGE_DEMAND else scores


def implausible(scores: pd.DataFrame) -> str:
    """Return why targets can't judge a forecast: they differ from all demand before; else empty.

    SPL is free of scale: at 1 the mean quantile is missed by a usual step of its series.
    """
    cure = (
        "look at the suspicious values of `python -m training describe`, correct the rows or "
        "import the missing ones, and train again"
    )
    scored = int((scores["targets"] > 0).sum())
    extreme = int((scores["extreme_targets"] > 0).sum())
    if extreme > max(MAX_EXTREME_SERIES_SHARE * scored, 1):
        return (
            f"{extreme:,} of {scored:,} series have values in the last periods that are far "
            f"outside their usual range, too many to judge by: {cure}"
        )
    spl = float(comparable(scores)["spl"].mean())
    if spl > MAX_SPL:
        return (
            f"SPL {spl:,.1f}: the last periods are missed by {spl:,.0f} usual steps of a series, "
            f"so they differ from all demand before, in units or by a mistake: {cure}"
        )
    return ""


def _covered(scores: pd.DataFrame) -> str:
    """Return how many series decide, of how many."""
    deciding = comparable(scores)
    established = (deciding["history"] == HISTORIES[0]).all()
    rest = f", those that sold in {MIN_SALES_OF_ESTABLISHED} periods or more" if established else ""
    extreme = int((scores["extreme_targets"] > 0).sum())
    rest += f"; {extreme:,} with a suspicious value left out" if extreme else ""
    return f"{deciding['spl'].notna().sum():,} of {len(scores):,} series{rest}"


def _shares(figure: Figure) -> str:
    return f"{figure.value:.1%}, between {figure.low:.1%} and {figure.high:.1%}"


def _upper_coverage(scores: pd.DataFrame) -> float:
    return figures(scores, repeats=0)[f"covers_{UPPER:g}"].value


def _short(covers: float) -> float:
    """Return how much less than promised is covered; to cover more costs SPL, and counts there."""
    return max(UPPER - covers, 0.0)
