"""Model card of demand: each method on the last horizon, and how far its quantiles hold.

Figures are of the series that decided which method serves; units foretold for what then sold
nothing are of all series. Intervals are of 95 %, from a bootstrap
over series.
"""

import numpy as np
import pandas as pd

from data.domain import Json
from data.history.history import History
from features.demand.panel import Panel
from models.demand.level_sets import M5_PROBABILITIES
from training.common.model_card.card import CardContent
from training.common.model_card.figures import MODEL
from training.common.plots import ReliabilityPoints
from training.common.promotion import GateDecision
from training.demand import report
from training.demand.backtest import figures_of
from training.demand.champion import MODEL as DEMAND
from training.demand.gate import comparable
from training.demand.rehearsal import DemandRehearsal, deciding_figures

_MISUSE = (
    "As a plan. A forecast says what customers would ask for, not what should be sold.",
    "For a product that was never sold here, beyond the mean of its group at its launch.",
)


def demand_figures(rehearsal: DemandRehearsal) -> Json:
    """Return the measures of the method that serves, and of each other one beside it.

    Returns:
        Empty where the history is too short to rehearse.
    """
    by_method = {name: deciding_figures(scores) for name, scores in rehearsal.scores.items()}
    if rehearsal.served_by not in by_method:
        return {}
    measured = {
        name: {measure: own[measure] for measure in report.COLUMNS if measure in own}
        for name, own in by_method.items()
    }
    served = measured.pop(rehearsal.served_by)
    labelled = by_method[rehearsal.served_by]["series_scored"]
    return {DEMAND: {"labelled": labelled, MODEL: served, **measured}}


def card_content(
    history: History,
    as_of: pd.Timestamp,
    panel: Panel,
    rehearsal: DemandRehearsal,
    decision: GateDecision,
    figures: Json,
) -> CardContent:
    """Return what the page says of a run."""
    periods = panel.periods
    size = f"{panel.series:,} series (a SKU at a site) of {panel.length:,} periods ({panel.grain})"
    data = [f"{size}, from {periods[0]} to {periods[-1]}."]
    if rehearsal.origin is not None:
        ahead = rehearsal.origin.periods
        data.append(f"Judged on the {len(ahead)} periods from {ahead[0]}, read as known before.")
        data.append(_coverage(rehearsal))
    spl = {
        name: float(np.nanmean(comparable(scores)["spl"]))
        for name, scores in rehearsal.scores.items()
    }
    return CardContent(
        model=DEMAND,
        as_of=f"{as_of:%Y-%m-%d}",
        decision=decision,
        data=tuple(data),
        fingerprint=history.fingerprint,
        loss="Scaled pinball loss (SPL)",
        candidates={DEMAND: spl},
        reasons={DEMAND: rehearsal.reason},
        untrained={},
        figures=figures,
        reliability=_reliability(rehearsal),
        importance={},
        misuse=_MISUSE,
        choices=rehearsal.choices.options,
    )


def _coverage(rehearsal: DemandRehearsal) -> str:
    """Return which series the figures are of, and what was forecast for those that sold nothing."""
    own = deciding_figures(rehearsal.scores[rehearsal.served_by])
    return (
        f"Figures are of {own['series_scored']:,} of {own['series']:,} series. For series that "
        f"sold nothing in these periods {own['units_for_nothing']:,.0f} units were forecast."
    )


def _reliability(rehearsal: DemandRehearsal) -> dict[str, ReliabilityPoints]:
    """Return the share of targets that is at most each quantile, of the method that serves."""
    scores = rehearsal.scores.get(rehearsal.served_by)
    if scores is None:
        return {}
    own = figures_of(scores)
    covered = [own[f"covers_{share:g}"]["value"] for share in M5_PROBABILITIES]
    return {DEMAND: ReliabilityPoints(np.array(M5_PROBABILITIES), np.array(covered))}
