"""Runs that leave Salesforce alone, because one look a minute is taken for the whole organization."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from connectors.protocols import Verb, Write
from connectors.salesforce import moves
from mapping.model.item import ItemKind
from sync_tasks.services import feeding, users
from sync_tasks.services.feeding import read
from sync_tasks.services.scheduling import run_here
from sync_tasks.state.records import RunState, UserView
from tests.support.feeding import calls, feed_of, look, run, settle, with_feed
from tests.support.world import World

pytestmark = pytest.mark.any_mailbox(why="what rests is Salesforce")

EVERYTHING: dict[str, Any] = {"tasks__enabled": True, "tasks__down": True, "contacts__enabled": True}
CONTACTS, TASKS = "Salesforce Contacts", "Salesforce Tasks"


def company(world: World, *names: str, **settings: Any) -> list[UserView]:
    """Users who mirror everything, and have come to rest."""
    with_feed(world)
    made = [world.user(f"{name}@acme.example", **{**EVERYTHING, **settings}) for name in names]
    settle(world, *made)
    return made


def shown(world: World, user: UserView, subject: str = "Visit") -> str:
    """An event in Salesforce that stands in the user's calendar, too."""
    start = (world.now + timedelta(days=1)).isoformat()
    made = world.record(
        "Event", Subject=subject, OwnerId=user.crm_user_id, StartDateTime=start, DurationInMinutes=30
    )  # fmt: skip
    settle(world, user)
    assert world.item(user, subject) is not None
    return made


def asks(world: World, *everybody: UserView) -> list[str]:
    """Who of them asks Salesforce, after a round."""
    look(world)
    return [user.address.split("@")[0] for user in everybody if run(world, user)]


# --- what it costs


def test_an_idle_user_asks_salesforce_nothing_and_an_organization_asks_once(world: World) -> None:
    everybody = company(world, "ann", "bob", "cid")

    for _ in range(3):
        world.later(minutes=10)
        assert look(world).calls == 1
        assert [run(world, user) for user in everybody] == [0, 0, 0]


def test_a_run_that_rests_writes_nothing_to_the_store_but_the_hour(world: World) -> None:
    (ann,) = company(world, "ann")
    with world.app.store.reading() as unit:
        before = unit.runs.cursors(ann.id)
    look(world)
    run(world, ann)
    with world.app.store.reading() as unit:
        assert unit.runs.cursors(ann.id) == before


def test_one_who_writes_to_salesforce_hears_of_it_and_comes_to_rest_again(world: World) -> None:
    ann, bob = company(world, "ann", "bob")
    world.appointment(ann, "Lunch", marked=True)

    assert asks(world, ann, bob) == ["ann"], "she writes"
    assert asks(world, ann, bob) == ["ann"], "she hears of what she wrote"
    assert asks(world, ann, bob) == []
    world.saved("Lunch")


# --- who is concerned


def test_a_record_that_is_given_away_reaches_both(world: World) -> None:
    ann, bob, cid = company(world, "ann", "bob", "cid")
    visit = shown(world, ann)
    contact = world.record("Contact", LastName="Simpson", OwnerId=ann.crm_user_id)
    settle(world, ann, bob, cid)

    world.change("Event", visit, OwnerId=bob.crm_user_id)
    assert asks(world, ann, bob, cid) == ["ann", "bob"]
    assert world.item(bob, "Visit") is not None
    settle(world, ann, bob, cid)

    world.change("Contact", contact, OwnerId=bob.crm_user_id)
    assert asks(world, ann, bob, cid) == ["ann", "bob"]
    assert [len(world.items(user, CONTACTS)) for user in (ann, bob, cid)] == [0, 1, 0]


def test_a_deleted_record_leaves_and_a_restored_one_comes_back(world: World) -> None:
    ann, bob = company(world, "ann", "bob", deletion__events="all")
    visit = shown(world, ann)
    settle(world, ann, bob)

    world.remove("Event", visit)
    assert asks(world, ann, bob) == ["ann"]
    assert world.item(ann, "Visit") is None
    settle(world, ann, bob)

    crm = world.app.crm_of(world.org, None, "acme")
    assert crm.write([Write(Verb.RESTORE, ItemKind.EVENT, "Event", id=visit)])[0].error is None
    assert asks(world, ann, bob) == ["ann"]


