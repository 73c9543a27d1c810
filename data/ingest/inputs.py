"""Inputs of a source (`inputs.toml`): for each table files, the sheet of a workbook, or a database.

    orders = ["*orders*"]
    customers = {files = ["*customers*"], sheet = "Customers 2026"}
    payments = {database = "SHOP_DATABASE", table = "public.payments"}
    join_alike = ["sku", "site"]
    timezone = "Europe/Berlin"

`database` names the environment variable that holds the address: no secret stands in a file.
`join_alike` names key columns of the contract in which keys that only look alike (`ab1` and `AB1 `,
`007` and `7`) become one: the spelling that the history knew first, else the first of the import.
`timezone` is the time zone of the source: its days are local, and its times without an offset.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from data.contract.column_types import TIME_ZONES
from data.domain import BadInputError

INPUTS, JOIN_ALIKE, TIME_ZONE = "inputs.toml", "join_alike", "timezone"
JOINABLE = ("order_id", "exception_id", "customer_id", "sku", "site")
CURE = (
    'Each line is: table = ["name*"], or {files = ["name*"], sheet = "NAME"}, '
    'or {database = "VARIABLE", table = "NAME"}.'
)


class InputSpec(BaseModel):
    """Origin of the rows of one table.

    Attributes:
        files: Patterns of file names, with or without their endings.
        sheet: The sheet of a workbook; the first with rows if empty.
        database: The environment variable that holds the address of a database.
        table: Its table or view.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    files: list[str] = []
    sheet: str = ""
    database: str = ""
    table: str = ""

    @model_validator(mode="after")
    def _has_one_origin(self) -> Self:
        if bool(self.files) == bool(self.database) or bool(self.database) != bool(self.table):
            raise ValueError(CURE)
        return self


def _spec(value: object) -> object:
    return {"files": value} if isinstance(value, list) else value


@dataclass(frozen=True)
class SourceInputs:
    """Content of an `inputs.toml`.

    Attributes:
        tables: The tables that the queries read, by what makes each; none if every file is a
            table of its own name.
        join_alike: Key columns in which keys that only look alike become one.
        timezone: IANA name of the source's time zone; empty if it names none.
    """

    tables: Mapping[str, InputSpec] = field(default_factory=dict)
    join_alike: tuple[str, ...] = ()
    timezone: str = ""


_SPECS = TypeAdapter(dict[str, Annotated[InputSpec, BeforeValidator(_spec)]])


@dataclass(frozen=True)
class TableInput:
    """The input of one table of an import: its files, or a table of a database."""

    spec: InputSpec = field(default_factory=lambda: InputSpec(files=["*"]))
    files: list[Path] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The name in messages."""
        if self.spec.database:
            return f"{self.spec.database} {self.spec.table}"
        return ", ".join(file.name for file in self.files)


def read_inputs(folder: Path) -> SourceInputs:
    """Read the inputs of a source; none where every file is a table of its own name.

    Raises:
        BadInputError: the file is none of this kind, or its time zone is unknown.
    """
    path = folder / INPUTS
    if not path.exists():
        return SourceInputs()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        columns = _joinable(path, content.pop(JOIN_ALIKE, []))
        timezone = _time_zone(path, content)
        return SourceInputs(_SPECS.validate_python(content), columns, timezone)
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(str(path), f"is not TOML ({error})", CURE) from error
    except ValidationError as error:
        table = error.errors()[0]["loc"][0]
        raise BadInputError(str(path), f"'{table}' can't be read", CURE) from error


def _joinable(path: Path, columns: Any) -> tuple[str, ...]:
    if not isinstance(columns, list) or not all(column in JOINABLE for column in columns):
        cure = f"It is a list of columns out of {', '.join(JOINABLE)}."
        raise BadInputError(str(path), f"'{JOIN_ALIKE}' can't be read", cure)
    return tuple(dict.fromkeys(columns))


def _time_zone(path: Path, content: dict[str, Any]) -> str:
    """Take the time zone out of the content; a table may have the same name."""
    if not isinstance(content.get(TIME_ZONE), str):
        return ""
    name = content.pop(TIME_ZONE)
    if name not in TIME_ZONES:
        cure = "Use a name such as Europe/Berlin, or UTC."
        raise BadInputError(str(path), f"time zone '{name}' is unknown", cure)
    return name
