"""Stories of e-mails: shared once each, linked, marked; and of the people who are resolved or created."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.protocols import Can
from mapping.model.reasons import Reason
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

TRACKED = ["Salesforce", "Status: Tracked successfully"]
HOMER = "homer@globex.example"


def known(world: World, address: str = HOMER, name: str = "Globex") -> tuple[str, str]:
    """(contact, account) of somebody known in Salesforce."""
    account = world.record("Account", Name=name)
    return world.record("Contact", LastName=address.split("@")[0].title(), Email=address, AccountId=account), account


def shared(world: World) -> list[dict[str, Any]]:
    columns = "Subject, TextBody, FromAddress, ToAddress, Incoming, MessageIdentifier, RelatedToId, Status"
    return world.query(f"SELECT {columns} FROM EmailMessage")


@pytest.mark.rule("WAY-5", "RCD-1", "LNK-20", "LNK-21", "LNK-27", "MKM-1")
def test_mail_from_somebody_known_is_saved_automatically(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(autosave__emails=True)
    contact, account = known(world)
    world.message(ann, "Order", sender=HOMER, message_id="<1@globex.example>", body="Ten pieces, please")

    world.sync(ann)

    (mail,) = shared(world)
    assert (mail["Subject"], mail["Incoming"], mail["MessageIdentifier"]) == ("Order", True, "<1@globex.example>")
    assert (mail["RelatedToId"], mail["Status"], mail["TextBody"].strip()) == (account, "3", "Ten pieces, please")
    relations = world.query(
        "SELECT RelationId, RelationType FROM EmailMessageRelation WHERE RelationType = 'FromAddress'"
    )
    assert relations == [{"RelationId": contact, "RelationType": "FromAddress"}]
    item = world.item(ann, "Order", "inbox")
    assert item is not None
    assert item["Categories"] == TRACKED


@pytest.mark.every_mailbox
@pytest.mark.rule("DUP-1", "RCD-11", "MKM-2", "MKM-3")
def test_a_saved_mail_is_never_saved_again_whatever_happens_to_it(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    mail = world.message(ann, "Order", sender=HOMER)
    world.sync(ann)
    world.writes()

    world.later(minutes=30)
    world.sync(ann)
    world.edit(ann, mail, IsRead=True)
    world.sync(ann)
    assert world.writes() == {}

    world.edit(ann, mail, Categories=["Family"])
    world.writes()
    world.sync(ann)

    assert world.writes() == {}
    assert len(shared(world)) == 1


@pytest.mark.rule("RCD-2", "RCD-3", "LNK-25")
def test_without_enhanced_email_a_completed_task_is_written(world: World) -> None:
    world.setting(enhanced_email=False)
    ann = world.user(autosave__emails=True)
    contact, account = known(world)
    world.message(ann, "Order", sender=HOMER, body="x" * 40_000)

    world.sync(ann)

    (task,) = world.query("SELECT Subject, Status, TaskSubtype, WhoId, WhatId, Description, ActivityDate FROM Task")
    assert (task["Subject"], task["Status"], task["TaskSubtype"]) == ("Order", "Completed", "Email")
    assert (task["WhoId"], task["WhatId"], task["ActivityDate"]) == (contact, account, "2026-03-02")
    assert len(task["Description"]) <= 32_000
    assert task["Description"].startswith(f"From: homer <{HOMER}>")
    world.later(minutes=30)
    world.writes()
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.every_mailbox
@pytest.mark.rule("WAY-1", "FLT-7")
def test_the_category_saves_a_mail_although_auto_saving_is_off(world: World) -> None:
    ann = world.user(blocklist__user=["rival.example"])
    contact, _ = known(world)
    known(world, "eve@rival.example", "Rival")
    world.message(ann, "Order", sender=HOMER, to="ann@acme.example,eve@rival.example", Categories=["Salesforce"])
    world.message(ann, "Other", sender=HOMER)

    world.sync(ann)

    assert [mail["Subject"] for mail in shared(world)] == ["Order"]
    linked = {row["RelationId"] for row in world.query("SELECT RelationId FROM EmailMessageRelation")}
    assert contact in linked
    assert not linked & {row["Id"] for row in world.query("SELECT Id FROM Contact WHERE Email = 'eve@rival.example'")}


@pytest.mark.every_mailbox(Can.FOLDERS)
@pytest.mark.rule("WAY-3")
def test_a_mail_moved_to_the_managed_folder_is_saved_and_moved_back(world: World) -> None:
    ann = world.user()
    known(world)
    world.sync(ann)  # makes the folder
    mail = world.message(ann, "Order", sender=HOMER)
    world.control("ews/items/move", mailbox=ann.address, id=mail, folder="Salesforce Emails")

    world.later(minutes=1)
    world.sync(ann)

    assert len(shared(world)) == 1
    item = world.item(ann, "Order", "inbox")
    assert item is not None
    assert item["Categories"] == TRACKED
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.every_mailbox
@pytest.mark.rule("WAY-2", "FLT-13")
def test_mail_in_other_folders_is_not_looked_at(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    world.message(ann, "Junk", sender=HOMER, folder="junkemail", Categories=["Salesforce"])

    world.sync(ann)

    assert shared(world) == []


@pytest.mark.rule("WAY-7")
def test_the_first_run_looks_six_days_back(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    for hours, subject in ((6 * 24 - 1, "Young"), (6 * 24 + 1, "Old")):
        moment = (world.now - timedelta(hours=hours)).isoformat()
        world.message(ann, subject, sender=HOMER, DateTimeReceived=moment, DateTimeSent=moment)

    world.sync(ann)

    assert [mail["Subject"] for mail in shared(world)] == ["Young"]


@pytest.mark.rule("FLT-1", "FLT-5", "FLT-8", "FLT-14", "RES-8")
def test_what_is_not_eligible_is_not_saved_automatically(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="contact", resolve__require_outbound=False)
    known(world)
    world.message(ann, "Internal", sender="bob@acme.example")
    world.message(ann, "Free", sender="somebody@gmail.com")
    world.message(ann, "Secret", sender=HOMER, Sensitivity="Private")
    world.message(ann, "Answer", sender=HOMER, ItemClass="IPM.Schedule.Meeting.Resp.Pos")

    world.sync(ann)

    assert shared(world) == []
    assert {Reason.ALL_INTERNAL, Reason.ALL_BLOCKED, Reason.PRIVATE} <= world.reasons(ann)
    assert len(world.records("Contact")) == 1


@pytest.mark.rule("LNK-22")
def test_the_most_recent_own_opportunity_of_the_contacts_account_is_linked(world: World) -> None:
    ann, bob = world.user(autosave__emails=True), world.user("bob@acme.example")
    _, account = known(world)
    deal = {"AccountId": account, "StageName": "Prospecting", "CloseDate": "2026-06-01"}
    world.record("Opportunity", Name="Old", OwnerId=ann.crm_user_id, **deal)
    world.later(minutes=5)
    recent = world.record("Opportunity", Name="Recent", OwnerId=ann.crm_user_id, **deal)
    world.later(minutes=5)
    world.record("Opportunity", Name="Bob's", OwnerId=bob.crm_user_id, **deal)
    world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert [mail["RelatedToId"] for mail in shared(world)] == [recent]


@pytest.mark.rule("LNK-22", "LNK-28", "LNK-26")
def test_a_contact_without_account_saves_nothing_and_a_lead_does(world: World) -> None:
    ann = world.user(autosave__emails=True)
    world.record("Contact", LastName="Alone", Email="alone@nowhere.example")
    lead = world.record("Lead", LastName="Lead", Company="Leads", Email="lead@leads.example")
    world.message(ann, "From alone", sender="alone@nowhere.example")
    world.message(ann, "From lead", sender="lead@leads.example")

    world.sync(ann)

    assert [(mail["Subject"], mail["RelatedToId"]) for mail in shared(world)] == [("From lead", None)]
    assert {"RelationId": lead} in world.query("SELECT RelationId FROM EmailMessageRelation")


@pytest.mark.rule("DUP-11")
def test_a_mail_that_another_product_logged_is_adopted(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    world.record("EmailMessage", Subject="Order", Status="3", MessageIdentifier="<1@globex.example>")
    world.message(ann, "Order", sender=HOMER, message_id="<1@globex.example>")

    world.sync(ann)

    assert len(shared(world)) == 1
    item = world.item(ann, "Order", "inbox")
    assert item is not None
    assert item["Categories"] == TRACKED


@pytest.mark.rule("DUP-9", "DUP-2", "MKM-5")
def test_two_users_with_the_same_mail_share_one_record(world: World) -> None:
    ann, bob = world.user(autosave__emails=True), world.user("bob@acme.example", autosave__emails=True)
    known(world)
    for user in (ann, bob):
        world.message(
            user, "Order", sender=HOMER, to="ann@acme.example,bob@acme.example", message_id="<1@globex.example>"
        )

    world.sync(ann)
    world.sync(bob)

    assert len(shared(world)) == 1
    for user in (ann, bob):
        item = world.item(user, "Order", "inbox")
        assert item is not None
        assert item["Categories"] == TRACKED


# --- people


@pytest.mark.rule("RES-1", "RES-2", "RES-11", "RES-10")
def test_an_unknown_sender_becomes_a_contact_with_an_account_named_after_the_domain(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="contact", resolve__require_outbound=False)
    world.message(ann, "Hello", sender="bart.simpson@acme-labs.example")

    world.sync(ann)

    (contact,) = world.records("Contact", "FirstName", "LastName", "Email", "AccountId", "OwnerId")
    (account,) = world.records("Account", "Name", "Website")
    assert (contact["FirstName"], contact["LastName"]) == ("Bart", "Simpson")
    assert (contact["AccountId"], contact["OwnerId"]) == (account["Id"], ann.crm_user_id)
    assert account["Name"] == "Acme Labs"
    assert [mail["RelatedToId"] for mail in shared(world)] == [account["Id"]]


@pytest.mark.rule("RES-1", "RES-15")
def test_two_mails_of_one_unknown_sender_make_one_lead(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="lead", resolve__require_outbound=False)
    for number in range(3):
        world.message(ann, f"Hello {number}", sender="bart@acme-labs.example")

    world.sync(ann)
    world.message(ann, "Again", sender="bart@acme-labs.example")
    world.later(minutes=30)
    world.sync(ann)

    (lead,) = world.records("Lead", "Email", "Company", "OwnerId")
    assert (lead["Company"], lead["OwnerId"]) == ("Acme Labs", ann.crm_user_id)
    assert len(shared(world)) == 4


@pytest.mark.rule("RES-3", "RES-18")
def test_nobody_is_created_for_blocked_free_or_robot_addresses(world: World) -> None:
    ann = world.user(
        autosave__emails=True, resolve__kind="lead", blocklist__user=["rival.example"], resolve__require_outbound=False
    )
    for sender in ("eve@rival.example", "somebody@gmail.com", "no-reply@shop.example"):
        world.message(ann, f"From {sender}", sender=sender)

    world.sync(ann)

    assert world.records("Lead") == []
    assert shared(world) == []


@pytest.mark.rule("RES-5", "RES-7")
def test_smart_creation_puts_a_contact_under_the_account_of_the_domain_else_makes_a_lead(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__smart=True, resolve__require_outbound=False)
    account = world.record("Account", Name="Globex", Website="https://www.globex.example")
    world.message(ann, "Known domain", sender="bart@globex.example")
    world.message(ann, "Unknown domain", sender="lisa@elsewhere.example")

    world.sync(ann)

    assert [row["AccountId"] for row in world.records("Contact", "AccountId")] == [account]
    assert [row["Email"] for row in world.records("Lead", "Email")] == ["lisa@elsewhere.example"]


@pytest.mark.rule("RES-6")
def test_person_accounts_are_made_where_the_org_has_them(world: World) -> None:
    world.setting(person_accounts=True)
    ann = world.user(
        autosave__emails=True, resolve__smart=True, resolve__person_accounts=True, resolve__require_outbound=False
    )
    world.message(ann, "Hello", sender="bart@elsewhere.example")

    world.sync(ann)

    (account,) = world.query("SELECT IsPersonAccount, PersonEmail FROM Account")
    assert (account["IsPersonAccount"], account["PersonEmail"]) == (True, "bart@elsewhere.example")
    assert len(shared(world)) == 1


@pytest.mark.rule("RES-9")
def test_all_unknown_recipients_are_created_when_the_organization_wants_that(world: World) -> None:
    ann = world.user(
        autosave__emails=True, resolve__kind="lead", resolve__all_unresolved=True, resolve__require_outbound=False
    )
    world.message(ann, "Hello", sender="bart@one.example", to="ann@acme.example,lisa@two.example")

    world.sync(ann)

    assert {row["Email"] for row in world.records("Lead", "Email")} == {"bart@one.example", "lisa@two.example"}
