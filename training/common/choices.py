"""Choices of whoever trains that every model shares: which features are read, what competes."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Self

from data.domain import BadInputError, UnknownChoiceError

MAX_NEAR_NAMES = 8
MIN_NEARNESS = 0.3


@dataclass(frozen=True)
class FeatureChoices:
    """Patterns of features, and how many settings are tried.

    Attributes:
        features: Patterns of the features to read; empty for all.
        without: Patterns of features that are not read.
        trials: Variations of the tree settings to try before the window that is reported.
    """

    features: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    trials: int = 0

    @property
    def reads_all(self) -> bool:
        """True where no pattern narrows what is read."""
        return not self.features and not self.without

    @property
    def options(self) -> dict[str, str]:
        """The options that were named, with their values: logged with the run."""
        named = {"features": self.features, "without": self.without}
        return {option: ", ".join(patterns) for option, patterns in named.items() if patterns}

    def reads(self, name: str) -> bool:
        """Return whether a feature is read."""
        chosen = not self.features or _matches(name, self.features)
        return chosen and not self.excludes(name)

    def excludes(self, name: str) -> bool:
        """Return whether a pattern says that a feature is not read."""
        return _matches(name, self.without)

    def check(self, names: Sequence[str]) -> None:
        """Check the patterns against the features there are.

        Raises:
            BadInputError: A pattern matches no feature; the message names near ones.
        """
        for option, patterns in (("--features", self.features), ("--without", self.without)):
            for pattern in patterns:
                if not any(fnmatchcase(name, pattern) for name in names):
                    raise _no_feature(option, pattern, names)


@dataclass(frozen=True)
class CandidateChoices(FeatureChoices, ABC):
    """Choices that name what competes too.

    Attributes:
        candidates: Names of what competes; baselines always do. None for all.
    """

    candidates: frozenset[str] | None = None

    @staticmethod
    @abstractmethod
    def every_candidate() -> Collection[str]:
        """Return the names of all that may compete."""

    @classmethod
    def named(
        cls,
        features: Iterable[str] = (),
        without: Iterable[str] = (),
        names: Iterable[str] = (),
        trials: int = 0,
    ) -> Self:
        """Read what was named on the command line; nothing means all.

        Raises:
            UnknownChoiceError: A candidate is not there; the message names those there are.
        """
        candidates = named_candidates(names, cls.every_candidate())
        return cls(tuple(features), tuple(without), trials, candidates or None)

    @property
    def options(self) -> dict[str, str]:
        """The options that were named, with their values: logged with the run."""
        named = ", ".join(sorted(self.candidates or ()))
        return {**super().options, **({"candidates": named} if named else {})}

    def competes(self, name: str) -> bool:
        """Return whether a candidate competes."""
        return self.candidates is None or name in self.candidates


def named_candidates(texts: Iterable[str], every: Collection[str]) -> frozenset[str]:
    """Read names of candidates, also several with commas between.

    Raises:
        UnknownChoiceError: One is not there; the message names those there are.
    """
    names = frozenset(part.strip() for text in texts for part in text.split(","))
    for name in sorted(names - frozenset(every)):
        raise UnknownChoiceError("estimator", name, every)
    return names


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _no_feature(option: str, pattern: str, names: Sequence[str]) -> BadInputError:
    word = pattern.strip("*?")
    near = get_close_matches(word, names, MAX_NEAR_NAMES, MIN_NEARNESS)
    shown = ", ".join(near or names[:MAX_NEAR_NAMES])
    return BadInputError(option, f"no feature is called '{pattern}'", f"Near are: {shown}.")
