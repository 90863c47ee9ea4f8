"""Stories of the list of people on whom nothing is settled: who is on it, who leaves it, what a person decides."""

from __future__ import annotations

import pytest

from mapping.model.reasons import Reason
from mapping.rules.resolving import Wanted, Wish
from sync_tasks.security.vault import VaultError
from sync_tasks.services import lifecycle, strangers
from sync_tasks.stages.unresolved import context_of
from sync_tasks.state.records import UnresolvedState
from tests.support.strangers import BART, UNSUBSCRIBE, leads, person, seller, subjects, unresolved, why
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


@pytest.mark.rule("RES-18")
def test_more_people_than_a_day_allows_wait_until_somebody_approves(world: World) -> None:
    ann = seller(world, resolve__kind="lead", resolve__daily_most=3, resolve__domain_most=2)
    for n in range(3):
        world.message(ann, f"One {n}", sender=f"p{n}@one.example")
        world.message(ann, f"Two {n}", sender=f"p{n}@two.example")
    world.sync(ann)
    assert leads(world) == {"p0@one.example", "p0@two.example", "p1@one.example"}
    assert why(world) == {Reason.HELD_PEOPLE, Reason.HELD_DOMAIN}
    assert subjects(world) == {"One 0", "One 1", "Two 0"}

    world.later(minutes=30)
    world.message(ann, "Three", sender="p0@three.example")
    world.sync(ann)
    assert why(world) == {Reason.HELD_PEOPLE}

    world.later(days=1)
    world.message(ann, "Four", sender="p0@four.example")
    world.sync(ann)
    assert "p0@four.example" in leads(world)
    assert len(leads(world)) == 4

    held = {person(world, e): e.id for e in unresolved(world, ann)}
    assert strangers.decide(world.app, held["p2@one.example"], Wanted(Wish.CONTACT_AND_ACCOUNT), by="admin")
    world.later(minutes=30)
    world.sync(ann)

    assert [row["Email"] for row in world.records("Contact", "Email")] == ["p2@one.example"]
    assert [row["Name"] for row in world.records("Account", "Name")] == ["One"]
    assert "One 2" in subjects(world)


