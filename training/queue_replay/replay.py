"""The replay of a queue: what other orders of work would have cost, on a company's own history."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from data.domain import Json, NotEnoughDataError
from data.history.history import History
from data.ticks import MS_PER_HOUR
from training.common.run import Progress
from training.queue_replay.analysis.comparison import RuleComparison
from training.queue_replay.analysis.experiment import Experiment, play_all
from training.queue_replay.analysis.lower_bound import bounded
from training.queue_replay.analysis.sensitivity import Stress, judged, people_by_team, stresses
from training.queue_replay.analysis.summary import headline
from training.queue_replay.analysis.validation import check
from training.queue_replay.plan import STRESS, TIMED, ReplayPlan, ReplaySpec, set_up
from training.queue_replay.rules.registry import all_rules, benchmark_rules
from training.queue_replay.simulator.simulator import play
from training.queue_replay.workload.event_log import HandlingLog
from training.queue_replay.workload.slots import TouchAssumption
from training.queue_replay.workload.workload import Workload
from training.triage.rolling_predictions import MAX_TRAINING_EXCEPTIONS

STRESS_WORLDS = 3


def replay(history: History, asked: ReplaySpec, progress: Progress, *, stress: bool) -> Json:
    """Replay a period: the historical order first, then, if that holds, all rules side by side.

    Args:
        history: The order history.
        asked: What is to be replayed.
        progress: Receives a line at each step.
        stress: Also play what would have been with more work, fewer people, wrong prices.

    Raises:
        NotEnoughDataError: Nothing was detected in the period.
        BadInputError: The history does not tell how long work took.
    """
    setting = set_up(history, asked, progress)
    told = _told(history, setting)
    progress("Playing the historical order first")
    fidelity, refusal = _reproduced(setting.scene, setting.record)
    told["history"] = fidelity
    if refusal:
        return {"headline": [refusal], "savings_told": False} | told
    scene, seed = setting.scene, asked.seed
    compared = RuleComparison.of(scene, play_all(scene, all_rules(), progress), seed)
    currency = asked.policy.currency
    found = {"headline": headline(compared, currency), "savings_told": True} | told
    found |= _compared(compared)
    found["assumptions"] = [_under(setting, touch, progress) for touch in setting.others]
    if stress:
        found |= _stressed(setting, compared, progress)
    return found


def _reproduced(scene: Experiment, record: HandlingLog) -> tuple[Json, str]:
    """Play the historical order; return what was compared, and why savings can't be told."""
    order = all_rules()["history"].order
    plays = [play(scene.work, world, order(scene.known(world))) for world in scene.worlds]
    try:
        fidelity = check(scene.work, scene.worlds, plays, record.seen_until)
    except NotEnoughDataError as error:
        refusal = f"No savings are shown, since the record can't be checked: {error}"
        return {"verdict": str(error), "compared": []}, refusal
    rows = [asdict(each) | {"holds": each.holds} for each in fidelity.compared]
    return {
        "verdict": fidelity.verdict,
        "compared": rows,
    }, "" if fidelity.holds else fidelity.verdict


def _compared(compared: RuleComparison) -> Json:
    ledger, rules = compared.scene.ledger, all_rules()
    listed = [name for name, rule in rules.items() if rule.listed]
    closed = compared.gap_closed("ours")
    first = pd.Timestamp(ledger.first_day, unit="D")
    days = pd.date_range(first, periods=ledger.period_days).strftime("%Y-%m-%d").tolist()
    return {
        "savings": {
            "against": {name: asdict(compared.saved("ours", name)) for name in benchmark_rules()},
            "gap_closed": asdict(closed) if closed else None,
        },
        "shown": listed,
        "rules": compared.by_rule(),
        "by_team": compared.by_group("team", "ours", "history"),
        "by_type": compared.by_group("type", "ours", "history"),
        "by_segment": compared.by_group("segment", "ours", "history"),
        "misprediction": [
            {"rule": name, "words": rule.knows, "worth": asdict(compared.saved(name, "ours"))}
            for name, rule in rules.items()
            if rule.knows
        ],
        "curve": {"days": days, "money_lost": {name: compared.curve(name) for name in listed}},
    }


def _stressed(setting: ReplayPlan, compared: RuleComparison, progress: Progress) -> Json:
    asked, few = setting.asked, min(STRESS_WORLDS, len(setting.scene.worlds))
    light = setting.scene.lighter(few)
    usual = RuleComparison.of(light, {n: t[:few] for n, t in compared.tallies.items()}, asked.seed)
    others = stresses(light, setting.said, asked.policy, asked.random(STRESS))
    return {
        "bound": bounded(light, asked.random(STRESS), progress),
        "people": people_by_team(usual, asked.seed, progress) if asked.touch in TIMED else [],
        "stress": [judged(other, asked.seed, progress) for other in others],
    }


def _under(setting: ReplayPlan, touch: TouchAssumption, progress: Progress) -> Json:
    """Compare the rules that matter under another assumption about touch times."""
    scene = setting.others[touch]
    light, seed = scene.lighter(min(STRESS_WORLDS, len(scene.worlds))), setting.asked.seed
    _, refusal = _reproduced(light, setting.record)
    if refusal:
        return {"touch": str(touch), "refused": refusal}
    return judged(Stress(str(touch), str(touch), light), seed, progress) | {
        "touch": str(touch), "refused": "",
    }  # fmt: skip


def _told(history: History, setting: ReplayPlan) -> Json:
    """Say what was replayed and how."""
    asked, work = setting.asked, setting.scene.work
    return {
        "period": {"from": str(asked.begin), "to": str(asked.end)},
        "currency": asked.policy.currency,
        "work": {
            "exceptions": len(work.ids),
            "waiting_at_the_start": int((work.detected_at < setting.record.begin).sum()),
            "visits": len(work.visit_of),
            "touch_hours": float(work.touch_ms.sum()) / MS_PER_HOUR,
            "teams": [
                {"name": name, "people": int(crew.people.max(initial=0)), **_load(work, code)}
                for code, (name, crew) in enumerate(zip(work.teams, work.crews, strict=True))
            ],
        },
        "models": [each.summary for each in setting.said],
        "made": {
            "history": history.fingerprint,
            "policy": asked.policy.label,
            "draws": asked.draws,
            "seed": asked.seed,
            "touch": str(asked.touch),
            "most_exceptions_learned_from": MAX_TRAINING_EXCEPTIONS,
            "long_wait_hours": setting.scene.ledger.long_wait_hours,
        },
    }


def _load(work: Workload, code: int) -> Json:
    """Return the work that came for a team over what its people could do in the period."""
    crew, last = work.crews[code], work.detected_at.max()
    there = np.minimum(crew.closes_at, last) - np.minimum(crew.opens_at, last)
    could = float((there * crew.people).sum())
    came = float(work.touch_ms[work.team == code].sum())
    return {"touch_hours": came / MS_PER_HOUR, "load": came / could if could else None}
