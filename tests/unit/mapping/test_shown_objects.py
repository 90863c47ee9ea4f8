"""Other Salesforce objects in the calendar: the setting, the table it makes, and which records are shown."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from mapping.model import fields as f
from mapping.model.item import Attendee, Item, ItemKind, ItemRef, Side, Span, Value
from mapping.model.reasons import Reason
from mapping.rules import scope
from mapping.rules.decision import Decision, Outcome, PairFacts
from mapping.rules.deletion import Fate, Trigger, shown_fate
from mapping.rules.settings import parse
from mapping.rules.shown_objects import read, shown_objects
from mapping.tables.shown import ShownObject, misfits, span_of, table_of
from tests.support.items import NOW, all_day, event, me, pair, settings, timed

ENTRY = {"object": "Visit__c", "subject": "Name", "starts": "Starts__c", "ends": "Ends__c"}
TIMED = ShownObject("Visit__c", "Name", "Starts__c", "Ends__c")
DATED = ShownObject("Deal__c", "Name", "Close__c")
OWNED = {"type": "reference", "referenceTo": ["Group", "User"]}


# --- the setting


def test_an_entry_is_a_mapping_of_column_names() -> None:
    (shown,) = shown_objects(read([{**ENTRY, "where": " Status__c = 'Planned' "}]))

    assert shown == ShownObject("Visit__c", "Name", "Starts__c", "Ends__c", where="Status__c = 'Planned'")
    assert shown.columns == ("Name", "Starts__c", "Ends__c", "OwnerId")
    assert ShownObject("Visit__c", "Name", "Day__c", scope="all").columns == ("Name", "Day__c")


def test_everything_that_is_wrong_is_named_at_once() -> None:
    entries = [
        {"object": "Visit__c", "begins": "Starts__c", "subject": "Full Name"},
        {**ENTRY, "scope": "theirs", "category": "Salesforce"},
        {**ENTRY, "object": "Event", "owner": "Consultant__c", "scope": "all", "where": " "},
        {**ENTRY, "object": "Deal__c", "location": "Name"},
    ]

    with pytest.raises(ValueError, match="entry") as caught:
        read(entries)

    assert str(caught.value).split("; ") == [
        "entry 1 (Visit__c): unknown word begins",
        "known are object, subject, starts, ends, location, description, owner, scope, where, category",
        "entry 1 (Visit__c): starts is missing",
        "entry 1 (Visit__c): subject must be an API name",
        "entry 2 (Visit__c): scope must be mine, all or view:ID of a list view",
        "entry 2 (Visit__c): category must be the name of a category that is not one of the engine's own",
        "entry 3 (Event): where must be a text that is not empty",
        "entry 3 (Event): events are shown anyway, by events.down",
        "entry 3 (Event): owner says whose a record is, which counts with the scope mine only",
        "entry 4 (Deal__c): table event <-> Deal__c: column named twice: Name",
        "Visit__c is named twice",
    ]


@pytest.mark.parametrize("told", ["Visit__c", {"object": "Visit__c"}, ["Visit__c"], None])
def test_what_is_no_list_of_mappings_is_refused(told: object) -> None:
    with pytest.raises(ValueError, match="a list of mappings"):
        read(told)


def test_the_setting_is_written_as_json() -> None:
    assert parse("objects.shown", '[{"object": "Deal__c", "subject": "Name", "starts": "Close__c"}]') == (
        {"object": "Deal__c", "subject": "Name", "starts": "Close__c"},
    )
    assert parse("objects.shown", "") == ()
    with pytest.raises(ValueError, match=r"objects\.shown is written as JSON"):
        parse("objects.shown", "Deal__c")
    with pytest.raises(ValueError, match=r"objects\.shown: entry 1 \(no object\): object, subject, starts is missing"):
        parse("objects.shown", "[{}]")


# --- the table


@pytest.mark.parametrize(
    ("shown", "columns", "span"),
    [
        (DATED, {"Close__c": date(2026, 3, 5)}, all_day(date(2026, 3, 5))),
        (DATED, {"Close__c": None}, None),
        (DATED, {}, None),
        (TIMED, {"Starts__c": NOW, "Ends__c": NOW + timedelta(seconds=80)}, Span(NOW, NOW + timedelta(minutes=1))),
        (TIMED, {"Starts__c": NOW, "Ends__c": NOW}, Span(NOW, NOW)),
        (TIMED, {"Starts__c": NOW, "Ends__c": NOW - timedelta(hours=1)}, None),
        (TIMED, {"Starts__c": NOW, "Ends__c": None}, None),
        (TIMED, {"Starts__c": date(2026, 3, 5), "Ends__c": date(2026, 3, 6)}, all_day(date(2026, 3, 5), 2)),
        (TIMED, {"Starts__c": date(2026, 3, 5), "Ends__c": date(2026, 3, 4)}, None),
        (TIMED, {"Starts__c": date(2026, 3, 5), "Ends__c": NOW}, None),
        (ShownObject("Deal__c", "Name", "At__c"), {"At__c": NOW}, None),
    ],
)  # fmt: skip
def test_a_record_takes_place_as_its_columns_say(
    shown: ShownObject, columns: dict[str, Value], span: Span | None
) -> None:
    assert span_of(shown, columns) == span


def test_all_rows_go_down_and_guests_and_privacy_are_none_of_the_record() -> None:
    table = table_of(ShownObject("Visit__c", "Number__c", "Starts__c", "Ends__c", "Place__c", "Paid__c"))
    record: dict[str, Value] = {"Number__c": 42, "Place__c": None, "Paid__c": True}

    assert table.project(dict.fromkeys((f.SUBJECT, f.LOCATION, f.BODY), "x")) == {}
    views = {row.name: row.crm_view(record) for row in table.fields if row.name != f.SPAN}
    assert views == {f.SUBJECT: "42", f.LOCATION: "", f.BODY: "yes", f.ATTENDEES: (), f.SENSITIVITY: "normal"}


@pytest.mark.parametrize(
    ("shown", "describe", "found"),
    [
        (TIMED, None, ["Visit__c is not there or hidden from the user"]),
        (TIMED, {"OwnerId": OWNED, "Name": {}, "Starts__c": {"type": "datetime"}, "Ends__c": {"type": "datetime"}}, []),
        (DATED, {"OwnerId": OWNED, "Name": {}, "Close__c": {"type": "date"}}, []),
        (
            TIMED,
            {"OwnerId": OWNED, "Starts__c": {"type": "datetime"}},
            ["Name is not there or hidden from the user", "Ends__c is not there or hidden from the user"],
        ),
        (
            TIMED,
            {"OwnerId": OWNED, "Name": {}, "Starts__c": {"type": "date"}, "Ends__c": {"type": "datetime"}},
            ["Starts__c (date) and Ends__c (datetime): a record is dated by a date, by two dates or by two date-times"],
        ),
        (
            ShownObject("Deal__c", "Name", "Close__c", owner="Account__c"),
            {"Name": {}, "Close__c": {"type": "datetime"}, "Account__c": {"referenceTo": ["Account"]}},
            [
                "Close__c (datetime): a record is dated by a date, by two dates or by two date-times",
                "Account__c names no user, so it does not tell whose a record is",
            ],
        ),
        (ShownObject("Deal__c", "Name", "Close__c", scope="all"), {"Name": {}, "Close__c": {"type": "date"}}, []),
    ],
)
def test_what_does_not_fit_the_org_is_told_in_words(shown: ShownObject, describe: Any, found: list[str]) -> None:
    assert list(misfits(shown, describe)) == found


# --- which records are shown


def record(days: float = 1, **columns: Value) -> Item:
    known = {"OwnerId": "005USER", "Name": "Visit", "Starts__c": timed(days).start, "Ends__c": timed(days).end}
    return Item(ItemRef(Side.CRM, ItemKind.EVENT, "a001", "Visit__c"), "1", {**known, **columns})


def decided(item: Item, known: PairFacts | None = None, shown: ShownObject | None = TIMED) -> Decision:
    return scope.record_from_crm(item, shown, known, me(), settings(), NOW)


SAVED = pair(Side.CRM, kind_letter="B")
LEFT = pair(Side.CRM, kind_letter="B", saved_before=False, unsynced=True)


@pytest.mark.rule("OBJ-1")
def test_a_record_of_the_user_is_shown_and_stays_shown() -> None:
    assert decided(record()) == Decision(Outcome.MIRROR, Reason.RECORD_SHOWN, "OBJ-1")
    assert decided(record(), SAVED) == Decision(Outcome.MIRROR, Reason.LINKED, "OBJ-1")


@pytest.mark.rule("OBJ-2")
@pytest.mark.parametrize(
    ("item", "shown", "reason"),
    [
        (record(Left=True), TIMED, Reason.LEFT_SCOPE),
        (record(OwnerId="005OTHER"), TIMED, Reason.LEFT_SCOPE),
        (record(OwnerId=None), TIMED, Reason.LEFT_SCOPE),
        (record(Ends__c=None), TIMED, Reason.LEFT_SCOPE),
        (record(-20), TIMED, Reason.SLID_OUT),
        (record(), None, Reason.DOWN_OFF),
    ],
)
def test_a_shown_record_that_is_no_longer_to_be_shown_is_let_go(
    item: Item, shown: ShownObject | None, reason: Reason
) -> None:
    found = decided(item, SAVED, shown)

    assert (found.outcome, found.reason) == (Outcome.RELEASE, reason)


@pytest.mark.rule("OBJ-2")
def test_what_left_may_come_back_but_not_what_somebody_refused() -> None:
    assert decided(record(), LEFT).outcome is Outcome.MIRROR
    assert decided(record(), pair(Side.CRM, unsynced=True, refused=True)).reason is Reason.HOLD_REJECTED


def test_records_too_far_away_or_without_a_date_are_not_shown() -> None:
    assert decided(record(90)).outcome is Outcome.WAIT
    assert decided(record(-20)).reason is Reason.PAST_WINDOW
    assert decided(record(Starts__c=None)) == Decision(Outcome.SKIP, Reason.NO_DATE, "OBJ-2")


def test_the_owner_does_not_count_where_the_scope_is_another() -> None:
    shown = ShownObject("Visit__c", "Name", "Starts__c", "Ends__c", scope="all")

    assert decided(record(OwnerId="005OTHER"), shown=shown).outcome is Outcome.MIRROR


@pytest.mark.rule("OBJ-1")
def test_the_item_of_a_record_is_kept_whatever_was_done_to_it() -> None:
    edited = event(Attendee("homer@globex.example"), marks=("Salesforce Unsync",), **{f.SPAN: timed(-300)})

    assert scope.record_from_mailbox(edited, SAVED, is_shown=True).outcome is Outcome.MIRROR
    assert scope.record_from_mailbox(edited, SAVED, is_shown=False).reason is Reason.DOWN_OFF
    repeated = event(**{f.RECURRENCE: "master"})
    assert scope.record_from_mailbox(repeated, SAVED, is_shown=True).reason is Reason.RECORD_REPEATED
    assert scope.record_from_mailbox(edited, LEFT, is_shown=True).outcome is Outcome.SKIP


@pytest.mark.rule("OBJ-1", "OBJ-2")
@pytest.mark.parametrize(
    ("trigger", "fate", "rule"),
    [
        (Trigger.MAILBOX_DELETED, Fate.RESTORE_ITEM, "OBJ-1"),
        (Trigger.CRM_DELETED, Fate.DELETE_MAILBOX, "OBJ-2"),
        (Trigger.LEFT_SCOPE, Fate.DELETE_MAILBOX, "OBJ-2"),
        (Trigger.SWITCHED_OFF, Fate.DELETE_MAILBOX, "SCP-16"),
        (Trigger.WINDOW, Fate.DELETE_MAILBOX, "DEL-3"),
    ],
)
def test_what_happens_to_either_copy_ends_as_the_record_says(trigger: Trigger, fate: Fate, rule: str) -> None:
    assert shown_fate(trigger) == (fate, rule)
