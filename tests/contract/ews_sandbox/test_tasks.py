"""Tasks of the emulated server: what Exchange keeps in step by itself, and recurring ones, through exchangelib."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from exchangelib import EWSDate, EWSDateTime
from exchangelib.items import Task
from exchangelib.recurrence import (
    AbsoluteMonthlyPattern,
    DailyPattern,
    DailyRegeneration,
    MonthlyRegeneration,
    RelativeMonthlyPattern,
    TaskRecurrence,
    WeeklyPattern,
    WeeklyRegeneration,
    YearlyRegeneration,
)

from tests.contract.ews_sandbox.conftest import ANN, UTC, Office

FRIDAY = EWSDate(2026, 3, 6)


@pytest.fixture(autouse=True)
def _today(office: Office) -> None:
    office.http.post("/control/clock", json={"set": "2026-03-06T09:00:00+00:00"})


def made(office: Office, **values: Any) -> Any:
    folder = office.folder("tasks")
    folder.account.bulk_create(folder, [Task(**{"subject": "Call", **values})])
    return only(office)


def only(office: Office) -> Any:
    (found,) = office.folder("tasks").all()
    return found


def changed(office: Office, task: Any, **values: Any) -> Any:
    for name, value in values.items():
        setattr(task, name, value)
    office.account().bulk_update([(task, list(values))])
    return next(each for each in office.folder("tasks").all() if each.id == task.id)


def test_completing_a_task_by_its_status_sets_percentage_and_date(office: Office) -> None:
    task = changed(office, made(office, status="InProgress", percent_complete=Decimal(30)), status="Completed")

    assert (task.percent_complete, task.is_complete) == (Decimal(100), True)
    assert task.complete_date == EWSDateTime(2026, 3, 6, 9, tzinfo=UTC)


def test_completing_a_task_by_its_percentage_sets_the_status(office: Office) -> None:
    task = changed(office, made(office), percent_complete=Decimal(100))
    assert (task.status, task.is_complete) == ("Completed", True)

    task = changed(office, task, percent_complete=Decimal(40))
    assert (task.status, task.complete_date) == ("InProgress", None)

    task = changed(office, task, percent_complete=Decimal(0))
    assert task.status == "NotStarted"


def test_the_date_of_completion_is_the_servers_to_say(office: Office) -> None:
    body = """<m:CreateItem><m:SavedItemFolderId><t:DistinguishedFolderId Id="tasks"/></m:SavedItemFolderId><m:Items>
        <t:Task><t:CompleteDate>2001-01-01T00:00:00Z</t:CompleteDate><t:Status>Completed</t:Status></t:Task></m:Items>
        </m:CreateItem>"""
    office.post(body)

    assert only(office).complete_date == EWSDateTime(2026, 3, 6, 9, tzinfo=UTC)


def test_reopening_a_task_leaves_what_was_noted_on_it(office: Office) -> None:
    task = made(office, status="Completed", percent_complete=Decimal(100), billing_information="42")

    task = changed(office, task, status="Deferred")

    assert (task.percent_complete, task.complete_date, task.billing_information) == (Decimal(0), None, "42")


@pytest.mark.parametrize(
    ("pattern", "following"),
    [
        (DailyPattern(interval=3), EWSDate(2026, 3, 9)),
        (WeeklyPattern(interval=2, weekdays=["Friday"]), EWSDate(2026, 3, 20)),
        (AbsoluteMonthlyPattern(interval=1, day_of_month=6), EWSDate(2026, 4, 6)),
        (RelativeMonthlyPattern(interval=1, weekday="Friday", week_number="First"), EWSDate(2026, 4, 3)),
        (DailyRegeneration(interval=10), EWSDate(2026, 3, 16)),
        (WeeklyRegeneration(interval=1), EWSDate(2026, 3, 13)),
        (MonthlyRegeneration(interval=11), EWSDate(2027, 2, 6)),
        (YearlyRegeneration(interval=1), EWSDate(2027, 3, 6)),
    ],
)
def test_a_recurring_task_that_is_completed_moves_on_and_leaves_a_finished_copy(
    office: Office, pattern: Any, following: EWSDate
) -> None:
    task = made(office, due_date=FRIDAY, recurrence=TaskRecurrence(pattern=pattern, start=FRIDAY))
    assert task.is_recurring

    task = changed(office, task, status="Completed")

    assert (task.due_date, task.status, task.is_recurring) == (following, "NotStarted", True)
    (copy,) = [each for each in office.folder("tasks").all() if each.id != task.id]
    assert (copy.due_date, copy.status, copy.is_recurring) == (FRIDAY, "Completed", False)


def test_the_last_occurrence_of_a_recurring_task_is_simply_completed(office: Office) -> None:
    recurrence = TaskRecurrence(pattern=DailyPattern(interval=1), start=FRIDAY, number=2)
    task = made(office, due_date=FRIDAY, recurrence=recurrence)

    task = changed(office, task, status="Completed")
    assert task.due_date == EWSDate(2026, 3, 7)
    task = changed(office, task, status="Completed")

    assert (task.due_date, task.status) == (EWSDate(2026, 3, 7), "Completed")
    assert len(office.content(folder="tasks")) == 2


def deleted(office: Office, task: Any, affected: str) -> str:
    _, answer = office.post(
        f"""<m:DeleteItem DeleteType="MoveToDeletedItems" {affected}><m:ItemIds><t:ItemId Id="{task.id}"/></m:ItemIds>
        </m:DeleteItem>"""
    )
    return str(answer.findtext(".//{*}ResponseCode"))


def test_deleting_a_task_must_say_how_much_of_it(office: Office) -> None:
    task = made(office, due_date=FRIDAY, recurrence=TaskRecurrence(pattern=DailyPattern(interval=1), start=FRIDAY))
    assert deleted(office, task, "") == "ErrorAffectedTaskOccurrencesRequired"

    assert deleted(office, task, 'AffectedTaskOccurrences="SpecifiedOccurrenceOnly"') == "NoError"
    assert only(office).due_date == EWSDate(2026, 3, 7)

    assert deleted(office, task, 'AffectedTaskOccurrences="AllOccurrences"') == "NoError"
    assert office.content(folder="tasks") == []
    assert len(office.content(ANN, "deleteditems")) == 1
