"""Content of the model card of triage."""

import numpy as np
import pandas as pd

from training.common.model_card.card import CardContent
from training.triage.model_card.figures import BREACH, RESOLVE, TOUCH
from training.triage.trained_run import MODEL, TrainedTriage

_MISUSE = (
    "To judge people. Labels and times are those of cases, and nobody is compared by them.",
    "To decide alone. Only promised labels are set alone, within the promises of the policy.",
)


def card_content(run: TrainedTriage) -> CardContent:
    """Return what the page says of a run."""
    dataset, rehearsal = run.prepared.dataset, run.rehearsal
    return CardContent(
        model=MODEL,
        as_of=_day(dataset.tick),
        decision=run.decision,
        data=_data(run),
        fingerprint=run.history.fingerprint,
        loss="Log loss, or pinball loss for touch time,",
        candidates=rehearsal.losses,
        reasons=rehearsal.reasons,
        untrained=run.challenger.untrained,
        figures=run.figures,
        reliability={label: own.reliability for label, own in run.judged.items()},
        importance=importance_of_labels(run),
        misuse=_MISUSE,
        choices=run.choices.options,
    )


def _data(run: TrainedTriage) -> tuple[str, ...]:
    """Return sentences on the exceptions, and on those that it is judged by."""
    dataset, breach = run.prepared.dataset, run.rehearsal.breach_window
    first, last = (_day(int(end)) for end in np.quantile(dataset.detected_at, [0, 1]))
    sentences = [
        f"{len(dataset.ids):,} exceptions, detected from {first} to {last}.",
        f"Judged on what was detected from {_day(run.rehearsal.window.middle)}.",
    ]
    if breach:
        sentences.append(f"Breaches from {_day(breach.middle)}, on outcomes that are known.")
    return tuple(sentences)


def importance_of_labels(run: TrainedTriage) -> dict[str, dict[str, float]]:
    """Return what the inputs of each final model weigh; empty where a baseline serves."""
    challenger, names = run.challenger, run.prepared.features.names
    models = {BREACH: challenger.breach_risk, **challenger.classes}
    models |= {RESOLVE: challenger.resolve, TOUCH: challenger.touch}
    return {label: model.importance(names) for label, model in models.items() if model is not None}


def _day(tick: int) -> str:
    return f"{pd.Timestamp(tick, unit='ms'):%Y-%m-%d}"