def test_guests_are_concerned_when_they_are_invited_and_when_anybody_answers(world: World) -> None:
    ann, bob, cid = company(world, "ann", "bob", "cid")
    visit = shown(world, ann)
    settle(world, ann, bob, cid)

    invited = world.record("EventRelation", EventId=visit, RelationId=bob.crm_user_id)
    assert asks(world, ann, bob, cid) == ["ann", "bob"]
    settle(world, ann, bob, cid)

    world.change("EventRelation", invited, Status="Accepted")
    assert asks(world, ann, bob, cid) == ["ann", "bob"]
    settle(world, ann, bob, cid)

    world.colleague_changes("Event", visit, Subject="Longer visit")
    assert asks(world, ann, bob, cid) == ["ann", "bob"]
    settle(world, ann, bob, cid)

    world.remove("EventRelation", invited)
    assert asks(world, ann, bob, cid) == ["ann", "bob"]


def test_tasks_concern_whom_they_belong_to(world: World) -> None:
    ann, bob = company(world, "ann", "bob")
    fields = {"Subject": "Call", "Status": "Not Started", "Priority": "Normal"}
    call = world.record("Task", OwnerId=ann.crm_user_id, **fields)
    assert asks(world, ann, bob) == ["ann"]
    assert world.item(ann, "Call", TASKS) is not None
    settle(world, ann, bob)

    world.change("Task", call, OwnerId=bob.crm_user_id)
    assert asks(world, ann, bob) == ["ann", "bob"]


def test_contacts_concern_their_owners_and_all_whose_list_they_may_be_in(world: World) -> None:
    view = str(world.control("salesforce/listviews", object="Contact", where="Title = 'Boss'")["id"])
    with_feed(world)
    scopes = {"ann": "mine", "bob": "mine", "cid": "all", "dot": f"view:{view}"}
    everybody = [
        world.user(f"{name}@acme.example", **{**EVERYTHING, "contacts__scope": scope}) for name, scope in scopes.items()
    ]
    settle(world, *everybody)

    contact = world.record("Contact", LastName="Simpson", Title="Boss", OwnerId=everybody[0].crm_user_id)
    assert asks(world, *everybody) == ["ann", "cid", "dot"]
    assert [len(world.items(user, CONTACTS)) for user in everybody] == [1, 0, 1, 1]
    settle(world, *everybody)

    world.colleague_changes("Contact", contact, Title="Clerk")
    assert asks(world, *everybody) == ["ann", "cid", "dot"]
    assert [len(world.items(user, CONTACTS)) for user in everybody] == [1, 0, 1, 0]


def test_a_list_that_is_about_something_else_now_is_read_from_the_start(world: World) -> None:
    view = str(world.control("salesforce/listviews", object="Contact", where="Title = 'Boss'")["id"])
    with_feed(world)
    ann = world.user(**{**EVERYTHING, "contacts__scope": f"view:{view}"})
    world.record("Contact", LastName="Simpson", Title="Clerk")
    settle(world, ann)
    assert world.items(ann, CONTACTS) == []

    world.control("salesforce/listviews", object="Contact", where="Title = 'Clerk'", id=view)

    assert asks(world, ann) == ["ann"]
    assert len(world.items(ann, CONTACTS)) == 1


@pytest.mark.parametrize(
    ("condition", "followed"),
    [
        ("Title = 'Boss' AND (NOT LastName LIKE 'A%')", True),
        ("LastModifiedDate > 2026-01-01T00:00:00Z", True),
        ("Account.Name = 'Globex'", False),
        ("Birthdate = TODAY", False),
        ("CreatedDate = LAST_N_DAYS:7", False),
    ],
)
def test_a_list_that_records_leave_without_being_edited_is_not_followed(
    world: World, condition: str, followed: bool
) -> None:
    view = str(world.control("salesforce/listviews", object="Contact", where=condition)["id"])
    with_feed(world)
    ann = world.user(**{**EVERYTHING, "contacts__scope": f"view:{view}"})
    bob = world.user("bob@acme.example", **EVERYTHING)
    settle(world, bob)
    for _ in range(4):
        both = asks(world, ann, bob)
    assert both == ([] if followed else ["ann"])


def test_records_that_the_calendar_shows_concern_whom_their_column_names(world: World) -> None:
    world.setting(visits=True)
    world.set(objects__shown=[{"object": "Visit__c", "subject": "Name", "starts": "Starts__c", "ends": "Ends__c"}])
    ann, bob = company(world, "ann", "bob")
    begin = world.now + timedelta(days=1)
    times = {"Starts__c": begin.isoformat(), "Ends__c": (begin + timedelta(hours=1)).isoformat()}

    world.record("Visit__c", Name="Factory", OwnerId=bob.crm_user_id, **times)

    assert look(world).calls == 1
    assert [run(world, user) > 0 for user in (ann, bob)] == [False, True]
    assert world.item(bob, "Factory") is not None


