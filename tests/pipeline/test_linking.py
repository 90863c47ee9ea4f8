"""Stories of links: whom and what a message is linked to, and why."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from mapping.model.reasons import Reason
from mapping.rules.candidates import Code
from tests.support.links import about, account, candidates, contact, deal, linked, steps
from tests.support.world import ORG, World

pytestmark = pytest.mark.every_mailbox

HOMER, MARGE = "homer@globex.example", "marge@globex.example"


# --- people


@pytest.mark.rule("LNK-1", "LNK-8", "LNK-12", "LNK-25", "TOP-20")
@pytest.mark.mail_seed(12)
def test_of_several_records_with_an_address_one_is_chosen_and_the_others_are_kept_as_candidates(
    world_on_both: World,
) -> None:
    world = world_on_both
    world.setting(custom_fields={"Contact": [{"name": "Second_Mail__c", "type": "email"}]})
    ann = world.user(autosave__emails=True)
    globex = account(world)
    other_field = contact(world, "old@globex.example", AccountId=globex, Second_Mail__c=HOMER)
    colleagues = contact(world, AccountId=globex)
    mine = contact(world, AccountId=globex, OwnerId=ann.crm_user_id)
    lead = world.record("Lead", LastName="Homer", Company="Globex", Email=HOMER)
    mail = world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert linked(world) == {mine}
    people = [each for each in candidates(world, ann, mail) if each.part == "person"]
    assert [(each.id, each.chosen) for each in people] == [
        (mine, True), (colleagues, False), (lead, False), (other_field, False),
    ]  # fmt: skip
    assert [each.score for each in people] == sorted((each.score for each in people), reverse=True)
    assert people[0].reasons == (Code.ADDRESS, Code.PREFERRED_KIND, Code.OWNED)
    assert Code.OTHER_ADDRESS in people[3].reasons
    assert {each.place for each in people} == {"from"}


@pytest.mark.rule("LNK-1", "LNK-12")
def test_a_second_address_of_a_person_is_as_good_as_the_first(world: World) -> None:
    world.setting(custom_fields={"Contact": [{"name": "Second_Mail__c", "type": "email"}]})
    ann = world.user(autosave__emails=True)
    homer = contact(world, "old@globex.example", AccountId=account(world), Second_Mail__c=HOMER)
    world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert linked(world) == {homer}


@pytest.mark.rule("LNK-9")
@pytest.mark.mail_seed(12)
def test_a_converted_lead_leads_to_what_it_became(world: World) -> None:
    ann = world.user(autosave__emails=True)
    lead = world.record("Lead", LastName="Homer", Company="Globex", Email=HOMER, OwnerId=ann.crm_user_id)
    became = world.control("salesforce/leads/convert", org=ORG, lead=lead, opportunity="Reactor")
    world.change("Contact", became["contact"], Email="new@globex.example")
    mail = world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert linked(world) == {became["contact"]}
    assert about(world) == became["opportunity"]
    assert Code.CONVERTED_LEAD in candidates(world, ann, mail)[0].reasons


def test_a_lead_that_was_converted_into_somebody_deleted_leads_nowhere(world: World) -> None:
    ann = world.user(autosave__emails=True)
    lead = world.record("Lead", LastName="Homer", Company="Globex", Email=HOMER)
    became = world.control("salesforce/leads/convert", org=ORG, lead=lead)
    world.remove("Contact", became["contact"])
    world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert world.records("EmailMessage") == []


@pytest.mark.mail_seed(12)
def test_a_person_account_is_linked_by_its_contact_and_stands_behind_itself(world: World) -> None:
    world.setting(person_accounts=True)
    ann = world.user(autosave__emails=True)
    person = world.record("Account", LastName="Simpson", PersonEmail=HOMER)
    (inside,) = world.query("SELECT PersonContactId FROM Account")
    mail = world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert (linked(world), about(world)) == ({inside["PersonContactId"]}, person)
    assert candidates(world, ann, mail)[0].object == "PersonAccount"


@pytest.mark.rule("LNK-8")
def test_the_order_of_kinds_is_a_setting_and_what_is_not_in_it_is_not_linked(world: World) -> None:
    world.set(link__person_priority=["Lead"])
    ann = world.user(autosave__emails=True)
    homer = contact(world, AccountId=account(world))
    lead = world.record("Lead", LastName="Homer", Company="Globex", Email=HOMER)
    mail = world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert linked(world) == {lead}
    (refused,) = [each for each in candidates(world, ann, mail) if each.id == homer]
    assert refused.reasons == (Code.KIND_OFF,)


@pytest.mark.parametrize(
    ("tie", "saved", "issues"), [("first", 1, []), ("skip", 0, []), ("flag", 1, ["LINK.AMBIGUOUS"])]
)
def test_records_that_fit_equally_well_are_handled_as_the_settings_say(
    world: World, tie: str, saved: int, issues: list[str]
) -> None:
    world.set(link__tie=tie)
    ann = world.user(autosave__emails=True)
    globex = account(world)
    for _ in range(2):
        contact(world, AccountId=globex)
    mail = world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert len(world.records("EmailMessage")) == saved
    assert world.issues(ann) == issues
    if saved:
        assert Code.UNSURE in steps(world, ann, mail)


# --- a record that takes one kind of people only


@pytest.mark.rule("LNK-26", "LNK-25")
@pytest.mark.parametrize(("mixed", "who"), [("contacts_win", "contact"), ("first_wins", "lead")])
def test_a_task_takes_contacts_or_one_lead(world_on_both: World, mixed: str, who: str) -> None:
    world = world_on_both
    world.setting(enhanced_email=False)
    world.set(link__mixed=mixed)
    ann = world.user(autosave__emails=True)
    globex = account(world)
    known = {
        "lead": world.record("Lead", LastName="Homer", Company="Globex", Email=HOMER),
        "contact": contact(world, MARGE, AccountId=globex),
    }
    mail = world.message(ann, "Order", sender=HOMER, to=f"ann@acme.example,{MARGE}")

    world.sync(ann)

    (task,) = world.query("SELECT WhoId, WhatId FROM Task")
    assert (task["WhoId"], task["WhatId"]) == (known[who], globex if who == "contact" else None)
    assert (Code.LEADS_DROPPED if who == "contact" else Code.LEAD_ALONE) in steps(world, ann, mail)


@pytest.mark.rule("LNK-27")
def test_an_email_message_takes_everybody_and_one_business_record(world: World) -> None:
    ann = world.user(autosave__emails=True)
    globex = account(world)
    lead = world.record("Lead", LastName="Homer", Company="Globex", Email=HOMER)
    marge = contact(world, MARGE, AccountId=globex)
    bart = contact(world, "bart@other.example", AccountId=account(world, "Other"))
    world.message(ann, "Order", sender=HOMER, to=f"ann@acme.example,{MARGE},bart@other.example")

    world.sync(ann)

    assert linked(world) == {lead, marge, bart}
    assert about(world) == globex


# --- opportunities


@pytest.mark.rule("LNK-22", "LNK-6", "LNK-9")
@pytest.mark.mail_seed(11)
def test_the_most_recent_of_the_users_opportunities_goes_first_and_a_role_goes_before_that(
    world_on_both: World,
) -> None:
    world = world_on_both
    ann, bob = world.user(autosave__emails=True), world.user("bob@acme.example")
    globex = account(world)
    homer = contact(world, AccountId=globex)
    mine = {"OwnerId": ann.crm_user_id}
    old = deal(world, globex, "Old", **mine)
    world.later(minutes=5)
    recent = deal(world, globex, "Recent", **mine)
    deal(world, globex, "Bob's", OwnerId=bob.crm_user_id)
    deal(world, globex, "Lost long ago", StageName="Closed Lost", CloseDate="2026-01-15", **mine)
    deal(world, globex, "Far off", CloseDate="2027-04-01", **mine)
    mail = world.message(ann, "Order", sender=HOMER)
    world.sync(ann)
    assert about(world) == recent
    found = [each.id for each in candidates(world, ann, mail) if each.part == "business"]
    assert found == [recent, old, globex]

    world.record("OpportunityContactRole", OpportunityId=old, ContactId=homer)
    world.later(minutes=30)
    world.message(ann, "Answer", sender=HOMER)
    world.sync(ann)
    assert about(world, "Answer") == old


@pytest.mark.rule("LNK-22")
@pytest.mark.mail_seed(11)
@pytest.mark.parametrize(("days", "counts"), [(1, True), (13, True), (15, False)])
def test_an_opportunity_closed_lately_still_counts(world: World, days: int, counts: bool) -> None:
    ann = world.user(autosave__emails=True)
    globex = account(world)
    contact(world, AccountId=globex)
    closed = (world.now - timedelta(days=days)).date().isoformat()
    won = deal(world, globex, OwnerId=ann.crm_user_id, StageName="Closed Won", CloseDate=closed)
    world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert about(world) == (won if counts else globex)


@pytest.mark.rule("LNK-21")
def test_without_links_to_opportunities_the_account_is_linked(world: World) -> None:
    ann = world.user(autosave__emails=True, link__opportunities=False)
    globex = account(world)
    contact(world, AccountId=globex)
    deal(world, globex, OwnerId=ann.crm_user_id)
    world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert about(world) == globex


@pytest.mark.rule("LNK-23")
@pytest.mark.mail_seed(11)
@pytest.mark.parametrize(
    ("strategy", "wins"),
    [
        ("my_open", "mine"),
        ("my_open_restricted", "account"),
        ("my_any", "mine"),
        ("my_any_restricted", "account"),
        ("all_open", "role"),
        ("all_open_restricted", "role"),
        ("all_any", "role"),
        ("all_any_restricted", "role"),
    ],
)
def test_the_strategies_of_the_field_are_settings(world: World, strategy: str, wins: str) -> None:
    world.set(link__strategy=strategy)
    ann, bob = world.user(autosave__emails=True), world.user("bob@acme.example")
    globex = account(world)
    homer = contact(world, AccountId=globex)
    known = {"account": globex, "mine": deal(world, globex, OwnerId=ann.crm_user_id)}
    # of another account altogether: only the role leads there
    known["role"] = deal(world, account(world, "Partner"), "Role", OwnerId=bob.crm_user_id)
    world.record("OpportunityContactRole", OpportunityId=known["role"], ContactId=homer)
    if not strategy.endswith("restricted"):
        world.set(link__opportunity_via="both")
    world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert about(world) == known[wins]


@pytest.mark.parametrize(("recent_by", "wins"), [("created", "younger"), ("modified", "edited"), ("closes", "later")])
def test_what_is_recent_is_a_setting(world: World, recent_by: str, wins: str) -> None:
    world.set(link__recent_by=recent_by)
    ann = world.user(autosave__emails=True)
    globex = account(world)
    contact(world, AccountId=globex)
    mine = {"OwnerId": ann.crm_user_id}
    known = {
        "edited": deal(world, globex, "E", **mine),
        "later": deal(world, globex, "L", CloseDate="2026-09-01", **mine),
    }
    world.later(minutes=5)
    known["younger"] = deal(world, globex, "Y", **mine)
    world.later(minutes=5)
    world.change("Opportunity", known["edited"], StageName="Qualification")
    world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert about(world) == known[wins]


@pytest.mark.parametrize(("tie", "wins"), [("first", "deal"), ("skip", "account")])
def test_a_tie_of_opportunities_may_leave_the_account(world: World, tie: str, wins: str) -> None:
    world.set(link__tie=tie)
    ann = world.user(autosave__emails=True)
    globex = account(world)
    contact(world, AccountId=globex)
    deal(world, globex, "One", OwnerId=ann.crm_user_id)
    world.later(minutes=5)
    two = deal(world, globex, "Two", OwnerId=ann.crm_user_id)
    mail = world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert about(world) == {"deal": two, "account": globex}[wins]
    assert Code.OPPORTUNITY_UNSURE in steps(world, ann, mail)


@pytest.mark.rule("LNK-11")
def test_conditions_and_list_views_narrow_what_is_found(world: World) -> None:
    view = world.control("salesforce/listviews", org=ORG, object="Contact", where="Department != 'Former'")["id"]
    world.set(
        link__restrict=json.dumps(
            [{"object": "Opportunity", "where": "Name != 'Renewal'"}, {"object": "Contact", "view": view}]
        )
    )
    ann = world.user(autosave__emails=True)
    globex = account(world)
    homer = contact(world, AccountId=globex, Department="Sales")
    contact(world, AccountId=globex, Department="Former", OwnerId=ann.crm_user_id)
    wanted = deal(world, globex, "New", OwnerId=ann.crm_user_id)
    world.later(minutes=5)
    deal(world, globex, "Renewal", OwnerId=ann.crm_user_id)
    world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    assert (linked(world), about(world)) == ({homer}, wanted)


# --- accounts


@pytest.mark.rule("LNK-22", "LNK-28", "LNK-7")
@pytest.mark.mail_seed(10)
@pytest.mark.parametrize("opportunities", [True, False])
def test_a_contact_without_account_saves_nothing_and_a_lead_does(world_on_both: World, opportunities: bool) -> None:
    world = world_on_both
    ann = world.user(autosave__emails=True, link__opportunities=opportunities)
    contact(world, "alone@nowhere.example")
    lead = world.record("Lead", LastName="Lead", Company="Leads", Email="lead@leads.example")
    world.record("Account", Name="Nowhere", Website="https://nowhere.example")
    world.message(ann, "From alone", sender="alone@nowhere.example")
    world.message(ann, "From lead", sender="lead@leads.example")

    world.sync(ann)

    assert [row["Subject"] for row in world.query("SELECT Subject FROM EmailMessage")] == ["From lead"]
    assert linked(world) == {lead}
    assert Reason.NO_ACCOUNT in world.reasons(ann)


@pytest.mark.rule("LNK-3", "LNK-10")
def test_only_when_nobody_is_known_the_account_of_the_mail_domain_is_linked(world: World) -> None:
    ann = world.user()
    globex = account(world, Website="www.globex.example")
    account(world, "Mail", Website="https://gmail.com")
    contact(world, MARGE, AccountId=account(world, "Marge's own"))
    world.message(ann, "Order", sender=HOMER, Categories=["Salesforce"])
    world.message(ann, "Known", sender=MARGE, Categories=["Salesforce"])
    world.message(ann, "Free", sender="somebody@gmail.com", Categories=["Salesforce"])

    world.sync(ann)

    assert about(world) == globex
    assert about(world, "Known") not in (globex, None)
    assert len(world.records("EmailMessage")) == 2


@pytest.mark.rule("LNK-10")
def test_a_strict_search_knows_whole_addresses_only(world: World) -> None:
    world.set(link__strict=True)
    ann = world.user()
    account(world, Website="www.globex.example")
    world.message(ann, "Order", sender=HOMER, Categories=["Salesforce"])

    world.sync(ann)

    assert world.records("EmailMessage") == []
    assert world.reasons(ann) == {Reason.NO_PERSON_MARKED}


@pytest.mark.rule("LNK-10")
def test_of_very_many_candidates_a_selection_is_kept(world: World) -> None:
    ann = world.user(autosave__emails=True)
    globex = account(world)
    contact(world, AccountId=globex)
    world.enter(
        "Opportunity",
        [
            {"Name": f"Deal {n}", "AccountId": globex, "StageName": "Prospecting", "CloseDate": "2026-06-01",
             "OwnerId": ann.crm_user_id}
            for n in range(30)
        ],
    )  # fmt: skip
    mail = world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    kept = [each for each in candidates(world, ann, mail) if each.part == "business"]
    assert len(kept) == 10
    assert kept[0].chosen


@pytest.mark.rule("LNK-4")
def test_a_new_contact_goes_to_the_account_of_others_with_his_domain_before_one_with_the_website(world: World) -> None:
    ann = world.user(autosave__emails=True, resolve__kind="contact", resolve__require_outbound=False)
    account(world, "By website", Website="globex.example")
    by_people = account(world, "By people")
    contact(world, MARGE, AccountId=by_people)
    world.message(ann, "Order", sender=HOMER)

    world.sync(ann)

    (made,) = world.query(f"SELECT AccountId FROM Contact WHERE Email = '{HOMER}'")
    assert made["AccountId"] == by_people


# --- what a message names itself
