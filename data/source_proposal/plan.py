"""Plan of a source: which table of the input plays which role, with which columns."""

from collections.abc import Iterable
from dataclasses import dataclass

from data.source_proposal.column_profile import FileColumn
from data.source_proposal.matching import Matcher, TableMatch
from data.source_proposal.roles import ROLES, Role
from data.source_proposal.table_links import InputTable, links_between

LINKED_BONUS = 0.1
MIN_VALUE = 0.2
MIN_LINKED_VALUE = 0.02
MIN_SHARED_SKUS = 0.5
MIN_FIELDS = 2  # a table of keys alone tells nothing
MORE_PRODUCTS = 0.02  # there are more products than sites
# Of a table that holds orders and their lines, half of the orders have more than one row at least.
MIN_ROWS_AN_ORDER = 1.05


@dataclass(frozen=True)
class Plan:
    """Tables in their roles.

    Attributes:
        matches: The match of each role that some table plays. One table may play several roles: a
            flat file holds orders, their lines, customers and products.
        unused: Tables without a role.
    """

    matches: dict[Role, TableMatch]
    unused: list[InputTable]


def plan_source(tables: list[InputTable]) -> Plan:
    """Find the role of each table: orders first, then what is linked to them, then the rest."""
    matcher = Matcher(links_between(tables))
    matches: dict[Role, TableMatch] = {}
    free = list(tables)
    orders = _orders(matcher, free)
    if orders:
        matches[Role.ORDER] = orders
        free.remove(orders.table)
        _add_linked(matcher, matches, free)
    _add_rest(matcher, matches, free)
    used = {id(m.table) for m in matches.values()}
    return Plan(matches, [table for table in tables if id(table) not in used])


def _orders(matcher: Matcher, tables: list[InputTable]) -> TableMatch | None:
    """The table of orders: the best match, unless it is better as exceptions, stock or demand."""
    best = None
    for table in tables:
        orders = matcher.match(table, Role.ORDER)
        others = max(
            matcher.match(table, role).value for role in (Role.CASE, Role.STOCK, Role.DEMAND)
        )
        key = orders.fields.get("order_id")
        linked = sum(link.key is key.column for link in matcher.links) if key else 0
        value = orders.value + LINKED_BONUS * min(linked, 3)
        if key and orders.value > 0 and value >= others and (best is None or value > best[0]):
            best = value, orders
    if best is None:
        return None
    orders = matcher.match(best[1].table, Role.ORDER, key=best[1].fields["order_id"].column)
    if not orders.value:
        return None
    matcher.roles[orders.table.name] = Role.ORDER
    return orders


def _add_linked(matcher: Matcher, matches: dict[Role, TableMatch], free: list[InputTable]) -> None:
    """Find lines, customers, payments, products and sites by the links from and to the orders."""
    orders = matches[Role.ORDER]
    key = orders.fields["order_id"].column
    children = [
        (table, link.column)
        for link in matcher.links
        if link.key is key
        for table in free
        if link.column.table == table.name
    ]
    lines = _best(
        (matcher.match(table, Role.LINE, key=column) for table, column in children),
        MIN_LINKED_VALUE,
    )
    if lines is None and not key.is_unique and key.distinct * MIN_ROWS_AN_ORDER < orders.table.rows:
        lines = _best([_lines_beside(matcher, orders)], MIN_LINKED_VALUE)
    if lines is None and key.is_unique:
        lines = _best([_lines_beside(matcher, orders)], MIN_VALUE)
        lines = lines if lines and "units" in lines.fields else None
    if lines:
        matches[Role.LINE] = lines
        _take(free, lines)
    parents = [(Role.CUSTOMER, orders, "customer_id")]
    if lines:
        parents += [(Role.PRODUCT, lines, "sku"), (Role.SITE, lines, "site")]
    for role, child, name in parents:
        _add_parent(
            matcher, matches, free, role, child.fields.get(name) and child.fields[name].column
        )
    if lines and Role.PRODUCT in matches:
        _settle_lines(matcher, matches)
    paid = _best(
        (matcher.match(t, Role.PAYMENT, key=c) for t, c in children if t in free), MIN_LINKED_VALUE
    )
    if (
        paid
        and "total" in paid.fields
        and "message" not in matcher.match(paid.table, Role.CASE).fields
    ):
        matches[Role.PAYMENT] = paid
        _take(free, paid)
    _add_products_of_lines(matcher, matches)


