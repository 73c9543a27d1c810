"""Assignment of a table's columns to the fields of a role, by name, content and place."""

from collections.abc import Collection
from dataclasses import dataclass, field
from statistics import mean

import numpy as np
from scipy.optimize import linear_sum_assignment

from data.source_proposal.column_profile import FileColumn
from data.source_proposal.contents import Content, plausibility
from data.source_proposal.name_scores import best_likeness, name_likeness, names_tell
from data.source_proposal.place_factors import (
    AFTERWARDS,
    decides_moments,
    decides_money,
    moment_factor,
    place_factor,
)
from data.source_proposal.roles import ROLES, Role
from data.source_proposal.table_links import InputTable, Link

NAME_WEIGHT = 0.7
TRUSTED_NAME = 0.8  # how far a name outweighs a column's place among the others
TRUSTED_KEY_NAME = 0.5  # how far a name outweighs that a key, such as of sites, has few values
SURE, LIKELY = 0.7, 0.4
MIN_SCORE = 0.12
# Where names tell, an optional field is not filled by values alone but for links and core fields.
MIN_SCORE_AMONG_NAMES = 0.35
MIN_DECIDED = 0.97
# Fields that hardly any such table lacks: a column with a header like no name at all may be one.
CORE_FIELDS = {
    Role.LINE: ("units", "unit_price"),
    Role.PAYMENT: ("total", "payment_method"),
    Role.STOCK: ("on_hand",),
}
MIN_LIKENESS = 0.3
CHILDREN = frozenset({Role.LINE, Role.PAYMENT})
# Fields that exports seldom have: values alone speak less for them.
RARE = {
    "paid_at": 0.85,
    "ship_by_at": 0.75,
    "canceled_at": 0.6,
    "department_group": 0.8,
    "department": 0.9,
    "customer_segment": 0.9,
    "payment_status": 0.8,
    "fulfillment_status": 0.8,
}


@dataclass(frozen=True)
class FieldMatch:
    """A column proposed for a field, how sure that is (0 to 1), and the next best columns."""

    column: FileColumn
    score: float
    alternatives: tuple[FileColumn, ...]

    @property
    def confidence(self) -> str:
        """The score in a word."""
        return "sure" if self.score >= SURE else "likely" if self.score >= LIKELY else "a guess"


@dataclass(frozen=True)
class TableMatch:
    """A table in a role. `value` says how well the role is met, 0 to some 1.3."""

    table: InputTable
    role: Role
    fields: dict[str, FieldMatch]
    value: float


