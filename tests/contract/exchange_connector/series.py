"""What the tests of series say often: reading and writing masters and occurrences."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.errors import Fault
from connectors.protocols import Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, ItemRef, Original, Series
from mapping.model.series import occurrence_id
from tests.support.exchange import Wire, World, event, ews_schema, faults_against


def there(world: World, identifier: str, detail: Detail = Detail.HEAD) -> Item:
    """The item or occurrence, which must be there."""
    found = world.mailbox.read([event(identifier)], detail)[event(identifier)]
    assert isinstance(found, Item)
    return found


def series_of(world: World, master: str) -> Series:
    series = there(world, master).get(f.SERIES)
    assert isinstance(series, Series)
    return series


def contents(world: World, master: str, originals: Iterable[Original]) -> dict[Original, Fields]:
    """All that occurrences hold, but for the time at which they were written."""
    refs = {at(master, original): original for original in originals}
    found = world.mailbox.read(list(refs), Detail.BODY)
    return {
        refs[ref]: {name: value for name, value in item.fields.items() if name != f.MODIFIED}
        for ref, item in found.items() if isinstance(item, Item)
    }  # fmt: skip


def at(master: str, original: Original) -> ItemRef:
    return event(occurrence_id(master, original))


def update(identifier: str, values: Fields, version: str = "") -> Write:
    return Write(Verb.UPDATE, ItemKind.EVENT, "calendar", identifier, version, values=values)


def delete(identifier: str, version: str = "") -> Write:
    return Write(Verb.DELETE, ItemKind.EVENT, "calendar", identifier, version)


def create(series: Series, key: str = "key", *, retrying: bool = False) -> Write:
    values: Fields = {f.SUBJECT: "series", f.SERIES: series}
    return Write(Verb.CREATE, ItemKind.EVENT, "calendar", key=key, values=values, retrying=retrying)


def done(outcome: Outcome) -> Outcome:
    assert outcome.error is None, str(outcome.error)
    return outcome


def fault(outcome: Outcome) -> Fault | None:
    return outcome.error.fault if outcome.error else None


def assert_valid(wire: Wire) -> None:
    """What the sandbox answered is what the vendor's schema allows; SOAP faults are not described by it."""
    schema = ews_schema()
    if schema is not None:
        assert faults_against(schema, [each for each in wire.responses if b":Fault>" not in each]) == []
