"""Writing: batches, keys, conditions, refused rows."""

from __future__ import annotations

import pytest

from connectors.errors import Fault
from connectors.protocols import Detail, Verb, Write
from mapping.model.item import MISSING, Attendee, ItemKind, ItemRef, Pending, Side
from tests.contract.salesforce_connector.world import KEY_FIELD, World, create


def update(record_id: str, version: str = "", target: str = "Event", **values: object) -> Write:
    return Write(Verb.UPDATE, ItemKind.EVENT, target, id=record_id, version=version, values=values)  # type: ignore[arg-type]


def delete(record_id: str, version: str = "", target: str = "Event") -> Write:
    return Write(Verb.DELETE, ItemKind.EVENT, target, id=record_id, version=version)


def subjects(world: World) -> list[str]:
    return [row["Subject"] for row in world.rows("SELECT Subject FROM Event ORDER BY Subject")]


def test_a_thousand_new_events_cost_five_calls_versions_included(world: World) -> None:
    crm = world.crm
    writes = [create(f"ev:{n}", Subject=f"Visit {n}") for n in range(1000)]
    with world.calls(5):
        outcomes = [o for start in range(0, 1000, 200) for o in crm.write(writes[start : start + 200])]
    assert all(o.error is None and o.id and o.version and not o.adopted for o in outcomes)
    assert len({o.id for o in outcomes}) == 1000


def test_a_thousand_new_events_cost_two_calls_where_larger_calls_are_allowed(world: World) -> None:
    crm = world.connect(rows_per_call=800)
    crm.shape()
    writes = [create(f"ev:{n}", Subject=f"Visit {n}") for n in range(1000)]
    with world.calls(2):
        outcomes = crm.write(writes[:800]) + crm.write(writes[800:])
    assert all(o.error is None and o.version for o in outcomes)


def test_a_written_event_has_the_version_that_a_read_gives_it(world: World) -> None:
    outcome = world.crm.write([create("ev:1", Subject="Visit")])[0]
    ref = ItemRef(Side.CRM, ItemKind.EVENT, outcome.id, "Event")
    item = world.crm.read([ref], Detail.HEAD)[ref]
    assert not isinstance(item, Exception)
    assert item.version == outcome.version
    assert item.text(KEY_FIELD) == "ev:1"


def test_writing_a_create_twice_leaves_one_record(world: World) -> None:
    first = world.crm.write([create("ev:1", Subject="Visit")])[0]
    second = world.crm.write([create("ev:1", Subject="Visit")])[0]
    assert (second.id, second.adopted) == (first.id, True)
    assert subjects(world) == ["Visit"]


def test_a_create_that_is_tried_again_adopts_without_overwriting(world: World) -> None:
    first = world.crm.write([create("ev:1", Subject="Visit")])[0]
    world.change("Event", first.id, Subject="Changed by a person")
    again = [Write(Verb.CREATE, ItemKind.EVENT, "Event", key="ev:1", values={"Subject": "Visit"}, retrying=True)]
    outcome = world.crm.write(again)[0]
    assert (outcome.id, outcome.adopted, bool(outcome.version)) == (first.id, True, True)
    assert subjects(world) == ["Changed by a person"]


def test_a_create_without_a_key_field_in_the_org_is_a_plain_insert(world: World) -> None:
    world.switch(key_field=False)
    outcomes = world.crm.write([create("ev:1", Subject="A"), create("ev:2", Subject="B")])
    assert all(o.error is None and o.version for o in outcomes)
    assert subjects(world) == ["A", "B"]


def test_versions_are_not_read_when_nobody_wants_them(world: World) -> None:
    crm = world.connect(want_versions=False)
    crm.shape()
    with world.calls(1):
        outcome = crm.write([create("ev:1", Subject="Visit")])[0]
    assert outcome.error is None
    assert outcome.version == ""


def test_text_that_looks_like_a_reference_is_written_as_it_stands(world: World) -> None:
    tricky = "see @{p0.id} and @{x}"
    made = world.crm.write([create("ev:1", Subject=tricky), create("ev:2", Subject="Plain")])
    assert all(o.error is None and o.version for o in made)
    assert subjects(world) == ["Plain", tricky]
    world.later()
    moved = world.crm.write([update(made[0].id, made[0].version, Subject="@{p0.id} again")])[0]
    assert moved.error is None
    assert moved.version > made[0].version


