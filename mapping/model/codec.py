"""Fields as bytes: one stable, versioned, type-tagged JSON for fingerprints, operation ids and the workspace.

Laws: `loads(dumps(f)) == f`; equal fields give equal bytes, in every process and on every machine. Therefore
keys are sorted, instants are told in UTC, and nothing depends on `repr` or on the hash of a string.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime

from mapping.model.item import (
    MISSING,
    Attachment,
    Attendee,
    Form,
    Item,
    ItemKind,
    ItemRef,
    Moved,
    Pending,
    Person,
    Response,
    Role,
    Series,
    Side,
    Span,
    Value,
)

VERSION = 1

Json = str | int | bool | None | list["Json"] | dict[str, "Json"]


def canonical(fields: Mapping[str, Value]) -> bytes:
    """The bytes that stand for these fields wherever they are compared or hashed."""
    return _bytes({"v": VERSION, "f": {name: _encode(value) for name, value in fields.items()}})


def dumps(fields: Mapping[str, Value]) -> bytes:
    return canonical(fields)


def loads(data: bytes) -> dict[str, Value]:
    return _fields(_checked(data)["f"])


def dump_item(item: Item) -> bytes:
    ref = item.ref
    return _bytes(
        {
            "v": VERSION,
            "r": [ref.side.value, ref.kind.value, ref.id, ref.container],
            "e": item.version,
            "f": {name: _encode(value) for name, value in item.fields.items()},
        }
    )


def load_item(data: bytes) -> Item:
    body = _checked(data)
    side, kind, ident, container = _texts(body["r"])
    return Item(ItemRef(Side(side), ItemKind(kind), ident, container), str(body["e"]), _fields(body["f"]))


# Made once: `json.dumps` with options makes an encoder for every call, and there are many calls an item.
_JSON = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)


def _bytes(body: dict[str, Json]) -> bytes:
    return _JSON.encode(body).encode("ascii")


def _checked(data: bytes) -> dict[str, Json]:
    body = json.loads(data)
    if not isinstance(body, dict) or body.get("v") != VERSION:
        raise ValueError(f"not written by this codec, or by another version than {VERSION}")
    return body


def _fields(body: Json) -> dict[str, Value]:
    if not isinstance(body, dict):
        raise ValueError("fields must be an object")
    return {name: _decode(value) for name, value in body.items()}


def _encode(value: Value) -> Json:
    # JSON keeps these apart from the tagged kinds below; nearly all values are of these types themselves.
    if value is None or type(value) in (str, bool, int):
        return value  # type: ignore[return-value]
    if isinstance(value, tuple):
        return [_encode(each) for each in value]
    if isinstance(value, str):
        return str(value)  # an enum of words
    if isinstance(value, int):
        return value
    for kind, (tag, write) in _WRITE.items():
        if isinstance(value, kind):
            return {tag: write(value)}
    raise TypeError(f"{type(value).__name__} is not a value of an item")


def _decode(value: Json) -> Value:
    if isinstance(value, list):
        return tuple(_decode(each) for each in value)
    if not isinstance(value, dict):
        return value
    ((tag, inner),) = value.items()
    return _READ[tag](inner)


def _instant(moment: datetime) -> str:
    if moment.tzinfo is None:
        raise ValueError("an instant without a zone has no place in an item")
    return moment.astimezone(UTC).isoformat()


def _span(span: Span) -> Json:
    return [_encode(span.start), _encode(span.end)]


def _read_span(inner: Json) -> Span:
    start, end = (_decode(each) for each in _list(inner))
    if not isinstance(start, date) or not isinstance(end, date):
        raise ValueError("a span has two moments")
    return Span(start, end)


def _read_attendee(inner: Json) -> Attendee:
    address, name, role, response = _texts(inner)
    return Attendee(address, name, Role(role), Response(response))


def _attachment(one: Attachment) -> Json:
    return [one.id, one.name, one.type, one.size, one.form.value, one.inline, one.content_id]


def _read_attachment(inner: Json) -> Attachment:
    ident, name, kind, size, form, inline, content_id = _list(inner)
    if not isinstance(size, int):
        raise ValueError("a size is a number")
    return Attachment(str(ident), str(name), str(kind), size, Form(str(form)), bool(inline), str(content_id))


def _series(series: Series) -> Json:
    cancelled: Json = [_encode(original) for original in series.cancelled]
    moved: Json = [[_encode(each.original), _encode(each.span), each.id] for each in series.moved]
    return [series.rule, _span(series.first), series.zone, cancelled, moved]


def _read_series(inner: Json) -> Series:
    rule, first, zone, cancelled, moved = _list(inner)
    originals = tuple(_day_or_instant(each) for each in _list(cancelled))
    exceptions = tuple(_read_moved(each) for each in _list(moved))
    return Series(str(rule), _read_span(first), str(zone), originals, exceptions)


def _read_moved(inner: Json) -> Moved:
    original, span, ident = _list(inner)
    told = _decode(span)
    if not isinstance(told, Span):
        raise ValueError("a moved occurrence has a span")
    return Moved(_day_or_instant(original), told, str(ident))


def _day_or_instant(inner: Json) -> date:
    value = _decode(inner)
    if not isinstance(value, date):
        raise ValueError("an original start is a moment or a day")
    return value


def _list(inner: Json) -> list[Json]:
    if not isinstance(inner, list):
        raise ValueError("a list was expected")
    return inner


def _texts(inner: Json) -> list[str]:
    return [str(each) for each in _list(inner)]


# A datetime is a date too, so it comes first.
_WRITE: dict[type, tuple[str, Callable[..., Json]]] = {
    datetime: ("t", _instant),
    date: ("d", date.isoformat),
    Span: ("s", _span),
    Series: ("r", _series),
    Attendee: ("a", lambda a: [a.address, a.name, a.role.value, a.response.value]),
    Attachment: ("f", _attachment),
    Person: ("p", lambda p: [p.address, p.name]),
    Pending: ("o", lambda p: p.operation),
    type(MISSING): ("-", lambda _: 0),
}

_READ: dict[str, Callable[[Json], Value]] = {
    "t": lambda inner: datetime.fromisoformat(str(inner)),
    "d": lambda inner: date.fromisoformat(str(inner)),
    "s": _read_span,
    "r": _read_series,
    "a": _read_attendee,
    "f": _read_attachment,
    "p": lambda inner: Person(*_texts(inner)),
    "o": lambda inner: Pending(str(inner)),
    "-": lambda _: MISSING,
}
