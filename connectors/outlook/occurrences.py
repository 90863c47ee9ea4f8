"""Single occurrences of series: by their ids `master#original-start`, and by what the server finds them under.

Masters are read first, in as few calls as the vendor needs, whatever is then done with their occurrences. The version
of an occurrence is that of its master, in which Exchange keeps it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from connectors.errors import ConnectorError, Fault, Scope
from connectors.outlook.lineage import Lineage
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemRef, Original, Series
from mapping.model.series import SEPARATOR, split_id

Id = TypeVar("Id")


@dataclass(frozen=True, slots=True)
class Master:
    """`uid`: of the whole series, where the server gives each occurrence one of its own; '' where they share it."""

    id: str
    version: str
    series: Series
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Place(Generic[Id]):
    """What the server finds an occurrence under."""

    id: Id
    master: Master
    original: Original


class Occurrences(ABC, Generic[Id]):
    """The series of one mailbox. Each vendor says how it reads masters, and where their occurrences are."""

    def __init__(self, lineage: Lineage) -> None:
        self.lineage = lineage

    @abstractmethod
    def masters(self, ids: Iterable[str]) -> dict[str, Master | ConnectorError]:
        """The series of these ids, as they are now. Those that are gone are left out."""

    @abstractmethod
    def places_in(
        self, wanted: Iterable[tuple[Master, Collection[Original]]]
    ) -> dict[str, dict[Original, Place[Id] | ConnectorError]]:
        """The places of the occurrences that there are, by the id of their master. Those that were cancelled, and those
        that their rule does not yield, are left out."""

    @abstractmethod
    def written(self, series: Series) -> Mapping[str, Any]:
        """What writes the series, its exceptions aside. Raises ValueError, LookupError for what cannot be written."""

    def places_of(self, ids: Iterable[str]) -> dict[str, Place[Id] | ConnectorError]:
        """Where the occurrences are, by their ids, at the price of reading their masters."""
        wanted = _by_master(ids)
        found: dict[str, Place[Id] | ConnectorError] = {}
        there: list[tuple[Master, list[Original]]] = []
        for master_id, master in self.masters(wanted).items():
            if isinstance(master, ConnectorError):
                found |= {identifier: master for identifier, _ in wanted[master_id]}
            else:
                there.append((master, [original for _, original in wanted[master_id]]))
        for master_id, places in self.places_in(there).items():
            found |= {identifier: places[original] for identifier, original in wanted[master_id] if original in places}
        return found


def is_occurrence(identifier: str) -> bool:
    return SEPARATOR in identifier


def _by_master(ids: Iterable[str]) -> dict[str, list[tuple[str, Original]]]:
    """Ids of occurrences with their original starts, by the master that they name; what names none is left out."""
    wanted: dict[str, list[tuple[str, Original]]] = {}
    for identifier in ids:
        try:
            master, original = split_id(identifier)
        except ValueError:
            continue
        if original is not None:
            wanted.setdefault(master, []).append((identifier, original))
    return wanted


def placed(
    refs: Iterable[ItemRef], places: Mapping[str, Place[Id] | ConnectorError]
) -> tuple[dict[ItemRef, Place[Id]], dict[ItemRef, ConnectorError]]:
    """Where each of the items is, and what is wrong with others; an item of which nothing is known is in neither."""
    there: dict[ItemRef, Place[Id]] = {}
    wrong: dict[ItemRef, ConnectorError] = {}
    for ref in refs:
        match places.get(ref.id):
            case Place() as place:
                there[ref] = place
            case ConnectorError() as error:
                wrong[ref] = error
    return there, wrong


def at_place(answer: Item | ConnectorError, place: Place[Id]) -> Item | ConnectorError:
    """An occurrence that was read, with version and UID of its series; an error if it is another one by now."""
    if isinstance(answer, ConnectorError):
        return answer
    if answer.get(f.ORIGINAL, place.original) != place.original:
        return ConnectorError(Fault.UNAVAILABLE, "the series was changed while it was read", scope=Scope.ITEM)
    shared: Fields = {f.ORIGINAL: place.original, **({f.UID: place.master.uid} if place.master.uid else {})}
    return replace(answer, version=place.master.version).with_fields(shared)
