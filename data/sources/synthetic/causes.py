"""The causes behind exceptions: how often, what they look like, whose they are, what they cost."""

from dataclasses import dataclass

import numpy as np

from data.domain import ExceptionType, Stage

E = ExceptionType
TEAMS = ("customer_care", "payments", "risk", "stock_desk", "logistics", "it", "key_accounts")


@dataclass(frozen=True, kw_only=True)
class Cause:
    """One cause, and what follows from it.

    Attributes:
        share: Its share of the exceptions, without bursts.
        stages: The last stage that an order reaches before it, drawn evenly.
        delay_hours: Median time from that stage until somebody or something notices.
        types: The types that it is raised as, with their shares.
        looks_like: The causes that people and teams take it for by mistake.
        codes: Reason codes of its own.
        team: Whose it is, but for business customers.
        touch_minutes: Median minutes of work by the right team.
        sla_hours: Median time until it is due.
        self_resolves_share: Share that goes away by itself, sooner or later.
        lost_share: Share of the order's value that is lost if it comes too late.
    """

    share: float
    stages: tuple[Stage, ...]
    delay_hours: float
    types: dict[str, float]
    looks_like: tuple[str, str]
    codes: tuple[str, ...]
    team: str
    touch_minutes: float
    sla_hours: float
    self_resolves_share: float
    lost_share: float


