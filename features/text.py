"""Messages as hashed n-grams: the same for English, Chinese and Portuguese, with no word list.

Words serve the languages that put blanks between them; character pairs serve those that do not, and
trigrams survive typing errors and endings. The hash is CRC-32: fast, and the same in every process.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from zlib import crc32

import numpy as np
from scipy import sparse

BUCKETS = 1_024
LONGEST_MESSAGE = 600
_WORD = re.compile(r"[^\W\d_]+|\d+")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def normalised(message: str) -> str:
    """Return the message in one case and one form, without accents; cut to 600 characters."""
    plain = unicodedata.normalize("NFKD", message[:LONGEST_MESSAGE].casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def grams(message: str) -> list[str]:
    """Return words, word pairs and, for each word, its character n-grams.

    >>> grams("Não 12")
    ['nao', '#', 'nao #', '<na', 'nao', 'ao>']
    >>> grams("地址错")
    ['地址', '址错', '错>']
    """
    found: list[str] = []
    words: list[str] = []
    pieces: list[str] = []
    for word in _WORD.findall(normalised(message)):
        if _WIDE.search(word):
            pieces += [f"{word}>"[i : i + 2] for i in range(len(word))]
        elif word.isdigit():
            words.append("#")  # a number's value is noise; that there is one is not
        else:
            words.append(word)
            pieces += [f"<{word}>"[i : i + 3] for i in range(len(word))]
    found += words
    found += [f"{a} {b}" for a, b in pairwise(words)]
    return found + pieces


@lru_cache(maxsize=16_384)
def buckets(message: str) -> np.ndarray:
    """Return the sorted, distinct buckets (0 to 1,023) that a message falls into."""
    hit = {crc32(gram.encode()) % BUCKETS for gram in grams(message)}
    return np.array(sorted(hit), np.int32)


def dense(message: str | None) -> np.ndarray:
    """Return one message as a row of zeros and ones."""
    row = np.zeros(BUCKETS, np.float32)
    if message:
        row[buckets(message)] = 1.0
    return row


def matrix(messages: Iterable[str | None]) -> sparse.csr_matrix:
    """Return messages as a sparse matrix of zeros and ones, one row each."""
    hits = [buckets(message) if message else np.empty(0, np.int32) for message in messages]
    ends = np.concatenate([[0], np.cumsum([len(hit) for hit in hits])]).astype(np.int64)
    columns = np.concatenate(hits) if hits else np.empty(0, np.int32)
    ones = np.ones(len(columns), np.float32)
    return sparse.csr_matrix((ones, columns, ends), shape=(len(hits), BUCKETS))
