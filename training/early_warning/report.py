"""Evaluation of the early warning: every order of a period is scored at each stage, then measured.

All figures are weighted by what each order stands for. They are drawn from orders that are settled:
whose promise had passed long enough before the history ends.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from data.contract.order_tables import Orders
from data.domain import NotEnoughDataError, Stage
from data.history.history import END_OF_TIME, History
from data.ticks import MS_PER_DAY, tick_of
from features.orders.history_features import RATE_OF, RATES
from models.early_warning.early_warning import FINAL_STAGES, EarlyWarning, OrderRows, Warnings
from training.common import measures
from training.common.ranked_measures import RankedPairs
from training.early_warning.dataset import OrderDataset
from training.early_warning.fit import evened
from training.early_warning.surplus import followed

RISKIEST = 0.05
_MIN_ROWS_SHOWN = 20
LONG_RATES = {
    f"long-run rate of the {RATE_OF[rate.entity]}": i
    for i, rate in enumerate(RATES)
    if (rate.days, rate.smoothing) == (None, 20)
}
_MIN_CASES_MEASURED = 5


@dataclass(frozen=True)
class OrderScoring:
    """Chances of the orders scored in a period.

    Attributes:
        dataset: All of the history, for the outcomes.
        rows: Positions of the subjects of the period.
        read: What the models read of them.
        warnings: Their chances.
        baselines: The rate that stands for each baseline: that of the best window and smoothing.
    """

    dataset: OrderDataset
    rows: np.ndarray
    read: OrderRows
    warnings: Warnings
    baselines: dict[str, int]

    @cached_property
    def happened(self) -> np.ndarray:
        """Mask of the orders with an exception in transit still to come."""
        return self.dataset.to_come(self.dataset.transit_types)[self.rows]

    @cached_property
    def settled(self) -> np.ndarray:
        """Mask of the subjects whose outcome is settled by the end of the history."""
        return self.dataset.settled(self.dataset.transit_types, self._last_known)[self.rows]

    @property
    def _last_known(self) -> int:
        tables = vars(self.dataset.tables).values()
        return tick_of(max(table["known_at"].max() for table in tables if len(table)))

    @property
    def weight(self) -> np.ndarray:
        """Rows of the full set that each subject stands for."""
        return self.dataset.weight[self.rows]

    @cached_property
    def scores(self) -> dict[str, np.ndarray]:
        """The model's chance, and the rates that it has to beat."""
        scores = {"model": self.warnings.p_exception}
        for name, column in self.baselines.items():
            scores[name] = np.nan_to_num(self.read.rates[:, column])
        for name, column in LONG_RATES.items():
            scores[name] = np.nan_to_num(self.read.rates[:, column])
        return scores


def score_orders(
    model: EarlyWarning, history: History, begin: pd.Timestamp, end: pd.Timestamp
) -> OrderScoring:
    """Score the orders that were placed or reached a stage in a period, each as of that moment.

    Raises:
        NotEnoughDataError: No order reached a stage in the period.
    """
    dataset = OrderDataset.read(history, END_OF_TIME)
    at = dataset.scored_at
    rows = np.flatnonzero((at >= tick_of(begin)) & (at < tick_of(end)))
    if not len(rows):
        what = f"orders from {begin:%Y-%m-%d} to {end:%Y-%m-%d}"
        raise NotEnoughDataError(what, 0, 1, "Widen --from or --to.")
    everyone, _ = dataset.rows(model.plan, thinned=model.thinned)
    read = followed(dataset, everyone, model).take(rows)
    return OrderScoring(
        dataset=dataset,
        rows=rows,
        read=read,
        warnings=model.predict(read),
        baselines=model.baselines,
    )


def warnings_table(scoring: OrderScoring) -> pd.DataFrame:
    """Return one row for each order and stage: its id, stage, moment and chances."""
    subjects = scoring.dataset.subjects.iloc[scoring.rows]
    columns = {
        "order_id": subjects[Orders.order_id].to_numpy(object),
        "stage": scoring.read.stage,
        "scored_at": subjects["scored_at"].to_numpy(),
        "p_exception": scoring.warnings.p_exception,
    }
    chances = {f"p_{name}": chance for name, chance in scoring.warnings.p_type.items()}
    return pd.DataFrame(columns | chances)


def riskiest_rows(chance: np.ndarray, weight: np.ndarray, share: float = RISKIEST) -> np.ndarray:
    """Return the positions of the riskiest, up to a share of the weight; at least one."""
    order = np.argsort(-chance, kind="stable")
    within = np.cumsum(weight[order]) <= share * weight.sum()
    within[:1] = True
    return order[within]


