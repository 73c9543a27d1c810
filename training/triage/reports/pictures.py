"""Pictures of a training run of triage, as PNG files beside the version."""

from pathlib import Path

from training.common import plots
from training.triage.model_card.card import importance_of_labels
from training.triage.model_card.figures import BREACH
from training.triage.trained_run import TrainedTriage


def draw(run: TrainedTriage, folder: Path) -> None:
    """Draw the rehearsed models on the rows of judgement, and what the final ones read."""
    for label, judged in run.judged.items():
        plots.reliability_points(folder / f"{label}_reliability.png", judged.reliability, label)
    breaches = run.rehearsal.breach_evidence
    if breaches is not None:
        plots.lift(folder / f"{BREACH}_lift.png", breaches.chance, breaches.label, BREACH)
    for label, evidence in run.challenger.evidence.items():
        plots.error_by_coverage(folder / f"{label}_error_by_coverage.png", evidence)
    for label, weights in importance_of_labels(run).items():
        if weights:
            plots.importance(folder / f"{label}_importance.png", weights, label)
