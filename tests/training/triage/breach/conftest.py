"""Small histories whose breaches follow a plan."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest

from data.history.history import History
from training.triage.dataset import TriageDataset

START = pd.Timestamp("2022-03-07", tz="UTC")


@pytest.fixture(scope="session")
def dataset_of(a_history) -> Callable[..., TriageDataset]:
    """Read a history of one exception a day, each with the days until its outcome is known.

    Every second one is breached if it is not said which.
    """

    def read(
        delays: np.ndarray, as_of_day: int = 0, breached: np.ndarray | None = None
    ) -> TriageDataset:
        days = np.arange(len(delays))
        detected = START + pd.to_timedelta(days, "D")
        ids = [f"e{i:03}" for i in days]
        exceptions = pd.DataFrame({"exception_id": ids, "detected_at": detected, "type": "manual"})
        outcomes = pd.DataFrame(
            {
                "exception_id": ids,
                "known_at": detected + pd.to_timedelta(delays, "D"),
                "breached": days % 2 == 0 if breached is None else breached,
            }
        )
        history = a_history({"exceptions": exceptions, "outcomes": outcomes})
        return TriageDataset.read(history, START + pd.Timedelta(as_of_day or len(days), "D"))

    return read


@pytest.fixture(scope="session")
def breach_history(a_history) -> Callable[..., History]:
    """Write a history of exceptions of three types, from late to never late.

    Args of the function: how many exceptions; by how much all times are longer; whether times of
    resolution are recorded; whether the real outcome follows the type, the lateness or nothing;
    whether a category is recorded, which is the type.
    """

    def write(
        n: int = 1_500,
        *,
        scale: float = 1.0,
        timed: bool = True,
        follows: str = "type",
        has_category: bool = False,
    ) -> History:
        random = np.random.default_rng(8)
        kinds: Sequence[str] = ["customs", "stock", "address"]
        kind = random.integers(0, 3, n)
        # Ends are quick or slow by the carrier, which says nothing of the real outcome.
        slow = random.random(n) < 0.5
        hours = np.where(slow, 60.0, 6.0) * random.lognormal(0, 0.3, n)
        chance = {"type": np.array([0.75, 0.3, 0.05])[kind], "nothing": np.full(n, 0.3)}
        breached = hours > 40 if follows == "lateness" else random.random(n) < chance[follows]
        detected = START + pd.to_timedelta(np.sort(random.uniform(0, 120 * scale, n)), "D")
        resolved = detected + pd.to_timedelta(scale * hours, "h")
        ids = [f"e{i:04}" for i in range(n)]
        exceptions = pd.DataFrame(
            {
                "exception_id": ids,
                "detected_at": detected,
                "type": np.array(kinds, object)[kind],
                "reason_code": np.where(slow, "sea", "air"),
            }
        )
        outcomes = pd.DataFrame({"exception_id": ids, "known_at": resolved, "breached": breached})
        if has_category:
            outcomes["category"] = exceptions["type"]
        if timed:
            outcomes["resolved_at"] = resolved
        return a_history({"exceptions": exceptions, "outcomes": outcomes})

    return write
