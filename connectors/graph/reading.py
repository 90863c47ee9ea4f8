"""Reading items by their ids, twenty in a call, and whole series before their occurrences."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.codec import READERS, asked, body_text, decode
from connectors.graph.feed import version
from connectors.graph.folders import items_of, list_of
from connectors.graph.line import Answer, Line, Request, options_text
from connectors.graph.occurrences import Occurrences
from connectors.outlook.codec import names_at, names_of_occurrence
from connectors.outlook.facts import kind_of
from connectors.outlook.occurrences import at_place, is_occurrence, placed
from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Value

Found = dict[ItemRef, Item | ConnectorError]
Names = Callable[[ItemRef], Sequence[str]]
_AS_TEXT = 'outlook.body-content-type="text"'
# where the items of a kind stand that are in no folder with a role
_ANYWHERE = {ItemKind.EVENT: ("events",), ItemKind.EMAIL: ("messages",), ItemKind.CONTACT: ("contacts",)}


def read(line: Line, refs: Sequence[ItemRef], detail: Detail) -> Found:
    """Read items; what is gone, or stands in another folder by now, is left out."""
    whole = [ref for ref in dict.fromkeys(refs) if not is_occurrence(ref.id)]
    single = [ref for ref in dict.fromkeys(refs) if is_occurrence(ref.id)]
    return _read_whole(line, whole, detail) | _read_occurrences(line, single, detail)


def where(line: Line, ref: ItemRef) -> tuple[str, ...]:
    """The path of an item. Raises NOT_FOUND (container) when its folder is not there."""
    if kind_of(ref.container) is not None:
        return *items_of(line, ref.container), ref.id
    if ref.kind is ItemKind.TASK:
        return "todo", "lists", list_of(line, ref.id), "tasks", ref.id
    return *_ANYWHERE[ref.kind], ref.id


def _read_whole(line: Line, refs: Sequence[ItemRef], detail: Detail) -> Found:
    wanted: dict[ItemRef, str] = {}
    for ref in refs:
        try:
            wanted[ref] = line.path(*where(line, ref))
        except ConnectorError as error:
            if error.fault is not Fault.NOT_FOUND:
                raise
    return _read(line, wanted, detail, lambda ref: names_at(READERS[ref.kind], detail))


def _read_occurrences(line: Line, refs: Sequence[ItemRef], detail: Detail) -> Found:
    there, wrong = placed(refs, Occurrences(line).places_of(ref.id for ref in refs))
    paths = {ref: line.path("events", place.id) for ref, place in there.items()}
    found = _read(line, paths, detail, lambda ref: names_of_occurrence(READERS[ref.kind], detail))
    return wrong | {ref: at_place(answer, there[ref]) for ref, answer in found.items()}


def _read(line: Line, paths: Mapping[ItemRef, str], detail: Detail, names: Names) -> Found:
    """What the server has at these paths. A body is told in one form only, so its text is asked for beside."""
    refs = list(paths)
    requests = [Request("GET", paths[ref] + options_text(asked(ref.kind, names(ref)))) for ref in refs]
    deep = [ref for ref in refs if detail is Detail.BODY and READERS[ref.kind][f.BODY].needs == ("body",)]
    texts = [Request("GET", f"{paths[ref]}?$select=body", prefer=_AS_TEXT) for ref in deep]
    answers = line.batch([*requests, *texts])
    text_of = dict(zip(deep, answers[len(refs) :], strict=True))
    found: Found = {}
    for ref, answer in zip(refs, answers, strict=False):
        item = _item(ref, answer, text_of.get(ref), names(ref))
        if item is not None:
            found[ref] = item
    return found


def _item(
    ref: ItemRef, answer: Answer | ConnectorError, text: Answer | ConnectorError | None, names: Sequence[str]
) -> Item | ConnectorError | None:
    failed = next((each for each in (answer, text) if isinstance(each, ConnectorError)), None)
    if failed is not None:
        return None if failed.fault is Fault.NOT_FOUND else replace(failed, scope=Scope.ITEM)
    assert isinstance(answer, Answer)
    try:
        values: dict[str, Value] = dict(decode(answer.body, ref.kind, names))
    except (ValueError, LookupError, TypeError, AttributeError):
        return ConnectorError(Fault.INVALID, "the item cannot be read", scope=Scope.ITEM)
    if isinstance(text, Answer):
        values[f.BODY] = body_text(text.body)
    return Item(ref, version(answer.body), values)
