"""Series: made, found, changed and ended through the connector."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.errors import Fault
from connectors.protocols import ONWARDS, CrmChanges, Detail, Outcome, Verb, Watch, Write
from mapping.model.item import Item, ItemKind, ItemRef, Side, Value
from tests.contract.salesforce_connector.world import World, create

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAILY: dict[str, Value] = {
    "IsRecurrence": True, "RecurrenceType": "RecursDaily", "RecurrenceInterval": 1, "RecurrenceStartDateTime": START,
    "RecurrenceEndDateOnly": date(2026, 3, 6), "RecurrenceTimeZoneSidKey": "Europe/Berlin", "StartDateTime": START,
}  # fmt: skip


@pytest.fixture
def world(world: World) -> World:
    world.sandbox.clock.set(START - timedelta(hours=3), frozen=True)
    return world


def made(world: World, key: str = "ev:1", **values: Value) -> str:
    outcome = world.crm.write([create(key, Subject="Jour fixe", **{**DAILY, **values})])[0]
    assert outcome.error is None
    return outcome.id


def delete(world: World, record_id: str, *, onwards: bool = False) -> Outcome:
    values: dict[str, Value] = {ONWARDS: True} if onwards else {}
    return world.crm.write([Write(Verb.DELETE, ItemKind.EVENT, "Event", id=record_id, values=values)])[0]


def starts(world: World) -> list[str]:
    rows = world.rows("SELECT StartDateTime FROM Event WHERE IsRecurrence = false ORDER BY StartDateTime")
    return [row["StartDateTime"][8:13] for row in rows]


def test_a_classic_series_is_made_once_and_found_with_its_occurrences(world: World) -> None:
    series = made(world)
    assert made(world) == series
    other = made(world, "ev:2", RecurrenceEndDateOnly=date(2026, 3, 3))
    with world.calls(1):
        found = world.crm.find_series([series, other, "00U000000000001AAA"])
    assert {series_id: len(items) for series_id, items in found.items()} == {series: 5, other: 2}
    first = found[series][0]
    assert first.fields["StartDateTime"] == START
    assert (first.text("RecurrenceActivityId"), first.flag("IsRecurrence"), first.version != "") == (
        series,
        False,
        True,
    )


def test_the_record_of_a_series_tells_its_rule(world: World) -> None:
    series = made(world)
    ref = ItemRef(Side.CRM, ItemKind.EVENT, series, "Event")
    item = world.crm.read([ref], Detail.HEAD)[ref]
    assert isinstance(item, Item)
    assert {name: item.fields[name] for name in DAILY} == DAILY


def test_one_occurrence_is_changed_or_deleted_alone(world: World) -> None:
    series = made(world)
    first, second, *_ = world.crm.find_series([series])[series]
    moved = {"StartDateTime": START + timedelta(hours=2), "DurationInMinutes": 30}
    write = Write(Verb.UPDATE, ItemKind.EVENT, "Event", id=first.ref.id, version=first.version, values=moved)
    assert world.crm.write([write])[0].error is None
    assert delete(world, second.ref.id).error is None
    assert starts(world) == ["02T11", "04T09", "05T09", "06T09"]


def test_deleting_its_record_deletes_the_series(world: World) -> None:
    assert delete(world, made(world)).error is None
    assert world.rows("SELECT Id FROM Event") == []


def test_a_classic_series_ends_at_an_occurrence(world: World) -> None:
    series = made(world)
    third = world.crm.find_series([series])[series][2]
    with world.calls(3):  # what it is, what comes after it, the deletion
        assert delete(world, third.ref.id, onwards=True).error is None
    assert starts(world) == ["02T09", "03T09"]


def test_a_lightning_series_is_made_told_and_ended_at_an_occurrence(world: World) -> None:
    values: dict[str, Value] = {"StartDateTime": START, "Recurrence2PatternText": "FREQ=DAILY;COUNT=5"}
    outcome = world.crm.write([create("ev:1", Subject="Daily", **values)])[0]
    ref = ItemRef(Side.CRM, ItemKind.EVENT, outcome.id, "Event")
    item = world.crm.read([ref], Detail.HEAD)[ref]
    assert isinstance(item, Item)
    assert item.flag("IsRecurrence2")
    assert item.text("Recurrence2PatternText") == "RRULE:FREQ=DAILY;INTERVAL=1;COUNT=5"
    third = world.rows("SELECT Id FROM Event ORDER BY StartDateTime")[2]["Id"]
    with world.calls(2):
        assert delete(world, third, onwards=True).error is None
    assert starts(world) == ["02T09", "03T09"]


def test_the_rest_of_what_is_no_series_is_the_event_itself(world: World) -> None:
    event, other = world.event(), world.event()
    assert delete(world, event, onwards=True).error is None
    assert delete(world, event, onwards=True).error is None
    assert [row["Id"] for row in world.rows("SELECT Id FROM Event")] == [other]


def test_a_series_that_the_org_refuses_is_told_as_invalid(world: World) -> None:
    outcome = world.crm.write([create("ev:1", **{**DAILY, "RecurrenceEndDateOnly": date(2026, 12, 31)})])[0]
    assert outcome.error is not None
    assert (outcome.error.fault, outcome.error.fields) == (Fault.INVALID, ("RecurrenceEndDateOnly",))


def test_an_org_without_recurring_events_is_known_by_its_describe(world: World) -> None:
    world.switch(recurring_events=False)
    shape = world.crm.shape()
    assert shape.has("Event", "IsRecurrence")
    assert not shape.can_create("Event", "IsRecurrence")
    assert not shape.can_create("Event", "Recurrence2PatternText")


def test_the_first_poll_tells_a_series_that_began_long_ago_and_goes_on(world: World) -> None:
    series = made(world, RecurrenceInterval=10, RecurrenceEndDateOnly=date(2026, 6, 30))
    over = made(world, "ev:2", RecurrenceEndDateOnly=date(2026, 3, 10))
    world.sandbox.clock.set(START + timedelta(days=80), frozen=True)
    fresh = world.connect()
    told = fresh.changes([Watch("event", ItemKind.EVENT, "Event")], fresh.shape().user_id, {})["event"]
    assert isinstance(told, CrmChanges)
    items = {change.ref.id: change.item for change in told.changes if change.item is not None}
    assert series in items
    assert over not in items
    recent = [i for i in items.values() if i.text("RecurrenceActivityId") == series and not i.flag("IsRecurrence")]
    assert len(recent) == 7
