"""Training of triage: read, select, rehearse, fit, compare, register, promote or not."""

from collections.abc import Callable, Iterator
from functools import partial

import pandas as pd

from data.history.history import History
from models.boosters import varied
from models.breach.catalog import breach_estimators
from models.classifiers.catalog import estimators
from models.registry.store import ModelRegistry, TrainedModel
from models.triage import resolve_time, touch_time
from models.triage.frames import pyfunc_code
from models.triage.triage import Triage
from training.common.model_card.card import model_card, write_card
from training.common.model_card.figures import plain_metrics
from training.common.promotion import TrainingResult
from training.common.run import (
    Progress,
    call_ms,
    logged_settings,
    register,
    run_tags,
    timed_rows,
)
from training.common.trials import Trials
from training.triage.choices import EVERYTHING, TrainingChoices
from training.triage.dataset import TriageDataset
from training.triage.final_fit import fit_final
from training.triage.fit import PreparedExceptions
from training.triage.judge import judge_triage
from training.triage.labels import PEOPLE, Trust
from training.triage.model_card.card import card_content
from training.triage.model_card.figures import judged_labels, rehearsed_figures
from training.triage.rehearsal import rehearse
from training.triage.reports import pictures
from training.triage.trained_run import MODEL, TrainedTriage
from training.triage.trials.preparation import prepare_chosen
from training.triage.trials.search import searched


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
        choices: Features that are read, estimators that compete, and trials of tree settings.

    Raises:
        NotEnoughDataError: There is no exception to learn from.
        BadInputError: A pattern of the choices matches no feature.
    """
    progress("Reading what was known")
    recorded = TriageDataset.read(history, as_of)
    prepared = prepare_chosen(recorded, trust, choices, progress)
    search = searched(history, prepared, choices, progress)
    with varied(search.variation):
        run = _rehearsed_and_fitted(history, prepared, recorded, store, choices, progress)
        progress("Registering")
        page = model_card(card_content(run))
        version = register(store, _trained(run, as_of, search, page), run.decision)
    return TrainingResult(
        version=version,
        decision=run.decision,
        reasons={**run.rehearsal.reasons, **search.reasons},
        untrained=run.challenger.untrained,
        figures=run.figures,
        card=page,
    )


def _rehearsed_and_fitted(
    history: History,
    prepared: PreparedExceptions,
    recorded: TriageDataset,
    store: ModelRegistry,
    choices: TrainingChoices,
    progress: Progress,
) -> TrainedTriage:
    progress("Rehearsing on the last weeks: calibrating, judging, choosing")
    rehearsal = rehearse(prepared)
    progress("Fitting on everything")
    challenger = fit_final(prepared, rehearsal)
    latency_ms = call_ms(_single_calls(challenger, prepared))
    decision = judge_triage(prepared, rehearsal, store, latency_ms, recorded)
    progress("Measuring on the judged rows")
    judged = judged_labels(prepared, rehearsal)
    return TrainedTriage(
        history=history,
        choices=choices,
        prepared=prepared,
        rehearsal=rehearsal,
        challenger=challenger,
        latency_ms=latency_ms,
        judged=judged,
        figures=rehearsed_figures(prepared, judged),
        decision=decision,
    )


def _single_calls(triage: Triage, prepared: PreparedExceptions) -> Iterator[Callable[[], object]]:
    """Yield calls that predict one exception each, features included."""
    for row in timed_rows(prepared.rows.n):
        columns = {name: column[row : row + 1] for name, column in prepared.rows.columns.items()}
        yield partial(triage.predict, columns, prepared.rows.as_of[row : row + 1])


def _trained(run: TrainedTriage, as_of: pd.Timestamp, search: Trials, page: str) -> TrainedModel:
    rehearsal, challenger, features = run.rehearsal, run.challenger, run.prepared.features
    losses = {
        f"{label}.{_plain(kind)}": loss
        for label, kinds in rehearsal.losses.items()
        for kind, loss in kinds.items()
    }
    sizes = {"call_ms": run.latency_ms, "exceptions": float(run.prepared.rows.n)}
    return TrainedModel(
        model=MODEL,
        files=challenger.to_files(),
        past=challenger.past,
        params={
            **{name: logged_settings(own) for name, own in _settings().items()},
            "entities": ", ".join(features.plan.past),
            "features": len(features.names),
            **{f"chosen.{option}": value for option, value in run.choices.options.items()},
            **search.params,
        },
        metrics={**losses, **sizes, **plain_metrics(run.figures)},
        tags={
            **run_tags(run.history, as_of),
            **{f"served.{label}": reason for label, reason in rehearsal.reasons.items()},
            **{f"untrained.{label}": reason for label, reason in challenger.untrained.items()},
        },
        write_report=partial(write_card, (search.write, partial(pictures.draw, run)), page),
        pyfunc=pyfunc_code(challenger),
    )


def _settings() -> dict[str, object]:
    """Return the settings of all estimators that have some."""
    settings: dict[str, object] = {"resolve": resolve_time.SETTINGS, "touch": touch_time.SETTINGS}
    for part, files in (("classes", estimators()), ("harm", breach_estimators().values())):
        for estimator in files:
            if (own := getattr(estimator, "SETTINGS", None)) is not None:
                settings[f"{part}.{estimator.NAME}"] = own
    return settings


def _plain(name: str) -> str:
    return "".join(c if c.isalnum() or c in "_-. " else "_" for c in name)
