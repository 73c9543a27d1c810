"""Payload that starts a job, and the checked specification that is stored with it."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from serving.http.openapi import body_with
from serving.wire.errors import BadPayloadError, Flaw
from serving.wire.fields import RequestPart, Tick
from serving.wire.formats import rfc3339

KindName = Literal[
    "triage",
    "warning",
    "demand",
    "forecast",
    "calibration",
    "drift",
    "replay",
    "export",
    "retention",
    "rescore",
]
DEFAULT_DAYS = 28


class JobIn(RequestPart):
    """A job to start.

    A parameter that the kind does not read is refused.
    """

    kind: KindName
    as_of: Tick | None = Field(
        default=None, description="only data known before this moment is used; now if left out"
    )
    days: Annotated[int, Field(ge=1, le=3_660)] | None = Field(
        default=None, description=f"drift, replay: length of a period; {DEFAULT_DAYS} if left out"
    )
    horizon: Annotated[int, Field(ge=1, le=1_000)] | None = Field(
        default=None, description="demand, forecast: periods to forecast"
    )
    trials: Annotated[int, Field(ge=0, le=1_000)] | None = Field(
        default=None, description="triage, warning, demand: variations of the trees to try"
    )


JOB = TypeAdapter(JobIn)
JOB_EXAMPLE = {"kind": "forecast", "as_of": "2026-03-01T00:00:00Z"}


@dataclass(frozen=True)
class JobSpec:
    """Specification of a job as it is stored; the fields are JSON values.

    Attributes:
        kind: Name of the kind.
        as_of: Moment of the job, RFC 3339; a job that is taken up again uses the same.
        days: Length of a period in days.
        horizon: Periods to forecast.
        trials: Variations of the trees to try.
    """

    kind: str
    as_of: str
    days: int | None = None
    horizon: int | None = None
    trials: int | None = None

    def stored(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


def spec_of(payload: JobIn, parameters: frozenset[str], now_ms: int) -> JobSpec:
    """Return the specification of a payload.

    Args:
        payload: The job to start.
        parameters: Names of the parameters that its kind reads.
        now_ms: The present.

    Raises:
        BadPayloadError: It has a parameter that the kind does not read.
    """
    values = {name: getattr(payload, name) for name in ("days", "horizon", "trials")}
    flaws = [
        Flaw(f"/{name}", f"a job '{payload.kind}' does not read it")
        for name, value in values.items()
        if value is not None and name not in parameters
    ]
    if flaws:
        raise BadPayloadError(flaws)
    as_of_ms = now_ms if payload.as_of is None else payload.as_of
    return JobSpec(payload.kind, rfc3339(as_of_ms), **values)


def job_body() -> dict[str, Any]:
    """Return the documentation of a job to start."""
    return body_with(JobIn, {"forecast": {"summary": "A forecast book", "value": JOB_EXAMPLE}})
