"""The policy of the company: costs, fallbacks and guards, read from `policy.toml` and validated."""

import hashlib
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self, get_args

import numpy as np
from pydantic import Field, PrivateAttr, ValidationError, model_validator

from data.domain import BadInputError, Priority
from data.policy.automation import PromiseTerms
from data.policy.incidents import IncidentTerms
from data.policy.section import NotNegative, Positive, Section, Share, ZoneName

DEFAULT_POLICY = Path(__file__).parents[1] / "policy.toml"

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS = get_args(Weekday)
TimeOfDay = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]


def _minute(time_of_day: str) -> int:
    hours, minutes = time_of_day.split(":")
    return int(hours) * 60 + int(minutes)


class CategoryLossTerms(Section):
    """Loss terms of one category; a missing value is that of `losses`."""

    share_of_order: NotNegative | None = None
    fixed: NotNegative | None = None
    handling_helps: Share | None = None


class LossFactors(NamedTuple):
    """Loss terms of one category, without gaps.

    Attributes:
        share_of_order: Share of the order value that is lost.
        fixed: Fixed loss, in the currency of the policy.
        handling_helps: Chance, 0 to 1, that handling in time prevents the loss.
    """

    share_of_order: float
    fixed: float
    handling_helps: float


class LossTerms(Section):
    """Money lost if an exception is breached."""

    share_of_order: NotNegative
    fixed: NotNegative
    order_value: NotNegative
    handling_helps: Share
    waiting_cost_per_hour: NotNegative
    largest: Positive
    late_share: Share = 0.3
    late_hours: Positive = 72.0
    categories: Mapping[str, CategoryLossTerms] = {}

    def preventable(self, category: str, order_value: float) -> float:
        """Return the money that handling in time is expected to save, 0 to `largest`."""
        share, fixed, helps = self.terms(category)
        return min(share * order_value + fixed, self.largest) * helps

    def terms(self, category: str) -> LossFactors:
        """Return the loss terms of one category; its gaps are filled from `losses`."""
        own = self.categories.get(category)
        if own is None:
            return LossFactors(self.share_of_order, self.fixed, self.handling_helps)
        return LossFactors(
            self.share_of_order if own.share_of_order is None else own.share_of_order,
            self.fixed if own.fixed is None else own.fixed,
            self.handling_helps if own.handling_helps is None else own.handling_helps,
        )


class HandlingTerms(Section):
    """Fallbacks where no model can predict."""

    touch_minutes_p50: Positive
    touch_minutes_p90: Positive
    deadline_hours: Positive


class Guards(Section):
    """Rules that stand above the score, and limits of reordering."""

    look_ahead_minutes: Positive
    oldest_days: Positive
    always_first: list[str]
    safe_risk: Share
    rerank_band: Share
    claim_minutes: Positive


class PriorityTerms(Section):
    """By what p1 to p4 are told: what the shift can do, or money (`bands`)."""

    by: Literal["shift", "money"] = "shift"


class PriorityBands(Section):
    """The lowest score of each priority."""

    p1: Positive
    p2: Positive
    p3: Positive

    def priorities(self, scores: np.ndarray) -> np.ndarray:
        """Return the word of the band of each of n scores."""
        reached = [scores >= lowest for _, lowest in self._upper]
        words = [band.value for band, _ in self._upper]
        return np.select(reached, words, Priority.P4.value).astype(object)

    @property
    def _upper(self) -> tuple[tuple[Priority, float], ...]:
        """The bands above the last, each with its lowest score."""
        return (Priority.P1, self.p1), (Priority.P2, self.p2), (Priority.P3, self.p3)


class StockRules(Section):
    """Limits and costs of stock exceptions; the units stand in the names."""

    team: Annotated[str, Field(min_length=1, max_length=255)]
    touch_minutes_p50: Positive
    touch_minutes_p90: Positive
    unit_price: Positive
    margin_share: Share
    holding_share_per_year: NotNegative
    lead_time_days: Positive
    remedy_hours: NotNegative
    keep_days: Positive
    orders_open_days: Positive
    on_hand_after_open_orders: bool
    smallest_chance: Share
    smallest_loss: NotNegative
    most_of_a_kind: Annotated[int, Field(ge=0)]
    worse_share: NotNegative


class TeamShift(Section):
    """Shift of a team, in the time zone of `shifts`; the same hours each day."""

    people: Annotated[int, Field(ge=1)]
    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1)]
    opens: TimeOfDay
    closes: TimeOfDay

    @property
    def weekday_numbers(self) -> list[int]:
        """Days worked, Monday is 0."""
        return sorted({_WEEKDAYS.index(day) for day in self.weekdays})

    @property
    def opens_minute(self) -> int:
        """Minutes after midnight at which the shift begins."""
        return _minute(self.opens)

    @property
    def closes_minute(self) -> int:
        """Minutes after the midnight before it began at which it ends: above 1,440 at night."""
        closes = _minute(self.closes)
        return closes if closes > self.opens_minute else closes + 24 * 60


class ShiftTerms(Section):
    """Shifts of all teams. A team that is not named works round the clock, with unknown staff."""

    timezone: ZoneName = "UTC"
    teams: Mapping[str, TeamShift] = {}


Currency = Annotated[str, Field(pattern="^[A-Z]{3}$")]
Rate = Annotated[float, Field(gt=1e-12, lt=1e12)]


class Policy(Section):
    """The whole of `policy.toml`."""

    version: str
    currency: Currency
    timezone: ZoneName = "UTC"
    rates: Mapping[Currency, Rate | Mapping[date, Rate]] = {}
    losses: LossTerms
    handling: HandlingTerms
    guards: Guards
    priority: PriorityTerms = PriorityTerms()
    bands: PriorityBands
    stock: StockRules
    shifts: ShiftTerms
    promises: PromiseTerms
    incidents: IncidentTerms
    _text: str = PrivateAttr("")
    _fingerprint: str = PrivateAttr("")

    @model_validator(mode="before")
    @classmethod
    def _shifts_in_the_zone_of_the_company(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Fill the time zone of the shifts where the section names none."""
        shifts = values.get("shifts")
        if "timezone" not in values or not isinstance(shifts, dict):
            return values
        return values | {"shifts": {"timezone": values["timezone"]} | shifts}

    @property
    def text(self) -> str:
        """The file, as it was read."""
        return self._text

    @property
    def label(self) -> str:
        """Version and fingerprint, as decisions record them."""
        return f"{self.version}+{self._fingerprint}"

    @classmethod
    def read(cls, path: Path = DEFAULT_POLICY) -> Self:
        """Read and validate a policy file.

        Raises:
            BadInputError: The file is not there or not TOML; a value is missing or out of range.
        """
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            raise BadInputError(
                str(path), "no such file", f"Copy {DEFAULT_POLICY.name}."
            ) from error
        return cls.of_text(text, str(path))

    @classmethod
    def of_text(cls, text: str, where: str) -> Self:
        """Validate the text of a policy file.

        Raises:
            BadInputError: It is not TOML; a value is missing or out of range.
        """
        try:
            policy = cls.model_validate(tomllib.loads(text))
        except tomllib.TOMLDecodeError as error:
            raise BadInputError(where, f"not TOML: {error}", "Correct the line.") from error
        except ValidationError as error:
            first = error.errors()[0]
            what = ".".join(str(part) for part in first["loc"])
            cure = f"Compare with {DEFAULT_POLICY.name}."
            raise BadInputError(where, f"{what}: {first['msg']}", cure) from error
        policy._text = text
        policy._fingerprint = hashlib.sha256(text.encode()).hexdigest()[:8]
        return policy
