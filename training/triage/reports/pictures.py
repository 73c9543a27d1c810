"""Pictures of a training run of triage, as PNG files beside the version.

Reliability and importance are drawn once, on the model card.
"""

from pathlib import Path

from training.common import plots
from training.triage.model_card.figures import BREACH
from training.triage.trained_run import TrainedTriage


def draw(run: TrainedTriage, folder: Path) -> None:
    """Draw the lift of the chance of a breach, and the errors among the surest of each label."""
    breaches = run.rehearsal.breach_evidence
    if breaches is not None:
        plots.lift(folder / f"{BREACH}_lift.png", breaches.chance, breaches.label, BREACH)
    for label, evidence in run.challenger.evidence.items():
        plots.error_by_coverage(folder / f"{label}_error_by_coverage.png", evidence)
