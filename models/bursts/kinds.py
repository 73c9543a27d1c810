"""Members of a burst: exceptions with its value, of the kinds that are in excess.

For each kind of exception (type, reason code) the burst's own shares are what is
there beyond the usual; a row belongs if it is likelier of the burst than of the usual, by Bayes'
rule, the kinds taken as nearly independent.
"""

from collections import Counter
from collections.abc import Sequence
from math import log

import numpy as np

Names = tuple[tuple[str, str], ...]

_PRIOR_ROWS = 5.0
"""How much all exceptions say of the kinds usual with one value, in rows."""
_INDEPENDENCE = 0.75
"""Power of the likelihoods where there are several kinds: they partly say the same."""
_OVER_REPRESENTED = 0.2
_MAX_KINDS_NAMED = 2
_ROWS_TRIED = 300


class KindCounts:
    """The kinds of a burst and of the usual.

    Attributes:
        observed: Rows with the burst's value since it began.
    """

    def __init__(
        self,
        names: Sequence[Names],
        columns: Sequence[int],
        usual: np.ndarray,
        everything: np.ndarray,
    ) -> None:
        """Learn what is usual.

        Args:
            names: Attribute and value, by code.
            columns: Where the kinds stand in a row.
            usual: Codes of past rows with the value, in no burst; may be none.
            everything: Codes of past rows with any value.
        """
        self._names, self._columns = names, list(columns)
        self._usual = [Counter(usual[:, c].tolist()) for c in columns]
        self._of_all = [Counter(everything[:, c].tolist()) for c in columns]
        self._usual_rows, self._all_rows = len(usual), len(everything)
        self._here: list[Counter[int]] = [Counter() for _ in columns]
        self._power = 1.0 if len(self._columns) == 1 else _INDEPENDENCE
        self.observed = 0

    def see(self, codes: np.ndarray) -> None:
        """Count a row with the value since the burst began, whether or not it belongs."""
        self.observed += 1
        for here, column in zip(self._here, self._columns, strict=True):
            here[int(codes[column])] += 1

    def unsee(self, codes: np.ndarray) -> None:
        """Undo `see`."""
        self.observed -= 1
        for here, column in zip(self._here, self._columns, strict=True):
            here[int(codes[column])] -= 1

    def belongs(self, codes: np.ndarray, expected: float) -> bool:
        """Say whether a row is likelier of the burst; `expected` rows are usual since it began."""
        beyond = max(self.observed - expected, 0.5)
        odds = log(beyond / max(expected, 0.01))
        for k, column in enumerate(self._columns):
            code = int(codes[column])
            usual = self._usual_share(k, code)
            odds += self._power * log(self._own_share(k, code, usual, expected) / usual)
        return odds > 0

    def usually_taken(self, past: np.ndarray, expected: float) -> float:
        """Return the share of past rows with the value that would have been taken, above 0."""
        rows = past[-_ROWS_TRIED:]
        taken = sum(self.belongs(row, expected) for row in rows)
        return (taken + 0.5) / (len(rows) + 1.0)

    def named(self, expected: float) -> tuple[str, ...]:
        """Return the kinds that are most of the excess, most first."""
        for k in range(len(self._columns)):
            beyond = {
                code: count - expected * self._usual_share(k, code)
                for code, count in self._here[k].items()
                if code >= 0
            }
            total = max(self.observed - expected, 1.0)
            most = sorted(beyond, key=lambda code: -beyond[code])[:_MAX_KINDS_NAMED]
            telling = [code for code in most if self._is_telling(k, code, beyond, total)]
            if telling:
                return tuple(_in_words(self._names[code]) for code in telling)
        return ()

    def _is_telling(self, k: int, code: int, beyond: dict[int, float], total: float) -> bool:
        share = beyond[code] / total
        return share >= max(_OVER_REPRESENTED, 1.2 * self._usual_share(k, code))

    def _usual_share(self, k: int, code: int) -> float:
        values = len(self._of_all[k]) + 1
        of_all = (self._of_all[k][code] + 0.5) / (self._all_rows + 0.5 * values)
        return (self._usual[k][code] + _PRIOR_ROWS * of_all) / (self._usual_rows + _PRIOR_ROWS)

    def _own_share(self, k: int, code: int, usual: float, expected: float) -> float:
        beyond = max(self._here[k][code] - expected * usual, 0.0)
        return (beyond + usual) / (max(self.observed - expected, 0.0) + 1.0)


def _in_words(name: Names) -> str:
    """A word speaks for itself, a code needs its attribute."""
    attribute, value = name[0]
    spoken = value.replace("_", " ")
    is_word = attribute != "reason_code" and any(c.isalpha() for c in value)
    return spoken if is_word else f"{attribute.replace('_', ' ')} {value}"
