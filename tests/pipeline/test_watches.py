"""Lists of Salesforce that a user is kept informed of: those that cannot be read, and records that leave them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.support.world import World


@pytest.mark.rule("CON-2")
def test_a_campaign_list_view_is_an_issue_and_the_other_kinds_go_on(world: World) -> None:
    view = world.control("salesforce/listviews", object="Contact", where="Id IN (SELECT ContactId FROM CampaignMember)")
    ann = world.user(contacts__enabled=True, contacts__scope=f"view:{view['id']}")
    world.sync(ann)
    world.later(minutes=30)
    start = world.now + timedelta(days=1)
    world.record(
        "Event",
        Subject="From Salesforce",
        OwnerId=ann.crm_user_id,
        StartDateTime=start.isoformat(),
        DurationInMinutes=30,
    )
    world.sync(ann)
    assert world.item(ann, "From Salesforce") is not None
    assert world.issues(ann) == ["LIST_VIEW_CAMPAIGN"]

    world.control("salesforce/listviews", object="Contact", id=view["id"], where="Title = 'CEO'")
    world.later(minutes=30)
    world.sync(ann)
    assert world.issues(ann) == []


@pytest.mark.rule("ROL-9")
def test_an_event_given_to_a_colleague_is_released_by_its_old_owner(world: World) -> None:
    ann, bob = world.user(), world.user("bob@acme.example")
    world.appointment(ann, "Handed over", marked=True)
    world.sync(ann)
    (event,) = world.records("Event")
    world.sync(bob)
    world.later(minutes=30)
    world.change("Event", event["Id"], OwnerId=bob.crm_user_id)
    world.sync(ann)
    item = world.item(ann, "Handed over")
    assert item is not None
    assert "Salesforce" not in item.get("Categories", [])
    assert world.reasons(ann) == {"left_scope"}
    world.sync(bob)
    assert world.item(bob, "Handed over") is not None
    assert len(world.records("Event")) == 1
