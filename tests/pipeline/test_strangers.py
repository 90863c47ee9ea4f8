"""Stories of people whom Salesforce does not know: for whom a record is made, as what, and for whom none is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from mapping.model.reasons import Reason
from mapping.rules.resolving import Wanted, Wish
from sync_tasks.services import strangers
from sync_tasks.services.scheduling import run_here
from sync_tasks.state.records import UnresolvedState
from tests.support.strangers import BART, UNSUBSCRIBE, leads, person, seller, subjects, unresolved, why
from tests.support.world import ORG, World

pytestmark = pytest.mark.every_mailbox

# --- for whom none is made


@pytest.mark.mail_seed(4)
@pytest.mark.rule("RES-8", "RES-3")
@pytest.mark.parametrize(
    "settings",
    [
        {"resolve__kind": "lead"},
        {"resolve__kind": "contact"},
        {"resolve__smart": True},
        {"resolve__smart": True, "resolve__person_accounts": True},
        {"resolve__kind": "lead", "resolve__all_unresolved": True},
    ],
)
def test_nobody_is_made_of_a_free_mail_address_whatever_is_set(world: World, settings: dict[str, Any]) -> None:
    ann = seller(world, **settings)
    world.message(ann, "By itself", sender="somebody@gmail.com")
    world.message(ann, "Marked", sender="somebody@gmail.com", Categories=["Salesforce"])

    world.sync(ann)

    assert [world.records(name) for name in ("Lead", "Contact", "Account")] == [[], [], []]
    with world.app.store.reading() as unit:
        assert unit.unresolved.recent(ann.id, closed=True, limit=9) == []


@pytest.mark.mail_seed(20)
@pytest.mark.rule("RES-18", "TOP-21")
def test_a_newsletter_is_saved_for_whoever_is_known_on_it_and_makes_nobody(world: World) -> None:
    ann = seller(world, resolve__kind="lead", resolve__all_unresolved=True)
    known = world.record("Lead", LastName="Simpson", Company="Springfield", Email="lisa@springfield.example")
    to = "ann@acme.example,lisa@springfield.example"
    world.message(ann, "Offers", sender=BART, to=to, InternetMessageHeaders=UNSUBSCRIBE)
    world.message(ann, "More offers", sender=BART, InternetMessageHeaders=UNSUBSCRIBE)

    world.sync(ann)

    assert subjects(world) == {"Offers"}
    assert [row["Id"] for row in world.records("Lead")] == [known]
    assert why(world) == {Reason.NOT_CREATED_BULK}


@pytest.mark.rule("RES-18")
def test_a_letter_makes_whom_a_newsletter_did_not(world: World) -> None:
    ann = seller(world, resolve__kind="lead")
    world.message(ann, "Offers", sender=BART, InternetMessageHeaders=UNSUBSCRIBE)
    world.message(ann, "Shall we meet?", sender=BART)

    world.sync(ann)

    assert leads(world) == {BART}
    assert subjects(world) == {"Offers", "Shall we meet?"}


@pytest.mark.rule("RES-18")
@pytest.mark.parametrize(
    ("sender", "reason"),
    [
        ("prvs=123=bart@acme-labs.example", Reason.NOT_CREATED_ROBOT),
        ("bart@10minutemail.com", Reason.NOT_CREATED_DISPOSABLE),
        ("no-reply@acme-labs.example", Reason.NOT_CREATED_ROLE),
    ],
)
def test_nobody_is_made_of_machines_even_when_somebody_marks_the_mail(
    world: World, sender: str, reason: Reason
) -> None:
    ann = seller(world, resolve__kind="lead")
    world.message(ann, "Hello", sender=sender, Categories=["Salesforce"])

    world.sync(ann)

    assert leads(world) == set()
    assert why(world) == {reason}


@pytest.mark.rule("RES-18")
def test_nobody_is_made_from_a_crowd(world: World) -> None:
    ann = seller(world, resolve__kind="lead", resolve__max_recipients=3)
    world.message(ann, "All", sender=BART, to="ann@acme.example,a@one.example,b@two.example")

    world.sync(ann)

    assert leads(world) == set()
    assert why(world) >= {Reason.NOT_CREATED_CROWD}


@pytest.mark.rule("RES-18", "RES-2")
def test_a_stranger_becomes_a_lead_once_he_is_answered_and_his_first_mail_is_saved_too(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="lead")
    world.message(ann, "A question", sender=BART)
    world.sync(ann)
    assert leads(world) == subjects(world) == set()
    assert why(world) == {Reason.NOT_CREATED_ONE_WAY}

    world.later(hours=5)
    world.message(ann, "An answer", sender=ann.address, to=BART, folder="sentitems")
    world.sync(ann)
    assert leads(world) == {BART}
    world.later(minutes=30)
    world.sync(ann)

    assert subjects(world) == {"A question", "An answer"}
    assert len(world.records("Lead")) == 1


@pytest.mark.rule("RES-1", "RES-18")
def test_whom_a_user_marks_need_not_be_answered(world: World) -> None:
    ann = world.user(resolve__kind="lead")
    world.message(ann, "A question", sender=BART, Categories=["Salesforce"])

    world.sync(ann)

    assert leads(world) == {BART}
    assert subjects(world) == {"A question"}


@pytest.mark.rule("RES-18")
def test_an_invitation_makes_its_organizer_once_it_is_accepted(world: World) -> None:
    ann = world.user(autosave__meetings=True, resolve__kind="lead")
    guest = {"address": BART, "name": "Bart Simpson"}
    world.appointment(ann, "Mine", RequiredAttendees=[guest])

    world.sync(ann)

    assert leads(world) == {BART}


@pytest.mark.mail_seed(3)
@pytest.mark.rule("RES-1", "RES-3", "RES-9")
def test_of_a_marked_mail_to_somebody_blocked_and_somebody_unknown_only_the_unknown_is_made(world: World) -> None:
    world.set(blocklist__org=["rival.example"], resolve__kind="lead", resolve__all_unresolved=True)
    ann = world.user()
    world.message(ann, "Offer", sender=ann.address, to=f"eve@rival.example,{BART}", folder="sentitems",
                  Categories=["Salesforce"])  # fmt: skip

    world.sync(ann)

    assert leads(world) == {BART}
    assert subjects(world) == {"Offer"}
    linked = {row["RelationId"] for row in world.records("EmailMessageRelation", "RelationId") if row["RelationId"]}
    assert linked >= {row["Id"] for row in world.records("Lead")}


@pytest.mark.mail_seed(12)
@pytest.mark.rule("RES-15")
def test_nobody_is_made_who_is_there_in_whatever_shape(world: World) -> None:
    world.setting(person_accounts=True)
    ann = seller(world, resolve__smart=True, resolve__all_unresolved=True)
    account = world.record("Account", Name="Globex", Website="https://globex.example")
    world.record("Contact", LastName="Both", Email="both@globex.example", AccountId=account)
    world.record("Lead", LastName="Both", Company="Globex", Email="both@globex.example")
    for name in ("One", "Two"):
        world.record("Contact", LastName=name, Email="twice@globex.example", AccountId=account)
    world.record("Account", LastName="Person", PersonEmail="person@home.example")
    converted = world.record("Contact", LastName="Turned", Email="turned@globex.example", AccountId=account)
    world.control("salesforce/records", org=ORG, records=[
        {"object": "Lead", "fields": {"LastName": "Turned", "Company": "Globex", "Email": "turned@globex.example",
                                      "IsConverted": True, "ConvertedContactId": converted}},
    ])  # fmt: skip
    before = {name: len(world.records(name)) for name in ("Lead", "Contact", "Account")}
    for sender in ("both@globex.example", "twice@globex.example", "person@home.example", "turned@globex.example"):
        world.message(ann, f"From {sender}", sender=sender)

    world.sync(ann)

    assert {name: len(world.records(name)) for name in before} == before
    assert len(subjects(world)) >= 3


# --- as what


@pytest.mark.mail_seed(13)
@pytest.mark.rule("RES-5", "RES-6", "RES-7", "RES-8")
@pytest.mark.parametrize(
    ("website", "contact", "evidence", "under"),
    [
        (True, False, "any", True),
        (False, True, "any", True),
        (True, True, "any", True),
        (True, False, "both", False),
        (False, True, "both", False),
        (True, True, "both", True),
        (False, False, "any", False),
    ],
)
def test_the_account_of_a_domain_takes_in_the_new_contact(
    world: World, website: bool, contact: bool, evidence: str, under: bool
) -> None:
    ann = seller(world, resolve__smart=True, resolve__evidence=evidence)
    account = world.record("Account", Name="Acme", **({"Website": "http://www.acme-labs.example/"} if website else {}))
    if contact:
        world.record("Contact", LastName="Lisa", Email="lisa@acme-labs.example", AccountId=account)
    world.message(ann, "Hello", sender=BART)

    world.sync(ann)

    made = world.query(f"SELECT AccountId FROM Contact WHERE Email = '{BART}'")
    assert [row["AccountId"] for row in made] == ([account] if under else [])
    assert leads(world) == (set() if under else {BART})


@pytest.mark.mail_seed(13)
@pytest.mark.rule("RES-5", "RES-7")
def test_of_two_accounts_with_one_domain_none_is_taken_unless_contacts_tell_them_apart(world: World) -> None:
    ann = seller(world, resolve__smart=True)
    accounts = [world.record("Account", Name=f"Acme {n}", Website="https://acme-labs.example") for n in (1, 2)]
    world.message(ann, "First", sender=BART)
    world.sync(ann)
    assert leads(world) == {BART}

    world.record("Contact", LastName="Lisa", Email="lisa@acme-labs.example", AccountId=accounts[1])
    world.message(ann, "Second", sender="homer@acme-labs.example")
    world.later(minutes=30)
    world.sync(ann)

    made = world.query("SELECT AccountId FROM Contact WHERE Email = 'homer@acme-labs.example'")
    assert [row["AccountId"] for row in made] == [accounts[1]]


@pytest.mark.mail_seed(13)
@pytest.mark.rule("RES-6")
def test_with_person_accounts_on_a_found_account_makes_no_contact(world: World) -> None:
    world.setting(person_accounts=True)
    ann = seller(world, resolve__smart=True, resolve__person_accounts=True, resolve__lead_source="Email")
    world.record("Account", Name="Acme", Website="https://acme-labs.example")
    world.message(ann, "Hello", sender=BART)

    world.sync(ann)

    (made,) = world.query(f"SELECT LastName, PersonLeadSource FROM Account WHERE PersonEmail = '{BART}'")
    assert (made["LastName"], made["PersonLeadSource"]) == ("Simpson", "Email")


@pytest.mark.rule("RES-10")
def test_the_account_of_the_company_is_found_from_a_part_of_it(world: World) -> None:
    ann = seller(world, resolve__kind="contact")
    account = world.record("Account", Name="Acme", Website="https://acme-labs.example")
    world.message(ann, "Hello", sender="bart@eu.mail.acme-labs.example")

    world.sync(ann)

    assert [row["AccountId"] for row in world.records("Contact", "AccountId")] == [account]


@pytest.mark.rule("RES-13")
def test_the_account_is_found_by_the_company_that_a_name_shows(world: World) -> None:
    ann = seller(world, resolve__kind="contact")
    account = world.record("Account", Name="Acme Labs Inc.")
    world.record("Account", Name="Acme Labs Holding")
    sender = {"address": BART, "name": "Bart Simpson (Acme Labs Inc.)"}
    world.message(ann, "Hello", sender=BART, From=sender)

    world.sync(ann)

    (made,) = world.records("Contact", "FirstName", "LastName", "AccountId")
    assert (made["FirstName"], made["LastName"], made["AccountId"]) == ("Bart", "Simpson", account)
    assert len(world.records("Account")) == 2


@pytest.mark.rule("RES-12")
def test_all_new_contacts_may_go_under_one_account(world: World) -> None:
    account = world.record("Account", Name="To be sorted")
    ann = seller(world, resolve__kind="contact", resolve__account_create=False, resolve__default_account=account)
    world.message(ann, "One", sender=BART)
    world.message(ann, "Two", sender="homer@globex.example")

    world.sync(ann)

    assert [row["AccountId"] for row in world.records("Contact", "AccountId")] == [account, account]
    assert subjects(world) == {"One", "Two"}


@pytest.mark.rule("RES-14")
def test_a_new_contact_may_get_the_address_of_its_account(world: World) -> None:
    ann = seller(world, resolve__smart=True, resolve__account_address=True)
    world.record("Account", Name="Acme", Website="https://acme-labs.example", BillingStreet="1 Main St",
                 BillingCity="Springfield")  # fmt: skip
    world.message(ann, "Hello", sender=BART)

    world.sync(ann)

    (made,) = world.records("Contact", "MailingStreet", "MailingCity", "MailingCountry")
    assert (made["MailingStreet"], made["MailingCity"], made["MailingCountry"]) == ("1 Main St", "Springfield", None)


@pytest.mark.rule("RES-9", "RES-11")
def test_people_of_one_company_share_its_new_account(world: World) -> None:
    ann = seller(world, resolve__kind="contact", resolve__all_unresolved=True)
    sender = {"address": BART, "name": "Bart Simpson (Acme Labs Inc.)"}
    to = "ann@acme.example,homer@acme-labs.example,lisa@eu.acme-labs.example"
    world.message(ann, "Hello", sender=BART, to=to, From=sender)

    world.sync(ann)

    (account,) = world.records("Account", "Name")
    assert account["Name"] == "Acme Labs Inc."
    assert {row["AccountId"] for row in world.records("Contact", "AccountId")} == {account["Id"]}
    assert len(world.records("Contact")) == 3


@pytest.mark.rule("RES-15", "RES-16")
def test_another_address_of_somebody_known_is_a_new_person(world: World) -> None:
    ann = seller(world, resolve__smart=True)
    account = world.record("Account", Name="Acme")
    world.record("Contact", LastName="Simpson", Email="bart@acme-labs.example", AccountId=account)
    world.message(ann, "From his address", sender="bart@acme-labs.example")
    world.message(ann, "From an alias", sender="b.simpson@acme-labs.example")

    world.sync(ann)

    made = {row["Email"]: row["AccountId"] for row in world.records("Contact", "Email", "AccountId")}
    assert made == {"bart@acme-labs.example": account, "b.simpson@acme-labs.example": account}


@pytest.mark.rule("RES-1", "RES-4")
def test_a_new_record_says_where_it_comes_from(world: World) -> None:
    flag = {"name": "InboxSync_Created__c", "type": "boolean"}
    world.setting(custom_fields={"Lead": [flag]})
    ann = seller(world, resolve__kind="lead", resolve__lead_source="Email")
    world.message(ann, "Hello", sender=BART, message_id="<1@acme-labs.example>")

    world.sync(ann)

    (lead,) = world.records("Lead", "LeadSource", "Description", "InboxSync_Created__c", "OwnerId")
    assert (lead["LeadSource"], lead["InboxSync_Created__c"]) == ("Email", True)
    assert lead["Description"] == ("Made by Inbox Sync from an e-mail of 2026-03-02, Message-ID <1@acme-labs.example>.")


@pytest.mark.rule("RES-11", "RES-10")
def test_domains_beyond_ascii_are_one_in_both_spellings(world: World) -> None:
    ann = seller(world, resolve__kind="contact")
    account = world.record("Account", Name="Books", Website="https://bücher.example")
    world.message(ann, "Hello", sender="bart@bücher.example")
    world.message(ann, "Again", sender="lisa@xn--bcher-kva.example")
    world.message(ann, "New", sender="homer@müller-söhne.example")

    world.sync(ann)

    made = {row["Email"]: row["AccountId"] for row in world.records("Contact", "Email", "AccountId")}
    assert made["bart@xn--bcher-kva.example"] == made["lisa@xn--bcher-kva.example"] == account
    names = {row["Name"] for row in world.records("Account", "Name")}
    assert names == {"Books", "Müller Söhne"}


# --- what Salesforce does by itself


@pytest.mark.mail_seed(22)
@pytest.mark.rule("RES-1")
def test_the_owner_stays_where_assignment_rules_would_give_a_lead_away(world: World) -> None:
    world.user("queue@acme.example")
    world.setting(lead_assignment_owner="queue@acme.example")
    ann = seller(world, resolve__kind="lead")
    world.message(ann, "Hello", sender=BART)

    world.sync(ann)

    assert [row["OwnerId"] for row in world.records("Lead", "OwnerId")] == [ann.crm_user_id]


ADDRESS_TAKEN = {"object": "Lead", "fields": ["Email"], "action": "block"}
NAME_TAKEN = {"object": "Lead", "fields": ["LastName"], "action": "alert"}


@pytest.mark.mail_seed(14)
@pytest.mark.rule("RES-15")
@pytest.mark.parametrize("there", ["Lead", "Contact"])
def test_somebody_who_is_entered_while_a_run_decides_is_taken_not_made_twice(world: World, there: str) -> None:
    world.setting(duplicate_rules=[ADDRESS_TAKEN | {"against": there}])
    ann = seller(world, resolve__kind="lead")
    company: dict[str, Any] = {"Company": "Acme"} if there == "Lead" else {}
    world.message(ann, "Hello", sender=BART)
    entered: list[str] = []

    def meanwhile(stage: str) -> None:
        if stage == "mirror":
            entered.append(world.record(there, LastName="Simpson", Email=BART, **company))

    assert run_here(world.app, ann.id, on_stage=meanwhile).state == "done"

    assert len(world.records("Lead")) + len(world.records("Contact")) == 1
    relations = world.query("SELECT RelationId FROM EmailMessageRelation WHERE RelationType = 'FromAddress'")
    assert [row["RelationId"] for row in relations] == entered
    assert world.issues(ann) == []


@pytest.mark.mail_seed(14)
@pytest.mark.rule("RES-15", "RES-18")
def test_somebody_who_only_looks_like_a_known_person_waits_for_a_decision(world: World) -> None:
    world.setting(duplicate_rules=[NAME_TAKEN])
    ann = seller(world, resolve__kind="lead")
    world.record("Lead", LastName="Simpson", Company="Springfield", Email="other@springfield.example")
    world.message(ann, "Hello", sender=BART)

    for _ in range(3):
        world.sync(ann)
        world.later(minutes=30)
    assert len(world.records("Lead")) == 1
    assert subjects(world) == set()
    (entry,) = unresolved(world, ann)
    assert (entry.state, entry.reasons) == (UnresolvedState.HELD, (Reason.HELD_ALIKE,))
    assert world.issues(ann) == ["DUPLICATES_DETECTED"]

    assert strangers.decide(world.app, entry.id, Wanted(Wish.LEAD), by="admin")
    world.sync(ann)

    assert leads(world) == {"other@springfield.example", BART}
    assert subjects(world) == {"Hello"}
    assert unresolved(world, ann) == []
    assert world.issues(ann) == []


@pytest.mark.mail_seed(14)
@pytest.mark.rule("RES-15")
def test_a_record_that_is_hidden_from_us_is_neither_taken_nor_made_a_second_time(world: World) -> None:
    world.setting(private_objects=["Event", "Task", "Lead"], duplicate_rules=[ADDRESS_TAKEN])
    bob = world.user("bob@acme.example")
    world.record("Lead", LastName="Simpson", Company="Acme", Email=BART, OwnerId=bob.crm_user_id)
    world.control("salesforce/users", org=ORG, username="integration@acme.example", view_all=False)
    ann = seller(world, resolve__kind="lead")
    world.message(ann, "Hello", sender=BART)

    world.sync(ann)

    world.control("salesforce/users", org=ORG, username="integration@acme.example", view_all=True)
    assert len(world.records("Lead")) == 1
    assert subjects(world) == set()
    assert [entry.reasons for entry in unresolved(world, ann)] == [(Reason.HELD_ALIKE,)]


@pytest.mark.rule("RES-15")
def test_when_told_to_hold_not_even_the_same_address_is_taken(world: World) -> None:
    world.setting(duplicate_rules=[ADDRESS_TAKEN])
    ann = seller(world, resolve__kind="lead", resolve__alike="hold")
    world.message(ann, "Hello", sender=BART)

    def meanwhile(stage: str) -> None:
        if stage == "mirror":
            world.record("Lead", LastName="Simpson", Email=BART, Company="Acme")

    run_here(world.app, ann.id, on_stage=meanwhile)
    assert [entry.state for entry in unresolved(world, ann)] == [UnresolvedState.HELD]
    world.later(minutes=30)
    world.sync(ann)

    assert unresolved(world, ann) == []
    assert subjects(world) == {"Hello"}


@pytest.mark.rule("RES-11", "RES-15")
def test_an_account_that_a_duplicate_rule_knows_by_its_website_takes_in_the_contact(world: World) -> None:
    world.setting(duplicate_rules=[{"object": "Account", "fields": ["Name"], "action": "block"}])
    ann = seller(world, resolve__kind="contact", resolve__account_lookup=False)
    account = world.record("Account", Name="Acme Labs", Website="https://www.acme-labs.example")
    world.record("Account", Name="Globex")
    world.message(ann, "Hello", sender=BART)
    world.message(ann, "Other", sender="homer@globex.example")

    world.sync(ann)

    assert [row["AccountId"] for row in world.records("Contact", "AccountId")] == [account]
    assert subjects(world) == {"Hello"}
    assert [person(world, entry) for entry in unresolved(world, ann)] == ["homer@globex.example"]


@pytest.mark.rule("RES-15", "LNK-11")
def test_somebody_whom_settings_do_not_let_be_linked_is_not_made_a_second_time(world: World) -> None:
    only = [{"object": "Lead", "where": "Company = 'Mine'"}]
    ann = seller(world, resolve__kind="lead", link__restrict=json.dumps(only))
    world.record("Lead", LastName="Simpson", Company="Theirs", Email=BART)
    world.message(ann, "Hello", sender=BART)

    for _ in range(2):
        world.sync(ann)
        world.later(days=1, minutes=1)

    assert len(world.records("Lead")) == 1
    assert unresolved(world, ann) == []
