"""Ground truth of a synthetic history: its true workload and scenario.

Only the synthetic source writes down the facts that no company records: the time and amount of each
loss, the time of self-resolution, and the touch time of exceptions without work. Read by tests and
by `tests/bench/replay_truth.py`.
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


def true_experiment(experiment: Experiment, truth: Path) -> Experiment:
    """Return an experiment with the true workload, in its one true scenario.

    Args:
        experiment: As read from a history.
        truth: Folder of the truth that was written with the history.
    """
    ids = experiment.workload.ids
    truth_rows = (
        pd.read_parquet(truth / "exceptions.parquet").set_index("exception_id").loc[list(ids)]
    )
    scenario = Scenario(
        lost_at=_ticks(truth_rows["hazard_at"]),
        loss=truth_rows["loss_if_breached"].to_numpy(),
        self_resolves_at=_ticks(truth_rows["heals_at"]),
    )
    workload = _with_true_shifts(_with_true_touch(experiment.workload, truth_rows), truth)
    return replace(experiment, workload=workload, scenarios=[scenario])


def _ticks(moments: pd.Series) -> np.ndarray:
    present = moments.notna().to_numpy()
    ticks = moments.dt.as_unit("ms").astype("int64").to_numpy()
    return np.where(present, ticks, NEVER)


def _with_true_touch(workload: Workload, truth_rows: pd.DataFrame) -> Workload:
    """Replace imputed routes by the true ones: a wrong team passes on, the right team resolves.

    A visit with a recorded start is as recorded. (A wrong team does not always pass on to the right
    one; where no transfer is recorded, the right team is assumed.)
    """
    team_of = {name: code for code, name in enumerate(workload.teams)}
    right = truth_rows["team"].map(team_of).to_numpy()
    touch = (truth_rows["touch_minutes"] * MS_PER_MINUTE).to_numpy()
    triage = (truth_rows["triage_minutes"] * MS_PER_MINUTE).to_numpy()
    imputed = workload.started_at == NEVER
    recipients = imputed & ~np.append(False, imputed[:-1] & (np.diff(workload.visit_of) == 0))
    exception, team = workload.visit_of[recipients], workload.team[recipients]
    by_right = team == right[exception]
    again = np.where(workload.may_self_resolve[recipients], 1.0, REWORK_SHARE)
    first = np.where(by_right, touch[exception] * again, triage[exception])
    rows = np.concatenate([np.flatnonzero(~imputed), np.flatnonzero(recipients)])
    columns = {name: getattr(workload, name)[rows] for name in _OF_VISITS}
    columns["touch_ms"][(~imputed).sum() :] = first
    extra = np.flatnonzero(recipients)[~by_right]
    added = {name: getattr(workload, name)[extra] for name in _OF_VISITS}
    added["team"] = right[exception][~by_right]
    added["touch_ms"] = touch[exception][~by_right].astype(np.int64)
    added["ready_at"] = added["delay_ms"] = np.zeros(len(extra), np.int64)
    joined = {name: np.concatenate([columns[name], added[name]]) for name in _OF_VISITS}
    order = np.lexsort((np.concatenate([rows, extra + 0.5]), joined["visit_of"]))
    return replace(workload, **{name: column[order] for name, column in joined.items()})


_OF_VISITS = (
    "visit_of", "team", "ready_at", "delay_ms", "touch_ms", "may_self_resolve", "started_at",
    "ended_at",
)  # fmt: skip


def _with_true_shifts(workload: Workload, truth: Path) -> Workload:
    teams = pd.read_parquet(truth / "teams.parquet")
    weeks = {str(row["team"]): _week(row) for row in teams.to_dict("records")}
    team_hours = [
        weeks[name].lay("UTC", int(hours.opens_at[0]), int(hours.closes_at[-1]))
        for name, hours in zip(workload.teams, workload.team_hours, strict=True)
    ]
    return replace(workload, team_hours=tuple(team_hours))


def _week(team: Mapping[Hashable, Any]) -> TeamWeek:
    opens_ms = round(team["opens_hour"] * MS_PER_HOUR)
    closes_ms = opens_ms + round(team["shift_hours"] * MS_PER_HOUR)
    days = tuple(int(day) for day in team["weekdays"])
    return TeamWeek(
        people=team["operators"],
        weekdays=days,
        opens_ms=opens_ms,
        closes_ms=closes_ms,
        days=0,
        inside_share=1.0,
        full_share=1.0,
    )
