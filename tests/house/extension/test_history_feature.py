"""A history feature is one entry, and a value of a log one function."""

import json

import pytest

FEATURE = """
    _relative_mean(
        "ended", "{value}", "Test of {value}", unit="share", needs=("outcomes.{column}",)
    ),"""
VALUE = '''

@log_value("ended")
def {value}(log: LogTable) -> np.ndarray:
    """Value of a column, for a test."""
    column = log.table[Outcomes.{column}]
    return {formula}
'''
PROGRAM = """
import json
import sys
from round_trip import round_trip

def an_exception(i):
    total = {"amount": "10.00", "currency": ("EUR", "CHF")[i % 2]}
    return {
        "source": "shop",
        "external_id": f"PE-{i}",
        "type": ("payment_failed", "address_invalid")[i % 3 == 0],
        "detected_at": f"2026-03-01T{i % 12:02}:15:00Z",
        "order": {"order_number": f"O-{i}", "total": total},
    }

def a_resolution(i):
    return {
        "category": ("fraud_risk", "other")[i % 2],
        "label_origin": ("typed", "accepted")[i % 4 == 1],
        "touch_minutes": float(i),
        "breached": i % 3 == 1,
        "loss": {"amount": f"{i}.50", "currency": "EUR"},
        "resolved_at": f"2026-03-01T11:{i:02}:00Z",
    } if i != 4 else {}

payloads, resolutions = ([make(i) for i in range(n)] for make, n in
                         ((an_exception, 24), (a_resolution, 16)))
trip = round_trip(payloads, resolutions)
print(json.dumps({value: trip.of(value + "_mean_90d_by_type") for value in sys.argv[1:]}))
"""


FORMULAS = {
    "accepted": ("label_origin", '(column == "accepted").to_numpy(np.float64)'),
    "shown": ("suggestion_hidden", "1 - column.to_numpy(np.float64, na_value=np.nan)"),
    "lost": ("loss", "column.to_numpy(np.float64)"),
    "minute": ("resolved_at", "column.dt.minute.to_numpy(np.float64)"),
}
"""By name of a value: the column of the outcome that it reads, and its formula."""


@pytest.mark.long
def test_a_history_feature_is_the_same_of_tables_and_of_the_ledger_from_two_new_entries(product):
    for value, (column, formula) in FORMULAS.items():
        product.add_entry(
            "features/exceptions/history_features.py",
            after="PAST = (",
            text=FEATURE.format(value=value, column=column),
        )
        product.add_entry(
            "features/exceptions/logs.py",
            after="    return np.log1p(log.table[Outcomes.touch_minutes].to_numpy(np.float64))\n",
            text=VALUE.format(value=value, column=column, formula=formula),
        )
    product.add_round_trip()

    printed = json.loads(product.run(PROGRAM, *FORMULAS).splitlines()[-1])

    assert {value: own["names"] for value, own in printed.items()} == {
        value: [f"{value}_mean_90d_by_type"] for value in FORMULAS
    }
    assert all(own["same"] for own in printed.values()), printed
    assert all(f"{v}_mean_90d_by_type" not in own["dark"] for v, own in printed.items()), printed
    assert all(min(own["distinct"]) > 1 for v, own in printed.items() if v != "shown"), printed
