"""What an organization may change of a table, and how it is told what makes no sense."""

from __future__ import annotations

import pytest

from mapping.model import fields
from mapping.model.item import ItemKind
from mapping.model.table import Direction, Table, Winner
from mapping.tables.adjust import adjust, columns, lay, sources
from mapping.tables.contact import CONTACT
from mapping.tables.email_message import EMAIL_MESSAGE
from mapping.tables.event import EVENT
from mapping.tables.task import TASK

TABLES: dict[ItemKind, Table] = {
    ItemKind.EVENT: EVENT,
    ItemKind.TASK: TASK,
    ItemKind.CONTACT: CONTACT,
    ItemKind.EMAIL: EMAIL_MESSAGE,
}


def test_rows_are_changed_removed_and_added() -> None:
    table = adjust(
        EVENT,
        [
            {"name": "location", "remove": True},
            {"name": "subject", "winner": "newest", "length": 80},
            {"name": "show_as", "direction": "up"},
            {"name": "where", "from": "location", "column": "Where__c", "length": 40},
            {"name": "uid", "from": "uid", "column": "Uid__c"},
        ],
    )
    subject, where, shown = (table.row(name) for name in ("subject", "where", "show_as"))

    assert table.row("location") is None
    assert subject is not None and (subject.winner, subject.lens.limit) == (Winner.NEWEST, 80)
    assert shown is not None and shown.direction is Direction.UP
    assert where is not None and where.direction is Direction.UP
    assert table.project({"location": "Room 1", "uid": "u"}) == {"Where__c": "Room 1", "Uid__c": "u"}


@pytest.mark.rule("DSC-4")
def test_the_description_can_be_mirrored_both_ways() -> None:
    body = adjust(EVENT, [{"name": "body", "direction": "both"}]).row(fields.BODY)

    assert body is not None and body.direction is Direction.BOTH


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "subject", "winer": "newest"}, "unknown word winer; known are"),
        ({"name": "subject", "winner": "me"}, "winner must be one of mailbox, salesforce, newest, manual"),
        ({"name": "subject", "direction": "sideways"}, "direction must be one of both, up, down, up_once"),
        ({"name": "subject", "length": 300}, "row subject cannot be 300 characters long"),
        ({"name": "subject", "length": 0}, "length must be a whole number above 0"),
        ({"name": "span", "length": 5}, "row span cannot be 5 characters long"),
        ({"name": "subject", "column": "X__c"}, "row subject exists already"),
        ({"name": "nothing"}, "there is no row nothing"),
        ({"name": "x", "from": "attendees", "column": "X__c"}, "attendees cannot be mapped to a column"),
        ({"name": "x", "from": "location", "column": "Subject"}, "column named twice: Subject"),
        ({"name": "x", "from": "location", "column": "X__c", "direction": "both"}, "named twice: location"),
        ({"name": "reminder", "direction": "both"}, "row reminder can only go up"),
        ({"name": " "}, "name must be a name"),
        ({"name": "locaton"}, "did you mean location"),
        ({"name": "locaton", "remove": True}, "there is no row locaton .did you mean location.. to remove"),
        ({"name": "subject", "remove": "yes"}, "remove must be true or false"),
        ({"name": "x", "from": "uid", "column": "X__c", "direction": "both"}, "uid can only go up"),
        ({"name": "x", "from": "uid", "column": ""}, "column must be a name"),
    ],
)
def test_changes_that_make_no_sense_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=f"change 2 of the Event table: .*{words}"):
        adjust(EVENT, [{"name": "subject"}, change])


def test_everything_that_is_wrong_is_told_at_once() -> None:
    made, wrong = lay(
        EVENT,
        [
            {"name": "subject", "winner": "me", "direction": "sideways", "length": 0},
            {"name": "location", "remove": True},
            {"name": "wher", "from": "locaton", "column": "", "lenght": 3},
        ],
    )

    assert [(each.number, each.name) for each in wrong] == [(1, "subject")] * 3 + [(3, "wher")] * 3
    assert made.row("location") is None
    assert made.row("subject") == EVENT.row("subject")


@pytest.mark.parametrize("kind", ItemKind)
def test_what_an_extra_row_may_read_is_text(kind: ItemKind) -> None:
    extra = [{"name": f"x_{name}", "from": name, "column": f"{name}__c"} for name in sources(kind)]

    made, wrong = lay(TABLES[kind], extra)

    assert wrong == ()
    assert columns(extra) == tuple(f"{name}__c" for name in sources(kind))
    for name in sources(kind):
        row = made.row(f"x_{name}")
        assert row is not None
        assert row.to_columns(row.view({name: "some text"})) == {f"{name}__c": "some text"}


def test_an_e_mail_knows_no_direction() -> None:
    with pytest.raises(ValueError, match="written once and never read back"):
        adjust(EMAIL_MESSAGE, [{"name": "subject", "direction": "both"}])
