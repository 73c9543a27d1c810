"""No feature of an exception knows the future, and one call computes what the bulk does."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from data.ticks import MISSING_TICK, MS_PER_HOUR, floor_ticks
from features.engine.attributes import attribute_kinds
from features.engine.columns import hours_between
from features.engine.compute import Features, Matrix
from features.engine.event_log import LogRows
from features.engine.feature_set import Entity, FeaturePlan
from features.engine.products import ProductAttributes
from features.exceptions.features import FEATURES
from features.exceptions.logs import exception_logs
from features.exceptions.tables import exception_columns, joined_attributes


@dataclass(frozen=True)
class Past:
    """The past of exceptions as the features read it."""

    plan: FeaturePlan
    logs: dict[str, LogRows]


def _columns(history: Any, exceptions: pd.DataFrame, kinds: Any) -> dict[str, np.ndarray]:
    products = ProductAttributes.of_table(history.products)
    # As a champion stores and reads them: a call must get what training read.
    stored = ProductAttributes.from_text(products.keeping(kinds).to_text())
    return exception_columns(
        exceptions, history.orders, history.order_lines, kinds, products=stored
    )


def _kinds(history: Any) -> dict[str, str]:
    products = ProductAttributes.of_table(history.products)
    tables = (history.exceptions, history.orders, history.order_lines)
    return attribute_kinds(joined_attributes(*tables, products=products))


@pytest.fixture(scope="session")
def exception_past() -> Callable[..., Past]:
    """Index the past of a history, with the plan of another one where it is given."""

    def build(history: Any, plan: FeaturePlan | None = None) -> Past:
        raised = history.exceptions
        kinds = plan.attributes if plan else _kinds(history)
        columns = _columns(history, raised, kinds)
        plan = plan or FEATURES.fit(columns, kinds)
        entities = [Entity(name, tuple(parts)) for name, parts in plan.entities.items()]
        logs = exception_logs(columns, entities, raised, history.exception_events, history.outcomes)
        return Past(plan, logs)

    return build


@pytest.fixture(scope="session")
def exception_features() -> Callable[..., Matrix]:
    """Compute the features of some exceptions, each at the moment it was detected."""

    def compute(history: Any, past: Past, exceptions: pd.DataFrame) -> Matrix:
        columns = _columns(history, exceptions, past.plan.attributes)
        features = Features(FEATURES, past.plan, past.logs)
        return features.compute(
            columns, features.keys(columns), floor_ticks(exceptions["detected_at"])
        )

    return compute


SEEDS = st.integers(0, 2**32 - 1)
SEEDED = settings(max_examples=6, phases=[Phase.generate])  # a seed has nothing to shrink to


def assert_same(matrix: Matrix, other: Matrix) -> None:
    """Equal to the bit, not nearly."""
    np.testing.assert_array_equal(matrix.dense, other.dense)
    if matrix.messages is not None and other.messages is not None:
        np.testing.assert_array_equal(matrix.messages.csr.toarray(), other.messages.csr.toarray())


@SEEDED
@given(seed=SEEDS, other=SEEDS, number=st.integers(0, 11))
def test_no_row_known_at_or_after_as_of_changes_a_feature(
    seed, other, number, a_history, with_another_future, exception_past, exception_features
):
    history = a_history(seed)
    subject = history.exceptions.iloc[[number]].reset_index(drop=True)
    past = exception_past(history)
    disturbed = with_another_future(history, subject["detected_at"].iloc[0], other)

    before = exception_features(history, past, subject)
    after = exception_features(disturbed, exception_past(disturbed, past.plan), subject)

    assert_same(before, after)


@SEEDED
@given(seed=SEEDS)
def test_one_row_at_a_time_gives_what_the_bulk_gives(
    seed, a_history, exception_past, exception_features
):
    history = a_history(seed)
    past = exception_past(history)

    bulk = exception_features(history, past, history.exceptions)
    single = [
        exception_features(history, past, history.exceptions.iloc[[i]].reset_index(drop=True))
        for i in range(len(history.exceptions))
    ]

    for i, row in enumerate(single):
        assert_same(row, bulk.take(np.array([i])))


@SEEDED
@given(seed=SEEDS)
def test_the_order_of_the_rows_changes_nothing(seed, a_history, exception_past, exception_features):
    history = a_history(seed)
    shuffled = history.changed(
        lambda _, rows: rows.sample(frac=1, random_state=seed % 2**31).reset_index(drop=True)
    )
    past = exception_past(history)

    straight = exception_features(history, past, history.exceptions)
    mixed = exception_features(shuffled, exception_past(shuffled, past.plan), history.exceptions)

    assert_same(straight, mixed)


def _drawn(own: list[float], everyone: list[float]) -> float:
    """Mean of the same, with ten imaginary rows at the mean of all, less the mean of all."""
    if not everyone:
        return np.nan
    prior = sum(round(v * 65_536) for v in everyone) / 65_536 / len(everyone)
    mean = (sum(round(v * 65_536) for v in own) / 65_536 + 10.0 * prior) / (len(own) + 10.0)
    return mean - prior


def _alike(name: str | None, other: str | None) -> bool:
    return name is not None and name == other


def _late(
    row: pd.Series, name: str, closings: list[tuple[str, pd.Timestamp]]
) -> tuple[pd.Timestamp, float]:
    """Moment at which it is five days old, and whether it was open then."""
    aged = row["detected_at"].floor("ms") + pd.Timedelta(days=5)
    due = max(aged, row["known_at"].ceil("ms"))
    own = [moment for exception_id, moment in closings if exception_id == name]
    return due, float(not (own and min(own) < due))


def _definition(history, key: Callable[[pd.Series], str | None], subject: pd.Series) -> list[float]:
    """The four history features of a case, written down as slowly and plainly as can be."""
    as_of = subject["detected_at"].floor("ms")
    raised = history.exceptions.set_index("exception_id")

    def known_at(row: pd.Series) -> pd.Timestamp:
        return max(row["known_at"], raised.loc[row["exception_id"], "known_at"]).ceil("ms")

    def is_own(exception_id: str) -> bool:
        return _alike(key(raised.loc[exception_id]), key(subject))

    def within(moment: pd.Timestamp, days: float) -> bool:
        return as_of - pd.Timedelta(days=days) <= moment < as_of

    def drawn(rows: list[tuple[str, float]]) -> float:
        return _drawn([v for name, v in rows if is_own(name)], [v for _, v in rows])

    steps = [row for _, row in history.exception_events.iterrows()]
    ends = [row for _, row in history.outcomes.iterrows()]
    solved = [row for row in steps if row["event"] == "resolved"]
    closings = [(row["exception_id"], known_at(row)) for row in solved + ends]

    def moved(row: pd.Series) -> float:
        named = [s for s in steps if isinstance(s["team"], str)]
        own = [s for s in named if s["exception_id"] == row["exception_id"]]
        first = min(
            own, key=lambda s: (known_at(s), s["occurred_at"], s["step"], s["event"], s["team"])
        )
        return float(first["team"] != row["team"])

    def hours(row: pd.Series) -> float:
        start = raised.loc[row["exception_id"], "detected_at"].floor("ms")
        return float(np.log1p((row["occurred_at"].ceil("ms") - start) / pd.Timedelta(hours=1)))

    def recorded(column: str, days: float) -> list[tuple[str, float]]:
        rows = [row for row in ends if within(known_at(row), days) and pd.notna(row[column])]
        return [(row["exception_id"], float(row[column])) for row in rows]

    aged = [(name, _late(raised.loc[name], name, closings)) for name in raised.index]
    resolved = [row for row in solved if within(known_at(row), 90)]
    touched = recorded("touch_minutes", 90)
    return [
        drawn([(name, value) for name, (due, value) in aged if within(due, 90)]),
        drawn([(row["exception_id"], hours(row)) for row in resolved]),
        drawn([(r["exception_id"], moved(r)) for r in resolved if isinstance(r["team"], str)]),
        drawn([(name, float(np.log1p(minutes))) for name, minutes in touched]),
    ]


@SEEDED
@given(seed=SEEDS, number=st.integers(0, 11))
def test_the_past_of_an_entity_is_what_its_definition_says(
    seed, number, a_history, exception_past, exception_features
):
    history = a_history(seed)
    past = exception_past(history)
    subject = history.exceptions.iloc[[number]].reset_index(drop=True)

    matrix = exception_features(history, past, subject)

    names = Features(FEATURES, past.plan, past.logs).names
    of_reason = [i for i, name in enumerate(names) if name.endswith("_by_reason_code")]
    expected = _definition(
        history,
        lambda row: row["reason_code"] if isinstance(row["reason_code"], str) else None,
        subject.iloc[0],
    )
    assert len(of_reason) == (4 if "reason_code" in past.plan.entities else 0)
    np.testing.assert_array_equal(
        matrix.dense[0, of_reason], np.float32(expected[: len(of_reason)])
    )


def test_an_order_that_was_not_known_yet_lends_nothing(
    a_history, exception_past, exception_features
):
    history = a_history(3)
    late = history.orders.assign(known_at=history.exceptions["detected_at"].max())
    lines = history.order_lines.assign(known_at=late["known_at"].iloc[0])
    unknown = history.changed(
        lambda name, rows: {"orders": late, "order_lines": lines}.get(name, rows)
    )
    past = exception_past(unknown)
    names = Features(FEATURES, past.plan, past.logs).names

    matrix = exception_features(unknown, past, unknown.exceptions)

    of_order = [names.index(n) for n in ("order_total", "order_age_hours", "ordered_units")]
    assert np.isnan(matrix.dense[:, of_order]).all()


def test_hours_between_are_unknown_where_either_moment_is():
    ticks = np.array([MISSING_TICK, 0, MS_PER_HOUR])

    assert np.isnan(hours_between(ticks, ticks)).tolist() == [True, False, False]


def test_moments_are_floored_so_that_a_later_microsecond_stays_hidden():
    moment = pd.Series([pd.Timestamp("2024-03-01 00:00:00.000999", tz="UTC")])

    assert floor_ticks(moment)[0] % 1_000 == 0
