"""Row of one open exception: packed, with what filters and searches read beside it."""

import sys
from dataclasses import dataclass
from typing import NamedTuple, Self

from serving.live_list.packing import packed, unpacked
from serving.scoring.assessment import Assessment
from serving.wire.exception_in import ExceptionIn
from serving.wire.stored_exception import reading, stored_exception


class RowTexts(NamedTuple):
    """Payload and assessment of an exception as the ledger stores them: JSON."""

    payload: str
    assessment: str


@dataclass(frozen=True, slots=True)
class OpenRow:
    """Row of one open exception on the list.

    Payload and assessment stay packed, as JSON: a list of 100,000 would be a gigabyte of objects,
    and people open a few of them. What filters and searches read lies beside.

    Attributes:
        id: Of the exception.
        revision: Of the exception.
        scored_at_ms: Tick at which it was assessed.
        model_version: What assessed it; None without a model.
        is_degraded: True if no model scored it.
        team: Team that should have it.
        category: Category by which the list is filtered: the predicted one, else the type as
            raised.
        words: What a search looks through, case-folded.
    """

    id: str
    revision: int
    scored_at_ms: int
    model_version: str | None
    is_degraded: bool
    team: str | None
    category: str | None
    words: str
    _payload: bytes
    _assessment: bytes

    @property
    def exception(self) -> ExceptionIn:
        """The exception, unpacked anew at each call."""
        return stored_exception(self.id, unpacked(self._payload))

    @property
    def assessment(self) -> Assessment:
        """The assessment, unpacked anew at each call."""
        return Assessment.from_json(self.assessment_text)

    @property
    def assessment_text(self) -> str:
        """The assessment as the ledger stores it."""
        return unpacked(self._assessment)

    def assessed(self, assessment: str) -> "ReadRow":
        """Return the row with another assessment, as the ledger stores it."""
        payload = unpacked(self._payload)
        return ReadRow.read(self.id, self.revision, payload=payload, assessment=assessment)


class ReadRow(NamedTuple):
    """Row of one open exception, and the objects that it was made of, so as not to read them again.

    Attributes:
        row: To be shown.
        exception: As sent.
        assessment: Of models and policy.
    """

    row: OpenRow
    exception: ExceptionIn
    assessment: Assessment

    @classmethod
    def read(cls, exception_id: str, revision: int, *, payload: str, assessment: str) -> Self:
        """Read a row as the ledger stores it.

        Raises:
            UnreadableRowError: It can't be read; that is logged and counted.
        """
        exception = stored_exception(exception_id, payload)
        with reading(exception_id):
            texts = RowTexts(payload, assessment)
            read = Assessment.from_json(assessment)
            return cls.of(exception_id, revision, texts, exception=exception, assessment=read)

    @classmethod
    def of(
        cls,
        exception_id: str,
        revision: int,
        texts: RowTexts,
        *,
        exception: ExceptionIn,
        assessment: Assessment,
    ) -> Self:
        """Make a row of texts that were read already."""
        category = assessment.category.label or exception.known_type
        row = OpenRow(
            exception_id,
            revision,
            scored_at_ms=assessment.scored_at_ms,
            model_version=_shared(assessment.model_version),
            is_degraded=assessment.degraded,
            team=_shared(assessment.team),
            category=_shared(category),
            words=_words(exception_id, exception, category, assessment.team),
            _payload=packed(texts.payload),
            _assessment=packed(texts.assessment),
        )
        return cls(row, exception, assessment)


def _shared(word: str | None) -> str | None:
    """Return a word of which many rows have the same."""
    return None if word is None else sys.intern(word)


def _words(
    exception_id: str, exception: ExceptionIn, category: str | None, team: str | None
) -> str:
    """Return all that a search finds an exception by."""
    words: list[str | None] = [
        exception.external_id,
        exception.message,
        exception.type,
        exception.reason_code,
        category,
        team,
        exception_id,
    ]
    if order := exception.order:
        address, customer = order.shipping_address, order.customer
        words += [order.order_number, order.external_id, order.channel]
        words += [line.sku for line in order.line_items]
        words += [address.city, address.country_code] if address else []
        words += [customer.external_id, customer.segment] if customer else []
    plain = [word for word in words if word]
    spaced = [word.replace("_", " ") for word in plain if "_" in word]
    return "\n".join(plain + spaced).casefold()
