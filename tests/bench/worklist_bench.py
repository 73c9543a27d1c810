"""A page of the work list at 10,000 open: ranked, with capacity line and cost of waiting."""

import dataclasses
import time
from pathlib import Path

import numpy as np
import orjson
from timing import Ratio, in_turns

from data.policy.policy import DEFAULT_POLICY, Policy
from data.ticks import MISSING_TICK, MS_PER_HOUR
from serving.live_list.claim_board import ClaimBoard
from serving.live_list.open_exceptions import OpenExceptions
from serving.live_list.open_row import ReadRow
from serving.live_list.paging import cut
from serving.live_list.snapshot import ListView, RankingContext, Snapshot, SnapshotFilters
from serving.scoring.assessment import Assessment, LabelDecision
from serving.scoring.scorer import judge
from serving.wire.exception_in import exception
from serving.worklist.view import page_view

OPEN, ROUNDS, TEAMS, NOW_MS = 10_000, 15, 5, 1_772_366_400_000
TOLD = {"source": "bench", "external_id": "a", "type": "fraud_risk",
        "detected_at": "2026-03-01T09:00:00Z", "due_at": "2026-03-05T16:00:00Z"}  # fmt: skip
SHIFT = 'people = 3\nweekdays = ["sun", "mon"]\nopens = "08:00"\ncloses = "18:00"\n'


def run(folder: Path) -> Ratio:
    """Time a page of a policy with the shifts of five teams against one that names none."""
    listed = _open().frozen()
    policies = [_policy(folder, shifts) for shifts in (True, False)]

    def page_by(policy: Policy) -> None:
        snapshot = Snapshot.of(listed, RankingContext(policy, "7"), NOW_MS, number=1)
        page = cut(snapshot, SnapshotFilters(), 0, 50)
        orjson.dumps(page_view(page, ListView(snapshot, ClaimBoard([]), NOW_MS), None))

    ours, theirs = in_turns(lambda: page_by(policies[0]), lambda: page_by(policies[1]), ROUNDS)
    what, against = f"a page of {OPEN:,} open, with shifts", "the same without shifts"
    return Ratio(what, against, min(ours) * 1000, min(theirs) * 1000, "ms", 2.5)


def _policy(folder: Path, shifts: bool) -> Policy:
    text = DEFAULT_POLICY.read_text(encoding="utf-8")
    if shifts:
        begin, end = text.index("[shifts]"), text.index("[promises]")
        teams = "".join(f"[shifts.teams.t{i}]\n{SHIFT}" for i in range(TEAMS))
        text = f'{text[:begin]}[shifts]\ntimezone = "UTC"\n{teams}{text[end:]}'
    path = folder / f"policy_{time.time_ns()}.toml"
    path.write_text(text, encoding="utf-8")
    return Policy.read(path)


def _open() -> OpenExceptions:
    random, payload = np.random.default_rng(0), orjson.dumps(TOLD).decode()
    plain = judge([exception(TOLD)], None, Policy.read(), now_ms=NOW_MS, rules={}).assessments[0]
    listed = OpenExceptions()
    for i in range(OPEN):
        assessment = _opinion(plain, i, random).to_json()
        listed.put(ReadRow.read(f"exc_{i:026}", 1, payload=payload, assessment=assessment))
    return listed


def _opinion(plain: Assessment, number: int, random: np.random.Generator) -> Assessment:
    due = NOW_MS + int(random.uniform(0, 60) * MS_PER_HOUR)
    terms = dict(plain.terms) | {
        "detected_at": NOW_MS - int(random.uniform(0, 90) * MS_PER_HOUR),
        "due_at": due if random.random() < 0.8 else MISSING_TICK,
        "loss": float(random.lognormal(3, 1)),
        "curve": np.sort(random.random(11)).tolist(),
    }
    team = LabelDecision(f"t{number % TEAMS}", 0.9, (), "suggest")
    return dataclasses.replace(plain, degraded=False, model_version="7", terms=terms, routing=team)
