"""Search over the settings of the trees of triage, before the weeks that are reported."""

from collections.abc import Callable
from functools import partial

import pandas as pd

from data.history.history import History
from training.common.run import Progress
from training.common.trials import NO_TRIALS, Losses, Trials, search
from training.triage.choices import TrainingChoices
from training.triage.dataset import TriageDataset
from training.triage.fit import PreparedExceptions
from training.triage.rehearsal import rehearse
from training.triage.trials.preparation import prepare_chosen
from training.triage.window import RehearsalWindow, breach_window

MIN_LOSS = 1e-6


def searched(
    history: History,
    prepared: PreparedExceptions,
    choices: TrainingChoices,
    progress: Progress,
) -> Trials:
    """Try settings on what was known before the first window that is reported."""
    if not choices.trials:
        return NO_TRIALS
    dataset, trust = prepared.dataset, prepared.trust
    windows = (RehearsalWindow.of(dataset), breach_window(dataset))
    until = pd.Timestamp(min(own.cut for own in windows if own), unit="ms", tz="UTC")

    def prepare() -> Callable[[], Losses]:
        before = TriageDataset.read(history, until)
        return partial(_least_losses, prepare_chosen(before, trust, choices, progress))

    return search(choices.trials, prepare, f"{until:%Y-%m-%d}", progress)


def _least_losses(prepared: PreparedExceptions) -> dict[str, float]:
    """Return for each label the least loss of its candidates in a rehearsal."""
    losses = rehearse(prepared).losses
    return {label: max(min(own.values()), MIN_LOSS) for label, own in losses.items()}
