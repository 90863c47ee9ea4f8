"""What becomes of items that the account of the connection may not see, and what the doctor says to that."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.protocols import Check
from tests.support.world import ORG, World

pytestmark = pytest.mark.any_mailbox(why="the rights are those in Salesforce")

ACCOUNT = f"integration@{ORG}.example"


def seeing_others(world: World) -> Check:
    crm = world.app.crm_of(world.org, None, ORG, fresh=True)
    (told,) = [check for check in crm.check() if check.name == "events of others"]
    return told


@pytest.mark.rule("ROL-11")
def test_an_account_without_rights_sees_no_events_of_others_and_the_doctor_says_what_to_do(world: World) -> None:
    ann = world.user()
    world.sync(ann)
    assert seeing_others(world) == Check("events of others", True, "all")
    world.later(minutes=1)
    begin = (world.now + timedelta(days=1)).isoformat()
    visit = {"Subject": "Visit", "StartDateTime": begin, "DurationInMinutes": 30, "OwnerId": ann.crm_user_id}
    made = world.record("Event", **visit)

    world.control("salesforce/users", org=ORG, username=ACCOUNT, view_all=False)
    world.sync(ann)

    assert world.item(ann, "Visit") is None
    told = seeing_others(world)
    assert (told.ok, told.detail) == (False, "none")
    assert "View All Data" in told.advice

    world.control("salesforce/users", org=ORG, username=ACCOUNT, view_all=True)
    world.later(hours=1)
    world.change("Event", made, OwnerId=ann.crm_user_id)  # assigned anew
    world.sync(ann)
    assert world.item(ann, "Visit") is not None
    assert seeing_others(world).ok


@pytest.mark.rule("ROL-11")
def test_sharing_that_opens_events_of_others_is_enough_for_the_doctor(world: World) -> None:
    ann = world.user()
    world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)
    world.control("salesforce/users", org=ORG, username=ACCOUNT, view_all=False)
    world.setting(private_objects=["Task"])

    told = seeing_others(world)

    assert (told.ok, told.detail) == (True, "those that sharing opens")
