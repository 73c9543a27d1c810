"""Fit of the loss after a missed deadline on the data available before a moment."""

from data.ticks import MS_PER_HOUR
from models.breach.clock import due_hours
from models.breach.late_loss import LateLoss
from training.triage.dataset import TriageDataset


def late_loss(dataset: TriageDataset, tick: int) -> LateLoss | None:
    """Fit the loss after a missed deadline on what was known before a tick; None if it can't tell.

    It can't where breaches are recorded by the deadline: then all late ones are breached.
    """
    labels = dataset.labels
    hours = (labels.resolved_at - dataset.detected_at) / MS_PER_HOUR
    late = hours - due_hours(dataset.columns)
    ended = (labels.resolved_known_at < tick) & labels.breach_known(tick) & (late > 0)
    return LateLoss.fit(late[ended], labels.breached[ended] > 0.5)
