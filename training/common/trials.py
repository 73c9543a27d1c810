"""Trials: a random search over the settings of the trees, before the window that is reported.

Each trial varies the settings of all boosters of a run and rehearses on the history as it was known
before the window of judgement. The variation with the least loss there serves the run, and is then
judged like any other candidate: the window that chooses is not the window that is reported.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.model_selection import ParameterSampler

from data.domain import NotEnoughDataError
from models.boosters import NO_VARIATION, TreeVariation, run_seed, varied
from training.common.run import Progress

SPACE = {
    "rounds": [0.5, 0.75, 1.0, 1.5, 2.0],
    "learning_rate": [0.5, 0.75, 1.0, 1.5],
    "leaves": [0.5, 1.0, 1.5, 2.0],
    "smallest_leaf": [0.5, 1.0, 2.0, 4.0],
    "columns_share": [0.5, 1.0, 1.5],
    "l2": [0.25, 1.0, 4.0],
}
"""Factors on the settings of each booster; 2,880 combinations, each drawn once at most."""
MIN_GAIN = 0.005
"""Share of the loss that a variation must save: the best of many is a little better by chance."""
TRIALS_FILE = "trials.csv"
CHOSEN = "chosen"

Losses = Mapping[str, float]
"""Loss of what would serve, by label."""


@dataclass(frozen=True)
class Trials:
    """Result of a search.

    Attributes:
        variation: The best one; none where the settings as they are were best.
        table: A row a trial, the settings as they are first: factors, losses, `relative`.
        reason: Sentence that says what was chosen, on which data; empty without trials.
    """

    variation: TreeVariation = NO_VARIATION
    table: pd.DataFrame = field(default_factory=pd.DataFrame)
    reason: str = ""

    @property
    def params(self) -> dict[str, object]:
        """Parameters that are logged with the run; none without trials."""
        if self.table.empty:
            return {}
        factors = {f"trials.{name}": value for name, value in asdict(self.variation).items()}
        return {"trials": len(self.table) - 1, **factors}

    @property
    def reasons(self) -> dict[str, str]:
        """The sentence by the name under which it is printed; empty without trials."""
        return {"trials": self.reason} if self.reason else {}

    def write(self, folder: Path) -> None:
        """Write the table beside the version; nothing without trials."""
        if not self.table.empty:
            self.table.to_csv(folder / TRIALS_FILE, index=False)


NO_TRIALS = Trials()


def search(
    trials: int, prepare: Callable[[], Callable[[], Losses]], until: str, progress: Progress
) -> Trials:
    """Try variations of the settings, and return the one with the least mean relative loss.

    The settings stay as they are where no variation saves `MIN_GAIN` of the loss.

    Args:
        trials: How many, beside the settings as they are; 0 for no search.
        prepare: Reads what was known before the window that is reported; returns a function that
            rehearses there with the settings of the moment. Losses are above 0.
        until: Day before which the data was known.
        progress: Receives a line at each step.
    """
    if not trials:
        return NO_TRIALS
    progress(f"Reading what was known before {until}, for trials")
    try:
        rehearsed = prepare()
        drawn = [NO_VARIATION, *_drawn(trials)]
        rows = list(_tried(drawn, rehearsed, progress))
    except NotEnoughDataError as error:
        return Trials(reason=f"no trial was possible before {until}: {error}")
    table = pd.DataFrame(rows)
    least = int(table["relative"].to_numpy().argmin())
    best = least if rows[least]["relative"] <= 1 - MIN_GAIN else 0
    table[CHOSEN] = np.arange(len(table)) == best
    usual = "the settings as they are"
    serves = f"trial {best} of {trials} serves" if best else f"{usual} serve"
    loss = f"{rows[least]['relative']:.4f} times that of {usual}"
    return Trials(drawn[best], table, f"{serves}: the least loss before {until} is {loss}")


def _drawn(trials: int) -> list[TreeVariation]:
    sampler = ParameterSampler(SPACE, trials, random_state=run_seed())
    return [TreeVariation(**values) for values in sampler]


def _tried(
    drawn: list[TreeVariation], rehearsed: Callable[[], Losses], progress: Progress
) -> Iterator[dict[str, float]]:
    usual: Losses = {}
    least = 1.0
    for number, variation in enumerate(drawn):
        progress(f"Trial {number} of {len(drawn) - 1}; the best loss so far is {least:.4f} times")
        with varied(variation):
            losses = rehearsed()
        usual = usual or losses
        shared = [label for label in usual if label in losses]
        relative = float(np.exp(np.mean([np.log(losses[name] / usual[name]) for name in shared])))
        least = min(least, relative)
        named = {f"loss.{label}": loss for label, loss in losses.items()}
        yield {"trial": number, **asdict(variation), **named, "relative": relative}
