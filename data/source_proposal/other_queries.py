"""Queries of a proposed source about exceptions, stock and demand."""

import pandas as pd

from data.contract.tables import TABLES
from data.source_proposal.column_profile import FileColumn
from data.source_proposal.matching import TableMatch
from data.source_proposal.plan import Plan
from data.source_proposal.query_text import OutputColumn, ProposedQuery, fields_of, output
from data.source_proposal.roles import Role

CASE_COLUMNS = (
    "exception_id",
    "detected_at",
    "order_id",
    "type",
    "reason_code",
    "message",
    "severity",
    "due_at",
)
OUTCOME_COLUMNS = (
    "category",
    "team",
    "priority",
    "resolved_at",
    "touch_minutes",
    "breached",
    "loss",
)
STEPS = (
    ("reopen", "reopened"),
    ("resol", "resolved"),
    ("solv", "resolved"),
    ("clos", "resolved"),
    ("wait", "paused"),
    ("await", "paused"),
    ("hold", "paused"),
    ("start", "started"),
    ("charge", "started"),
    ("progress", "started"),
    ("activ", "started"),
)
MAX_LISTED = 12
ONE_SITE = "'all'"


def case_queries(plan: Plan) -> list[ProposedQuery]:
    """Queries of exceptions, the steps of their handling and their outcomes."""
    cases = plan.matches.get(Role.CASE)
    if cases is None:
        return []
    is_log = not cases.fields["exception_id"].column.is_unique
    queries = [_exceptions(cases, is_log=is_log)]
    if is_log and "event" in cases.fields:
        queries.append(_steps(cases))
    outcomes = _outcomes(cases, is_log=is_log)
    return [*queries, outcomes] if outcomes else queries


def _exceptions(cases: TableMatch, *, is_log: bool) -> ProposedQuery:
    query = ProposedQuery("exceptions", cases.table.name, [])
    first = _step_time(cases)
    for name, matched in fields_of(cases, CASE_COLUMNS):
        column = output(matched, name)
        if is_log and name != "exception_id":
            sql = (
                f"min({column.sql})" if name == "detected_at" else f"arg_min({column.sql}, {first})"
            )
            column = OutputColumn(sql, name, column.remark)
        query.columns.append(column)
    if is_log:
        query.group_by = cases.fields["exception_id"].column.sql("t")
        query.notes.append(
            "The file has a row for each step: the first one is the exception as it was raised."
        )
    used = {id(m.column) for m in cases.fields.values()}
    others = [
        c
        for c in cases.table.columns
        if id(c) not in used and c.distinct > 1 and not c.is_unique and not c.moments
    ]
    if others:
        pairs = ", ".join(f"'{c.names[0].strip()}', t.\"{c.names[0]}\"" for c in others)
        query.notes.append(
            "Not yet used. Select what was known when it was raised, not how it ended:"
        )
        query.notes.append(f'json_object({pairs})::varchar as "attributes",')
    return query


def _step_time(cases: TableMatch) -> str:
    """SQL of the time of a row: of its step where the file tells, else of the exception."""
    return cases.fields.get("step_at", cases.fields["detected_at"]).column.sql("t")


def _steps(cases: TableMatch) -> ProposedQuery:
    query = ProposedQuery("exception_events", cases.table.name, [])
    event = cases.fields["event"].column
    branches = " ".join(
        f"when lower({event.sql('t')}) like '%{part}%' then '{step}'" for part, step in STEPS
    )
    listed = ", ".join(event.texts.value_counts().head(MAX_LISTED).index)
    query.notes.append(f'TODO: check which step each value of "{event.name}" is: {listed}.')
    query.columns.append(output(cases.fields["exception_id"], "exception_id"))
    query.columns.append(
        output(cases.fields.get("step_at", cases.fields["detected_at"]), "occurred_at")
    )
    query.columns.append(OutputColumn("t._row", "step", "the order in the file"))
    query.columns.append(
        OutputColumn(f"case {branches} else 'assigned' end", "event", "a guess from the words")
    )
    query.columns += [
        output(m, name) for name, m in fields_of(cases, ("team", "by", "category", "priority"))
    ]
    return query


def _outcomes(cases: TableMatch, *, is_log: bool) -> ProposedQuery | None:
    resolved = cases.fields.get("resolved_at")
    names = [name for name in OUTCOME_COLUMNS if name in cases.fields]
    if not names or not (resolved or is_log):
        return None
    query = ProposedQuery(
        "outcomes", cases.table.name, [output(cases.fields["exception_id"], "exception_id")]
    )
    last = _step_time(cases)
    met = cases.fields.get("sla_met")
    columns = [output(m, name) for name, m in fields_of(cases, names)]
    if met and "breached" not in cases.fields:
        columns.append(
            OutputColumn(
                f"not try_cast({met.column.sql('t')} as boolean)",
                "breached",
                f'{output(met, "").remark}; "{met.column.name}" says the opposite',
            )
        )
    for column in columns:
        query.columns.append(
            OutputColumn(f"arg_max({column.sql}, {last})", column.name, column.remark)
            if is_log
            else column
        )
    moment = resolved.column.sql("t") if resolved else last
    query.columns.append(
        OutputColumn(
            f"max({moment})" if is_log else moment,
            "known_at",
            "an outcome is known when it is there, not before",
        )
    )
    if is_log:
        query.group_by = cases.fields["exception_id"].column.sql("t")
    return query


def stock_query(plan: Plan) -> ProposedQuery | None:
    """Query of stock counts."""
    return _by_sku_and_site(plan.matches.get(Role.STOCK), "stock")


def demand_query(plan: Plan) -> ProposedQuery | None:
    """Query of demand by period; a period's demand is known when the period is over."""
    demand = plan.matches.get(Role.DEMAND)
    query = _by_sku_and_site(demand, "demand")
    if demand is None or query is None:
        return None
    column = demand.fields["period_start"].column
    step = _period(column)
    query.columns.append(
        OutputColumn(
            f"({column.sql('t')})::timestamp + interval '{step}'",
            "known_at",
            "the end of the period",
        )
    )
    return query


def _by_sku_and_site(matched: TableMatch | None, table: str) -> ProposedQuery | None:
    if matched is None:
        return None
    query = ProposedQuery(table, matched.table.name, [])
    contract = TABLES[table].schema.to_schema().columns
    query.columns += [output(m, name) for name, m in fields_of(matched, contract)]
    if "site" not in matched.fields:
        query.columns.append(OutputColumn(ONE_SITE, "site", "no column names a site: all are one"))
    return query


def _period(column: FileColumn) -> str:
    """The usual step between the periods of a column, as an interval of SQL."""
    moments = column.moments.values if column.moments else pd.Series(dtype="datetime64[us]")
    days = moments.drop_duplicates().sort_values().diff().dt.days.dropna()
    usual = int(days.mode().iloc[0]) if len(days) else 1
    return "1 month" if usual in range(28, 32) else f"{max(1, usual)} days"
