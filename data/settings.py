"""Settings: the one module that reads the environment. Read once, in `__main__`."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from data.domain import BadInputError
from data.policy.policy import DEFAULT_POLICY


class Settings(BaseSettings):
    """Each field is the environment variable `EXPEDITE_<NAME>`, or a line of a file `.env`."""

    model_config = SettingsConfigDict(
        env_prefix="EXPEDITE_",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    database_url: str = Field(
        default="sqlite:///expedite.sqlite",
        description="The ledger: SQLite or postgresql+psycopg://",
    )
    mlruns: Path = Field(default=Path("mlruns"), description="Folder of the models")
    policy: Path = Field(default=DEFAULT_POLICY, description="Policy file")
    history: Path | None = Field(
        default=None, description="Folder of the order history that jobs read"
    )
    job_schedules: dict[str, str] = Field(
        default={},
        description="When jobs start: JSON of kinds and cron expressions, in UTC",
    )
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(
        default=8000, description="0 takes a free one"
    )
    access: Literal["open", "accounts"] = Field(
        default="open",
        description="Who comes in: everybody on this machine, or accounts and keys only",
    )
    api_key: SecretStr = Field(
        default=SecretStr(""),
        description="Key by which `python -m data replay` calls a service that asks for one",
    )
    session_hours: Annotated[float, Field(gt=0, le=720)] = Field(
        default=12.0, description="How long a person stays signed in"
    )
    retention_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=0,
        description="Days after its end that the payload of an exception is kept; 0 is for ever",
    )
    action_log_days: Annotated[int, Field(ge=0, le=36_500)] = Field(
        default=0, description="Days that the log of actions is kept; 0 is for ever"
    )
    openid_issuer: str = Field(
        default="", description="Address of an OpenID Connect provider; empty is none"
    )
    openid_client_id: str = Field(default="", description="Name of this service at the provider")
    openid_client_secret: SecretStr = Field(
        default=SecretStr(""), description="Secret of this service at the provider"
    )
    openid_name_claim: str = Field(
        default="preferred_username", description="Claim with the name of the account"
    )
    openid_role_claim: str = Field(
        default="groups", description="Claim with the groups of the person"
    )
    openid_roles: str = Field(
        default="",
        description="Roles by group: it=admin,leads=lead,*=viewer; who has none does not come in",
    )
    allowed_hosts: str = Field(
        default="",
        description="Names by which the service may be called, separated by commas; loopback's "
        "and the address above always count",
    )
    clock: AwareDatetime | None = Field(
        default=None,
        description="Moment at which the service's clock starts, to look at an old history; "
        "empty is the present",
    )
    poll_seconds: Annotated[float, Field(gt=0)] = Field(
        default=2.0, description="How often to look for a newly promoted champion"
    )
    recent_seconds: Annotated[float, Field(gt=0)] = Field(
        default=5.0, description="How often history features take in what the ledger learned"
    )
    startup_wait_seconds: Annotated[float, Field(ge=0)] = Field(
        default=30.0,
        description="How long a start waits for the champion before it answers without",
    )
    largest_body_bytes: Annotated[int, Field(gt=0)] = Field(
        default=16_000_000, description="A larger request is refused"
    )
    largest_batch: Annotated[int, Field(gt=0)] = Field(
        default=5_000, description="Exceptions in one request"
    )
    max_connections: Annotated[int, Field(gt=0)] = Field(
        default=1_000,
        description="Open connections of a process; beyond, the slowest to send is let go",
    )
    max_waiting_calls: Annotated[int, Field(gt=0)] = Field(
        default=32,
        description="Calls of a process that wait for their answer; a further one gets 429",
    )
    drain_seconds: Annotated[float, Field(ge=0)] = Field(
        default=5.0,
        description="How long a process that was told to end (SIGTERM) answers on, not ready",
    )
    log_format: Literal["text", "json"] = Field(
        default="text",
        description="Lines of the log: text, or JSON with one line for each request",
    )
    traces: str = Field(
        default="",
        description="Where an OpenTelemetry collector takes traces (OTLP over HTTP), such as "
        "http://localhost:4318/v1/traces; empty sends none",
    )
    log_level: str = Field(default="info", pattern="^(debug|info|warning|error)$")

    @classmethod
    def read(cls) -> Self:
        """Read the environment.

        Raises:
            BadInputError: A setting is not of its kind.
        """
        try:
            return cls()
        except ValidationError as error:
            first = error.errors()[0]
            name = "EXPEDITE_" + "_".join(str(part) for part in first["loc"]).upper()
            raise BadInputError(name, first["msg"], "`.env.example` names them all.") from error


def secret(name: str) -> str:
    """Return the value of an environment variable that a source names; it is never logged.

    Raises:
        BadInputError: It is not set.
    """
    value = os.environ.get(name, "")  # noqa: TID251 - this is the module that reads the environment
    if not value:
        raise BadInputError(name, "is not set in the environment", f"Set it: export {name}=...")
    return value
