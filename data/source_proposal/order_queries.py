"""Queries of a proposed source about orders: orders, their lines, stages, products and sites."""

from data.contract.tables import TABLES
from data.history.queries import query_text
from data.source_proposal.column_profile import FileColumn
from data.source_proposal.matching import FieldMatch, TableMatch
from data.source_proposal.plan import Plan
from data.source_proposal.query_text import OutputColumn, ProposedQuery, fields_of, output, quoted
from data.source_proposal.roles import Role

PLACES = ("country", "region", "city", "postcode")
ORDER_COLUMNS = (
    "order_id",
    "placed_at",
    "customer_id",
    "customer_segment",
    "channel",
    "promised_at",
    "ship_by_at",
    "currency",
    "total",
    *PLACES,
    "payment_method",
)
AS_OF_THE_END = ("payment_status", "fulfillment_status", "status")
STAGES = {"paid_at": "paid", "shipped_at": "shipped", "delivered_at": "delivered"}
EARLIEST, LATEST = "min", "max"
AGGREGATES = {"placed_at": EARLIEST, "promised_at": LATEST, "ship_by_at": EARLIEST, "total": LATEST}
UNKNOWN_SINCE = "1990-01-01"


def order_queries(plan: Plan) -> list[ProposedQuery]:
    """Queries of the tables that hang on the orders; none where no table holds orders."""
    orders = plan.matches.get(Role.ORDER)
    if orders is None:
        return []
    queries = [_orders(plan, orders)]
    lines = plan.matches.get(Role.LINE)
    if lines:
        queries.append(_lines(lines))
    return queries


def _orders(plan: Plan, orders: TableMatch) -> ProposedQuery:
    grouped = not orders.fields["order_id"].column.is_unique
    query = ProposedQuery("orders", orders.table.name, [])
    for name, matched in fields_of(orders, ORDER_COLUMNS):
        aggregate = "" if not grouped or name == "order_id" else AGGREGATES.get(name, "any_value")
        query.columns.append(output(matched, name, aggregate=aggregate))
    if grouped:
        query.group_by = orders.fields["order_id"].column.sql("t")
        query.notes.append("The file has a row for each line: they are grouped by order.")
    left_out = fields_of(orders, AS_OF_THE_END)
    query.notes += [
        f'Left out: "{matched.column.name}" is the {name.replace("_", " ")} in the end, '
        "not when the order was placed."
        for name, matched in left_out
    ]
    _join_customers(plan, orders, query)
    _join_payments(plan, orders, query)
    return query


def _join_customers(plan: Plan, orders: TableMatch, query: ProposedQuery) -> None:
    customers = plan.matches.get(Role.CUSTOMER)
    if customers is None or "customer_id" not in orders.fields or query.group_by:
        return
    present = {column.name for column in query.columns}
    add = [name for name in ("customer_segment", *PLACES) if name not in present]
    query.columns += [
        output(matched, name, "customer") for name, matched in fields_of(customers, add)
    ]
    person = customers.fields.get("person")
    if person and not person.column.is_unique:
        query.columns = [c for c in query.columns if c.name != "customer_id"]
        query.columns.append(output(person, "customer_id", "customer"))
    join = query_text(
        "proposal/joined_customers",
        table=customers.table.name,
        key=quoted(customers.fields["customer_id"].column, "customer"),
        column=quoted(orders.fields["customer_id"].column),
    )
    query.joins.append(join)


def _join_payments(plan: Plan, orders: TableMatch, query: ProposedQuery) -> None:
    payments = plan.matches.get(Role.PAYMENT)
    if payments is None or query.group_by:
        return
    present = {column.name for column in query.columns}
    amount = _number(payments.fields["total"].column, "p")
    method = payments.fields.get("payment_method")
    sums = [f"sum({amount}) as total"]
    if "total" not in present:
        query.columns.append(OutputColumn("paid.total", "total", _joined_remark(payments, "total")))
    if method and "payment_method" not in present:
        sums.append(f"arg_max({method.column.sql('p')}, {amount}) as payment_method")
        query.columns.append(
            OutputColumn(
                "paid.payment_method", "payment_method", _joined_remark(payments, "payment_method")
            )
        )
    join = query_text(
        "proposal/joined_payments",
        table=payments.table.name,
        key=quoted(payments.fields["order_id"].column, "p"),
        sums=", ".join(sums),
        column=quoted(orders.fields["order_id"].column),
    )
    query.joins.append(join)


