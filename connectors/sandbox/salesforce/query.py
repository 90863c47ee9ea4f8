# ruff: noqa: S608  (names come from the facts, values are always bound)
"""Running a query: records as the vendor nests them, and pages."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from typing import Any

from connectors.sandbox.salesforce import permissions
from connectors.sandbox.salesforce import soql_ast as ast
from connectors.sandbox.salesforce.call import Call, state_of
from connectors.sandbox.salesforce.errors import SfError
from connectors.sandbox.salesforce.facts import PREFIXES, FieldFact, ObjectFact
from connectors.sandbox.salesforce.ids import to18
from connectors.sandbox.salesforce.shape import Reader
from connectors.sandbox.salesforce.soql_compile import Compiler, aggregate_sql, check_filters, standard_fields
from connectors.sandbox.salesforce.values import show

Record = dict[str, Any]
MOST_OFFSET = 2000


def run(call: Call, text: str, *, all_rows: bool = False) -> Record:
    """The first page of a query's answer. Raises MALFORMED_QUERY, INVALID_TYPE, INVALID_FIELD..."""
    query = ast.parse(text)
    if permissions.is_asked(query):
        return permissions.answer(call, query)
    fact = call.find_object(query.source.text)
    if fact is None or not fact.can("q"):
        raise ast.unknown_type(text, query.source)
    if query.offset > MOST_OFFSET:
        raise SfError("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {MOST_OFFSET}")
    check_filters(query, fact)
    sweep_archive(call)
    if query.group or any(isinstance(entry, ast.Aggregate | ast.CountAll) for entry in query.selected):
        return _aggregate(call, query, text, fact, all_rows)
    size = page_size(call)
    reader = Reader(call, query, text, fact, all_rows)
    rows = reader.rows(limit=size + 1)
    if len(rows) <= size:
        records = reader.records(rows)
        return {"totalSize": len(records), "done": True, "records": records}
    ids = reader.ids()
    locator = "01g" + secrets.token_hex(8)[:12].upper() + "AAA"
    call.store.run(
        "INSERT INTO sf_locator VALUES(?, ?, ?, ?, ?, ?, ?)",
        (locator, call.org.key, call.user.id, text, int(all_rows), json.dumps(ids), call.now.timestamp()),
    )
    _drop_old(call)
    return _page(call, reader, rows[:size], len(ids), locator, size)


def page_size(call: Call) -> int:
    size = call.org.settings.batch_size
    for part in call.headers.get("sforce-query-options", "").split(","):
        name, _, value = part.partition("=")
        if name.strip().lower() == "batchsize" and value.strip().isdigit():
            size = min(size, max(200, int(value)))
    return size


def _page(call: Call, reader: Reader, rows: Sequence[Any], total: int, locator: str, end: int) -> Record:
    answer: Record = {"totalSize": total, "done": end >= total}
    if end < total:
        answer["nextRecordsUrl"] = call.path(f"query/{locator}-{end}")
    answer["records"] = reader.records(rows)
    return answer


def more(call: Call, name: str) -> Record:
    """A further page. Raises INVALID_QUERY_LOCATOR when it is unknown, another user's, or has been left too long."""
    locator, _, offset = name.rpartition("-")
    row = call.store.one("SELECT * FROM sf_locator WHERE id = ?", (locator,))
    oldest = call.now.timestamp() - call.org.settings.locator_seconds
    mine = row is not None and (row["org"], row["user"]) == (call.org.key, call.user.id) and row["used_at"] >= oldest
    if row is None or not mine or not offset.isdigit():
        raise SfError("INVALID_QUERY_LOCATOR", "invalid query locator")
    call.store.run("UPDATE sf_locator SET used_at = ? WHERE id = ?", (call.now.timestamp(), locator))
    text = row["soql"]
    query = ast.parse(text)
    fact = call.find_object(query.source.text)
    if fact is None:
        raise ast.unknown_type(text, query.source)
    ids = json.loads(row["ids"])
    start = int(offset)
    end = start + page_size(call)
    reader = Reader(call, query, text, fact, bool(row["all_rows"]))
    return _page(call, reader, reader.by_ids(ids[start:end]), len(ids), locator, end)