@dataclass(frozen=True, eq=False)
class Matcher:
    """Matches of tables and roles.

    Attributes:
        links: Links between all tables.
        roles: Roles of tables so far, by table name; a link to such a table speaks for a field.
    """

    links: list[Link]
    roles: dict[str, Role] = field(default_factory=dict)

    def match(
        self,
        table: InputTable,
        role: Role,
        *,
        without: Collection[FileColumn] = (),
        key: FileColumn | None = None,
    ) -> TableMatch:
        """Assign columns to the fields of a role so that the sum of the scores is largest.

        Args:
            table: The table.
            role: The role.
            without: Columns that serve another role of the same table.
            key: The column of the role's key, where that is settled.
        """
        names = list(ROLES[role].kinds)
        columns = [c for c in table.columns if not any(c is other for other in without) or c is key]
        scores = np.array(
            [[self._score(table, role, name, column, key) for column in columns] for name in names]
        )
        if not scores.size:
            return TableMatch(table, role, {}, 0.0)
        needed = ROLES[role].needed
        floor = MIN_SCORE_AMONG_NAMES if names_tell(table) else MIN_SCORE
        weights = np.where([name in needed for name in names], 3.0, 1.0)[:, None]
        linked = [any(link.column is column for link in self.links) for column in columns]
        are_keys = [ROLES[role].kinds[name] is Content.KEY for name in names]
        are_core = [name in CORE_FIELDS.get(role, ()) for name in names]
        nameless = [best_likeness(table, column) < MIN_LIKENESS for column in columns]
        by_values = (
            np.array([n in needed for n in names])[:, None]
            | np.outer(are_keys, linked)
            | np.outer(are_core, nameless)
        )
        usable = np.where(scores >= np.where(by_values, MIN_SCORE, floor), scores, 0.0)
        chosen = zip(*linear_sum_assignment(-usable * weights), strict=True)
        matches = {
            names[row]: FieldMatch(
                columns[best], float(usable[row, best]), _alternatives(columns, usable[row], best)
            )
            for row, best in chosen
            if usable[row, best] > 0
        }
        met = [matches[name].score if name in matches else 0.0 for name in needed]
        others = sum(m.score for name, m in matches.items() if name not in needed)
        return TableMatch(
            table, role, matches, min(met) * mean(met) + 0.04 * others if min(met) else 0.0
        )

    def _score(
        self, table: InputTable, role: Role, name: str, column: FileColumn, key: FileColumn | None
    ) -> float:
        if key is not None and ROLES[role].needed[0] == name:
            return 1.0 if column is key else 0.0
        content = plausibility(ROLES[role].kinds[name], column)
        if name == "line_id":
            content = self._line_number(table, column)
        if not content:
            return 0.0
        content *= RARE.get(name, 1.0)
        likeness = name_likeness(table, role, name, column)
        if ROLES[role].kinds[name] is Content.KEY and name not in ROLES[role].key:
            content = max(content, TRUSTED_KEY_NAME * likeness**2)
        structure = self._structure(table, role, name, column, key)
        trusted = 0.0 if (name,) == ROLES[role].key else TRUSTED_NAME * likeness**2
        content = min(1.0, content * max(structure, trusted))
        return content**0.5 * ((1 - NAME_WEIGHT) * content + NAME_WEIGHT * likeness)

    def _line_number(self, table: InputTable, column: FileColumn) -> float:
        if column.moments:
            return 0.0
        if column.is_unique:
            return plausibility(Content.KEY, column)
        return (
            1.0
            if any(
                table.counts_within(column, key)
                for key in table.columns
                if plausibility(Content.KEY, key) and not key.is_unique
            )
            else 0.0
        )

    def _structure(
        self, table: InputTable, role: Role, name: str, column: FileColumn, key: FileColumn | None
    ) -> float:
        """Factor by which a column's place among the others speaks for a field."""
        kind = ROLES[role].kinds[name]
        decided = table.decides(key, column) if key is not None and role not in CHILDREN else 1.0
        factor = 1.0 if decided >= MIN_DECIDED else 0.2 + 0.5 * decided
        if name in AFTERWARDS:
            factor = 1.0
        if role is Role.CASE and name in ("detected_at", "step_at"):
            return factor * self._log_factor(table, name, column)
        if kind is Content.MOMENT:
            return factor * moment_factor(table, name, column)
        if kind in (Content.REGION, Content.CITY):
            return factor * place_factor(table, column)
        if name in ("units", "unit_price") and role is Role.LINE and key is not None:
            return 1.0 - 0.5 * table.decides(key, column)
        return factor * (
            self._key_factor(table, role, name, column, settled=key is not None)
            if kind is Content.KEY
            else 1.0
        )

    def _log_factor(self, table: InputTable, name: str, column: FileColumn) -> float:
        """The time of a step differs within a case, the time of its opening does not."""
        if any(key for key in table.keys):
            return 0.0 if name == "step_at" else moment_factor(table, name, column)
        repeated = [
            c for c in table.columns if not c.moments and plausibility(Content.KEY, c) >= 0.3
        ]
        opened = max((table.decides(c, column) for c in repeated), default=0.0) >= MIN_DECIDED
        return moment_factor(table, name, column) if opened != (name == "step_at") else 0.3

    def _key_factor(
        self, table: InputTable, role: Role, name: str, column: FileColumn, *, settled: bool
    ) -> float:
        is_key = (name,) == ROLES[role].key
        targets = {self.roles.get(link.key.table) for link in self.links if link.column is column}
        linked = (
            1.25 if targets or (is_key and any(link.key is column for link in self.links)) else 1.0
        )
        expected = {
            "sku": Role.PRODUCT,
            "site": Role.SITE,
            "customer_id": Role.CUSTOMER,
            "order_id": Role.ORDER,
        }.get(name)
        settled_roles = targets & set(self.roles.values())
        if settled_roles and expected not in settled_roles:
            linked *= 0.4
        if role is Role.CASE:
            return (1.0 if is_key or targets else 0.3) * linked
        if role is Role.ORDER and is_key:
            coarser = 1.0 if column.distinct_share < 1 else 0.9
            return linked * coarser * decides_moments(table, column)
        if is_key:
            return linked * (1.0 if column.is_unique or settled else 0.1)
        if name == "sku":
            return linked * (0.5 if column.is_unique else 0.8 + 0.2 * decides_money(table, column))
        return linked * (0.4 if column.is_unique and not targets else 1.0)


def _alternatives(
    columns: list[FileColumn], scores: np.ndarray, best: int
) -> tuple[FileColumn, ...]:
    order = [
        c
        for c in np.argsort(-scores)
        if c != best and scores[c] >= max(MIN_SCORE, 0.6 * scores[best])
    ]
    return tuple(columns[c] for c in order[:2])
