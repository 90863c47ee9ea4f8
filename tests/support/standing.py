"""All that stands on both sides, to the letter: what an undo has to bring back.

Every item, record, link, file, folder, mark and person is compared, value by value. What is left out is written down
here with its reason: what a vendor alone sets, and what lies in its bin.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.world import World


@dataclass(frozen=True, slots=True)
class Vendor:
    """What one vendor keeps, in the sandbox's dump of it (`dump`).

    `stamps`: what the server writes whenever anything is written. `anew`: what it writes into whatever it makes, and so
    into what it could not bring back but by making it anew. `bins`: where deleted things lie; `gone`: what says that a
    thing is deleted, where it stays in its place. `named`: by what a thing is known among others, for its id does not
    last everywhere. `lasting`: its id does, and is compared. `emptied`: what cannot be removed can be emptied."""

    dump: str
    stamps: frozenset[str]
    named: tuple[str, ...]
    anew: frozenset[str] = frozenset()
    bins: frozenset[str] = frozenset()
    gone: str = ""
    lasting: bool = False
    emptied: bool = False


_CHANGED = frozenset({"change_key", "LastModifiedTime", "Size", "Epoch"})  # the last: which pattern of a series it is
_BINS = frozenset({"deleteditems", "deleted"})
SALESFORCE = Vendor(
    "salesforce", frozenset({"SystemModstamp", "LastModifiedDate", "LastModifiedById", "LastActivityDate"}), ("Id",),
    gone="IsDeleted", lasting=True,
)  # fmt: skip
MAILBOXES: Mapping[str, Vendor] = {
    # EWS takes everything out of Deleted Items again
    "exchange": Vendor("ews", _CHANGED, ("Subject",), bins=_BINS),
    # Graph moves nothing but mails, and takes no event, task or contact out of the bin. An id of a transaction serves
    # for one call, and is of no use afterwards
    "graph": Vendor(
        "ews", _CHANGED | {"TransactionId"}, ("Subject",), bins=_BINS, emptied=True,
        anew=frozenset({"DateTimeCreated", "DateTimeReceived", "DateTimeSent", "UID"}),
    ),
    # contacts are the only ones that stay deleted
    "google": Vendor(
        "google", frozenset({"etag", "updated", "sequence", "metadata"}), ("summary", "title", "names", "payload"),
        frozenset({"resourceName"}), frozenset({"deleted"}),
    ),
}  # fmt: skip
_IDS = ("id", "Id")


@dataclass(frozen=True, slots=True)
class _Anew:
    """A value that is another one in a thing that was made anew, which is told by its id."""

    of: str
    value: Any


def standing(world: World) -> dict[str, Any]:
    """Every value by its path; things of one name are numbered in the order of their content."""
    dump = world.control_get("dump")
    vendors = (SALESFORCE, MAILBOXES[world.mailboxes.vendor])
    found = {f"{each.dump}{path}": value for each in vendors for path, value in _leaves(dump[each.dump], each)}
    return found | {f"marks/{user}": sorted(world.mailboxes.categories(user)) for user in dump[vendors[1].dump]}


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What stood and what stands, by path."""
    return {
        path: (before.get(path), after.get(path))
        for path in sorted(before.keys() | after.keys()) if _differ(before.get(path), after.get(path))
    }  # fmt: skip


def _differ(one: Any, other: Any) -> bool:
    anew = isinstance(one, _Anew) and isinstance(other, _Anew) and one.of != other.of
    return not anew and bool(one != other)


def _leaves(value: Any, vendor: Vendor, path: str = "", of: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name in value.keys() - vendor.stamps - vendor.bins:
            below = value[name]
            if vendor.emptied and isinstance(below, dict) and below.get("value") == "":
                continue
            if name in vendor.anew and below is not None:
                yield f"{path}/{name}", _Anew(of, below)
            else:
                yield from _leaves(below, vendor, f"{path}/{name}", of)
    elif isinstance(value, list) and value and all(_name(each, vendor) for each in value):
        seen = Counter[str]()
        there = (each for each in value if not each.get(vendor.gone) and not _is_like_its_series(each, value))
        for thing in sorted(there, key=repr):
            name = _name(thing, vendor)
            seen[name] += 1
            inner = {part: held for part, held in thing.items() if vendor.lasting or part not in _IDS}
            ident = next(str(thing[part]) for part in _IDS if part in thing)
            yield from _leaves(inner, vendor, f"{path}/{name}#{seen[name]}", ident)
    elif value not in (None, {}):
        yield path, value


def _is_like_its_series(thing: Mapping[str, Any], others: list[dict[str, Any]]) -> bool:
    """A date of a series that came back stays an event of its own at Google, though it says no more than the others."""
    series = next((each for each in others if each.get("id") == thing.get("recurringEventId", ".")), None)
    own = {"id", "etag", "htmlLink", "updated", "sequence", "recurringEventId", "originalStartTime", "start", "end"}
    return (
        series is not None and thing["start"] == thing["originalStartTime"]
        and all(series.get(name) == value for name, value in thing.items() if name not in own)
    )  # fmt: skip


def _name(thing: Any, vendor: Vendor) -> str:
    """What a thing is known by; '' for what is a mere value."""
    if not isinstance(thing, dict) or not thing.keys() & set(_IDS):
        return ""
    told = {**thing, **thing.get("values", {})}
    return next((f"{told.get('kind', '')} {told[name]}"[:200] for name in vendor.named if told.get(name)), "nameless")
