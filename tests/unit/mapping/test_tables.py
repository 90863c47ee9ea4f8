"""The tables: what they write, what they refuse, how they fit an org, how they are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from mapping.model import fields
from mapping.model.item import MISSING, ItemKind, Person, Span
from mapping.model.lens import CUT_MARK, addresses, clipped, clipped_html, coarser, cut, one_way, truncated
from mapping.model.table import Field, Table
from mapping.tables.describe import Gap, fit
from mapping.tables.email_message import EMAIL_MESSAGE, email_message
from mapping.tables.email_task import EMAIL_TASK, email_task
from mapping.tables.event import EVENT
from tests.support.items import COLLEAGUE, CUSTOMER, ME, NOW, OTHER, all_day, mail

SPAN = EVENT.row(fields.SPAN)
assert SPAN is not None


# --- the event


@pytest.mark.rule("FLD-6", "FLD-7")
@pytest.mark.parametrize("days", [1, 3, 14])
def test_whole_days_are_written_as_days_and_a_length(days: int) -> None:
    columns = SPAN.to_columns(all_day(date(2026, 3, 29), days))

    assert columns == {
        "IsAllDayEvent": True,
        "StartDateTime": datetime(2026, 3, 29, tzinfo=UTC),
        "ActivityDate": date(2026, 3, 29),
        "DurationInMinutes": 1440 * days,
    }
    assert SPAN.crm_view(columns) == all_day(date(2026, 3, 29), days)


@pytest.mark.rule("FLD-7")
def test_whole_days_are_read_without_a_day_column_too() -> None:
    row = {"IsAllDayEvent": True, "StartDateTime": datetime(2026, 3, 29, tzinfo=UTC), "DurationInMinutes": None}

    assert SPAN.crm_view(row) == all_day(date(2026, 3, 29))


def test_a_timed_event_is_written_with_a_length_and_no_day() -> None:
    view = SPAN.lens.get(Span(NOW.replace(second=30), NOW.replace(second=30) + timedelta(minutes=45)))

    assert SPAN.to_columns(view) == {"IsAllDayEvent": False, "StartDateTime": NOW, "DurationInMinutes": 45}


def test_an_event_that_does_not_tell_its_time_has_none() -> None:
    assert SPAN.crm_view({"IsAllDayEvent": False, "StartDateTime": NOW}) is MISSING
    assert SPAN.crm_view({"IsAllDayEvent": True}) is MISSING


def test_a_span_is_timed_or_made_of_days_never_both() -> None:
    with pytest.raises(ValueError, match="either timed or made of days"):
        SPAN.lens.get(Span(NOW, date(2026, 11, 24)))
    with pytest.raises(ValueError, match="not a span"):
        SPAN.lens.get("tomorrow")
    with pytest.raises(ValueError, match="not a span"):
        SPAN.to_columns(None)


@pytest.mark.rule("FLD-2")
@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("free", "Free"),
        ("working_elsewhere", "Free"),
        ("busy", "Busy"),
        ("tentative", "Busy"),
        ("no_data", "Busy"),
        ("oof", "OutOfOffice"),
    ],
)
def test_show_as_is_coarser_in_salesforce(word: str, shown: str) -> None:
    assert EVENT.project({fields.SHOW_AS: word}) == {"ShowAs": shown}


@pytest.mark.rule("FLD-3")
def test_a_reminder_is_an_instant_before_the_start() -> None:
    timed, off = ({fields.SPAN: Span(NOW, NOW), fields.REMINDER: minutes} for minutes in (15, None))

    assert EVENT.project(timed)["ReminderDateTime"] == NOW - timedelta(minutes=15)
    assert EVENT.project(off)["IsReminderSet"] is False
    assert "IsReminderSet" not in EVENT.project({fields.REMINDER: 15})


@pytest.mark.rule("PRV-2")
def test_privacy_is_not_written() -> None:
    assert "IsPrivate" not in EVENT.columns


# --- e-mail

LONG = mail(
    CUSTOMER,
    (ME, OTHER),
    cc=(COLLEAGUE,),
    body="Dear Ann,\r\nhere it is.\r\n",
    html="<p>Hello</p>",
    conversation="conv-1",
)


@pytest.mark.rule("RCD-1")
def test_a_message_becomes_an_email_message() -> None:
    at = NOW - timedelta(hours=1)

    assert email_message(LONG, me_addresses={ME}, key_field="Key__c", key="em:1") == {
        "Subject": "Offer",
        "TextBody": "Dear Ann,\r\nhere it is.\r\n",
        "HtmlBody": "<p>Hello</p>",
        "FromAddress": CUSTOMER,
        "ToAddress": f"{ME}; {OTHER}",
        "CcAddress": COLLEAGUE,
        "MessageDate": at,
        "Incoming": True,
        "MessageIdentifier": "<m1@globex.example>",
        "ThreadIdentifier": "conv-1",
        "Status": "3",
        "Key__c": "em:1",
    }


def test_a_sent_message_is_outgoing_and_bears_the_time_of_sending() -> None:
    item = mail(ME, (CUSTOMER,), folder="sent", sent_at=NOW, received_at=MISSING)
    columns = email_message(item, me_addresses={ME})

    assert (columns["Incoming"], columns["MessageDate"]) == (False, NOW)
    assert "Key__c" not in columns


def test_what_the_user_wrote_is_outgoing_wherever_it_lies() -> None:
    assert email_message(mail(ME, (CUSTOMER,), folder="emails"), me_addresses={ME})["Incoming"] is False


@pytest.mark.rule("RCD-2")
def test_a_message_becomes_a_completed_task() -> None:
    named = mail(CUSTOMER, (ME,), **{fields.FROM: Person(CUSTOMER, "Ann Smith"), fields.BODY: "Hello\r\n"})
    task = email_task(
        named, me_addresses={ME}, key_field="Key__c", key="em:1", message_id_field="Mid__c", thread_field="T__c"
    )

    assert task == {
        "Subject": "Offer",
        "Description": f"From: Ann Smith <{CUSTOMER}>\nTo: {ME}\nDate: 2026-11-23 11:00 UTC\n\nHello",
        "ActivityDate": date(2026, 11, 23),
        "Status": "Completed",
        "Priority": "Normal",
        "TaskSubtype": "Email",
        "Key__c": "em:1",
        "Mid__c": "<m1@globex.example>",
    }


@pytest.mark.rule("RCD-3", "RCD-4")
def test_long_messages_are_cut_with_a_mark() -> None:
    columns = email_task(mail(body="x" * 40_000), me_addresses={ME})
    text = columns["Description"]

    assert isinstance(text, str)
    assert len(text) == 32_000
    assert text.endswith(CUT_MARK)


@pytest.mark.rule("RCD-4")
@pytest.mark.parametrize("tail", ["<a href='x'>link</a>", "&nbsp;" * 20, "😀" * 40, "e\u0301" * 40])
@pytest.mark.parametrize("before", range(0, 24, 3))
def test_html_is_cut_between_tags_entities_and_characters(tail: str, before: int) -> None:
    text = clipped_html(200).get("<p>" + "x" * (130 + before) + tail + "y" * 200)

    assert isinstance(text, str)
    body = text.removesuffix(CUT_MARK)
    assert len(text.encode("utf-16-le")) // 2 <= 200
    assert body.count("<") == body.count(">")
    assert body.count("&") == body.count(";")
    assert text.endswith(CUT_MARK)


def test_an_ampersand_far_from_the_end_is_no_entity() -> None:
    text = clipped_html(100).get("a & b " + "x" * 200)

    assert isinstance(text, str)
    assert len(text) == 100


@pytest.mark.rule("RCD-4")
def test_lists_of_addresses_are_cut_between_addresses() -> None:
    people = tuple(Person(f"person{n}@globex.example") for n in range(300))
    text = addresses(4_000).get(people)

    assert isinstance(text, str)
    assert 3_970 < len(text) <= 4_000
    assert all(each.endswith("@globex.example") for each in text.split("; "))
    assert addresses(5).get(people) == ""


@pytest.mark.rule("RCD-8")
def test_letters_beyond_ascii_survive_and_broken_ones_do_not_break_the_rest() -> None:
    assert clipped(100).get("Grüße aus 東京 😀") == "Grüße aus 東京 😀"
    assert clipped(100).get("a\ud83d") == "a\ufffd"
    assert truncated(10).get(None) == ""


def test_a_cut_in_a_heap_of_accents_still_ends() -> None:
    assert cut("\u0301" * 10, 3) == "\u0301" * 3


def test_lenses_refuse_what_they_are_not_made_for() -> None:
    with pytest.raises(ValueError, match="not a text"):
        truncated(10).get(5)
    with pytest.raises(ValueError, match="not a list of people"):
        addresses(10).get(("x",))
    with pytest.raises(ValueError, match="cannot be read back"):
        addresses(10).put("x", ())
    with pytest.raises(ValueError, match="the way back"):
        coarser("x", {"a": "A", "b": "B"}, {"A": "b"})


# --- tables check themselves


def rows(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, (f"{name}__c",)) for name in names)


def test_a_table_refuses_what_would_be_ambiguous() -> None:
    with pytest.raises(ValueError, match="row named twice: a"):
        Table(ItemKind.EVENT, "Event", (Field("a", ("A",)), Field("a", ("B",))))
    with pytest.raises(ValueError, match="column named twice: A"):
        Table(ItemKind.EVENT, "Event", (Field("a", ("A",)), Field("b", ("A",))))
    with pytest.raises(ValueError, match="column named twice: A"):
        Table(ItemKind.EVENT, "Event", (Field("a", ("A",)),), fixed={"A": 1})
    with pytest.raises(ValueError, match="mailbox field written by named twice: a"):
        Table(ItemKind.EVENT, "Event", (Field("a", ("A",)), Field("b", ("B",), source="a")))
    with pytest.raises(ValueError, match="needs a name and a column"):
        Table(ItemKind.EVENT, "Event", (Field("a", ()),))
    with pytest.raises(ValueError, match="row a can only go up"):
        Table(ItemKind.EVENT, "Event", (Field("a", ("A",), one_way("x", lambda value: value)),))


# --- describes


def describe(**more: Any) -> dict[str, dict[str, object]]:
    known: dict[str, dict[str, object]] = {
        column: {"createable": True, "updateable": True, "length": 255} for column in EVENT.columns
    }
    known["ShowAs"]["values"] = ["Free", "Busy", "OutOfOffice"]
    known["Description"]["length"] = 32_000
    return {**known, **more}


def test_an_org_as_we_know_it_fits() -> None:
    assert fit(EVENT, describe()) == (EVENT, ())


def test_rows_that_cannot_be_written_are_left_out() -> None:
    known = describe(Location={"createable": False, "updateable": False})
    del known["ReminderDateTime"]
    table, found = fit(EVENT, known)

    assert [row.name for row in table.fields] == ["subject", "span", "show_as", "body"]
    assert [(each.gap, each.column) for each in found] == [
        (Gap.READ_ONLY, "Location"),
        (Gap.MISSING, "ReminderDateTime"),
    ]


def test_shorter_columns_and_missing_words_are_found() -> None:
    picklist = {"createable": True, "values": ["Busy"]}
    table, found = fit(EVENT, describe(Subject={"createable": True, "length": 80}, ShowAs=picklist))
    subject = table.row(fields.SUBJECT)

    assert subject is not None and subject.lens.limit == 80
    assert [(each.gap, each.column) for each in found] == [(Gap.SHORTER, "Subject"), (Gap.WORDS, "ShowAs")]
    assert "Free, OutOfOffice" in found[1].text


def test_fixed_columns_fit_too() -> None:
    known: dict[str, dict[str, object]] = {column: {"createable": True} for column in EMAIL_TASK.columns}
    known["Status"] = {"createable": True, "restrictedPicklist": True, "values": ["Done"]}
    known["Priority"] = {"createable": True, "values": ["Medium"]}
    table, found = fit(EMAIL_TASK, known)

    assert table.fixed == {"Priority": "Normal"}
    assert [(each.gap, each.column) for each in found] == [(Gap.WORDS, "Status"), (Gap.MISSING, "TaskSubtype")]


def test_an_email_table_can_be_fitted_and_used() -> None:
    known: dict[str, dict[str, object]] = {column: {"createable": True} for column in EMAIL_MESSAGE.columns}
    del known["ThreadIdentifier"]
    known["Status"] = {"createable": True}
    known["TextBody"]["length"] = 100
    table, _ = fit(EMAIL_MESSAGE, known)
    columns = email_message(LONG.with_fields({fields.BODY: "x" * 200}), me_addresses={ME}, table=table)

    assert "ThreadIdentifier" not in columns
    assert len(str(columns["TextBody"])) == 100