# --- when nobody may rely on it


def fails(world: World, _ann: UserView) -> None:
    world.control("faults", match="sf.composite", times=1, action={"status": 503})
    world.later(minutes=2)
    assert read(world.app, world.org) is None
    world.later(minutes=5)


def is_late(world: World, _ann: UserView) -> None:
    world.later(minutes=10)


def is_switched_off(world: World, _ann: UserView) -> None:
    look(world)
    world.set(feed__enabled=False)


def is_another_account(world: World, _ann: UserView) -> None:
    with world.app.store.writing() as unit:
        found = unit.accounts.connection(world.org, None, "crm")
        assert found is not None
        unit.accounts.put_connection(world.org, None, "crm", found[1], {**found[2], "username": "somebody"})
    look(world)


def was_paused(world: World, _ann: UserView) -> None:
    world.later(hours=3)
    look(world)
    look(world)


def met_a_burst(world: World, ann: UserView) -> None:
    for number in range(4):
        world.record("Contact", LastName=f"No. {number}", OwnerId=ann.crm_user_id)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moves, "MOST_ROWS", 3)
        look(world)
    look(world)


def lost_a_cursor(world: World, ann: UserView) -> None:
    world.lose_cursors(ann, "crm:event")
    look(world)


def changed_a_mapping(world: World, ann: UserView) -> None:
    look(world)
    with world.app.store.writing() as unit:
        unit.runs.forget_cursors(ann.id, "crm:task")


def changed_a_scope(world: World, ann: UserView) -> None:
    look(world)
    world.set(ann, contacts__scope="all")


def connects_by_himself(world: World, ann: UserView) -> None:
    look(world)
    with world.app.store.writing() as unit:
        unit.accounts.put_connection(world.org, ann.id, "crm", "salesforce", {})


def has_failed(world: World, ann: UserView) -> None:
    look(world)
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, failures=1)


def has_an_outage(world: World, _ann: UserView) -> None:
    look(world)
    with world.app.store.writing() as unit:
        unit.breakers.change(world.org, "exchange", lambda was: was)


def had_a_pair_written(world: World, ann: UserView) -> None:
    look(world)
    with world.app.store.writing() as unit:
        (pair,) = unit.pairs.of_user(ann.id)
        unit.pairs.put(world.org, ann.id, world.now, [(pair.key, {"crm_seen": ""})])


def has_rested_for_a_day(world: World, _ann: UserView) -> None:
    for _ in range(26):
        world.later(hours=1)
        look(world)


@pytest.mark.parametrize(
    "happens",
    [fails, is_late, is_switched_off, is_another_account, was_paused, met_a_burst, lost_a_cursor, changed_a_mapping,
     changed_a_scope, connects_by_himself, has_failed, has_an_outage, had_a_pair_written, has_rested_for_a_day],
    ids=lambda happens: happens.__name__,
)  # fmt: skip
def test_whoever_may_not_rely_on_it_asks_for_himself(world: World, happens: Callable[[World, UserView], None]) -> None:
    (ann,) = company(world, "ann")
    world.appointment(ann, "Lunch", marked=True)
    settle(world, ann)
    look(world)
    assert run(world, ann) == 0

    happens(world, ann)

    assert run(world, ann) > 0


@pytest.mark.parametrize("trigger", ["manual", "force", "preview"])
def test_a_run_that_somebody_asks_for_asks_salesforce(world: World, trigger: str) -> None:
    (ann,) = company(world, "ann")
    look(world)
    before = calls(world)
    run_here(world.app, ann.id, trigger=trigger)
    assert calls(world) == before + 1


def test_with_few_users_each_asks_for_himself(world: World) -> None:
    ann = world.user(**EVERYTHING)
    for _ in range(3):
        world.later(minutes=30)
        assert read(world.app, world.org) is None
        assert run(world, ann) > 0


def test_what_moves_while_a_user_is_paused_is_told_when_he_runs_again(world: World) -> None:
    ann, bob = company(world, "ann", "bob")
    users.switch(world.app, [ann], users.Switch.PAUSE, by="test")
    world.record("Task", Subject="Call", Status="Not Started", Priority="Normal", OwnerId=ann.crm_user_id)
    look(world)
    users.switch(world.app, [ann], users.Switch.RESUME, by="test")

    assert asks(world, ann, bob) == ["ann"]
    assert world.item(ann, "Call", TASKS) is not None


