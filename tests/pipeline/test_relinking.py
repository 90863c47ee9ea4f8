"""Stories of saved messages that colleagues share, and for which one of them chooses other records."""

from __future__ import annotations

import pytest

from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.pipeline.mail_words import HOMER, TRACKED, categories, known
from tests.pipeline.test_email_intents import SENT, choose, outcomes, send
from tests.pipeline.test_files import PDF, files_of
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

Shared = tuple[UserView, UserView, str, str]


def messages(world: World, crm_object: str = "EmailMessage") -> dict[str, str]:
    """Id -> the record that a saved message is about, the oldest first."""
    column = "RelatedToId" if crm_object == "EmailMessage" else "WhatId"
    return {row["Id"]: row[column] for row in world.query(f"SELECT Id, {column} FROM {crm_object} ORDER BY Id")}


def deal_of(world: World, name: str = "Deal") -> str:
    return world.record("Opportunity", Name=name, StageName="Prospecting", CloseDate="2026-06-01")


def settle(world: World, *users: UserView) -> None:
    """What was decided is carried out, and no further run writes anything."""
    for minutes in (10, 30):
        world.later(minutes=minutes)
        world.writes()
        for user in users:
            world.sync(user)
    assert world.writes() == {}


@pytest.fixture
def shared(world: World) -> Shared:
    """Ann wrote to Homer and Bob; both have saved it, Ann first: (ann, bob, account, the one record)."""
    ann, bob = world.user(autosave__emails=True), world.user("bob@acme.example", autosave__emails=True)
    _, account = known(world)
    everybody = f"{HOMER},bob@acme.example"
    send(world, ann, to=everybody, Attachments=[PDF])
    world.message(bob, "Offer", sender=ann.address, to=everybody, message_id=SENT, Attachments=[PDF])
    for user in (ann, bob):
        world.sync(user)
    (record,) = messages(world)
    return ann, bob, account, record


@pytest.mark.rule("DUP-4")
def test_who_chooses_other_records_than_his_colleagues_gets_a_copy_with_his_links(world: World, shared: Shared) -> None:
    ann, bob, account, record = shared
    deal = deal_of(world)

    choose(world, bob, message_id=SENT, what=deal)
    settle(world, bob, ann)

    about = messages(world)
    (copy,) = set(about) - {record}
    assert about == {record: account, copy: deal}
    assert (files_of(world, record), files_of(world, copy), files_of(world, deal)) == (["offer.pdf"],) * 3
    assert len(world.records("ContentVersion")) == 1
    assert (outcomes(world, bob), world.issues(bob)) == (["saved"], [])
    assert categories(world, bob, "Offer") == TRACKED


@pytest.mark.rule("DUP-4", "RCD-13")
def test_a_copy_that_is_linked_once_more_is_made_anew_and_the_shared_record_stays(world: World, shared: Shared) -> None:
    ann, bob, account, record = shared
    choose(world, bob, message_id=SENT, what=deal_of(world))
    settle(world, bob)
    other = deal_of(world, "Other deal")

    choose(world, bob, message_id=SENT, what=other)
    settle(world, bob, ann)

    about = messages(world)
    (copy,) = set(about) - {record}
    assert about == {record: account, copy: other}
    assert files_of(world, copy) == ["offer.pdf"]

    choose(world, ann, message_id=SENT, what=other)  # she shares it with nobody any more
    settle(world, ann, bob)
    assert sorted(messages(world).values()) == [other, other]
    assert record not in messages(world)


@pytest.mark.rule("DUP-4", "DUP-3")
def test_who_chooses_records_before_he_has_the_mail_gets_a_copy_too(world: World) -> None:
    ann, bob = world.user(autosave__emails=True), world.user("bob@acme.example")
    _, account = known(world)
    send(world, ann, to=f"{HOMER},bob@acme.example")
    world.sync(ann)
    deal = deal_of(world)

    choose(world, bob, message_id=SENT, what=deal)
    world.message(bob, "Offer", sender=ann.address, to=f"{HOMER},bob@acme.example", message_id=SENT)
    settle(world, bob, ann)

    assert sorted(messages(world).values()) == sorted([account, deal])
    assert outcomes(world, bob) == ["saved"]


