"""The merge in small stories; its laws are in tests/property."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from mapping.merge.baseline import Baseline
from mapping.merge.fields import Merged, first_marks, merge, project_down, project_up
from mapping.merge.plan import FieldChange
from mapping.model import fields
from mapping.model.item import Side, Span
from mapping.model.table import Winner
from mapping.rules.description import first_description
from mapping.tables.adjust import adjust
from mapping.tables.contact import CONTACT
from mapping.tables.event import EVENT
from mapping.tables.task import TASK
from tests.support.items import CUSTOMER, ME, NOW, OTHER, event

KEY = b"key"
ITEM: dict[str, Any] = {
    fields.SUBJECT: "Numbers " + "x" * 300,
    fields.LOCATION: "Room 1",
    fields.SPAN: Span(NOW, NOW + timedelta(hours=1)),
    fields.SHOW_AS: "tentative",
    fields.REMINDER: 15,
    fields.BODY: "Agenda",
}
ROW, MARKS = project_up(EVENT, ITEM, KEY)
BASE = Baseline(MARKS, KEY)


def merged(mailbox: dict[str, Any] | None = None, crm: dict[str, Any] | None = None, table: Any = EVENT) -> Merged:
    return merge(table, ITEM | (mailbox or {}), ROW | (crm or {}), BASE, Side.CRM)


@pytest.mark.rule("FLD-1")
def test_one_edit_travels_alone() -> None:
    assert merged({fields.LOCATION: "Room 2"}).to_crm == {"Location": "Room 2"}
    down = merged(crm={"Location": "Room 3"})
    assert (down.to_mailbox, down.to_crm) == ({fields.LOCATION: "Room 3"}, {})
    assert down.changes_mailbox == (FieldChange(fields.LOCATION, "Room 1", "Room 3"),)


@pytest.mark.rule("FLD-2", "FLD-4")
def test_what_salesforce_cannot_hold_stays_in_the_mailbox() -> None:
    result = merged(crm={"Location": "Room 3", "ShowAs": "Busy"})

    assert result.to_mailbox == {fields.LOCATION: "Room 3"}


def test_an_emptied_column_empties_the_field() -> None:
    assert merged(crm={"Location": None}).to_mailbox == {fields.LOCATION: ""}
    assert merged({fields.LOCATION: " "}).to_crm == {"Location": None}


def test_a_moved_event_moves_its_reminder() -> None:
    later = {"StartDateTime": NOW + timedelta(days=1)}
    result = merged(crm=later)

    assert result.to_mailbox == {fields.SPAN: Span(NOW + timedelta(days=1), NOW + timedelta(days=1, hours=1))}
    assert result.to_crm == {
        "IsReminderSet": True,
        "ReminderDateTime": NOW + timedelta(days=1) - timedelta(minutes=15),
    }


@pytest.mark.rule("IDN-4")
@pytest.mark.parametrize(
    ("winner", "won"),
    [
        (Winner.MAILBOX, Side.MAILBOX),
        (Winner.SALESFORCE, Side.CRM),
        (Winner.NEWEST, Side.CRM),
        (Winner.MANUAL, None),
    ],
)
def test_a_conflict_is_settled_by_policy(winner: Winner, won: Side | None) -> None:
    table = adjust(EVENT, [{"name": fields.LOCATION, "winner": winner.value}])
    result = merged({fields.LOCATION: "Room 2"}, {"Location": "Room 3"}, table)

    (conflict,) = result.conflicts
    assert (conflict.won, conflict.mailbox, conflict.crm) == (won, "Room 2", "Room 3")
    assert (bool(result.to_crm), bool(result.to_mailbox)) == (won is Side.MAILBOX, won is Side.CRM)


def test_a_conflict_left_to_a_person_is_still_one_in_the_next_run() -> None:
    table = adjust(EVENT, [{"name": fields.LOCATION, "winner": "manual"}])
    result = merged({fields.LOCATION: "Room 2"}, {"Location": "Room 3"}, table)
    again = merge(
        table, ITEM | {fields.LOCATION: "Room 2"}, ROW | {"Location": "Room 3"}, Baseline(result.agreed, KEY), Side.CRM
    )  # fmt: skip

    assert again.conflicts == result.conflicts


@pytest.mark.rule("FLD-2")
def test_a_word_nobody_knows_leaves_its_row_alone_and_the_others_go_on() -> None:
    result = merged({fields.LOCATION: "Room 2"}, {"ShowAs": "Working Elsewhere"})

    assert result.to_crm == {"Location": "Room 2"} and result.to_mailbox == {}
    assert [refusal.field for refusal in result.refused] == [fields.SHOW_AS]
    assert result.agreed[fields.SHOW_AS] == MARKS[fields.SHOW_AS]


def test_marks_of_rows_that_left_the_table_are_forgotten() -> None:
    table = adjust(EVENT, [{"name": fields.LOCATION, "remove": True}])

    assert fields.LOCATION not in merged(table=table).agreed


@pytest.mark.rule("DSC-1", "DSC-2", "DSC-3'")
def test_the_description_is_copied_once() -> None:
    assert ROW["Description"] == "Agenda"
    result = merged({fields.BODY: "New"}, {"Description": "Notes", "Subject": "Other"})
    assert "Description" not in result.to_crm and fields.BODY not in result.to_mailbox
    assert fields.BODY not in project_down(EVENT, ROW, KEY)[0]


@pytest.mark.rule("DSC-4")
def test_the_description_is_mirrored_when_that_is_wanted() -> None:
    table = adjust(EVENT, [{"name": fields.BODY, "direction": "both"}])

    assert merged({fields.BODY: "New"}, table=table).to_crm == {"Description": "New"}
    assert merged(crm={"Description": "New"}, table=table).to_mailbox == {fields.BODY: "New"}


@pytest.mark.rule("DSC-5")
def test_in_somebody_elses_meeting_the_guests_stand_in_the_description() -> None:
    item = event(ME, OTHER, organizer=CUSTOMER, body="Agenda")

    assert first_description(item, organizer_is_me=True) == "Agenda"
    assert first_description(item, organizer_is_me=False) == (
        f"From: {CUSTOMER}\nTo: {ME}; {OTHER}\nEvent reference: uid-1\n\nAgenda"
    )


MANUAL = adjust(EVENT, [{"name": row.name, "winner": "manual"} for row in EVENT.fields])
BOTH = ({fields.LOCATION: "Room 2"}, {"Location": "Room 3"})


@pytest.mark.rule("TOP-8")
def test_by_hand_a_field_edited_on_both_sides_is_left_and_keeps_its_baseline() -> None:
    found = merged(*BOTH, MANUAL)

    assert (found.to_mailbox, found.to_crm) == ({}, {})
    (conflict,) = found.conflicts
    assert (conflict.mailbox, conflict.crm, conflict.won) == ("Room 2", "Room 3", None)
    assert conflict.baseline == found.agreed[fields.LOCATION] == MARKS[fields.LOCATION]


@pytest.mark.rule("TOP-8")
@pytest.mark.parametrize("side", Side)
def test_the_side_a_person_named_is_written_to_the_other(side: Side) -> None:
    mailbox, crm = BOTH
    found = merge(MANUAL, ITEM | mailbox, ROW | crm, BASE, Side.CRM, decided={fields.LOCATION: side})

    if side is Side.MAILBOX:
        assert (found.to_mailbox, found.to_crm) == ({}, {"Location": "Room 2"})
    else:
        assert (found.to_mailbox, found.to_crm) == ({fields.LOCATION: "Room 3"}, {})
    assert found.conflicts == ()


@pytest.mark.rule("TOP-8")
def test_an_answer_holds_for_its_own_field_only() -> None:
    mailbox, crm = {fields.SUBJECT: "Here"} | BOTH[0], {"Subject": "There"} | BOTH[1]
    found = merge(MANUAL, ITEM | mailbox, ROW | crm, BASE, Side.CRM, decided={fields.LOCATION: Side.CRM})

    assert found.to_mailbox == {fields.LOCATION: "Room 3"}
    assert [each.field for each in found.conflicts] == [fields.SUBJECT]


def test_copies_that_meet_for_the_first_time_fill_each_others_gaps_and_only_then_the_winner_counts() -> None:
    mailbox = {fields.SURNAME: "Simpson", fields.GIVEN_NAME: "Homer", fields.JOB_TITLE: "", fields.BIRTHDAY: None}
    crm = {"LastName": "Thompson", "FirstName": None, "Title": "Inspector", "Birthdate": date(1956, 5, 12)}

    base = Baseline(first_marks(CONTACT, mailbox, crm, KEY), KEY)
    result = merge(CONTACT, mailbox, crm, base, Side.CRM)

    assert result.to_crm == {"FirstName": "Homer"}
    assert result.to_mailbox == {
        fields.SURNAME: "Thompson", fields.JOB_TITLE: "Inspector", fields.BIRTHDAY: date(1956, 5, 12),
    }  # fmt: skip
    assert [conflict.field for conflict in result.conflicts] == [fields.SURNAME]


def test_a_value_that_the_table_does_not_know_is_no_ground_to_meet_on() -> None:
    mailbox, crm = {fields.STATUS: "napping", fields.SUBJECT: ""}, {"Status": "Not Started", "Subject": "Call"}

    assert set(first_marks(TASK, mailbox, crm, KEY)) == {fields.SUBJECT}
