"""How near the rules come to what nothing can do better: small windows, each as if alone."""

import numpy as np
import pandas as pd

from data.domain import Json
from training.queue_replay.analysis.experiment import Experiment, Say
from training.queue_replay.analysis.lower_bound import least_lost
from training.queue_replay.analysis.what_if import repeated
from training.queue_replay.rules.rules import RULES

WINDOWS, SIZE = 3, 200
COMPARED = ("fifo", "edd_lost_last", "risk_x_value", "ours", "oracle")


def bounded(scene: Experiment, random: np.random.Generator, say: Say) -> list[Json]:
    """Play exceptions that came one after the other without all others, beside a true lower bound.

    Alone they meet less of a queue than they did, so what is lost is less than in the whole.
    """
    by_time = np.argsort(scene.work.detected_at, kind="stable")
    size = min(SIZE, len(by_time))
    first = np.linspace(0, len(by_time) - size, WINDOWS if len(by_time) > size else 1).astype(int)
    light, rows = scene.lighter(1), []
    for number, begin in enumerate(first.tolist(), 1):
        say(f"Bounding what any order loses: window {number} of {len(first)}")
        chosen = np.zeros(len(by_time), np.int64)
        chosen[by_time[begin : begin + size]] = 1
        rows.append(_window(repeated(light, chosen, random)))
    return rows


def _window(scene: Experiment) -> Json:
    world, detected = scene.worlds[0], scene.work.detected_at
    return {
        "from": str(pd.Timestamp(int(detected.min()), unit="ms", tz="UTC")),
        "to": str(pd.Timestamp(int(detected.max()), unit="ms", tz="UTC")),
        "exceptions": len(detected),
        "lost_whatever_the_order": least_lost(scene.work, world),
        "money_lost": {
            name: float(scene.play(RULES[name], world).money.sum()) for name in COMPARED
        },
    }
