"""Recalibration of the champion: the boosters stay, their calibration is fitted anew.

Temperatures and floors, the calibration of harm with its clock, promises and sets are fitted anew
on what the champion never learned from: exceptions detected since its training. As in a rehearsal
the first half of that window calibrates, the second judges and is the evidence; what is served is
calibrated on both.
"""

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from data.domain import NotEnoughDataError
from data.history.history import History
from data.ticks import MS_PER_DAY
from models.breach.platt import PlattScaling
from models.classifiers.calibration import calibrated
from models.estimator import Batch
from models.registry.store import ModelRegistry, TrainedModel
from models.triage.breach_risk import BreachRisk
from models.triage.frames import pyfunc_code
from models.triage.labels import PROMISED_NAMES
from models.triage.load import load_triage
from models.triage.triage import Triage
from training.common import measures, plots
from training.common.promotion import GateDecision, TrainingResult, decide_recalibration
from training.common.run import Progress, git_commit, register
from training.triage import fit
from training.triage.automation.held_out import most_settled, tested_on
from training.triage.breach.known_labels import label_weights
from training.triage.breach.late_losses import late_loss
from training.triage.breach.soft_labels import breach_clock, soft_breach
from training.triage.classes.class_trials import labelled_exceptions
from training.triage.dataset import TriageDataset
from training.triage.evaluation import since_training
from training.triage.fit import TrainingRows
from training.triage.judge import losses_of
from training.triage.window import MAX_WINDOW_DAYS, MIN_ROWS_TO_JUDGE_TRIAGE, RehearsalWindow


@dataclass
class RecalibrationResult:
    """A champion recalibrated.

    Attributes:
        evaluated: Calibrated on first halves, its past continued; compared with the champion.
        served: Calibrated on all rows, its past unchanged; registered.
        from_tick: First tick of the evaluation rows; no first half reaches so far.
        changes: For each part the change, or the reason for none.
    """

    evaluated: Triage
    served: Triage
    from_tick: int
    changes: dict[str, str] = field(default_factory=dict)


def recalibrate_triage(
    history: History, as_of: pd.Timestamp, store: ModelRegistry, progress: Progress
) -> TrainingResult:
    """Recalibrate the champion on what was known before a moment; promote it unless it is worse.

    Args:
        history: The order history.
        as_of: Only data known before it is used.
        store: Where runs and versions are kept.
        progress: Receives a line at each step.

    Raises:
        NoChampionError: There is nothing to recalibrate.
        NotEnoughDataError: Too few labels are known of what came since its training.
    """
    progress("Reading what was known")
    champion = load_triage(store)
    dataset = TriageDataset.read(history, as_of, champion.kinds)
    live = champion.with_recent(since_training(champion, dataset))
    progress("Calibrating on outcomes since its training")
    made = recalibrated(champion, live, dataset)
    progress("Judging")
    decision = _judge(made, live, dataset, f"{as_of:%Y-%m-%d}")
    version = register(store, _trained(history, as_of, champion, made), decision)
    return TrainingResult(version, decision, made.changes, {})


def recalibrated(champion: Triage, live: Triage, dataset: TriageDataset) -> RecalibrationResult:
    """Fit anew all that is read from the boosters.

    Raises:
        NotEnoughDataError: Neither a label nor the breach has enough rows since the training.
    """
    made = RecalibrationResult(copy(live), copy(champion), champion.trained_as_of)
    for triage in (made.evaluated, made.served):
        triage.classes, triage.evidence = dict(triage.classes), dict(triage.evidence)
        triage.sets = dict(triage.sets)
    labels = [label for label in live.classes if _recalibrate_class(made, live, dataset, label)]
    since = dataset.between(champion.trained_as_of, dataset.tick)
    if not labels and len(since):
        made.from_tick = int(np.median(dataset.detected_at[since]))
    if not _recalibrate_breach_risk(made, live, dataset, since) and not labels:
        raise NotEnoughDataError(
            "known labels or breaches of exceptions since the training of the champion",
            _most_known(dataset, since),
            2 * MIN_ROWS_TO_JUDGE_TRIAGE,
            "Wait for more, or train anew.",
        )
    return made


def _most_known(dataset: TriageDataset, rows: np.ndarray) -> int:
    """Return of how many rows that is known which is known of most."""
    labels = dataset.labels
    counts = [int(np.isin(label.row, rows).sum()) for label in labels.classes.values()]
    return max([*counts, int((~np.isnan(labels.breached[rows])).sum())])


