"""Encoding of a text file: by its first bytes, as UTF-8, else by its letters in each encoding.

Short texts are right in several encodings. So `charset-normalizer` names those that fit, and the
kinds of letters decide among them. Where they do not decide, the encoding is left to the user.
"""

import codecs
import math
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import BinaryIO

from charset_normalizer import from_bytes

UTF_8 = "utf-8"
BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
BYTES_AT_ONCE = 1 << 20
MAX_SAMPLE_BYTES = 64 << 10
MIN_NUL_SHARE = 0.2
"""Share of NUL bytes at even or odd positions from which a text without a mark is UTF-16."""
MIN_MARGIN = 1.5
"""Difference of log likelihoods from which one encoding is taken before another."""
MAX_MESS = 0.5
# A few lines that are not in the encoding are garbage; more of them are another encoding.
MAX_GARBAGE_SHARE = 0.02

EAST_ASIAN = {
    "gb18030": ("gb2312", 0xB0, 0xD7),
    "big5": ("big5", 0xA4, 0xC6),
    "cp949": ("euc_kr", 0xB0, 0xC8),
    "cp932": ("cp932", 0x88, 0x97),
    "euc_jp": ("euc_jp", 0xB0, 0xCF),
}
"""For each encoding its oldest part, and the first bytes of the common characters in it."""
COMMON_SHARES = {"cp932": 0.45, "euc_jp": 0.45, "cp949": 0.97}
"""Shares of texts that common characters make up; half of Japanese text is kana."""
HALVES = {"gb18030": (0.5, 0.45, 0xC8), "big5": (0.2, 0.75, 0xA5)}
"""Shares of the common characters up to a first byte and after it, and that byte."""
LETTERS = {
    "cp1252": "àáâãäåæçèéêëíîïñóôõöøúùûüýÿßœÀÁÂÄÅÆÇÉÑÓÖØÚÜŒìò",
    "cp1250": "ąćęłńóśźżčďěňřšťůúžýáéíäöüőűôĺľŕßĄĆĘŁŃÓŚŹŻČĎŇŘŠŤŽÁÉÍÖÜâîăşţçë",
    "cp1254": "çğıöşüâîûÇĞİÖŞÜ",
    "cp1257": "āčēģīķļņšūžąęėįųõäöüĀČĒĢĪĶĻŅŠŪŽ",
}
"""Letters beyond ASCII that are usual in the languages of an encoding."""
SCRIPTS = {
    "cp1251": ("CYRILLIC", "оеаинтсрвлкмдпу"),
    "koi8_r": ("CYRILLIC", "оеаинтсрвлкмдпу"),
    "cp1253": ("GREEK", "αοιετσνηυρπκάέίόήύώς"),
}
"""Scripts of encodings, and the letters that are frequent in them."""
PRIORS = {"cp1250": 0.2, "cp1254": 0.2, "cp1257": 0.1, "euc_jp": 0.2, "big5": 0.5, "koi8_r": 0.2}
"""Weight of the encodings that fewer files are in than those beside them."""
CANDIDATES = [*EAST_ASIAN, *LETTERS, *SCRIPTS]
PUNCTUATION = frozenset(
    "\u2018\u2019\u201c\u201d\u2013\u2014\u2026\u3000\xa0€£°§·«»¿¡ºª№、。「」・ー"
    "\uff0c\uff1a\uff01\uff1f\uff08\uff09\uff5e"
)


@dataclass(frozen=True)
class DetectedEncoding:
    """The encoding of a file.

    Attributes:
        name: As Python names it; None where several fit and none is likelier.
        example: A text beyond ASCII, as it is read; empty in UTF-8.
        fitting: The encodings that fit, the likeliest first, with the same text in each.
    """

    name: str | None
    example: str = ""
    fitting: tuple[tuple[str, str], ...] = ()


@dataclass
class _LineSurvey:
    """Lines beyond ASCII: how many are UTF-8, how many are not, and a sample of these."""

    lines: int = 0
    utf_8: int = 0
    other: int = 0
    sample: bytes = b""

    def add(self, lines: Iterable[bytes]) -> None:
        for line in lines:
            self.lines += 1
            if line.isascii():
                continue
            try:
                line.decode(UTF_8)
                self.utf_8 += 1
            except UnicodeDecodeError:
                self.other += 1
                if len(self.sample) < MAX_SAMPLE_BYTES:
                    self.sample += line[:MAX_SAMPLE_BYTES].rstrip(b"\r\n") + b"\n"


def detect(opened: BinaryIO) -> DetectedEncoding:
    """Detect the encoding of an open file; it is read to its end."""
    head = opened.read(BYTES_AT_ONCE)
    for mark, name in BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return DetectedEncoding(name)
    if (wide := _utf_16(head)) is not None:
        return DetectedEncoding(wide)
    if _is_utf_8(head, opened):
        return DetectedEncoding(UTF_8)
    opened.seek(0)
    survey = _LineSurvey()
    survey.add(opened)
    if survey.other <= MAX_GARBAGE_SHARE * survey.lines and (
        survey.utf_8 or not _has_words(survey.sample)
    ):
        return DetectedEncoding(UTF_8)
    if survey.utf_8 > survey.other:
        return DetectedEncoding(UTF_8)
    return of_sample(survey.sample)


