"""Fits of the models of triage on the data available before a moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from data.domain import NotEnoughDataError
from data.ticks import MS_PER_DAY, MS_PER_HOUR
from features.engine.compute import Features
from features.engine.event_log import LogRows
from features.engine.feature_set import Entity, FeaturePlan
from features.exceptions.features import FEATURES
from models.boosters import Booster
from models.classifiers.blend import ClassPlan
from models.classifiers.calibration import class_names, codes, prior_of
from models.classifiers.catalog import estimators
from models.classifiers.contract import ClassEstimator, ClassTask
from models.classifiers.token_table import TokenTable
from models.estimator import Batch
from models.triage.labels import label_named
from models.triage.touch_time import TouchTime
from training.triage.choices import ALL_ESTIMATORS, CompetingEstimators
from training.triage.dataset import TriageDataset
from training.triage.labels import PEOPLE, Trust

MIN_ROWS_TO_FIT = 200
MIN_ROWS_OF_A_CLASS = 3
MIN_HALF_LIFE_DAYS = 28.0


def side_by_side(steps: Sequence[Callable[[], object]]) -> None:
    """Run steps two at a time: LightGBM lets go of Python while it learns.

    A step must not call this itself.
    """
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(copy_context().run, step) for step in steps]:
            done.result()


@dataclass(frozen=True)
class PreparedExceptions:
    """Exceptions with their features, each as of its own detection.

    Attributes:
        dataset: The exceptions and their labels.
        features: Computed them.
        rows: What the estimators read.
        past: The logs behind the features.
        share_entities: For each class the entities that its shares are counted by.
        trust: In labels that people did not type.
        candidates: Estimators that compete.
        token_table: Reads messages of any language; None where none was distilled.
    """

    dataset: TriageDataset
    features: Features
    rows: Batch
    past: dict[str, LogRows]
    share_entities: dict[str, list[str]]
    trust: Trust = PEOPLE
    candidates: CompetingEstimators = ALL_ESTIMATORS
    token_table: TokenTable | None = None

    @property
    def words(self) -> list[int]:
        """Columns that hold codes of words."""
        return self.features.word_columns


@dataclass(frozen=True)
class TrainingRows:
    """Rows that a fit learns from, with their weights.

    Attributes:
        tick: Only what was known before it counts.
        rows: Positions of the exceptions detected before it.
        weight: One for each of these rows: newer ones count for more.
    """

    tick: int
    rows: np.ndarray
    weight: np.ndarray

    @classmethod
    def before(cls, dataset: TriageDataset, tick: int) -> "TrainingRows":
        """Take what was detected before a tick; weights halve with each third of the period."""
        rows = np.flatnonzero(dataset.detected_at < tick)
        days = (tick - dataset.detected_at[rows]) / MS_PER_DAY
        longest = days.max(initial=0.0)
        return cls(tick, rows, 0.5 ** (days / max(MIN_HALF_LIFE_DAYS, longest / 3)))


def prepare(
    dataset: TriageDataset, plan: FeaturePlan, share_entities: dict[str, list[str]]
) -> PreparedExceptions:
    """Compute all features of all exceptions, each as of its own detection."""
    entities = [Entity(name, tuple(parts)) for name, parts in plan.entities.items()]
    past = dataset.logs(entities)
    features = Features(FEATURES, plan, past)
    keys = features.keys(dataset.columns)
    matrix = features.compute(dataset.columns, keys, dataset.detected_at)
    rows = Batch(dataset.columns, keys, matrix, dataset.detected_at)
    return PreparedExceptions(
        dataset=dataset, features=features, rows=rows, past=past, share_entities=share_entities
    )


class ResolveHours(NamedTuple):
    """Times to resolve as of a tick; open exceptions are censored.

    Attributes:
        hours: Hours to resolved, or open so far.
        resolved: Whether it is resolved.
    """

    hours: np.ndarray
    resolved: np.ndarray


def resolve_hours(dataset: TriageDataset, learned: TrainingRows) -> ResolveHours:
    """Return hours to resolved, or open so far, and whether it is resolved, as of a tick."""
    detected = dataset.detected_at[learned.rows]
    at = dataset.labels.resolved_at[learned.rows]
    resolved = dataset.labels.resolved_known_at[learned.rows] < learned.tick
    hours = (np.where(resolved, at, learned.tick) - detected) / MS_PER_HOUR
    return ResolveHours(np.maximum(hours, 0.0), resolved)


def fit_touch(prepared: PreparedExceptions, learned: TrainingRows) -> Booster | None:
    """Fit the level of the touch time; None where it is not recorded."""
    minutes, recorded = recorded_touch(prepared.dataset, learned.rows, learned.tick)
    if recorded.sum() < MIN_ROWS_TO_FIT:
        return None
    rows = prepared.rows.take(learned.rows[recorded])
    return TouchTime.fit(rows, minutes[recorded], prepared.words, learned.weight[recorded])


class RecordedTouch(NamedTuple):
    """Touch times of rows.

    Attributes:
        minutes: Touch minutes, NaN where not recorded.
        recorded: Whether they were recorded before a tick.
    """

    minutes: np.ndarray
    recorded: np.ndarray


def recorded_touch(dataset: TriageDataset, rows: np.ndarray, tick: int) -> RecordedTouch:
    """Return touch minutes of rows, and whether they were known before a tick."""
    minutes = dataset.labels.touch_minutes[rows]
    return RecordedTouch(minutes, ~np.isnan(minutes) & (dataset.labels.ended_known_at[rows] < tick))


@dataclass(frozen=True)
class FittedClass:
    """Estimators of one label, fitted on the same rows.

    Attributes:
        task: What they learned from.
        label: Name of the label.
        estimators: By `NAME`: the models, then the baselines.
    """

    task: ClassTask
    label: str
    estimators: dict[str, ClassEstimator]

    @property
    def names(self) -> list[str]:
        """The classes."""
        return self.task.names

    @property
    def prior(self) -> np.ndarray:
        """Shares of the classes in the training rows."""
        return self.task.prior

    @property
    def past(self) -> LogRows | None:
        """The labelled past; None where none was worth counting."""
        return self.task.past

    def served(self, plan: ClassPlan) -> ClassEstimator:
        """Return what serves by a plan: one of the estimators, or a blend of several."""
        return plan.estimator(self.estimators, self.prior)


def fit_class(
    prepared: PreparedExceptions, learned: TrainingRows, label: str, only: ClassPlan | None = None
) -> FittedClass:
    """Fit the estimators of one label.

    Args:
        prepared: The exceptions.
        learned: What may be learned from.
        label: Name of the label.
        only: Plan of the estimators to fit, which were chosen before; None fits all that suit.

    Raises:
        NotEnoughDataError: Too few labels were known.
    """
    task = class_task(prepared, learned, label)
    names = prepared.candidates.classes if only is None else only.members.keys()
    competing = [file for file in estimators() if names is None or file.NAME in names]
    chosen = competing if only else [file for file in competing if file.suits(task)]
    fitted = {estimator.NAME: task.fitted(estimator.fit) for estimator in chosen}
    return FittedClass(task, label, fitted)


def class_task(prepared: PreparedExceptions, learned: TrainingRows, label: str) -> ClassTask:
    """Gather what the estimators of one label learn from.

    Raises:
        NotEnoughDataError: Too few labels were known.
    """
    labels, trusted = prepared.dataset.labels.training_labels(label, learned.tick, prepared.trust)
    labels, trusted = labels[learned.rows], trusted[learned.rows]
    is_named = np.array([name is not None for name in labels], bool)
    names = class_names(labels[is_named], MIN_ROWS_OF_A_CLASS) if is_named.any() else []
    code = codes(labels, names) if names else np.empty(0, int)
    labelled = np.flatnonzero(code >= 0)
    if len(labelled) < MIN_ROWS_TO_FIT or len(names) < 2:
        raise NotEnoughDataError(
            label, len(labelled), MIN_ROWS_TO_FIT, "Record it in outcomes or exception_events."
        )
    share_entities = tuple(prepared.share_entities.get(label, ()))
    return ClassTask(
        rows=prepared.rows.take(learned.rows[labelled]),
        code=code[labelled],
        names=names,
        prior=prior_of(code[labelled], len(names)),
        weight=(learned.weight * trusted)[labelled],
        word_columns=prepared.words,
        first_column=label_named(label).first_column,
        share_entities=share_entities,
        past=_labelled_past(prepared, label, names) if share_entities else None,
        token_table=prepared.token_table,
    )


def _labelled_past(prepared: PreparedExceptions, label: str, names: list[str]) -> LogRows:
    labels = prepared.dataset.labels.classes[label]
    return prepared.dataset.label_rows(labels, names, prepared.rows.keys)
