"""Traces of a training of triage: what was read, rehearsed, fitted, measured and decided."""

from collections.abc import Mapping
from dataclasses import dataclass

from data.domain import Json
from data.history.history import History
from models.triage.triage import Triage
from training.common.promotion import GateDecision
from training.triage.choices import TrainingChoices
from training.triage.fit import PreparedExceptions
from training.triage.model_card.figures import JudgedLabel
from training.triage.rehearsal import TriageRehearsal

MODEL = "triage"


@dataclass(frozen=True)
class TrainedTriage:
    """One training, before it is registered.

    Attributes:
        history: The history.
        choices: Choices of whoever trained.
        prepared: The exceptions.
        rehearsal: Candidates with their losses.
        challenger: The model that is registered.
        latency_ms: Median of one call.
        judged: Labels on their rows of judgement.
        figures: Their measures, beside baselines.
        decision: Decision of the gate.
    """

    history: History
    choices: TrainingChoices
    prepared: PreparedExceptions
    rehearsal: TriageRehearsal
    challenger: Triage
    latency_ms: float
    judged: Mapping[str, JudgedLabel]
    figures: Json
    decision: GateDecision