def of_sample(sample: bytes) -> DetectedEncoding:
    """Detect the encoding of lines that are not UTF-8."""
    matches = from_bytes(sample, cp_isolation=CANDIDATES, threshold=MAX_MESS, enable_fallback=False)
    names = {name for match in matches for name in (match.encoding, *match.could_be_from_charset)}
    read = {name: _decoded(sample, name) for name in CANDIDATES if name in names}
    scores = {name: _likelihood(text, name) for name, text in read.items() if text is not None}
    ranked = sorted(scores, key=lambda name: -scores[name])
    if not ranked:
        return DetectedEncoding(None)
    fitting = tuple((name, _example(read[name] or "")) for name in ranked)
    best = ranked[0]
    rivals = [name for name in ranked[1:] if read[name] != read[best]]
    if rivals and scores[best] - scores[rivals[0]] < MIN_MARGIN:
        return DetectedEncoding(None, fitting=fitting)
    return DetectedEncoding(best, fitting[0][1], fitting)


def _utf_16(head: bytes) -> str | None:
    """UTF-16 without a mark: every second byte of Latin letters and delimiters is NUL."""
    even, odd = head[0::2], head[1::2]
    if not odd:
        return None
    shares = even.count(0) / len(even), odd.count(0) / len(odd)
    if max(shares) < MIN_NUL_SHARE or min(shares) > max(shares) / 4:
        return None
    return "utf-16-le" if shares[1] > shares[0] else "utf-16-be"


def _is_utf_8(head: bytes, rest: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder(UTF_8)()
    try:
        while head:
            decoder.decode(head)
            head = rest.read(BYTES_AT_ONCE)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _has_words(sample: bytes) -> bool:
    """Return true if bytes beyond ASCII stand beside letters, as in words of a Latin alphabet."""
    text = sample.decode("latin-1")
    return any(
        not letter.isascii() and letter.isalpha() and (before + after).isascii()
        and (before.isalpha() or after.isalpha())
        for before, letter, after in zip(text, text[1:], text[2:], strict=False)
    )  # fmt: skip


def _decoded(sample: bytes, name: str) -> str | None:
    try:
        return sample.decode(name)
    except UnicodeDecodeError:
        return None


def _example(text: str) -> str:
    """The first words of a text that hold a character beyond ASCII."""
    fields = (field for line in text.splitlines() for field in line.replace(";", ",").split(","))
    return next((field.strip('" \t')[:40] for field in fields if not field.isascii()), "")


def _likelihood(text: str, name: str) -> float:
    """The log likelihood of the characters beyond ASCII, each in its neighbourhood once."""
    triples = Counter(zip(f" {text[:-1]}", text, f"{text[1:]} ", strict=True))
    odds = [
        _log_odds(before, letter, after, name)
        for before, letter, after in triples
        if not letter.isascii()
    ]
    return sum(odds) + math.log(PRIORS.get(name, 1.0))


def _log_odds(before: str, letter: str, after: str, name: str) -> float:
    if letter in PUNCTUATION:
        return math.log(0.1)
    beside_ascii = _is_ascii_letter(before) or _is_ascii_letter(after)
    if name in EAST_ASIAN:
        return math.log(_share(letter, name) * (0.02 if beside_ascii else 1))
    if not letter.isalpha():
        return math.log(0.005)
    is_odd = letter.isupper() and before.islower()
    if name in SCRIPTS:
        script, frequent = SCRIPTS[name]
        if beside_ascii or is_odd or not unicodedata.name(letter, "").startswith(script):
            return math.log(0.01)
        return math.log(0.7 if letter.lower() in frequent else 0.25)
    neighbours = sum(other.isalpha() and not other.isascii() for other in (before, after))
    usual = 0.6 if letter in LETTERS[name] else 0.03
    return math.log(usual) + (is_odd + neighbours + (not beside_ascii)) * math.log(0.1)


def _is_ascii_letter(letter: str) -> bool:
    return letter.isascii() and letter.isalpha()


@lru_cache(maxsize=100_000)
def _share(letter: str, name: str) -> float:
    """The share of texts of an encoding that characters of this one's kind make up."""
    kind = unicodedata.name(letter, "")
    oldest, first, last = EAST_ASIAN[name]
    try:
        code = letter.encode(oldest)
    except UnicodeEncodeError:
        return 0.02
    if name in ("cp932", "euc_jp") and kind.startswith(("HIRAGANA", "KATAKANA")):
        return 0.5
    script = "HANGUL" if name == "cp949" else "CJK"
    if not (len(code) == 2 and first <= code[0] <= last and kind.startswith(script)):
        return 0.03
    if name in COMMON_SHARES:
        return COMMON_SHARES[name]
    simple_share, other_share, simple = HALVES[name]
    return simple_share if code[0] <= simple else other_share
