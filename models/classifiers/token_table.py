"""Token table: the meaning of a message in any language, as sums of vectors of its tokens.

Training distils it from a sentence encoder (`training.triage.languages`). A message is cut into
pieces of words (unigram language model, Kudo 2018). Their vectors are added up, and one hidden
layer follows. Numbers are left out. A call costs microseconds; the encoder is not needed.
"""

import re
import unicodedata
import zlib
from base64 import b64decode, b64encode
from functools import cached_property, lru_cache
from typing import NamedTuple, Self

import numpy as np
import orjson

from features.engine.text import MAX_MESSAGE_LENGTH

WORD_START = "\u2581"
"""Mark of a piece that begins a word."""
MAX_PIECE_LENGTH = 16
UNKNOWN_PIECE = 0
_UNKNOWN_PENALTY = 10.0
_WORD = re.compile(r"[^\W\d_]+|[^\w\s]+")
_LEVELS = 127


class TableParts(NamedTuple):
    """Arrays of a token table of V pieces and H hidden units.

    Attributes:
        pieces: The V pieces; the first stands for unknown characters.
        log_probability: V log probabilities of the pieces.
        vectors: (V, H) vectors as whole numbers, -127 to 127.
        scale: H factors of the vectors.
        ends: H numbers: vectors of the begin and the end of a message together.
        shift: H biases.
    """

    pieces: list[str]
    log_probability: np.ndarray
    vectors: np.ndarray
    scale: np.ndarray
    ends: np.ndarray
    shift: np.ndarray


class MessageTokens(NamedTuple):
    """A message as the table reads it.

    Attributes:
        pieces: Positions of its pieces.
        hidden: H numbers, its meaning.
    """

    pieces: np.ndarray
    hidden: np.ndarray


class TokenTable:
    """Vectors of tokens, and the layer behind their sum. Safe to call from several threads."""

    def __init__(self, parts: TableParts) -> None:
        self.parts = parts
        self._code = {
            piece: i for i, piece in enumerate(parts.pieces) if len(piece) <= MAX_PIECE_LENGTH
        }
        self._log_probability = parts.log_probability.astype(float).tolist()
        self._unknown = min(self._log_probability) - _UNKNOWN_PENALTY
        self._pieces_of_word = lru_cache(maxsize=16_384)(self._segmented)
        self.read = lru_cache(maxsize=4_096)(self._read)

    @classmethod
    def quantised(
        cls,
        pieces: list[str],
        log_probability: np.ndarray,
        *,
        vectors: np.ndarray,
        ends: np.ndarray,
        shift: np.ndarray,
    ) -> Self:
        """Build a table of vectors of floats; they are rounded to one byte each."""
        scale = np.maximum(np.abs(vectors).max(axis=0), 1e-9) / _LEVELS
        rounded = np.rint(vectors / scale).astype(np.int8)
        half, single = np.float16, np.float32
        return cls(
            TableParts(
                pieces=pieces,
                log_probability=log_probability.astype(half),
                vectors=rounded,
                scale=scale.astype(single),
                ends=ends.astype(single),
                shift=shift.astype(single),
            )
        )

    def _read(self, message: str) -> MessageTokens:
        """Return the pieces of a message, and its meaning."""
        pieces = np.array(self.piece_codes(message), np.intp)
        parts = self.parts
        total = parts.vectors[pieces].sum(axis=0, dtype=np.int32) * parts.scale + parts.ends
        hidden = total / np.sqrt(len(pieces) + 2) + parts.shift
        return MessageTokens(pieces, np.maximum(hidden, 0, dtype=np.float32))

    def piece_codes(self, message: str) -> list[int]:
        """Return the positions of the pieces of a message."""
        plain = unicodedata.normalize("NFKC", message[:MAX_MESSAGE_LENGTH])
        codes: list[int] = []
        for match in _WORD.finditer(plain):
            begin = match.start()
            starts = begin == 0 or plain[begin - 1].isspace()
            codes += self._pieces_of_word(WORD_START + match[0] if starts else match[0])
        return codes

    def _segmented(self, word: str) -> tuple[int, ...]:
        """Return the likeliest pieces of a word (Viterbi)."""
        n = len(word)
        best = [0.0] + [-np.inf] * n
        begin_of, code_of = [0] * (n + 1), [UNKNOWN_PIECE] * (n + 1)
        for begin in range(n):
            for end in range(begin + 1, min(begin + MAX_PIECE_LENGTH, n) + 1):
                code = self._code.get(word[begin:end])
                if code is None and end > begin + 1:
                    continue
                step = self._unknown if code is None else self._log_probability[code]
                if best[begin] + step > best[end]:
                    best[end], begin_of[end] = best[begin] + step, begin
                    code_of[end] = UNKNOWN_PIECE if code is None else code
        codes: list[int] = []
        while n:
            codes.append(code_of[n])
            n = begin_of[n]
        return tuple(codes[::-1])

    @cached_property
    def text(self) -> str:
        """The table as JSON; arrays are compressed, in base 64."""
        parts = self.parts
        plain = {name: _packed(getattr(parts, name).tobytes()) for name in _TYPES}
        plain["pieces"] = _packed("\n".join(parts.pieces).encode())
        return orjson.dumps(plain).decode()


_TYPES = {
    "log_probability": np.float16,
    "vectors": np.int8,
    "scale": np.float32,
    "ends": np.float32,
    "shift": np.float32,
}


@lru_cache(maxsize=2)
def table_of(text: str) -> TokenTable:
    """Read a stored table; models that share one text share one table."""
    plain = orjson.loads(text)
    arrays = {name: np.frombuffer(_unpacked(plain[name]), kind) for name, kind in _TYPES.items()}
    pieces = _unpacked(plain["pieces"]).decode().split("\n")
    arrays["vectors"] = arrays["vectors"].reshape(len(pieces), -1)
    return TokenTable(TableParts(pieces=pieces, **arrays))


def _packed(raw: bytes) -> str:
    return b64encode(zlib.compress(raw)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(b64decode(text))
