"""Stories of people whom Salesforce does not know: for whom a record is made, as what, and for whom none is."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.model.reasons import Reason
from mapping.rules.resolving import Wanted, Wish
from sync_tasks.security.vault import VaultError
from sync_tasks.services import strangers
from sync_tasks.services.scheduling import run_here
from sync_tasks.stages.unresolved import context_of
from sync_tasks.state.records import UnresolvedState, UnresolvedView, UserView
from tests.support.world import World

BART = "bart.simpson@acme-labs.example"
UNSUBSCRIBE = [["List-Unsubscribe", "<https://acme-labs.example/out>"]]


def seller(world: World, **settings: Any) -> UserView:
    """A user whose mail is saved, and who answers nobody: strangers count as soon as they write. Settings are those of
    the organization."""
    world.set(**settings)
    return world.user(autosave__emails=True, resolve__require_outbound=False)


def why(world: World) -> set[str]:
    """Why nobody was made on the items of the last run."""
    assert world.last is not None
    with world.app.store.reading() as unit:
        return {row.reason for row in unit.trail.of_run(world.last.id) if row.stage == "people"}


def leads(world: World) -> set[str]:
    return {row["Email"] for row in world.records("Lead", "Email")}


def subjects(world: World) -> set[str]:
    return {row["Subject"] for row in world.records("EmailMessage", "Subject")}


def unresolved(world: World, user: UserView) -> list[UnresolvedView]:
    """On whom nothing is settled."""
    with world.app.store.reading() as unit:
        return unit.unresolved.recent(user.id, closed=False, limit=99)


def person(world: World, entry: UnresolvedView) -> str:
    found = strangers.who(world.app, entry)
    assert found is not None
    return found.address


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
@pytest.mark.rule("RES-18")
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


# --- the list of the undecided


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
    assert {(each.state, each.sealed, each.items) for each in over} == {(UnresolvedState.EXPIRED, None, ())}


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
