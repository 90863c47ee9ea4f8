"""Descriptions: copied once, mirrored when wanted, never flattened, and what is appended to them."""

from __future__ import annotations

import pytest

from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


@pytest.mark.rule("DSC-4")
def test_descriptions_are_mirrored_both_ways_when_that_is_switched_on(world: World) -> None:
    ann = world.user(description__safe=False)
    lunch = world.appointment(ann, "Lunch", marked=True, Body={"text": "First"})
    world.sync(ann)

    world.later(minutes=30)
    world.edit(ann, lunch, Body={"text": "Second"})
    world.sync(ann)
    found = world.saved("Lunch")
    assert found["Description"] == "Second"

    world.later(minutes=30)
    world.change("Event", found["Id"], Description="Third")
    world.sync(ann)
    item = world.entry(ann, "Lunch")
    assert item["Body"] == {"text": "Third"}


@pytest.mark.rule("FLD-5")
def test_plain_text_from_salesforce_never_flattens_a_formatted_body(world: World) -> None:
    ann = world.user(description__safe=False)
    lunch = world.appointment(ann, "Lunch", marked=True, Body={"html": "<p>Bring the <b>plan</b></p>"})
    world.sync(ann)
    found = world.saved("Lunch")
    assert found["Description"] == "Bring the plan"

    world.later(minutes=30)
    world.change("Event", found["Id"], Description="Notes", Location="There")
    world.sync(ann)

    item = world.entry(ann, "Lunch")
    assert (item["Location"], item["Body"]["html"]) == ("There", "<p>Bring the <b>plan</b></p>")

    world.later(minutes=30)
    world.edit(ann, lunch, Body={"html": "<p>Bring <b>both</b> plans</p>"})
    world.sync(ann)
    found = world.saved("Lunch")
    assert found["Description"] == "Bring both plans"


@pytest.mark.seed(9)
@pytest.mark.rule("DSC-3")
def test_the_description_goes_along_with_edits_made_in_salesforce_where_that_is_wanted(world: World) -> None:
    ann = world.user()
    world.set(description__carried=True)
    world.appointment(ann, "Lunch", marked=True, Body={"text": "First"})
    world.sync(ann)
    found = world.saved("Lunch")

    world.later(minutes=30)
    world.change("Event", found["Id"], Description="Notes")
    world.sync(ann)
    assert world.entry(ann, "Lunch")["Body"] == {"text": "First"}

    world.later(minutes=30)
    world.change("Event", found["Id"], Subject="Dinner")
    world.sync(ann)
    assert world.entry(ann, "Dinner")["Body"] == {"text": "Notes"}


OUTCOME = {"Event": [{"name": "Outcome__c", "label": "Outcome"}, {"name": "Done__c", "type": "boolean"}]}
PLUSES = "+" * 24


@pytest.mark.rule("DSC-6", "DSC-7")
def test_columns_of_salesforce_are_shown_below_the_text_and_never_carried_back(world: World) -> None:
    world.setting(custom_fields=OUTCOME)
    world.set(events__appended=["Outcome__c", "Done__c"], description__safe=False)
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True, Body={"text": "Bring the plan"})
    world.sync(ann)
    found = world.saved("Lunch")

    world.later(minutes=30)
    world.change("Event", found["Id"], Outcome__c="Won")
    world.sync(ann)

    shown = f"Bring the plan\n\n{PLUSES}\nOutcome: Won\nDone: no"
    assert world.entry(ann, "Lunch")["Body"]["text"] == shown
    world.writes()
    world.later(minutes=30)
    world.edit(ann, lunch, Body={"text": shown.replace("plan", "map").replace("Won", "Lost")})
    world.sync(ann)

    assert world.entry(ann, "Lunch")["Body"]["text"] == shown.replace("plan", "map")
    assert world.saved("Lunch")["Description"] == "Bring the map"
    world.sync(ann)
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("DSC-6", "FLD-5")
def test_columns_are_shown_below_formatted_text_and_below_what_was_born_in_salesforce(world: World) -> None:
    world.setting(custom_fields=OUTCOME)
    world.set(events__appended=["Outcome__c"])
    ann = world.user()
    world.appointment(ann, "Lunch", marked=True, Body={"html": "<body><p>The <b>plan</b></p></body>"})
    world.later(minutes=1)
    world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                 OwnerId=ann.crm_user_id, Outcome__c="Won")  # fmt: skip
    world.sync(ann)
    world.later(minutes=30)
    world.change("Event", world.saved("Lunch")["Id"], Outcome__c="Lost")
    world.sync(ann)

    html = world.entry(ann, "Lunch")["Body"]["html"]
    assert html.startswith(f"<body><p>The <b>plan</b></p><div>{PLUSES}<br>Outcome: Lost</div></body>")
    assert world.entry(ann, "Visit")["Body"]["text"] == f"{PLUSES}\nOutcome: Won"
    assert world.saved("Lunch")["Description"] == "The plan"
    assert world.mails() == 0
