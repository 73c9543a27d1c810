"""Inputs of a source (`inputs.toml`): for each table files, the sheet of a workbook, or a database.

    orders = ["*orders*"]
    customers = {files = ["*customers*"], sheet = "Customers 2026"}
    payments = {database = "SHOP_DATABASE", table = "public.payments"}

`database` names the environment variable that holds the address: no secret stands in a file.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from data.domain import BadInputError

INPUTS = "inputs.toml"
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


def read_inputs(folder: Path) -> Mapping[str, InputSpec]:
    """Read the inputs of a source; none where every file is a table of its own name.

    Raises:
        BadInputError: the file is none of this kind.
    """
    path = folder / INPUTS
    if not path.exists():
        return {}
    try:
        return _SPECS.validate_python(tomllib.loads(path.read_text(encoding="utf-8")))
    except tomllib.TOMLDecodeError as error:
        raise BadInputError(str(path), f"is not TOML ({error})", CURE) from error
    except ValidationError as error:
        table = error.errors()[0]["loc"][0]
        raise BadInputError(str(path), f"'{table}' can't be read", CURE) from error