CAUSES: dict[str, Cause] = {
    "address": Cause(
        share=0.13, stages=(Stage.REVIEWED, Stage.PACKED), delay_hours=0.4,
        types={E.INCORRECT_ADDRESS: 0.62, E.CARRIER_ISSUE: 0.12, E.DATA_ERROR: 0.08,
               E.CUSTOMER_REQUEST: 0.08, E.MANUAL: 0.05, E.OTHER: 0.05},
        looks_like=("carrier", "customer_request"), codes=("ADDR_INVALID", "ADDR_POSTCODE"),
        team="customer_care", touch_minutes=14, sla_hours=30,
        self_resolves_share=0.03, lost_share=0.25,
    ),
    "payment": Cause(
        share=0.15, stages=(Stage.RECEIVED,), delay_hours=0.7,
        types={E.PAYMENT_FAILED: 0.44, E.AWAITING_PAYMENT: 0.30, E.FRAUD_RISK: 0.12,
               E.INTEGRATION_ERROR: 0.06, E.MANUAL: 0.04, E.OTHER: 0.04},
        looks_like=("fraud", "integration"), codes=("PAY_DECLINED", "PAY_PENDING"),
        team="payments", touch_minutes=18, sla_hours=36,
        self_resolves_share=0.32, lost_share=0.45,
    ),
    "fraud": Cause(
        share=0.08, stages=(Stage.PAID,), delay_hours=0.3,
        types={E.FRAUD_RISK: 0.62, E.PAYMENT_FAILED: 0.18, E.INCORRECT_ADDRESS: 0.06,
               E.MANUAL: 0.09, E.OTHER: 0.05},
        looks_like=("payment", "address"), codes=("RISK_SCORE", "RISK_VELOCITY"),
        team="risk", touch_minutes=42, sla_hours=20,
        self_resolves_share=0.01, lost_share=0.9,
    ),
    "stock": Cause(
        share=0.14, stages=(Stage.REVIEWED, Stage.STOCK_CHECKED), delay_hours=0.5,
        types={E.OUT_OF_STOCK: 0.38, E.OVERSOLD: 0.27, E.ALLOCATION_FAILED: 0.20,
               E.UNKNOWN_DELIVERY_DATE: 0.07, E.DATA_ERROR: 0.04, E.OTHER: 0.04},
        looks_like=("warehouse", "data"), codes=("STOCK_NEGATIVE", "ALLOC_SHORT"),
        team="stock_desk", touch_minutes=36, sla_hours=36,
        self_resolves_share=0.10, lost_share=0.35,
    ),
    "warehouse": Cause(
        share=0.10, stages=(Stage.STOCK_CHECKED, Stage.PICKED), delay_hours=6.0,
        types={E.LATE_SHIPMENT: 0.42, E.ALLOCATION_FAILED: 0.24, E.OUT_OF_STOCK: 0.16,
               E.CARRIER_ISSUE: 0.07, E.MANUAL: 0.06, E.OTHER: 0.05},
        looks_like=("stock", "carrier"), codes=("WH_SHORT_PICK", "WH_BACKLOG"),
        team="logistics", touch_minutes=30, sla_hours=20,
        self_resolves_share=0.15, lost_share=0.25,
    ),
    "carrier": Cause(
        share=0.14, stages=(Stage.SHIPPED, Stage.TRACKED), delay_hours=16.0,
        types={E.CARRIER_ISSUE: 0.50, E.LATE_SHIPMENT: 0.20, E.UNKNOWN_DELIVERY_DATE: 0.18,
               E.INCORRECT_ADDRESS: 0.07, E.OTHER: 0.05},
        looks_like=("warehouse", "address"), codes=("CARR_NO_SCAN", "CARR_DAMAGE"),
        team="logistics", touch_minutes=24, sla_hours=44,
        self_resolves_share=0.28, lost_share=0.4,
    ),
    "data": Cause(
        share=0.08, stages=(Stage.RECEIVED, Stage.STOCK_CHECKED), delay_hours=0.3,
        types={E.DATA_ERROR: 0.56, E.ALLOCATION_FAILED: 0.10, E.INTEGRATION_ERROR: 0.18,
               E.MANUAL: 0.08, E.OTHER: 0.08},
        looks_like=("integration", "stock"), codes=("DATA_MISSING", "DATA_PRICE"),
        team="stock_desk", touch_minutes=22, sla_hours=36,
        self_resolves_share=0.02, lost_share=0.2,
    ),
    "integration": Cause(
        share=0.07, stages=(Stage.RECEIVED, Stage.STOCK_CHECKED), delay_hours=0.3,
        types={E.INTEGRATION_ERROR: 0.58, E.DATA_ERROR: 0.18, E.PAYMENT_FAILED: 0.08,
               E.UNKNOWN_DELIVERY_DATE: 0.06, E.OTHER: 0.10},
        looks_like=("data", "payment"), codes=("API_TIMEOUT", "API_REJECTED"),
        team="it", touch_minutes=75, sla_hours=22,
        self_resolves_share=0.24, lost_share=0.25,
    ),
    "customer_request": Cause(
        share=0.08, stages=(Stage.RECEIVED, Stage.PAID, Stage.STOCK_CHECKED, Stage.PACKED),
        delay_hours=2.5,
        types={E.CUSTOMER_REQUEST: 0.64, E.MANUAL: 0.14, E.INCORRECT_ADDRESS: 0.10,
               E.AWAITING_RETURN_ITEMS: 0.06, E.OTHER: 0.06},
        looks_like=("address", "return"), codes=("CUST_CHANGE", "CUST_CANCEL"),
        team="customer_care", touch_minutes=9, sla_hours=22,
        self_resolves_share=0.04, lost_share=0.2,
    ),
    "return": Cause(
        share=0.03, stages=(Stage.AFTER_SALES,), delay_hours=20.0,
        types={E.AWAITING_RETURN_ITEMS: 0.68, E.CUSTOMER_REQUEST: 0.18, E.CARRIER_ISSUE: 0.07,
               E.OTHER: 0.07},
        looks_like=("customer_request", "carrier"), codes=("RET_NOT_SEEN", "RET_WRONG_ITEM"),
        team="customer_care", touch_minutes=15, sla_hours=90,
        self_resolves_share=0.3, lost_share=0.15,
    ),
}  # fmt: skip

NAMES = tuple(CAUSES)
CODE = {name: code for code, name in enumerate(NAMES)}
TYPES = tuple(str(each) for each in ExceptionType)
SHARE = np.array([cause.share for cause in CAUSES.values()])
TEAM = np.array([TEAMS.index(cause.team) for cause in CAUSES.values()])
TYPE_SHARE = np.array([[cause.types.get(t, 0.0) for t in TYPES] for cause in CAUSES.values()])
LOOKS_LIKE = np.array([[CODE[name] for name in cause.looks_like] for cause in CAUSES.values()])
KEY_ACCOUNTS = TEAMS.index("key_accounts")
# Business customers have a team of their own for cases that need contact with them.
NEEDS_CONTACT = np.isin(NAMES, ("address", "customer_request", "return", "payment"))
# The dispatcher sends each type where most of its kind belong.
USUAL_CAUSE_OF_TYPE = np.argmax(SHARE[:, None] * TYPE_SHARE, axis=0)
