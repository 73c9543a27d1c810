"""Sets of scores that compete: those of the models, and the baselines."""

from collections.abc import Collection, Mapping

from features.orders.history_features import RATES
from features.orders.logs import LATE
from models.early_warning.early_warning import ANY, PLAIN, SHORTAGE

TREES, TIME, RATES_TOO = "boosted trees", "delivery time", "long-run rates"
RATE = "rate of the"
ScoreSet = tuple[str, ...]
"""The names of the scores that are joined."""

NO_SCORES: ScoreSet = ()
"""One rate for each stage."""

LONG_RATES = tuple(f"rate {i}" for i, f in enumerate(RATES) if (f.days, f.smoothing) == (None, 20))
"""What is joined to the models: short windows carry the weather of one season into the next."""

CANDIDATES = {"trees": TREES, "delivery_time": TIME, "long_rates": RATES_TOO}
"""Parts of the sets by the name that `--candidates` takes."""

_PARTS = {TREES: (ANY,), TIME: (SHORTAGE,), RATES_TOO: LONG_RATES}
_MODEL_SETS = (
    (TREES, TIME, RATES_TOO),
    (TREES, TIME),
    (TIME, RATES_TOO),
    (TIME,),
    (TREES, RATES_TOO),
    (TREES,),
)
"""The largest first."""


def model_score_sets(scores: Collection[str], candidates: Collection[str]) -> dict[str, ScoreSet]:
    """Return the sets of the models by name, the largest first, plain LightGBM the last.

    Args:
        scores: Names of the scores there are.
        candidates: Names of the parts that compete, of `CANDIDATES`.
    """
    parts = {CANDIDATES[name] for name in candidates}
    names = {own: tuple(score for part in own for score in _PARTS[part]) for own in _MODEL_SETS}
    sets = {
        _words(own): score_set
        for own, score_set in names.items()
        if parts.issuperset(own) and set(score_set) <= set(scores)
    }
    return {**sets, PLAIN: (PLAIN,)} if PLAIN in scores else sets


def _words(parts: tuple[str, ...]) -> str:
    *first, last = parts
    return f"{', '.join(first)} and {last}" if first else last


def type_score_set(name: str, scores: Mapping[str, object], score_set: ScoreSet) -> ScoreSet:
    """Return the scores of one type: lateness as any exception, others by their own booster."""
    own = name if name in scores else ANY
    if name == LATE:
        return tuple(own if score == ANY else score for score in score_set)
    return (own, SHORTAGE) if SHORTAGE in scores else (own,)
