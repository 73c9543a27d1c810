"""Selection of entities for history features: each entity costs time in every scoring call."""

from typing import NamedTuple

import numpy as np

from features.engine.class_shares import ClassShares
from features.engine.compute import Features
from features.engine.event_log import Keys
from features.engine.feature_set import Entity, FeaturePlan
from features.exceptions.features import FEATURES
from models.boosters import Booster, TreeSettings
from models.classifiers.calibration import class_names, codes
from training.triage.choices import EVERYTHING, TrainingChoices
from training.triage.dataset import TriageDataset
from training.triage.fit import MIN_ROWS_OF_A_CLASS, MIN_ROWS_TO_FIT, TrainingRows, resolve_hours

MAX_HISTORY_ENTITIES = 12
MAX_SHARE_ENTITIES = 8
MAX_SELECTION_ROWS = 20_000
_QUICK = TreeSettings(rounds=80, learning_rate=0.1, leaves=15, columns_share=0.3)


class EntitySelection(NamedTuple):
    """Selected entities of the history features.

    Attributes:
        plan: Plan of the features.
        share_entities: For each class the entities that its shares are counted by.
    """

    plan: FeaturePlan
    share_entities: dict[str, list[str]]


def choose(dataset: TriageDataset, choices: TrainingChoices = EVERYTHING) -> EntitySelection:
    """Learn the plan of the features, with the most useful entities.

    The past of an entity pays by its gain in a quick model of the time to resolve. The shares of a
    class pay by the log likelihood of the actual class.

    Returns:
        The plan, and for each class the entities that its shares are counted by.
    """
    full = FEATURES.fit(dataset.columns, dataset.kinds)
    full = full.keeping(choices.entities(full.entities), ())
    entities = [Entity(name, tuple(parts)) for name, parts in full.entities.items()]
    keys = {entity.name: entity.key(dataset.columns) for entity in entities}
    shares = {label: _share_entities(dataset, keys, label) for label in dataset.labels.classes}
    past = _past_entities(dataset, full)
    return EntitySelection(
        full.keeping(past, {name for names in shares.values() for name in names}), shares
    )


def _past_entities(dataset: TriageDataset, full: FeaturePlan) -> list[str]:
    if len(full.entities) <= MAX_HISTORY_ENTITIES:
        return list(full.entities)
    entities = [Entity(name, tuple(parts)) for name, parts in full.entities.items()]
    features = Features(FEATURES, full, dataset.logs(entities))
    learned = TrainingRows.before(dataset, dataset.tick)
    sample = np.argsort(dataset.detected_at[learned.rows], kind="stable")[-MAX_SELECTION_ROWS:]
    columns = {name: column[learned.rows[sample]] for name, column in dataset.columns.items()}
    matrix = features.compute(columns, features.keys(columns), columns["detected_at"])
    hours, _ = resolve_hours(dataset, learned)
    trees = Booster.fit(matrix.dense, np.log1p(hours[sample]), _QUICK, objective="regression")
    gain = dict.fromkeys(full.entities, 0.0)
    own = trees.importance()[-len(features.history_entities) :]
    for entity, value in zip(features.history_entities, own, strict=True):
        gain[entity] += float(value)
    return sorted(gain, key=lambda name: -gain[name])[:MAX_HISTORY_ENTITIES]


def _share_entities(dataset: TriageDataset, keys: Keys, label: str) -> list[str]:
    labels = dataset.labels.classes[label]
    latest = labels.at(dataset.tick, len(dataset.ids))
    labelled = np.flatnonzero([name is not None for name in latest])
    names = class_names(latest[labelled], MIN_ROWS_OF_A_CLASS) if len(labelled) else []
    if len(labelled) < MIN_ROWS_TO_FIT or len(names) < 2:
        return []
    sample = labelled[
        np.argsort(dataset.detected_at[labelled], kind="stable")[-MAX_SELECTION_ROWS:]
    ]
    code = codes(latest[sample], names)
    sample, code = sample[code >= 0], code[code >= 0]
    rows, at = dataset.label_rows(labels, names, keys), dataset.detected_at[sample]
    worth = {}
    for name, key in keys.items():
        shares = ClassShares(rows, [name], len(names))
        _, counts = shares.count({name: key[sample]}, at, code, 1)
        prior = shares.overall[code]
        share = (counts.pairs[1, :, 0, 0] + 2 * prior) / (counts.rows[1, :, 0] + 2)
        worth[name] = float(np.log(share).mean())
    return sorted(worth, key=lambda name: -worth[name])[:MAX_SHARE_ENTITIES]
