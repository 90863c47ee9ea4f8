"""Lists of Salesforce: those that cannot be read, those that are long, and records that leave them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.salesforce.reader import MOST_ROWS
from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

HOME = "Salesforce Contacts"


def shown_event(world: World, user: UserView, subject: str) -> str:
    start = (world.now + timedelta(days=1)).isoformat()
    fields = {"Subject": subject, "StartDateTime": start, "DurationInMinutes": 30}
    return world.record("Event", OwnerId=user.crm_user_id, **fields)


def with_view(world: World, **view: str) -> tuple[UserView, str]:
    """A user who mirrors the contacts of a list view, and the id of that."""
    made = str(world.control("salesforce/listviews", object="Contact", **view)["id"])
    return world.user(contacts__enabled=True, contacts__scope=f"view:{made}"), made


@pytest.mark.seed(27)
@pytest.mark.rule("CON-2")
def test_a_campaign_list_view_is_an_issue_and_the_other_kinds_go_on(world: World) -> None:
    ann, view = with_view(world, where="Id IN (SELECT ContactId FROM CampaignMember)")
    world.sync(ann)
    world.later(minutes=30)
    shown_event(world, ann, "From Salesforce")
    world.sync(ann)
    assert world.item(ann, "From Salesforce") is not None
    assert world.issues(ann) == ["LIST_VIEW_CAMPAIGN"]
    assert Reason.LIST_BY_CAMPAIGN in world.reasons(ann)

    world.control("salesforce/listviews", object="Contact", id=view, where="Title = 'CEO'")
    world.later(minutes=30)
    world.sync(ann)
    assert world.issues(ann) == []


@pytest.mark.rule("CON-2", "CON-1", "CON-10")
def test_a_contact_is_shown_while_it_is_on_the_list(world: World) -> None:
    ann, _ = with_view(world, where="Title = 'CEO'")
    contact = world.record("Contact", FirstName="Cy", LastName="Boss", Title="CEO", Email="cy@globex.example")
    world.record("Contact", LastName="Clerk", Title="Clerk")
    world.sync(ann)
    assert [item["values"]["Surname"] for item in world.items(ann, HOME)] == ["Boss"]

    world.later(minutes=30)
    world.change("Contact", contact, Title="Retired")
    world.sync(ann)
    assert world.items(ann, HOME) == []
    assert len(world.records("Contact")) == 2

    world.later(minutes=30)
    world.writes()
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("CON-2", "CON-10")
def test_a_contact_given_to_a_colleague_leaves_a_list_of_the_users_own(world: World) -> None:
    ann, _ = with_view(world, scope="mine")
    bob = world.user("bob@acme.example")
    contact = world.record("Contact", LastName="Boss", OwnerId=ann.crm_user_id)
    world.sync(ann)
    assert [item["values"]["Surname"] for item in world.items(ann, HOME)] == ["Boss"]

    world.later(minutes=30)
    world.change("Contact", contact, OwnerId=bob.crm_user_id)
    world.sync(ann)

    assert world.items(ann, HOME) == []
    assert len(world.records("Contact")) == 1


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
    assert world.reasons(ann) == {Reason.LEFT_SCOPE}
    world.sync(bob)
    assert world.item(bob, "Handed over") is not None
    assert len(world.records("Event")) == 1


@pytest.mark.any_mailbox(why="the list is Salesforce's, and nothing of it reaches the mailbox")
@pytest.mark.rule("CON-14")
def test_a_list_that_is_too_long_for_one_run_is_read_in_several_that_follow_at_once(world: World) -> None:
    ann = world.user(contacts__enabled=True, contacts__down=False)
    rows = [
        {"object": "Contact", "fields": {"LastName": f"No {n}", "OwnerId": ann.crm_user_id}}
        for n in range(MOST_ROWS + 1)
    ]
    world.control("salesforce/records", org="acme", records=rows)
    waits = []
    for _ in range(2):
        world.sync(ann)
        with world.app.store.reading() as unit:
            waits.append(unit.accounts.user(ann.id).next_sync_at - world.now)
        world.later(minutes=1)
    assert waits[0] <= timedelta(minutes=1) < waits[1]
