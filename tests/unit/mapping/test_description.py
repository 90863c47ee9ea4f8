"""Descriptions: when they go along, and what keeps its formatting."""

from __future__ import annotations

import pytest

from mapping.model import fields
from mapping.model.item import Item
from mapping.model.table import Direction
from mapping.rules.description import carried, keep_formatting
from mapping.tables.adjust import adjust
from mapping.tables.event import EVENT
from tests.support.items import crm_event, event

MIRRORED = adjust(EVENT, [{"name": fields.BODY, "direction": "both"}])


def direction(item: Item) -> Direction:
    row = keep_formatting(MIRRORED, item).row(fields.BODY)
    assert row is not None
    return row.direction


@pytest.mark.rule("FLD-5")
def test_a_formatted_text_only_goes_up() -> None:
    assert direction(event(**{fields.HTML: "<p>The <b>plan</b></p>"})) is Direction.UP
    assert direction(event(**{fields.HTML: ""})) is Direction.BOTH
    assert keep_formatting(EVENT, event(**{fields.HTML: "<p>x</p>"})) is EVENT  # frozen anyway


@pytest.mark.rule("DSC-3")
@pytest.mark.parametrize(
    ("changed", "expected"),
    [([fields.SUBJECT], "Notes"), ([fields.LOCATION, fields.SPAN], "Notes"), ([fields.LOCATION], None), ([], None)],
)
def test_the_description_goes_along_with_subject_and_time(changed: list[str], expected: str | None) -> None:
    assert carried(event(**{fields.BODY: "Plan"}), crm_event(Description="Notes"), changed) == expected


@pytest.mark.rule("DSC-3", "FLD-5")
def test_nothing_is_carried_that_is_there_or_not_known_or_would_flatten() -> None:
    changed = [fields.SUBJECT]
    assert carried(event(**{fields.BODY: "Notes\n"}), crm_event(Description="Notes"), changed) is None
    assert carried(event(**{fields.BODY: "Plan"}), crm_event(), changed) is None
    formatted = event(**{fields.BODY: "Plan", fields.HTML: "<p>Plan</p>"})
    assert carried(formatted, crm_event(Description="Notes"), changed) is None
