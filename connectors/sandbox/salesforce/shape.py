# ruff: noqa: S608  (names come from the facts, values are always bound)
"""Rows of a SELECT as nested records: parents, children, TYPEOF, compound values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from connectors.sandbox.salesforce import soql_ast as ast
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError
from connectors.sandbox.salesforce.facts import PREFIXES, FieldFact, ObjectFact
from connectors.sandbox.salesforce.soql_compile import Column, Compiler, standard_fields
from connectors.sandbox.salesforce.values import show

Record = dict[str, Any]
_ADDRESS = ("city", "country", "geocodeAccuracy", "latitude", "longitude", "postalCode", "state", "street")
_JUNCTION_TYPES = {"ToIds": "ToAddress", "CcIds": "CcAddress", "BccIds": "BccAddress"}


class Reader:
    """Reads the rows of one query and puts records together. `parent`: (field, ids) when this is a child subquery."""

    def __init__(self, call: Call, query: ast.Query, text: str, fact: ObjectFact, all_rows: bool) -> None:
        self.call, self.query, self.text, self.fact, self.all_rows = call, query, text, fact, all_rows
        self._compiler = Compiler(call, query, text, fact, all_rows)
        root = self._compiler.root
        self._sql: list[str] = [f"{root}.Id"]  # the first column is always the id, for the record's address
        self._plan: list[tuple[str, Any]] = []
        self._relation_ids: dict[tuple[str, ...], int] = {}
        for entry in self._expanded():
            self._add(entry)
        # the plain columns are settled before the statement binds its first value
        self._joined = dict(self._compiler.joins), list(self._compiler.join_sql)

    def _expanded(self) -> list[Any]:
        out: list[Any] = []
        for entry in self.query.selected:
            if isinstance(entry, ast.FieldSet):
                if entry.which not in ("ALL", "STANDARD", "CUSTOM"):
                    raise ast.malformed(f"FIELDS does not know {entry.which}")
                if entry.which != "STANDARD" and (self.query.limit is None or self.query.limit > 200):
                    raise ast.malformed("The SOQL FIELDS function must have a LIMIT of at most 200")
                out += [ast.Path((field.name,)) for field in standard_fields(self.fact, entry.which)]
            else:
                out.append(entry)
        plain = [entry.text.lower() for entry in out if isinstance(entry, ast.Path)]
        if len(plain) != len(set(plain)):
            raise SfError(
                "INVALID_FIELD", "duplicate field selected: " + next(one for one in plain if plain.count(one) > 1)
            )
        return out

    def _column(self, sql: str) -> int:
        self._sql.append(sql)
        return len(self._sql) - 1

    def _add(self, entry: Any) -> None:
        if isinstance(entry, ast.Path):
            column = self._compiler.column(entry)
            for depth in range(1, len(column.relations) + 1):
                walked = column.relations[:depth]
                if walked not in self._relation_ids:
                    alias, target = self._compiler.joins[walked]
                    self._relation_ids[walked] = self._column(f"{alias}.Id")
                    if target.name == "Name":
                        self._column(f"{alias}.Type")
            self._plan.append(("field", (column, self._value(column))))
        elif isinstance(entry, ast.TypeOf):
            by = self._polymorphic(entry.relation)
            for name, paths in entry.cases:
                named = self.call.find_object(name)
                if named is None:
                    raise SfError("INVALID_TYPE", f"sObject type '{name}' is not supported.")
                for path in paths:
                    Compiler(self.call, ast.Query((), path), self.text, named).column(path)
            self._plan.append(("typeof", (entry, by.relationship, self._column(f'{self._compiler.root}."{by.name}"'))))
        elif isinstance(entry, ast.Query):
            child, by_name, name = self._child(entry)
            self._plan.append(("children", (entry, child, by_name, name)))
        else:
            raise ast.malformed("unexpected token in the list of fields")

    def _polymorphic(self, path: ast.Path) -> FieldFact:
        for field in self.fact.fields.values():
            if field.relationship.lower() == path.names[-1].lower() and field.has("y"):
                return field
        raise SfError("INVALID_FIELD", f"TYPEOF needs a polymorphic relationship, {path.text} is none")

    def _child(self, query: ast.Query) -> tuple[ObjectFact, str, str]:
        wanted = query.source.names[-1]
        for child, by, name, _ in self.fact.children:
            found = self.call.find_object(child)
            if name and name.lower() == wanted.lower() and found is not None:
                return found, by, name
        raise SfError(
            "INVALID_TYPE",
            f"Didn't understand relationship '{wanted}' in FROM part of query call. If you are attempting to use a "
            "custom relationship, be sure to append the '__r' after the custom relationship name.",
        )

    def _value(self, column: Column) -> int | dict[str, int] | str:
        """Where the value comes from: a column, the parts of an address, or (junction lists) rows read later."""
        if column.fact.type == "address":
            prefix = column.fact.name.removesuffix("Address")
            alias = column.sql.partition(".")[0]
            parts = {}
            for part in _ADDRESS:
                name = f"{prefix}{part[0].upper()}{part[1:]}"
                if name in column.object.fields:
                    parts[part] = self._column(f'{alias}."{name}"')
            return parts
        return column.fact.name if column.fact.type == "junctionIdList" else self._column(column.sql)

    def _fresh(self) -> Compiler:
        made = Compiler(self.call, self.query, self.text, self.fact, self.all_rows)
        made.joins, made.join_sql = dict(self._joined[0]), list(self._joined[1])
        return made

    def rows(self, limit: int) -> list[Any]:
        sql, params = self._fresh().statement(self._sql)
        return self.call.store.connection().execute(sql, params).fetchmany(limit)

    def ids(self) -> list[str]:
        sql, params = self._fresh().statement([f"{self._compiler.root}.Id"])
        return [row[0] for row in self.call.store.all(sql, params)]

    def by_ids(self, ids: Sequence[str]) -> list[Any]:
        """Rows of known ids in that order, whatever the query's condition says now."""
        joins = " ".join(self._joined[1])
        sql = (
            f"SELECT {', '.join(self._sql)} FROM {self.call.org.table(self.fact.name)} {self._compiler.root} {joins} "
            f"WHERE {self._compiler.root}.Id IN (SELECT value FROM json_each(?))"
        )
        found = {row[0]: row for row in self.call.store.all(sql, (json.dumps(list(ids)),))}
        return [found[one] for one in ids if one in found]

    def by_parents(self, by: str, ids: Sequence[str]) -> list[Any]:
        """Child rows of many parents; the parent's id is the last column."""
        root = self._compiler.root
        extra = f'{root}."{by}" IN (SELECT value FROM json_each(?))'
        columns = [*self._sql, f'{root}."{by}"']
        sql, params = self._fresh().statement(columns, extra, (json.dumps(list(ids)),), paged=False)
        return self.call.store.all(sql, params)

    def address(self, name: str, record_id: str) -> Record:
        return {"type": name, "url": self.call.path(f"sobjects/{name}/{record_id}")}

    def records(self, rows: Sequence[Any]) -> list[Record]:
        out = [{"attributes": self.address(self.fact.name, row[0])} for row in rows]
        for kind, plan in self._plan:
            if kind == "field":
                self._fields(plan, rows, out)
            elif kind == "typeof":
                self._typeof(plan, rows, out)
            else:
                self._children(plan, rows, out)
        return out

    def _fields(self, plan: tuple[Column, Any], rows: Sequence[Any], out: list[Record]) -> None:
        column, source = plan
        for row, record in zip(rows, out, strict=True):
            holder: Record | None = record
            for depth, relation in enumerate(column.relations, 1):
                assert holder is not None
                if relation not in holder or holder[relation] is None:
                    holder[relation] = self._parent(row, column.relations[:depth])
                holder = holder[relation]
                if holder is None:
                    break
            if holder is None:
                continue
            if isinstance(source, dict):
                parts = {part: row[at] for part, at in source.items()}
                holder[column.fact.name] = parts if any(value is not None for value in parts.values()) else None
            elif isinstance(source, str):
                holder[column.fact.name] = self._junction(source, row[0])
            else:
                holder[column.fact.name] = show(column.fact, row[source])

    def _parent(self, row: Any, walked: tuple[str, ...]) -> Record | None:
        at = self._relation_ids[walked]
        if row[at] is None:
            return None
        target = self._joined[0][walked][1]
        name = row[at + 1] if target.name == "Name" else target.name
        return {"attributes": self.address(name, row[at])}

    def _junction(self, name: str, record_id: str) -> list[str]:
        org = self.call.org
        if name in _JUNCTION_TYPES:
            sql = (
                f"SELECT RelationId FROM {org.table('EmailMessageRelation')} WHERE EmailMessageId = ? "
                "AND RelationType = ? AND RelationId IS NOT NULL AND IsDeleted = 0 ORDER BY Id"
            )
            return [row[0] for row in self.call.store.all(sql, (record_id, _JUNCTION_TYPES[name]))]
        table, by, target, more = {
            "ContentDocumentIds": ("ContentDocumentLink", "LinkedEntityId", "ContentDocumentId", ""),
            "EventWhoIds": ("EventRelation", "EventId", "RelationId", " AND IsParent = 1"),
            "TaskWhoIds": ("TaskRelation", "TaskId", "RelationId", " AND IsWhat = 0"),
        }[name]
        sql = f"SELECT {target} FROM {org.table(table)} WHERE {by} = ? AND IsDeleted = 0{more} ORDER BY Id"
        return [row[0] for row in self.call.store.all(sql, (record_id,))]

    def _typeof(self, plan: tuple[ast.TypeOf, str, int], rows: Sequence[Any], out: list[Record]) -> None:
        entry, relation, at = plan
        by_type: dict[str, set[str]] = {}
        for row in rows:
            if row[at] is not None:
                by_type.setdefault(PREFIXES.get(row[at][:3], ""), set()).add(row[at])
        found: dict[str, Record] = {}
        cases = {name.lower(): paths for name, paths in entry.cases}
        for name, ids in by_type.items():
            fact = self.call.find_object(name)
            paths = cases.get(name.lower(), entry.otherwise)
            if fact is None:
                continue
            query = ast.Query(tuple(paths), ast.Path((name,)))
            reader = Reader(self.call, query, self.text, fact, True)
            ordered = sorted(ids)
            found |= dict(zip(ordered, reader.records(reader.by_ids(ordered)), strict=False))
        for row, record in zip(rows, out, strict=True):
            record[relation] = found.get(row[at]) if row[at] is not None else None

    def _children(self, plan: tuple[ast.Query, ObjectFact, str, str], rows: Sequence[Any], out: list[Record]) -> None:
        query, child, by, name = plan
        reader = Reader(self.call, query, self.text, child, self.all_rows)
        found = reader.by_parents(by, [row[0] for row in rows])
        groups: dict[str, list[Record]] = {}
        for row, record in zip(found, reader.records(found), strict=True):
            groups.setdefault(row[-1], []).append(record)
        for row, record in zip(rows, out, strict=True):
            mine = groups.get(row[0], [])[query.offset :]
            if query.limit is not None:
                mine = mine[: query.limit]
            record[name] = {"totalSize": len(mine), "done": True, "records": mine} if mine else None
