"""Which record is the same as a new event."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mapping.model import fields
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.rules.twins import Alike, same_events
from tests.support.items import CUSTOMER, crm_event, event

GUID = "ClientGuid"


def record(number: int, **columns: object) -> Item:
    ref = ItemRef(Side.CRM, ItemKind.EVENT, f"00U{number}", "Event")
    return replace(crm_event(**{"Subject": "Review", **columns}), ref=ref)


def found(items: dict[str, Item], *records: Item) -> dict[str, Alike]:
    return same_events(items, {each.ref.id: each for each in records}, GUID)


@pytest.mark.rule("IDN-1")
def test_a_meeting_is_known_by_subject_and_start_and_an_appointment_by_its_end_too() -> None:
    longer = record(1, DurationInMinutes=90)
    meeting = event(CUSTOMER, **{fields.SUBJECT: "Review "})

    assert found({"a": meeting}, longer) == {"a": Alike("00U1")}
    assert found({"a": event(**{fields.SUBJECT: "Review"})}, longer) == {"a": Alike()}
    assert found({"a": event(**{fields.SUBJECT: "Review"})}, record(1)) == {"a": Alike("00U1")}
    assert found({"a": event(CUSTOMER, **{fields.SUBJECT: "Another"})}, longer) == {"a": Alike()}
    assert found({"a": event(CUSTOMER, **{fields.SUBJECT: ""})}, record(1, Subject=None)) == {"a": Alike()}


@pytest.mark.rule("IDN-2")
def test_the_record_that_names_the_item_comes_first_and_is_nobody_elses() -> None:
    one, other = (event(**{fields.SUBJECT: "Review", fields.UID: uid}) for uid in ("u1", "u2"))
    items = {"a": one, "b": other}

    assert found(items, record(1, ClientGuid="u1", Location="x"), record(2)) == {"a": Alike("00U1"), "b": Alike("00U2")}
    assert found({"a": one}, record(1, ClientGuid="u1"), record(2, ClientGuid="u1")) == {"a": Alike(count=2)}


@pytest.mark.rule("IDN-5", "IDN-5'")
def test_several_alike_on_either_side_cannot_be_told_apart() -> None:
    item, other = (event(**{fields.SUBJECT: "Review", fields.UID: uid}) for uid in ("u1", "u2"))

    assert found({"a": item}, record(1), record(2)) == {"a": Alike(count=2)}
    assert found({"a": item, "b": other}, record(1)) == {"a": Alike(count=1), "b": Alike(count=1)}
    assert found({"a": item, "b": other}) == {"a": Alike(), "b": Alike()}