def test_a_run_that_fails_after_it_has_asked_leaves_the_next_one_asking(world: World) -> None:
    (ann,) = company(world, "ann")
    world.record("Task", Subject="Call", Status="Not Started", Priority="Normal", OwnerId=ann.crm_user_id)
    look(world)
    world.control("faults", match="ews.CreateItem", times=1, action={"status": 503})
    failed = run_here(world.app, ann.id, trigger="schedule")
    assert failed.state == RunState.FAILED

    look(world)
    assert run(world, ann) > 0
    assert world.item(ann, "Call", TASKS) is not None


# --- at once


def due(world: World, *everybody: UserView) -> list[str]:
    """Whose runs were brought forward."""
    with world.app.store.reading() as unit:
        now = [unit.accounts.user(user.id) for user in everybody]
    return [user.address.split("@")[0] for user in now if user.force_pending]


@pytest.mark.rule("TOP-14")
def test_an_edit_by_somebody_else_brings_those_forward_whose_record_it_is(world: World) -> None:
    ann, bob, cid = company(world, "ann", "bob", "cid", contacts__scope="all")
    visit = shown(world, ann)
    contact = world.record("Contact", LastName="Simpson", OwnerId=bob.crm_user_id)
    settle(world, ann, bob, cid)
    assert due(world, ann, bob, cid) == []

    world.colleague_changes("Event", visit, Subject="Longer visit")
    look(world)
    assert due(world, ann, bob, cid) == ["ann"]

    run(world, ann)
    assert world.item(ann, "Longer visit") is not None
    assert due(world, ann, bob, cid) == []
    world.colleague_changes("Contact", contact, LastName="Simpson-Bouvier")
    look(world)
    assert due(world, ann, bob, cid) == ["ann", "bob", "cid"], "all of them hold a copy"


@pytest.mark.rule("TOP-14")
def test_what_we_wrote_ourselves_brings_nobody_forward(world: World) -> None:
    ann, bob = company(world, "ann", "bob")
    world.appointment(ann, "Lunch", marked=True)
    run(world, ann)
    look(world)
    assert due(world, ann, bob) == []
    assert run(world, ann) > 0, "she hears of it all the same when her time has come"


def test_what_a_program_does_to_many_and_what_nobody_wants_at_once_waits(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = company(world, "ann", "bob")
    visits = [shown(world, user, f"Visit {user.id}") for user in (ann, bob)]
    settle(world, ann, bob)
    monkeypatch.setattr(feeding, "MOST_HURRIED", 1)
    for visit in visits:
        world.colleague_changes("Event", visit, Subject="Moved")
    look(world)
    assert due(world, ann, bob) == []

    world.set(feed__instant=False)
    world.colleague_changes("Event", visits[0], Subject="Moved again")
    look(world)
    assert due(world, ann, bob) == []
    assert [run(world, user) > 0 for user in (ann, bob)] == [True, True]


# --- one reader at a time


def test_two_workers_read_a_round_once(world_on_both: World) -> None:
    world = world_on_both
    company(world, "ann")
    world.later(seconds=90)
    number = feed_of(world).round

    assert (read(world.app, world.org) is None, read(world.app, world.org)) == (False, None)

    assert feed_of(world).round == number + 1
    assert feeding.due(world.app) == []
    world.later(seconds=90)
    assert feeding.due(world.app) == [world.org]


# --- what is told


def test_people_are_told_how_the_feed_does(world: World) -> None:
    (ann,) = company(world, "ann")
    look(world)
    world.later(seconds=20)

    told = feeding.feeds(world.app)[world.org]
    assert (told.state, told.users, told.age_seconds, told.error) == ("on", 1, 20, "")
    assert told.calls_today == feed_of(world).round
    assert users.status(world.app, ann)["feed"] == told.text
    assert told.text.startswith("on, read 20 s ago, 1 users, ")

    world.later(minutes=10)
    assert feeding.feeds(world.app)[world.org].state == "late"
    fails(world, ann)
    told = feeding.feeds(world.app)[world.org]
    assert (told.said, told.error != "") == ("failing", True)
    world.set(feed__users=2)
    world.later(minutes=20)
    assert read(world.app, world.org) is None
    assert feeding.feeds(world.app)[world.org].said == "off, for so few users"


def test_calls_are_counted_by_the_day(world: World) -> None:
    company(world, "ann")
    assert feeding.feeds(world.app)[world.org].calls_today == feed_of(world).round > 1
    world.later(hours=15)  # it was morning
    assert feeding.feeds(world.app)[world.org].calls_today == 0
    first = look(world).calls
    assert feeding.feeds(world.app)[world.org].calls_today == first
    look(world)
    assert feeding.feeds(world.app)[world.org].calls_today == first + 1