def windows(dataset: TriageDataset, begin: int) -> Iterator[RehearsalWindow]:
    """Yield windows since a tick, the newest first: labels may not be in yet.

    None is shorter than half of the time since then, however long labels take.
    """
    last = int(dataset.detected_at.max()) + 1
    for back in range(int((last - begin) / 2 // MS_PER_DAY) + 1):
        end = last - back * MS_PER_DAY
        cut = max(begin, end - int(MAX_WINDOW_DAYS * MS_PER_DAY))
        yield RehearsalWindow(cut, (cut + end) // 2, end)


def _recalibrate_class(
    made: RecalibrationResult, live: Triage, dataset: TriageDataset, label: str
) -> bool:
    model, begin = live.classes[label], live.trained_as_of
    window = None
    if label in dataset.labels.classes:
        window = most_settled(dataset, label, windows(dataset, begin))
    if window is None:
        made.changes[label] = "as it was: too few labels are known since its training"
        return False
    take = partial(rows_of, live, dataset)
    within = (window.cut, 2 * window.middle - window.cut)
    labelled = labelled_exceptions(
        dataset, label, names=list(model.names), within=within, at=dataset.tick
    )
    trainable = labelled.code >= 0
    rows, code = labelled.rows[trainable], labelled.code[trainable]
    scores = model.estimator.scores(take(rows))
    first = dataset.detected_at[rows] < window.middle
    for triage, part in ((made.evaluated, first), (made.served, np.ones(len(rows), bool))):
        calibration = calibrated(scores[part], code[part], model.prior)
        triage.classes[label] = replace(triage.classes[label], calibration=calibration)
    made.from_tick = max(made.from_tick, window.middle)
    new, old = made.served.classes[label].calibration, model.calibration
    made.changes[label] = f"temperature {old.temperature:.2f} -> {new.temperature:.2f}"
    if label in PROMISED_NAMES:
        served = replace(model, calibration=made.served.classes[label].calibration)
        evidence, sets = tested_on(dataset, take, model, window).served_by(served, take)
        made.served.evidence[label], made.served.sets[label] = evidence, sets
        made.changes[label] += f"; promises from {int(evidence.accepted[:, -1].sum()):,} labels"
    return True


def rows_of(triage: Triage, dataset: TriageDataset, positions: np.ndarray) -> Batch:
    """Compute what the estimators read of some exceptions, each as of its own detection."""
    columns = {name: column[positions] for name, column in dataset.columns.items()}
    return triage.rows(columns, columns["detected_at"])


def _recalibrate_breach_risk(
    made: RecalibrationResult, live: Triage, dataset: TriageDataset, since: np.ndarray
) -> bool:
    """Calibrate the chance of a breach on what came since the training; return whether it could.

    Chances by times stand for outcomes where times are recorded: in the weeks since a training the
    known outcomes are of quick cases (incident log: log loss .414, by known outcomes alone .534).
    """
    breach_risk = live.breach_risk
    too_few = len(since) < 2 * MIN_ROWS_TO_JUDGE_TRIAGE
    if breach_risk is None or breach_risk.blend is None or too_few:
        made.changes["harm"] = "as it was: too little is known since its training"
        return False
    rows = rows_of(live, dataset, since)
    times = live.resolve.chances(rows) if live.resolve else None
    clock = breach_clock(dataset, dataset.tick)
    label, weight = dataset.labels.breached[since], label_weights(dataset, since, dataset.tick)
    if clock and times:
        at_end = TrainingRows(dataset.tick, since, np.ones(len(since)))
        label = soft_breach(rows.columns, clock, times, *fit.resolve_hours(dataset, at_end))
        weight = np.ones(len(since))
    labelled, mean = ~np.isnan(label) & (weight > 0), breach_risk.blend.mean(rows, times)
    first = rows.as_of < made.from_tick
    for triage, part in ((made.evaluated, first & labelled), (made.served, labelled)):
        if not part.any():
            continue
        calibration = PlattScaling.fit(mean[part], label[part], weight[part])
        triage.breach_risk = BreachRisk(
            replace(breach_risk.blend, calibration=calibration),
            float(np.average(label[part], weights=weight[part])),
            clock or breach_risk.clock,
            late_loss(dataset, dataset.tick) or breach_risk.late,
        )
        made.changes["harm"] = f"shift {calibration.shift:+.2f}, slope {calibration.slope:.2f}"
    return "harm" in made.changes


def _judge(
    made: RecalibrationResult, live: Triage, dataset: TriageDataset, until: str
) -> GateDecision:
    rows = dataset.between(made.from_tick, dataset.tick)
    shared = [label for label in live.classes if label in dataset.labels.classes]
    shared += ["harm"] if live.breach_risk else []
    challenger = losses_of(made.evaluated, dataset, rows, shared)
    champion = losses_of(live, dataset, rows, shared)
    blocks = measures.day_blocks(np.tile(dataset.detected_at[rows], len(shared)))
    return decide_recalibration(challenger, champion, blocks, until)


def _trained(
    history: History, as_of: pd.Timestamp, champion: Triage, made: RecalibrationResult
) -> TrainedModel:
    served = made.served

    def draw(folder: Path) -> None:
        for label, evidence in served.evidence.items():
            plots.error_by_coverage(folder / f"{label}_error_by_coverage.png", evidence)

    return TrainedModel(
        model="triage",
        files=served.to_files(),
        past=served.past,
        params={"recalibrated_from": champion.version},
        metrics={},
        tags={
            "as_of": as_of.isoformat(),
            "data_fingerprint": history.fingerprint,
            "git_commit": git_commit(),
            "recalibrated_from": champion.version,
            **{f"recalibrated.{part}": change for part, change in made.changes.items()},
        },
        write_report=draw,
        pyfunc=pyfunc_code(served),
    )
