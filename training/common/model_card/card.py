"""Model card: one HTML file without network, for whoever decides on a version."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from data.domain import Json
from training.common import plots
from training.common.options import interval
from training.common.plots import ReliabilityPoints
from training.common.promotion import GateDecision

MODEL_CARD = "model_card.html"


@dataclass(frozen=True)
class CardContent:
    """Content of a model card.

    Attributes:
        model: Name of the model in the registry.
        as_of: Day before which everything was known that it learned from.
        decision: Decision of the gate.
        data: Sentences on the data, its period, and the rows of judgement.
        fingerprint: Fingerprint of the history.
        loss: Words for the losses of the candidates.
        candidates: For each label the loss of each candidate.
        reasons: For each trained label the reason why its model serves.
        untrained: For each other label the reason.
        figures: For each label the measures of the model and of its baselines.
        reliability: For each label the points of its reliability.
        importance: For each label what the inputs of its model weigh.
        misuse: Sentences on what this model must not be used for, beside the general ones.
        choices: What whoever trained has chosen, by option.
    """

    model: str
    as_of: str
    decision: GateDecision
    data: tuple[str, ...]
    fingerprint: str
    loss: str
    candidates: Mapping[str, Mapping[str, float]]
    reasons: Mapping[str, str]
    untrained: Mapping[str, str]
    figures: Json
    reliability: Mapping[str, ReliabilityPoints]
    importance: Mapping[str, Mapping[str, float]]
    misuse: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)


def model_card(content: CardContent) -> str:
    """Write the page."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("card.html").render(
        card=content,
        tables=[_table(name, values) for name, values in content.figures.items()],
        pictures={
            "Reliability": {
                label: inline(partial(plots.reliability_points, points=points, what=label))
                for label, points in content.reliability.items()
            },
            "Importance": {
                label: inline(partial(plots.importance, weights=weights, what=label))
                for label, weights in content.importance.items()
                if weights
            },
        },
    )


def write_card(writers: Sequence[Callable[[Path], None]], page: str, folder: Path) -> None:
    """Write the pictures and tables of a run into a folder, and its model card beside them."""
    for write in writers:
        write(folder)
    (folder / MODEL_CARD).write_text(page, encoding="utf-8")


def _table(name: str, values: Json) -> Json:
    columns = {column: own for column, own in values.items() if isinstance(own, dict)}
    measures = dict.fromkeys(measure for own in columns.values() for measure in own)
    rows = [
        [measure, *(interval(own.get(measure)) for own in columns.values())] for measure in measures
    ]
    return {
        "name": name,
        "labelled": values["labelled"],
        "learned": values.get("learned", True),
        "columns": list(columns),
        "rows": rows,
    }


def inline(draw: Callable[[Path], None]) -> Markup:
    """Return a picture as SVG text for the page."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "picture.svg"
        draw(path)
        drawn = path.read_text(encoding="utf-8")
    return Markup(drawn[drawn.index("<svg") :])  # noqa: S704  (matplotlib escapes its labels)