def test_whoever_is_entered_by_hand_leaves_the_list_and_his_mail_is_saved(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(autosave__emails=True, resolve__kind="lead")
    world.message(ann, "A question", sender=BART)
    world.sync(ann)
    (entry,) = unresolved(world, ann)
    assert (entry.state, entry.reasons, entry.met) == (UnresolvedState.WAITS, (Reason.NOT_CREATED_ONE_WAY,), False)
    assert (person(world, entry), len(entry.items)) == (BART, 1)

    world.record("Lead", LastName="Simpson", Company="Acme", Email=BART)
    world.later(hours=12)
    world.sync(ann)
    assert subjects(world) == set()
    world.later(hours=13)
    world.sync(ann)

    assert subjects(world) == {"A question"}
    assert unresolved(world, ann) == []


def test_waiting_costs_one_call_a_day_and_ends_after_thirty_days(world: World) -> None:
    ann, bob = (world.user(f"{n}@acme.example", autosave__emails=True, resolve__kind="lead") for n in ("ann", "bob"))
    for n in range(5):
        world.message(ann, f"Question {n}", sender=f"p{n}@acme-labs.example")
    world.sync(ann)
    world.sync(ann)
    world.calls()
    world.sync(ann)
    assert world.calls()["salesforce"] == {"sf.composite": 1}

    world.later(days=1, minutes=1)
    world.sync(bob)  # who has the describe and the token renewed for both
    world.calls()
    world.sync(ann)
    assert world.calls()["salesforce"] == {"sf.composite": 2}
    world.later(hours=1)
    world.sync(ann)
    assert world.calls()["salesforce"] == {"sf.composite": 1}
    assert len(unresolved(world, ann)) == 5

    world.later(days=30)
    world.sync(ann)
    assert unresolved(world, ann) == []
    with world.app.store.reading() as unit:
        over = unit.unresolved.recent(ann.id, closed=True, limit=9)
    assert {(each.state, each.sealed) for each in over} == {(UnresolvedState.EXPIRED, None)}


@pytest.mark.rule("RES-1")
def test_a_person_decides_on_whom_the_settings_make_nothing(world: World) -> None:
    ann = world.user()
    account = world.record("Account", Name="Springfield")
    world.message(ann, "A question", sender=BART, Categories=["Salesforce"])
    world.sync(ann)
    assert world.issues(ann) == ["LINK.NONE"]
    (entry,) = unresolved(world, ann)
    assert entry.reasons == (Reason.CREATE_OFF,)

    with pytest.raises(strangers.UnknownAccountError):
        strangers.decide(world.app, entry.id, Wanted(Wish.CONTACT, "001000000000000AAA"), by="admin")
    assert strangers.decide(world.app, entry.id, Wanted(Wish.CONTACT, account), by="admin")
    world.sync(ann)

    assert [(row["Email"], row["AccountId"]) for row in world.records("Contact", "Email", "AccountId")] == [
        (BART, account)
    ]
    assert subjects(world) == {"A question"}
    assert world.issues(ann) == []
    assert not strangers.decide(world.app, entry.id, Wanted(Wish.LEAD), by="admin")


@pytest.mark.rule("RES-3")
@pytest.mark.parametrize("level", ["user", "organization"])
def test_whoever_is_ignored_is_blocked_and_asked_about_no_more(world: World, level: str) -> None:
    ann, bob = (world.user(f"{n}@acme.example", autosave__emails=True, resolve__kind="lead") for n in ("ann", "bob"))
    for user in (ann, bob):
        world.message(user, "Offer", sender=BART)
        world.sync(user)
    (entry,) = unresolved(world, ann)

    assert strangers.ignore(world.app, entry.id, whole_domain=True, level=level, by="admin") == "acme-labs.example"
    world.later(minutes=30)
    for user in (ann, bob):
        world.message(user, "Another", sender="homer@acme-labs.example", message_id=f"<{user.id}@acme-labs.example>",
                      Categories=["Salesforce"])  # fmt: skip
        world.sync(user)

    assert unresolved(world, ann) == []
    assert len(leads(world)) == (1 if level == "user" else 0)
    world.later(days=1)
    world.sync(bob)
    assert {person(world, e) for e in unresolved(world, bob)} == ({BART} if level == "user" else set())


@pytest.mark.rule("RES-18")
def test_nothing_is_listed_of_newsletters_nor_of_those_beside_somebody_known(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="lead")
    world.record("Lead", LastName="Simpson", Company="Springfield", Email="lisa@springfield.example")
    world.message(ann, "Offers", sender=BART, InternetMessageHeaders=UNSUBSCRIBE)
    world.message(ann, "Hello", sender="lisa@springfield.example", to="ann@acme.example,homer@springfield.example")

    world.sync(ann)

    assert unresolved(world, ann) == []
    assert why(world) == {Reason.NOT_CREATED_BULK, Reason.NOT_CREATED_BESIDE}


def test_a_preview_lists_nobody(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="lead")
    world.message(ann, "A question", sender=BART)

    world.sync(ann, preview=True)

    assert unresolved(world, ann) == []


def test_what_stands_in_the_list_cannot_be_read_without_the_key(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="lead")
    world.message(ann, "A question", sender=BART)
    world.sync(ann)

    with world.app.store.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM unresolved").all()

    assert len(rows) == 1
    assert "bart" not in str(rows).lower()
    (entry,) = unresolved(world, ann)
    with pytest.raises(VaultError):
        world.app.vault.kept_box(ann.id + 1).open(entry.sealed or b"", context_of(entry.name))


def test_of_a_user_who_leaves_nobody_stays_on_the_list(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="lead")
    world.message(ann, "A question", sender=BART)
    world.sync(ann)

    assert lifecycle.deactivate(world.app, ann).state == "done"

    with world.app.store.reading() as unit:
        assert unit.unresolved.recent(ann.id, closed=True, limit=9) == []


def test_what_became_of_somebody_is_forgotten_when_others_have_been_made_long_after(world: World) -> None:
    ann = seller(world, resolve__kind="lead")
    world.message(ann, "First", sender=BART)
    world.sync(ann)
    world.later(days=31)
    world.message(ann, "Second", sender="homer@globex.example")
    world.sync(ann)

    with world.app.store.reading() as unit:
        assert [each.state for each in unit.unresolved.recent(ann.id, closed=True, limit=9)] == [UnresolvedState.MADE]


def test_whoever_was_given_up_comes_back_with_a_new_mail_only(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="lead")
    first = world.message(ann, "A question", sender=BART)
    world.sync(ann)
    world.later(days=31)
    world.sync(ann)
    assert unresolved(world, ann) == []

    world.edit(ann, first, IsRead=True)
    world.sync(ann)
    assert unresolved(world, ann) == []
    world.message(ann, "Are you there?", sender=BART)
    world.sync(ann)

    assert [len(entry.items) for entry in unresolved(world, ann)] == [1]