def _joined_remark(matched: TableMatch, name: str) -> str:
    column = matched.fields[name]
    return (
        f'{column.confidence}: "{column.column.name}" of {matched.table.name}, one for each order'
    )


def _number(column: FileColumn, alias: str) -> str:
    sql = column.sql(alias)
    return sql if sql.startswith("try_cast") else f"try_cast({sql} as double)"


def _lines(lines: TableMatch) -> ProposedQuery:
    query = ProposedQuery("order_lines", lines.table.name, [])
    key = lines.fields["order_id"].column
    query.columns += [
        output(m, name)
        for name, m in fields_of(
            lines, ("order_id", "line_id", "sku", "units", "site", "unit_price")
        )
    ]
    if "line_id" not in lines.fields:
        counted = (
            f"row_number() over (partition by {key.sql('t')} order by t._file, t._row)::varchar"
        )
        query.columns.insert(
            1,
            OutputColumn(
                counted, "line_id", "no column numbers the lines: their order in the file does"
            ),
        )
    if "units" not in lines.fields:
        query.columns.append(
            OutputColumn("1.0", "units", "no column holds a quantity: each row counts as one unit")
        )
    return query


def stages_text(plan: Plan, files: str) -> str | None:
    """Query of the order events; None where no moment after the order is recorded."""
    orders = plan.matches.get(Role.ORDER)
    reached = fields_of(orders, STAGES) if orders else []
    if orders is None or not reached:
        return None
    reached = [("placed_at", orders.fields["placed_at"]), *reached]
    stages = {"placed_at": "placed", **STAGES}
    return query_text(
        "proposal/stages",
        files=files,
        order_id=orders.fields["order_id"].column.sql("t"),
        stages=", ".join(f"'{stages[name]}'" for name, _ in reached),
        moments=", ".join(f"({matched.column.sql('t')})::varchar" for _, matched in reached),
        table=orders.table.name,
    )


def catalog_query(plan: Plan, role: Role) -> ProposedQuery | None:
    """Query of products or sites, known since they were first sold where orders say when."""
    matched = plan.matches.get(role)
    if matched is None:
        return None
    table, key_name = ("products", "sku") if role is Role.PRODUCT else ("sites", "site")
    key = matched.fields[key_name].column
    grouped = not key.is_unique
    query = ProposedQuery(table, matched.table.name, [])
    contract = TABLES[table].schema.to_schema().columns
    for name, field_match in fields_of(matched, [name for name in contract if name != "known_at"]):
        query.columns.append(
            output(field_match, name, aggregate="any_value" if grouped and name != key_name else "")
        )
    if grouped:
        query.group_by = key.sql("t")
    _add_known_at(plan, query, key, key_name)
    return query


def _add_known_at(plan: Plan, query: ProposedQuery, key: FileColumn, key_name: str) -> None:
    orders, lines = plan.matches.get(Role.ORDER), plan.matches.get(Role.LINE)
    sold: FieldMatch | None = lines.fields.get(key_name) if lines else None
    if orders is None or lines is None or sold is None:
        remark = "no column says since when it is known: replace this day"
        query.columns.append(OutputColumn(f"'{UNKNOWN_SINCE}'", "known_at", remark))
        return
    join = query_text(
        "proposal/joined_first_sale",
        sold=sold.column.sql("l"),
        moment=orders.fields["placed_at"].column.sql("o"),
        lines=lines.table.name,
        orders=orders.table.name,
        orders_key=quoted(orders.fields["order_id"].column, "o"),
        lines_key=quoted(lines.fields["order_id"].column, "l"),
        key=key.sql("t"),
    )
    query.joins.append(join)
    value = "coalesce(first_sold.at, last_order.at)"
    value = f"any_value({value})" if query.group_by else value
    query.columns.append(
        OutputColumn(value, "known_at", "its first sale; the files say no earlier moment")
    )
