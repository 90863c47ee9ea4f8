"""Stories of two users whose runs meet the same stranger or mail at the same moment, and of what waits for it."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest

from mapping.merge.plan import Step
from sync_tasks.services import pipeline
from sync_tasks.stages import mirror
from sync_tasks.stages.context import StageContext
from sync_tasks.state.records import RunRef, UserView
from sync_tasks.state.runs import STAGES
from tests.support.waiting import until
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

SENDER = "homer@globex.example"


def two_users(world: World, **settings: Any) -> tuple[UserView, UserView]:
    """Both get a mail of the same stranger."""
    ann, bob = (world.user(f"{name}@acme.example", autosave__emails=True, **settings) for name in ("ann", "bob"))
    world.set(resolve__require_outbound=False)
    for user in (ann, bob):
        world.message(user, f"Hello {user.address[:3]}", sender=SENDER)
    return ann, bob


def begin(world: World, user: UserView, last: str) -> RunRef:
    """A run that has come as far as this stage."""
    with world.app.store.writing() as unit:
        ref = unit.runs.claim_user(user.id, "manual", world.now, timedelta(minutes=5), world.app.vault.run_key())
    assert ref is not None
    for stage in STAGES[: STAGES.index(last) + 1]:
        assert pipeline.perform(world.app, ref, stage)
    return ref


def mails(world: World) -> list[str]:
    return sorted(row["Subject"] for row in world.query("SELECT Subject FROM EmailMessage"))


@pytest.mark.rule("RES-15")
def test_the_second_run_takes_the_lead_that_the_first_has_made(world_on_both: World) -> None:
    world = world_on_both
    ann, bob = two_users(world, resolve__kind="lead")
    anns, bobs = begin(world, ann, "link"), begin(world, bob, "link")  # nobody knows the stranger yet

    for ref in (anns, bobs):
        assert pipeline.perform(world.app, ref, "mirror")
        assert not pipeline.perform(world.app, ref, "delete")

    (lead,) = world.query("SELECT Id FROM Lead")
    assert mails(world) == ["Hello ann", "Hello bob"]
    relations = world.query("SELECT RelationId FROM EmailMessageRelation WHERE RelationType = 'FromAddress'")
    assert relations == [{"RelationId": lead["Id"]}] * 2


@pytest.mark.rule("RES-15")
@pytest.mark.parametrize("cut", ["drop_before", "drop_after"])
def test_nobody_is_made_twice_when_the_first_run_never_hears_what_came_of_it(world: World, cut: str) -> None:
    ann, bob = two_users(world, resolve__kind="contact")
    anns, bobs = begin(world, ann, "link"), begin(world, bob, "link")
    world.control("faults", match="sf.collections.create", times=1, action={cut: True})
    assert not pipeline.perform(world.app, anns, "mirror")  # the connection is cut while the account is made
    world.sandbox.faults.clear()

    assert pipeline.perform(world.app, bobs, "mirror")
    assert not pipeline.perform(world.app, bobs, "delete")

    assert world.query("SELECT Id FROM Contact") == []
    with world.app.store.reading() as unit:
        waits = unit.accounts.user(bob.id).next_sync_at - world.now
    assert waits <= timedelta(minutes=1)
    assert world.issues(bob) == []
    world.later(minutes=1)
    for user in (bob, ann):
        world.sync(user)
    assert len(world.query("SELECT Id FROM Contact")) == len(world.query("SELECT Id FROM Account")) == 1
    assert mails(world) == ["Hello ann", "Hello bob"]


@pytest.mark.rule("RES-15")
def test_two_kinds_of_record_are_not_made_for_one_stranger(world: World) -> None:
    ann, bob = two_users(world, resolve__kind="lead")
    world.set(bob, resolve__kind="contact")
    anns, bobs = begin(world, ann, "link"), begin(world, bob, "link")
    for ref in (anns, bobs):
        assert pipeline.perform(world.app, ref, "mirror")
        assert not pipeline.perform(world.app, ref, "delete")
    assert mails(world) == ["Hello ann"]

    world.later(minutes=1)
    world.sync(bob)

    assert len(world.query("SELECT Id FROM Lead")) == 1
    assert world.query("SELECT Id FROM Contact") == []
    assert mails(world) == ["Hello ann", "Hello bob"]


@pytest.mark.rule("RES-15")
def test_a_stranger_whose_record_was_deleted_is_made_again(world: World) -> None:
    ann, bob = two_users(world, resolve__kind="lead")
    world.sync(ann)
    world.remove("Lead", world.query("SELECT Id FROM Lead")[0]["Id"])

    world.sync(bob)

    assert len(world.query("SELECT Id FROM Lead")) == 1
    assert mails(world) == ["Hello ann", "Hello bob"]


@pytest.mark.rule("TOP-7")
def test_every_mail_of_somebody_who_could_not_be_made_waits_for_them(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="lead", resolve__require_outbound=False)
    for number in range(3):
        world.message(ann, f"Hello {number}", sender=SENDER)
    rule = {"object": "Lead", "field": "LastName", "op": "equals", "value": "Homer", "message": "Not him"}
    world.setting(validation_rules=[rule])
    world.sync(ann)
    assert mails(world) == []
    assert world.issues(ann) == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"] * 3

    world.setting(validation_rules=[])
    world.later(minutes=30)
    world.sync(ann)

    assert mails(world) == ["Hello 0", "Hello 1", "Hello 2"]
    assert world.issues(ann) == []


@pytest.mark.rule("DUP-9", "MKM-5")
def test_a_mail_that_two_users_save_at_once_is_one_record_with_one_sender(world_on_both: World) -> None:
    world = world_on_both
    contact = world.record(
        "Contact", LastName="Simpson", Email=SENDER, AccountId=world.record("Account", Name="Globex")
    )
    ann, bob = (world.user(f"{name}@acme.example", autosave__emails=True) for name in ("ann", "bob"))
    for user in (ann, bob):
        world.message(user, "To all", sender=SENDER, to="team@acme.example", message_id="<1@globex.example>")
    runs = [begin(world, ann, "link"), begin(world, bob, "link")]
    for ref in runs:
        assert pipeline.perform(world.app, ref, "mirror")
        assert not pipeline.perform(world.app, ref, "delete")

    world.later(minutes=1)
    for user in (ann, bob):
        world.sync(user)

    assert mails(world) == ["To all"]
    relations = world.query("SELECT RelationId FROM EmailMessageRelation WHERE RelationType = 'FromAddress'")
    assert relations == [{"RelationId": contact}]
    for user in (ann, bob):
        assert "Salesforce" in (world.item(user, "To all", "inbox") or {})["Categories"]
        assert world.issues(user) == []


def _killed(_ctx: StageContext) -> None:
    raise KeyboardInterrupt


@pytest.mark.rule("DUP-9", "DUP-3")
def test_a_record_that_a_colleague_finds_before_it_is_linked_gets_one_sender(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann, bob = (world.user(f"{name}@acme.example", autosave__emails=True) for name in ("ann", "bob"))
    world.record("Contact", LastName="Simpson", Email=SENDER, AccountId=world.record("Account", Name="Globex"))
    for user in (ann, bob):
        world.message(user, "Order", sender=SENDER, message_id="<1@globex.example>")
    anns = begin(world, ann, "link")
    with monkeypatch.context() as patch:  # a worker that is killed when the record is made
        patch.setattr(mirror, "APPLIED_HERE", (Step.RECORDS,))
        patch.setattr(mirror.apply_files, "run", _killed)
        with pytest.raises(KeyboardInterrupt):
            pipeline.perform(world.app, anns, "mirror")
    bobs = begin(world, bob, "mirror")
    assert not pipeline.perform(world.app, bobs, "delete")

    assert pipeline.perform(world.app, anns, "mirror")  # another worker goes on
    assert not pipeline.perform(world.app, anns, "delete")

    senders = world.query("SELECT Id FROM EmailMessageRelation WHERE RelationType = 'FromAddress'")
    assert len(senders) == len(world.records("EmailMessage")) == 1
    for user in (ann, bob):
        assert "Salesforce" in world.entry(user, "Order", "inbox")["Categories"]
        assert world.issues(user) == []


@pytest.mark.rule("FIL-8")
@pytest.mark.parametrize("cut", ["", "drop_before", "drop_after"])
def test_one_file_in_two_mails_is_stored_once_though_both_users_save_it_at_one_moment(world: World, cut: str) -> None:
    account = world.record("Account", Name="Globex")
    world.record("Contact", LastName="Simpson", Email=SENDER, AccountId=account)
    ann, bob = (world.user(f"{name}@acme.example", autosave__emails=True) for name in ("ann", "bob"))
    for user in (ann, bob):
        attached = [{"name": f"{user.address[:3]}.txt", "text": "one and the same"}]
        world.message(user, f"Hello {user.address[:3]}", sender=SENDER, Attachments=attached)
    anns = begin(world, ann, "link")
    if cut:
        world.control("faults", match="POST ContentVersion$", times=1, action={cut: True})
    else:  # while Ann's file is on its way, Bob's run is as far as hers
        world.control("faults", match="POST ContentVersion$", times=1, action={"delay": 4})
    other = threading.Thread(target=pipeline.perform, args=(world.app, anns, "mirror"))
    other.start()
    if cut:
        other.join()
    else:
        until(lambda: world.control_get("counters")["calls"]["salesforce"].get("sf.sobject.create", 0) > 0, 20)

    world.sync(bob)

    other.join()
    pipeline.perform(world.app, anns, "delete")
    for user in (ann, bob, ann):  # whoever found the content in doubt looks again
        world.later(minutes=5)
        world.sync(user)
    assert mails(world) == ["Hello ann", "Hello bob"]
    (file,) = world.query("SELECT ContentDocumentId FROM ContentVersion")
    links = world.query(
        f"SELECT LinkedEntityId FROM ContentDocumentLink WHERE ContentDocumentId = '{file['ContentDocumentId']}'"
    )
    records = {row["Id"] for row in world.query("SELECT Id FROM EmailMessage")}
    assert records <= {link["LinkedEntityId"] for link in links}
