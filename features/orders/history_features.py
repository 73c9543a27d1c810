"""History features of every entity of an order."""

from features.engine.history_features import HistoryFeature

_SMOOTHING = 20.0
"""Imaginary orders at the overall rate: an entity with twenty orders counts for half."""

_PLACED = ("orders.known_at",)
_ENDED = ("exceptions.order_id", "order_events.stage")
_STEPS = ("order_events.stage", "order_events.occurred_at")
_MARGIN = ("orders.promised_at", *_STEPS)


def _share(log: str, value: str, meaning: str, days: float | None) -> HistoryFeature:
    """A share among orders whose end is known, each counted with its weight."""
    return HistoryFeature(
        log,
        entity="",
        statistic="mean",
        meaning=meaning,
        unit="share",
        needs=_ENDED,
        value=value,
        days=days,
        smoothing=_SMOOTHING,
        weight="weight",
    )


def _usual(
    log: str, value: str, meaning: str, unit: str, needs: tuple[str, ...], days: float | None
) -> HistoryFeature:
    return HistoryFeature(
        log,
        entity="",
        statistic="mean",
        meaning=meaning,
        unit=unit,
        needs=needs,
        value=value,
        days=days,
        smoothing=_SMOOTHING,
    )


PAST = [
    HistoryFeature(
        "placed",
        entity="",
        statistic="count",
        meaning="Orders placed in four weeks",
        unit="orders",
        needs=_PLACED,
        days=28,
    ),
    HistoryFeature(
        "open",
        entity="",
        statistic="sum",
        meaning="Orders under way",
        unit="orders",
        needs=_PLACED + _ENDED,
        value="change",
    ),
    _share("ended", "failed", "Share with an exception in four weeks", 28),
    _share("ended", "failed", "Share with an exception in a quarter", 90),
    _share("ended", "failed", "Share with an exception ever", None),
    _share("punctual", "late", "Share late in four weeks", 28),
    _share("punctual", "late", "Share late ever", None),
    _usual(
        "shipped",
        "ship_hours",
        meaning="Usual hours to ship in four weeks",
        unit="log hours",
        needs=_STEPS,
        days=28,
    ),
    _usual(
        "shipped",
        "ship_hours",
        meaning="Usual hours to ship ever",
        unit="log hours",
        needs=_STEPS,
        days=None,
    ),
    _usual(
        "arrived",
        "road_hours",
        meaning="Usual hours on the road in four weeks",
        unit="log hours",
        needs=_STEPS,
        days=28,
    ),
    _usual(
        "arrived",
        "road_hours",
        meaning="Usual hours on the road ever",
        unit="log hours",
        needs=_STEPS,
        days=None,
    ),
    _usual(
        "arrived",
        "margin_days",
        meaning="Days before the promise in four weeks",
        unit="days",
        needs=_MARGIN,
        days=28,
    ),
    _usual(
        "arrived",
        "margin_days",
        meaning="Days before the promise ever",
        unit="days",
        needs=_MARGIN,
        days=None,
    ),
]

RATE_OF = {"site": "seller", "region": "region", "promise_weeks": "promise length"}
"""The rates that anybody would try first, by the entity that each is of."""

RATES = [
    HistoryFeature(
        "ended",
        entity=entity,
        statistic="mean",
        meaning="",
        unit="share",
        needs=_ENDED,
        value="failed",
        days=days,
        smoothing=smoothing,
        weight="weight",
    )
    for entity in RATE_OF
    for days in (28, 90, None)
    for smoothing in (5.0, 20.0, 80.0, 300.0)
]
"""The baselines of the early warning; which window and smoothing serves best is learned."""

PACE = HistoryFeature(
    "pace",
    entity="stage",
    statistic="mean",
    meaning="Slower than predicted",
    unit="log hours",
    needs=_STEPS,
    value="slower",
    days=28,
    smoothing=100.0,
)
"""How much longer than predicted the orders delivered lately took; the log is the model's."""
