"""Was a record edited since both sides agreed, and by whom, and where?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mapping.merge.baseline import Baseline
from mapping.merge.edits import Edits, edits, seen
from mapping.merge.fields import project_up
from mapping.model import fields
from mapping.model.item import Item
from mapping.tables.event import EVENT
from tests.support.items import NOW, crm_event, event

KEY, US, THEM = b"key", "005INTEGRATION0", "005SOMEBODY0000"
SAID: dict[str, Any] = {"Subject": "Plan", "Location": "Here", "ShowAs": "Busy", "Description": "Text"}


def record(by: str = THEM, minutes: int = 5, **changes: Any) -> Item:
    at = NOW + timedelta(minutes=minutes)
    return crm_event(**{**SAID, **changes}, LastModifiedById=by, LastModifiedDate=at)


def found(item: Item, last_seen: Item | None = None) -> Edits:
    agreed = project_up(EVENT, event(**{
        fields.SUBJECT: "Plan", fields.LOCATION: "Here", fields.SHOW_AS: "busy", fields.BODY: "Text",
        fields.REMINDER: None,
    }).fields, KEY)[1]  # fmt: skip
    return edits(EVENT, Baseline({**agreed, **(seen(KEY, last_seen) if last_seen else {})}, KEY), item, US)


@pytest.mark.rule("DEL-5")
def test_edits_are_told_apart_by_where_they_are() -> None:
    assert found(record(Subject="Map")) == Edits(mapped=True)
    assert found(record(Description="Notes")) == Edits(outside=True)
    assert found(record(Subject="Map", Description="Notes")) == Edits(mapped=True, outside=True)
    assert found(record(Outcome__c="Won")) == Edits(outside=True)  # something changed, and nothing that is known


@pytest.mark.rule("DEL-5")
def test_what_we_wrote_and_what_was_seen_before_is_no_edit() -> None:
    assert not found(record(by=US, Subject="Map"))
    assert not found(record(Outcome__c="Won"), record(Outcome__c="Won"))
    assert found(record(minutes=9, Outcome__c="Won"), record()) == Edits(outside=True)


@pytest.mark.rule("DEL-5", "FLD-3")
def test_a_reminder_that_has_fired_is_no_edit() -> None:
    assert not found(record(IsReminderSet=True, ReminderDateTime=NOW)).mapped
