"""What the connector writes over real HTTP: silently, in batches, each item by itself, and twice at no harm."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange.mailbox import ExchangeMailbox
from connectors.protocols import Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Attendee, Fields, Item, ItemKind, Role, Span
from tests.support.exchange import World, email, event

TEN, ELEVEN = "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"
SPAN = Span(datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC))


def create(key: str, *, retrying: bool = False, **values: Any) -> Write:
    fields: Fields = {f.SUBJECT: key, f.SPAN: SPAN, **values}
    return Write(Verb.CREATE, ItemKind.EVENT, "calendar", key=key, values=fields, retrying=retrying)


def update(outcome: Outcome, values: Fields, *, conditional: bool = True) -> Write:
    version = outcome.version if conditional else ""
    return Write(Verb.UPDATE, ItemKind.EVENT, "calendar", outcome.id, version, values=values)


def delete(identifier: str, version: str = "") -> Write:
    return Write(Verb.DELETE, ItemKind.EVENT, "calendar", identifier, version)


def read(mailbox: ExchangeMailbox, identifier: str) -> Item:
    found = mailbox.read([event(identifier)], Detail.BODY)[event(identifier)]
    assert isinstance(found, Item)
    return found


FULL: Fields = {
    f.SUBJECT: "Plan <&> \u00e4\U0001f600", f.LOCATION: "Room 1", f.BODY: "One\nTwo", f.SPAN: SPAN,
    f.SHOW_AS: "tentative", f.REMINDER: 30, f.SENSITIVITY: "private", f.CATEGORIES: ("Salesforce", "Own"),
    f.ATTENDEES: (Attendee("bob@x.example", "Bob"), Attendee("carl@x.example", "Carl", Role.OPTIONAL),
                  Attendee("room@x.example", "Room", Role.RESOURCE)),
}  # fmt: skip


def test_a_created_event_reads_back_as_it_was_written_and_bears_its_key(world: World) -> None:
    (made,) = world.mailbox.write([create("key-1", **FULL)])

    item = read(world.mailbox, made.id)

    assert made.error is None
    assert item.version == made.version
    assert {name: item.get(name) for name in FULL} == dict(FULL)
    assert item.text(f.KEY) == "key-1"


@pytest.mark.parametrize(
    "span",
    [
        Span(date(2026, 3, 29), date(2026, 3, 30)),  # the clocks go forward
        Span(date(2026, 10, 25), date(2026, 10, 26)),  # and back
        Span(date(2026, 12, 31), date(2027, 1, 3)),
    ],
)
def test_an_all_day_event_is_whole_days_where_its_owner_lives(world: World, span: Span) -> None:
    (made,) = world.mailbox.write([create("day", **{f.SPAN: span})])

    assert read(world.mailbox, made.id).get(f.SPAN) == span
    assert read(world.opened(time_zone="Pacific/Apia"), made.id).get(f.SPAN) == span
    (stored,) = world.content("calendar")
    assert stored["values"]["StartTimeZone"] == "W. Europe Standard Time"


def test_an_event_turns_from_timed_to_all_day_and_back(world: World) -> None:
    (made,) = world.mailbox.write([create("turns")])
    days = Span(date(2026, 5, 1), date(2026, 5, 3))

    (second,) = world.mailbox.write([update(made, {f.SPAN: days})])
    assert read(world.mailbox, made.id).get(f.SPAN) == days
    (third,) = world.mailbox.write([update(second, {f.SPAN: SPAN})])

    assert third.error is None
    assert read(world.mailbox, made.id).get(f.SPAN) == SPAN


def test_a_thousand_creates_cost_twenty_calls_and_not_a_single_mail(world: World) -> None:
    writes = [create(f"key-{number}", **{f.ATTENDEES: (Attendee("bob@x.example"),)}) for number in range(1000)]

    def write_all() -> None:
        for start in range(0, len(writes), world.mailbox.batch_size):
            outcomes = world.mailbox.write(writes[start : start + world.mailbox.batch_size])
            assert all(outcome.error is None for outcome in outcomes)

    assert world.counted(write_all) == {"CreateItem": 20}
    assert world.server.sandbox.ledger.mails() == []


def test_an_update_changes_the_given_fields_only_and_empties_with_none(world: World) -> None:
    (made,) = world.mailbox.write([create("key", **FULL)])

    (done,) = world.mailbox.write(
        [update(made, {f.SUBJECT: "New", f.LOCATION: None, f.REMINDER: None, f.CATEGORIES: (), f.BODY: None})]
    )

    item = read(world.mailbox, made.id)
    assert (done.id, done.version) == (made.id, item.version)
    assert done.version != made.version
    assert [item.get(name) for name in (f.SUBJECT, f.LOCATION, f.REMINDER, f.CATEGORIES, f.BODY)] == [
        "New", "", None, (), "",
    ]  # fmt: skip
    assert item.get(f.ATTENDEES) == FULL[f.ATTENDEES]
    assert item.get(f.SPAN) == SPAN
    assert world.server.sandbox.ledger.mails() == []


def test_attendees_are_replaced_list_by_list(world: World) -> None:
    (made,) = world.mailbox.write([create("key", **FULL)])
    people = (Attendee("bob@x.example", "Bob", Role.OPTIONAL), Attendee("dora@x.example", "Dora"))

    world.mailbox.write([update(made, {f.ATTENDEES: people})])

    assert read(world.mailbox, made.id).get(f.ATTENDEES) == people


def test_one_conflict_leaves_the_rest_of_the_batch_alone(world: World) -> None:
    made = world.mailbox.write([create(f"key-{number}") for number in range(5)])
    world.edits(made[2].id, Subject="edited meanwhile")

    calls: list[list[Outcome]] = []
    writes = [update(outcome, {f.LOCATION: "here"}) for outcome in made]
    counted = world.counted(lambda: calls.append(world.mailbox.write(writes)))

    (outcomes,) = calls
    assert counted == {"UpdateItem": 1}
    assert [outcome.error.fault if outcome.error else None for outcome in outcomes] == [
        None,
        None,
        Fault.STALE,
        None,
        None,
    ]
    assert outcomes[2].error is not None
    assert outcomes[2].error.scope is Scope.ITEM
    assert [read(world.mailbox, outcome.id).text(f.LOCATION) for outcome in made] == [
        "here",
        "here",
        "",
        "here",
        "here",
    ]


def test_without_a_version_the_write_wins(world: World) -> None:
    (made,) = world.mailbox.write([create("key")])
    world.edits(made.id, Subject="edited meanwhile")

    calls = world.counted(lambda: world.mailbox.write([update(made, {f.SUBJECT: "mine"}, conditional=False)]))

    assert calls == {"GetItem": 1, "UpdateItem": 1}
    assert read(world.mailbox, made.id).text(f.SUBJECT) == "mine"


def test_what_is_gone_cannot_be_updated_but_counts_as_deleted(world: World) -> None:
    (gone, kept) = world.mailbox.write([create("gone"), create("kept")])
    world.control("items/delete", mailbox=world.config.address, id=gone.id, hard=True)

    updated = world.mailbox.write([update(gone, {f.SUBJECT: "x"}), update(kept, {f.SUBJECT: "x"})])
    loose = world.mailbox.write([update(gone, {f.SUBJECT: "y"}, conditional=False)])
    deleted = world.mailbox.write([delete(gone.id), delete(kept.id)])

    assert updated[0].error is not None
    assert updated[0].error.fault is Fault.NOT_FOUND
    assert updated[1].error is None
    assert loose[0].error is not None
    assert loose[0].error.fault is Fault.NOT_FOUND
    assert [outcome.error for outcome in deleted] == [None, None]
    assert world.content("calendar") == []


def test_deleting_a_meeting_moves_it_to_deleted_items_and_tells_nobody(world: World) -> None:
    (made,) = world.mailbox.write([create("key", **FULL)])

    calls = world.counted(lambda: world.mailbox.write([delete(made.id)]))

    assert calls == {"DeleteItem": 1}
    assert len(world.content("deleteditems")) == 1
    assert world.server.sandbox.ledger.mails() == []


def test_a_delete_with_an_old_version_deletes_nothing(world: World) -> None:
    (made, other) = world.mailbox.write([create("key"), create("other")])
    world.edits(made.id, Subject="edited meanwhile")

    outcomes = world.mailbox.write([delete(made.id, made.version), delete(other.id, other.version)])

    assert outcomes[0].error is not None
    assert outcomes[0].error.fault is Fault.STALE
    assert outcomes[1].error is None
    assert len(world.content("calendar")) == 1


def test_a_value_that_exchange_cannot_take_fails_alone(world: World) -> None:
    outcomes = world.mailbox.write([create("a"), create("b", **{f.SUBJECT: "x" * 300}), create("c")])

    assert [outcome.error is None for outcome in outcomes] == [True, False, True]
    assert outcomes[1].error is not None
    assert (outcomes[1].error.fault, outcomes[1].error.fields) == (Fault.INVALID, (f.SUBJECT,))
    assert len(world.content("calendar")) == 2


def test_a_create_whose_answer_was_lost_is_unknown_and_adopted_on_retry(world: World) -> None:
    world.goes_wrong("CreateItem", drop_after=True)

    first = world.mailbox.write([create("key-1"), create("key-2")])
    retried = [create("key-1", retrying=True), create("key-2", retrying=True), create("key-3", retrying=True)]
    outcomes: list[Outcome] = []
    calls = world.counted(lambda: outcomes.extend(world.mailbox.write(retried)))

    assert [outcome.error.fault for outcome in first if outcome.error] == [Fault.UNKNOWN, Fault.UNKNOWN]
    assert calls == {"FindItem": 1, "CreateItem": 1}
    assert [outcome.adopted for outcome in outcomes] == [True, True, False]
    assert all(outcome.error is None and outcome.version for outcome in outcomes)
    assert len(world.content("calendar")) == 3
    assert [read(world.mailbox, outcome.id).text(f.KEY) for outcome in outcomes] == ["key-1", "key-2", "key-3"]


def test_a_retry_that_finds_everything_creates_nothing(world: World) -> None:
    world.mailbox.write([create("key")])

    assert world.counted(lambda: world.mailbox.write([create("key", retrying=True)])) == {"FindItem": 1}


@pytest.mark.parametrize("action", [{"drop_before": True}, {"drop_after": True}, {"truncate": 200}, {"status": 502}])
def test_an_outcome_that_nobody_told_is_unknown_for_every_write(world: World, action: dict[str, Any]) -> None:
    made = world.mailbox.write([create("a"), create("b")])
    world.goes_wrong("UpdateItem", **action)

    outcomes = world.mailbox.write([update(outcome, {f.SUBJECT: "x"}) for outcome in made])

    assert [outcome.error.fault for outcome in outcomes if outcome.error] == [Fault.UNKNOWN, Fault.UNKNOWN]


def test_a_throttled_write_is_raised_with_the_time_to_wait_and_was_sent_once(world: World) -> None:
    world.goes_wrong("CreateItem", code="ErrorServerBusy", headers={"Retry-After": "1.5"})

    with pytest.raises(ConnectorError) as caught:
        world.mailbox.write([create("a")])

    assert caught.value.fault is Fault.THROTTLED
    assert caught.value.retry_after is not None
    assert caught.value.retry_after.total_seconds() == 1.5
    assert world.calls["CreateItem"] == 1
    assert world.mailbox.write([create("a")])[0].error is None


def test_marks_go_onto_mails_and_mails_into_other_folders(world: World) -> None:
    world.mailbox.folders(["emails"])
    mail = world.has("Message", "inbox", Subject="Offer", Categories=["Own"])
    marks = {f.CATEGORIES: ("Own", "Salesforce"), f.KEY: "key-1"}

    (marked,) = world.mailbox.write([Write(Verb.UPDATE, ItemKind.EMAIL, "inbox", mail, values=marks)])
    (moved,) = world.mailbox.write([Write(Verb.MOVE, ItemKind.EMAIL, "inbox", mail, values={"folder": "emails"})])

    assert marked.error is None
    assert moved.error is None
    assert moved.id not in ("", mail)
    (change,) = world.mailbox.changes("emails", None).changes
    assert change.ref == email(moved.id, "emails")
    assert change.item is not None
    assert change.item.version == moved.version
    assert {name: change.item.get(name) for name in marks} == marks
    assert world.mailbox.changes("inbox", None).changes == ()


def test_meeting_requests_can_be_marked_like_mail(world: World) -> None:
    world.control("mailboxes", address="boss@corp.example", name="Boss")
    meeting = {"Subject": "Come", "Start": TEN, "End": ELEVEN, "RequiredAttendees": [{"address": world.config.address}]}
    world.control("items", mailbox="boss@corp.example", values=meeting, send=True)
    (change,) = world.mailbox.changes("inbox", None).changes
    assert change.item is not None

    mark = Write(
        Verb.UPDATE, ItemKind.EMAIL, "inbox", change.ref.id, change.item.version, values={f.CATEGORIES: ("S",)}
    )
    (outcome,) = world.mailbox.write([mark])

    assert outcome.error is None
    (after,) = world.mailbox.changes("inbox", None).changes
    assert after.item is not None
    assert after.item.get(f.CATEGORIES) == ("S",)


def test_mails_are_never_created(world: World) -> None:
    (outcome,) = world.mailbox.write([Write(Verb.CREATE, ItemKind.EMAIL, "inbox", key="k", values={})])

    assert outcome.error is not None
    assert outcome.error.fault is Fault.INVALID


def test_tasks_are_created_changed_and_deleted(world: World) -> None:
    values = {f.SUBJECT: "Call back", f.BODY: "soon", f.CATEGORIES: ("Salesforce",)}
    (made,) = world.mailbox.write([Write(Verb.CREATE, ItemKind.TASK, "tasks", key="t", values=values)])
    (changed,) = world.mailbox.write(
        [Write(Verb.UPDATE, ItemKind.TASK, "tasks", made.id, made.version, values={f.SUBJECT: "Done"})]
    )

    (change,) = world.mailbox.changes("tasks", None).changes
    item = world.mailbox.read([change.ref], Detail.BODY)[change.ref]

    assert changed.error is None
    assert isinstance(item, Item)
    assert [item.get(name) for name in (f.SUBJECT, f.BODY, f.CATEGORIES, f.KEY)] == [
        "Done",
        "soon",
        ("Salesforce",),
        "t",
    ]
    assert world.mailbox.write([Write(Verb.DELETE, ItemKind.TASK, "tasks", made.id)])[0].error is None


def test_nothing_to_write_costs_nothing(world: World) -> None:
    (made,) = world.mailbox.write([create("key")])

    assert world.counted(lambda: world.mailbox.write([])) == {}
    assert world.counted(lambda: world.mailbox.write([update(made, {})])) == {}
