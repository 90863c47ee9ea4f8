"""What the connector hears and reads over real HTTP, and at what price."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Change, Detail, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Side
from tests.support.csdl import Exchange
from tests.support.graph import ADDRESS, World

TEN, ELEVEN = "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"


def told(changes: tuple[Change, ...], world: World, *, deleted: bool = False) -> list[str]:
    """The subjects of what changed and is there."""
    refs = [change.ref for change in changes if not change.deleted]
    found = world.mailbox.read(refs, Detail.HEAD)
    return sorted(item.text(f.SUBJECT) for item in found.values() if isinstance(item, Item))


def test_opening_a_mailbox_sends_nothing(world: World) -> None:
    assert world.counted(lambda: world.opened()) == {}


def test_the_first_look_lists_everything_and_an_idle_one_costs_a_single_call(world: World) -> None:
    for number, day in enumerate(("2024-01-01", "2026-11-23", "2033-01-01")):
        world.has(Subject=f"event {number}", Start=f"{day}T10:00:00Z", End=f"{day}T11:00:00Z")

    first = world.mailbox.changes("calendar", None)
    calls = world.counted(lambda: world.mailbox.changes("calendar", first.cursor))

    assert told(first.changes, world) == ["event 0", "event 1", "event 2"]
    assert first.complete
    assert calls == {"calendarViewDelta": 1}
    assert world.mailbox.changes("calendar", first.cursor).changes == ()
    assert not world.mailbox.changes("calendar", first.cursor).complete


def test_all_folders_are_asked_in_one_call(world: World) -> None:
    roles = ("calendar", "inbox", "sent", "tasks", "contacts", "deleted")
    cursors = {role: world.mailbox.changes(role, None).cursor for role in roles}
    world.has("Message", "inbox", Subject="mail", From={"address": "h@globex.example"})

    def look() -> None:
        world.mailbox.poll(cursors)
        assert [role for role in roles if world.mailbox.changes(role, cursors[role]).changes] == ["inbox"]

    assert world.counted(look) == {"batch": 1}


def test_a_cursor_that_is_of_no_use_does_not_keep_the_others_from_being_asked(world: World) -> None:
    cursors = {role: world.mailbox.changes(role, None).cursor for role in ("calendar", "inbox")} | {"sent": "bm90"}
    world.control("ews/cursors/forget", mailbox=ADDRESS)
    world.has("Message", "inbox", Subject="mail", From={"address": "h@globex.example"})
    cursors["inbox"] = world.mailbox.changes("inbox", None).cursor

    world.mailbox.poll(cursors)

    for role in ("calendar", "sent"):
        with pytest.raises(ConnectorError) as lost:
            world.mailbox.changes(role, cursors[role])
        assert (lost.value.fault, lost.value.scope) == (Fault.CURSOR_LOST, Scope.CONTAINER)
    assert world.mailbox.changes("inbox", cursors["inbox"]).changes == ()


def test_what_happened_since_the_cursor_is_told_with_version_and_marks(world: World) -> None:
    kept, gone = (world.has(Subject=name, Start=TEN, End=ELEVEN) for name in ("kept", "gone"))
    cursor = world.mailbox.changes("calendar", None).cursor
    world.edits(kept, Categories=["Salesforce"], Sensitivity="Private")
    world.deletes(gone)

    found = {change.deleted: change for change in world.mailbox.changes("calendar", cursor).changes}

    item = found[False].item
    assert item is not None
    assert (item.get(f.CATEGORIES), item.get(f.SENSITIVITY)) == (("Salesforce",), "private")
    (read,) = world.mailbox.read([item.ref], Detail.HEAD).values()
    assert isinstance(read, Item)
    assert read.version == item.version
    assert set(found) == {True, False}


def test_a_change_outside_of_the_window_is_told_as_a_change(world: World) -> None:
    far = world.has(Subject="far", Start="2033-01-01T10:00:00Z", End="2033-01-01T11:00:00Z")
    cursor = world.mailbox.changes("calendar", None).cursor
    world.edits(far, Subject="farther")

    changes = world.mailbox.changes("calendar", cursor)
    assert told(changes.changes, world) == ["farther"]

    world.deletes(far)
    assert [each.deleted for each in world.mailbox.changes("calendar", changes.cursor).changes] == [True]


def test_a_series_is_told_as_its_master_whichever_of_its_occurrences_changed(world: World) -> None:
    start = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
    master = world.series("FREQ=DAILY;COUNT=30", start)
    cursor = world.mailbox.changes("calendar", None).cursor
    for act in (
        lambda: world.edits(master, start + timedelta(days=1), Subject="other"),
        lambda: world.deletes(master, start + timedelta(days=2)),
        lambda: world.edits(master, Location="there"),
    ):
        act()
        answer = world.mailbox.changes("calendar", cursor)
        cursor = answer.cursor
        assert told(answer.changes, world) == ["series"]
    (change,) = answer.changes
    assert change.item is not None
    assert change.item.get(f.RECURRENCE) == "master"


def test_a_long_history_comes_in_pages(world: World) -> None:
    for number in range(401):
        world.has("Message", "inbox", Subject=f"mail {number}", From={"address": "h@globex.example"})

    calls = world.counted(lambda: world.mailbox.changes("inbox", None))

    assert calls == {"token": 1, "messagesDelta": 3}
    assert len(world.mailbox.changes("inbox", None).changes) == 401


def test_an_item_that_is_moved_keeps_its_id_and_is_gone_from_its_folder(world: World) -> None:
    mail = world.has("Message", "inbox", Subject="mail", From={"address": "h@globex.example"})
    first = world.mailbox.changes("inbox", None)
    sent = world.mailbox.changes("sent", None).cursor
    world.moves(mail, "sentitems")

    (gone,) = world.mailbox.changes("inbox", first.cursor).changes
    (come,) = world.mailbox.changes("sent", sent).changes

    assert (gone.ref, gone.deleted) == (first.changes[0].ref, True)
    assert come.ref == ItemRef(Side.MAILBOX, ItemKind.EMAIL, gone.ref.id, "sent")
    assert world.mailbox.read([gone.ref, come.ref], Detail.HEAD).keys() == {come.ref}


def test_reading_costs_one_call_for_twenty_and_bodies_only_when_asked_for(world: World, wire: list[Exchange]) -> None:
    for number in range(21):
        world.has(Subject=f"event {number}", Start=TEN, End=ELEVEN, Body={"text": "secret"})
    refs = [change.ref for change in world.mailbox.changes("calendar", None).changes]
    wire.clear()

    assert world.counted(lambda: world.mailbox.read(refs, Detail.HEAD)) == {"batch": 2}

    assert "secret" not in str([each.answer for each in wire])
    assert world.counted(lambda: world.mailbox.read(refs, Detail.BODY)) == {"batch": 3}


def test_what_is_gone_is_absent_and_does_not_hide_the_rest(world: World) -> None:
    gone, kept = (world.has(Subject=name, Start=TEN, End=ELEVEN) for name in ("gone", "kept"))
    refs = [change.ref for change in world.mailbox.changes("calendar", None).changes]
    world.deletes(gone)
    unknown = ItemRef(Side.MAILBOX, ItemKind.EVENT, "AAAA", "calendar")

    found = world.mailbox.read([*refs, unknown], Detail.HEAD)

    assert [item.text(f.SUBJECT) for item in found.values() if isinstance(item, Item)] == ["kept"]
    assert kept


def test_what_vanished_is_found_by_its_key_wherever_it_went(world: World) -> None:
    own = {"PropertySetId": "9d0f3c5e-6a5b-4e0c-8f57-2b8f1c7a4e63", "PropertyName": "InboxSyncKey"}

    def keyed(key: str) -> dict[str, object]:
        return {"ExtendedProperty": [{"uri": {**own, "PropertyType": "String"}, "value": key}]}

    world.control("ews/folders", mailbox=ADDRESS, name="Second", parent="calendar", **{"class": "IPF.Appointment"})
    world.control("ews/folders", mailbox=ADDRESS, name="Family", parent="contacts", **{"class": "IPF.Contact"})
    moved = world.has(Subject="moved", Start=TEN, End=ELEVEN, **keyed("moved"))
    deleted = world.has(Subject="deleted", Start=TEN, End=ELEVEN, **keyed("deleted"))
    world.has(Subject="there", Start=TEN, End=ELEVEN, **keyed("it's there"))
    contact = world.has("Contact", "contacts", Surname="Simpson", **keyed("contact"))
    world.moves(moved, "Second")
    world.moves(contact, "Family")
    world.deletes(deleted)

    found = world.mailbox.find(["moved", "deleted", "it's there", "contact", "never"])

    assert {key: (ref.kind.value, ref.container) for key, ref in found.items()} == {
        "moved": ("event", "elsewhere"), "it's there": ("event", "calendar"), "contact": ("contact", "elsewhere"),
    }  # fmt: skip
    assert told(tuple(Change(ref) for ref in found.values()), world)[-2:] == ["moved", "there"]


def test_a_task_that_was_moved_to_a_list_of_the_users_own_is_found_and_read_there(world: World) -> None:
    write = Write(Verb.CREATE, ItemKind.TASK, "tasks", key="key", values={f.SUBJECT: "Call"})
    assert world.mailbox.write([write])[0].error is None
    world.control("ews/folders", mailbox=ADDRESS, name="Private", parent="tasks", **{"class": "IPF.Task"})
    task = next(item["id"] for item in world.content("tasks"))
    world.moves(task, "Private")

    place = world.mailbox.find(["key"])["key"]

    assert place.container == "elsewhere"
    assert told((Change(place),), world) == ["Call"]
    # another run does not remember where it was found
    assert [item.version for item in world.opened().read([place], Detail.HEAD).values() if isinstance(item, Item)]
    gone = replace(place, id=place.id[::-1])
    assert world.opened().read([gone], Detail.HEAD) == {}


def test_looking_for_nothing_costs_nothing(world: World) -> None:
    assert world.counted(lambda: world.mailbox.find([])) == {}


# --- folders, categories, addresses, claims


def test_folders_and_categories_are_made_once_and_found_again(world: World) -> None:
    roles = ("emails", "synced_tasks", "synced_contacts")
    made = world.mailbox.folders(roles)

    again = world.opened()
    calls = world.counted(lambda: again.folders(roles))

    assert again.folders(roles) == made
    assert calls == {"batch": 1, "listCategories": 1}
    assert again.known_folders() >= set(roles)
    assert world.over_ews.folders(roles).keys() == set(roles)


def test_a_list_of_categories_that_may_not_be_changed_is_no_failure(world: World) -> None:
    world.goes_wrong("graph.listCategories", status=403)

    assert "emails" in world.mailbox.folders(["emails"])


def test_a_managed_folder_that_somebody_removed_is_not_found(world: World) -> None:
    world.mailbox.folders(["emails"])
    cursor = world.mailbox.changes("emails", None).cursor
    world.control("ews/folders/delete", mailbox=ADDRESS, folder="Salesforce Emails")

    for known in (cursor, None):
        with pytest.raises(ConnectorError) as told_of:
            world.mailbox.changes("emails", known)
        assert (told_of.value.fault, told_of.value.scope) == (Fault.NOT_FOUND, Scope.CONTAINER)


def test_the_mailbox_knows_its_addresses(world: World) -> None:
    world.control("ews/mailboxes", address=ADDRESS, name="Anna", aliases=["Annie@corp.example"])
    assert world.mailbox.aliases() == {ADDRESS, "annie@corp.example"}

    world.goes_wrong("graph.getUser", status=403)
    assert world.mailbox.aliases() == {ADDRESS}


def test_a_mailbox_remembers_who_has_set_it_up_until_that_is_taken_back(world: World) -> None:
    assert world.mailbox.claimed_by() == ""
    world.mailbox.folders(["emails"])
    world.mailbox.claim("acme/1")
    assert world.opened().claimed_by() == "acme/1"

    world.mailbox.withdraw()

    assert world.opened().claimed_by() == ""
