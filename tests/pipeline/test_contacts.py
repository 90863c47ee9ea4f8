"""Stories of contacts, mirrored both ways through the real chain of stages and the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

HOME = "Salesforce Contacts"
TRACKED = ["Salesforce", "Status: Tracked successfully"]
HOMER = "homer@globex.example"


def mirroring(world: World, **settings: Any) -> UserView:
    """A user who keeps contacts the same, after the first run, which made the folder."""
    user = world.user(**{"contacts__enabled": True, **settings})
    world.sync(user)
    world.later(minutes=30)
    return user


def record(world: World, surname: str) -> dict[str, Any]:
    found = world.query(
        "SELECT Id, FirstName, LastName, Salutation, Title, Department, Email, Phone, MobilePhone, Fax, AssistantName, "
        "Birthdate, Description, MailingStreet, MailingCity, MailingPostalCode, MailingCountry, "
        f"AccountId, OwnerId FROM Contact WHERE LastName = '{surname}'"
    )
    assert len(found) == 1, f"{len(found)} contacts are called {surname}"
    return found[0]


def saved(world: World, user: UserView, surname: str = "Simpson", **values: Any) -> tuple[str, str]:
    """(item, record) of a contact that the user entered in the folder and that was saved."""
    world.contact(user, surname, folder=HOME, **values)
    world.sync(user)
    world.later(minutes=30)
    return item_id(world, user, surname), record(world, surname)["Id"]


def shown(world: World, user: UserView, surname: str = "Burns", **columns: Any) -> tuple[str, str]:
    """(item, record) of a contact that somebody entered in Salesforce and that was shown in the mailbox."""
    made = world.record("Contact", LastName=surname, OwnerId=user.crm_user_id, **columns)
    world.sync(user)
    world.later(minutes=30)
    return item_id(world, user, surname), made


def card(world: World, user: UserView, surname: str, folder: str = HOME) -> dict[str, Any]:
    (found,) = [i["values"] for i in world.items(user, folder) if i["values"].get("Surname") == surname]
    return dict(found)


def item_id(world: World, user: UserView, surname: str, folder: str = HOME) -> str:
    (found,) = [i["id"] for i in world.items(user, folder) if i["values"].get("Surname") == surname]
    return str(found)


def surnames(world: World, user: UserView, folder: str = HOME) -> list[str]:
    return sorted(item["values"]["Surname"] for item in world.items(user, folder))


def settled(world: World, user: UserView, runs: int = 3) -> None:
    """Some more runs write nothing on either side."""
    world.writes()
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}


# --- down


@pytest.mark.rule("CON-1", "CON-2")
def test_the_users_own_contacts_appear_in_the_folder(world_on_both: World) -> None:
    world = world_on_both
    ann, ben = mirroring(world), world.user("ben@acme.example")
    account = world.record("Account", Name="Globex")
    world.record(
        "Contact", FirstName="Homer", LastName="Simpson", Salutation="Mr.", Email="Homer@Globex.example",
        Phone="+1 555 0100", MobilePhone="+1 555 0101", MailingStreet="Plant 7G\nSector 2", MailingCity="Springfield",
        OtherCity="Shelbyville", Title="Inspector", Birthdate="1956-05-12", Description="Likes doughnuts",
        AccountId=account, OwnerId=ann.crm_user_id,
    )  # fmt: skip
    world.record("Contact", LastName="Burns", OwnerId=ben.crm_user_id)

    world.sync(ann)

    assert surnames(world, ann) == ["Simpson"]
    shown = card(world, ann, "Simpson")
    assert {name: shown[name] for name in ("GivenName", "DisplayName", "FileAs", "JobTitle", "Categories")} == {
        "GivenName": "Homer", "DisplayName": "Homer Simpson", "FileAs": "Simpson, Homer", "JobTitle": "Inspector",
        "Categories": TRACKED,
    }  # fmt: skip
    assert shown["EmailAddresses"] == {"EmailAddress1": "homer@globex.example"}
    assert shown["PhoneNumbers"] == {"BusinessPhone": "+1 555 0100", "MobilePhone": "+1 555 0101"}
    assert shown["PhysicalAddresses"] == {
        "Business": {"Street": "Plant 7G\nSector 2", "City": "Springfield"}, "Other": {"City": "Shelbyville"},
    }  # fmt: skip
    assert (shown["Birthday"][:10], shown["Body"]["text"]) == ("1956-05-12", "Likes doughnuts")
    assert ["Title", "Mr."] in shown["CompleteName"]
    settled(world, ann)


@pytest.mark.rule("CON-2")
def test_all_contacts_may_be_chosen(world: World) -> None:
    ann, ben = mirroring(world, contacts__scope="all"), world.user("ben@acme.example")
    world.record("Contact", LastName="Simpson", OwnerId=ann.crm_user_id)
    world.record("Contact", LastName="Burns", OwnerId=ben.crm_user_id)

    world.sync(ann)

    assert surnames(world, ann) == ["Burns", "Simpson"]


@pytest.mark.rule("CON-14")
def test_more_contacts_than_one_run_takes_in_come_with_the_next_ones(world: World) -> None:
    ann = mirroring(world)
    world.enter("Contact", [{"LastName": f"Nr {n}", "OwnerId": ann.crm_user_id} for n in range(2050)])

    world.sync(ann)
    first = len(world.items(ann, HOME))
    world.later(minutes=1)
    world.sync(ann)

    assert 0 < first < 2050
    assert len(world.items(ann, HOME)) == 2050
    settled(world, ann, runs=1)


@pytest.mark.rule("CON-5", "CON-6")
def test_edits_of_either_side_travel_and_nothing_of_the_card_is_lost(world: World) -> None:
    ann = mirroring(world)
    item, made = saved(
        world, ann, GivenName="Homer", DisplayName="Homer Simpson", Nickname="Homie",
        PhoneNumbers={"BusinessPhone": "1", "BusinessPhone2": "2", "CarPhone": "3"},
        EmailAddresses={"EmailAddress1": HOMER, "EmailAddress2": "h@home.example"},
        PhysicalAddresses={"Home": {"City": "Springfield"}},
    )  # fmt: skip

    world.edit(ann, item, JobTitle="Inspector")
    world.change("Contact", made, Phone="+1 555 0100", MailingCity="Capital City", LastName="Thompson")
    world.sync(ann)

    kept = card(world, ann, "Thompson")
    assert (kept["DisplayName"], kept["FileAs"], kept["Nickname"]) == ("Homer Thompson", "Thompson, Homer", "Homie")
    assert kept["PhoneNumbers"] == {"BusinessPhone": "+1 555 0100", "BusinessPhone2": "2", "CarPhone": "3"}
    assert kept["EmailAddresses"] == {"EmailAddress1": HOMER, "EmailAddress2": "h@home.example"}
    assert kept["PhysicalAddresses"] == {"Home": {"City": "Springfield"}, "Business": {"City": "Capital City"}}
    assert record(world, "Thompson")["Title"] == "Inspector"
    settled(world, ann)


@pytest.mark.rule("CON-5", "CON-11")
def test_the_company_of_a_contact_without_account_stays_and_that_of_one_with_an_account_is_its_name(
    world: World,
) -> None:
    ann = mirroring(world)
    _, alone = saved(world, ann, "Simpson", CompanyName="Umbrella")
    account = world.record("Account", Name="Globex")
    _, belongs = shown(world, ann, "Burns", AccountId=account)

    for made in (alone, belongs):
        world.change("Contact", made, Title="Boss")
    world.sync(ann)

    assert (card(world, ann, "Simpson")["JobTitle"], card(world, ann, "Simpson")["CompanyName"]) == ("Boss", "Umbrella")
    assert card(world, ann, "Burns")["CompanyName"] == "Globex"
    assert record(world, "Burns")["AccountId"] == account
    settled(world, ann)


@pytest.mark.rule("CON-1")
def test_the_card_leads_to_the_page_of_the_record_unless_the_user_noted_another_page(world: World) -> None:
    ann = mirroring(world)
    _, theirs = shown(world, ann, "Burns")
    _, mine = saved(world, ann, "Simpson")
    saved(world, ann, "Smithers", BusinessHomePage="https://smithers.example")

    for surname in ("Simpson", "Smithers"):
        world.change("Contact", record(world, surname)["Id"], Title="Boss")
    world.sync(ann)

    pages = {surname: card(world, ann, surname)["BusinessHomePage"] for surname in ("Burns", "Simpson", "Smithers")}
    assert pages == {
        "Burns": f"{world.server.url}/salesforce/{theirs}", "Simpson": f"{world.server.url}/salesforce/{mine}",
        "Smithers": "https://smithers.example",
    }  # fmt: skip
    settled(world, ann)


@pytest.mark.rule("CON-7")
@pytest.mark.parametrize("born", [saved, shown])
def test_a_contact_deleted_in_salesforce_leaves_the_mailbox(world: World, born: Any) -> None:
    ann = mirroring(world)
    _, made = born(world, ann)

    world.remove("Contact", made)
    world.sync(ann)

    assert world.items(ann, HOME) == []
    settled(world, ann)
    assert world.records("Contact") == []


@pytest.mark.rule("CON-10")
def test_a_contact_that_leaves_the_scope_leaves_the_mailbox_and_stays_in_salesforce(world: World) -> None:
    ann, ben = mirroring(world), world.user("ben@acme.example")
    _, theirs = shown(world, ann, "Theirs")
    _, mine = saved(world, ann, "Mine")

    for each in (theirs, mine):
        world.change("Contact", each, OwnerId=ben.crm_user_id)
    world.sync(ann)

    assert surnames(world, ann) == ["Mine"]
    assert card(world, ann, "Mine").get("Categories", []) == []
    assert len(world.records("Contact")) == 2
    settled(world, ann)


@pytest.mark.rule("CON-10")
@pytest.mark.point("1.2.5")
def test_when_showing_is_switched_off_salesforces_own_leave_the_mailbox(world: World) -> None:
    ann = mirroring(world)
    shown(world, ann, "Theirs")
    saved(world, ann, "Mine")

    world.set(ann, contacts__down=False)
    world.sync(ann)

    assert surnames(world, ann) == ["Mine"]
    assert len(world.records("Contact")) == 2
    settled(world, ann)


# --- up


@pytest.mark.rule("CON-3", "MRK-5")
def test_a_contact_entered_in_the_folder_stands_in_salesforce_and_is_marked(world_on_both: World) -> None:
    world = world_on_both
    ann = mirroring(world)
    world.contact(
        ann, "Simpson", email="Homer@globex.example", folder=HOME, GivenName="Homer", JobTitle="Inspector",
        Department="Sector 7G", PhoneNumbers={"BusinessPhone": "1", "MobilePhone": "2", "BusinessFax": "3"},
        PhysicalAddresses={"Business": {"Street": "Plant", "City": "Springfield", "PostalCode": "9",
                                        "CountryOrRegion": "United States"}},
        AssistantName="Lenny", Birthday="1956-05-12T11:59:00Z", Body="Likes doughnuts", Salutation="Mr.",
    )  # fmt: skip

    world.sync(ann)

    found = record(world, "Simpson")
    assert (found["FirstName"], found["Salutation"], found["Title"]) == ("Homer", "Mr.", "Inspector")
    assert (found["Email"], found["Phone"], found["MobilePhone"], found["Fax"]) == (HOMER, "1", "2", "3")
    assert (found["MailingStreet"], found["MailingCity"], found["MailingPostalCode"]) == ("Plant", "Springfield", "9")
    assert (found["AssistantName"], found["Birthdate"]) == ("Lenny", "1956-05-12")
    assert (found["Description"], found["OwnerId"]) == ("Likes doughnuts", ann.crm_user_id)
    assert card(world, ann, "Simpson")["Categories"] == TRACKED
    settled(world, ann)


@pytest.mark.rule("CON-3", "MRK-4")
def test_a_contact_that_is_marked_elsewhere_moves_into_the_folder_and_is_saved(world: World) -> None:
    ann = mirroring(world)
    world.contact(ann, "Simpson", marked=True)

    world.sync(ann)

    assert surnames(world, ann) == ["Simpson"]
    assert world.items(ann, "contacts") == []
    record(world, "Simpson")
    settled(world, ann)


@pytest.mark.rule("CON-4")
def test_contacts_that_nobody_marked_are_not_saved(world: World) -> None:
    ann = world.user(contacts__enabled=True)
    for number in range(30):
        world.contact(ann, f"Friend {number}")

    world.sync(ann)

    assert world.records("Contact") == []


@pytest.mark.told_over("exchange", why="the others tell of a contact as a whole when they tell that it changed")
@pytest.mark.rule("CON-4")
def test_contacts_that_nobody_marked_are_not_even_read(world: World) -> None:
    ann = world.user(contacts__enabled=True)
    world.contact(ann, "Friend")
    world.calls()

    world.sync(ann)

    assert "ews.GetItem" not in world.calls()["ews"]


@pytest.mark.rule("MRK-3")
def test_a_mark_taken_off_a_contact_in_the_folder_is_put_back(world: World) -> None:
    ann = mirroring(world)
    item, _ = saved(world, ann)

    world.edit(ann, item, Categories=[])
    world.sync(ann)

    assert card(world, ann, "Simpson")["Categories"] == TRACKED


@pytest.mark.rule("CON-13")
def test_a_contact_that_a_phone_gave_all_categories_is_saved_like_any_marked_one(world: World) -> None:
    ann = mirroring(world)
    world.contact(ann, "Dentist", Categories=["Family", "Salesforce", "Work"])

    world.sync(ann)

    record(world, "Dentist")
    assert card(world, ann, "Dentist")["Categories"] == ["Family", "Salesforce", "Work", TRACKED[1]]


@pytest.mark.rule("CON-12")
def test_a_contact_without_a_last_name_is_an_issue_until_it_has_one(world: World) -> None:
    ann = mirroring(world)
    item = world.contact(ann, "", folder=HOME, GivenName="Homer")

    world.sync(ann)
    assert world.issues(ann) == ["no_surname"]

    world.edit(ann, item, Surname="Simpson")
    world.sync(ann)
    assert world.issues(ann) == []
    record(world, "Simpson")


@pytest.mark.rule("CON-12")
def test_a_contact_that_salesforce_refuses_is_an_issue_and_the_others_are_saved(world: World) -> None:
    rule = {"object": "Contact", "field": "LastName", "op": "equals", "value": "Burns", "message": "Not him"}
    world.setting(validation_rules=[rule])
    ann = mirroring(world)
    world.contact(ann, "Burns", folder=HOME)
    world.contact(ann, "Simpson", folder=HOME)

    world.sync(ann)

    assert world.issues(ann) == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]
    assert [row["LastName"] for row in world.records("Contact", "LastName")] == ["Simpson"]


# --- whose record it is


@pytest.mark.rule("CON-3", "IDN-3")
def test_a_contact_that_salesforce_has_already_is_adopted_and_both_keep_what_they_know(world: World) -> None:
    ann = mirroring(world, contacts__down=False)
    made = world.record("Contact", LastName="Simpson", Email=HOMER, Title="Inspector", OwnerId=ann.crm_user_id)
    world.later(minutes=1)
    world.contact(ann, "Simpson", email=HOMER, folder=HOME, GivenName="Homer", PhoneNumbers={"MobilePhone": "2"})

    world.sync(ann)

    found = record(world, "Simpson")
    assert (found["Id"], found["FirstName"], found["MobilePhone"], found["Title"]) == (made, "Homer", "2", "Inspector")
    assert card(world, ann, "Simpson")["JobTitle"] == "Inspector"
    settled(world, ann)


@pytest.mark.rule("CON-3", "IDN-3")
def test_a_contact_entered_on_both_sides_between_two_runs_becomes_one(world: World) -> None:
    ann = mirroring(world)
    world.record("Contact", LastName="Simpson", Email=HOMER, OwnerId=ann.crm_user_id)
    world.contact(ann, "Simpson", email=HOMER, folder=HOME)

    world.sync(ann)

    assert surnames(world, ann) == ["Simpson"]
    record(world, "Simpson")
    settled(world, ann)


@pytest.mark.rule("CON-16")
def test_of_several_with_the_address_the_users_own_is_adopted(world: World) -> None:
    ann, ben = mirroring(world, contacts__down=False), world.user("ben@acme.example")
    world.record("Contact", LastName="Simpson", Email=HOMER, OwnerId=ben.crm_user_id)
    mine = world.record("Contact", LastName="Simpson", Email=HOMER, OwnerId=ann.crm_user_id)
    world.later(minutes=1)

    world.contact(ann, "Simpson", email=HOMER, folder=HOME, GivenName="Homer")
    world.sync(ann)

    rows = world.query("SELECT Id, FirstName FROM Contact ORDER BY Id")
    assert {row["Id"]: row["FirstName"] for row in rows if row["FirstName"]} == {mine: "Homer"}
    assert len(rows) == 2


@pytest.mark.rule("CON-16")
def test_several_that_nobody_can_tell_apart_are_an_issue_until_they_are_merged(world: World) -> None:
    ann = mirroring(world, contacts__down=False)
    _, second = (world.record("Contact", LastName="Simpson", Email=HOMER, OwnerId=ann.crm_user_id) for _ in range(2))
    world.later(minutes=1)
    world.contact(ann, "Simpson", email=HOMER, folder=HOME)
    world.sync(ann)
    assert world.issues(ann) == ["ambiguous"]
    assert len(world.records("Contact")) == 2

    world.remove("Contact", second)
    world.later(hours=1)
    world.sync(ann)

    assert world.issues(ann) == []
    assert len(world.records("Contact")) == 1
    settled(world, ann)


def test_a_colleagues_contact_that_is_adopted_is_kept_and_changes_travel_up(world: World) -> None:
    ann, ben = mirroring(world), world.user("ben@acme.example")
    made = world.record("Contact", LastName="Simpson", Email=HOMER, OwnerId=ben.crm_user_id)
    world.later(minutes=1)
    item = world.contact(ann, "Simpson", email=HOMER, folder=HOME)
    world.sync(ann)
    settled(world, ann)

    world.edit(ann, item, JobTitle="Inspector")
    world.sync(ann)

    found = record(world, "Simpson")
    assert (found["Id"], found["Title"], found["OwnerId"]) == (made, "Inspector", ben.crm_user_id)
    assert card(world, ann, "Simpson")["Categories"] == TRACKED
    settled(world, ann)


@pytest.mark.seed(26)
@pytest.mark.parametrize(
    ("company", "belongs"),
    [("globex", "Globex"), ("Initech", "Initech International"), ("Umbrella", None), ("Acme", None), ("", None)],
)
@pytest.mark.rule("CON-11")
def test_a_new_contact_belongs_to_the_account_that_its_company_names(
    world: World, company: str, belongs: str | None
) -> None:
    ann = mirroring(world)
    accounts: dict[str, str] = {}
    for name in ("Globex", "Globex Labs", "Globex", "Initech International", "Acme North", "Acme South"):
        accounts.setdefault(name, world.record("Account", Name=name))
        world.later(minutes=1)

    world.contact(ann, "Simpson", folder=HOME, CompanyName=company)
    world.sync(ann)

    assert record(world, "Simpson")["AccountId"] == (accounts[belongs] if belongs else None)
    settled(world, ann)


@pytest.mark.rule("CON-11")
def test_the_accounts_of_any_number_of_contacts_are_looked_up_together(world: World) -> None:
    ann = mirroring(world)
    world.record("Account", Name="Globex")
    for number in range(5):
        world.contact(ann, f"Simpson {number}", folder=HOME, CompanyName="Globex" if number % 2 else f"Other {number}")
    world.app.calls.counts.clear()

    world.sync(ann)

    assert world.app.calls.counts["find_accounts"] == 1
