"""Reading and finding records, the shape of an org, and the check of a connection."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.protocols import Check, Detail
from connectors.salesforce.accounts import MOST_ALIKE
from mapping.model.item import Attendee, ItemKind, ItemRef, Side
from mapping.model.people import CrmUser
from tests.contract.salesforce_connector.world import KEY_FIELD, SOON, World


def ref(record_id: str, crm_object: str = "Event", kind: ItemKind = ItemKind.EVENT) -> ItemRef:
    return ItemRef(Side.CRM, kind, record_id, crm_object)


# --- read


def test_records_of_several_objects_are_read_in_one_call(world: World) -> None:
    person = world.make("Contact", LastName="Ann", Email="ann@example.com")
    event = world.event(Description="Long")
    world.make("EventRelation", EventId=event, RelationId=person)
    task = world.make("Task", Subject="Call", Status="Not Started", Priority="Normal")
    refs = [ref(event), ref(task, "Task", ItemKind.TASK)]
    with world.calls(1):
        items = world.crm.read(refs, Detail.BODY)
    read = items[refs[0]]
    assert not isinstance(read, ConnectorError)
    assert read.text("Description") == "Long"
    assert read.fields["Invitees"] == (
        Attendee("ann@example.com", "Ann", response=read.fields["Invitees"][0].response),
    )  # type: ignore[index, union-attr]
    assert set(items) == set(refs)


def test_the_head_of_a_record_leaves_its_texts_out(world: World) -> None:
    event = ref(world.event(Description="Long"))
    item = world.crm.read([event], Detail.HEAD)[event]
    assert not isinstance(item, ConnectorError)
    assert "Description" not in item.fields


def test_a_vanished_record_is_absent(world: World) -> None:
    gone, never = ref(world.event()), ref("00U000000000001AAA")
    world.remove("Event", gone.id)
    assert world.crm.read([gone, never], Detail.HEAD) == {}


def test_an_archived_record_is_not_taken_for_deleted(world: World) -> None:
    old = ref(world.event(start=SOON - timedelta(days=500)))
    assert set(world.crm.read([old], Detail.HEAD)) == {old}


def test_a_short_id_reads_the_same_record(world: World) -> None:
    event = world.event()
    both = [ref(event), ref(event[:15])]
    assert set(world.crm.read(both, Detail.HEAD)) == set(both)


def test_a_record_of_an_object_that_is_not_there_answers_its_error(world: World) -> None:
    world.switch(enhanced_email=False)
    mail, event = ref("02s000000000001AAA", "EmailMessage", ItemKind.EMAIL), ref(world.event())
    items = world.crm.read([mail, event], Detail.HEAD)
    error = items[mail]
    assert isinstance(error, ConnectorError)
    assert error.fault is Fault.NOT_FOUND
    assert not isinstance(items[event], ConnectorError)


# --- people, accounts, opportunities


def test_everybody_with_an_address_is_found_in_one_call(world: World) -> None:
    account = world.make("Account", Name="Acme")
    contact = world.make("Contact", LastName="Ann", Email="Ann@Example.com", AccountId=account)
    twin = world.make("Contact", LastName="Anne", Email="ann@example.com")
    lead = world.make("Lead", LastName="Ann", Company="X", Email="ann@example.com")
    user = world.user("colleague@acme.example")
    world.user("retired@acme.example", IsActive=False)
    asked = ["<ANN@example.com>", "colleague@acme.example", "retired@acme.example", "nobody@example.com", "no address"]
    with world.calls(1):
        found = world.crm.find_people(asked)
    assert set(found) == {"ann@example.com", "colleague@acme.example"}
    assert {(p.object, p.id) for p in found["ann@example.com"]} == {
        ("Contact", contact),
        ("Contact", twin),
        ("Lead", lead),
    }
    first = next(p for p in found["ann@example.com"] if p.id == contact)
    assert (first.account_id, first.primary, first.owner_id) == (account, True, world.user_id)
    assert [p.id for p in found["colleague@acme.example"]] == [user]


def test_many_addresses_still_take_one_call(world: World) -> None:
    contact = world.make("Contact", LastName="Ann", Email="a299@example.com")
    with world.calls(1):
        found = world.crm.find_people(f"a{n}@example.com" for n in range(300))
    assert {p.id for p in found["a299@example.com"]} == {contact}


def test_an_address_with_quotes_finds_its_owner_and_nobody_else(world: World) -> None:
    contact = world.make("Contact", LastName="O'Hara", Email="o'hara@example.com")
    world.make("Contact", LastName="Other", Email="other@example.com")
    found = world.crm.find_people(["o'hara@example.com", "x') OR (Email != '@example.com"])
    assert [p.id for p in found["o'hara@example.com"]] == [contact]
    assert set(found) == {"o'hara@example.com"}


def test_accounts_are_found_by_their_exact_domain(world: World) -> None:
    by_site = world.make("Account", Name="Site", Website="https://www.Acme.com/home")
    by_mail = world.make("Account", Name="Mail")
    world.make("Contact", LastName="Ann", Email="ann@acme.com", AccountId=by_mail)
    other = world.make("Account", Name="Other", Website="notacme.com")
    world.make("Contact", LastName="Bob", Email="bob@sub.acme.com", AccountId=other)
    world.make("Contact", LastName="Private", Email="private@acme.com")
    with world.calls(1):
        found = world.crm.find_accounts(["acme.com", "nowhere.example"])
    assert {(a.id, a.by_website, a.by_contact) for a in found["acme.com"]} == {
        (by_site, True, False),
        (by_mail, False, True),
    }
    assert set(found) == {"acme.com"}


def test_an_account_found_both_ways_is_listed_once(world: World) -> None:
    account = world.make("Account", Name="Acme", Website="acme.com")
    world.make("Contact", LastName="Ann", Email="ann@acme.com", AccountId=account)
    found = world.crm.find_accounts(["acme.com"])["acme.com"]
    assert [(a.id, a.by_website, a.by_contact) for a in found] == [(account, True, True)]


def test_opportunities_come_with_their_contact_roles(world: World) -> None:
    account = world.make("Account", Name="Acme")
    ann = world.make("Contact", LastName="Ann", AccountId=account)
    deal = world.make("Opportunity", Name="Deal", StageName="Prospecting", CloseDate="2027-01-31", AccountId=account)
    world.make("OpportunityContactRole", OpportunityId=deal, ContactId=ann)
    bare = world.make("Opportunity", Name="Bare", StageName="Prospecting", CloseDate="2027-01-31", AccountId=account)
    with world.calls(1):
        found = world.crm.find_opportunities([account])
    assert {(o.id, o.contact_ids, o.is_closed, o.close_date) for o in found} == {
        (deal, frozenset({ann}), False, "2027-01-31"),
        (bare, frozenset(), False, "2027-01-31"),
    }


# --- by key, by moment, by user


def test_records_are_found_by_our_key_and_by_their_message_id(world: World) -> None:
    event = world.event(**{KEY_FIELD: "ev:1"})
    mail = world.make("EmailMessage", Subject="Mail", TextBody="x", Status="3", MessageIdentifier="<a@B.com>")
    with world.calls(1):
        found = world.crm.find_by_key("Event", KEY_FIELD, ["ev:1", "ev:2"])
    assert {key: item.ref.id for key, item in found.items()} == {"ev:1": event}
    mails = world.crm.find_by_key("EmailMessage", "MessageIdentifier", ["<a@B.com>"])
    assert mails["<a@B.com>"].ref == ref(mail, "EmailMessage", ItemKind.EMAIL)


def test_looking_for_nothing_costs_nothing(world: World) -> None:
    with world.calls(0):
        assert world.crm.find_by_key("Event", KEY_FIELD, []) == {}
        assert world.crm.find_people([]) == {}
        assert world.crm.find_accounts([]) == {}
        assert world.crm.find_opportunities([]) == ()
        assert world.crm.find_events(world.user_id, []) == ()
        assert world.crm.find_tasks(world.user_id, []) == ()
        assert world.crm.read([], Detail.HEAD) == {}
        assert world.crm.find_user("") == ""
        assert world.crm.write([]) == []


def test_events_are_found_by_their_start(world: World) -> None:
    here = world.event("Here")
    world.event("Elsewhere", SOON + timedelta(hours=1))
    with world.calls(1):
        found = world.crm.find_events(world.user_id, [SOON, SOON + timedelta(days=3)])
    assert [item.ref.id for item in found] == [here]


@pytest.mark.rule("TSK-14")
def test_tasks_are_found_by_owner_and_subject(world: World) -> None:
    ann = world.user("ann@acme.example")
    mine = world.make("Task", Subject="It's 50% \\ done", OwnerId=world.user_id)
    world.make("Task", Subject="Call", OwnerId=ann)
    world.make("Task", Subject="Call again", OwnerId=world.user_id)
    with world.calls(1):
        found = world.crm.find_tasks(world.user_id, ["It's 50% \\ done", "Call"])
    assert [(item.ref.id, item.ref.kind) for item in found] == [(mine, ItemKind.TASK)]


def test_a_user_is_found_by_address_when_the_choice_is_clear(world: World) -> None:
    ann = world.user("ann@acme.example")
    world.user("one@acme.example", Email="shared@acme.example")
    world.user("two@acme.example", Email="shared@acme.example")
    assert world.crm.find_user("ANN@acme.example") == ann
    assert world.crm.find_user("shared@acme.example") == ""
    assert world.crm.find_user("nobody@acme.example") == ""


def test_the_people_of_an_organization_are_told_with_what_tells_them_apart(world: World) -> None:
    places = [{"object": "Profile", "fields": {"Name": "Sales"}}, {"object": "UserRole", "fields": {"Name": "EMEA"}}]
    profile, role = world.control("records", places)["ids"]
    ann = world.user("ann@acme.example", Email="Ann@Acme.example", Country="DE", ProfileId=profile, UserRoleId=role)
    bob = world.user("bob@acme.example")
    world.user("gone@acme.example", IsActive=False)
    world.user("guest@acme.example", UserType="Guest")
    with world.calls(1):
        told = world.crm.users()
    found = {each.id: each for each in told}
    assert found[ann] == CrmUser(ann, "ann@acme.example", "Ann", "DE", "Sales", "EMEA")
    assert found[bob] == CrmUser(bob, "bob@acme.example", "Bob")
    assert not {each.address for each in told} & {"gone@acme.example", "guest@acme.example"}


# --- shape and check


def test_the_shape_is_read_in_one_call_and_leaves_out_what_the_org_lacks(world: World) -> None:
    world.switch(enhanced_email=False)
    crm = world.connect()
    with world.calls(2):  # the token and the describes
        shape = crm.shape()
    assert shape.has("Event", KEY_FIELD)
    assert shape.can_create("Event", "Subject")
    assert not shape.can_create("Event", "IsChild")
    assert not shape.has("EmailMessage")
    assert shape.user_id.startswith("005")
    assert shape.org_id.startswith("00D")
    with world.calls(0):
        assert crm.shape() is shape


def test_a_sound_connection_passes_every_check(world: World) -> None:
    checks = list(world.crm.check())
    assert [c.name for c in checks if not c.ok] == []
    assert {"log-in", "user", "API limit", "objects", "write access", "key field"} <= {c.name for c in checks}


def test_a_missing_key_field_is_named_with_advice(world: World) -> None:
    world.switch(key_field=False)
    failing = [c for c in world.connect().check() if not c.ok]
    assert [c.name for c in failing] == ["key field"]
    assert "Deploy" in failing[0].advice


def test_a_refused_log_in_ends_the_check_with_advice(world: World) -> None:
    checks = list(world.connect(client_secret="wrong").check())
    assert [(c.name, c.ok, bool(c.advice)) for c in checks] == [("log-in", False, True)]


@pytest.mark.parametrize("name", ["user", "API limit", "objects"])
def test_a_step_that_fails_is_a_line_and_not_an_exception(world: World, name: str) -> None:
    crm = world.connect()
    crm.shape()
    nth = {"user": 1, "API limit": 2, "objects": 4}[name]
    world.fault("* /services/data/", nth=nth, status=403, code="API_CURRENTLY_DISABLED")
    failing = [c for c in crm.check() if not c.ok]
    assert failing[0].name == name
    assert failing[0].advice


@pytest.mark.rule("CON-11")
def test_accounts_are_found_by_the_name_of_a_company_in_one_call(world: World) -> None:
    acme = world.make("Account", Name="ACME")
    world.later(1)
    again = world.make("Account", Name="Acme")
    world.later(1)
    europe = world.make("Account", Name="Acme Europe Ltd")
    globex = world.make("Account", Name="Globex (Berlin)")
    world.make("Account", Name="Initech")
    with world.calls(1):
        found = world.crm.find_accounts_by_name(["Acme", "acme europe ltd", "Globex", "50%_off", "Umbrella", " ", "IT"])
    assert {name: [a.id for a in accounts] for name, accounts in found.items()} == {
        "Acme": [acme, again, europe],
        "acme europe ltd": [acme, again, europe],
        "Globex": [globex],
    }


def test_a_name_that_nearly_all_accounts_contain_does_not_hide_the_others(world: World) -> None:
    rows = [{"object": "Account", "fields": {"Name": f"Firm number {n}"}} for n in range(MOST_ALIKE)]
    world.control("records", rows)
    world.later(1)
    acme = world.make("Account", Name="Acme Europe")
    found = world.crm.find_accounts_by_name(["Firm", "Acme"])
    assert [a.id for a in found["Acme"]] == [acme]
    assert len(found["Firm"]) == MOST_ALIKE


def test_rooms_are_found_by_their_exact_name(world: World) -> None:
    calendars = [
        ("Blue Room", "Resource", True), ("Old Room", "Resource", False), ("Team", "Public", True),
        ("Twin", "Resource", True), ("twin", "Resource", True),
    ]  # fmt: skip
    rows = [{"object": "Calendar", "fields": {"Name": n, "Type": t, "IsActive": a}} for n, t, a in calendars]
    blue = world.control("records", rows)["ids"][0]
    with world.calls(1):
        found = world.crm.find_resources(["BLUE room ", "Old Room", "Team", "Twin", "Blue", ""])
    assert found == {"BLUE room ": blue}
    assert world.crm.find_resources([]) == {}


# --- a second product


def signs(world: World) -> list[Check]:
    return [check for check in world.connect().check() if check.name == "other synchronization"]


@pytest.mark.rule("IDN-7")
def test_columns_by_which_another_product_knows_its_records_are_a_sign_once_they_are_used(world: World) -> None:
    own = [{"name": "vendor__CreatedBySync__c", "type": "boolean"}, {"name": "Threading__c"}]
    world.switch(custom_fields={"Event": own})
    world.event(Threading__c="x")
    assert [(check.ok, check.detail) for check in signs(world)] == [(True, "no sign of it")]

    world.event(vendor__CreatedBySync__c=True)

    (found,) = signs(world)
    assert (found.ok, found.detail) == (False, "Events are marked by vendor__CreatedBySync__c")
    assert "Switch it off" in found.advice


@pytest.mark.rule("IDN-7")
def test_events_that_stand_with_our_key_and_without_are_a_sign(world: World) -> None:
    world.event("Alone", **{KEY_FIELD: "ev:1"})
    world.event("Twice", **{KEY_FIELD: "ev:2"})
    world.event("Twice", start=SOON + timedelta(hours=1))
    assert [check.ok for check in signs(world)] == [True]

    world.event("Twice")

    (found,) = signs(world)
    assert not found.ok
    assert found.detail == f"events that stand with our key and without: 1; the latter created by {world.user_id} (1)"