@pytest.mark.rule("DUP-4")
def test_a_shared_task_is_copied_too(world: World) -> None:
    world.setting(enhanced_email=False)
    ann, bob = world.user(autosave__emails=True), world.user("bob@acme.example", autosave__emails=True)
    _, account = known(world)
    lisa, other = known(world, "lisa@elsewhere.example", "Elsewhere")
    send(world, ann)
    world.message(bob, "Offer", sender=ann.address, to=HOMER, message_id=SENT)
    for user in (ann, bob):
        world.sync(user)
    (task,) = messages(world, "Task")

    choose(world, bob, message_id=SENT, who=(lisa,), what=other)
    settle(world, bob, ann)

    about = messages(world, "Task")
    (copy,) = set(about) - {task}
    assert about == {task: account, copy: other}
    choose(world, bob, message_id=SENT, what=account)
    settle(world, bob)
    assert messages(world, "Task") == {task: account, copy: account}


@pytest.mark.rule("DUP-8")
def test_without_copies_the_record_is_linked_anew_for_everybody(world: World, shared: Shared) -> None:
    ann, bob, _, record = shared
    world.set(None, clones__relinked=False)
    deal = deal_of(world)

    choose(world, bob, message_id=SENT, what=deal)
    settle(world, bob, ann)

    ((anew, about),) = messages(world).items()
    assert (about, anew != record) == (deal, True)
    assert files_of(world, anew) == ["offer.pdf"]

    last = deal_of(world, "Last deal")
    choose(world, ann, message_id=SENT, what=last)  # her link follows the record
    settle(world, ann, bob)
    assert list(messages(world).values()) == [last]


@pytest.mark.rule("DUP-8")
def test_without_copies_a_shared_task_takes_the_links_of_who_chose_last(world: World) -> None:
    world.setting(enhanced_email=False)
    world.set(None, clones__relinked=False)
    ann, bob = world.user(autosave__emails=True), world.user("bob@acme.example")
    known(world)
    lisa, other = known(world, "lisa@elsewhere.example", "Elsewhere")
    send(world, ann)
    world.sync(ann)
    choose(world, bob, message_id=SENT, who=(lisa,), what=other)
    world.message(bob, "Offer", sender=ann.address, to=HOMER, message_id=SENT)

    settle(world, bob, ann)

    (task,) = world.query("SELECT WhoId, WhatId, OwnerId FROM Task")
    assert task == {"WhoId": lisa, "WhatId": other, "OwnerId": ann.crm_user_id}
    assert categories(world, bob, "Offer") == TRACKED


@pytest.mark.rule("DUP-4", "DUP-8", "DUP-9")
@pytest.mark.parametrize("copies", [True, False])
@pytest.mark.parametrize("cut", ["drop_before", "drop_after"])
@pytest.mark.parametrize("nth", [1, 2])
def test_an_answer_that_never_comes_neither_loses_nor_doubles_a_copy(
    world: World, shared: Shared, copies: bool, cut: str, nth: int
) -> None:
    _, bob, account, _ = shared
    world.set(None, clones__relinked=copies)
    deal = deal_of(world)
    choose(world, bob, message_id=SENT, what=deal)
    world.later(minutes=10)
    world.control("faults", match="sf.collections.*", nth=nth, times=1, action={cut: True})

    world.sync(bob, ends="failed")
    for _ in range(3):  # what had no answer stays claimed for a while
        world.later(minutes=30)
        world.sync(bob)

    assert sorted(messages(world).values()) == sorted([account, deal] if copies else [deal])
    assert outcomes(world, bob) == ["saved"]


@pytest.mark.rule("DUP-4")
def test_a_choice_that_is_changed_before_its_copy_was_noted_leaves_one_copy(world: World, shared: Shared) -> None:
    _, bob, account, _ = shared
    first, second = deal_of(world), deal_of(world, "Other deal")
    choose(world, bob, message_id=SENT, what=first)
    world.later(minutes=10)
    world.control("faults", match="sf.collections.*", times=1, action={"drop_after": True})
    world.sync(bob, ends="failed")
    assert sorted(messages(world).values()) == sorted([account, first])

    choose(world, bob, message_id=SENT, what=second)
    for _ in range(3):
        world.later(minutes=30)
        world.sync(bob)

    assert sorted(messages(world).values()) == sorted([account, second])


@pytest.mark.rule("DUP-4")
def test_where_no_column_tells_a_copy_from_the_record_it_stays_as_it_is(world: World) -> None:
    world.setting(key_field=False)
    ann, bob = world.user(autosave__emails=True), world.user("bob@acme.example", autosave__emails=True)
    _, account = known(world)
    send(world, ann)
    world.message(bob, "Offer", sender=ann.address, to=HOMER, message_id=SENT)
    for user in (ann, bob):
        world.sync(user)

    choose(world, bob, message_id=SENT, what=deal_of(world))
    settle(world, bob)

    assert list(messages(world).values()) == [account]
    assert world.issues(bob) == [Reason.SAVED_BY_OTHERS]
