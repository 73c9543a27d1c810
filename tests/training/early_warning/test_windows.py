"""Windows of the rehearsal on shops whose failures come late, seldom, or not at all."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from data.domain import NotEnoughDataError
from data.history.history import History
from data.ingest.row_checks import ImportTerms
from data.ingest.write_history import write_history
from training.early_warning.dataset import OrderDataset
from training.early_warning.fit import PreparedOrders, learnable_cases
from training.early_warning.windows import MIN_CASES_TO_CALIBRATE, window_origins

START = pd.Timestamp("2024-01-01", tz="UTC")
AS_OF = pd.Timestamp("2024-08-01", tz="UTC")
DAYS = 200


def shop(late_share: float, recorded_from: float = 0.0, n: int = 1_500) -> dict[str, pd.DataFrame]:
    """Orders that are delivered in a week; some are late, and recorded so from a day on."""
    dice = np.random.default_rng(5)
    ids = np.array([f"o{i:05}" for i in range(n)])
    days = np.sort(dice.uniform(0, DAYS, n))
    placed = pd.Series(START + pd.to_timedelta(days, "D"))
    promised = placed + pd.Timedelta(days=7)
    late = dice.random(n) < late_share
    delivered = promised + pd.to_timedelta(np.where(late, 2.0, -1.0), "D")
    recorded = late & (days >= recorded_from)
    steps = (("placed", placed), ("delivered", delivered))
    exceptions = {
        "exception_id": [f"{name}:late" for name in ids[recorded]],
        "detected_at": promised[recorded].to_numpy(),
        "order_id": ids[recorded],
        "type": "late_shipment",
    }
    orders = {"order_id": ids, "placed_at": placed, "promised_at": promised}
    return {
        "orders": pd.DataFrame(orders),
        "order_events": pd.concat(
            pd.DataFrame({"order_id": ids, "stage": stage, "occurred_at": times})
            for stage, times in steps
        ),
        "exceptions": pd.DataFrame(exceptions),
    }


@pytest.fixture
def prepared(tmp_path) -> Callable[..., PreparedOrders]:
    """Write a shop as a history and compute its features."""

    def write(tables: dict[str, pd.DataFrame], as_of: pd.Timestamp = AS_OF) -> PreparedOrders:
        write_history(tmp_path / "history", iter(tables.items()), ImportTerms("test", AS_OF))
        history = History.open(tmp_path / "history")
        return PreparedOrders.of(OrderDataset.read(history, as_of))

    return write


def failures_of_windows(prepared: PreparedOrders, origins: list[int]) -> list[int]:
    """Count the orders of each window that raised an exception."""
    dataset = prepared.dataset
    failed = dataset.to_come(dataset.transit_types) & (dataset.stage == "placed")
    edges = [*origins, dataset.tick]
    return np.histogram(dataset.columns["placed_at"][failed], edges)[0].tolist()


def test_windows_begin_where_they_usually_do_when_failures_are_frequent(prepared):
    assert len(window_origins(prepared(shop(0.3)))) == 4


def test_windows_begin_late_where_failures_are_recorded_late(prepared):
    shop_prepared = prepared(shop(0.4, recorded_from=100))
    origins = window_origins(shop_prepared)

    assert all(learnable_cases(shop_prepared, origin).enough for origin in origins)
    assert min(failures_of_windows(shop_prepared, origins)) >= MIN_CASES_TO_CALIBRATE


def test_there_are_fewer_windows_where_failures_are_rare(prepared):
    shop_prepared = prepared(shop(0.09))
    origins = window_origins(shop_prepared)

    assert 2 <= len(origins) < 4
    assert min(failures_of_windows(shop_prepared, origins)) >= MIN_CASES_TO_CALIBRATE


def test_a_history_of_few_failures_says_how_many_it_has(prepared):
    with pytest.raises(NotEnoughDataError, match=r"raised an exception: \d\d where at least 60"):
        window_origins(prepared(shop(0.03)))


def test_orders_that_are_not_settled_yet_are_named_as_the_cause(prepared):
    with pytest.raises(NotEnoughDataError, match="7 days after it was placed is usual here"):
        window_origins(prepared(shop(0.3), START + pd.Timedelta(days=30)))


def test_failures_that_end_before_a_second_window_are_named_as_the_cause(prepared):
    with pytest.raises(NotEnoughDataError, match="after the models could first learn"):
        window_origins(prepared(shop(0.055)))


def test_attributes_of_orders_lines_and_products_are_features(prepared):
    tables = shop(0.3, n=900)
    ids = tables["orders"]["order_id"]
    tables["orders"]["attributes"] = ['{"mode": "air"}', '{"mode": "sea"}'] * (len(ids) // 2)
    tables["order_lines"] = pd.DataFrame(
        {
            "order_id": ids,
            "line_id": "1",
            "sku": "S",
            "units": 1.0,
            "attributes": '{"lead_days": 90}',
            "known_at": tables["orders"]["placed_at"],
        }
    )
    brand = {"sku": ["S"], "attributes": ['{"brand": "b"}'], "known_at": [START]}
    tables["products"] = pd.DataFrame(brand)

    assert prepared(tables).dataset.plan().attributes == {
        "attributes.order.mode": "word",
        "attributes.line.lead_days": "number",
        "attributes.product.brand": "word",
    }
