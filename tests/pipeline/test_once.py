"""Stories of messages that several people have: one record, or as many as are wanted, and links that come together."""

from __future__ import annotations

import pytest

from mapping.model.reasons import Reason
from tests.pipeline.test_linking_clues import pages
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

HOMER, LISA = "homer@globex.example", "lisa@initech.example"
TRACKED = ["Salesforce", "Status: Tracked successfully"]
MESSAGE_ID = "<1@globex.example>"


def known(world: World, address: str = HOMER) -> tuple[str, str]:
    """(contact, account) of somebody known in Salesforce."""
    account = world.record("Account", Name=address.split("@")[1])
    return world.record("Contact", LastName=address.split("@")[0], Email=address, AccountId=account), account


def linked(world: World) -> set[tuple[str, str]]:
    rows = world.query("SELECT RelationId, RelationType FROM EmailMessageRelation")
    return {(row["RelationId"], row["RelationType"]) for row in rows}


@pytest.mark.rule("DUP-2", "MKM-5")
@pytest.mark.point("1.11.1")
def test_the_copy_of_a_colleague_becomes_no_second_record(world: World) -> None:
    ann, bob = (world.user(f"{name}@acme.example", autosave__emails=True) for name in ("ann", "bob"))
    known(world)
    for user in (ann, bob):
        world.message(user, "Order", sender=HOMER, to="ann@acme.example,bob@acme.example", message_id=MESSAGE_ID)
        world.sync(user)

    assert len(world.records("EmailMessage")) == 1
    assert world.entry(bob, "Order", "inbox")["Categories"] == TRACKED
    assert Reason.ADOPTED.value in world.reasons(bob)


@pytest.mark.rule("DUP-2")
def test_tasks_are_saved_once_too(world: World) -> None:
    world.setting(enhanced_email=False)
    ann, bob = (world.user(f"{name}@acme.example", autosave__emails=True) for name in ("ann", "bob"))
    known(world)
    for user in (ann, bob):
        world.message(user, "Order", sender=HOMER, message_id=MESSAGE_ID)
        world.sync(user)

    (task,) = world.query("SELECT Id, OwnerId FROM Task")
    assert task["OwnerId"] == ann.crm_user_id
    assert world.entry(bob, "Order", "inbox")["Categories"] == TRACKED


@pytest.mark.rule("DUP-3")
def test_links_that_a_colleagues_rules_find_are_added_to_the_record_that_stands(world: World) -> None:
    ann = world.user("ann@acme.example", autosave__emails=True, blocklist__user=["globex.example"])
    bob = world.user("bob@acme.example", autosave__emails=True)
    homer, _ = known(world)
    lisa, _ = known(world, LISA)
    everybody = f"ann@acme.example,bob@acme.example,{LISA}"
    world.message(ann, "Order", sender="x@nobody.example", to=f"{everybody},{HOMER}", message_id=MESSAGE_ID)
    world.message(bob, "Order", sender="x@nobody.example", to=f"{everybody},{HOMER}", message_id=MESSAGE_ID)
    world.sync(ann)
    before = linked(world)
    assert (lisa, "ToAddress") in before
    assert (homer, "ToAddress") not in before

    world.sync(bob)

    assert before < linked(world)
    assert linked(world) - before == {(homer, "ToAddress"), (ann.crm_user_id, "ToAddress")}
    assert len(world.records("EmailMessage")) == 1
    world.later(minutes=30)
    world.writes()
    world.sync(bob)
    assert world.writes() == {}


@pytest.mark.rule("DUP-3", "MKM-4", "MKM-5")
@pytest.mark.parametrize(
    ("code", "is_told"), [("INSUFFICIENT_ACCESS_OR_READONLY", True), ("UNABLE_TO_LOCK_ROW", False)]
)
def test_a_link_that_salesforce_refuses_a_colleague_is_added_later_and_his_mark_stands_again(
    world: World, code: str, is_told: bool
) -> None:
    ann = world.user("ann@acme.example", autosave__emails=True, blocklist__user=["globex.example"])
    bob = world.user("bob@acme.example", autosave__emails=True)
    homer, _ = known(world)
    known(world, LISA)
    for user in (ann, bob):
        world.message(user, "Order", sender=HOMER, to=LISA, message_id=MESSAGE_ID)
    world.sync(ann)
    world.control("faults", match="sf.row.EmailMessageRelation.create", times=1, action={"code": code})
    world.sync(bob)
    assert homer not in {person for person, _ in linked(world)}
    assert world.issues(bob) == [code]
    assert ("Sync Error" in world.entry(bob, "Order", "inbox").get("Categories", [])) is is_told

    world.later(hours=1)
    world.sync(bob)

    assert (homer, "FromAddress") in linked(world)
    assert world.entry(bob, "Order", "inbox")["Categories"] == TRACKED
    assert world.issues(bob) == []
    world.writes()
    world.later(hours=1)
    world.sync(bob)
    assert world.writes() == {}


