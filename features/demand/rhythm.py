"""Rhythm of demand: after how many periods it repeats, and how far back each figure looks."""

from dataclasses import dataclass
from functools import lru_cache

from data.ticks import DAYS_PER_YEAR
from features.demand.grain import Grain

MIN_WINDOWS = 3
MIN_LEVEL = 2
MIN_OWN_PERIODS = 3


@dataclass(frozen=True)
class Rhythm:
    """Lengths after which demand of one grain repeats, in periods.

    Attributes:
        season: After so many it repeats.
        windows: Lengths of the recent pasts that are looked at, growing.
        level: Length of the past that makes the level.
        year: Periods of a year.
        width: So many neighbours on each side say what a period was like a year ago.
        fewest: So many observed ones are needed to be forecast from its own past.
        averages: Lengths that a moving average chooses from, growing.
        horizon: Periods that are forecast where nobody says how many.
    """

    season: int
    windows: tuple[int, ...]
    level: int
    year: int
    width: int
    fewest: int
    averages: tuple[int, ...]
    horizon: int


_USUAL = {
    Grain.DAY: Rhythm(
        season=7,
        windows=(7, 14, 28, 56, 112),
        level=56,
        year=364,
        width=3,
        fewest=14,
        averages=(14, 28, 56, 112),
        horizon=28,
    ),
    Grain.WEEK: Rhythm(
        season=52,
        windows=(2, 4, 8, 13, 26, 52),
        level=26,
        year=52,
        width=1,
        fewest=6,
        averages=(4, 8, 13, 26, 52),
        horizon=8,
    ),
    Grain.MONTH: Rhythm(
        season=12,
        windows=(2, 3, 6, 12, 24),
        level=12,
        year=12,
        width=0,
        fewest=4,
        averages=(3, 6, 12, 24),
        horizon=6,
    ),
}


@lru_cache
def rhythm_of(grain: Grain) -> Rhythm:
    """Return the rhythm of a grain; of an unusual one that of the nearest usual one, scaled.

    Only days have a season below a year: the week. No other length of days is sure to hold it.
    """
    usual = _USUAL[grain.usual]
    if grain == grain.usual:
        return usual
    scale = grain.usual.mean_days / grain.mean_days

    def scaled(lengths: tuple[int, ...]) -> tuple[int, ...]:
        shorter = sorted({max(round(length * scale), 1) for length in lengths})
        return tuple(shorter + [shorter[-1] + n for n in range(1, MIN_WINDOWS + 1 - len(shorter))])

    year = grain.periods_in(DAYS_PER_YEAR)
    return Rhythm(
        season=year,
        windows=scaled(usual.windows),
        level=max(round(usual.level * scale), MIN_LEVEL),
        year=year,
        width=round(usual.width * scale),
        fewest=max(round(usual.fewest * scale), MIN_OWN_PERIODS),
        averages=scaled(usual.averages),
        horizon=max(round(usual.horizon * scale), MIN_LEVEL),
    )
