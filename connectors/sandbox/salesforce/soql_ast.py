"""From the text of a query to a tree. Raises MALFORMED_QUERY for whatever the grammar does not take."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path as FilePath
from typing import Any

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedInput, VisitError

from connectors.sandbox.salesforce.errors import SfError

LONGEST = 100_000
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}


@dataclass(frozen=True)
class Path:
    names: tuple[str, ...]
    at: int = 0

    @property
    def text(self) -> str:
        return ".".join(self.names)


@dataclass(frozen=True)
class Literal:
    kind: str  # string, datetime, date, number, boolean, null, period
    value: Any
    number: int = 0  # of LAST_N_DAYS:n
    raw: str = ""  # a string as it was written


@dataclass(frozen=True)
class Aggregate:
    function: str
    path: Path
    alias: str = ""


@dataclass(frozen=True)
class CountAll:
    pass


@dataclass(frozen=True)
class FieldSet:
    which: str


@dataclass(frozen=True)
class TypeOf:
    relation: Path
    cases: tuple[tuple[str, tuple[Path, ...]], ...]
    otherwise: tuple[Path, ...]


@dataclass(frozen=True)
class Compare:
    operand: Path | Aggregate
    operator: str
    value: Literal


@dataclass(frozen=True)
class Among:
    operand: Path | Aggregate
    operator: str  # in, not in, includes, excludes
    values: tuple[Literal, ...] | Query


@dataclass(frozen=True)
class Chain:
    operator: str  # AND, OR
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class Negation:
    part: Condition


Condition = Compare | Among | Chain | Negation


@dataclass(frozen=True)
class OrderItem:
    path: Path
    descending: bool = False
    nulls_last: bool = False


@dataclass(frozen=True)
class Query:
    selected: tuple[Path | Aggregate | CountAll | FieldSet | TypeOf | Query, ...]
    source: Path
    alias: str = ""
    where: Condition | None = None
    group: tuple[Path, ...] = ()
    having: Condition | None = None
    order: tuple[OrderItem, ...] = ()
    limit: int | None = None
    offset: int = 0
    text: str = field(default="", compare=False)


def malformed(message: str) -> SfError:
    return SfError("MALFORMED_QUERY", message)


def _unescape(raw: str) -> str:
    """The text of a string literal."""
    out, at = [], 0
    while at < len(raw):
        char = raw[at]
        if char != "\\":
            out.append(char)
            at += 1
            continue
        escaped = raw[at + 1]
        if escaped in _ESCAPES:
            out.append(_ESCAPES[escaped])
        elif escaped in "_%":
            out.append("\\" + escaped)  # makes sense in LIKE only, which reads the literal as it was written
        elif escaped in "uU" and re.fullmatch(r"[0-9A-Fa-f]{4}", raw[at + 2 : at + 6]):
            out.append(chr(int(raw[at + 2 : at + 6], 16)))
            at += 4
        else:
            raise malformed(
                f"Invalid string literal '{raw}'. Illegal character sequence '\\{escaped}' in string literal."
            )
        at += 2
    return "".join(out)


def _like_pattern(raw: str) -> str:
    """A LIKE pattern for SQL with backslash as its escape."""
    out, at = [], 0
    while at < len(raw):
        char = raw[at]
        if char == "\\":
            escaped = raw[at + 1]
            if escaped in "_%\\":
                out.append("\\" + escaped)
                at += 2
                continue
            size = 6 if escaped in "uU" else 2
            out.append(_unescape(raw[at : at + size]))
            at += size
            continue
        out.append(char)
        at += 1
    return "".join(out)


@v_args(inline=True)
class _Build(Transformer[Token, Any]):
    def path(self, *names: Token) -> Path:
        return Path(tuple(str(name) for name in names), names[0].start_pos or 0)

    def paths(self, *paths: Path) -> tuple[Path, ...]:
        return paths

    def sel_path(self, path: Path) -> Path:
        return path

    def sel_count(self, _: Token) -> CountAll:
        return CountAll()

    def sel_agg(self, function: Token, path: Path, alias: Token | None = None) -> Aggregate:
        return Aggregate(str(function).upper(), path, str(alias or ""))

    def agg_operand(self, function: Token, path: Path) -> Aggregate:
        return Aggregate(str(function).upper(), path)

    def sel_fields(self, which: Token) -> FieldSet:
        return FieldSet(str(which).upper())

    def sel_sub(self, query: Query) -> Query:
        return query

    def when(self, name: Token, paths: tuple[Path, ...]) -> tuple[str, tuple[Path, ...]]:
        return (str(name), paths)

    def else_part(self, paths: tuple[Path, ...]) -> tuple[str, tuple[Path, ...]]:
        return ("", paths)

    def typeof(self, relation: Path, *cases: tuple[str, tuple[Path, ...]]) -> TypeOf:
        otherwise = next((paths for name, paths in cases if not name), ())
        return TypeOf(relation, tuple(case for case in cases if case[0]), otherwise)

    def select_list(self, *items: Any) -> tuple[str, Any]:
        return ("selected", items)

    def source(self, path: Path, alias: Token | None = None) -> tuple[str, Any]:
        return ("source", (path, str(alias or "")))

    def using(self, _: Token) -> tuple[str, Any]:
        return ("using", None)

    def where(self, condition: Condition) -> tuple[str, Any]:
        return ("where", condition)

    def group(self, paths: tuple[Path, ...]) -> tuple[str, Any]:
        return ("group", paths)

    def having(self, condition: Condition) -> tuple[str, Any]:
        return ("having", condition)

    def order(self, *items: OrderItem) -> tuple[str, Any]:
        return ("order", items)

    def order_item(self, path: Path, *words: Token) -> OrderItem:
        said = {str(word).upper() for word in words}
        return OrderItem(path, "DESC" in said, "LAST" in said)

    def limit(self, number: Token) -> tuple[str, Any]:
        return ("limit", _whole(number))

    def offset(self, number: Token) -> tuple[str, Any]:
        return ("offset", _whole(number))

    def use(self, purpose: Token) -> tuple[str, Any]:
        if str(purpose).upper() not in ("VIEW", "REFERENCE"):
            raise malformed(f"unexpected token: '{purpose}'")
        return ("use", None)

    def query(self, *parts: tuple[str, Any]) -> Query:
        found = dict(parts)
        source, alias = found["source"]
        return Query(
            tuple(found["selected"]), source, alias, found.get("where"), found.get("group", ()), found.get("having"),
            found.get("order", ()), found.get("limit"), found.get("offset", 0),
        )  # fmt: skip

    def start(self, query: Query) -> Query:
        return query

    def and_chain(self, *parts: Condition) -> Chain:
        return Chain("AND", parts)

    def or_chain(self, *parts: Condition) -> Chain:
        return Chain("OR", parts)

    def negation(self, part: Condition) -> Negation:
        return Negation(part)

    def compare(self, operand: Path | Aggregate, operator: Token, value: Literal) -> Compare:
        return Compare(operand, "!=" if operator == "<>" else str(operator), value)

    def like(self, operand: Path | Aggregate, value: Literal) -> Compare:
        if value.kind != "string":
            raise malformed("LIKE takes a string")
        return Compare(operand, "like", Literal("string", _like_pattern(value.raw)))

    def _among(self, operator: str, operand: Path | Aggregate, values: Any) -> Among:
        return Among(operand, operator, values)

    def among(self, operand: Path | Aggregate, values: Any) -> Among:
        return Among(operand, "in", values)

    def not_among(self, operand: Path | Aggregate, values: Any) -> Among:
        return Among(operand, "not in", values)

    def includes(self, operand: Path | Aggregate, values: Any) -> Among:
        return Among(operand, "includes", values)

    def excludes(self, operand: Path | Aggregate, values: Any) -> Among:
        return Among(operand, "excludes", values)

    def literals(self, *values: Literal) -> tuple[Literal, ...]:
        return values

    def subselect(self, query: Query) -> Query:
        return query

    def literal(self, token: Token, number: Token | None = None) -> Literal:
        text = str(token)
        if token.type == "STRING":
            raw = text[1:-1]
            if len(raw) > 4000:
                raise malformed("Maximum SOQL filter criterion length of 4000 exceeded")
            return Literal("string", _unescape(raw), raw=raw)
        if token.type in ("DATETIME", "DATE"):
            return Literal(token.type.lower(), text)
        if token.type == "NUMBER":
            return Literal("number", float(text) if re.search(r"[.eE]", text) else int(text))
        word = text.upper()
        if number is None and word in ("TRUE", "FALSE"):
            return Literal("boolean", int(word == "TRUE"))
        if number is None and word == "NULL":
            return Literal("null", None)
        return Literal("period", word, _whole(number) if number is not None else 0)


def _whole(number: Token) -> int:
    if not str(number).isdigit():
        raise malformed(f"unexpected token: '{number}'")
    return int(number)


@cache
def _parser() -> Lark:
    grammar = FilePath(__file__).with_name("soql.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", maybe_placeholders=False)


def _place(text: str, at: int) -> str:
    """Where it went wrong, the way the vendor draws it."""
    row = text.count("\n", 0, at) + 1
    line_start = text.rfind("\n", 0, at) + 1
    line = text[line_start:].partition("\n")[0]
    column = at - line_start
    return f"\n{line}\n{' ' * column}^\nERROR at Row:{row}:Column:{column + 1}\n"


def unknown_type(text: str, path: Path) -> SfError:
    return SfError(
        "INVALID_TYPE",
        f"{_place(text, path.at)}sObject type '{path.text}' is not supported. If you are attempting to use a custom "
        "object, be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call "
        "for the appropriate names.",
    )


@lru_cache(maxsize=2048)
def parse(text: str) -> Query:
    if len(text) > LONGEST:
        raise malformed("SOQL statements cannot be longer than 100000 characters.")
    try:
        tree = _parser().parse(text)
        query: Query = _Build().transform(tree)
    except UnexpectedInput as error:
        at = error.pos_in_stream if isinstance(error.pos_in_stream, int) and error.pos_in_stream >= 0 else len(text)
        word = re.match(r"\S+", text[at:])
        what = f"unexpected token: '{word.group()}'" if word else "unexpected end of the query"
        raise malformed(_place(text, min(at, len(text))) + what) from None
    except VisitError as error:
        if isinstance(error.orig_exc, SfError):
            raise error.orig_exc from None
        raise
    return query
