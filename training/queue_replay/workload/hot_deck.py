"""Hot-deck imputation: a visit without a record takes the touch time and route of a donor.

A hot deck: a visit to the same team on the same kind of exception, drawn at random, lends its touch
time; where the rest of the way is not recorded either, it lends the visits that followed it too.
"""

import numpy as np

from data.domain import NotEnoughDataError
from data.ticks import NEVER
from training.queue_replay.workload.effort import VisitEffort, is_last
from training.queue_replay.workload.event_log import HandlingLog


def completed(
    record: HandlingLog, worked: VisitEffort, way_unknown: np.ndarray, random: np.random.Generator
) -> VisitEffort:
    """Give every visit a touch time, and every exception a way to its end.

    Args:
        record: What the history holds.
        worked: Its visits.
        way_unknown: n, nobody knows what would have come after the last visit.
        random: Draws the lenders.

    Raises:
        NotEnoughDataError: The touch time of no visit at all is known.
    """
    wanting = np.flatnonzero(worked.touch_ms == 0)
    if not len(wanting):
        return worked
    lenders = np.flatnonzero(_known_to_the_end(worked))
    if not len(lenders):
        raise NotEnoughDataError("exceptions with a known touch time", 0, 1, "Choose another.")
    lender = _drawn(_keys(record, worked), wanting, lenders, random)
    touch_ms = worked.touch_ms.copy()
    touch_ms[wanting] = touch_ms[lender]
    known = worked.with_(
        touch_ms=touch_ms, left_ms=np.where(worked.touch_ms == 0, touch_ms, worked.left_ms)
    )
    goes_on = is_last(worked.exception)[wanting] & way_unknown[worked.exception[wanting]]
    return _with_what_followed(known, wanting[goes_on], lender[goes_on])


def _known_to_the_end(worked: VisitEffort) -> np.ndarray:
    """Say from which visits on all touch times are known, up to the resolution."""
    last = is_last(worked.exception)
    good = (worked.touch_ms > 0) & (~last | (worked.resolved_at != NEVER))
    bad_so_far = np.cumsum(~good)
    end = np.flatnonzero(last)
    of = np.searchsorted(end, np.arange(len(last)))
    return good & (bad_so_far[end[of]] == bad_so_far)


def _keys(record: HandlingLog, worked: VisitEffort) -> list[np.ndarray]:
    """Return what makes visits alike, the closest likeness first; -1 where it is not known."""
    team = worked.team + 1
    keys = []
    for name in ("category", "type"):
        words, code = np.unique(record.facts[name].astype(str), return_inverse=True)
        code = code[worked.exception]
        keys.append(np.where(words[code] == "", -1, team * len(words) + code))
    return [*keys, team, np.zeros(len(team), np.int64)]


def _drawn(
    keys: list[np.ndarray], wanting: np.ndarray, lenders: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Return a lender for each visit that wants one."""
    found = np.full(len(wanting), -1)
    luck = random.random(len(wanting))
    for key in keys:
        by_key = lenders[np.argsort(key[lenders], kind="stable")]
        first, last = (np.searchsorted(key[by_key], key[wanting], side) for side in _SIDES)
        can = (found < 0) & (last > first) & (key[wanting] >= 0)
        found[can] = by_key[(first + luck * (last - first)).astype(np.int64)[can]]
    return found


_SIDES = ("left", "right")


def _with_what_followed(worked: VisitEffort, visit: np.ndarray, lender: np.ndarray) -> VisitEffort:
    """Append to visits what came after their lenders."""
    end = np.flatnonzero(is_last(worked.exception))
    count = end[np.searchsorted(end, lender)] - lender
    of = np.repeat(np.arange(len(visit)), count)
    step = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    added = worked.take(lender[of] + 1 + step)
    unknown = np.full(len(of), NEVER)
    added = added.with_(
        exception=worked.exception[visit[of]],
        ready_at=np.zeros(len(of), np.int64),
        left_ms=added.touch_ms,
        started_at=unknown,
        ended_at=unknown,
        resolved_at=unknown,
    )
    both = {n: np.concatenate([c, getattr(added, n)]) for n, c in vars(worked).items()}
    everything = VisitEffort(**both)
    return everything.take(np.argsort(everything.exception, kind="stable"))
