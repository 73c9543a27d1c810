"""Losses that the history records, beside which the modelled ones stand."""

from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
import pandas as pd

from data.domain import Json
from training.queue_replay.analysis.comparison import RuleComparison
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.workload import Workload

RECORDED, MODELLED = "recorded", "modelled"


@dataclass(frozen=True)
class RecordedLosses:
    """Recorded losses of the exceptions of a workload.

    Attributes:
        money: Sum of the recorded amounts.
        losses: Exceptions with such an amount.
        without_amount: Exceptions that ended in a loss of which no amount is recorded.
        without_outcome: Exceptions of which it is not recorded whether they ended in a loss.
    """

    money: float
    losses: int
    without_amount: int
    without_outcome: int

    @classmethod
    def of(cls, log: HandlingLog, workload: Workload) -> Self:
        """Add up what the log records of the workload's exceptions."""
        rows = pd.Index(log.ids).get_indexer(pd.Index(workload.ids))
        breached, loss = log.facts["breached"][rows], log.facts["loss"][rows]
        has_amount = (breached == 1) & np.isfinite(loss)
        return cls(
            money=float(loss[has_amount].sum()),
            losses=int(has_amount.sum()),
            without_amount=int(((breached == 1) & ~has_amount).sum()),
            without_outcome=int(np.isnan(breached).sum()),
        )

    def beside(self, comparison: RuleComparison) -> Json:
        """Return the money of the headline, each figure marked as recorded or modelled."""
        modelled = {
            "lost_as_worked": comparison.total("history"),
            "lost_by_ours": comparison.total("ours"),
            "saved": comparison.saved("ours", "history"),
        }
        return {
            "recorded_losses": {"origin": RECORDED, **asdict(self)},
            **{name: {"origin": MODELLED, **asdict(own)} for name, own in modelled.items()},
        }