@pytest.mark.rule("DUP-3", "MKM-5")
def test_a_link_that_the_record_of_a_colleague_can_never_take_is_no_failure(world: World) -> None:
    ann = world.user("ann@acme.example", autosave__emails=True, link__urls=False)
    bob = world.user("bob@acme.example", autosave__emails=True)
    world.record("Lead", LastName="Simpson", Company="Globex", Email=HOMER)
    deal = world.record("Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2026-06-01")
    page = pages(world, deal)
    for user in (ann, bob):
        world.message(user, "Order", sender=HOMER, to="x@nobody.example", message_id=MESSAGE_ID, body=page)
        world.message(user, "Sent", sender=user.address, to=HOMER, message_id="<2@x>", folder="sentitems", body=page)
        world.sync(user)

    assert world.issues(bob) == []
    assert {world.entry(bob, *where)["Categories"][-1] for where in (("Order", "inbox"), ("Sent", "sentitems"))} == {
        TRACKED[-1]
    }
    assert {op.state for op in world.operations() if op.act == "update"} == {"done", "left"}


@pytest.mark.rule("DUP-3")
def test_a_task_without_an_account_gets_that_of_the_colleague_and_keeps_what_it_has(world: World) -> None:
    world.setting(enhanced_email=False, custom_fields={"Task": [{"name": "InternetMessageId__c"}]})
    ann = world.user("ann@acme.example", autosave__emails=True, link__require_account=False)
    bob = world.user("bob@acme.example", autosave__emails=True)
    nobody = world.record("Contact", LastName="Solo", Email="solo@nobody.example")
    _, account = known(world)
    for user, to in ((ann, "solo@nobody.example"), (bob, f"solo@nobody.example,{HOMER}")):
        world.message(user, "Order", sender=user.address, to=to, message_id=MESSAGE_ID, folder="sentitems")
    world.sync(ann)

    world.sync(bob)

    (task,) = world.query("SELECT WhoId, WhatId, OwnerId FROM Task")
    assert task == {"WhoId": nobody, "WhatId": account, "OwnerId": ann.crm_user_id}


@pytest.mark.rule("DUP-6")
def test_with_the_switch_off_each_user_has_a_record(world: World) -> None:
    world.set(None, dedupe__emails=False)
    users = [world.user(f"{name}@acme.example", autosave__emails=True) for name in ("ann", "bob")]
    known(world)
    for user in users:
        world.message(user, "Order", sender=HOMER, message_id=MESSAGE_ID, Attachments=[{"name": "a.pdf", "text": "a"}])
        world.sync(user)

    records = world.query("SELECT Id, MessageIdentifier FROM EmailMessage")
    assert [row["MessageIdentifier"] for row in records] == [MESSAGE_ID] * 2
    assert len(world.records("ContentVersion")) == 1
    for user in users:
        world.later(minutes=30)
        world.writes()
        world.sync(user)
        assert world.writes() == {}


@pytest.mark.rule("DUP-7")
def test_a_task_is_copied_for_whom_it_cannot_be_linked_to_if_that_is_wanted(world: World) -> None:
    world.setting(enhanced_email=False)
    world.set(None, clones__sync=True, clones__most=2)
    ann = world.user(autosave__emails=True)
    people = [known(world, f"p{n}@c{n}.example") for n in range(5)]
    to = ",".join(f"p{n}@c{n}.example" for n in range(5))
    world.message(ann, "Order", sender=ann.address, to=to, folder="sentitems", Attachments=[{"name": "a", "text": "a"}])

    world.sync(ann)

    tasks = world.query("SELECT Id, WhoId, WhatId, Subject FROM Task ORDER BY Id")
    assert [(task["WhoId"], task["Subject"]) for task in tasks] == [(people[n][0], "Order") for n in range(3)]
    (file,) = world.query("SELECT ContentDocumentId FROM ContentVersion")
    links = world.query(
        f"SELECT LinkedEntityId FROM ContentDocumentLink WHERE ContentDocumentId = '{file['ContentDocumentId']}'"
    )
    assert {task["Id"] for task in tasks} <= {link["LinkedEntityId"] for link in links}
    world.later(minutes=30)
    world.writes()
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("DUP-7")
def test_copies_can_be_limited_to_objects_and_are_not_made_by_themselves(world: World) -> None:
    world.setting(enhanced_email=False)
    ann = world.user(autosave__emails=True)
    homer, globex = known(world)
    lisa, initech = known(world, LISA)
    for subject in ("Without", "With", "Leads only"):
        world.message(ann, subject, sender=ann.address, to=f"{HOMER},{LISA}", folder="sentitems")
        world.sync(ann)
        settings = {"Without": {"clones__sync": True}, "With": {"clones__objects": ["Lead"]}}.get(subject, {})
        world.set(None, **settings)
        world.later(minutes=30)

    tasks = world.query("SELECT Subject, WhoId, WhatId FROM Task ORDER BY Id")
    first, *copies = [(task["WhoId"], task["WhatId"]) for task in tasks if task["Subject"] == "With"]
    assert first == (homer, globex)
    assert copies == [(lisa, None), (None, initech)]
    assert [task["Subject"] for task in tasks if task["Subject"] != "With"] == ["Without", "Leads only"]


