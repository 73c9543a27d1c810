"""Preparation of a training: what is read of the exceptions, and their features."""

from dataclasses import replace

from training.common.run import Progress
from training.triage.choices import MESSAGE, TrainingChoices
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.fit import PreparedExceptions, prepare
from training.triage.labels import Trust
from training.triage.languages.token_teacher import distilled


def prepare_chosen(
    recorded: TriageDataset, trust: Trust, choices: TrainingChoices, progress: Progress
) -> PreparedExceptions:
    """Select what is read, and compute the features of all exceptions.

    Raises:
        BadInputError: A pattern of the choices matches no feature.
    """
    dataset = choices.narrowed(recorded)
    progress(f"Choosing among the pasts of {len(dataset.ids):,} exceptions")
    plan, share_entities = choose(dataset, choices)
    prepared = prepare(dataset, plan, share_entities)
    prepared = replace(prepared, trust=trust, candidates=choices.candidates)
    if choices.languages:
        progress("Learning what messages mean in other languages")
        prepared = replace(prepared, token_table=distilled(dataset.columns[MESSAGE], progress))
    return prepared
