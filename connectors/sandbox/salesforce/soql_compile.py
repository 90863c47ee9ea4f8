# ruff: noqa: S608  (names come from the facts, values are always bound)
"""From a query's tree to SQL over the object tables. Raises what the vendor says of unknown or unfit fields."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.salesforce import soql_ast as ast
from connectors.sandbox.salesforce import soql_dates
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError
from connectors.sandbox.salesforce.facts import FieldFact, ObjectFact, all_columns
from connectors.sandbox.salesforce.ids import looks_like_id, to18
from connectors.sandbox.salesforce.orgs import NAME_COLUMNS
from connectors.sandbox.salesforce.values import TEXT, read_date, read_moment, show_moment

_NUMERIC = frozenset(("int", "double", "currency", "percent"))
_SQL = {"=": "IS", "!=": "IS NOT", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
RESTRICTED = {"ContentDocumentLink": ("ContentDocumentId", "LinkedEntityId")}


def _name_fact() -> ObjectFact:
    fields = {}
    for column in NAME_COLUMNS:
        kind = "id" if column == "Id" else "boolean" if column == "IsActive" else "string"
        fields[column] = FieldFact(column, column, kind, 255, "nfsga", {})
    return ObjectFact(
        "Name", "Name", "Names", "", "q", fields, (), {name.lower(): fact for name, fact in fields.items()}
    )


NAME = _name_fact()


@dataclass(frozen=True)
class Column:
    sql: str
    fact: FieldFact
    object: ObjectFact
    relations: tuple[str, ...]  # relationship names that lead to it, as they are spelt in the describe


def invalid_field(name: str, entity: str) -> SfError:
    return SfError(
        "INVALID_FIELD",
        f"No such column '{name}' on entity '{entity}'. If you are attempting to use a custom field, be sure to append "
        "the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate "
        "names.",
    )


@dataclass
class Compiler:
    """One SELECT. `text`: the whole query, for messages; `depth` 1 inside of a semi-join."""

    call: Call
    query: ast.Query
    text: str
    fact: ObjectFact
    all_rows: bool = False
    depth: int = 0
    params: list[Any] = field(default_factory=list)
    joins: dict[tuple[str, ...], tuple[str, ObjectFact]] = field(default_factory=dict)
    join_sql: list[str] = field(default_factory=list)
    semi_joins: int = 0

    @property
    def root(self) -> str:
        return f"t{self.depth}"

    def column(self, path: ast.Path) -> Column:
        names = list(path.names)
        if len(names) > 1 and names[0].lower() in (self.query.alias.lower(), self.fact.name.lower()):
            names = names[1:]
        if len(names) > 6:
            raise ast.malformed("relationship paths have five levels at most")
        alias, fact, walked = self.root, self.fact, tuple[str, ...]()
        for name in names[:-1]:
            alias, fact, walked = self._join(alias, fact, walked, name)
        found = fact.find(names[-1])
        if found is None:
            raise invalid_field(names[-1], fact.name)
        return Column(f'{alias}."{found.name}"', found, fact, walked)

    def _join(
        self, alias: str, fact: ObjectFact, walked: tuple[str, ...], name: str
    ) -> tuple[str, ObjectFact, tuple[str, ...]]:
        by = next((entry for entry in fact.fields.values() if entry.relationship.lower() == name.lower()), None)
        if by is None or by.type != "reference" or not name:
            raise SfError(
                "INVALID_FIELD",
                f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom "
                "relationship, be sure to append the '__r' after the custom relationship name.",
            )
        walked = (*walked, by.relationship)
        if walked not in self.joins:
            known = [target for target in by.references if target in self.call.objects]
            single = known[0] if len(by.references) == 1 and known else None
            target = self.call.objects[single] if single else NAME
            made = f"{self.root}j{len(self.joins)}"
            self.join_sql.append(
                f'LEFT JOIN {self.call.org.table(target.name)} {made} ON {made}.Id = {alias}."{by.name}"'
            )
            self.joins[walked] = (made, target)
        made, target = self.joins[walked]
        return made, target, walked

    # conditions are two-valued: what is unknown does not hold, so NOT of it does

    def condition(self, node: ast.Condition) -> str:
        if isinstance(node, ast.Chain):
            return "(" + f" {node.operator} ".join(self.condition(part) for part in node.parts) + ")"
        if isinstance(node, ast.Negation):
            if isinstance(node.part, ast.Among) and isinstance(node.part.values, ast.Query):
                raise ast.malformed("NOT cannot stand before a semi join")
            return f"NOT coalesce({self.condition(node.part)}, 0)"
        if isinstance(node, ast.Compare):
            return self._compare(node)
        return self._among(node)

    def _operand(self, operand: ast.Path | ast.Aggregate) -> Column:
        if isinstance(operand, ast.Aggregate):
            inner = self.column(operand.path)
            fact = FieldFact(operand.function, operand.function, "double", 0, "fsga", {})
            return Column(aggregate_sql(operand.function, inner.sql), fact, inner.object, inner.relations)
        found = self.column(operand)
        if not found.fact.has("f"):
            raise SfError("INVALID_FIELD", f"field '{found.fact.name}' can not be filtered in a query call")
        return found

    def _compare(self, node: ast.Compare) -> str:
        column = self._operand(node.operand)
        if node.operator == "like":
            if column.fact.type not in TEXT:
                raise SfError("INVALID_QUERY_FILTER_OPERATOR", "invalid operator on id field")
            self.params.append(node.value.value)
            return f"{column.sql} LIKE ? ESCAPE '\\'"
        if node.value.kind == "period":
            return self._period(column, node)
        value = self._bind(column, node.value)
        if value is None and node.operator not in ("=", "!="):
            raise SfError("INVALID_QUERY_FILTER_OPERATOR", f"{column.fact.name}: null cannot be ordered")
        if (
            column.fact.type in ("id", "reference")
            and node.operator not in ("=", "!=")
            and column.fact.type == "reference"
        ):
            raise SfError("INVALID_QUERY_FILTER_OPERATOR", "invalid operator on id field")
        if value is None:
            return f"{column.sql} IS {'NOT ' if node.operator == '!=' else ''}NULL"
        self.params.append(value)
        if node.operator == "=":
            return f"{column.sql} = ?"
        return f"{column.sql} {_SQL[node.operator]} ?"

    def _period(self, column: Column, node: ast.Compare) -> str:
        if column.fact.type not in ("date", "datetime"):
            kind = "string and should be enclosed in quotes" if column.fact.type in TEXT else column.fact.type
            raise SfError(
                "INVALID_FIELD", f"value of filter criterion for field '{column.fact.name}' must be of type {kind}"
            )
        zone = self.call.user.zone
        start, end = soql_dates.span(node.value.value, node.value.number, soql_dates.today(self.call.now, zone))
        if column.fact.type == "datetime":
            low, high = (show_moment(soql_dates.midnight(day, zone)) for day in (start, end))
        else:
            low, high = start.isoformat(), end.isoformat()
        sql = column.sql
        if node.operator in ("=", "!="):
            self.params += [low, high]
            inside = f"({sql} >= ? AND {sql} < ?)"
            return inside if node.operator == "=" else f"NOT coalesce({inside}, 0)"
        bound, operator = {"<": (low, "<"), "<=": (high, "<"), ">": (high, ">="), ">=": (low, ">=")}[node.operator]
        self.params.append(bound)
        return f"{sql} {operator} ?"

    def _bind(self, column: Column, value: ast.Literal) -> Any:
        """The stored form of a literal. Raises INVALID_FIELD when its type does not fit."""
        fact = column.fact
        if value.kind == "null":
            return None
        if fact.type in ("id", "reference"):
            if value.kind != "string":
                raise self._type_error(fact, "string", quoted=True)
            if value.value == "":
                return None
            if not looks_like_id(value.value):
                raise SfError("INVALID_QUERY_FILTER_OPERATOR", f"invalid ID field: {value.value}")
            return to18(value.value)
        if fact.type in TEXT:
            if value.kind != "string":
                raise self._type_error(fact, "string", quoted=True)
            return value.value or None
        if fact.type == "boolean" and value.kind == "boolean":
            return value.value
        if fact.type in _NUMERIC and value.kind == "number":
            return value.value
        if fact.type == "datetime" and value.kind == "datetime":
            return self._moment(value.value)
        if fact.type == "date" and value.kind == "date":
            try:
                return read_date(value.value).isoformat()
            except ValueError:
                raise SfError("INVALID_FIELD", f"Invalid date: {value.value}") from None
        raise self._type_error(fact, {"datetime": "dateTime"}.get(fact.type, fact.type), quoted=False)

    @staticmethod
    def _moment(text: str) -> str:
        try:
            return show_moment(read_moment(text))
        except ValueError:
            raise SfError("INVALID_FIELD", f"Invalid dateTime: {text}") from None

    @staticmethod
    def _type_error(fact: FieldFact, kind: str, *, quoted: bool) -> SfError:
        how = "should be enclosed in quotes" if quoted else "should not be enclosed in quotes"
        return SfError(
            "INVALID_FIELD", f"value of filter criterion for field '{fact.name}' must be of type {kind} and {how}"
        )

    def _among(self, node: ast.Among) -> str:
        column = self._operand(node.operand)
        if isinstance(node.values, ast.Query):
            return self._semi_join(column, node)
        if any(value.kind == "period" for value in node.values):
            raise ast.malformed("date literals cannot be listed")
        if node.operator in ("includes", "excludes"):
            return self._multi(column, node)
        values = [self._bind(column, value) for value in node.values]
        with_null = any(value is None for value in values)
        present = [value for value in values if value is not None]
        # short lists are bound one by one, long ones travel as one value: the number of parameters is limited
        if len(present) > 60:
            self.params.append(json.dumps(present))
            inside = f"{column.sql} IN (SELECT value FROM json_each(?))"
        else:
            self.params += present
            inside = f"{column.sql} IN ({', '.join('?' for _ in present)})"
        if with_null:
            inside = f"({inside} OR {column.sql} IS NULL)"
        return inside if node.operator == "in" else f"NOT coalesce({inside}, 0)"

    def _multi(self, column: Column, node: ast.Among) -> str:
        if column.fact.type != "multipicklist":
            raise SfError("INVALID_QUERY_FILTER_OPERATOR", f"{node.operator} is for multi-select picklists")
        parts = []
        for value in node.values if not isinstance(node.values, ast.Query) else ():
            wanted = [f"%;{one};%" for one in str(value.value).split(";")]
            parts.append("(" + " AND ".join(f"(';' || {column.sql} || ';') LIKE ?" for _ in wanted) + ")")
            self.params += wanted
        inside = "(" + " OR ".join(parts) + ")"
        return inside if node.operator == "includes" else f"NOT coalesce({inside}, 0)"

    def _semi_join(self, column: Column, node: ast.Among) -> str:
        query = node.values
        assert isinstance(query, ast.Query)
        self.semi_joins += 1
        where = self.query.where
        top = where.parts if isinstance(where, ast.Chain) and where.operator == "AND" else (where,)
        if not any(part is node for part in top):
            raise ast.malformed(
                "Semi join sub-selects are only allowed at the top level WHERE expressions and not in nested WHERE "
                "expressions."
            )
        target = self.call.find_object(query.source.text)
        if target is None:
            raise ast.unknown_type(self.text, query.source)
        if self.depth or self.semi_joins > 2 or target.name == self.fact.name or column.relations:
            raise ast.malformed(
                "semi join sub-selects: two at most, not nested, not over the same object, on own fields only"
            )
        chosen = query.selected[0]
        if len(query.selected) != 1 or not isinstance(chosen, ast.Path) or len(chosen.names) != 1:
            raise ast.malformed("a semi join sub-select takes exactly one field")
        if column.fact.type not in ("id", "reference") or query.order or query.limit is not None or query.group:
            raise ast.malformed("semi join sub-selects need an id or a reference, without order or limit")
        inner = Compiler(self.call, query, self.text, target, self.all_rows, depth=1)
        key = inner.column(chosen)
        if key.fact.type not in ("id", "reference"):
            raise ast.malformed(f"{key.fact.name} is no id and no reference")
        sql, params = inner.statement([key.sql])
        self.params += params
        inside = f"{column.sql} IN ({sql})"
        return inside if node.operator == "in" else f"NOT coalesce({inside}, 0)"

    def statement(
        self, columns: Sequence[str], extra: str = "", extra_params: Sequence[Any] = (), *, paged: bool = True
    ) -> tuple[str, list[Any]]:
        """The whole SELECT with the rows that are hidden from the caller taken out. `extra` narrows it further."""
        where = [self.condition(self.query.where)] if self.query.where is not None else []
        if extra:
            where.append(extra)
            self.params += extra_params
        where += self._visible()
        order = [self._order(item) for item in self.query.order]
        group = [self.column(path).sql for path in self.query.group]
        having = [self.condition(self.query.having)] if self.query.having is not None else []
        parts = [f"SELECT {', '.join(columns)} FROM {self.call.org.table(self.fact.name)} {self.root}", *self.join_sql]
        if where:
            parts.append("WHERE " + " AND ".join(where))
        if group:
            parts.append("GROUP BY " + ", ".join(group))
        if having:
            parts.append("HAVING " + having[0])
        if order:
            parts.append("ORDER BY " + ", ".join(order))
        if paged and (self.query.limit is not None or self.query.offset):
            parts.append("LIMIT ? OFFSET ?")
            self.params += [-1 if self.query.limit is None else self.query.limit, self.query.offset]
        return " ".join(parts), self.params

    def _visible(self) -> list[str]:
        out = []
        if "IsDeleted" in all_columns(self.fact.name):
            if self.all_rows:
                out.append(f"({self.root}.IsDeleted = 0 OR {self.root}.SystemModstamp >= ?)")
                self.params.append(self.call.bin_start)
            else:
                out.append(f"{self.root}.IsDeleted = 0")
        if not self.all_rows and self.fact.name in ("Event", "Task"):
            out.append(f"{self.root}.IsArchived = 0")
        if not self.call.user.view_all and self.fact.name in self.call.org.settings.private_objects:
            out.append(f"{self.root}.OwnerId = ?")
            self.params.append(self.call.user.id)
        return out

    def _order(self, item: ast.OrderItem) -> str:
        column = self.column(item.path)
        if not column.fact.has("s"):
            raise SfError("INVALID_FIELD", f"field '{column.fact.name}' can not be sorted in a query call")
        # nulls come first unless asked otherwise, whichever way the rest is sorted
        nulls = " NULLS LAST" if item.nulls_last else " NULLS FIRST" if item.descending else ""
        return f"{column.sql}{' DESC' if item.descending else ''}{nulls}"


def aggregate_sql(function: str, sql: str) -> str:
    return f"count(DISTINCT {sql})" if function == "COUNT_DISTINCT" else f"{function.lower()}({sql})"


def check_filters(query: ast.Query, fact: ObjectFact) -> None:
    """Some objects may only be asked about by one of their references."""
    needed = RESTRICTED.get(fact.name)
    if needed is None:
        return
    parts = (
        query.where.parts if isinstance(query.where, ast.Chain) and query.where.operator == "AND" else (query.where,)
    )
    for part in parts:
        single = isinstance(part, ast.Compare) and part.operator == "="
        listed = isinstance(part, ast.Among) and part.operator == "in"
        if not (single or listed) or not isinstance(part, ast.Compare | ast.Among):
            continue
        if isinstance(part.operand, ast.Path) and part.operand.names[-1] in needed:
            return
    raise ast.malformed(
        "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or "
        "LinkedEntityId using the equals operator or multiple Id's using the IN operator."
    )


def standard_fields(fact: ObjectFact, which: str) -> list[FieldFact]:
    """What FIELDS(ALL|STANDARD|CUSTOM) stands for."""
    shown: Mapping[str, FieldFact] = {
        name: entry for name, entry in fact.fields.items() if entry.type != "junctionIdList"
    }
    return [entry for entry in shown.values() if which == "ALL" or entry.has("C") == (which == "CUSTOM")]
