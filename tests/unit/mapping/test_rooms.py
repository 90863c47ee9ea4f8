"""Rooms of a meeting, and why Salesforce refuses them."""

from __future__ import annotations

import pytest

from mapping.model import fields
from mapping.model.item import Attendee, Role
from mapping.model.reasons import Reason
from mapping.rules.refusals import explained
from mapping.rules.rooms import only_room, place, rooms_of
from tests.support.items import CUSTOMER, event

BLUE = Attendee("blue@acme.example", "Blue Room", Role.RESOURCE)
RED = Attendee("red@acme.example", "", Role.RESOURCE)


def test_rooms_are_the_resources_by_name_or_address() -> None:
    assert rooms_of(event(CUSTOMER, BLUE, RED)) == ("Blue Room", "red@acme.example")
    assert (only_room(event(BLUE)), only_room(event(BLUE, RED)), only_room(event(CUSTOMER))) == ("Blue Room", "", "")


@pytest.mark.parametrize(
    ("text", "shown"),
    [("", "Blue Room; red@acme.example"), ("BLUE ROOM", "red@acme.example; BLUE ROOM"),
     ("blue room, red@acme.example", "blue room, red@acme.example"), ("Oslo", "Blue Room; red@acme.example; Oslo")],
)  # fmt: skip
def test_the_place_names_every_room_once_and_keeps_what_was_written(text: str, shown: str) -> None:
    assert place(event(BLUE, RED, **{fields.LOCATION: text})) == shown


@pytest.mark.rule("ALL-2")
@pytest.mark.parametrize(
    ("target", "values", "columns", "reason"),
    [
        ("Event", {"DurationInMinutes": 2880}, ["DurationInMinutes"], Reason.MULTI_DAY_OFF),
        ("Event", {"DurationInMinutes": 1440}, ["DurationInMinutes"], None),
        ("Event", {"DurationInMinutes": 2880}, ["WhoId"], None),
        ("Task", {"DurationInMinutes": 2880}, ["DurationInMinutes"], None),
        ("EventRelation", {"RelationId": "0231"}, ["RelationId"], Reason.ROOM_TAKEN),
        ("EventRelation", {"RelationId": "0031"}, ["RelationId"], None),
    ],
)
def test_a_refusal_is_explained_where_its_cause_is_known(
    target: str, values: dict[str, object], columns: list[str], reason: Reason | None
) -> None:
    assert explained(target, values, "FIELD_INTEGRITY_EXCEPTION", columns) is reason
    assert explained(target, values, "DUPLICATE_VALUE", columns) is None
