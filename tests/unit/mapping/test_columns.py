"""Columns and values that settings name, against the describe of an org."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from mapping.rules.columns import conditions, holds, to_read, to_write, unfit
from tests.support.items import settings

FACTS = {
    "Outcome__c": {"type": "picklist", "restrictedPicklist": True, "values": ["Won", "Lost"], "createable": True},
    "Free__c": {"type": "picklist", "values": ["Won"], "createable": True, "updateable": True},
    "Done__c": {"type": "boolean", "createable": True, "updateable": True},
    "Size__c": {"type": "double", "scale": 0, "createable": True},
    "Price__c": {"type": "double", "scale": 2, "createable": True},
    "On__c": {"type": "date", "createable": True},
    "At__c": {"type": "datetime", "createable": True},
    "Many__c": {"type": "multipicklist", "createable": True},
    "Long__c": {"type": "textarea", "filterable": False, "createable": True},
    "WhatId": {"type": "reference", "filterable": True},
    "Secret__c": {"type": "encryptedstring", "filterable": True},
    "Sum__c": {"type": "int", "createable": False},
}


def test_columns_are_read_that_some_setting_names_each_once() -> None:
    named = settings(events__appended="Outcome__c, Done__c", deletion__unsync_when="Done__c=true, Free__c=Won")

    assert to_read(named, {}) == {"Event": ("Outcome__c", "Done__c", "Free__c")}
    assert to_read(settings(), {}) == {}


def test_values_are_of_the_type_of_their_column() -> None:
    given = [
        "Outcome__c=Won", "Free__c = Anything", "Done__c=True", "Size__c=3", "Price__c=2.50", "On__c=2026-03-05",
        "At__c=2026-03-05T09:30:00Z", "Many__c=A;B",
    ]  # fmt: skip

    assert to_write(given, FACTS, "createable").values == {
        "Outcome__c": "Won", "Free__c": "Anything", "Done__c": True, "Size__c": 3, "Price__c": "2.50",
        "On__c": date(2026, 3, 5), "At__c": datetime(2026, 3, 5, 9, 30, tzinfo=UTC), "Many__c": "A;B",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("Absent__c=x", "Absent__c is not there or hidden from the user"),
        ("Sum__c=1", "Sum__c may not be written"),
        ("Outcome__c=Drawn", "Outcome__c has no value 'Drawn'"),
        ("Done__c=yes", "Done__c holds true or false, not 'yes'"),
        ("Size__c=big", "Size__c holds numbers, not 'big'"),
        ("On__c=soon", "On__c holds dates, not 'soon'"),
        ("At__c=2026-03-05T09:30:00", "At__c holds moments with a zone, not '2026-03-05T09:30:00'"),
    ],
)
def test_what_does_not_fit_is_left_out_and_told(entry: str, told: str) -> None:
    found = to_write([entry, "Free__c=Won"], FACTS, "createable")

    assert (found.values, found.unfit) == ({"Free__c": "Won"}, (told,))


def test_only_what_can_be_told_apart_reliably_is_looked_for() -> None:
    given = [
        "Outcome__c=Won", "Done__c=true", "Size__c=3", "Many__c=A;B", "Price__c=2", "On__c=2026-03-05", "Long__c=x",
        "WhatId=001", "Secret__c=x",
    ]  # fmt: skip
    found = conditions(given, FACTS)

    assert found.values == {"Outcome__c": "Won", "Done__c": True, "Size__c": 3, "Many__c": "A;B"}
    assert len(found.unfit) == 5


def test_one_value_that_is_shown_is_enough() -> None:
    wanted = conditions(["Outcome__c=Lost", "Done__c=true"], FACTS).values

    assert holds(wanted, {"Outcome__c": "Won", "Done__c": True})
    assert not holds(wanted, {"Outcome__c": "lost", "Done__c": False})
    assert not holds(wanted, {})


def test_what_does_not_fit_an_org_is_told_by_setting() -> None:
    named = settings(
        defaults__event="Outcome__c=Won, Done__c=maybe", deletion__cancel_instead="Outcome__c=Won",
        deletion__unsync_when="WhatId=001", events__appended="Outcome__c, Absent__c", tasks__appended="Absent__c",
    )  # fmt: skip
    absent = ("Absent__c is not there or hidden from the user",)

    assert unfit(named, {"Event": FACTS}) == {
        "defaults.event": ("Done__c holds true or false, not 'maybe'",),
        "deletion.cancel_instead": ("Outcome__c may not be written",),
        "deletion.unsync_when": ("WhatId is of a kind that cannot be compared",),
        "events.appended": absent,
        "tasks.appended": absent,
    }
    assert unfit(settings(), {}) == {}