def weighted_measures(
    chance: np.ndarray, happened: np.ndarray, weight: np.ndarray
) -> dict[str, measures.Measure]:
    """Return AUC, average precision, precision among the riskiest, Brier and calibration."""
    ranked = RankedPairs.of(chance, np.arange(len(happened)), happened.astype(float), weight)

    def precision(r: np.ndarray) -> float:
        top = r[riskiest_rows(chance[r], weight[r])]
        return float(np.average(happened[top], weights=weight[top]))

    def average_precision(r: np.ndarray) -> float:
        return ranked.average_precision(r) if 0 < happened[r].sum() < len(r) else np.nan

    return {
        "auc": ranked.auc,
        "average_precision": average_precision,
        "precision_riskiest_5_percent": precision,
        "brier": lambda r: float(np.average((chance[r] - happened[r]) ** 2, weights=weight[r])),
        "promised_minus_seen": lambda r: float(
            np.average(chance[r] - happened[r], weights=weight[r])
        ),
    }


def report(scoring: OrderScoring, model: EarlyWarning) -> dict[str, object]:
    """Return the figures with 95 % intervals by stage and by month of purchase."""
    stage, placed = scoring.read.stage, scoring.dataset.columns["placed_at"][scoring.rows]
    month = pd.to_datetime(placed, unit="ms").strftime("%Y-%m").to_numpy(object)
    in_transit = scoring.settled & ~np.isin(stage, FINAL_STAGES)
    stages = [s for s in map(str, Stage) if (in_transit & (stage == s)).any()]
    at_placing = in_transit & (stage == str(Stage.PLACED))
    months = [m for m in sorted(set(month)) if (at_placing & (month == m)).sum() >= _MIN_ROWS_SHOWN]
    return {
        "model": model.version,
        "served_by": model.served_by,
        "not_learned": list(model.not_learned),
        "rows": len(scoring.rows),
        "settled": int(scoring.settled.sum()),
        "types_on_the_way": scoring.dataset.transit_types,
        **{f"stage {s}": _figures(scoring, in_transit & (stage == s)) for s in stages},
        **{f"placed in {m}": _figures(scoring, at_placing & (month == m)) for m in months},
        "warning won": lead_time_of_warnings(scoring, in_transit),
    }


def _figures(scoring: OrderScoring, chosen: np.ndarray) -> dict[str, object]:
    rows = np.flatnonzero(chosen)
    happened, weight = scoring.happened[rows], scoring.weight[rows]
    if min(happened.sum(), (~happened).sum()) < _MIN_CASES_MEASURED:
        return {"settled_orders": len(rows), "labelled_exceptions": int(happened.sum())}
    blocks = measures.day_blocks(scoring.dataset.columns["placed_at"][scoring.rows[rows]])
    figures: dict[str, object] = {
        "labelled": len(rows),
        "exceptions": int(happened.sum()),
        "rate": float(np.average(happened, weights=weight)),
    }
    for name, chance in scoring.scores.items():
        all_measures = weighted_measures(chance[rows], happened, evened(weight))
        figures[name] = measures.figures(all_measures, len(rows), blocks)
    return figures


def lead_time_of_warnings(scoring: OrderScoring, chosen: np.ndarray) -> dict[str, float]:
    """Return the share of exceptions among the riskiest 5 % of a stage, and the days of lead time.

    Days count from the first stage at which an order was among them until its exception was known.
    """
    dataset, rows = scoring.dataset, np.flatnonzero(chosen)
    stage = scoring.read.stage[rows]
    flagged = np.zeros(len(rows), bool)
    for name in set(stage.tolist()):
        own = np.flatnonzero(stage == name)
        chance = scoring.warnings.p_exception[rows[own]]
        flagged[own[riskiest_rows(chance, scoring.weight[rows[own]])]] = True
    subjects = pd.DataFrame(
        {
            "order_id": dataset.subjects[Orders.order_id].to_numpy(object)[scoring.rows[rows]],
            "weight": scoring.weight[rows],
            "warned_at": np.where(flagged, dataset.scored_at[scoring.rows[rows]], np.nan),
            "failed_at": dataset.failed_at[scoring.rows[rows]].astype(float),
            "happened": scoring.happened[rows],
        }
    )
    failed = subjects[subjects["happened"]].groupby("order_id").agg("min")
    warned = failed.dropna(subset="warned_at")
    if not len(warned):
        return {"exceptions": float(len(failed)), "warned_share": 0.0}
    days = (warned["failed_at"] - warned["warned_at"]) / MS_PER_DAY
    return {
        "exceptions": float(len(failed)),
        "warned_share": float(warned["weight"].sum() / failed["weight"].sum()),
        "mean_days": float(np.average(days, weights=warned["weight"])),
        "median_days": float(days.median()),
    }
