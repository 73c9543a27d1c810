"""An input column is one entry."""

import json

import pytest

ENTRY = """
    Column("city", "text", table="orders.city", payload="order.shipping_address.city",
           meaning="City of delivery", has_past=True),"""
PROGRAM = """
import json
from round_trip import round_trip

def an_exception(i):
    address = {"country_code": "DE", "city": ("Köln", "Ulm", "köln")[i % 3]}
    order = {"order_number": f"O-{i}", "shipping_address": address}
    return {
        "source": "shop",
        "external_id": f"PE-{i}",
        "type": "payment_failed",
        "detected_at": f"2026-03-01T{i % 12:02}:15:00Z",
    } | ({} if i == 5 else {"order": order if i != 7 else order | {"shipping_address": None}})

trip = round_trip([an_exception(i) for i in range(24)], [{"touch_minutes": 5.0}] * 8)
print(json.dumps({"word": trip.of("city"), "past": trip.of("touch_minutes_mean_90d_by_city")}))
"""


@pytest.mark.long
def test_an_input_column_is_the_same_of_tables_and_of_a_payload_from_one_new_entry(product):
    product.add_entry("features/exceptions/columns.py", after="COLUMNS = (", text=ENTRY)
    product.add_round_trip()

    printed = json.loads(product.run(PROGRAM).splitlines()[-1])

    assert printed["word"] == {"names": ["city"], "dark": [], "same": True, "distinct": [3]}
    assert printed["past"]["names"] == ["touch_minutes_mean_90d_by_city"]
    assert printed["past"]["same"]
    assert not printed["past"]["dark"]
