"""Cursors: where a watch goes on, and what it remembers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.protocols import Watch
from connectors.salesforce.cursor import Cursor, Place, fingerprint
from mapping.model.item import ItemKind

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
WATCH = Watch("contact", ItemKind.CONTACT, "Contact")


def row(number: int, at: datetime) -> dict[str, str]:
    return {"Id": f"003A0100000000{number:01d}AAA", "SystemModstamp": at.strftime("%Y-%m-%dT%H:%M:%S.000+0000")}


def fresh(used: datetime = NOON) -> Cursor:
    return Cursor("w", None, used)


def lost(text: str, watched: str = "w", now: datetime = NOON) -> bool:
    with pytest.raises(ConnectorError) as caught:
        Cursor.parse(text, watched, now)
    return caught.value.fault is Fault.CURSOR_LOST


def test_a_cursor_reads_back_as_written() -> None:
    cursor = Cursor(
        "w", NOON, NOON, {"00U1": "2026-03-01T00:00:00Z"}, Place("2026-03-01T00:00:00Z", "003", True, "x"),
        "OwnerId = '005'", 3,
    )  # fmt: skip
    assert Cursor.parse(cursor.text(), "w", NOON) == cursor


@pytest.mark.parametrize(
    "text", ["x", "[]", "{}", json.dumps({"watched": "w", "since": 5, "used": "2026-01-01T00:00:00Z", "seen": {}})]
)
def test_what_is_no_cursor_is_a_lost_cursor(text: str) -> None:
    assert lost(text)


def test_a_cursor_that_slept_longer_than_the_recycle_bin_keeps_is_lost() -> None:
    text = fresh().text()
    assert Cursor.parse(text, "w", NOON + timedelta(days=14)).since is None
    assert lost(text, now=NOON + timedelta(days=15))


@pytest.mark.parametrize(
    "other",
    [{"scope": "all"}, {"where": "Title = 'CEO'"}, {"object": "Lead"}, {"columns": ("Name",)}, {"starts": "Birthdate"}],
)
def test_a_cursor_is_good_for_what_it_was_made_for_alone(other: dict[str, object]) -> None:
    assert fingerprint(replace(WATCH, held=("003",)), "005A") == fingerprint(WATCH, "005A")
    text = Cursor(fingerprint(WATCH, "005A"), None, NOON).text()
    assert lost(text, fingerprint(replace(WATCH, **other), "005A"))  # type: ignore[arg-type]
    assert lost(text, fingerprint(WATCH, "005B"))


def test_what_lies_five_minutes_back_is_read_again_and_remembered() -> None:
    rows = [row(1, NOON - timedelta(minutes=6)), row(2, NOON - timedelta(minutes=4)), row(3, NOON)]
    cursor = fresh().after(rows, NOON)
    assert cursor.bound == NOON - timedelta(minutes=5)
    assert set(cursor.seen) == {rows[1]["Id"], rows[2]["Id"]}


def test_an_hour_later_nothing_can_be_late_any_more() -> None:
    cursor = fresh().after([row(1, NOON)], NOON)
    soon = cursor.after([row(1, NOON)], NOON + timedelta(minutes=59))
    assert soon.bound == NOON - timedelta(minutes=5)
    later = cursor.after([row(1, NOON)], NOON + timedelta(hours=2))
    assert later.bound == NOON + timedelta(seconds=1)
    assert later.seen == {}
    assert later.after([], NOON + timedelta(hours=2, minutes=50)).text() == later.text()


def test_a_poll_that_found_nothing_yet_goes_on_from_about_now() -> None:
    cursor = fresh().after([], NOON)
    assert cursor.since is not None
    assert NOON - timedelta(hours=2) < cursor.since < NOON


def test_a_long_reading_goes_on_behind_its_last_row_and_then_an_hour_before_it_began() -> None:
    old = row(1, NOON - timedelta(days=30))
    amid = fresh().amid([old], NOON)
    assert amid.place == Place("2026-01-30T12:00:00Z", old["Id"], True, "2026-03-01T11:00:00Z")
    assert amid.bound is None
    done = amid.after([row(2, NOON + timedelta(minutes=1))], NOON + timedelta(minutes=2))
    assert done.place is None
    assert done.since == NOON - timedelta(hours=1)


def test_a_long_reading_of_changes_keeps_in_mind_that_it_is_no_first_one() -> None:
    cursor = fresh().after([row(1, NOON - timedelta(days=3))], NOON)
    amid = cursor.amid([row(2, NOON - timedelta(days=2))], NOON)
    assert amid.place is not None
    assert not amid.place.first
    assert amid.since == cursor.since