def test_a_refused_row_fails_alone_and_in_its_place(world: World) -> None:
    outcomes = world.crm.write(
        [
            create("ev:1", Subject="Good"),
            create("ev:2", Subject="x" * 300),
            create("ev:3", Subject="Good too"),
            create("ev:4", Subject="Waits", WhoId=Pending("lead-1")),
        ]
    )
    assert [o.error.fault if o.error else None for o in outcomes] == [None, Fault.INVALID, None, Fault.INVALID]
    assert outcomes[1].error is not None
    assert outcomes[1].error.vendor_code == "STRING_TOO_LONG"
    assert outcomes[1].error.fields == ("Subject",)
    assert subjects(world) == ["Good", "Good too"]


def test_what_the_org_does_not_let_us_write_is_left_out_and_counted(world: World) -> None:
    guest = (Attendee("ann@example.com"),)
    values = {"Subject": "Visit", "Nowhere__c": "x", "IsChild": True, "Invitees": guest, "Location": MISSING}
    outcome = world.crm.write([create("ev:1", **values)])[0]
    assert outcome.error is None
    assert dict(world.crm.dropped) == {"Event.Nowhere__c": 1, "Event.IsChild": 1}


def test_an_update_costs_one_call_with_its_versions(world: World) -> None:
    made = world.crm.write([create(f"ev:{n}", Subject=f"{n}") for n in range(3)])
    world.later()
    with world.calls(1):
        outcomes = world.crm.write([update(o.id, Subject="Same", Description=None) for o in made])
    assert subjects(world) == ["Same"] * 3
    assert all(new.version > old.version for new, old in zip(outcomes, made, strict=True))


def test_twenty_four_conditional_updates_cost_one_call(world: World) -> None:
    made = world.crm.write([create(f"ev:{n}", Subject=f"{n:02}") for n in range(24)])
    with world.calls(1):
        outcomes = world.crm.write([update(o.id, o.version, Subject="Same") for o in made])
    assert all(o.error is None and o.version for o in outcomes)


def test_an_update_of_a_record_that_moved_on_is_stale_and_writes_nothing(world: World) -> None:
    made = world.crm.write([create("ev:1", Subject="A"), create("ev:2", Subject="B")])
    world.later()
    world.change("Event", made[0].id, Subject="By a person")
    outcomes = world.crm.write([update(o.id, o.version, Subject="Ours") for o in made])
    assert [o.error.fault if o.error else None for o in outcomes] == [Fault.STALE, None]
    assert subjects(world) == ["By a person", "Ours"]


@pytest.mark.parametrize("conditional", [False, True])
def test_an_update_of_a_deleted_record_finds_nothing(world: World, conditional: bool) -> None:
    made = world.crm.write([create("ev:1", Subject="A")])[0]
    world.remove("Event", made.id)
    outcome = world.crm.write([update(made.id, made.version if conditional else "", Subject="B")])[0]
    assert outcome.error is not None
    assert outcome.error.fault is Fault.NOT_FOUND


def test_a_deleted_record_can_be_deleted_again(world: World) -> None:
    event = world.event()
    never = "00U000000000001AAA"
    first = world.crm.write([delete(event)])
    again = world.crm.write([delete(event), delete(never)])
    assert [o.error for o in first + again] == [None] * 3
    assert subjects(world) == []


def test_a_conditional_delete_spares_a_record_that_moved_on(world: World) -> None:
    made = world.crm.write([create("ev:1", Subject="A"), create("ev:2", Subject="B"), create("ev:3", Subject="C")])
    world.later()
    world.change("Event", made[0].id, Subject="By a person")
    world.remove("Event", made[2].id)
    outcomes = world.crm.write([delete(o.id, o.version) for o in made])
    assert [o.error.fault if o.error else None for o in outcomes] == [Fault.STALE, None, None]
    assert subjects(world) == ["By a person"]


def test_a_shared_email_is_found_again_by_its_key(world: World) -> None:
    values = {"Subject": "Mail", "TextBody": "Hello", "Status": "3", "MessageIdentifier": "<a@b>"}
    write = create("em:1", "EmailMessage", ItemKind.EMAIL, **values)
    first = world.crm.write([write])[0]
    assert first.error is None
    with world.calls(1):
        again = world.crm.write([write])[0]
    assert (again.id, again.adopted, again.error) == (first.id, True, None)
    assert len(world.rows("SELECT Id FROM EmailMessage")) == 1


def test_a_new_lead_stays_with_its_owner(world: World) -> None:
    world.user("queue@acme.example")
    world.switch(lead_assignment_owner="queue@acme.example")
    write = create("", "Lead", ItemKind.CONTACT, LastName="Ann", Company="Acme", Email="ann@example.com")
    with world.calls(1):
        outcome = world.crm.write([write])[0]
    owner = world.rows(f"SELECT OwnerId FROM Lead WHERE Id = '{outcome.id}'")[0]["OwnerId"]
    assert owner == world.user_id


