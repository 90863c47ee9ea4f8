"""Tasks and contacts: lists and groups as folders, what stands beside them, and what it costs."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import DELETED, ELSEWHERE, Item, ItemKind, ItemRef
from tests.support.google import World, contact, task

MARKED = ("Salesforce", "Status: Tracked successfully")


@pytest.fixture(autouse=True)
def _folders(world: World) -> None:
    world.mailbox.folders(["synced_tasks", "synced_contacts"])


def write(verb: Verb, kind: ItemKind, target: str, identifier: str = "", version: str = "", **values: Any) -> Write:
    return Write(verb, kind, target, identifier, version, values=values)


def done(world: World, *writes: Write) -> list[Outcome]:
    outcomes = world.mailbox.write(writes)
    assert [outcome.error for outcome in outcomes] == [None] * len(writes)
    return outcomes


def failed(world: World, *writes: Write) -> list[Fault | None]:
    return [outcome.error.fault if outcome.error else None for outcome in world.mailbox.write(writes)]


def read(world: World, ref: ItemRef) -> Item:
    found = world.mailbox.read([ref], Detail.BODY)[ref]
    assert isinstance(found, Item), found
    return found


# --- tasks


def new_task(key: str = "tk:1", *, retrying: bool = False, **values: Any) -> Write:
    given = {f.SUBJECT: "Call", **values}
    return Write(Verb.CREATE, ItemKind.TASK, "synced_tasks", key=key, retrying=retrying, values=given)


def test_a_task_is_read_back_as_it_was_written(world: World) -> None:
    values = {f.SUBJECT: "Call", f.BODY: "Ask about\nthe offer", f.DUE: date(2026, 12, 4), f.STATUS: "completed"}
    (made,) = done(world, new_task(**values, **{f.IMPORTANCE: "high", f.REMINDER_AT: None, f.CATEGORIES: MARKED}))
    item = read(world, task(made.id))
    assert {name: item.get(name) for name in values} == values
    assert (item.get(f.KEY), item.version) == ("tk:1", made.version)
    assert not {f.IMPORTANCE, f.CATEGORIES} & item.fields.keys()
    notes = world.content()["tasks"]["Salesforce tasks"][0]["notes"]
    assert notes == "Ask about\nthe offer\n\n[Inbox Sync: tk:1]"


def test_what_stands_below_the_notes_outlives_an_edit_of_either_side(world: World) -> None:
    (made,) = done(world, new_task(**{f.BODY: "One"}))
    done(world, write(Verb.UPDATE, ItemKind.TASK, "synced_tasks", made.id, made.version, **{f.BODY: "Two"}))
    item = read(world, task(made.id))
    assert (item.text(f.BODY), item.get(f.KEY)) == ("Two", "tk:1")
    done(world, write(Verb.UPDATE, ItemKind.TASK, "synced_tasks", made.id, **{f.KEY: None}))
    assert world.content()["tasks"]["Salesforce tasks"][0]["notes"] == "Two"


def test_notes_that_are_too_long_are_refused_rather_than_cut(world: World) -> None:
    assert failed(world, new_task(**{f.BODY: "x" * 8192})) == [Fault.INVALID]


def test_a_list_costs_one_call_when_nothing_is_new(world: World) -> None:
    world.acts("tasks", list="Salesforce tasks", values={"title": "Call"})
    cursor = world.mailbox.changes("synced_tasks", None).cursor
    assert world.counted(lambda: world.mailbox.changes("synced_tasks", cursor)) == {"tasks.tasks.list": 1}
    assert world.mailbox.changes("synced_tasks", cursor).changes == ()


def test_changes_of_a_list_are_told_once(world: World) -> None:
    world.server.sandbox.clock.set(world.server.sandbox.clock.now(), frozen=True)
    one = world.acts("tasks", list="Salesforce tasks", values={"title": "One"})["id"]
    first = world.mailbox.changes("synced_tasks", None)
    assert (first.complete, [change.ref.id for change in first.changes]) == (True, [one])
    two = world.acts("tasks", list="Salesforce tasks", values={"title": "Two"})["id"]
    world.acts("tasks/delete", id=one)
    second = world.mailbox.changes("synced_tasks", first.cursor)
    assert {(change.ref.id, change.deleted) for change in second.changes} == {(one, True), (two, False)}
    world.server.sandbox.clock.advance(3600)
    assert world.mailbox.changes("synced_tasks", second.cursor).changes == ()
    with pytest.raises(ConnectorError) as caught:
        world.mailbox.changes("synced_tasks", "bm90IGEgY3Vyc29y")
    assert (caught.value.fault, caught.value.scope) == (Fault.CURSOR_LOST, Scope.CONTAINER)


def test_a_task_is_moved_changed_and_deleted_at_its_version_only(world: World) -> None:
    one = world.acts("tasks", values={"title": "One"})["id"]
    version = read(world, task(one, "tasks")).version
    moving = write(Verb.MOVE, ItemKind.TASK, "tasks", one, version, folder="synced_tasks")
    (moved,) = done(world, moving)
    assert read(world, task(moved.id)).text(f.SUBJECT) == "One"
    renaming = {f.SUBJECT: "Two"}
    assert failed(world, write(Verb.UPDATE, ItemKind.TASK, "synced_tasks", one, version, **renaming)) == [Fault.STALE]
    assert failed(world, write(Verb.DELETE, ItemKind.TASK, "synced_tasks", one, version)) == [Fault.STALE]
    done(world, write(Verb.DELETE, ItemKind.TASK, "synced_tasks", one, moved.version))
    done(world, write(Verb.DELETE, ItemKind.TASK, "synced_tasks", one))
    assert world.mailbox.read([task(one)], Detail.HEAD) == {}


def test_a_deleted_task_comes_back_where_it_stood(world: World) -> None:
    (made,) = done(world, new_task())
    done(world, write(Verb.DELETE, ItemKind.TASK, "synced_tasks", made.id))
    (back,) = done(world, write(Verb.MOVE, ItemKind.TASK, DELETED, made.id, folder="synced_tasks"))
    assert back.id == made.id
    assert read(world, task(made.id)).version == back.version


def test_a_task_whose_first_try_was_not_answered_is_made_once(world: World) -> None:
    world.goes_wrong("tasks.tasks.insert", drop_after=True)
    (lost,) = world.mailbox.write([new_task()])
    assert lost.error is not None
    assert lost.error.fault is Fault.UNKNOWN
    (again,) = done(world, new_task(retrying=True))
    assert again.adopted
    assert len(world.content()["tasks"]["Salesforce tasks"]) == 1


@pytest.mark.rule("MRK-1")
def test_a_list_or_group_that_somebody_deletes_is_missed_and_made_again(world: World) -> None:
    (made,) = done(world, new_task())
    (member,) = done(world, new_contact())
    cursors = {role: world.mailbox.changes(role, None).cursor for role in ("synced_tasks", "synced_contacts")}
    world.acts("lists/delete", title="Salesforce tasks")
    world.acts("groups/delete", name="Salesforce Contacts")
    for role, cursor in cursors.items():
        with pytest.raises(ConnectorError) as caught:
            world.mailbox.changes(role, cursor)
        assert (caught.value.fault, caught.value.scope) == (Fault.NOT_FOUND, Scope.CONTAINER)
        assert role not in world.mailbox.known_folders()
        world.mailbox.folders([role])
    assert world.mailbox.changes("synced_tasks", None).changes == ()
    # whoever deletes a group leaves the contacts, who need not be made again
    assert [change.ref.id for change in world.mailbox.changes("synced_contacts", None).changes] == [member.id]
    assert "Salesforce tasks" in world.content()["tasks"]
    assert made.id not in {change.ref.id for change in world.mailbox.changes("tasks", None).changes}


# --- contacts


def new_contact(key: str = "ct:1", *, retrying: bool = False, **values: Any) -> Write:
    given = {f.SURNAME: "Simpson", **values}
    return Write(Verb.CREATE, ItemKind.CONTACT, "synced_contacts", key=key, retrying=retrying, values=given)


def test_a_contact_is_read_back_as_it_was_written(world: World) -> None:
    texts = {
        name: f"{name} here"
        for name in (
            f.GIVEN_NAME, f.MIDDLE_NAME, f.SURNAME, f.SALUTATION, f.SUFFIX, f.JOB_TITLE, f.COMPANY, f.DEPARTMENT,
            f.PHONE_BUSINESS, f.PHONE_PRIMARY, f.PHONE_MOBILE, f.PHONE_HOME, f.PHONE_OTHER, f.PHONE_ASSISTANT,
            f.FAX_BUSINESS, f.ASSISTANT, f.WEB_PAGE, f.BODY, f.BUSINESS_STREET, f.BUSINESS_CITY, f.BUSINESS_STATE,
            f.BUSINESS_POSTAL_CODE, f.BUSINESS_COUNTRY, f.OTHER_STREET, f.OTHER_CITY, f.OTHER_STATE,
            f.OTHER_POSTAL_CODE, f.OTHER_COUNTRY,
        )
    }  # fmt: skip
    values = {**texts, f.EMAIL: "homer@globex.example", f.BIRTHDAY: date(1956, 5, 12), f.CATEGORIES: MARKED}
    (made,) = done(world, new_contact(**values))
    item = read(world, contact(made.id))
    assert {name: item.get(name) for name in values} == values
    assert (item.get(f.KEY), item.version) == ("ct:1", made.version)
    told = world.content()["contacts"][0]
    assert told["groups"] == ["myContacts", "Salesforce Contacts"]
    emptied = {name: None for name in values if name not in (f.SURNAME, f.CATEGORIES)}
    done(world, write(Verb.UPDATE, ItemKind.CONTACT, "synced_contacts", made.id, made.version, **emptied))
    item = read(world, contact(made.id))
    assert {name for name, value in item.fields.items() if value not in ("", None)} == {
        f.SURNAME, f.CATEGORIES, f.KEY, f.MODIFIED,
    }  # fmt: skip


def test_what_else_stands_on_the_card_stays(world: World) -> None:
    one = world.acts("contacts", groups=["Salesforce Contacts"], values={
        "names": [{"familyName": "Simpson", "phoneticFamilyName": "Sim"}],
        "phoneNumbers": [{"type": "work", "value": "1"}, {"type": "work", "value": "2"}, {"type": "car", "value": "3"}],
        "emailAddresses": [{"value": "h@globex.example", "type": "home"}, {"value": "2@globex.example"}],
        "nicknames": [{"value": "Homie"}],
    })["resourceName"]  # fmt: skip
    changed = {f.PHONE_BUSINESS: "9", f.EMAIL: "new@globex.example", f.GIVEN_NAME: "Homer"}
    done(world, write(Verb.UPDATE, ItemKind.CONTACT, "synced_contacts", one, **changed))
    told = world.content()["contacts"][0]
    assert [(each["type"], each["value"]) for each in told["phoneNumbers"]] == [
        ("work", "9"),
        ("work", "2"),
        ("car", "3"),
    ]
    assert [each["value"] for each in told["emailAddresses"]] == ["new@globex.example", "2@globex.example"]
    assert told["emailAddresses"][0]["type"] == "home"
    assert (told["names"][0]["phoneticFamilyName"], told["nicknames"][0]["value"]) == ("Sim", "Homie")


def test_a_birthday_without_its_year_is_not_told(world: World) -> None:
    one = world.acts("contacts", values={"birthdays": [{"date": {"month": 5, "day": 12}}]})["resourceName"]
    assert f.BIRTHDAY not in read(world, contact(one)).fields


def test_both_folders_of_contacts_cost_one_call_when_nothing_is_new(world: World) -> None:
    world.acts("contacts", values={"names": [{"familyName": "Burns"}]})
    cursors = {role: world.mailbox.changes(role, None).cursor for role in ("contacts", "synced_contacts")}

    def look() -> None:
        for role, cursor in cursors.items():
            assert world.mailbox.changes(role, cursor).changes == ()

    assert world.counted(look) == {"people.people.connections.list": 1}


def test_a_contact_is_told_where_it_stands_and_gone_where_ours_stand(world: World) -> None:
    here = world.acts("contacts", values={"names": [{"familyName": "Burns"}]})["resourceName"]
    ours = world.acts("contacts", groups=["Salesforce Contacts"], values={"names": [{"familyName": "Carl"}]})
    first = {role: world.mailbox.changes(role, None) for role in ("contacts", "synced_contacts")}
    assert [[c.ref.id for c in told.changes] for told in first.values()] == [[here], [ours["resourceName"]]]
    world.acts("contacts/update", id=here.removeprefix("people/"), groups=["Salesforce Contacts"])
    world.acts("contacts/delete", id=ours["resourceName"].removeprefix("people/"))
    found = {role: world.mailbox.changes(role, told.cursor).changes for role, told in first.items()}
    assert found["contacts"] == ()
    assert [(c.ref.id, c.deleted) for c in found["synced_contacts"]] == [(here, False), (ours["resourceName"], True)]


@pytest.mark.parametrize("trouble", ["a week later", "expired"])
def test_a_sync_token_of_contacts_is_good_for_a_week(world: World, trouble: str) -> None:
    cursor = world.mailbox.changes("contacts", None).cursor
    if trouble == "expired":
        world.acts("expire", service="people")
    else:
        world.server.sandbox.clock.advance(timedelta(days=7, minutes=1).total_seconds())
    with pytest.raises(ConnectorError) as caught:
        world.mailbox.changes("contacts", cursor)
    assert (caught.value.fault, caught.value.vendor_code) == (Fault.CURSOR_LOST, "EXPIRED_SYNC_TOKEN")


def test_a_contact_is_moved_changed_and_deleted_at_its_version_only(world: World) -> None:
    one = world.acts("contacts", values={"names": [{"familyName": "Burns"}]})["resourceName"]
    version = read(world, contact(one, "contacts")).version
    (moved,) = done(world, write(Verb.MOVE, ItemKind.CONTACT, "contacts", one, version, folder="synced_contacts"))
    assert world.content()["contacts"][0]["groups"] == ["myContacts", "Salesforce Contacts"]
    renaming = {f.SURNAME: "Carl"}
    old = write(Verb.UPDATE, ItemKind.CONTACT, "synced_contacts", one, version, **renaming)
    assert failed(world, old) == [Fault.STALE]
    assert failed(world, write(Verb.DELETE, ItemKind.CONTACT, "synced_contacts", one, version)) == [Fault.STALE]
    done(world, write(Verb.DELETE, ItemKind.CONTACT, "synced_contacts", one, moved.version))
    done(world, write(Verb.DELETE, ItemKind.CONTACT, "synced_contacts", one))
    assert failed(world, write(Verb.UPDATE, ItemKind.CONTACT, "synced_contacts", one, **renaming)) == [Fault.NOT_FOUND]


def test_a_contact_that_changes_while_it_is_written_is_not_overwritten(world: World) -> None:
    one = world.acts("contacts", groups=["Salesforce Contacts"], values={"names": [{"familyName": "Burns"}]})
    world.goes_wrong("people.people.updateContact", code="FAILED_PRECONDITION")
    renaming = write(Verb.UPDATE, ItemKind.CONTACT, "synced_contacts", one["resourceName"], **{f.SURNAME: "Carl"})
    assert failed(world, renaming) == [Fault.STALE]


def test_a_contact_whose_first_try_was_not_answered_is_made_once(world: World) -> None:
    world.goes_wrong("people.people.createContact", drop_after=True)
    (lost,) = world.mailbox.write([new_contact()])
    assert lost.error is not None
    assert lost.error.fault is Fault.UNKNOWN
    (again,) = done(world, new_contact(retrying=True))
    assert again.adopted
    assert len(world.content()["contacts"]) == 1


def test_keys_are_found_wherever_their_items_stand(world: World) -> None:
    (kept,) = done(world, new_task("tk:1"))
    (moved,) = done(world, new_task("tk:2"))
    (gone,) = done(world, new_task("tk:3"))
    (card,) = done(world, new_contact("ct:1"))
    world.acts("lists", title="Private")
    world.acts("tasks/move", id=moved.id, list="Private")
    world.acts("tasks/delete", id=gone.id)
    world.acts("contacts/update", id=card.id.removeprefix("people/"), groups=[])
    found: dict[str, ItemRef] = {}
    calls = world.counted(lambda: found.update(world.mailbox.find(["tk:1", "tk:2", "tk:3", "tk:4", "ct:1", "ct:2"])))
    assert {key: ref.container for key, ref in found.items()} == {
        "tk:1": "synced_tasks", "tk:2": ELSEWHERE, "tk:3": DELETED, "ct:1": "contacts",
    }  # fmt: skip
    assert (found["tk:1"].id, found["ct:1"].id) == (kept.id, card.id)
    assert sum(calls.values()) == 3
    # what stands elsewhere can be read and written there
    assert read(world, found["tk:2"]).get(f.KEY) == "tk:2"
    done(world, write(Verb.UPDATE, ItemKind.TASK, ELSEWHERE, found["tk:2"].id, **{f.KEY: None}))
    assert f.KEY not in read(world, found["tk:2"]).fields


def test_a_mailbox_says_who_has_set_it_up(world: World) -> None:
    assert world.mailbox.claimed_by() == ""
    world.mailbox.claim("acme/0123")
    assert world.opened().claimed_by() == "acme/0123"
    world.mailbox.withdraw()
    assert world.mailbox.claimed_by() == ""
    assert world.content()["groups"] == ["Salesforce Contacts"]
