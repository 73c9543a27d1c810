"""Packed columns are those of the payloads."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from data.policy.exchange_rates import NO_QUOTES, Quotes
from features.engine.products import NO_PRODUCTS, ProductAttributes
from serving.scoring.columns import columns_of
from serving.scoring.recent_columns import RecentColumns
from serving.wire.exception_in import EXCEPTION

KINDS = {"attributes.gateway": "word", "attributes.risk_score": "number"}
_WORDS = st.one_of(st.none(), st.sampled_from(["a", "B", "Ärger", "日本", "a\nb"]))
_NAMES = st.one_of(st.none(), st.sampled_from(["a", "B", "Ärger", "日本"]))
_MOMENTS = st.sampled_from(["2026-03-01T09:13:02Z", "2026-03-02T00:00:00.123Z"])
_LINES = st.fixed_dictionaries({"sku": _NAMES, "quantity": st.sampled_from([None, 1, 2.5])})
_ORDERS = st.fixed_dictionaries(
    {
        "channel": _NAMES,
        "placed_at": st.one_of(st.none(), _MOMENTS),
        "total": st.one_of(st.none(), st.just({"amount": "18.49", "currency": "EUR"})),
        "line_items": st.lists(_LINES, max_size=3),
    }
)
_PAYLOADS = st.fixed_dictionaries(
    {
        "external_id": st.just("e"),
        "source": st.sampled_from(["shop", "wms"]),
        "detected_at": _MOMENTS,
        "type": _NAMES,
        "message": _WORDS,
        "order": st.one_of(st.none(), _ORDERS),
        "attributes": st.fixed_dictionaries(
            {}, optional={"gateway": _WORDS, "risk_score": st.sampled_from([None, 0, 1.5, "high"])}
        ),
    }
)


@dataclass(frozen=True)
class Champion:
    """Facts of a champion that its columns depend on."""

    kinds: Mapping[str, str]
    products: ProductAttributes = NO_PRODUCTS
    quotes: Quotes = NO_QUOTES


CHAMPION = Champion(KINDS)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(_PAYLOADS, max_size=3), min_size=1, max_size=4))
def test_columns_packed_part_by_part_are_the_columns_of_all_payloads(batches):
    rates = NO_QUOTES.into("EUR", {})
    parts = [[EXCEPTION.validate_python(payload) for payload in batch] for batch in batches]
    packed = RecentColumns(CHAMPION)
    for part in parts[:-1]:
        packed.append(part, rates)
    {name: packed[name] for name in packed}  # a read between changes nothing
    packed.append(parts[-1], rates)
    whole = columns_of([e for part in parts for e in part], KINDS, NO_PRODUCTS, rates)

    if any(parts):
        assert set(packed) == set(whole)
        for name, column in whole.items():
            np.testing.assert_array_equal(packed[name], column)
            assert packed[name].dtype == column.dtype
    else:
        assert len(packed) == 0


def test_a_champion_that_reads_other_attributes_reads_the_ledger_anew():
    other = Champion({"attributes.gateway": "word"})

    assert RecentColumns(CHAMPION).is_read_alike(CHAMPION)
    assert not RecentColumns(CHAMPION).is_read_alike(other)
