"""Features of one order at one stage of its life, for the early warning."""

from collections.abc import Sequence

import numpy as np

from data.domain import Stage
from data.ticks import MS_PER_DAY, MS_PER_HOUR
from features.engine.columns import hours_between
from features.engine.feature_set import Columns, Entity, FeatureSet, Word
from features.engine.history_features import HistoryFeature
from features.engine.order_size import add_order_size
from features.orders.history_features import PAST

TEXT_COLUMNS = {
    "stage": "order_events.stage",
    "channel": "orders.channel",
    "customer_id": "orders.customer_id",
    "customer_segment": "orders.customer_segment",
    "country": "orders.country",
    "region": "orders.region",
    "payment_method": "orders.payment_method",
    "postcode_area": "orders.postcode",
    "promise_weeks": "orders.promised_at",
    "site": "order_lines.site",
    "site_region": "sites.region",
    "sku": "order_lines.sku",
    "product_group": "products.product_group",
}
"""The text columns of an order at a stage, and where each comes from."""

NUMBER_COLUMNS = {
    "total": "orders.total",
    "units": "order_lines.units",
    "line_count": "order_lines.line_id",
    "site_count": "order_lines.site",
    "goods_value": "order_lines.unit_price",
    "weight_g": "products.weight_g",
}
TIME_COLUMNS = {
    "scored_at": "order_events.known_at",
    "stage_at": "order_events.occurred_at",
    "last_stage_at": "order_events.occurred_at",
    "placed_at": "orders.placed_at",
    "promised_at": "orders.promised_at",
    "ship_by_at": "orders.ship_by_at",
}

WORDS = [
    Word(name, meaning, (TEXT_COLUMNS[name],))
    for name, meaning in {
        "stage": "The stage that it has just reached",
        "channel": "Sales channel",
        "customer_segment": "Segment of the customer",
        "country": "Country of delivery",
        "region": "Region of delivery",
        "payment_method": "Way of payment",
        "site_region": "Region that the first line ships from",
        "product_group": "Product group of the first line",
    }.items()
]

ENTITIES = [
    *(
        Entity(name, (name,))
        for name in (
            "channel", "customer_id", "customer_segment", "country", "region", "payment_method",
            "postcode_area", "promise_weeks", "site", "site_region", "sku", "product_group",
        )
    ),
    Entity("lane", ("site_region", "region")),
    Entity("region_and_promise", ("region", "promise_weeks")),
]  # fmt: skip


def history_of(entity: Entity) -> Sequence[HistoryFeature]:
    """Declare what is looked at in the past of one entity."""
    needs = tuple(TEXT_COLUMNS.get(column, column) for column in entity.columns)
    return [past.of(entity.name, needs, entity.name.replace("_", " ")) for past in PAST]


FEATURES = FeatureSet("orders", words=WORDS, entities=ENTITIES, history=history_of)

add_order_size(FEATURES)

_STAGE_RANK = {str(stage): float(rank) for rank, stage in enumerate(Stage)}


@FEATURES.feature(unit="rank, 0 is placed", needs=["order_events.stage"])
def stage_rank(columns: Columns) -> np.ndarray:
    """Progress of the order along its stages."""
    return np.array([_STAGE_RANK.get(stage, np.nan) for stage in columns["stage"]], float)


@FEATURES.feature(unit="hours", needs=["orders.placed_at"])
def hours_since_placed(columns: Columns) -> np.ndarray:
    """Hours since the order was placed."""
    return hours_between(columns["placed_at"], columns["scored_at"])


@FEATURES.feature(unit="hours", needs=["order_events.occurred_at"])
def hours_for_this_stage(columns: Columns) -> np.ndarray:
    """Hours from the stage before to this one."""
    return hours_between(columns["last_stage_at"], columns["stage_at"])


@FEATURES.feature(unit="hours", needs=["orders.promised_at"])
def hours_left_to_promise(columns: Columns) -> np.ndarray:
    """Hours left to the delivery that the customer was promised."""
    return hours_between(columns["scored_at"], columns["promised_at"])


@FEATURES.feature(unit="days", needs=["orders.promised_at", "orders.placed_at"])
def promise_days(columns: Columns) -> np.ndarray:
    """Days from placing to the promised delivery."""
    return hours_between(columns["placed_at"], columns["promised_at"]) / 24


@FEATURES.feature(unit="share", needs=["orders.promised_at", "orders.placed_at"])
def promise_used_share(columns: Columns) -> np.ndarray:
    """Share of the promised time that is used up."""
    used = hours_between(columns["placed_at"], columns["scored_at"])
    whole = hours_between(columns["placed_at"], columns["promised_at"])
    return used / np.where(whole > 0, whole, np.nan)


@FEATURES.feature(unit="hours", needs=["orders.ship_by_at"])
def hours_left_to_ship_by(columns: Columns) -> np.ndarray:
    """Hours left to the latest moment to ship; below 0 it has passed."""
    return hours_between(columns["scored_at"], columns["ship_by_at"])


@FEATURES.feature(unit="currency of the order", needs=["orders.total", "order_lines.unit_price"])
def freight(columns: Columns) -> np.ndarray:
    """Amount that the customer pays beyond the goods: mostly freight."""
    return columns["total"] - columns["goods_value"]


@FEATURES.feature(unit="share", needs=["orders.total", "order_lines.unit_price"])
def freight_share(columns: Columns) -> np.ndarray:
    """Freight as a share of the order's value."""
    return freight(columns) / np.where(columns["total"] > 0, columns["total"], np.nan)


@FEATURES.feature(unit="sites", needs=["order_lines.site"])
def site_count(columns: Columns) -> np.ndarray:
    """Sites that have to ship a part of it."""
    return columns["site_count"]


@FEATURES.feature(unit="grams", needs=["products.weight_g"])
def goods_weight_g(columns: Columns) -> np.ndarray:
    """Weight of the goods."""
    return columns["weight_g"]


@FEATURES.feature(unit="1 or 0", needs=["orders.region", "sites.region"])
def same_region(columns: Columns) -> np.ndarray:
    """Shipment inside one region: 1 if origin and destination are the same."""
    pairs = zip(columns["site_region"], columns["region"], strict=True)
    return np.array([np.nan if None in (a, b) else float(a == b) for a, b in pairs], float)


@FEATURES.feature(unit="hour of day", needs=["orders.placed_at"])
def hour_placed(columns: Columns) -> np.ndarray:
    """Hour of the day, UTC, at which it was placed."""
    return columns["placed_at"] % MS_PER_DAY / MS_PER_HOUR


@FEATURES.feature(unit="day, 0 is Monday", needs=["orders.placed_at"])
def weekday_placed(columns: Columns) -> np.ndarray:
    """Day of the week on which it was placed."""
    return (columns["placed_at"] // MS_PER_DAY + 3) % 7


@FEATURES.feature(unit="day, 0 is Monday", needs=["order_events.known_at"])
def weekday_scored(columns: Columns) -> np.ndarray:
    """Day of the week on which it reached this stage."""
    return (columns["scored_at"] // MS_PER_DAY + 3) % 7