def test_a_duplicate_rule_names_the_record_that_is_there(world: World) -> None:
    world.switch(duplicate_rules=({"object": "Lead", "fields": ["Email"], "action": "block", "message": "There"},))
    there = world.make("Lead", LastName="Ann", Company="Acme", Email="ann@example.com")
    write = create("", "Lead", ItemKind.CONTACT, LastName="Anne", Company="Acme", Email="ann@example.com")
    outcome = world.crm.write([write])[0]
    assert outcome.error is not None
    assert (outcome.error.fault, outcome.error.existing) == (Fault.DUPLICATE, there)


ADDRESS_TAKEN = {"object": "Lead", "against": "Contact", "fields": ["Email"], "message": "There"}
NAME_TAKEN = {"object": "Lead", "fields": ["LastName", "Company"], "action": "alert"}


def a_lead(**values: object) -> Write:
    return create("", "Lead", ItemKind.CONTACT, **{"LastName": "Ann", "Company": "Acme", **values})


@pytest.mark.rule("RES-15")
def test_a_record_with_the_same_address_is_taken_when_a_duplicate_rule_names_it(world: World) -> None:
    world.switch(duplicate_rules=(ADDRESS_TAKEN,))
    there = world.make("Contact", LastName="Ann", Email="ann@example.com")
    writes = [a_lead(Email="ANN@example.com", Alike="reuse"), a_lead(LastName="Bob", Email="bob@example.com")]

    with world.calls(2):
        adopted, made = world.crm.write(writes)

    assert (adopted.id, adopted.adopted, adopted.error) == (there, True, None)
    assert (made.adopted, made.error) == (False, None)
    assert world.crm.dropped == {}


@pytest.mark.rule("RES-15")
def test_a_record_that_is_only_alike_is_not_taken_and_nothing_is_saved_beside_it(world: World) -> None:
    world.switch(duplicate_rules=(NAME_TAKEN,))
    world.make("Lead", LastName="Ann", Company="Acme", Email="other@example.com")

    (outcome,) = world.crm.write([a_lead(Email="ann@example.com", Alike="reuse")])

    assert outcome.error is not None
    assert (outcome.error.fault, outcome.error.vendor_code) == (Fault.DUPLICATE, "DUPLICATES_DETECTED")
    assert len(world.rows("SELECT Id FROM Lead")) == 1


@pytest.mark.rule("RES-15")
def test_a_warning_is_overruled_for_those_only_for_whom_that_is_wanted(world: World) -> None:
    world.switch(duplicate_rules=(NAME_TAKEN,))
    world.make("Lead", LastName="Ann", Company="Acme", Email="other@example.com")
    insisting, not_insisting = a_lead(Email="a@example.com", Alike="save"), a_lead(Email="b@example.com")

    made, refused = world.crm.write([insisting, not_insisting])

    assert made.error is None
    assert refused.error is not None
    assert {row["Email"] for row in world.rows("SELECT Email FROM Lead")} == {"other@example.com", "a@example.com"}


@pytest.mark.rule("RES-15")
def test_an_account_with_the_same_website_is_taken(world: World) -> None:
    world.switch(duplicate_rules=({"object": "Account", "fields": ["Name"]},))
    there = world.make("Account", Name="Acme", Website="http://www.acme.example/en")
    world.make("Account", Name="Globex", Website="https://globex.example")
    same = create("", "Account", ItemKind.CONTACT, Name="Acme", Website="https://acme.example", Alike="reuse")
    other = create("", "Account", ItemKind.CONTACT, Name="Globex", Website="https://globex.test", Alike="reuse")

    adopted, refused = world.crm.write([same, other])

    assert (adopted.id, adopted.adopted) == (there, True)
    assert refused.error is not None


def test_relations_are_written_and_deleted_like_other_records(world: World) -> None:
    event, person = world.event(), world.make("Contact", LastName="Ann", Email="ann@example.com")
    write = create("", "EventRelation", ItemKind.EVENT, EventId=event, RelationId=person)
    made = world.crm.write([write])[0]
    assert made.error is None
    assert world.crm.write([delete(made.id, target="EventRelation")])[0].error is None
    assert world.rows("SELECT Id FROM EventRelation") == []


