"""Stories of whole threads: saved on one mark, linked alike, over several users."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.protocols import Can
from mapping.model.reasons import Reason
from sync_tasks.services import intending
from sync_tasks.services.intending import Choice
from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

HOMER, MONTY, MARGE = "homer@globex.example", "monty@burns.example", "marge@globex.example"
THREAD = "Salesforce Thread"
TRACKED = ["Salesforce", "Status: Tracked successfully"]


def known(world: World, address: str = HOMER, name: str = "Globex") -> tuple[str, str]:
    """(contact, account) of somebody known in Salesforce."""
    account = world.record("Account", Name=name)
    return world.record("Contact", LastName=address.split("@")[0].title(), Email=address, AccountId=account), account


def write(world: World, user: UserView, number: int, *, sender: str = HOMER, to: str = "", subject: str = "Re: Order",
          folder: str = "inbox", thread: str = "globex.example", **values: Any) -> str:  # fmt: skip
    """The n-th message of a thread, which answers the one before; days apart."""
    above = [f"<{n}@{thread}>" for n in range(1, number)]
    answering = {"InReplyTo": above[-1], "References": " ".join(above)} if above else {}
    return world.message(
        user, subject, sender=sender, to=to, folder=folder, message_id=f"<{number}@{thread}>", **answering, **values
    )


def saved(world: World) -> dict[str, str | None]:
    """What each saved message is about, by its Message-ID."""
    rows = world.query("SELECT MessageIdentifier, RelatedToId FROM EmailMessage")
    return {row["MessageIdentifier"]: row["RelatedToId"] for row in rows}


def people(world: World) -> set[str]:
    return {row["RelationId"] for row in world.query("SELECT RelationId FROM EmailMessageRelation")} - {None}


@pytest.mark.rule("THR-1", "THR-9", "WAY-12")
@pytest.mark.point("1.11.1")
def test_one_mark_saves_the_earlier_and_the_later_messages_of_a_thread(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(threads__enabled=True)
    _, account = known(world)
    long_ago = (world.now - timedelta(days=40)).isoformat()
    write(world, ann, 1, subject="Order", DateTimeReceived=long_ago, DateTimeSent=long_ago)
    write(world, ann, 2, sender="ann@acme.example", to=HOMER, folder="sentitems")
    world.message(ann, "Something else", sender=HOMER)
    world.sync(ann)
    assert saved(world) == {}

    world.later(minutes=30)
    write(world, ann, 3, Categories=[THREAD])
    world.sync(ann)

    assert saved(world) == dict.fromkeys(("<1@globex.example>", "<2@globex.example>", "<3@globex.example>"), account)
    first, marked = world.item(ann, "Order", "inbox"), world.item(ann, "Re: Order", "inbox")
    assert first is not None
    assert marked is not None
    assert (first["Categories"], marked["Categories"]) == (TRACKED, [THREAD, *TRACKED])
    world.later(minutes=30)
    write(world, ann, 4, subject="Re: Order, and one thing more")
    world.sync(ann)
    assert "<4@globex.example>" in saved(world)
    assert len(saved(world)) == 4
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("THR-1")
def test_taking_the_mark_off_ends_the_saving_of_what_comes_later(world: World) -> None:
    ann = world.user(threads__enabled=True)
    known(world)
    mail = write(world, ann, 1, subject="Order", Categories=[THREAD])
    world.sync(ann)

    world.later(minutes=30)
    world.edit(ann, mail, Categories=TRACKED)
    write(world, ann, 2)
    world.sync(ann)

    assert set(saved(world)) == {"<1@globex.example>"}


@pytest.mark.rule("THR-1")
def test_without_the_switch_the_mark_means_nothing(world: World) -> None:
    ann = world.user()
    known(world)
    write(world, ann, 1, subject="Order", Categories=[THREAD])

    world.sync(ann)

    assert saved(world) == {}
    assert world.reasons(ann) == {Reason.AUTOSAVE_OFF}


def test_a_mark_on_one_message_may_stand_for_its_thread(world: World) -> None:
    ann = world.user(threads__enabled=True, threads__by_default=True)
    known(world)
    write(world, ann, 1, subject="Order")
    write(world, ann, 2, Categories=["Salesforce"])
    world.sync(ann)
    world.later(minutes=30)
    write(world, ann, 3)
    world.sync(ann)

    assert len(saved(world)) == 3


@pytest.mark.rule("THR-2")
def test_the_mark_counts_in_inbox_and_sent_only(world: World) -> None:
    ann = world.user(threads__enabled=True)
    known(world)
    world.folder(ann, "Projects")
    write(world, ann, 1, subject="Order")
    world.sync(ann)

    world.later(minutes=30)
    write(world, ann, 2, folder="Projects", Categories=[THREAD])
    world.sync(ann)

    assert saved(world) == {}


@pytest.mark.rule("THR-3")
def test_what_can_never_be_saved_is_left_out_of_a_thread(world: World) -> None:
    ann = world.user(threads__enabled=True, blocklist__user=["rival.example"])
    known(world)
    write(world, ann, 1, subject="Order", Categories=[THREAD])
    write(world, ann, 2, sender="bob@acme.example")
    write(world, ann, 3, sender="eve@rival.example")
    write(world, ann, 4, ItemClass="IPM.Schedule.Meeting.Resp.Pos")
    write(world, ann, 5, Sensitivity="Private")

    world.sync(ann)

    assert set(saved(world)) == {"<1@globex.example>"}
    assert world.reasons(ann) >= {
        Reason.ALL_INTERNAL, Reason.ALL_BLOCKED, Reason.SERVICE_MAIL, Reason.PRIVATE,
    }  # fmt: skip


@pytest.mark.rule("THR-4")
@pytest.mark.mail_seed(9)
def test_who_joins_a_thread_later_is_not_matched(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(threads__enabled=True, resolve__kind="lead")
    homer, globex = known(world)
    monty, _ = known(world, MONTY, "Burns")
    write(world, ann, 1, subject="Order", Categories=[THREAD])
    world.sync(ann)

    world.later(minutes=30)
    write(world, ann, 2, sender=MONTY, to=f"ann@acme.example,{HOMER},new@nowhere.example")
    write(world, ann, 3, sender=MONTY)
    world.sync(ann)

    assert set(saved(world).values()) == {globex}
    assert len(saved(world)) == 3
    assert homer in people(world)
    assert monty not in people(world)
    assert world.records("Lead") == []
    # the third message names nobody of the thread, and is linked to the same person all the same
    (third,) = world.query("SELECT Id FROM EmailMessage WHERE MessageIdentifier = '<3@globex.example>'")
    relations = world.query(
        f"SELECT RelationId, RelationType FROM EmailMessageRelation WHERE EmailMessageId = '{third['Id']}'"
    )
    assert {"RelationId": homer, "RelationType": "OtherAddress"} in relations


def test_who_joins_later_is_matched_where_the_settings_say_so(world: World) -> None:
    ann = world.user(threads__enabled=True, threads__new_people=True)
    known(world)
    monty, _ = known(world, MONTY, "Burns")
    write(world, ann, 1, subject="Order", Categories=[THREAD])
    write(world, ann, 2, sender=MONTY)

    world.sync(ann)

    assert monty in people(world)


def test_answers_take_over_the_links_of_what_they_answer_where_all_threads_pass_them_on(world: World) -> None:
    world.set(threads__links="all")
    ann, bob = world.user(autosave__emails=True), world.user("bob@acme.example", autosave__emails=True)
    homer, globex = known(world)
    deal = world.record(
        "Opportunity", Name="Deal", AccountId=globex, OwnerId=ann.crm_user_id, StageName="Prospecting",
        CloseDate="2026-06-01",
    )  # fmt: skip
    monty, _ = known(world, MONTY, "Burns")
    write(world, ann, 1, subject="Order")
    world.sync(ann)
    world.later(minutes=30)
    write(world, bob, 2, sender=MONTY, to="bob@acme.example")
    world.sync(bob)

    assert saved(world) == {"<1@globex.example>": deal, "<2@globex.example>": deal}
    assert {homer, monty} <= people(world)


@pytest.mark.rule("THR-1")
@pytest.mark.every_mailbox(Can.TOPICS)
def test_a_message_that_says_nothing_of_what_it_answers_belongs_to_the_thread_of_its_subject(world: World) -> None:
    ann = world.user(threads__enabled=True)
    known(world)
    world.message(ann, "Order", sender=HOMER, message_id="<a@globex.example>", Categories=[THREAD])
    world.sync(ann)

    world.later(minutes=30)
    world.message(ann, "Re: Order", sender=HOMER, message_id="<b@globex.example>")
    world.sync(ann)

    assert set(saved(world)) == {"<a@globex.example>", "<b@globex.example>"}


@pytest.mark.rule("THR-1")
def test_an_answer_under_another_subject_belongs_to_the_thread_of_what_it_answers(world: World) -> None:
    ann = world.user(threads__enabled=True)
    known(world)
    world.message(ann, "Order", sender=HOMER, message_id="<a@globex.example>", Categories=[THREAD])
    world.sync(ann)

    world.later(minutes=30)
    world.message(
        ann, "Delivery", sender=HOMER, message_id="<c@globex.example>", InReplyTo="<a@globex.example>"
    )  # fmt: skip
    world.sync(ann)

    assert set(saved(world)) == {"<a@globex.example>", "<c@globex.example>"}


def test_a_thread_of_many_messages_costs_no_more_calls_of_salesforce(world: World) -> None:
    ann = world.user(threads__enabled=True)
    known(world)
    world.sync(ann)
    for number in range(1, 13):
        write(world, ann, number, subject="Order" if number == 1 else "Re: Order")
    world.sync(ann)
    world.later(minutes=30)
    write(world, ann, 13, Categories=[THREAD])
    world.calls()

    world.sync(ann)

    calls: Any = world.control_get("counters")["calls"]
    assert len(saved(world)) == 13
    assert sum(calls["salesforce"].values()) <= 6
    assert world.asked("thread") == 1


# --- what users choose


def choose(world: World, user: UserView, number: int, **choice: Any) -> None:
    """Say what the n-th message of the thread hangs on, before a run has met it."""
    intending.add(world.app, user, Choice(message_id=f"<{number}@globex.example>", **choice), by="test")


def links(world: World, user: UserView, item: str) -> list[str]:
    """Every business record that a message is about, the one that it was linked to first."""
    with world.app.store.reading() as unit:
        (view,) = unit.linkings.of(user.id, [world.known_as(user, item)], [])
    return [*(each.id for each in view.candidates if each.chosen and each.part == "business"), *view.further]


def deal(world: World, name: str, **values: Any) -> str:
    return world.record("Opportunity", Name=name, StageName="Prospecting", CloseDate="2026-06-01", **values)


@pytest.mark.rule("THR-8")
@pytest.mark.mail_seed(8)
def test_links_of_a_thread_accumulate_over_its_users(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(threads__enabled=True)
    bob = world.user("bob@acme.example", autosave__emails=True)
    _, account_a = known(world)
    _, account_b = known(world, MONTY, "Burns")
    deal_a, deal_b = deal(world, "A"), deal(world, "B")

    choose(world, ann, 1, what=deal_a, thread=True)
    first = write(world, ann, 1, subject="Order")
    world.sync(ann)
    world.later(minutes=30)
    second = write(world, bob, 2, to="bob@acme.example")
    world.sync(bob)
    world.later(minutes=30)
    choose(world, ann, 3, what=deal_b)
    third = write(world, ann, 3, to=f"ann@acme.example,{MONTY}")
    world.sync(ann)
    world.later(minutes=30)
    fourth = write(world, bob, 4, to=f"bob@acme.example,{MONTY}")
    world.sync(bob)

    assert links(world, ann, first) == [deal_a]
    assert links(world, bob, second) == [deal_a, account_a]
    assert links(world, ann, third) == [deal_b]
    assert links(world, bob, fourth) == [deal_a, deal_b, account_a, account_b]
    assert saved(world) == {
        "<1@globex.example>": deal_a, "<2@globex.example>": deal_a, "<3@globex.example>": deal_b,
        "<4@globex.example>": deal_a,
    }  # fmt: skip


@pytest.mark.rule("THR-8", "DUP-7")
def test_what_one_record_cannot_be_linked_to_gets_copies_where_that_is_wanted(world_on_both: World) -> None:
    world = world_on_both
    world.set(None, clones__sync=True, clones__objects=["Opportunity", "Account"])
    ann = world.user(threads__enabled=True)
    bob = world.user("bob@acme.example", autosave__emails=True)
    _, account = known(world)
    deals = [deal(world, name) for name in ("A", "B")]
    for number, chosen in enumerate(deals, 1):
        choose(world, ann, number, what=chosen, thread=number == 1)
        write(world, ann, number, subject="Order")
        world.sync(ann)
        world.later(minutes=30)
    write(world, bob, 3, to="bob@acme.example")

    world.sync(bob)

    rows = world.query(
        "SELECT RelatedToId FROM EmailMessage WHERE MessageIdentifier = '<3@globex.example>' ORDER BY Id"
    )
    assert [row["RelatedToId"] for row in rows] == [*deals, account]
    world.later(minutes=30)
    world.writes()
    world.sync(bob)
    assert world.writes() == {}


@pytest.mark.rule("THR-5")
def test_every_message_of_a_thread_is_linked_to_what_was_chosen_for_the_first(world: World) -> None:
    ann = world.user(threads__enabled=True)
    homer, _ = known(world)
    chosen = deal(world, "Chosen")  # nothing but the choice leads there
    write(world, ann, 1, subject="Order")
    world.sync(ann)
    world.later(minutes=30)
    choose(world, ann, 2, what=chosen, thread=True)
    write(world, ann, 2)
    world.sync(ann)
    world.later(minutes=30)
    write(world, ann, 3)
    world.sync(ann)

    assert set(saved(world).values()) == {chosen}
    assert len(saved(world)) == 3
    assert homer in people(world)


@pytest.mark.rule("THR-6")
def test_somebody_chosen_who_is_not_on_the_message_is_linked_to_that_one_only(world: World) -> None:
    ann = world.user(threads__enabled=True)
    homer, _ = known(world)
    lisa, _ = known(world, "lisa@elsewhere.example", "Elsewhere")
    choose(world, ann, 1, who=(homer, lisa), what=deal(world, "Chosen"), thread=True)
    write(world, ann, 1, subject="Order")
    write(world, ann, 2)

    world.sync(ann)

    rows = world.query("SELECT EmailMessageId, RelationId FROM EmailMessageRelation")
    by_person = {
        person: sum(row["RelationId"] == person for row in rows) for person in (homer, lisa)
    }  # fmt: skip
    assert by_person == {homer: 2, lisa: 1}


@pytest.mark.rule("THR-7", "RCD-7")
def test_values_that_were_given_go_to_every_later_message(world: World) -> None:
    world.setting(custom_fields={"EmailMessage": [{"name": "Topic__c", "length": 40}]})
    ann = world.user(threads__enabled=True)
    known(world)
    world.sync(ann)
    choose(world, ann, 2, thread=True, values={"Topic__c": "Reactor"})
    write(world, ann, 1, subject="Order")
    write(world, ann, 2)
    world.sync(ann)
    world.later(minutes=30)
    write(world, ann, 3)
    world.sync(ann)

    rows = world.query("SELECT MessageIdentifier, Topic__c FROM EmailMessage")
    assert {row["MessageIdentifier"]: row["Topic__c"] for row in rows} == dict.fromkeys(
        ("<1@globex.example>", "<2@globex.example>", "<3@globex.example>"), "Reactor"
    )


@pytest.mark.rule("LNK-24")
@pytest.mark.parametrize(("complete", "wins"), [(False, "account"), (True, "deal")])
def test_what_a_user_chose_is_completed_with_an_opportunity_only_where_the_settings_say_so(
    world: World, complete: bool, wins: str
) -> None:
    world.set(link__complete_choices=complete)
    ann = world.user(autosave__emails=True)
    homer, account = known(world)
    found = {"account": account, "deal": deal(world, "Mine", AccountId=account, OwnerId=ann.crm_user_id)}
    choose(world, ann, 1, who=(homer,))
    write(world, ann, 1, subject="Order")
    world.message(ann, "Other", sender=HOMER, message_id="<other@globex.example>")

    world.sync(ann)

    assert saved(world) == {"<1@globex.example>": found[wins], "<other@globex.example>": found["deal"]}


@pytest.mark.rule("LNK-30")
def test_a_task_takes_a_contact_together_with_a_case(world: World) -> None:
    world.setting(enhanced_email=False)
    ann = world.user()
    homer, account = known(world)
    case = world.record("Case", Subject="Broken", AccountId=account)
    choose(world, ann, 1, who=(homer,), what=case)
    write(world, ann, 1, subject="Order")

    world.sync(ann)

    (task,) = world.query("SELECT WhoId, WhatId FROM Task")
    assert (task["WhoId"], task["WhatId"]) == (homer, case)
