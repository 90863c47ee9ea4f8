"""Which record is the same as a new task or contact."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.model.people import PersonRecord
from mapping.rules.twins import same_contact, same_task

ME, OTHER = "005A01000000001IAA", "005A01000000002IAA"


def person(ident: str, owner: str = OTHER, last: str = "", **more: Any) -> PersonRecord:
    given = {"object": "Contact", "address": "homer@globex.example", **more}
    return PersonRecord(id=ident, owner_id=owner, last_activity=last, **given)


@pytest.mark.rule("CON-16")
def test_the_only_contact_with_the_address_is_meant_whosever_it_is() -> None:
    assert same_contact([person("1")], ME, ()) == ("1",)


@pytest.mark.rule("CON-16")
def test_the_users_own_comes_before_others_however_active_they_are() -> None:
    # an id of 15 characters names the same user as one of 18
    assert same_contact([person("1", last="2026-03-01"), person("2", ME[:15])], ME, ()) == ("2",)


@pytest.mark.rule("CON-16")
def test_of_equals_whoever_was_dealt_with_last_is_meant() -> None:
    found = [person("1", ME, "2026-02-10"), person("2", ME, "2026-02-20"), person("3", ME)]

    assert same_contact(found, ME, ()) == ("2",)
    assert same_contact([person("4", last="2026-01-01"), person("5", last="2026-01-02")], ME, ()) == ("5",)


@pytest.mark.rule("CON-16")
def test_those_that_nothing_tells_apart_are_all_told() -> None:
    assert same_contact([person("1", ME), person("2", ME)], ME, ()) == ("1", "2")
    assert same_contact([person("1", ME, "2026-02-10"), person("2", ME, "2026-02-10")], ME, ()) == ("1", "2")


@pytest.mark.rule("CON-15")
def test_leads_users_and_those_who_only_mention_the_address_are_not_meant() -> None:
    found = [person("1", object="Lead"), person("2", object="User"), person("3", primary=False)]

    assert same_contact(found, ME, ()) == ()


def test_a_record_that_belongs_to_another_item_is_not_meant() -> None:
    assert same_contact([person("1"), person("2")], ME, {"1"}) == ("2",)


def task(subject: str = "Call", due: date | None = date(2026, 3, 6), status: str = "not_started") -> Item:
    values = {f.SUBJECT: subject, f.DUE: due, f.STATUS: status}
    return Item(ItemRef(Side.MAILBOX, ItemKind.TASK, "AA", "synced_tasks"), "1", values)


def record(ident: str, **columns: Any) -> Item:
    given = {"Subject": "Call", "ActivityDate": date(2026, 3, 6), "Status": "Not Started", **columns}
    return Item(ItemRef(Side.CRM, ItemKind.TASK, ident, "Task"), "1", given)


@pytest.mark.rule("TSK-14")
def test_a_task_of_the_same_subject_and_day_is_the_same() -> None:
    found = [record("1"), record("2", Subject="CALL"), record("3", ActivityDate=date(2026, 3, 7)),
             record("4", ActivityDate=None)]  # fmt: skip

    assert same_task(task(), found, ()) == ("1",)
    assert same_task(task(due=None), found, ()) == ("4",)


@pytest.mark.rule("TSK-14")
def test_subjects_are_compared_as_salesforce_holds_them() -> None:
    assert same_task(task("x" * 300), [record("1", Subject="x" * 255)], ()) == ("1",)


@pytest.mark.rule("TSK-14")
def test_what_is_finished_is_not_what_is_open() -> None:
    found = [record("1", Status="Completed"), record("2", Status="In Progress")]

    assert same_task(task(), found, ()) == ("2",)
    assert same_task(task(status="completed"), found, ()) == ("1",)


@pytest.mark.rule("TSK-14")
def test_several_that_are_the_same_are_all_told() -> None:
    assert same_task(task(), [record("1"), record("2"), record("3")], {"3"}) == ("1", "2")
