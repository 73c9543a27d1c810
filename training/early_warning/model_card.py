"""Model card of the early warning: its chances on the judged rows, beside rates and plain trees.

Rows are the settled orders of the last window, at all their stages. Figures are weighted by what
each order stands for. Intervals are of 95 %, from a bootstrap over days.
"""

import numpy as np
import pandas as pd

from data.domain import Json
from data.history.history import History
from models.early_warning.early_warning import ANY, PLAIN, EarlyWarning
from training.common import measures
from training.common.model_card.card import CardContent
from training.common.model_card.figures import MODEL, measured
from training.common.plots import ReliabilityPoints, binned
from training.common.promotion import GateDecision
from training.early_warning.fit import PreparedOrders, evened
from training.early_warning.rehearsal import JudgedChances, WarningRehearsal
from training.early_warning.report import weighted_measures

EXCEPTION = "exception"
_MISUSE = (
    "To refuse customers. A chance speaks of an order on its way, not of who placed it.",
    "To promise a date. It tells which orders are risky, not when a parcel arrives.",
)


def warning_figures(prepared: PreparedOrders, rehearsal: WarningRehearsal) -> Json:
    """Return the measures of each predictor: for any exception, and for types of enough cases."""
    dataset = prepared.dataset
    figures = {}
    for name, judged in rehearsal.judged.items():
        weight = evened(dataset.weight[judged.rows])
        blocks = measures.day_blocks(dataset.columns["placed_at"][judged.rows])
        predicted = {
            predictor: weighted_measures(chance, judged.happened, weight)
            for predictor, chance in judged.chances.items()
        }
        own = measured(predicted, len(judged.rows), blocks)
        figures[_label(name)] = {**own, "learned": judged.is_learned}
    return figures


def _label(name: str) -> str:
    return EXCEPTION if name == ANY else name


def card_content(
    history: History,
    prepared: PreparedOrders,
    rehearsal: WarningRehearsal,
    challenger: EarlyWarning,
    decision: GateDecision,
    figures: Json,
) -> CardContent:
    """Return what the page says of a run."""
    dataset = prepared.dataset
    orders = f"{len(dataset.tables.orders):,} orders"
    first, last = (_day(int(end)) for end in np.quantile(dataset.columns["placed_at"], [0, 1]))
    return CardContent(
        model="warning",
        as_of=_day(dataset.tick),
        decision=decision,
        data=(
            f"{orders}, placed from {first} to {last}, read at every stage that each reached.",
            f"Judged on orders placed from {_day(rehearsal.judged_from)} whose outcome is settled.",
        ),
        fingerprint=history.fingerprint,
        loss="Log loss",
        candidates={EXCEPTION: rehearsal.losses},
        reasons={EXCEPTION: rehearsal.served_by},
        untrained={},
        figures=figures,
        reliability={
            _label(name): _reliability(judged) for name, judged in rehearsal.judged.items()
        },
        importance=importance_of_scores(prepared, challenger),
        misuse=_MISUSE,
        choices=prepared.choices.options,
    )


def importance_of_scores(
    prepared: PreparedOrders, challenger: EarlyWarning
) -> dict[str, dict[str, float]]:
    """Return what the inputs of each booster weigh; of plain LightGBM where it serves."""
    boosters = {_label(name): trees for name, trees in challenger.trees.items()}
    if challenger.delivery:
        boosters["delivery time"] = challenger.delivery.trees
    weights = {name: trees.importance_by_name(prepared.names) for name, trees in boosters.items()}
    return {**weights, PLAIN: challenger.plain.importance(())} if challenger.plain else weights


def _reliability(judged: JudgedChances) -> ReliabilityPoints:
    return binned(judged.chances[MODEL], judged.happened.astype(float))


def _day(tick: int) -> str:
    return f"{pd.Timestamp(tick, unit='ms'):%Y-%m-%d}"
