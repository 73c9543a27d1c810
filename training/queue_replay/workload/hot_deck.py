"""Hot-deck imputation: a visit without a record takes the touch time and route of a donor.

A donor is a visit to the same team on an exception of the same category, drawn at random; failing
that of the same type; failing that any visit to the team; failing that any visit. It gives its
touch time. Where the rest of the route is not recorded either, it gives the later visits too.
"""

from dataclasses import replace

import numpy as np

from data.domain import NotEnoughDataError
from data.ticks import NEVER
from training.queue_replay.workload.effort import VisitEffort, is_last
from training.queue_replay.workload.event_log import HandlingLog


def impute_visits(
    log: HandlingLog, effort: VisitEffort, route_unknown: np.ndarray, random: np.random.Generator
) -> VisitEffort:
    """Impute missing touch times, and missing routes to the resolution.

    Args:
        log: Record of n exceptions.
        effort: Their visits.
        route_unknown: n bools: the visits after the last one are not recorded.
        random: Draws the donors.

    Raises:
        NotEnoughDataError: No visit has a touch time.
    """
    recipients = np.flatnonzero(effort.touch_ms == 0)
    if not len(recipients):
        return effort
    donors = np.flatnonzero(_complete_to_resolution(effort))
    if not len(donors):
        raise NotEnoughDataError("exceptions with a known touch time", 0, 1, "Choose another.")
    donor = _draw_donors(_similarity_keys(log, effort), recipients, donors, random)
    touch_ms = effort.touch_ms.copy()
    touch_ms[recipients] = touch_ms[donor]
    imputed = replace(
        effort,
        touch_ms=touch_ms,
        remaining_ms=np.where(effort.touch_ms == 0, touch_ms, effort.remaining_ms),
    )
    continues = is_last(effort.exception)[recipients] & route_unknown[effort.exception[recipients]]
    return _with_donor_routes(imputed, recipients[continues], donor[continues])


def _complete_to_resolution(effort: VisitEffort) -> np.ndarray:
    """Mark the visits from which all touch times are recorded, up to the resolution."""
    last = is_last(effort.exception)
    complete = (effort.touch_ms > 0) & (~last | (effort.resolved_at != NEVER))
    incomplete_before = np.cumsum(~complete)
    end = np.flatnonzero(last)
    of = np.searchsorted(end, np.arange(len(last)))
    return complete & (incomplete_before[end[of]] == incomplete_before)


def _similarity_keys(log: HandlingLog, effort: VisitEffort) -> list[np.ndarray]:
    """Return the keys by which visits are similar, the closest first; -1 where not recorded."""
    team = effort.team + 1
    keys = []
    for name in ("category", "type"):
        names, code = np.unique(log.facts[name].astype(str), return_inverse=True)
        code = code[effort.exception]
        keys.append(np.where(names[code] == "", -1, team * len(names) + code))
    return [*keys, team, np.zeros(len(team), np.int64)]


def _draw_donors(
    keys: list[np.ndarray], recipients: np.ndarray, donors: np.ndarray, random: np.random.Generator
) -> np.ndarray:
    """Draw a donor for each recipient: by the first key for which there is one."""
    donor = np.full(len(recipients), -1)
    uniform = random.random(len(recipients))
    for key in keys:
        by_key = donors[np.argsort(key[donors], kind="stable")]
        first, last = (np.searchsorted(key[by_key], key[recipients], side) for side in _SIDES)
        matched = (donor < 0) & (last > first) & (key[recipients] >= 0)
        donor[matched] = by_key[(first + uniform * (last - first)).astype(np.int64)[matched]]
    return donor


_SIDES = ("left", "right")


def _with_donor_routes(effort: VisitEffort, visit: np.ndarray, donor: np.ndarray) -> VisitEffort:
    """Append to visits those that followed their donors."""
    end = np.flatnonzero(is_last(effort.exception))
    count = end[np.searchsorted(end, donor)] - donor
    of = np.repeat(np.arange(len(visit)), count)
    step = np.arange(len(of)) - np.repeat(np.cumsum(count) - count, count)
    added = effort.take(donor[of] + 1 + step)
    unknown = np.full(len(of), NEVER)
    added = replace(
        added,
        exception=effort.exception[visit[of]],
        ready_at=np.zeros(len(of), np.int64),
        remaining_ms=added.touch_ms,
        started_at=unknown,
        ended_at=unknown,
        resolved_at=unknown,
    )
    both = {n: np.concatenate([c, getattr(added, n)]) for n, c in vars(effort).items()}
    combined = VisitEffort(**both)
    return combined.take(np.argsort(combined.exception, kind="stable"))
