"""What the connector reads over real HTTP, and at what price."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import Attendee, Item, ItemKind, Person, Response, Role, Span
from tests.support.exchange import Wire, World, email, event

TEN, ELEVEN = "2026-11-23T10:00:00Z", "2026-11-23T11:00:00Z"


def test_the_first_look_lists_everything_and_an_idle_one_costs_a_single_call(world: World) -> None:
    made = {world.has(Subject=f"meeting {number}", Start=TEN, End=ELEVEN) for number in range(3)}

    first = world.mailbox.changes("calendar", None)
    calls = world.counted(lambda: world.mailbox.changes("calendar", first.cursor))

    assert {change.ref for change in first.changes} == {event(one) for one in made}
    assert first.complete
    assert calls == {"SyncFolderItems": 1}
    assert world.mailbox.changes("calendar", first.cursor).changes == ()
    assert not world.mailbox.changes("calendar", first.cursor).complete


def test_opening_a_mailbox_sends_nothing(world: World) -> None:
    assert world.counted(lambda: world.opened(build="15.1.2507.6")) == {}


def test_what_happened_since_the_cursor_is_told_with_version_and_marks(world: World) -> None:
    kept, gone = (world.has(Subject=name, Start=TEN, End=ELEVEN) for name in ("kept", "gone"))
    cursor = world.mailbox.changes("calendar", None).cursor
    world.edits(kept, Categories=["Salesforce"], Sensitivity="Private")
    world.deletes(gone)

    told = {change.ref: change for change in world.mailbox.changes("calendar", cursor).changes}

    assert told[event(gone)].deleted
    item = told[event(kept)].item
    assert item is not None
    assert item.get(f.CATEGORIES) == ("Salesforce",)
    assert item.get(f.SENSITIVITY) == "private"
    assert item.version == world.mailbox.read([event(kept)], Detail.HEAD)[event(kept)].version  # type: ignore[union-attr]


def test_a_long_history_comes_in_pages_of_512(world: World) -> None:
    for number in range(513):
        world.has("Message", "inbox", Subject=f"mail {number}")

    calls = world.counted(lambda: world.mailbox.changes("inbox", None))

    assert calls == {"SyncFolderItems": 2}
    assert len(world.mailbox.changes("inbox", None).changes) == 513


def test_reading_a_mail_is_no_change(world: World) -> None:
    mail = world.has("Message", "inbox", Subject="unread")
    cursor = world.mailbox.changes("inbox", None).cursor
    world.edits(mail, IsRead=True)

    assert world.mailbox.changes("inbox", cursor).changes == ()


def test_a_folder_tells_of_its_own_kind_only_and_deleted_items_of_every_kind(world: World) -> None:
    world.has("Task", "inbox", Subject="task")
    mail = world.has("Message", "inbox", Subject="mail")
    meeting = world.has(Subject="meeting", Start=TEN, End=ELEVEN)
    assert [change.ref for change in world.mailbox.changes("inbox", None).changes] == [email(mail)]

    world.deletes(mail)
    world.deletes(meeting)

    kinds = {change.ref.kind for change in world.mailbox.changes("deleted", None).changes}
    assert kinds == {ItemKind.EMAIL, ItemKind.EVENT}


def test_a_cursor_that_is_of_no_use_is_lost_and_not_an_attribute_error(world: World) -> None:
    for cursor in ("bm90IGEgc3RhdGU=", world.mailbox.changes("inbox", None).cursor):
        with pytest.raises(ConnectorError) as caught:
            world.mailbox.changes("calendar", cursor)
        assert (caught.value.fault, caught.value.scope) == (Fault.CURSOR_LOST, Scope.CONTAINER)


def test_a_sync_error_without_a_state_is_told_like_any_other(world: World) -> None:
    texts = "<m:MessageText>no</m:MessageText><m:ResponseCode>ErrorSyncFolderNotFound</m:ResponseCode>"
    body = (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"><s:Body><m:SyncFolderItemsResponse>'
        f'<m:ResponseMessages><m:SyncFolderItemsResponseMessage ResponseClass="Error">{texts}'
        "</m:SyncFolderItemsResponseMessage></m:ResponseMessages></m:SyncFolderItemsResponse></s:Body></s:Envelope>"
    )
    world.goes_wrong("SyncFolderItems", status=200, body=body)

    with pytest.raises(ConnectorError) as caught:
        world.mailbox.changes("calendar", None)

    assert (caught.value.fault, caught.value.scope) == (Fault.NOT_FOUND, Scope.CONTAINER)


def test_a_meeting_is_read_with_all_its_neutral_fields(world: World) -> None:
    made = world.has(
        Subject="Plan", Location="Room 1", Start=TEN, End=ELEVEN, LegacyFreeBusyStatus="OOF",
        Sensitivity="Confidential",
        ReminderIsSet=True, ReminderMinutesBeforeStart=15, Categories=["Blue", "Red"],
        Body="What we talk about",
        RequiredAttendees=[{"address": "Zoe@x.example", "name": "Zoe", "response": "Accept"}],
        OptionalAttendees=[{"address": "bob@x.example", "name": "Bob", "response": "Tentative"}],
        Resources=[{"address": "room1@corp.example", "name": "Room 1"}],
    )  # fmt: skip

    item = world.mailbox.read([event(made)], Detail.BODY)[event(made)]

    assert isinstance(item, Item)
    assert item.get(f.SPAN) == Span(datetime(2026, 11, 23, 10, tzinfo=UTC), datetime(2026, 11, 23, 11, tzinfo=UTC))
    assert [item.get(name) for name in (f.SUBJECT, f.LOCATION, f.SHOW_AS, f.SENSITIVITY, f.REMINDER)] == [
        "Plan", "Room 1", "oof", "confidential", 15,
    ]  # fmt: skip
    assert item.get(f.CATEGORIES) == ("Blue", "Red")
    assert item.get(f.ORGANIZER) == Person("anna@corp.example", "Anna")
    assert item.get(f.ATTENDEES) == (
        Attendee("bob@x.example", "Bob", Role.OPTIONAL, Response.TENTATIVE),
        Attendee("room1@corp.example", "Room 1", Role.RESOURCE, Response.UNKNOWN),
        Attendee("zoe@x.example", "Zoe", Role.REQUIRED, Response.ACCEPTED),
    )
    assert item.text(f.BODY) == "What we talk about"
    assert item.flag(f.IS_MEETING)
    assert not item.flag(f.IS_CANCELLED)
    assert item.get(f.RECURRENCE) == ""
    assert item.text(f.UID)
    assert item.text(f.ITEM_CLASS) == "IPM.Appointment"


def test_an_all_day_event_of_a_distant_zone_keeps_its_date(world: World) -> None:
    made = world.has(
        Subject="Holiday", Start="2026-05-09T11:00:00Z", End="2026-05-10T11:00:00Z", IsAllDayEvent=True,
        StartTimeZone="UTC+13", EndTimeZone="UTC+13",
    )  # fmt: skip

    item = world.mailbox.read([event(made)], Detail.HEAD)[event(made)]

    assert isinstance(item, Item)
    assert item.get(f.SPAN) == Span(date(2026, 5, 10), date(2026, 5, 11))


def test_a_mail_is_read_as_text_and_as_html(world: World) -> None:
    mail = world.has(
        "Message", "inbox", Subject="Offer", Body={"html": "<p>Dear <b>Anna</b></p>"},
        From={"address": "Carl@x.example", "name": "Carl"},
        ToRecipients=[{"address": "anna@corp.example", "name": "Anna"}],
        CcRecipients=[{"address": "dora@x.example", "name": "Dora"}], InternetMessageId="<1@x.example>",
    )  # fmt: skip

    head = world.mailbox.read([email(mail)], Detail.HEAD)[email(mail)]
    body = world.mailbox.read([email(mail)], Detail.BODY)[email(mail)]

    assert isinstance(head, Item)
    assert isinstance(body, Item)
    assert head.get(f.FROM) == Person("carl@x.example", "Carl")
    assert head.get(f.TO) == (Person("anna@corp.example", "Anna"),)
    assert head.get(f.CC) == (Person("dora@x.example", "Dora"),)
    assert head.text(f.MESSAGE_ID) == "<1@x.example>"
    assert not {f.BODY, f.HTML, f.HEADERS} & set(head.fields)
    assert "<b>Anna</b>" in body.text(f.HTML)
    assert "Anna" in body.text(f.BODY)
    assert "<" not in body.text(f.BODY)
    assert isinstance(body.get(f.HEADERS), tuple)


def test_reading_goes_in_chunks_and_without_bodies_when_they_are_not_asked_for(world: World, wire: Wire) -> None:
    refs = [event(world.has(Subject=str(number), Start=TEN, End=ELEVEN)) for number in range(101)]

    assert world.counted(lambda: world.mailbox.read(refs, Detail.HEAD)) == {"GetItem": 2}
    assert not any(b"item:Body" in request or b"item:TextBody" in request for request in wire.requests)
    assert world.counted(lambda: world.mailbox.read(refs, Detail.BODY)) == {"GetItem": 5}


def test_what_is_gone_is_absent_and_does_not_hide_the_rest(world: World) -> None:
    here, gone = (world.has(Subject=name, Start=TEN, End=ELEVEN) for name in ("here", "gone"))
    world.control("items/delete", mailbox=world.config.address, id=gone, hard=True)

    found = world.mailbox.read([event(gone), event(here), event("bm9uc2Vuc2U=")], Detail.HEAD)

    assert list(found) == [event(here)]


def test_meeting_requests_in_the_inbox_are_read_as_mail(world: World) -> None:
    world.control("mailboxes", address="boss@corp.example", name="Boss")
    meeting = {"Subject": "Come", "Start": TEN, "End": ELEVEN, "RequiredAttendees": [{"address": world.config.address}]}
    world.control("items", mailbox="boss@corp.example", values=meeting, send=True)

    changes = world.mailbox.changes("inbox", None).changes
    found = world.mailbox.read([change.ref for change in changes], Detail.BODY)

    assert [item.text(f.ITEM_CLASS) for item in found.values() if isinstance(item, Item)] == [
        "IPM.Schedule.Meeting.Request"
    ]
    mine = world.mailbox.changes("calendar", None).changes
    item = world.mailbox.read([mine[0].ref], Detail.HEAD)[mine[0].ref]
    assert isinstance(item, Item)
    assert item.get(f.ORGANIZER) == Person("boss@corp.example", "Boss")
    assert item.text(f.MY_RESPONSE) in ("none", "unknown")


def test_managed_folder_and_categories_are_made_once_and_found_again(world: World, wire: Wire) -> None:
    made = world.mailbox.folders(["emails"])
    calls = world.counted(lambda: world.mailbox.folders(["emails"]))

    assert set(made) == {"emails"}
    assert calls == {"FindFolder": 1, "GetUserConfiguration": 1}
    assert world.opened().folders(["emails"]) == made
    again = world.opened(folder_ids=made)
    assert world.counted(lambda: again.changes("emails", None)) == {"SyncFolderItems": 1}
    assert sum(b"UpdateUserConfiguration" in request for request in wire.requests) == 1


def test_a_server_that_keeps_its_category_list_to_itself_is_no_failure(world: World) -> None:
    world.goes_wrong("GetUserConfiguration", code="ErrorAccessDenied")

    assert set(world.mailbox.folders(["emails"])) == {"emails"}


def test_a_managed_folder_that_somebody_removed_is_not_found(world: World) -> None:
    known = world.mailbox.folders(["emails"])
    world.control("folders/delete", mailbox=world.config.address, folder="Salesforce Emails")

    for mailbox in (world.opened(folder_ids=known), world.opened()):
        with pytest.raises(ConnectorError) as caught:
            mailbox.changes("emails", None)
        assert (caught.value.fault, caught.value.scope) == (Fault.NOT_FOUND, Scope.CONTAINER)
    assert world.mailbox.folders(["emails"]) != known


@pytest.mark.rule("ATT-10")
def test_the_mailbox_knows_its_addresses_and_nobody_elses(world: World) -> None:
    assert world.mailbox.aliases() == {"anna@corp.example"}
    world.control("mailboxes", address="anna@corp.example", name="Anna", aliases=["Anna.Lee@corp.example"])
    world.control("mailboxes", address="anna@corp.example.org", name="Another", aliases=["a@corp.example"])

    assert world.mailbox.aliases() == {"anna@corp.example", "anna.lee@corp.example"}


@pytest.mark.parametrize("code", ["ErrorNameResolutionNoResults", "ErrorAccessDenied"])
def test_where_the_directory_tells_nothing_one_address_is_known(world: World, code: str) -> None:
    world.goes_wrong("ResolveNames", code=code)

    assert world.mailbox.aliases() == {"anna@corp.example"}


@pytest.mark.rule("LIF-5")
def test_a_mailbox_remembers_who_has_set_it_up_until_that_is_taken_back(world: World) -> None:
    assert world.mailbox.claimed_by() == ""
    world.mailbox.claim('acme & "sons" <1>/0a')
    assert world.opened().claimed_by() == 'acme & "sons" <1>/0a'
    world.mailbox.claim("globex/1b")
    assert world.mailbox.claimed_by() == "globex/1b"

    world.mailbox.folders(())
    world.mailbox.withdraw()

    assert world.mailbox.claimed_by() == ""
    assert world.counted(world.mailbox.withdraw)["UpdateUserConfiguration"] == 1  # nothing is left in the list


@pytest.mark.rule("LIF-5")
def test_a_server_that_keeps_nothing_for_us_is_no_reason_to_fail(world: World) -> None:
    world.goes_wrong("*UserConfiguration", times=3, code="ErrorAccessDenied")

    world.mailbox.claim("acme/0a")

    assert world.mailbox.claimed_by() == ""


def test_an_address_is_the_same_in_capitals(world: World) -> None:
    assert world.opened(address="Anna@Corp.Example").address == "anna@corp.example"


def test_the_folders_that_can_be_asked_without_looking_are_known_at_no_cost(world: World) -> None:
    assert world.counted(world.mailbox.known_folders) == {}
    assert "emails" not in world.mailbox.known_folders()

    world.mailbox.folders(["emails"])

    assert world.mailbox.known_folders() == {"inbox", "sent", "calendar", "deleted", "tasks", "contacts", "emails"}
