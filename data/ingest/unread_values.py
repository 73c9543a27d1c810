"""Values that the words of a query (`time_of`, `number_of`, ...) could not read, by column.

Such a value is null in the query's answer, so that nothing else could tell that it was there.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb

from data.history.queries import query_text

WORDS = {
    "time_of": "time",
    "time_of_seconds": "time",
    "time_of_milliseconds": "time",
    "time_of_serial": "time",
    "number_of": "number",
}
"""Words of queries, and the kind of value that each gives."""


@dataclass(frozen=True)
class WordCall:
    """One call of a word.

    Attributes:
        kind: What it gives: a time or a number.
        text: The call as it stands in the query.
        value: Its first argument.
        columns: Names in that argument; the last part of each is a column.
    """

    kind: str
    text: str
    value: str
    columns: tuple[tuple[str, ...], ...]


def unread_values(con: duckdb.DuckDBPyConnection, sql: str, relations: list[str]) -> Iterator[str]:
    """Yield a sentence for each word of a query that met values it could not read.

    A call on what the query itself makes up is passed over: its columns are in no relation.

    Args:
        con: It holds the relations and the words.
        sql: The query.
        relations: The tables and views that it may read.
    """
    for call in word_calls(con, sql):
        relation = _relation_of(con, call, sql, relations)
        if relation is not None:
            yield from _notice(con, call, relation)


def _notice(con: duckdb.DuckDBPyConnection, call: WordCall, relation: str) -> Iterator[str]:
    qualifier = next((name[0] for name in call.columns if len(name) > 1), relation)
    names = {"call": call.text, "value": call.value, "alias": qualifier}
    query = query_text("reading/unread_values", relation=relation, **names)
    try:
        result = con.sql(query).to_arrow_table().to_pylist()[0]
    except duckdb.Error:  # it reads more than one relation: its rows can't be counted alone
        return
    if result["unread"]:
        yield (
            f"{relation}: {result['unread']} of {result['values']} values are no {call.kind} for "
            f"{call.text}, such as '{result['example']}'. They count as empty."
        )


def word_calls(con: duckdb.DuckDBPyConnection, sql: str) -> Iterator[WordCall]:
    """Yield the calls of words that have a column in them; none of a query that is wrong."""
    answer = con.sql(query_text("reading/parsed"), params={"sql": sql}).to_arrow_table()
    encoded = sql.encode()

    def text(node: dict[str, Any]) -> str:
        begin = node["query_location"]
        return encoded[begin : begin + node["query_location_length"]].decode()

    for node in _nodes(json.loads(answer["tree"][0].as_py())):
        kind = WORDS.get(node.get("function_name", ""))
        if kind and (arguments := node.get("arguments")):
            value = arguments[0]["expression"]
            names = (part["column_names"] for part in _nodes(value) if "column_names" in part)
            if columns := tuple(tuple(name) for name in names):
                yield WordCall(kind, text(node), text(value), columns)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        tree = list(tree.values())
    if isinstance(tree, list):
        for part in tree:
            yield from _nodes(part)


def _relation_of(
    con: duckdb.DuckDBPyConnection, call: WordCall, sql: str, relations: list[str]
) -> str | None:
    """Return the first relation named in the query that has all columns of a call."""
    needed = {name[-1].lower() for name in call.columns}
    for relation in relations:
        if re.search(rf"\b{re.escape(relation)}\b", sql):
            columns = {column.lower() for column in con.table(relation).columns}
            if needed <= columns:
                return relation
    return None