@pytest.mark.rule("DUP-7", "DUP-1")
def test_a_copy_that_salesforce_refuses_is_made_later_and_once(world: World) -> None:
    world.set(None, clones__sync=True)
    ann = world.user(autosave__emails=True)
    _, globex = known(world)
    _, initech = known(world, LISA)
    world.message(ann, "Order", sender=HOMER, to=f"{LISA},ann@acme.example", Attachments=[{"name": "a", "text": "a"}])
    world.control("faults", match="sf.row.EmailMessage.create", nth=2, times=1, action={"code": "UNABLE_TO_LOCK_ROW"})
    world.sync(ann)
    assert [row["RelatedToId"] for row in world.query("SELECT RelatedToId FROM EmailMessage")] == [globex]

    world.later(hours=1)
    world.sync(ann)

    rows = world.query("SELECT RelatedToId, TextBody FROM EmailMessage ORDER BY Id")
    assert [(row["RelatedToId"], row["TextBody"].strip()) for row in rows] == [(globex, "Hello"), (initech, "Hello")]
    assert world.entry(ann, "Order", "inbox")["Categories"] == TRACKED
    world.later(minutes=30)
    world.writes()
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("DUP-10")
def test_mails_without_a_message_id_are_told_apart_by_what_they_say(world: World) -> None:
    users = [world.user(f"{name}@acme.example", autosave__emails=True) for name in ("ann", "bob")]
    known(world)
    for user in users:
        for body in ("One text", "Another text"):
            world.message(user, "Order", sender=HOMER, to="all@acme.example", body=body, InternetMessageId="")
        world.sync(user)

    texts = [row["TextBody"].strip() for row in world.query("SELECT TextBody FROM EmailMessage ORDER BY Id")]
    assert sorted(texts) == ["Another text", "One text"]


@pytest.mark.rule("DUP-11", "FIL-2")
def test_a_mail_that_another_product_has_logged_is_adopted_without_its_attachments(world: World) -> None:
    ann = world.user(autosave__emails=True)
    homer, account = known(world)
    logged = world.record(
        "EmailMessage", Subject="Order", Status="3", MessageIdentifier="1@globex.example", IsClientManaged=True
    )
    world.message(ann, "Order", sender=HOMER, message_id=MESSAGE_ID, Attachments=[{"name": "a.pdf", "text": "a"}])

    world.sync(ann)

    (record,) = world.query("SELECT Id, RelatedToId FROM EmailMessage")
    assert record == {"Id": logged, "RelatedToId": account}
    assert linked(world) == {(homer, "FromAddress")}
    assert world.records("ContentVersion") == []
    assert world.entry(ann, "Order", "inbox")["Categories"] == TRACKED


@pytest.mark.rule("DUP-2", "DUP-11")
def test_a_column_of_the_organizations_own_tells_which_tasks_log_which_mail(world: World) -> None:
    world.setting(enhanced_email=False, custom_fields={"Task": [{"name": "MailId__c"}]})
    world.set(None, dedupe__field="MailId__c")
    ann = world.user(autosave__emails=True)
    known(world)
    logged = world.record("Task", Subject="Email: Order", Status="Completed", Priority="Normal", MailId__c=MESSAGE_ID)
    world.message(ann, "Order", sender=HOMER, message_id=MESSAGE_ID)
    world.message(ann, "Other", sender=HOMER, message_id="<2@globex.example>")

    world.sync(ann)

    tasks = {row["MailId__c"]: row["Id"] for row in world.query("SELECT Id, MailId__c FROM Task")}
    assert tasks[MESSAGE_ID] == logged
    assert len(tasks) == 2
    assert set(tasks) == {MESSAGE_ID, "<2@globex.example>"}
