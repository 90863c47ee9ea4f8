"""Salesforce columns below the text of an item."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.model import fields
from mapping.model.item import Item
from mapping.rules.appended import DELIMITER, below, block, own_text
from tests.support.items import event

LINES = "Outcome: Won\nDone: no"


def told(item: Item, lines: str = LINES, **written: str) -> Item:
    """The item once what `below` asks for is written."""
    return item.with_fields({**written, **below(item, written, lines)})


def test_every_column_that_says_something_gets_a_line_with_its_label() -> None:
    record = {
        "Outcome__c": "Won ", "Empty__c": None, "Done__c": False, "Size__c": 3, "On__c": date(2026, 3, 5),
        "At__c": datetime(2026, 3, 5, 9, 30, tzinfo=UTC),
    }  # fmt: skip
    shown = block([*record, "Absent__c"], {"Outcome__c": "Outcome", "Done__c": ""}, record)

    assert shown.split("\n") == [
        "Outcome: Won", "Done__c: no", "Size__c: 3", "On__c: 2026-03-05", "At__c: 2026-03-05 09:30 UTC",
    ]  # fmt: skip


@pytest.mark.rule("DSC-6", "DSC-7")
@given(st.text(alphabet="ab+ \n", max_size=60), st.sampled_from(["", LINES, "Outcome: Lost"]))
def test_what_stands_above_is_kept_and_what_stands_below_is_ours(text: str, lines: str) -> None:
    item = event(**{fields.BODY: text})
    once = told(item, lines)

    assert own_text(once).text(fields.BODY).strip() == own_text(item).text(fields.BODY).strip()
    assert below(once, {}, lines) == {}
    assert own_text(told(once, "Outcome: New")).text(fields.BODY).strip() == own_text(item).text(fields.BODY).strip()


@pytest.mark.rule("DSC-6")
def test_an_edit_below_is_overwritten_and_an_edit_above_stays() -> None:
    item = told(event(**{fields.BODY: "Plan"}))
    edited = item.with_fields({fields.BODY: item.text(fields.BODY).replace("Plan", "Map").replace("Won", "Lost")})

    assert told(edited).text(fields.BODY) == f"Map\n\n{DELIMITER}\n{LINES}"


def test_a_text_that_is_written_anyway_gets_the_lines_too() -> None:
    item = told(event(**{fields.BODY: "Plan"}))

    assert told(item, **{fields.BODY: "Map"}).text(fields.BODY) == f"Map\n\n{DELIMITER}\n{LINES}"


def test_a_text_that_is_not_known_is_not_written() -> None:
    assert below(event(), {}, LINES) == {}


@pytest.mark.rule("DSC-6", "FLD-5")
@pytest.mark.parametrize("end", ["", "</body></html>", "</BODY>\n</html>"])
def test_formatted_text_keeps_its_formatting(end: str) -> None:
    start = "<html><body>" if end else ""
    item = event(**{fields.BODY: "The plan", fields.HTML: f"{start}<p>The <b>plan</b></p>{end}"})
    once = below(item, {}, "Outcome: A < B")[fields.HTML]

    assert once.startswith(f"{start}<p>The <b>plan</b></p><div>{DELIMITER}<br>Outcome: A &lt; B</div>")
    again = item.with_fields({fields.BODY: f"The plan\n{DELIMITER}\nOutcome: A < B", fields.HTML: once})
    assert below(again, {}, "Outcome:  A < B") == {}
    gone = below(again, {}, "")[fields.HTML]
    assert gone == f"{start}<p>The <b>plan</b></p>" + ("</body></html>" if end else "")
