"""Assignment of a table's columns to the fields of a role, by name, content and place."""

from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import combinations
from statistics import mean

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

from data.source_proposal.column_profile import FileColumn
from data.source_proposal.contents import Content, plausibility
from data.source_proposal.name_scores import NAMED, best_likeness, name_likeness, names_tell
from data.source_proposal.place_factors import (
    AFTERWARDS,
    holds_orders,
    holds_units,
    is_log,
    moment_factor,
    order_factor,
    reference_factor,
    value_factor,
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
OF_ORDERS = 0.3  # lines of orders have SKUs, moments and units, as stock and demand have
STAGES = ("placed_at", "paid_at", "shipped_at", "delivered_at")
MIN_CONTRARY = 0.9
NAMED_OTHERWISE = 0.5  # a header that names another field speaks against this one
LINKED_SKU = 0.8  # names of products, too, are keys where another table has one row for each
MIN_DECIDED = 0.97
MIN_FACTOR_OF_MOMENT = 0.7
# Fields that hardly any such table lacks: a column with a header like no name at all may be one.
CORE_FIELDS = {
    Role.LINE: ("units", "unit_price"),
    Role.PAYMENT: ("total", "payment_method"),
    Role.STOCK: ("on_hand",),
    Role.ORDER: ("customer_id",),
    Role.CUSTOMER: ("person",),
    Role.PRODUCT: ("category", "department"),
}
# Kinds of values that are like no other: they may fill a field of a column with an unknown header.
TELLING = (Content.MOMENT, Content.COUNTRY, Content.REGION, Content.CITY, Content.POSTCODE)
MIN_LIKENESS = 0.3
CHILDREN = frozenset({Role.LINE, Role.PAYMENT})
REFERS_TO = {
    "sku": Role.PRODUCT,
    "site": Role.SITE,
    "customer_id": Role.CUSTOMER,
    "order_id": Role.ORDER,
}
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
        linked = [self._is_linked(column) for column in columns]
        are_keys = [ROLES[role].kinds[name] is Content.KEY for name in names]
        are_core = [
            name in CORE_FIELDS.get(role, ()) or ROLES[role].kinds[name] in TELLING
            for name in names
        ]
        nameless = [best_likeness(table, column, (role,)) < MIN_LIKENESS for column in columns]
        by_values = (
            np.array([n in needed or n == "line_id" for n in names])[:, None]
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
        matches = in_order_of_time(matches)
        met = [matches[name].score if name in matches else 0.0 for name in needed]
        others = sum(
            m.score
            for name, m in matches.items()
            if name not in needed and self._speaks(table, role, name, m.column)
        )
        value = min(met) * mean(met) + 0.04 * others if min(met) else 0.0
        if value and self._holds_orders_instead(table, role, matches):
            value *= OF_ORDERS
        return TableMatch(table, role, matches, value)

    def _holds_orders_instead(
        self, table: InputTable, role: Role, matches: dict[str, FieldMatch]
    ) -> bool:
        """True where the rows are lines of orders and not what the role's rows are."""
        if role in (Role.STOCK, Role.DEMAND):
            return holds_orders(table)
        if role is not Role.CASE:
            return False
        key = matches["exception_id"].column
        return holds_units(table) or not (key.is_unique or is_log(table, key))

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
        if name == "sku" and self._is_linked(column):
            content = max(content, LINKED_SKU)
        content *= RARE.get(name, 1.0)
        likeness = name_likeness(table, role, name, column)
        is_named_otherwise = not likeness and best_likeness(table, column) >= NAMED
        if is_named_otherwise and name not in ROLES[role].needed:
            content *= NAMED_OTHERWISE
        if ROLES[role].kinds[name] is Content.KEY and name not in ROLES[role].key:
            content = max(content, TRUSTED_KEY_NAME * likeness**2)
        structure = self._structure(table, role, name, column, key)
        trusted = 0.0 if (name,) == ROLES[role].key else TRUSTED_NAME * likeness**2
        content = min(1.0, content * max(structure, trusted))
        return content**0.5 * ((1 - NAME_WEIGHT) * content + NAME_WEIGHT * likeness)

    def _speaks(self, table: InputTable, role: Role, name: str, column: FileColumn) -> bool:
        """False for a word without a telling header: any table has words."""
        is_word = ROLES[role].kinds[name] is Content.WORD
        return not is_word or name_likeness(table, role, name, column) >= MIN_LIKENESS

    def _is_linked(self, column: FileColumn) -> bool:
        return any(column is end for link in self.links for end in (link.column, link.key))

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
        if name == "placed_at":  # systems write times of lines, too
            factor = max(factor, MIN_FACTOR_OF_MOMENT)
        if name in AFTERWARDS:
            factor = 1.0
        if role is Role.CASE and name in ("detected_at", "step_at"):
            return factor * self._log_factor(table, name, column)
        if kind is Content.KEY:
            return factor * self._key_factor(table, role, name, column, key)
        return factor * value_factor(table, role, name, column, key)

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
        self, table: InputTable, role: Role, name: str, column: FileColumn, key: FileColumn | None
    ) -> float:
        is_key = (name,) == ROLES[role].key
        targets = {self.roles.get(link.key.table) for link in self.links if link.column is column}
        linked = (
            1.25 if targets or (is_key and any(link.key is column for link in self.links)) else 1.0
        )
        settled_roles = targets & set(self.roles.values())
        if settled_roles and REFERS_TO.get(name) not in settled_roles:
            linked *= 0.4
        if role is Role.CASE:
            return (1.0 if is_key or targets else 0.3) * linked
        if role is Role.ORDER and is_key:
            return linked * order_factor(table, column)
        if is_key:
            return linked * (1.0 if column.is_unique or key is not None else 0.1)
        return linked * reference_factor(table, name, column, key, linked=bool(targets))


def in_order_of_time(matches: dict[str, FieldMatch]) -> dict[str, FieldMatch]:
    """Exchange columns of two stages where their times contradict the order of the stages."""
    for first, then in combinations([name for name in STAGES if name in matches], 2):
        if _share_before(matches[then].column, matches[first].column) > MIN_CONTRARY:
            matches |= {first: matches[then], then: matches[first]}
    return matches


def _share_before(column: FileColumn, other: FileColumn) -> float:
    """Share of the rows with both times in which one is before the other."""
    if column.moments is None or other.moments is None:
        return 0.0
    gaps = (other.moments.values - column.moments.values).dropna()
    return float((gaps > pd.Timedelta(0)).mean()) if len(gaps) else 0.0


def _alternatives(
    columns: list[FileColumn], scores: np.ndarray, best: int
) -> tuple[FileColumn, ...]:
    order = [
        c
        for c in np.argsort(-scores)
        if c != best and scores[c] >= max(MIN_SCORE, 0.6 * scores[best])
    ]
    return tuple(columns[c] for c in order[:2])