def _drop_old(call: Call) -> None:
    """A user has ten open locators, the oldest goes."""
    call.store.run(
        "DELETE FROM sf_locator WHERE org = ? AND user = ? AND id NOT IN "
        "(SELECT id FROM sf_locator WHERE org = ? AND user = ? ORDER BY used_at DESC, rowid DESC LIMIT 10)",
        (call.org.key, call.user.id, call.org.key, call.user.id),
    )


def _aggregate(call: Call, query: ast.Query, text: str, fact: ObjectFact, all_rows: bool) -> Record:
    compiler = Compiler(call, query, text, fact, all_rows)
    if any(isinstance(entry, ast.CountAll) for entry in query.selected):
        if len(query.selected) > 1 or query.group:
            raise ast.malformed("COUNT() stands alone")
        sql, params = compiler.statement(["count(*)"], paged=False)
        total = int(call.store.scalar(sql, params))
        if query.limit is not None:
            total = min(total, query.limit)
        return {"totalSize": total, "done": True, "records": []}
    columns: list[str] = []
    names: list[tuple[str, FieldFact | None]] = []
    grouped = {path.text.lower() for path in query.group}
    for entry in query.selected:
        if isinstance(entry, ast.Aggregate):
            unnamed = sum(1 for name, _ in names if name.startswith("expr"))
            inner = compiler.column(entry.path)
            columns.append(aggregate_sql(entry.function, inner.sql))
            names.append((entry.alias or f"expr{unnamed}", inner.fact if entry.function in ("MIN", "MAX") else None))
        elif isinstance(entry, ast.Path) and entry.text.lower() in grouped:
            column = compiler.column(entry)
            columns.append(column.sql)
            names.append((column.fact.name, column.fact))
        else:
            raise ast.malformed("Field must be grouped or aggregated")
    sql, params = compiler.statement(columns)
    records = []
    for row in call.store.all(sql, params):
        values = {name: show(kind, row[at]) if kind else row[at] for at, (name, kind) in enumerate(names)}
        records.append({"attributes": {"type": "AggregateResult"}, **values})
    return {"totalSize": len(records), "done": True, "records": records}


def sweep_archive(call: Call) -> None:
    """Activities grow old by themselves; looked at once a day and org."""
    line = call.archive_line[:10]
    state = state_of(call.store)
    if state.swept.get(call.org.key) == line:
        return
    state.swept[call.org.key] = line
    with call.store.transaction() as connection:
        connection.execute(
            f"UPDATE {call.org.table('Event')} SET IsArchived = (StartDateTime < ?) "
            "WHERE IsArchived <> (StartDateTime < ?)",
            (line, line),
        )
        old = "(IsClosed = 1 AND coalesce(ActivityDate, CreatedDate) < ?)"
        connection.execute(
            f"UPDATE {call.org.table('Task')} SET IsArchived = {old} WHERE IsArchived <> {old}", (line, line)
        )


def retrieve(call: Call, fact: ObjectFact, record_id: str, names: Sequence[str] | None) -> Record:
    """One record with the named fields, or all. Raises INVALID_FIELD."""
    if names is None:
        wanted = [field.name for field in standard_fields(fact, "ALL")]
    else:
        wanted = [name for name in names if name]
    query = ast.Query(tuple(ast.Path(tuple(name.split("."))) for name in wanted), ast.Path((fact.name,)))
    reader = Reader(call, query, "", fact, True)
    return reader.records(reader.by_ids([to18(record_id)]))[0]


def object_name(record_id: str) -> str | None:
    return PREFIXES.get(record_id[:3])
