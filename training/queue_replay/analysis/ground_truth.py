"""The work and the world of a synthetic history as they truly are, beside what a replay draws.

Only the synthetic source writes down what no company records: when each loss would have come, what
it would have cost, what would have healed when, and the work in what nobody touched.
"""

from collections.abc import Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data.ticks import MS_PER_HOUR, MS_PER_MINUTE, NEVER
from training.queue_replay.analysis.experiment import Experiment
from training.queue_replay.workload.staffing import TeamWeek
from training.queue_replay.workload.workload import Scenario, Workload

REWORK_SHARE = 0.6


def true_scene(scene: Experiment, truth: Path) -> Experiment:
    """Return a scene as it truly was, in its one true world.

    Args:
        scene: As read from a history.
        truth: Folder of the truth that was written with it.
    """
    ids = scene.work.ids
    known = pd.read_parquet(truth / "exceptions.parquet").set_index("exception_id").loc[list(ids)]
    world = Scenario(
        lost_at=_ticks(known["hazard_at"]),
        loss=known["loss_if_breached"].to_numpy(),
        heals_at=_ticks(known["heals_at"]),
    )
    work = _with_true_shifts(_with_true_touch(scene.work, known), truth)
    return replace(scene, work=work, worlds=[world])


def _ticks(moments: pd.Series) -> np.ndarray:
    known = moments.notna().to_numpy()
    ticks = moments.dt.as_unit("ms").astype("int64").to_numpy()
    return np.where(known, ticks, NEVER)


def _with_true_touch(work: Workload, known: pd.DataFrame) -> Workload:
    """Put the true way in the place of one that was drawn: a wrong team passes on, the right ends.

    A visit that the history saw begun is as recorded. (A wrong team does not always pass on to the
    right one; where that was never seen, nobody knows who it would have been.)
    """
    team_of = {name: code for code, name in enumerate(work.teams)}
    right = known["team"].map(team_of).to_numpy()
    touch = (known["touch_minutes"] * MS_PER_MINUTE).to_numpy()
    triage = (known["triage_minutes"] * MS_PER_MINUTE).to_numpy()
    drawn = work.started_at == NEVER
    waits = drawn & ~np.append(False, drawn[:-1] & (np.diff(work.visit_of) == 0))
    of, here = work.visit_of[waits], work.team[waits]
    by_right = here == right[of]
    again = np.where(work.may_heal[waits], 1.0, REWORK_SHARE)
    first = np.where(by_right, touch[of] * again, triage[of])
    rows = np.concatenate([np.flatnonzero(~drawn), np.flatnonzero(waits)])
    columns = {name: getattr(work, name)[rows] for name in _OF_VISITS}
    columns["touch_ms"][(~drawn).sum() :] = first
    extra = np.flatnonzero(waits)[~by_right]
    added = {name: getattr(work, name)[extra] for name in _OF_VISITS}
    added["team"], added["touch_ms"] = right[of][~by_right], touch[of][~by_right].astype(np.int64)
    added["ready_at"] = added["delay_ms"] = np.zeros(len(extra), np.int64)
    joined = {name: np.concatenate([columns[name], added[name]]) for name in _OF_VISITS}
    order = np.lexsort((np.concatenate([rows, extra + 0.5]), joined["visit_of"]))
    return replace(work, **{name: column[order] for name, column in joined.items()})


_OF_VISITS = (
    "visit_of", "team", "ready_at", "delay_ms", "touch_ms", "may_heal", "started_at", "ended_at",
)  # fmt: skip


def _with_true_shifts(work: Workload, truth: Path) -> Workload:
    teams = pd.read_parquet(truth / "teams.parquet")
    weeks = {str(row["team"]): _week(row) for row in teams.to_dict("records")}
    crews = [
        weeks[name].lay("UTC", int(crew.opens_at[0]), int(crew.closes_at[-1]))
        for name, crew in zip(work.teams, work.crews, strict=True)
    ]
    return replace(work, crews=tuple(crews))


def _week(team: Mapping[Hashable, Any]) -> TeamWeek:
    opens_ms = round(team["opens_hour"] * MS_PER_HOUR)
    closes_ms = opens_ms + round(team["shift_hours"] * MS_PER_HOUR)
    days = tuple(int(day) for day in team["weekdays"])
    return TeamWeek(team["operators"], days, opens_ms, closes_ms, 0, 1.0, 1.0)
