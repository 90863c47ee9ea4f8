"""What the connector writes over real HTTP: conditions, retries, batches of which a part fails, moves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, ItemRef, Moved, Series, Side, Span
from mapping.model.series import occurrence_id
from tests.support.csdl import Exchange
from tests.support.graph import World

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
SPAN = Span(MONDAY, MONDAY + HOUR)
WEEKLY = Series("FREQ=WEEKLY;BYDAY=MO;COUNT=8", SPAN, "Europe/Berlin")


def create(subject: str, key: str = "", *, retrying: bool = False, **values: Any) -> Write:
    given: Fields = {f.SUBJECT: subject, f.SPAN: SPAN, **values}
    return Write(Verb.CREATE, ItemKind.EVENT, "calendar", key=key or subject, values=given, retrying=retrying)


def update(identifier: str, values: Fields, version: str = "") -> Write:
    return Write(Verb.UPDATE, ItemKind.EVENT, "calendar", identifier, version, values=values)


def delete(identifier: str, version: str = "") -> Write:
    return Write(Verb.DELETE, ItemKind.EVENT, "calendar", identifier, version)


def one(world: World, write: Write) -> Outcome:
    (outcome,) = world.mailbox.write([write])
    assert outcome.error is None, outcome.error
    return outcome


def there(world: World, identifier: str, kind: ItemKind = ItemKind.EVENT, folder: str = "calendar") -> Item:
    ref = ItemRef(Side.MAILBOX, kind, identifier, folder)
    found = world.mailbox.read([ref], Detail.BODY)[ref]
    assert isinstance(found, Item), found
    return found


def faults(outcomes: list[Outcome]) -> list[Fault | None]:
    return [each.error.fault if each.error else None for each in outcomes]


def subjects(world: World, folder: str = "calendar") -> list[str]:
    return sorted(item["values"]["Subject"] for item in world.content(folder))


# --- creating


def test_twenty_creates_cost_one_call(world: World) -> None:
    calls = world.counted(lambda: world.mailbox.write([create(f"event {number}") for number in range(20)]))

    assert calls == {"token": 1, "batch": 1}
    assert len(world.content("calendar")) == 20


def test_a_create_whose_answer_was_lost_is_unknown_and_adopted_on_retry(world: World) -> None:
    world.goes_wrong("graph.batch", drop_after=True)
    assert faults(world.mailbox.write([create("lunch"), create("tea")])) == [Fault.UNKNOWN] * 2

    outcomes = world.mailbox.write([create("lunch", retrying=True), create("supper", retrying=True)])

    assert [each.adopted for each in outcomes] == [True, False]
    assert subjects(world) == ["lunch", "supper", "tea"]


def test_a_create_that_is_sent_twice_without_looking_is_one_event(world: World) -> None:
    first, second = one(world, create("lunch")), one(world, create("lunch"))

    assert (first.id, first.version) == (second.id, second.version)
    assert subjects(world) == ["lunch"]


def test_an_event_whose_transaction_was_used_by_one_that_is_gone_is_made_anew(world: World) -> None:
    made = one(world, create("lunch"))
    one(world, delete(made.id))

    again = one(world, create("lunch"))

    assert again.id != made.id
    assert there(world, again.id).text(f.KEY) == "lunch"


def test_a_transaction_that_was_used_by_the_same_event_as_it_was_is_adopted(world: World) -> None:
    made = one(world, create("lunch"))

    again = one(world, create("dinner", "lunch"))

    assert (again.id, again.adopted) == (made.id, True)


@pytest.mark.parametrize(
    "values",
    [{f.SUBJECT: "half \ud800"}, {f.SPAN: Span(MONDAY, MONDAY - HOUR)}, {f.SHOW_AS: "asleep"}, {f.MESSAGE_ID: "<x>"}],
)
def test_a_value_that_graph_cannot_take_fails_alone(world: World, values: Fields) -> None:
    outcomes = world.mailbox.write([create("good"), replace(create("bad"), values={f.SPAN: SPAN, **values})])

    assert faults(outcomes) == [None, Fault.INVALID]
    assert outcomes[1].error is not None
    assert outcomes[1].error.fields == tuple(values)
    assert subjects(world) == ["good"]


def test_mails_are_never_created(world: World) -> None:
    (outcome,) = world.mailbox.write([Write(Verb.CREATE, ItemKind.EMAIL, "inbox", values={f.SUBJECT: "x"})])

    assert faults([outcome]) == [Fault.INVALID]


@pytest.mark.parametrize(
    "span", [Span(date(2026, 3, 29), date(2026, 3, 30)), Span(date(2026, 10, 24), date(2026, 10, 27))]
)
def test_whole_days_are_whole_days_where_their_owner_lives(world: World, span: Span) -> None:
    made = one(world, create("days", **{f.SPAN: span}))

    assert there(world, made.id).get(f.SPAN) == span
    values = world.content("calendar")[0]["values"]
    assert (values["IsAllDayEvent"], values["StartTimeZone"]) == (True, "W. Europe Standard Time")


def test_a_moment_that_the_clocks_show_twice_is_the_moment_that_was_meant(world: World) -> None:
    for start in (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)):
        made = one(world, create(f"{start}", **{f.SPAN: Span(start, start + 2 * HOUR)}))

        assert there(world, made.id).get(f.SPAN) == Span(start, start + 2 * HOUR)


# --- updating


def test_an_update_changes_the_given_fields_only_and_empties_with_none(world: World) -> None:
    made = one(world, create("lunch", **{f.LOCATION: "here", f.BODY: "text", f.REMINDER: 5}))

    changed = one(world, update(made.id, {f.LOCATION: None, f.REMINDER: None}, made.version))

    item = there(world, made.id)
    assert (item.text(f.LOCATION), item.get(f.REMINDER), item.text(f.BODY)) == ("", None, "text")
    assert changed.version == item.version != made.version


def test_one_conflict_leaves_the_rest_of_the_batch_alone(world: World) -> None:
    first, second = one(world, create("first")), one(world, create("second"))
    one(world, update(second.id, {f.LOCATION: "there"}))
    other = world.opened()

    outcomes = other.write([
        update(first.id, {f.SUBJECT: "1st"}, first.version), update(second.id, {f.SUBJECT: "2nd"}, second.version),
    ])  # fmt: skip

    assert faults(outcomes) == [None, Fault.STALE]
    assert subjects(world) == ["1st", "second"]


def test_what_is_gone_cannot_be_updated_but_counts_as_deleted(world: World) -> None:
    made = one(world, create("lunch"))
    one(world, delete(made.id))

    assert faults(world.mailbox.write([update(made.id, {f.SUBJECT: "x"})])) == [Fault.NOT_FOUND]
    assert faults(world.mailbox.write([delete(made.id)])) == [None]


def test_a_delete_with_an_old_version_deletes_nothing(world: World) -> None:
    made = one(world, create("lunch"))
    one(world, update(made.id, {f.SUBJECT: "dinner"}))

    assert faults(world.opened().write([delete(made.id, made.version)])) == [Fault.STALE]
    assert subjects(world) == ["dinner"]


def test_a_single_and_a_part_of_a_batch_that_are_throttled_tell_how_long_to_wait(world: World) -> None:
    busy = {"code": "ApplicationThrottled", "headers": {"Retry-After": "2.128"}}
    world.goes_wrong("graph.batch", **busy)
    with pytest.raises(ConnectorError) as all_of_it:
        world.mailbox.write([create("first")])
    world.goes_wrong("graph-item.createEvent", nth=2, **busy)

    outcomes = world.mailbox.write([create("second"), create("third"), create("fourth")])

    assert faults(outcomes) == [None, Fault.THROTTLED, None]
    waits = [all_of_it.value.retry_after, outcomes[1].error.retry_after if outcomes[1].error else None]
    assert waits == [timedelta(seconds=2.128)] * 2
    assert subjects(world) == ["fourth", "second"]


# --- series


def test_exceptions_follow_a_new_series(world: World) -> None:
    moved = Moved(MONDAY + WEEK, Span(MONDAY + WEEK + DAY, MONDAY + WEEK + DAY + HOUR))
    series = replace(WEEKLY, cancelled=(MONDAY + 2 * WEEK,), moved=(moved,))
    write = Write(Verb.CREATE, ItemKind.EVENT, "calendar", key="s", values={f.SUBJECT: "series", f.SERIES: series})

    made = one(world, write)

    found = there(world, made.id).get(f.SERIES)
    assert isinstance(found, Series)
    assert (found.first, found.zone, found.cancelled) == (series.first, series.zone, series.cancelled)
    assert [(each.original, each.span) for each in found.moved] == [(moved.original, moved.span)]


def test_the_same_rule_again_keeps_what_single_occurrences_have_of_their_own(world: World) -> None:
    made = one(world, replace(create("s"), values={f.SUBJECT: "s", f.SERIES: WEEKLY}))
    one(world, update(occurrence_id(made.id, MONDAY + WEEK), {f.SUBJECT: "other"}))

    one(world, update(made.id, {f.SERIES: replace(WEEKLY, cancelled=(MONDAY + 2 * WEEK,)), f.LOCATION: "there"}))

    assert there(world, occurrence_id(made.id, MONDAY + WEEK)).text(f.SUBJECT) == "other"
    found = there(world, made.id).get(f.SERIES)
    assert isinstance(found, Series)
    assert found.cancelled == (MONDAY + 2 * WEEK,)


def test_a_cancelled_occurrence_comes_back_with_the_series_anew(world: World) -> None:
    made = one(world, replace(create("s"), values={f.SUBJECT: "s", f.SERIES: WEEKLY}))
    one(world, delete(occurrence_id(made.id, MONDAY + WEEK)))

    one(world, update(made.id, {f.SERIES: WEEKLY}))

    found = there(world, made.id).get(f.SERIES)
    assert isinstance(found, Series)
    assert found.cancelled == ()


def test_an_occurrence_is_stale_when_somebody_else_wrote_to_its_series(world: World) -> None:
    made = one(world, replace(create("s"), values={f.SUBJECT: "s", f.SERIES: WEEKLY}))
    one(world, update(made.id, {f.LOCATION: "there"}))
    other = world.opened()

    outcomes = other.write([update(occurrence_id(made.id, MONDAY + WEEK), {f.SUBJECT: "x"}, made.version)])

    assert faults(outcomes) == [Fault.STALE]


def test_writes_to_several_occurrences_do_not_outdate_each_other(world: World) -> None:
    made = one(world, replace(create("s"), values={f.SUBJECT: "s", f.SERIES: WEEKLY}))
    for number in (1, 2):
        one(world, update(occurrence_id(made.id, MONDAY + number * WEEK), {f.SUBJECT: "x"}, made.version))
    one(world, update(made.id, {f.LOCATION: "there"}, made.version))

    one(world, delete(occurrence_id(made.id, MONDAY + 3 * WEEK), made.version))


def test_the_last_occurrence_goes_with_its_series(world: World) -> None:
    series = replace(WEEKLY, rule="FREQ=WEEKLY;BYDAY=MO;COUNT=2")
    made = one(world, replace(create("s"), values={f.SUBJECT: "s", f.SERIES: series}))
    for number in (0, 1):
        one(world, delete(occurrence_id(made.id, MONDAY + number * WEEK)))

    assert world.content("calendar") == []


# --- mails, tasks, contacts


def test_mails_are_marked_and_moved_and_keep_their_ids(world: World) -> None:
    world.has("Message", "inbox", Subject="mail", From={"address": "h@globex.example"})
    world.mailbox.folders(["emails"])
    ((ref, _),) = [(change.ref, change) for change in world.mailbox.changes("inbox", None).changes]
    marks = Write(Verb.UPDATE, ItemKind.EMAIL, "inbox", ref.id, values={f.CATEGORIES: ("Salesforce",), f.KEY: "k"})
    one(world, marks)

    moved = one(world, Write(Verb.MOVE, ItemKind.EMAIL, "inbox", ref.id, values={"folder": "emails"}))

    assert moved.id == ref.id
    assert there(world, moved.id, ItemKind.EMAIL, "emails").text(f.KEY) == "k"
    assert world.mailbox.read([ref], Detail.HEAD) == {}


@pytest.mark.parametrize(
    ("kind", "home", "ours", "values"),
    [
        (ItemKind.TASK, "tasks", "synced_tasks", {f.SUBJECT: "Call", f.BODY: "text", f.DUE: date(2026, 12, 1)}),
        (
            ItemKind.CONTACT,
            "contacts",
            "synced_contacts",
            {f.SURNAME: "Simpson", f.PHONE_OTHER: "1", f.EMAIL: "h@x.example"},
        ),
    ],
)
def test_tasks_and_contacts_are_moved_by_making_them_anew(
    world: World, kind: ItemKind, home: str, ours: str, values: Fields
) -> None:
    world.mailbox.folders([ours])
    made = one(world, Write(Verb.CREATE, kind, home, key="key", values=values))
    cursor = world.mailbox.changes(home, None).cursor

    moved = one(world, Write(Verb.MOVE, kind, home, made.id, made.version, values={"folder": ours}))

    item = there(world, moved.id, kind, ours)
    assert item.fields.items() >= values.items()
    assert (item.text(f.KEY), item.version) == ("key", moved.version)
    assert [change.deleted for change in world.mailbox.changes(home, cursor).changes] == [True]
    assert world.mailbox.find(["key"])["key"] == ItemRef(Side.MAILBOX, kind, moved.id, ours)


@pytest.mark.parametrize("kind", [ItemKind.TASK, ItemKind.CONTACT])
def test_a_move_that_broke_off_is_completed_when_it_is_tried_again(world: World, kind: ItemKind) -> None:
    home, ours = (f"{kind.value}s", f"synced_{kind.value}s")
    world.mailbox.folders([ours])
    name = f.SUBJECT if kind is ItemKind.TASK else f.SURNAME
    made = one(world, Write(Verb.CREATE, kind, home, key="key", values={name: "once"}))
    move = Write(Verb.MOVE, kind, home, made.id, values={"folder": ours})
    world.goes_wrong(f"graph-item.delete{kind.value.title()}", code="ErrorInternalServerError", status=500)
    assert faults(world.mailbox.write([move])) == [Fault.UNKNOWN]

    one(world, replace(move, retrying=True))

    assert len(world.content(home)) == 0
    assert len(world.content(f"Salesforce {kind.value.title()}s")) == 1


def test_the_key_of_a_task_is_a_link_that_is_changed_and_taken_off(world: World) -> None:
    made = one(world, Write(Verb.CREATE, ItemKind.TASK, "tasks", key="first", values={f.SUBJECT: "Call"}))
    found = []
    for key in ("second", None):
        values: Fields = {f.KEY: key, f.SUBJECT: f"Call {key}"}
        changed = one(world, Write(Verb.UPDATE, ItemKind.TASK, "tasks", made.id, values=values))
        item = there(world, made.id, ItemKind.TASK, "tasks")
        found.append(item.text(f.KEY))
        assert changed.version == item.version

    assert found == ["second", ""]


def test_one_entry_of_a_card_is_changed_and_all_others_stay(world: World) -> None:
    emails = {"EmailAddress1": "a@x.example", "EmailAddress2": "b@x.example"}
    world.has(
        "Contact", "contacts", Surname="Simpson", EmailAddresses=emails,
        PhoneNumbers={"BusinessPhone": "1", "BusinessPhone2": "2", "HomePhone": "3", "Pager": "4"},
        PhysicalAddresses={"Business": {"City": "Springfield", "Street": "Evergreen"}, "Home": {"City": "Here"}},
    )  # fmt: skip
    (change,) = world.mailbox.changes("contacts", None).changes
    values: Fields = {f.EMAIL: "c@x.example", f.PHONE_BUSINESS: "9", "business_city": "Shelbyville"}

    one(world, Write(Verb.UPDATE, ItemKind.CONTACT, "contacts", change.ref.id, values=values))

    found = world.content("contacts")[0]["values"]
    assert found["EmailAddresses"] == {"EmailAddress1": "c@x.example", "EmailAddress2": "b@x.example"}
    assert found["PhoneNumbers"] == {"BusinessPhone": "9", "BusinessPhone2": "2", "HomePhone": "3", "Pager": "4"}
    assert found["PhysicalAddresses"] == {
        "Business": {"City": "Shelbyville", "Street": "Evergreen"}, "Home": {"City": "Here"},
    }  # fmt: skip


def test_whatever_is_sent_prefers_ids_that_stay_and_the_clock_of_utc(world: World, wire: list[Exchange]) -> None:
    made = one(world, create("lunch"))
    there(world, made.id)

    parts = [part for each in wire if each.url.endswith("/$batch") for part in each.body["requests"]]
    assert parts
    assert all('IdType="ImmutableId", outlook.timezone="UTC"' in part["headers"]["Prefer"] for part in parts)


def test_nothing_to_write_costs_nothing(world: World) -> None:
    assert world.counted(lambda: world.mailbox.write([])) == {}


def test_a_folder_that_is_gone_is_told_before_anything_is_written(world: World) -> None:
    with pytest.raises(ConnectorError) as told:
        world.mailbox.write([Write(Verb.CREATE, ItemKind.TASK, "synced_tasks", key="k", values={f.SUBJECT: "x"})])

    assert (told.value.fault, told.value.scope) == (Fault.NOT_FOUND, Scope.CONTAINER)
