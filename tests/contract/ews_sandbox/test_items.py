"""Items of every kind through exchangelib: written, read, found, changed, removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from exchangelib import EWSDate, EWSDateTime, EWSTimeZone, HTMLBody, errors
from exchangelib.indexed_properties import EmailAddress, PhoneNumber, PhysicalAddress
from exchangelib.items import CalendarItem, Contact, Message, Task
from exchangelib.recurrence import (
    AbsoluteMonthlyPattern,
    AbsoluteYearlyPattern,
    DailyPattern,
    Recurrence,
    RelativeMonthlyPattern,
    RelativeYearlyPattern,
    WeeklyPattern,
)

from tests.contract.ews_sandbox.conftest import ANN, UTC, Office

TEN = EWSDateTime(2026, 12, 1, 10, tzinfo=UTC)


def event(**more: Any) -> CalendarItem:
    values = {"subject": "Review", "start": TEN, "end": TEN + timedelta(hours=1), **more}
    return CalendarItem(**values)


def made(office: Office, *items: CalendarItem, role: str = "calendar") -> list[Any]:
    folder = office.folder(role)
    return folder.account.bulk_create(folder, list(items), send_meeting_invitations="SendToNone")


def read(office: Office, *ids: Any, role: str = "calendar", only: list[str] | None = None) -> list[Any]:
    folder = office.folder(role)
    found = folder.account.fetch([(each.id, each.changekey) for each in ids], folder=folder, only_fields=only)
    return list(found)


def test_everything_written_on_an_event_is_read_back(office: Office) -> None:
    written = {
        "location": "Room 5",
        "sensitivity": "Private",
        "importance": "High",
        "categories": ["Salesforce", "Own"],
        "legacy_free_busy_status": "OOF",
        "reminder_is_set": True,
        "reminder_minutes_before_start": 45,
        "uid": "uid-1",
        "test_key": "key & <1>",
        "body": HTMLBody("<p>Agenda</p>"),
    }
    [found] = read(office, *made(office, event(**written)))
    assert {name: getattr(found, name) for name in written} == written
    assert (found.start, found.end) == (TEN, TEN + timedelta(hours=1))
    assert found.text_body == "Agenda"
    assert (found.organizer.email_address, found.my_response_type) == (ANN, "Organizer")
    assert (found.type, found.is_meeting, found.is_cancelled, found.appointment_state) == ("Single", False, False, ())
    assert found.datetime_created == found.last_modified_time


def test_the_clock_of_the_sandbox_is_the_servers(office: Office) -> None:
    office.http.post("/control/clock", json={"set": "2030-01-02T03:04:05+00:00"})
    [found] = read(office, *made(office, event()))
    assert found.datetime_created == EWSDateTime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_an_all_day_event_is_cut_at_midnight_of_its_zone(office: Office) -> None:
    berlin = EWSTimeZone("Europe/Berlin")
    start = EWSDateTime(2026, 7, 1, 9, tzinfo=berlin)
    office.folder("calendar").account.default_timezone = berlin
    [found] = read(office, *made(office, event(start=start, end=start + timedelta(hours=1), is_all_day=True)))
    assert (found.start, found.end) == (EWSDate(2026, 7, 1), EWSDate(2026, 7, 1))
    [kept] = office.content()
    assert kept["values"]["Start"] == "2026-06-30T22:00:00Z"
    assert kept["values"]["End"] == "2026-07-01T22:00:00Z"
    assert kept["values"]["StartTimeZone"] == "W. Europe Standard Time"


def test_an_event_that_ends_before_it_begins_is_refused(office: Office) -> None:
    body = """<m:CreateItem SendMeetingInvitations="SendToNone"><m:Items><t:CalendarItem>
        <t:Start>2026-12-01T10:00:00Z</t:Start><t:End>2026-12-01T09:00:00Z</t:End></t:CalendarItem></m:Items>
        </m:CreateItem>"""
    assert office.post(body)[1].findtext(".//{*}ResponseCode") == "ErrorCalendarEndDateIsEarlierThanStartDate"


@pytest.mark.parametrize(
    "pattern",
    [
        DailyPattern(interval=3),
        WeeklyPattern(interval=2, weekdays=["Monday", "Friday"], first_day_of_week="Sunday"),
        AbsoluteMonthlyPattern(interval=1, day_of_month=15),
        RelativeMonthlyPattern(interval=1, weekday="Weekday", week_number="Last"),
        AbsoluteYearlyPattern(day_of_month=24, month=12),
        RelativeYearlyPattern(weekday="Thursday", week_number="Fourth", month=11),
    ],
)
def test_a_series_is_kept_as_its_master(office: Office, pattern: Any) -> None:
    series = event(recurrence=Recurrence(pattern=pattern, start=EWSDate(2026, 12, 1), number=7))
    [found] = read(office, *made(office, series))
    assert (found.type, found.is_recurring) == ("RecurringMaster", True)
    assert found.recurrence.pattern == pattern
    assert found.recurrence.boundary.number == 7


def test_never_overwrite_loses_against_a_newer_version(office: Office) -> None:
    [first] = made(office, event())
    account = office.account()
    [item] = read(office, first)
    [stale] = read(office, first)
    item.subject = "Mine"
    [(_, new_key)] = account.bulk_update([(item, ["subject"])], conflict_resolution="NeverOverwrite")
    assert new_key != first.changekey
    stale.subject = "Theirs"
    with pytest.raises(errors.ErrorIrresolvableConflict):
        account.bulk_update([(stale, ["subject"])], conflict_resolution="NeverOverwrite")
    account.bulk_update([(stale, ["subject"])], conflict_resolution="AlwaysOverwrite")
    assert [each["values"]["Subject"] for each in office.content()] == ["Theirs"]


def test_a_property_can_be_emptied(office: Office) -> None:
    [item] = read(office, *made(office, event(location="Here", categories=["A"], test_key="k")))
    item.location, item.categories, item.test_key = None, None, None
    office.account().bulk_update([(item, ["location", "categories", "test_key"])])
    [found] = read(office, *[item])
    assert (found.location, found.categories, found.test_key) == (None, None, None)
    assert list(office.folder("calendar").filter(test_key="k").only("subject")) == []


def test_deleting_moves_to_deleted_items_and_from_there_for_good(office: Office) -> None:
    [item] = made(office, event())
    account = office.account()
    account.bulk_delete([item], delete_type="MoveToDeletedItems", send_meeting_cancellations="SendToNone")
    assert office.content() == []
    [gone] = office.content(folder="deleteditems")
    assert gone["id"] != item.id
    trash = office.folder("deleteditems")
    [lying] = list(trash.all().only("subject"))
    account.bulk_delete([lying], delete_type="MoveToDeletedItems", send_meeting_cancellations="SendToNone")
    assert office.content(folder="deleteditems") == []


def test_what_is_gone_is_not_found_and_the_rest_is(office: Office) -> None:
    kept, lost = made(office, event(subject="kept"), event(subject="lost"))
    office.account().bulk_delete([lost], delete_type="HardDelete", send_meeting_cancellations="SendToNone")
    found = read(office, lost, kept)
    assert isinstance(found[0], errors.ErrorItemNotFound)
    assert found[1].subject == "kept"


@pytest.mark.parametrize("identifier", ["nonsense", "SQAAAAEAAAAAAAAAAVUQ+RQ", "QUJD"])
def test_a_damaged_id_is_malformed(office: Office, identifier: str) -> None:
    body = f"""<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:ItemIds>
        <t:ItemId Id="{identifier}"/></m:ItemIds></m:GetItem>"""
    assert office.post(body)[1].findtext(".//{*}ResponseCode") == "ErrorInvalidIdMalformed"


def test_moving_changes_the_id(office: Office) -> None:
    folder = office.account().inbox
    [item] = folder.account.bulk_create(folder, [Message(subject="move me")])
    [(new, _)] = folder.account.bulk_move([item], to_folder=office.account().drafts)
    assert new != item.id
    assert [each["values"]["Subject"] for each in office.content(folder="drafts")] == ["move me"]


def test_restrictions(office: Office) -> None:
    made(
        office,
        event(subject="Alpha", test_key="k1", categories=["Salesforce"], location="Rome"),
        event(
            subject="alphabet",
            test_key="k2",
            categories=["Salesforce", "Red"],
            start=TEN + timedelta(days=5),
            end=TEN + timedelta(days=6),
        ),
        event(subject="Beta", is_all_day=True, sensitivity="Private"),
    )
    folder = office.folder("calendar")

    def found(**query: Any) -> set[str]:
        return {item.subject for item in folder.filter(**query).only("subject")}

    assert found(test_key="k1") == {"Alpha"}
    assert found(test_key__in=["k1", "k2"]) == {"Alpha", "alphabet"}
    assert found(categories__contains=["salesforce"]) == {"Alpha", "alphabet"}
    assert found(categories__contains=["Salesforce", "Red"]) == {"alphabet"}
    assert found(subject__icontains="ALPHA") == {"Alpha", "alphabet"}
    assert found(subject__contains="Alpha") == {"Alpha"}
    assert found(subject__istartswith="be") == {"Beta"}
    assert found(subject__not="Beta") == {"Alpha", "alphabet"}
    assert found(start__gt=TEN, start__lt=TEN + timedelta(days=9)) == {"alphabet"}
    assert found(sensitivity="Private") == {"Beta"}
    assert found(is_all_day=True) == {"Beta"}
    assert found(location__exists=True) == {"Alpha"}
    assert found(test_key__exists=False) == {"Beta"}


def test_pages_and_order(office: Office) -> None:
    made(
        office,
        *[event(subject=f"{n:02}", start=TEN + timedelta(days=n), end=TEN + timedelta(days=n)) for n in range(7)],
    )
    folder = office.folder("calendar")
    query = folder.all().only("subject").order_by("-start")
    query.page_size = 3
    assert [item.subject for item in query] == ["06", "05", "04", "03", "02", "01", "00"]
    assert office.sandbox.ledger.count("ews.FindItem") == 3


def test_a_view_shows_what_touches_the_span(office: Office) -> None:
    made(
        office,
        event(subject="in"),
        event(subject="later", start=TEN + timedelta(days=30), end=TEN + timedelta(days=31)),
    )
    folder = office.folder("calendar")
    shown = folder.view(TEN + timedelta(minutes=30), TEN + timedelta(days=1)).only("subject")
    assert [item.subject for item in shown] == ["in"]
    with pytest.raises(errors.ErrorCalendarViewRangeTooBig):
        list(folder.view(TEN, TEN + timedelta(days=800)).only("subject"))


def test_listings_refuse_bodies_and_hide_addresses(office: Office) -> None:
    made(office, event(body="secret"))
    body = """<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>{shape}</t:BaseShape>{more}</m:ItemShape>
        <m:ParentFolderIds><t:DistinguishedFolderId Id="calendar"/></m:ParentFolderIds></m:FindItem>"""
    more = """<t:AdditionalProperties><t:FieldURI FieldURI="item:Body"/></t:AdditionalProperties>"""
    _, answer = office.post(body.format(shape="IdOnly", more=more))
    assert answer.findtext(".//{*}ResponseCode") == "ErrorInvalidPropertyRequest"
    _, answer = office.post(body.format(shape="AllProperties", more=""))
    organizer = answer.find(".//{*}Organizer")
    assert organizer.findtext(".//{*}Name") == "Ann"
    assert organizer.find(".//{*}EmailAddress") is None
    assert answer.find(".//{*}Body") is None


def test_a_contact_keeps_its_dictionaries(office: Office) -> None:
    folder = office.folder("contacts")
    written = Contact(
        folder=folder,
        display_name="Cara Doe",
        given_name="Cara",
        surname="Doe",
        company_name="Acme",
        job_title="CTO",
        email_addresses=[EmailAddress(email="c@x.example", label="EmailAddress1")],
        phone_numbers=[PhoneNumber(label="MobilePhone", phone_number="+1 555")],
        physical_addresses=[PhysicalAddress(label="Business", street="Main 1", city="Town", country="NL", zipcode="9")],
    )
    folder.account.bulk_create(folder, [written])
    [found] = list(folder.all())
    assert found.email_addresses == written.email_addresses
    assert next(each for each in found.phone_numbers if each.label == "MobilePhone").phone_number == "+1 555"
    assert found.physical_addresses == written.physical_addresses
    found.email_addresses = [EmailAddress(email="new@x.example", label="EmailAddress2")]
    found.physical_addresses = [
        PhysicalAddress(label="Business", street="Side 2", city="Town", country="NL", zipcode="9")
    ]
    found.phone_numbers = None
    folder.account.bulk_update([(found, ["email_addresses", "physical_addresses", "phone_numbers"])])
    [kept] = office.content(folder="contacts")
    assert kept["values"]["EmailAddresses"]["EmailAddress2"] == "new@x.example"
    assert kept["values"]["PhysicalAddresses"]["Business"]["Street"] == "Side 2"


def test_a_task_is_completed(office: Office) -> None:
    folder = office.folder("tasks")
    folder.account.bulk_create(folder, [Task(subject="Call", due_date=EWSDate(2026, 12, 24))])
    [found] = list(folder.all())
    assert (found.status, found.is_complete, found.due_date) == ("NotStarted", False, EWSDate(2026, 12, 24))
    found.status = "Completed"
    folder.account.bulk_update([(found, ["status"])])
    [found] = list(folder.all())
    assert found.is_complete
    assert found.complete_date is not None


def test_a_message_in_both_forms(office: Office) -> None:
    received = {
        "Subject": "Re: Hello",
        "From": {"name": "Cara", "address": "cara@x.example"},
        "ToRecipients": [{"name": "Ann", "address": ANN}],
        "CcRecipients": [{"name": "", "address": "b@x.example"}],
        "Body": {"html": "<html><style>x</style><p>One &amp; two</p><br>three</html>", "text": "One & two\nthree"},
        "DateTimeReceived": "2026-11-01T08:00:00+01:00",
        "InternetMessageId": "<1@x>",
        "InternetMessageHeaders": [["Received", "by x"], ["Subject", "Re: Hello"]],
    }
    told = office.control("items", mailbox=ANN, folder="inbox", kind="Message", values=received)
    account = office.account()
    [found] = list(account.fetch([(told["id"], told["change_key"])], folder=account.inbox))
    assert isinstance(found.body, HTMLBody)
    assert found.text_body == "One & two\nthree"
    assert (found.author.email_address, found.message_id, found.is_read, found.is_draft) == (
        "cara@x.example",
        "<1@x>",
        False,
        False,
    )
    assert [each.email_address for each in found.to_recipients] == [ANN]
    assert [each.value for each in found.headers] == ["by x", "Re: Hello"]
    assert found.datetime_received == EWSDateTime(2026, 11, 1, 7, tzinfo=UTC)
    assert found.conversation_topic == "Hello"
    assert b"Message-ID: <1@x>" in found.mime_content


def test_mime_content_says_what_the_properties_do_not(office: Office) -> None:
    account = office.account()
    mime = b"From: Cara <cara@x.example>\r\nTo: ann@acme.example\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHi"
    account.bulk_create(account.inbox, [Message(mime_content=mime)])
    [found] = list(account.inbox.all())
    assert (found.subject, found.author.name, found.text_body) == ("Grüße", "Cara", "Hi")
    assert found.mime_content == mime


def test_text_is_converted_only_when_asked(office: Office) -> None:
    [item] = made(office, event(body="a < b\nc"))
    shape = """<m:GetItem><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape><t:BodyType>{}</t:BodyType>
        <t:AdditionalProperties><t:FieldURI FieldURI="item:Body"/></t:AdditionalProperties></m:ItemShape>
        <m:ItemIds><t:ItemId Id="{}"/></m:ItemIds></m:GetItem>"""
    told = {kind: office.post(shape.format(kind, item.id))[1].find(".//{*}Body") for kind in ("Text", "HTML", "Best")}
    assert {kind: (node.get("BodyType"), node.text) for kind, node in told.items()} == {
        "Text": ("Text", "a < b\nc"),
        "HTML": ("HTML", "<html><body>a &lt; b<br>\r\nc</body></html>"),
        "Best": ("Text", "a < b\nc"),
    }


def test_characters_that_xml_cannot_carry_are_left_out(office: Office) -> None:
    office.control("items", mailbox=ANN, values={"Subject": "a\u0000b\ufffe\ud800c", "Start": "2026-12-01T10:00:00Z"})
    assert [item.subject for item in office.folder("calendar").all().only("subject")] == ["abc"]


def test_every_property_of_every_kind_passes_the_schema(office: Office) -> None:
    office.control("items", mailbox=ANN, kind="Task", values={"Subject": "t", "DueDate": "2026-12-01T00:00:00Z"})
    office.control(
        "items", mailbox=ANN, kind="Contact", values={"DisplayName": "c", "EmailAddresses": {"EmailAddress1": "x"}}
    )
    office.control("items", mailbox=ANN, kind="Message", folder="inbox", values={"Subject": "m"})
    meeting = {"Start": "2026-12-01T10:00:00Z", "RequiredAttendees": [{"address": "bob@acme.example"}]}
    told = office.control("items", mailbox=ANN, values=meeting, send=True)
    office.control("items/delete", mailbox=ANN, id=told["id"], send=True)
    kinds = set()
    for address in (ANN, "bob@acme.example"):
        for role in ("inbox", "calendar", "contacts", "tasks", "deleteditems"):
            for item in office.content(address, role):
                kinds.add(item["kind"])
                office.post(
                    f"""<m:GetItem><m:ItemShape><t:BaseShape>AllProperties</t:BaseShape>
                    <t:IncludeMimeContent>true</t:IncludeMimeContent></m:ItemShape><m:ItemIds>
                    <t:ItemId Id="{item["id"]}"/></m:ItemIds></m:GetItem>""",
                    as_=address,
                )
    assert kinds == {"CalendarItem", "Task", "Contact", "Message", "MeetingRequest", "MeetingCancellation"}
