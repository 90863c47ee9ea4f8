"""Tasks and contacts over real HTTP: every neutral field both ways, and nothing lost of what Salesforce cannot hold."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from connectors.errors import ConnectorError, Fault
from connectors.exchange.codec import WRITERS
from connectors.protocols import Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Fields, Item, ItemKind, ItemRef, Side
from tests.support.exchange import ADDRESS, World
from tests.support.outlook import CONTACTS, TASKS

HOMES = {ItemKind.TASK: "tasks", ItemKind.CONTACT: "contacts"}
over_http = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def create(kind: ItemKind, values: Fields, key: str = "key-1") -> Write:
    return Write(Verb.CREATE, kind, HOMES[kind], key=key, values=values)


def update(kind: ItemKind, identifier: str, values: Fields, version: str = "") -> Write:
    return Write(Verb.UPDATE, kind, HOMES[kind], identifier, version, values=values)


def written(world: World, kind: ItemKind, values: Fields) -> Outcome:
    (made,) = world.mailbox.write([create(kind, values)])
    assert made.error is None, made.error
    return made


def read(world: World, kind: ItemKind, identifier: str) -> Item:
    ref = ItemRef(Side.MAILBOX, kind, identifier, HOMES[kind])
    found = world.mailbox.read([ref], Detail.BODY)[ref]
    assert isinstance(found, Item), found
    return found


def stored(world: World, kind: ItemKind) -> dict[str, Any]:
    (item,) = world.content(HOMES[kind])
    return dict(item["values"])


# --- every field


@given(TASKS, TASKS)
@over_http
def test_a_task_reads_back_as_it_was_written_and_as_it_was_changed(world: World, first: Fields, second: Fields) -> None:
    made = written(world, ItemKind.TASK, first)
    assert read(world, ItemKind.TASK, made.id).fields.items() >= first.items()

    (changed,) = world.mailbox.write([update(ItemKind.TASK, made.id, second, made.version)])

    assert changed.error is None
    assert read(world, ItemKind.TASK, made.id).fields.items() >= {**first, **second}.items()


@given(CONTACTS, CONTACTS)
@over_http
def test_a_contact_reads_back_as_it_was_written_and_as_it_was_changed(
    world: World, first: Fields, second: Fields
) -> None:
    made = written(world, ItemKind.CONTACT, first)
    assert read(world, ItemKind.CONTACT, made.id).fields.items() >= first.items()

    (changed,) = world.mailbox.write([update(ItemKind.CONTACT, made.id, second, made.version)])

    assert changed.error is None
    assert read(world, ItemKind.CONTACT, made.id).fields.items() >= {**first, **second}.items()


@pytest.mark.parametrize(("kind", "generated"), [(ItemKind.TASK, TASKS), (ItemKind.CONTACT, CONTACTS)])
def test_the_generated_items_have_every_field_that_can_be_written(kind: ItemKind, generated: Any) -> None:
    seen: set[str] = set()

    @given(generated)
    def look(values: Fields) -> None:
        seen.update(values)

    look()

    # the key is given with every create, and markup is another way to write the body
    assert seen | {f.KEY, f.HTML} == set(WRITERS[kind])


# --- contacts


def outlook_contact(world: World, **more: Any) -> str:
    """A contact with more entries than Salesforce has fields, as somebody would enter it in Outlook."""
    return world.has(
        "Contact", GivenName="Homer", Surname="Simpson", DisplayName="Homer Simpson", Nickname="Homie",
        PhoneNumbers={"BusinessPhone": "1", "BusinessPhone2": "2", "CarPhone": "3", "HomePhone": "4"},
        EmailAddresses={"EmailAddress1": "homer@globex.example", "EmailAddress2": "h@home.example"},
        PhysicalAddresses={"Business": {"Street": "Plant 7G", "City": "Springfield", "State": "OR"},
                           "Home": {"Street": "742 Evergreen Terrace", "City": "Springfield"}},
        **more,
    )  # fmt: skip


@pytest.mark.rule("CON-5")
def test_one_entry_is_changed_and_all_others_stay(world: World) -> None:
    contact = outlook_contact(world)
    before = stored(world, ItemKind.CONTACT)
    changes: Fields = {
        f.PHONE_BUSINESS: "+1 555 0100", f.PHONE_MOBILE: "+1 555 0101", f.EMAIL: "simpson@globex.example",
        f.BUSINESS_CITY: "Shelbyville",
    }  # fmt: skip

    (outcome,) = world.mailbox.write([update(ItemKind.CONTACT, contact, changes)])

    assert outcome.error is None
    after = stored(world, ItemKind.CONTACT)
    assert after["PhoneNumbers"] == {
        **before["PhoneNumbers"], "BusinessPhone": "+1 555 0100", "MobilePhone": "+1 555 0101"
    }  # fmt: skip
    assert after["EmailAddresses"] == {"EmailAddress1": "simpson@globex.example", "EmailAddress2": "h@home.example"}
    assert after["PhysicalAddresses"] == {
        "Business": {"Street": "Plant 7G", "City": "Shelbyville", "State": "OR"},
        "Home": before["PhysicalAddresses"]["Home"],
    }
    assert after["Nickname"] == "Homie"


def test_emptying_one_entry_empties_no_other(world: World) -> None:
    contact = outlook_contact(world)

    (outcome,) = world.mailbox.write(
        [update(ItemKind.CONTACT, contact, {f.PHONE_BUSINESS: "", f.EMAIL: None, f.BUSINESS_STREET: ""})]
    )

    assert outcome.error is None
    after = stored(world, ItemKind.CONTACT)
    assert after["PhoneNumbers"] == {"BusinessPhone2": "2", "CarPhone": "3", "HomePhone": "4"}
    assert after["EmailAddresses"] == {"EmailAddress2": "h@home.example"}
    assert after["PhysicalAddresses"]["Business"] == {"City": "Springfield", "State": "OR"}


def test_the_x500_name_of_a_colleague_is_no_address_and_is_not_told(world: World) -> None:
    contact = world.has("Contact", Surname="Burns", EmailAddresses={"EmailAddress1": "/o=Org/ou=Plant/cn=burns"})

    assert f.EMAIL not in read(world, ItemKind.CONTACT, contact).fields


@pytest.mark.parametrize(
    "moment",
    [
        "1956-05-12T11:59:00Z",  # as programs write it over EWS
        "1956-05-12T00:00:00Z",
        "1956-05-11T23:00:00Z",  # as Outlook writes it in Berlin, where this mailbox is
    ],
)
def test_a_birthday_is_the_day_that_was_meant(world: World, moment: str) -> None:
    contact = world.has("Contact", Surname="Simpson", Birthday=moment)

    assert read(world, ItemKind.CONTACT, contact).get(f.BIRTHDAY) == date(1956, 5, 12)


def test_a_birthday_entered_far_in_the_east_is_read_in_the_zone_of_the_owner(world: World) -> None:
    contact = world.has("Contact", Surname="Simpson", Birthday="2012-05-11T11:00:00Z")  # midnight, 13 hours ahead
    world.mailbox = world.opened(time_zone="Pacific/Apia")

    assert read(world, ItemKind.CONTACT, contact).get(f.BIRTHDAY) == date(2012, 5, 12)


def test_a_new_contact_can_be_found_under_its_name(world: World) -> None:
    written(world, ItemKind.CONTACT, {f.GIVEN_NAME: "Homer", f.SURNAME: "Simpson", f.COMPANY: "Globex"})

    called = stored(world, ItemKind.CONTACT)
    assert (called["DisplayName"], called["FileAs"]) == ("Homer Simpson", "Simpson, Homer")


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({f.SURNAME: "Simpson"}, "Simpson"),
        ({f.COMPANY: "Globex"}, "Globex"),
        ({f.EMAIL: "homer@globex.example"}, "homer@globex.example"),
        ({}, ""),
    ],
)
def test_a_contact_without_a_full_name_is_called_by_what_there_is(world: World, values: Fields, shown: str) -> None:
    written(world, ItemKind.CONTACT, values)

    assert stored(world, ItemKind.CONTACT)["DisplayName"] == shown


@pytest.mark.parametrize(
    ("shown", "afterwards"),
    [
        ("Homer Simpson", "Homer Thompson"),
        ("Homer J. Simpson", "Homer J. Thompson"),
        ("Mr. Homer J. Simpson", "Mr. Homer J. Thompson"),
        ("Dad", "Dad"),
    ],
)
def test_a_renamed_contact_is_called_anew_unless_somebody_chose_how(world: World, shown: str, afterwards: str) -> None:
    prefix = {"uri": {"PropertyTag": "0x3a45", "PropertyType": "String"}, "value": "Mr."}
    contact = world.has(
        "Contact", GivenName="Homer", MiddleName="J.", Surname="Simpson", DisplayName=shown, ExtendedProperty=[prefix]
    )

    calls = world.counted(lambda: world.mailbox.write([update(ItemKind.CONTACT, contact, {f.SURNAME: "Thompson"})]))

    called = stored(world, ItemKind.CONTACT)
    assert (called["DisplayName"], called["FileAs"]) == (afterwards, "Thompson, Homer J.")
    assert calls == {"GetItem": 2, "UpdateItem": 1}


def test_a_change_that_touches_no_name_asks_for_none(world: World) -> None:
    made = written(world, ItemKind.CONTACT, {f.SURNAME: "Simpson"})
    change = update(ItemKind.CONTACT, made.id, {f.JOB_TITLE: "Inspector"}, made.version)

    assert world.counted(lambda: world.mailbox.write([change])) == {"UpdateItem": 1}


def test_a_contact_that_vanished_before_it_was_renamed_fails_alone(world: World) -> None:
    (gone, kept) = world.mailbox.write(
        [create(ItemKind.CONTACT, {f.SURNAME: name}, name) for name in ("Burns", "Simpson")]
    )
    world.deletes(gone.id)

    outcomes = world.mailbox.write(
        [update(ItemKind.CONTACT, one.id, {f.SURNAME: "Smithers"}, one.version) for one in (gone, kept)]
    )

    assert outcomes[0].error is not None
    assert outcomes[0].error.fault is Fault.NOT_FOUND
    assert outcomes[1].error is None
    assert stored(world, ItemKind.CONTACT)["DisplayName"] == "Smithers"


def test_a_text_that_is_no_address_of_a_page_fails_alone(world: World) -> None:
    outcomes = world.mailbox.write(
        [
            create(ItemKind.CONTACT, {f.SURNAME: "A", f.WEB_PAGE: page}, page)
            for page in ("not a page <", "https://x.example/1")
        ]
    )

    assert outcomes[0].error is not None
    assert (outcomes[0].error.fault, outcomes[0].error.fields) == (Fault.INVALID, (f.WEB_PAGE,))
    assert outcomes[1].error is None


def test_only_the_entries_that_have_a_neutral_name_are_asked_for(world: World, wire: Any) -> None:
    contact = outlook_contact(world)
    read(world, ItemKind.CONTACT, contact)

    assert wire.requests[-1].count(b"<t:IndexedFieldURI") == 7 + 1 + 2 * 5


# --- tasks


@pytest.mark.parametrize("zone", ["Pacific/Apia", "Pacific/Pago_Pago", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("due", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 12, 31)])
def test_a_due_date_is_the_same_day_everywhere(world: World, zone: str, due: date) -> None:
    world.mailbox = world.opened(time_zone=zone)
    made = written(world, ItemKind.TASK, {f.SUBJECT: "Call", f.DUE: due})

    assert read(world, ItemKind.TASK, made.id).get(f.DUE) == due
    assert stored(world, ItemKind.TASK)["DueDate"] == f"{due.isoformat()}T00:00:00Z"


def test_a_due_date_that_is_told_as_the_midnight_of_its_owner_is_that_day(world: World) -> None:
    task = world.has("Task", Subject="Call", DueDate="2026-07-09T22:00:00Z")  # midnight in Berlin, in summer

    assert read(world, ItemKind.TASK, task).get(f.DUE) == date(2026, 7, 10)


def test_a_task_without_a_due_date_and_reminder_has_none(world: World) -> None:
    task = world.has("Task", Subject="Call")

    item = read(world, ItemKind.TASK, task)

    assert (item.get(f.DUE), item.get(f.REMINDER_AT), item.get(f.STATUS)) == (None, None, "not_started")
    assert not item.flag(f.IS_RECURRING)


def test_completing_a_task_completes_it_in_every_respect_and_reopening_keeps_what_the_owner_noted(world: World) -> None:
    task = world.has("Task", Subject="Call", Status="InProgress", PercentComplete=50.0, BillingInformation="42")

    world.mailbox.write([update(ItemKind.TASK, task, {f.STATUS: "waiting"})])
    assert stored(world, ItemKind.TASK)["PercentComplete"] == 50.0
    world.mailbox.write([update(ItemKind.TASK, task, {f.STATUS: "completed"})])
    done = stored(world, ItemKind.TASK)
    world.mailbox.write([update(ItemKind.TASK, task, {f.STATUS: "in_progress"})])
    again = stored(world, ItemKind.TASK)

    assert (done["PercentComplete"], done["IsComplete"], "CompleteDate" in done) == (100.0, True, True)
    assert (again["PercentComplete"], again["IsComplete"], "CompleteDate" in again) == (0.0, False, False)
    assert again["BillingInformation"] == "42"


def test_a_reminder_is_an_instant_of_whole_minutes(world: World) -> None:
    at = datetime(2026, 11, 23, 9, 30, 41, tzinfo=UTC)
    made = written(world, ItemKind.TASK, {f.SUBJECT: "Call", f.REMINDER_AT: at})

    assert read(world, ItemKind.TASK, made.id).get(f.REMINDER_AT) == at.replace(second=0)


WEEKLY = [
    ["WeeklyRecurrence", [["Interval", "1"], ["DaysOfWeek", "Monday"]]],
    ["NoEndRecurrence", [["StartDate", "2026-11-23"]]],
]


@pytest.mark.rule("TSK-10")
def test_a_recurring_task_is_its_current_instance_and_its_pattern_survives_a_write(world: World) -> None:
    task = world.has("Task", Subject="Report", DueDate="2026-11-23T00:00:00Z", Recurrence=WEEKLY)
    assert read(world, ItemKind.TASK, task).flag(f.IS_RECURRING)

    world.mailbox.write([update(ItemKind.TASK, task, {f.SUBJECT: "Weekly report"})])
    assert stored(world, ItemKind.TASK)["Recurrence"] == WEEKLY
    world.mailbox.write([update(ItemKind.TASK, task, {f.STATUS: "completed"})])

    current = read(world, ItemKind.TASK, task)
    assert (current.get(f.DUE), current.get(f.STATUS)) == (date(2026, 11, 30), "not_started")
    assert sorted(item["values"]["Status"] for item in world.content("tasks")) == ["Completed", "NotStarted"]


# --- folders


def test_the_managed_folders_are_found_in_one_call_and_made_with_one_for_each_parent(world: World) -> None:
    roles = ["emails", "synced_tasks", "synced_contacts"]
    made: dict[str, str] = {}
    first = world.counted(lambda: made.update(world.mailbox.folders(roles)))
    again = world.opened()
    second = world.counted(lambda: again.folders(roles))

    assert (first["FindFolder"], first["CreateFolder"]) == (1, 3)
    assert second == {"FindFolder": 1, "GetUserConfiguration": 1}
    assert again.folders(roles) == made
    assert again.known_folders() >= set(roles)
    told = world.control_get("mailboxes", address=ADDRESS)["folders"]
    assert {name: told[name]["class"] for name in told if name.startswith("Salesforce ")} == {
        "Salesforce Emails": "IPF.Note", "Salesforce Tasks": "IPF.Task", "Salesforce Contacts": "IPF.Contact",
    }  # fmt: skip


def test_only_the_folders_that_are_asked_for_are_made(world: World) -> None:
    made = world.mailbox.folders(["synced_tasks"])

    assert set(made) == {"synced_tasks"}
    told = world.control_get("mailboxes", address=ADDRESS)["folders"]
    assert [name for name in told if name.startswith("Salesforce ")] == ["Salesforce Tasks"]


def test_a_folder_of_the_same_name_for_other_things_is_not_taken(world: World) -> None:
    world.control("folders", mailbox=ADDRESS, name="Salesforce Tasks", parent="tasks")

    with pytest.raises(ConnectorError) as caught:
        world.mailbox.folders(["synced_tasks"])
    assert caught.value.fault is Fault.DUPLICATE


def test_what_somebody_else_made_meanwhile_is_taken(world: World) -> None:
    world.goes_wrong("CreateFolder", drop_after=True)

    made = world.mailbox.folders(["synced_contacts"])

    assert set(made) == {"synced_contacts"}


@pytest.mark.parametrize(("kind", "role"), [(ItemKind.TASK, "synced_tasks"), (ItemKind.CONTACT, "synced_contacts")])
@pytest.mark.rule("MRK-4")
def test_items_are_created_in_and_moved_into_the_managed_folder_with_their_key(
    world: World, kind: ItemKind, role: str
) -> None:
    world.mailbox.folders([role])
    name = {ItemKind.TASK: f.SUBJECT, ItemKind.CONTACT: f.SURNAME}[kind]
    (outside,) = world.mailbox.write([create(kind, {name: "outside"}, "key-2")])

    (inside,) = world.mailbox.write([Write(Verb.CREATE, kind, role, key="key-1", values={name: "inside"})])
    (moved,) = world.mailbox.write([Write(Verb.MOVE, kind, HOMES[kind], outside.id, values={"folder": role})])

    assert (inside.error, moved.error) == (None, None)
    told = {change.ref.id: change.item for change in world.mailbox.changes(role, None).changes}
    assert {key: item and item.text(f.KEY) for key, item in told.items()} == {inside.id: "key-1", moved.id: "key-2"}
    assert [change.deleted for change in world.mailbox.changes(HOMES[kind], None).changes] == []


# --- where it went


def test_what_vanished_is_found_by_its_key_wherever_it_went(world: World) -> None:
    world.mailbox.folders(["synced_tasks"])
    world.control("folders", mailbox=ADDRESS, name="Team", parent="calendar", **{"class": "IPF.Appointment"})
    world.control("folders", mailbox=ADDRESS, name="Old", parent="deleteditems", **{"class": "IPF.Task"})
    items = world.mailbox.write([create(ItemKind.TASK, {f.SUBJECT: key}, key) for key in "abcde"])
    event = world.has(Subject="e", Start="2026-11-23T10:00:00Z", End="2026-11-23T11:00:00Z")
    world.mailbox.write([Write(Verb.UPDATE, ItemKind.EVENT, "calendar", event, values={f.KEY: "event"})])
    for item, folder in zip(items, ("Salesforce Tasks", "deleteditems", "Old", "Drafts"), strict=False):
        world.control("items/move", mailbox=ADDRESS, id=item.id, folder=folder)
    world.control("items/move", mailbox=ADDRESS, id=event, folder="Team")
    world.control("items/delete", mailbox=ADDRESS, id=items[4].id, hard=True)

    found: dict[str, ItemRef] = {}
    calls = world.counted(lambda: found.update(world.mailbox.find([*"abcde", "event"])))

    assert {key: (ref.kind, ref.container) for key, ref in found.items()} == {
        "a": (ItemKind.TASK, "synced_tasks"), "b": (ItemKind.TASK, "deleted"), "c": (ItemKind.TASK, "deleted"),
        "d": (ItemKind.TASK, "elsewhere"), "event": (ItemKind.EVENT, "elsewhere"),
    }  # fmt: skip
    assert calls == {"FindFolder": 1, "FindItem": 2}
    assert isinstance(world.mailbox.read([found["a"]], Detail.HEAD)[found["a"]], Item)


def test_of_two_items_with_one_key_the_living_one_counts(world: World) -> None:
    (twin, item) = world.mailbox.write([create(ItemKind.CONTACT, {f.SURNAME: "Simpson"}, "twin") for _ in range(2)])
    world.deletes(twin.id)
    world.control("folders", mailbox=ADDRESS, name="Friends", parent="contacts", **{"class": "IPF.Contact"})
    world.control("items/move", mailbox=ADDRESS, id=item.id, folder="Friends")

    assert world.mailbox.find(["twin"])["twin"].container == "elsewhere"
    assert world.counted(lambda: world.mailbox.find(["twin"])) == {"FindFolder": 1, "FindItem": 1}


def test_looking_for_nothing_costs_nothing(world: World) -> None:
    assert world.counted(lambda: world.mailbox.find([])) == {}
