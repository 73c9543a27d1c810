"""Numbers that no shelf can hold do not get into a history."""

import pandas as pd
import pytest

from data.domain import MAX_QUANTITY


@pytest.mark.parametrize("value", [1e308, -1e308, MAX_QUANTITY * 2])
def test_a_count_beyond_all_limits_costs_its_row(write, history, value):
    counts = pd.DataFrame(
        {"sku": ["a", "b"], "site": "n", "counted_at": "2024-03-01T00:00:00Z",
         "on_hand": [value, MAX_QUANTITY]}
    )  # fmt: skip
    write(stock=counts)

    assert history().table("stock")["on_hand"].tolist() == [MAX_QUANTITY]
