"""Which tasks and contacts are ours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mapping.model import fields
from mapping.model.item import ELSEWHERE, Item, ItemKind, ItemRef, Side
from mapping.model.reasons import Reason
from mapping.rules import scope
from mapping.rules.decision import Decision, Outcome, PairFacts
from tests.support.items import NOW, me, pair, settings

BOTH = pytest.mark.parametrize("kind", [ItemKind.TASK, ItemKind.CONTACT])
HOMES = {ItemKind.TASK: "synced_tasks", ItemKind.CONTACT: "synced_contacts"}
THEIRS = {ItemKind.TASK: "tasks", ItemKind.CONTACT: "contacts"}


def item(kind: ItemKind, folder: str, *marks: str, **more: Any) -> Item:
    known = {fields.SUBJECT: "Call", fields.SURNAME: "Simpson", fields.CATEGORIES: marks, **more}
    return Item(ItemRef(Side.MAILBOX, kind, "AA", folder), "1", known)


def saved(kind: ItemKind, folder: str = "", born: Side = Side.MAILBOX, **facts: Any) -> PairFacts:
    return pair(born, folder=folder or HOMES[kind], kind_letter="A" if born is Side.MAILBOX else "B", **facts)


def brief(decision: Decision) -> tuple[Outcome, Reason]:
    return decision.outcome, decision.reason


@BOTH
@pytest.mark.rule("TSK-1", "CON-3", "TSK-2", "CON-4")
def test_what_lies_in_the_folder_or_is_marked_is_saved_and_nothing_else(kind: ItemKind) -> None:
    for one in (item(kind, HOMES[kind]), item(kind, THEIRS[kind], "salesforce")):
        assert brief(scope.from_mailbox(one, None, settings())) == (Outcome.MIRROR, Reason.MARKED)
    assert scope.from_mailbox(item(kind, THEIRS[kind], "Own"), None, settings()).outcome is Outcome.SKIP


@BOTH
@pytest.mark.rule("TSK-8", "CON-8", "DEL-4")
def test_a_saved_item_that_is_moved_out_is_released_wherever_it_went(kind: ItemKind) -> None:
    for folder in (THEIRS[kind], ELSEWHERE):
        decision = scope.from_mailbox(item(kind, folder, "Salesforce"), saved(kind), settings())
        assert brief(decision) == (Outcome.RELEASE, Reason.MOVED_OUT)
    # one that has not yet been moved into the folder, and is moved away instead
    waiting = saved(kind, THEIRS[kind])
    assert scope.from_mailbox(item(kind, THEIRS[kind]), waiting, settings()).outcome is Outcome.MIRROR
    assert scope.from_mailbox(item(kind, ELSEWHERE), waiting, settings()).outcome is Outcome.RELEASE


@BOTH
def test_a_released_item_is_saved_again_when_it_is_marked_or_moved_back(kind: ItemKind) -> None:
    released = pair(saved_before=False, unsynced=True, folder=HOMES[kind])

    assert scope.from_mailbox(item(kind, HOMES[kind]), released, settings()).outcome is Outcome.SKIP
    assert scope.from_mailbox(item(kind, HOMES[kind], "Salesforce"), released, settings()).outcome is Outcome.MIRROR
    away = pair(saved_before=False, unsynced=True, folder=ELSEWHERE)
    assert scope.from_mailbox(item(kind, HOMES[kind]), away, settings()).outcome is Outcome.MIRROR


@pytest.mark.rule("CON-12")
def test_a_contact_needs_a_last_name_and_a_task_does_not() -> None:
    nameless = item(ItemKind.CONTACT, HOMES[ItemKind.CONTACT], **{fields.SURNAME: " "})

    assert brief(scope.from_mailbox(nameless, None, settings())) == (Outcome.SKIP, Reason.NO_SURNAME)
    assert scope.from_mailbox(item(ItemKind.TASK, HOMES[ItemKind.TASK]), None, settings()).outcome is Outcome.MIRROR


@BOTH
@pytest.mark.rule("TSK-4", "CON-10")
def test_what_salesforce_showed_goes_when_it_is_not_to_be_shown(kind: ItemKind) -> None:
    off = settings(tasks__down=False, contacts__down=False)
    at_home = item(kind, HOMES[kind])

    assert brief(scope.from_mailbox(at_home, saved(kind, born=Side.CRM), off)) == (Outcome.RELEASE, Reason.DOWN_OFF)
    assert scope.from_mailbox(at_home, saved(kind), off).outcome is Outcome.MIRROR


def task(**columns: Any) -> Item:
    known = {"Subject": "Call", "Status": "Not Started", "OwnerId": "005USER", **columns}
    return Item(ItemRef(Side.CRM, ItemKind.TASK, "00T1", "Task"), "1", known)


def decide_task(item: Item, known: PairFacts | None = None, **more: Any) -> tuple[Outcome, Reason]:
    return brief(scope.task_from_crm(item, known, me(), settings(tasks__down=True, **more), NOW))


@pytest.mark.rule("TSK-3")
def test_open_tasks_are_shown_and_finished_ones_for_a_while() -> None:
    day = NOW.date()
    assert decide_task(task())[0] is Outcome.MIRROR
    assert decide_task(task(Status="Completed", ActivityDate=day - timedelta(days=14)))[0] is Outcome.MIRROR
    assert decide_task(task(Status="Completed", ActivityDate=day - timedelta(days=15))) == (
        Outcome.SKIP, Reason.FINISHED_LONG_AGO,
    )  # fmt: skip
    assert decide_task(task(Status="Completed", ActivityDate=None, LastModifiedDate=NOW))[0] is Outcome.MIRROR


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"TaskSubtype": "Email"}, Reason.EMAIL_TASK),
        ({"TaskSubtype": "ListEmail"}, Reason.EMAIL_TASK),
        ({"IsRecurrence": True}, Reason.SERIES_TASK),
        ({"OwnerId": "005OTHER"}, Reason.NOT_MINE),
    ],
)
@pytest.mark.rule("TSK-3", "TSK-3'", "TSK-10")
def test_some_tasks_are_never_shown(columns: dict[str, Any], reason: Reason) -> None:
    assert decide_task(task(**columns)) == (Outcome.SKIP, reason)


@pytest.mark.rule("TSK-12")
def test_a_shown_task_that_is_assigned_to_somebody_else_is_released() -> None:
    assert decide_task(task(OwnerId="005OTHER"), saved(ItemKind.TASK)) == (Outcome.RELEASE, Reason.LEFT_SCOPE)


def contact(**columns: Any) -> Item:
    known = {"LastName": "Simpson", "OwnerId": "005USER", **columns}
    return Item(ItemRef(Side.CRM, ItemKind.CONTACT, "0031", "Contact"), "1", known)


@pytest.mark.rule("CON-1", "CON-2")
def test_contacts_are_shown_by_the_chosen_scope() -> None:
    others = contact(OwnerId="005OTHER")

    assert scope.contact_from_crm(contact(), None, me(), settings()).outcome is Outcome.MIRROR
    assert brief(scope.contact_from_crm(others, None, me(), settings())) == (Outcome.SKIP, Reason.NOT_MINE)
    for chosen in ("all", "view:00B1"):
        by = settings(contacts__scope=chosen)
        assert scope.contact_from_crm(others, None, me(), by).outcome is Outcome.MIRROR


@pytest.mark.rule("CON-10")
def test_a_shown_contact_that_left_the_list_is_released_and_one_of_the_mailbox_is_not() -> None:
    by, gone = settings(contacts__scope="view:00B1"), contact(Left=True)

    shown = scope.contact_from_crm(gone, saved(ItemKind.CONTACT, born=Side.CRM), me(), by)
    own = scope.contact_from_crm(gone, saved(ItemKind.CONTACT), me(), by)

    assert brief(shown) == (Outcome.RELEASE, Reason.LEFT_SCOPE)
    assert own.outcome is Outcome.MIRROR
