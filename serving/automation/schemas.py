"""The shapes of answers about promises, for the documentation."""

from typing import Literal

from pydantic import AwareDatetime, Field

from serving.http.schemas import Shape, Stamp
from serving.wire.answers import Chance

State = Literal["kept", "suspended", "abstained", "too_few"]


class CalibrationOut(Shape):
    """What a promise rests on: rows of a window in time that the model was not fitted on."""

    predicted: int = Field(description="rows predicted as this class")
    accepted: int = Field(description="those of them that are probable enough")
    wrong: int = Field(description="those of the accepted that were another class")
    upper_bound: Chance = Field(description="of the error, exact (Clopper-Pearson)")


class AuditOut(Shape):
    """One automatic decision that people decided without being told."""

    known_at: AwareDatetime
    actual: str
    wealth: float = Field(description="of the alarm after it")


class AuditsOut(Shape):
    """The audits so far, since it was last given again; at the limit the promise is withdrawn."""

    n: int
    wrong: int
    wealth: float = Field(description="of the alarm; 1 at first, below it where audits are right")
    limit: float
    history: list[AuditOut] = Field(description="the latest 500")


class PromiseOut(Shape):
    """What is promised of one category or team, and what became of it."""

    label: Literal["category", "team"]
    name: str
    state: State
    since: AwareDatetime | None = Field(description="null where it was not recorded")
    reason: str | None = Field(description="why it was last withdrawn or given again")
    by: str | None = Field(description="who did; null where audits did")
    promised_error: Chance
    confidence: Chance
    threshold: Chance | None = Field(description="null where people decide")
    automatic_share: Chance = Field(description="of the rows predicted so in the window")
    calibration: CalibrationOut
    more_labels: int | None = Field(description="0 where it is made; null where never at this rate")
    audits: AuditsOut
    words: str


class HiddenOut(Shape):
    """Of the random share that people decided without being told: how often the model agreed."""

    n: int
    right: int
    accuracy: Chance | None


class LabelOut(Shape):
    """All promises of one label together."""

    label: Literal["category", "team"]
    calibration_rows: int
    automatic_share: Chance
    hidden: HiddenOut


class PromisesAnswer(Stamp):
    """The promises of the champion in use."""

    labels: list[LabelOut]
    promises: list[PromiseOut]
    audited_share: Chance = Field(description="of automatic decisions, drawn at random")
    hidden_share: Chance = Field(description="of all exceptions, drawn at random")
    false_alarm: Chance = Field(description="chance that a promise that holds is ever withdrawn")


class PromiseState(Stamp):
    """A promise after it was withdrawn or given again by a person."""

    label: Literal["category", "team"]
    name: str
    state: Literal["kept", "suspended"]
    since: AwareDatetime
    reason: str
    by: str
