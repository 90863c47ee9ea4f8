"""Stories of one meeting in several users' calendars: one record, whoever comes first."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

HOMER = {"address": "homer@globex.example", "name": "Homer"}
TRACKED = ["Salesforce", "Status: Tracked successfully"]
ADDRESSES = {name: f"{name}@acme.example" for name in ("ann", "ben", "cid", "dot", "eve")}


def copy_of(world: World, user: UserView, organizer: str, *guests: str, answer: str = "Accept", **more: Any) -> str:
    """The user's copy of the meeting, as the organizer's server and his own would have left it."""
    people = [HOMER, *({"address": a, "name": a.split("@")[0]} for a in guests)]
    mine = organizer == user.address
    return world.appointment(
        user, "Kick-off", start=world.now.replace(hour=15) + timedelta(days=1), UID="uid-kick-off",
        RequiredAttendees=[p for p in people if p["address"] != organizer],
        Organizer={"address": organizer, "name": ""}, AppointmentState=1 if mine else 3,
        MyResponseType="Organizer" if mine else answer, **more,
    )  # fmt: skip


def known_customer(world: World) -> str:
    account = world.record("Account", Name="Globex")
    return world.record("Contact", LastName="Simpson", Email=HOMER["address"], AccountId=account)


def events(world: World) -> list[dict[str, Any]]:
    return world.query("SELECT Id, OwnerId, Subject, Location FROM Event WHERE IsChild = false ORDER BY Id")


def people_on(world: World, event: str) -> dict[str, str]:
    rows = world.query(f"SELECT RelationId, Status FROM EventRelation WHERE EventId = '{event}'")
    return {row["RelationId"]: row["Status"] for row in rows}


def marks(world: World, user: UserView) -> list[str]:
    item = world.item(user, "Kick-off")
    assert item is not None
    return list(item.get("Categories", []))


def settled(world: World, *users: UserView) -> None:
    for user in users:  # looks that the stories asked for
        world.later(minutes=30)
        world.sync(user)
    world.writes()
    for user in users:
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}


@pytest.mark.rule("ROL-1", "ROL-2", "ROL-8")
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_colleagues_in_any_order_make_one_event_of_the_organizers(world: World, order: tuple[int, ...]) -> None:
    users = [world.user(ADDRESSES[name]) for name in ("ann", "ben", "cid")]
    known_customer(world)
    world.later(minutes=1)
    for user in users:
        copy_of(world, user, ADDRESSES["ann"], *(u.address for u in users))

    for place in order:
        world.sync(users[place])
    for place in order:
        world.later(minutes=30)
        world.sync(users[place])

    (event,) = events(world)
    assert event["OwnerId"] == users[0].crm_user_id
    assert {users[1].crm_user_id, users[2].crm_user_id} <= people_on(world, event["Id"]).keys()
    assert marks(world, users[0]) == TRACKED
    assert [world.issues(user) for user in users] == [[], [], []]
    settled(world, *users)


@pytest.mark.seed(29)
@pytest.mark.rule("ROL-2", "SCP-2")
def test_a_guest_waits_for_the_organizer_and_the_issue_goes_when_he_has_synchronized(world: World) -> None:
    ann, ben = world.user(), world.user(ADDRESSES["ben"])
    known_customer(world)
    world.later(minutes=1)
    copy_of(world, ben, ann.address, ben.address, Categories=["Salesforce"])
    world.sync(ben)
    assert world.issues(ben) == ["ISE-013"]
    assert events(world) == []

    copy_of(world, ann, ann.address, ben.address)
    world.sync(ann)
    world.later(hours=25)
    world.sync(ben)

    assert world.issues(ben) == []
    assert len(events(world)) == 1
    assert marks(world, ben) == TRACKED


@pytest.mark.seed(8)
@pytest.mark.rule("ROL-3", "ROL-6", "ROL-7")
def test_a_guest_saves_for_an_organizer_who_does_not_synchronize_until_he_does(world: World) -> None:
    ben = world.user(ADDRESSES["ben"])
    known_customer(world)
    world.later(minutes=1)
    copy_of(world, ben, ADDRESSES["ann"], ben.address, Location="Theirs")
    world.sync(ben)
    (provisional,) = events(world)
    assert provisional["OwnerId"] == ben.crm_user_id

    ann = world.user(ADDRESSES["ann"])
    world.later(minutes=1)
    copy_of(world, ann, ann.address, ben.address, Location="Room 1")
    world.sync(ann)

    (event,) = events(world)
    assert (event["Id"], event["OwnerId"], event["Location"]) == (provisional["Id"], ann.crm_user_id, "Room 1")
    assert ben.crm_user_id in people_on(world, event["Id"])
    world.later(minutes=30)
    world.sync(ben)
    assert marks(world, ben) == []
    assert Reason.TAKEN_OVER in world.reasons(ben)
    settled(world, ann, ben)
    assert events(world) == [event]


@pytest.mark.rule("ROL-2", "ROL-6")
def test_a_suspended_organizer_is_waited_for_a_day_and_no_longer(world: World) -> None:
    ann, ben = world.user(), world.user(ADDRESSES["ben"])
    known_customer(world)
    world.later(minutes=1)
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, suspended_at=world.now, suspended_code="AUTH_REVOKED")
    copy_of(world, ben, ann.address, ben.address)
    world.sync(ben)
    assert events(world) == []

    world.later(hours=26)
    world.sync(ben)

    (event,) = events(world)
    assert event["OwnerId"] == ben.crm_user_id


@pytest.mark.rule("ROL-4", "ROL-5")
def test_two_guests_of_an_outsider_share_one_event(world: World) -> None:
    ann, ben = world.user(), world.user(ADDRESSES["ben"])
    known_customer(world)
    world.later(minutes=1)
    for user in (ann, ben):
        copy_of(
            world, user, HOMER["address"], ann.address, ben.address, answer="Accept" if user is ben else "Tentative"
        )

    world.sync(ben)
    world.sync(ann)

    (event,) = events(world)
    assert event["OwnerId"] == ben.crm_user_id
    assert people_on(world, event["Id"])[ann.crm_user_id] == "New"
    settled(world, ann, ben)
    assert len(events(world)) == 1


@pytest.mark.rule("STS-1", "STS-2", "ROL-5")
def test_a_guest_answers_for_himself(world: World) -> None:
    ann, ben = world.user(), world.user(ADDRESSES["ben"])
    known_customer(world)
    world.later(minutes=1)
    copy_of(world, ben, HOMER["address"], ann.address, ben.address)
    mine = copy_of(world, ann, HOMER["address"], ann.address, ben.address, answer="Tentative")
    world.sync(ben)
    world.sync(ann)
    (event,) = events(world)

    world.later(minutes=30)
    world.edit(ann, mine, MyResponseType="Accept")
    world.sync(ann)

    assert people_on(world, event["Id"])[ann.crm_user_id] == "Accepted"
    settled(world, ann, ben)


@pytest.mark.rule("ROL-5")
def test_each_user_has_his_own_event_where_the_organization_wants_copies(world: World) -> None:
    users = [world.user(ADDRESSES[name], meetings__ownership="per_user_copy") for name in ("ann", "ben")]
    known_customer(world)
    world.later(minutes=1)
    for user in users:
        copy_of(world, user, HOMER["address"], *(u.address for u in users))
        world.sync(user)

    assert sorted(event["OwnerId"] for event in events(world)) == sorted(user.crm_user_id for user in users)
    settled(world, *users)


@pytest.mark.rule("ROL-5", "DEL-1")
def test_when_the_first_guest_deletes_his_copy_the_other_goes_on_with_the_event(world: World) -> None:
    ann, ben = world.user(), world.user(ADDRESSES["ben"])
    known_customer(world)
    world.later(minutes=1)
    his = copy_of(world, ben, HOMER["address"], ann.address, ben.address)
    copy_of(world, ann, HOMER["address"], ann.address, ben.address)
    world.sync(ben)
    world.sync(ann)
    (event,) = events(world)

    world.later(minutes=30)
    world.discard(ben, his)
    world.sync(ben)
    world.later(minutes=30)
    world.sync(ann)

    (left,) = events(world)
    assert (left["Id"], left["OwnerId"]) == (event["Id"], ann.crm_user_id)
    settled(world, ann, ben)


@pytest.mark.seed(5)
@pytest.mark.rule("DEL-6", "DEL-1")
def test_a_colleague_who_deletes_his_copy_only_declines(world: World) -> None:
    ann, ben = world.user(), world.user(ADDRESSES["ben"])
    known_customer(world)
    world.later(minutes=1)
    copy_of(world, ann, ann.address, ben.address)
    his = copy_of(world, ben, ann.address, ben.address)
    world.sync(ann)
    world.sync(ben)
    (event,) = events(world)

    world.later(minutes=30)
    world.discard(ben, his)
    world.sync(ben)

    assert events(world) == [event]
    assert people_on(world, event["Id"])[ben.crm_user_id] == "Declined"


@pytest.mark.rule("ROL-9")
def test_an_event_assigned_to_a_colleague_moves_to_his_calendar(world: World) -> None:
    ann, ben = world.user(autosave__appointments=True), world.user(ADDRESSES["ben"])
    world.later(minutes=1)
    world.appointment(ann, "Kick-off")
    world.sync(ann)
    world.sync(ben)
    (event,) = events(world)

    world.later(minutes=30)
    world.change("Event", event["Id"], OwnerId=ben.crm_user_id)
    world.sync(ben)
    world.sync(ann)

    assert world.item(ben, "Kick-off") is not None
    assert marks(world, ann) == []
    assert len(events(world)) == 1
    settled(world, ann, ben)
    assert events(world)[0]["OwnerId"] == ben.crm_user_id