def _lines_beside(matcher: Matcher, orders: TableMatch) -> TableMatch:
    """Lines in the table of the orders, of the columns that the orders leave."""
    used = [m.column for name, m in orders.fields.items() if name != "order_id"]
    key = orders.fields["order_id"].column
    return matcher.match(orders.table, Role.LINE, key=key, without=used)


def _add_parent(
    matcher: Matcher,
    matches: dict[Role, TableMatch],
    free: list[InputTable],
    role: Role,
    column: FileColumn | None,
) -> None:
    for link in matcher.links:
        for table in free:
            if link.column is column and link.key.table == table.name and role not in matches:
                parent = matcher.match(table, role, key=link.key)
                if len(parent.fields) < MIN_FIELDS:
                    continue
                matches[role] = parent
                matcher.roles[table.name] = role
                _take(free, matches[role])
                return


def _settle_lines(matcher: Matcher, matches: dict[Role, TableMatch]) -> None:
    """Of two tables that lines refer to, the one that looks like products is the products."""
    products, sites, lines = matches.get(Role.PRODUCT), matches.get(Role.SITE), matches[Role.LINE]
    if products is None or sites is None:
        return
    key_of = {
        role: matches[role].fields[ROLES[role].needed[0]].column
        for role in (Role.PRODUCT, Role.SITE)
    }
    more = MORE_PRODUCTS if sites.table.rows > products.table.rows else -MORE_PRODUCTS
    straight = products.value + sites.value - more
    swapped = (
        matcher.match(sites.table, Role.PRODUCT, key=key_of[Role.SITE]),
        matcher.match(products.table, Role.SITE, key=key_of[Role.PRODUCT]),
    )
    if sum(m.value for m in swapped) <= straight:
        return
    matches[Role.PRODUCT], matches[Role.SITE] = swapped
    matcher.roles.update({swapped[0].table.name: Role.PRODUCT, swapped[1].table.name: Role.SITE})
    matches[Role.LINE] = matcher.match(lines.table, Role.LINE, key=lines.fields["order_id"].column)


def _add_products_of_lines(matcher: Matcher, matches: dict[Role, TableMatch]) -> None:
    """Products from the columns of the lines that the SKU decides, where no table tells more."""
    lines = matches.get(Role.LINE)
    if lines is None or "sku" not in lines.fields:
        return
    used = [m.column for m in (*lines.fields.values(), *matches[Role.ORDER].fields.values())]
    key = lines.fields["sku"].column
    products = matcher.match(
        lines.table, Role.PRODUCT, key=key, without=[c for c in used if c is not key]
    )
    of_table = matches[Role.PRODUCT].fields if Role.PRODUCT in matches else {}
    if len(products.fields) > max(1, len(of_table)):
        matches[Role.PRODUCT] = products


def _add_rest(matcher: Matcher, matches: dict[Role, TableMatch], free: list[InputTable]) -> None:
    """Give each other table the role that it meets best, if it meets one."""
    order_key = matches[Role.ORDER].fields["order_id"].column if Role.ORDER in matches else None
    for table in list(free):
        roles = [
            role
            for role in (Role.CASE, Role.STOCK, Role.DEMAND, Role.PRODUCT, Role.SITE)
            if role not in matches and not (role is Role.DEMAND and Role.LINE in matches)
        ]
        best = max(
            (matcher.match(table, role) for role in roles), key=lambda m: m.value, default=None
        )
        links_to_orders = any(
            link.column.table == table.name and link.key is order_key for link in matcher.links
        )
        is_linked = best is not None and (
            (links_to_orders and best.role is Role.CASE) or _shares_skus(best, matches)
        )
        floor = MIN_LINKED_VALUE if is_linked else MIN_VALUE
        only = len(free) == 1 and not matches
        if best and best.value >= (MIN_LINKED_VALUE if only else floor):
            matches[best.role] = best


def _shares_skus(match: TableMatch, matches: dict[Role, TableMatch]) -> bool:
    """True where a table's SKUs are those of the order lines."""
    lines = matches.get(Role.LINE)
    if lines is None or "sku" not in lines.fields or "sku" not in match.fields:
        return False
    own, sold = match.fields["sku"].column.values, lines.fields["sku"].column.values
    return len(own & sold) >= MIN_SHARED_SKUS * min(len(own), len(sold))


def _best(candidates: Iterable[TableMatch], floor: float) -> TableMatch | None:
    best = max(candidates, key=lambda m: m.value, default=None)
    return best if best and best.value >= floor else None


def _take(free: list[InputTable], taken: TableMatch) -> None:
    if taken.table in free:
        free.remove(taken.table)
