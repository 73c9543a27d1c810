"""Training of triage: read, select, rehearse, fit, compare, register, promote or not."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

import numpy as np
import orjson
import pandas as pd

from data.history.history import History
from models.breach.catalog import breach_estimators
from models.classifiers.calibration import codes
from models.classifiers.catalog import estimators
from models.registry.store import ModelRegistry, TrainedModel
from models.triage import resolve_time, touch_time
from models.triage.frames import pyfunc_code
from models.triage.triage import Triage
from training.common import plots
from training.common.promotion import (
    TrainingResult,
)
from training.common.run import Progress, call_ms, git_commit, register, timed_rows
from training.triage.choices import EVERYTHING, TrainingChoices
from training.triage.dataset import TriageDataset
from training.triage.entity_selection import choose
from training.triage.final_fit import fit_final
from training.triage.fit import PreparedExceptions, prepare
from training.triage.judge import judge_triage
from training.triage.labels import PEOPLE, Trust
from training.triage.model_card.card import MODEL_CARD, CardParts, model_card
from training.triage.model_card.figures import plain_metrics, rehearsed_figures
from training.triage.rehearsal import TriageRehearsal, rehearse


def train_triage(
    history: History,
    as_of: pd.Timestamp,
    store: ModelRegistry,
    progress: Progress,
    trust: Trust = PEOPLE,
    choices: TrainingChoices = EVERYTHING,
) -> TrainingResult:
    """Train a challenger on the data available before a moment; promote it if it is better.

    Args:
        history: The order history.
        as_of: Only data known before it is used.
        store: Where runs and versions are kept.
        progress: Receives a line at each step.
        trust: In labels that people did not type.
        choices: Features that are read, and estimators that compete.

    Raises:
        NotEnoughDataError: There is no exception to learn from.
        BadInputError: A pattern of the choices matches no feature.
    """
    progress("Reading what was known")
    recorded = TriageDataset.read(history, as_of)
    dataset = choices.narrowed(recorded)
    progress(f"Choosing among the pasts of {len(dataset.ids):,} exceptions")
    plan, share_entities = choose(dataset, choices)
    prepared = replace(
        prepare(dataset, plan, share_entities), trust=trust, candidates=choices.candidates
    )
    progress("Rehearsing on the last weeks: calibrating, judging, choosing")
    rehearsal = rehearse(prepared)
    progress("Fitting on everything")
    challenger = fit_final(prepared, rehearsal)
    latency_ms = call_ms(_single_calls(challenger, prepared))
    decision = judge_triage(prepared, rehearsal, store, latency_ms, recorded)
    progress("Measuring on the judged rows")
    figures = rehearsed_figures(prepared, rehearsal)
    progress("Registering")
    trained = _trained(
        history,
        as_of,
        prepared=prepared,
        rehearsal=rehearsal,
        challenger=challenger,
        latency_ms=latency_ms,
    )
    page = model_card(
        CardParts(
            prepared=prepared,
            rehearsal=rehearsal,
            challenger=challenger,
            decision=decision,
            figures=figures,
            fingerprint=history.fingerprint,
        )
    )
    trained = replace(
        trained,
        metrics={**trained.metrics, **plain_metrics(figures)},
        write_report=partial(_write_report, trained.write_report, page),
    )
    version = register(store, trained, decision)
    return TrainingResult(
        version=version,
        decision=decision,
        reasons=rehearsal.reasons,
        untrained=challenger.untrained,
        figures=figures,
        card=page,
    )


def _write_report(draw: Callable[[Path], None], page: str, folder: Path) -> None:
    draw(folder)
    (folder / MODEL_CARD).write_text(page, encoding="utf-8")


def _single_calls(triage: Triage, prepared: PreparedExceptions) -> Iterator[Callable[[], object]]:
    """Yield calls that predict one exception each, features included."""
    for row in timed_rows(prepared.rows.n):
        columns = {name: column[row : row + 1] for name, column in prepared.rows.columns.items()}
        yield partial(triage.predict, columns, prepared.rows.as_of[row : row + 1])


def _trained(
    history: History,
    as_of: pd.Timestamp,
    prepared: PreparedExceptions,
    rehearsal: TriageRehearsal,
    challenger: Triage,
    latency_ms: float,
) -> TrainedModel:
    plan = prepared.features.plan
    losses = {
        f"{label}.{_plain(kind)}": loss
        for label, kinds in rehearsal.losses.items()
        for kind, loss in kinds.items()
    }
    settings = {
        "resolve": resolve_time.SETTINGS,
        "touch": touch_time.SETTINGS,
    } | {
        f"{part}.{estimator.NAME}": own
        for part, files in (("classes", estimators()), ("harm", breach_estimators().values()))
        for estimator in files
        if (own := getattr(estimator, "SETTINGS", None)) is not None
    }
    return TrainedModel(
        model="triage",
        files=challenger.to_files(),
        past=challenger.past,
        params={name: orjson.dumps(asdict(s)).decode() for name, s in settings.items()}
        | {"entities": ", ".join(plan.past), "features": len(prepared.features.names)},
        metrics=losses | {"call_ms": latency_ms, "exceptions": float(prepared.rows.n)},
        tags={
            "as_of": as_of.isoformat(),
            "data_fingerprint": history.fingerprint,
            "git_commit": git_commit(),
            **{f"served.{label}": reason for label, reason in rehearsal.reasons.items()},
            **{f"untrained.{label}": reason for label, reason in challenger.untrained.items()},
        },
        write_report=partial(_draw, prepared, rehearsal, challenger),
        pyfunc=pyfunc_code(challenger),
    )


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-. " else "_" for c in name)


def _draw(
    prepared: PreparedExceptions, rehearsal: TriageRehearsal, challenger: Triage, folder: Path
) -> None:
    """Draw the rehearsed models on the rows of judgement, and what the final ones read."""
    dataset, window = prepared.dataset, rehearsal.window
    rows = np.flatnonzero(
        (dataset.detected_at >= window.middle) & (dataset.detected_at < window.end)
    )
    predictions = rehearsal.triage.predict_rows(prepared.rows.take(rows))
    happened = dataset.labels.breached[rows]
    labelled = ~np.isnan(happened)
    if predictions.p_breach is not None and labelled.any():
        for draw in (plots.reliability, plots.lift):
            path = folder / f"breach_{draw.__name__}.png"
            draw(path, predictions.p_breach[labelled], happened[labelled], "breach")
    for label, model in rehearsal.triage.classes.items():
        truth = dataset.labels.classes[label].at(dataset.tick, len(dataset.ids))[rows]
        code, chance = codes(truth, model.names), predictions.classes[label].probability
        right = (chance.argmax(axis=1) == code).astype(float)[code >= 0]
        path = folder / f"{label}_reliability.png"
        plots.reliability(path, chance.max(axis=1)[code >= 0], right, label)
    for label, evidence in challenger.evidence.items():
        plots.error_by_coverage(folder / f"{label}_error_by_coverage.png", evidence)
    names = prepared.features.names
    for part, model in (("breach", challenger.breach_risk), ("touch_time", challenger.touch)):
        if model and (weights := model.importance(names)):
            path = folder / f"{part}_importance.png"
            plots.importance(path, weights, part.replace("_", " "))
