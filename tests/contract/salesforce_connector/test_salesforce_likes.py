"""Creates without a key that are tried again: the record of the first try is found by what it says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from connectors.protocols import Outcome, Write
from mapping.model.item import Value
from tests.contract.salesforce_connector.world import SOON, World, create


def again(world: World, write: Write) -> Outcome:
    return world.crm.write([replace(write, retrying=True)])[0]


def twice(world: World, write: Write) -> None:
    """Written once, and tried again as after a lost answer: one record."""
    first = world.crm.write([write])[0]
    assert first.error is None
    second = again(world, write)
    assert (second.id, second.adopted, second.error) == (first.id, True, None)


@pytest.mark.parametrize(
    ("target", "values"),
    [
        ("Lead", {"LastName": "O'Hara", "Company": "Globex", "Email": "Pat@globex.example"}),
        ("Contact", {"LastName": "Doe", "Email": "doe@globex.example"}),
        ("Account", {"Name": "Globex", "Website": "https://globex.example"}),
    ],
)
def test_a_person_or_company_is_not_made_twice(world: World, target: str, values: dict[str, Value]) -> None:
    twice(world, create(target=target, **values))
    assert len(world.rows(f"SELECT Id FROM {target}")) == 1


def test_an_invitee_is_not_made_twice(world: World) -> None:
    event, person = world.event(), world.make("Contact", LastName="Doe")
    twice(world, create(target="EventRelation", EventId=event, RelationId=person, Status="New"))
    assert len(world.rows("SELECT Id FROM EventRelation")) == 1


def test_an_invitee_who_is_on_the_list_already_is_taken_as_written(world: World) -> None:
    event, person = world.event(), world.make("Contact", LastName="Doe")
    write = create(target="EventRelation", EventId=event, RelationId=person, Status="New")
    first = world.crm.write([write])[0]
    second = world.crm.write([write])[0]
    assert (second.id, second.adopted, second.error) == (first.id, True, None)


def test_the_sender_of_a_mail_is_not_linked_twice(world: World) -> None:
    mail = world.make("EmailMessage", Subject="Offer", MessageIdentifier="<1@globex.example>", Status="3")
    person = world.make("Contact", LastName="Doe", Email="doe@globex.example")
    twice(
        world,
        create(
            target="EmailMessageRelation", EmailMessageId=mail, RelationId=person, RelationType="FromAddress",
            RelationAddress="doe@globex.example",
        ),
    )  # fmt: skip
    assert len(world.rows("SELECT Id FROM EmailMessageRelation")) == 1


def test_an_event_is_not_made_twice_where_the_org_has_no_key_field(world: World) -> None:
    world.switch(key_field=False)
    write = create("ev:1", Subject="Visit", OwnerId=world.user_id)
    twice(world, write)
    twin = again(world, create("ev:2", Subject="Visit", OwnerId=world.user_id, StartDateTime=SOON + timedelta(hours=5)))
    assert not twin.adopted
    assert len(world.rows("SELECT Id FROM Event")) == 2


def test_two_writes_that_look_alike_never_share_a_record(world: World) -> None:
    write = create(target="Lead", LastName="Doe", Company="Globex", Email="doe@globex.example")
    first = world.crm.write([write])[0]
    outcomes = world.crm.write([replace(write, retrying=True)] * 2)
    assert [o.adopted for o in outcomes] == [True, False]
    assert outcomes[0].id == first.id != outcomes[1].id


def test_only_the_rows_that_are_missing_are_written(world: World) -> None:
    event = world.event()
    people = [world.make("Contact", LastName=f"Doe {n}") for n in range(5)]
    writes = [create(target="EventRelation", EventId=event, RelationId=p, Status="New") for p in people]
    world.crm.write(writes[:3])
    outcomes = world.crm.write([replace(w, retrying=True) for w in writes])
    assert [o.adopted for o in outcomes] == [True, True, True, False, False]
    assert len(world.rows("SELECT Id FROM EventRelation")) == 5