def test_a_person_account_is_created_and_found_by_its_contact(world: World) -> None:
    world.switch(person_accounts=True)
    record_type = "012000000000001AAA"
    values = {"LastName": "Ann", "PersonEmail": "ann@example.com", "RecordTypeId": record_type}
    outcome = world.crm.write([create("", "Account", ItemKind.CONTACT, **values)])[0]
    assert outcome.error is None
    contact = world.rows(f"SELECT PersonContactId FROM Account WHERE Id = '{outcome.id}'")[0]["PersonContactId"]
    found = world.crm.find_people(["ann@example.com"])["ann@example.com"]
    assert [(p.object, p.id, p.account_id) for p in found] == [("Contact", contact, outcome.id)]


@pytest.mark.parametrize("writes", [[delete("1"), create("a")], [create("a"), create("b", "Task")]])
def test_one_call_takes_one_verb_and_one_target(world: World, writes: list[Write]) -> None:
    with pytest.raises(ValueError, match="one verb and one target"):
        world.crm.write(writes)


# --- who is on an event


def invite(event: str, person: str, status: str = "New") -> Write:
    values = {"EventId": event, "RelationId": person, "Status": status}
    return Write(Verb.CREATE, ItemKind.EVENT, "EventRelation", values=values)


def on_event(world: World, event: str) -> list[tuple[str, bool, bool, str]]:
    rows = world.rows(f"SELECT RelationId, IsParent, IsInvitee, Status FROM EventRelation WHERE EventId = '{event}'")
    return [(r["RelationId"], r["IsParent"], r["IsInvitee"], r["Status"]) for r in rows]


def test_where_activities_are_shared_whom_an_event_is_about_is_invited_on_the_same_row(world: World) -> None:
    world.switch(shared_activities=True)
    ann = world.make("Contact", LastName="Ann", Email="ann@example.com")
    event = world.event(WhoId=ann)
    assert on_event(world, event) == [(ann, True, False, "New")]
    outcome = world.crm.write([invite(event, ann, "Accepted")])[0]
    assert (outcome.error, outcome.id != "") == (None, True)
    assert on_event(world, event) == [(ann, True, True, "Accepted")]


def test_where_activities_are_shared_a_withdrawn_invitation_leaves_the_link(world: World) -> None:
    world.switch(shared_activities=True)
    ann, bob = (world.make("Contact", LastName=name) for name in ("Ann", "Bob"))
    event = world.event(WhoId=ann)
    ids = [o.id for o in world.crm.write([invite(event, ann), invite(event, bob)])]
    assert all(o.error is None for o in world.crm.write([delete(i, target="EventRelation") for i in ids]))
    assert on_event(world, event) == [(ann, True, False, "New")]
    assert world.rows(f"SELECT WhoId FROM Event WHERE Id = '{event}'")[0]["WhoId"] == ann


def test_elsewhere_an_invitation_is_a_row_of_its_own(world: World) -> None:
    ann = world.make("Contact", LastName="Ann")
    event = world.event(WhoId=ann)
    relation = world.crm.write([invite(event, ann)])[0].id
    with world.calls(1):
        assert world.crm.write([delete(relation, target="EventRelation")])[0].error is None
    assert world.rows("SELECT Id FROM EventRelation") == []
    assert world.rows(f"SELECT WhoId FROM Event WHERE Id = '{event}'")[0]["WhoId"] == ann


def test_a_room_that_is_taken_refuses_the_event_alone(world: World) -> None:
    room = world.control("records", [{"object": "Calendar", "fields": {"Name": "Blue", "Type": "Resource",
                                                                       "IsActive": True}}])["ids"][0]  # fmt: skip
    first, second = world.event("First"), world.event("Second")
    outcomes = world.crm.write([invite(first, room, "Accepted"), invite(second, room, "Accepted")])
    assert [o.error.fault if o.error else None for o in outcomes] == [None, Fault.INVALID]
    assert outcomes[1].error is not None
    assert outcomes[1].error.vendor_code == "FIELD_INTEGRITY_EXCEPTION"
    ref = ItemRef(Side.CRM, ItemKind.EVENT, first, "Event")
    item = world.crm.read([ref], Detail.HEAD)[ref]
    assert not isinstance(item, Exception)
    assert item.fields["Invitees"] == ()  # a room has no address
    assert item.fields["InviteeIds"] == ((outcomes[0].id, room, ""),)


def test_long_mails_go_in_as_many_calls_as_their_text_needs(world: World) -> None:
    html, text = "<p>" + "x" * 131_000 + "</p>", "y" * 131_000
    writes = [
        create(f"em:{n}", target="EmailMessage", Subject=f"{n}", Status="3", HtmlBody=html, TextBody=text)
        for n in range(100)
    ]
    with world.calls(2):
        outcomes = world.crm.write(writes)
    assert all(o.error is None and o.id for o in outcomes)
    assert len(world.rows("SELECT Id FROM EmailMessage")) == 100
