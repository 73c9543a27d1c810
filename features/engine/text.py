"""Messages as hashed n-grams: the same for English, Chinese and Portuguese, with no word list.

Words serve the languages that put blanks between them; character pairs serve those that do not, and
trigrams survive typing errors and endings. The hash is CRC-32: fast, and the same in every process.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from typing import NamedTuple
from zlib import crc32

import numpy as np
from scipy import sparse

BUCKETS = 1_024
MAX_MESSAGE_LENGTH = 600
_NO_BUCKETS = np.empty(0, np.int32)
_WORD = re.compile(r"[^\W\d_]+|\d+")
_WIDE_LETTERS = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WIDE = re.compile(f"[{_WIDE_LETTERS}]")
_SPAN = re.compile(rf"[{_WIDE_LETTERS}]|[^\W{_WIDE_LETTERS}]+")


class WordSpan(NamedTuple):
    """Place of a word in a message: position of its first letter, and of the one after its last."""

    begin: int
    end: int


def word_spans(message: str) -> list[WordSpan]:
    """Return where the words of a message are; a Chinese character counts as a word.

    >>> word_spans("Não 12")
    [WordSpan(begin=0, end=3), WordSpan(begin=4, end=6)]
    """
    return [WordSpan(*match.span()) for match in _SPAN.finditer(message)]


def normalised(message: str) -> str:
    """Return the message in one case and one form, without accents; cut to 600 characters."""
    folded = message[:MAX_MESSAGE_LENGTH].casefold()
    if folded.isascii():
        return folded
    plain = unicodedata.normalize("NFKD", folded)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def grams(message: str) -> list[str]:
    """Return words, word pairs and, for each word, its character n-grams.

    >>> grams("Não 12")
    ['nao', '#', 'nao #', '<na', 'nao', 'ao>']
    >>> grams("地址错")
    ['地址', '址错', '错>']
    """
    matched: list[str] = []
    words: list[str] = []
    pieces: list[str] = []
    for word in _WORD.findall(normalised(message)):
        if word.isdigit():
            words.append("#")  # a number's value is noise; that there is one is not
            continue
        own = _pieces(word)
        pieces += own.pieces
        if not own.is_wide:
            words.append(word)
    matched += words
    matched += [f"{a} {b}" for a, b in pairwise(words)]
    return matched + pieces


class _WordPieces(NamedTuple):
    """Character n-grams of a word; `is_wide`: it is written without blanks."""

    pieces: tuple[str, ...]
    is_wide: bool


@lru_cache(maxsize=16_384)
def _pieces(word: str) -> _WordPieces:
    is_wide = _WIDE.search(word) is not None
    framed, length = (f"{word}>", 2) if is_wide else (f"<{word}>", 3)
    pieces = tuple(framed[i : i + length] for i in range(len(word)))
    return _WordPieces(pieces, is_wide)


@lru_cache(maxsize=4_096)
def buckets(message: str) -> np.ndarray:
    """Return the sorted, distinct buckets (0 to 1,023) that a message falls into.

    Messages with numbers in them come once: a larger memory of them fills for hours, in vain.
    """
    matched = {crc32(gram.encode()) % BUCKETS for gram in grams(message)}
    return np.array(sorted(matched), np.int32)


class Messages:
    """Messages of n rows as the buckets that each falls into.

    Args:
        buckets: For each row its sorted, distinct buckets.
    """

    def __init__(self, buckets: Sequence[np.ndarray]) -> None:
        self.buckets = buckets

    def take(self, rows: np.ndarray) -> "Messages":
        """Return some of the rows; positions or a mask."""
        return Messages([self.buckets[i] for i in np.arange(len(self.buckets))[rows]])

    @cached_property
    def csr(self) -> sparse.csr_matrix:
        """The same as a sparse matrix of zeros and ones; made when first asked for."""
        ends = np.cumsum([0, *(len(hit) for hit in self.buckets)])
        columns = np.concatenate([_NO_BUCKETS, *self.buckets])
        ones = np.ones(len(columns), np.float32)
        return sparse.csr_matrix((ones, columns, ends), shape=(len(self.buckets), BUCKETS))


def matrix(messages: Iterable[str | None]) -> Messages:
    """Return the buckets of messages; none for an empty one."""
    return Messages([buckets(message) if message else _NO_BUCKETS for message in messages])
