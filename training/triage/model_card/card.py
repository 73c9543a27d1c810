"""Model card of triage: one HTML file without network, for whoever decides on a version."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pandas as pd
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from data.domain import Json
from models.triage.triage import Triage
from training.common import plots
from training.common.options import interval
from training.common.promotion import GateDecision
from training.triage.fit import PreparedExceptions
from training.triage.rehearsal import TriageRehearsal

MODEL_CARD = "model_card.html"


class CardParts(NamedTuple):
    """Parts of a training that a card shows.

    Attributes:
        prepared: The exceptions.
        rehearsal: Candidates with their losses.
        challenger: The model that is registered.
        decision: Decision of the gate.
        figures: As of `rehearsed_figures`.
        fingerprint: Fingerprint of the history.
    """

    prepared: PreparedExceptions
    rehearsal: TriageRehearsal
    challenger: Triage
    decision: GateDecision
    figures: Json
    fingerprint: str


def model_card(parts: CardParts) -> str:
    """Write the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    dataset, rehearsal = parts.prepared.dataset, parts.rehearsal
    detected, breach = dataset.detected_at, rehearsal.breach_window
    return environment.get_template("card.html").render(
        as_of=_day(dataset.tick),
        decision=parts.decision,
        exceptions=len(dataset.ids),
        first_day=_day(int(detected.min())),
        last_day=_day(int(detected.max())),
        fingerprint=parts.fingerprint,
        judged_from=_day(rehearsal.window.middle),
        breach_from=_day(breach.middle) if breach else "",
        candidates=rehearsal.losses,
        reasons=rehearsal.reasons,
        untrained=parts.challenger.untrained,
        tables=[_table(name, values) for name, values in parts.figures.items()],
        pictures=_pictures(parts),
    )


def _day(tick: int) -> str:
    return f"{pd.Timestamp(tick, unit='ms'):%Y-%m-%d}"


def _table(name: str, values: Json) -> Json:
    columns = {column: own for column, own in values.items() if isinstance(own, dict)}
    measures = dict.fromkeys(measure for own in columns.values() for measure in own)
    rows = [[measure, *(interval(own.get(measure)) for own in columns.values())]
            for measure in measures]  # fmt: skip
    return {"name": name, "labelled": values["labelled"], "columns": list(columns), "rows": rows}


def _pictures(parts: CardParts) -> dict[str, Markup]:
    """Draw the reliability of the chance of a breach, and what its trees read."""
    pictures = {}
    evidence, risk = parts.rehearsal.breach_evidence, parts.challenger.breach_risk
    if evidence is not None:
        pictures["Reliability"] = _inline(
            lambda path: plots.reliability(path, evidence.chance, evidence.label, "breach")
        )
    if risk and (weights := risk.importance(parts.prepared.features.names)):
        pictures["Importance"] = _inline(lambda path: plots.importance(path, weights, "breach"))
    return pictures


def _inline(draw: Callable[[Path], None]) -> Markup:
    """Return a picture as SVG text for the page."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "picture.svg"
        draw(path)
        drawn = path.read_text(encoding="utf-8")
    return Markup(drawn[drawn.index("<svg") :])  # noqa: S704  (matplotlib escapes its labels)
