"""Check of a request body against its type, with a pointer to every flaw."""

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from serving.wire.errors import BadPayloadError, Flaw, pointer_to
from serving.wire.spelling import MAX_EXACT_DIGITS, mend

AMOUNT_CURE = (
    'an amount is a decimal text like "184.90", 0 or more; a JSON number of more than '
    f"{MAX_EXACT_DIGITS} digits may be rounded"
)


Checked = TypeVar("Checked")


def checked(adapter: TypeAdapter[Checked], value: object) -> Checked:
    """Check a value; other spellings of its fields are put right in it (`spelling.mend`).

    Raises:
        BadPayloadError: With a pointer to every field that is wrong.
    """
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        first = error
    if not mend(value, first):
        raise BadPayloadError(_flaws(first)) from None
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        raise BadPayloadError(_flaws(error, first)) from None


def _flaws(error: ValidationError, first: ValidationError | None = None) -> list[Flaw]:
    """Return the flaws; of a field that was mended, and is still wrong, as it was at first."""
    former = {item["loc"]: item["msg"] for item in _items(first)} if first else {}
    flaws = []
    for item in _items(error):
        location = item["loc"]
        is_amount = location[-1:] == ("amount",)
        detail = AMOUNT_CURE if is_amount else former.get(location, item["msg"])
        flaws.append(Flaw(pointer_to(location), detail))
    return flaws


def _items(error: ValidationError) -> list[ErrorDetails]:
    return error.errors(include_url=False, include_context=False)
