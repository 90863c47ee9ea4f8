"""An organization's changes, held against the describe of its Salesforce: every problem at once, with what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mapping.tables.check import check
from mapping.tables.event import EVENT

COLUMN: dict[str, Any] = {"type": "string", "length": 255, "createable": True, "updateable": True}
WHERE = {"name": "where", "from": "location", "column": "Where__c"}


def describe(**more: Mapping[str, Any] | None) -> dict[str, Mapping[str, Any]]:
    """An org with the standard columns of an event, and these besides; None takes one away."""
    known: dict[str, Mapping[str, Any] | None] = dict.fromkeys(EVENT.columns, COLUMN)
    return {name: about for name, about in {**known, **more}.items() if about is not None}


def told(change: dict[str, Any], **more: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    return [(each.text, each.advice) for each in check(EVENT, [change], describe(**more))]


def test_changes_that_fit_are_no_problem() -> None:
    changes = [WHERE, {"name": "subject", "winner": "newest"}, {"name": "location", "remove": True}]

    assert check(EVENT, changes, describe(Where__c=COLUMN)) == ()


def test_a_column_that_is_not_there_is_named_with_the_nearest() -> None:
    ((text, advice),) = told(WHERE, Were__c=COLUMN)

    assert text == "Event has no Where__c, or hides it from the user of the connection"
    assert advice.startswith("Did you mean Were__c? If not: make the field")
    assert told({**WHERE, "column": "Qqq__c"})[0][1].startswith("Make the field")


@pytest.mark.parametrize("right", ["createable", "updateable"])
def test_a_column_that_may_not_be_written_is_told(right: str) -> None:
    assert "may not be written" in told(WHERE, Where__c={**COLUMN, right: False})[0][0]


def test_a_row_that_only_comes_down_needs_no_right_to_write() -> None:
    rows = [{"name": "location", "remove": True}, {**WHERE, "direction": "down"}]

    assert check(EVENT, rows, describe(Where__c={**COLUMN, "createable": False, "updateable": False})) == ()


@pytest.mark.parametrize("kind", ["boolean", "double", "reference", "datetime", "multipicklist"])
def test_a_column_of_another_type_takes_no_text(kind: str) -> None:
    assert told(WHERE, Where__c={**COLUMN, "type": kind})[0][0] == f"Where__c is of type {kind}, which takes no text"


def test_a_restricted_picklist_takes_the_words_it_lists_and_no_free_text() -> None:
    listed = {**COLUMN, "type": "picklist", "restrictedPicklist": True, "values": ["normal", "private"]}
    sensitivity = {"name": "secrecy", "from": "sensitivity", "column": "Where__c"}

    assert "is free text" in told(WHERE, Where__c=listed)[0][0]
    assert told(sensitivity, Where__c=listed)[0][0] == "Where__c lacks the values confidential, personal"
    complete = {**listed, "values": ["normal", "personal", "private", "confidential"]}
    assert told(sensitivity, Where__c=complete) == []
    assert told(WHERE, Where__c={**listed, "restrictedPicklist": False}) == []


def test_a_length_that_the_column_does_not_hold_is_told_with_the_one_it_does() -> None:
    short = {**COLUMN, "length": 40}

    assert told({**WHERE, "length": 80}, Where__c=short) == [
        ("Where__c holds 40 characters, not 80", "Say length = 40.")
    ]
    assert told({**WHERE, "length": 40}, Where__c=short) == []
    assert told(WHERE, Where__c=short) == []


def test_a_changed_row_whose_column_is_hidden_is_told_too() -> None:
    assert "Event has no ShowAs" in told({"name": "show_as", "winner": "newest"}, ShowAs=None)[0][0]


def test_an_object_that_is_hidden_is_told_once_a_change() -> None:
    (found,) = check(EVENT, [WHERE], {})

    assert found.text.startswith("Event is not there or hidden")


def test_everything_is_told_at_once_in_the_order_of_the_changes() -> None:
    changes = [
        {"name": "subject", "winner": "me"},
        {**WHERE, "length": 80},
        {"name": "nowhere"},
        {"name": "id", "from": "uid", "column": "Missing__c"},
    ]

    found = check(EVENT, changes, describe(Where__c={**COLUMN, "length": 40, "createable": False}))

    assert [each.number for each in found] == [1, 2, 2, 3, 4]
