"""The replay of a queue: what other orders of work would have cost, on a company's own history."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from data.domain import BadInputError, NotEnoughDataError
from data.history import History
from data.policy import Policy
from training.queue_churn import moments_of
from training.queue_fidelity import check
from training.queue_findings import STRONG, Compared
from training.queue_opinions import MOST_LEARNED, Said, opinions_on, said_by_origins
from training.queue_record import Record
from training.queue_rules import RULES
from training.queue_scene import Say, Scene, play_all, terms_of
from training.queue_simulator import play
from training.queue_stress import judged, people_by_team, stresses
from training.queue_tally import TICKS_PER_HOUR, Groups, Ledger, last_team
from training.queue_truths import TERMS, TRUTHS
from training.queue_words import headline
from training.queue_work import read_work
from training.queue_world import Work
from training.queue_worlds import draw_worlds

Plain = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is to be replayed.

    Attributes:
        begin: First moment of the period.
        end: First moment after it.
        policy: Prices, guards and shifts.
        origins: How many times the models are fitted anew; 0 for the policy alone.
        draws: Worlds that every rule is played in.
        seed: Of all that is drawn.
    """

    begin: pd.Timestamp
    end: pd.Timestamp
    policy: Policy
    origins: int
    draws: int
    seed: int

    def __post_init__(self) -> None:
        if self.end <= self.begin:
            raise BadInputError("--to", "it is not after --from", "Choose a later day.")

    @property
    def moments(self) -> list[pd.Timestamp]:
        """The origins: evenly spread, each at the beginning of a day."""
        step = (self.end - self.begin) / max(self.origins, 1)
        evenly = [self.begin + step * number for number in range(self.origins)]
        return sorted({max(moment.floor("D"), self.begin) for moment in evenly})

    def random(self, stream: int) -> np.random.Generator:
        """Return independent random numbers for each thing that draws."""
        return np.random.default_rng([self.seed, stream])


WORK, WORLDS, MOMENTS, STRESS = range(4)
"""The streams of random numbers."""
STRESS_WORLDS = 3


@dataclass(frozen=True)
class Setting:
    """A scene, and how it came about."""

    asked: Asked
    record: Record
    said: Sequence[Said]
    scene: Scene


def set_up(history: History, asked: Asked, say: Say) -> Setting:
    """Read the work, draw the worlds, let the models speak.

    Raises:
        NotEnoughDataError: Nothing was detected in the period.
        BadInputError: The history does not tell how long work took.
    """
    say("Reading the work")
    record = Record.read(history, asked.begin, asked.end)
    policy = asked.policy
    work = read_work(record, policy.shifts, asked.random(WORK))
    say("Drawing what nobody recorded")
    worlds = draw_worlds(record, work, policy.losses, asked.random(WORLDS), asked.draws)
    earliest = int(work.detected_at.min())
    said = said_by_origins(history, asked.moments, earliest, asked.end, say)
    opinions = opinions_on(work.ids, said, policy)
    prices = policy.losses.waiting_cost_per_hour, policy.handling.deadline_hours
    ledger = Ledger.of(work, (record.begin, record.end), groups_of(record, work), prices)
    moments = moments_of(work, asked.random(MOMENTS))
    scene = Scene(work, worlds, opinions, terms_of(policy, work), ledger, moments)
    return Setting(asked, record, said, scene)


def groups_of(record: Record, work: Work) -> dict[str, Groups]:
    """Divide the work by the team that did it last, by type and by customer segment."""
    row = pd.Index(record.ids).get_indexer(pd.Index(work.ids))
    words = {name: record.facts[name][row] for name in ("type", "segment")}
    return {"team": Groups.of(last_team(work))} | {n: Groups.of(w) for n, w in words.items()}


def replay(history: History, asked: Asked, say: Say, *, stress: bool) -> Plain:
    """Replay a period: the historical order first, then, if that holds, all rules side by side.

    Args:
        history: The order history.
        asked: What is to be replayed.
        say: Told each step.
        stress: Also play what would have been with more work, fewer people, wrong prices.

    Raises:
        NotEnoughDataError: Nothing was detected in the period.
        BadInputError: The history does not tell how long work took.
    """
    setting = set_up(history, asked, say)
    told = _told(history, setting)
    say("Playing the historical order first")
    fidelity, refusal = _reproduced(setting)
    told["history"] = fidelity
    if refusal:
        return {"headline": [refusal], "savings_told": False} | told
    scene, seed = setting.scene, asked.seed
    compared = Compared.of(scene, play_all(scene, {**RULES, **TRUTHS}, say), seed)
    currency = asked.policy.currency
    found = {"headline": headline(compared, currency), "savings_told": True} | told
    found |= _compared(compared)
    if stress:
        found |= _stressed(setting, compared, say)
    return found


def _reproduced(setting: Setting) -> tuple[Plain, str]:
    """Play the historical order; return what was compared, and why savings can't be told."""
    scene, until = setting.scene, setting.record.seen_until
    rule = RULES["history"]
    plays = [play(scene.work, world, rule(scene.known(world))) for world in scene.worlds]
    try:
        fidelity = check(scene.work, scene.worlds, plays, until)
    except NotEnoughDataError as error:
        refusal = f"No savings are told, since the record can't be checked: {error}"
        return {"verdict": str(error), "compared": []}, refusal
    rows = [asdict(each) | {"holds": each.holds} for each in fidelity.compared]
    return {
        "verdict": fidelity.verdict,
        "compared": rows,
    }, "" if fidelity.holds else fidelity.verdict


def _compared(compared: Compared) -> Plain:
    ledger, against = compared.scene.ledger, ("history", "fifo", *STRONG)
    closed = compared.gap_closed("ours")
    first = pd.Timestamp(ledger.first_day, unit="D")
    days = pd.date_range(first, periods=ledger.days).strftime("%Y-%m-%d").tolist()
    return {
        "savings": {
            "against": {name: asdict(compared.saved("ours", name)) for name in against},
            "gap_closed": asdict(closed) if closed else None,
        },
        "shown": list(RULES),
        "rules": compared.by_rule(),
        "by_team": compared.by_group("team", "ours", "history"),
        "by_type": compared.by_group("type", "ours", "history"),
        "by_segment": compared.by_group("segment", "ours", "history"),
        "misprediction": [
            {"rule": name, "words": words, "worth": asdict(compared.saved(name, "ours"))}
            for name, words in TERMS.items()
        ],
        "curve": {"days": days, "money_lost": {name: compared.curve(name) for name in RULES}},
    }


def _stressed(setting: Setting, compared: Compared, say: Say) -> Plain:
    asked, few = setting.asked, min(STRESS_WORLDS, len(setting.scene.worlds))
    light = setting.scene.lighter(few)
    usual = Compared.of(light, {n: t[:few] for n, t in compared.tallies.items()}, asked.seed)
    others = stresses(light, setting.said, asked.policy, asked.random(STRESS))
    return {
        "people": people_by_team(usual, asked.seed, say),
        "stress": [judged(other, asked.seed, say) for other in others],
    }


def _told(history: History, setting: Setting) -> Plain:
    """Say what was replayed and how."""
    asked, work = setting.asked, setting.scene.work
    return {
        "period": {"from": str(asked.begin), "to": str(asked.end)},
        "currency": asked.policy.currency,
        "work": {
            "exceptions": len(work.ids),
            "waiting_at_the_start": int((work.detected_at < setting.record.begin).sum()),
            "visits": len(work.visit_of),
            "touch_hours": float(work.touch_ms.sum()) / TICKS_PER_HOUR,
            "teams": [
                {"name": name, "people": int(crew.people.max(initial=0)), **_load(work, code)}
                for code, (name, crew) in enumerate(zip(work.teams, work.crews, strict=True))
            ],
        },
        "models": [each.told for each in setting.said],
        "made": {
            "history": history.fingerprint,
            "policy": asked.policy.label,
            "draws": asked.draws,
            "seed": asked.seed,
            "most_exceptions_learned_from": MOST_LEARNED,
            "long_wait_hours": setting.scene.ledger.long_wait_hours,
        },
    }


def _load(work: Work, code: int) -> Plain:
    """Return the work that came for a team over what its people could do in the period."""
    crew, last = work.crews[code], work.detected_at.max()
    there = np.minimum(crew.closes_at, last) - np.minimum(crew.opens_at, last)
    could = float((there * crew.people).sum())
    came = float(work.touch_ms[work.team == code].sum())
    return {"touch_hours": came / TICKS_PER_HOUR, "load": came / could if could else None}
