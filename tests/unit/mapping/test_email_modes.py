"""The table of modes, row by row."""

from __future__ import annotations

import itertools

import pytest

from mapping.rules.category_columns import entries, read
from mapping.rules.email_modes import Standing, creating, is_worth_saving
from tests.support.items import settings

UNKNOWN = Standing(outside=True, eligible=True, unknown=True)


@pytest.mark.rule("WAY-5")
@pytest.mark.parametrize(
    ("standing", "modes"),
    [
        (Standing(outside=True, eligible=True, known=True), {0, 1, 2, 3, 4}),
        (Standing(outside=True, eligible=True, coming=True, unknown=True), {0, 1, 2, 3, 4}),
        (UNKNOWN, {1, 4}),
        (Standing(outside=True, eligible=True, unknown=True, by_domain=True), {1, 2, 4}),
        (Standing(outside=True, eligible=True, unknown=True, named=True), {1, 3, 4}),
        (Standing(outside=True, eligible=True, unknown=True, known_blocked=True), {1, 4}),
        (Standing(outside=True, known_blocked=True, named=True, by_domain=True), set()),
        (Standing(), set()),
    ],
)
def test_each_mode_saves_what_its_row_says(standing: Standing, modes: set[int]) -> None:
    found = {mode for mode in range(5) if is_worth_saving(standing, settings(autosave__email_mode=mode))}

    assert found == modes


@pytest.mark.rule("WAY-5")
def test_blocked_people_count_in_mode_zero_alone_and_only_where_that_is_set() -> None:
    blocked = Standing(outside=True, known_blocked=True)
    found = {
        (mode, counts)
        for mode, counts in itertools.product(range(5), (False, True))
        if is_worth_saving(blocked, settings(autosave__email_mode=mode, autosave__count_blocked=counts))
    }

    assert found == {(0, True)}


@pytest.mark.rule("RES-2")
@pytest.mark.parametrize(("mode", "makes"), [(0, False), (1, True), (2, True), (3, False), (4, True)])
def test_some_modes_make_people_and_none_overrules_what_the_organization_says(mode: int, makes: bool) -> None:
    assert creating(settings(autosave__email_mode=mode)).bool("resolve.smart") is makes
    said = settings(autosave__email_mode=mode, resolve__kind="contact")
    assert creating(said) is said


@pytest.mark.rule("RCD-10")
def test_of_several_categories_for_one_column_the_first_row_holds() -> None:
    rows = read([
        {"category": "Hot", "column": "Rating__c", "value": "A"},
        {"category": "Cold", "column": "Rating__c", "value": "C"},
        {"category": "Cold", "column": "Priority", "value": "Low"},
    ])  # fmt: skip

    assert entries(["cold ", "HOT", "Other"], rows) == ["Rating__c=A", "Priority=Low"]
    assert entries([], rows) == []


@pytest.mark.rule("RCD-10")
@pytest.mark.parametrize(
    "given",
    [
        "Hot",
        [{"category": "Hot", "column": "Rating__c"}],
        [{"category": "", "column": "Rating__c", "value": "A"}],
        [{"category": "Hot", "column": "Rating c", "value": "A"}],
        [{"category": "Hot", "column": "Rating__c", "value": "A", "more": ""}],
    ],
)
def test_rows_that_make_no_sense_are_refused(given: object) -> None:
    with pytest.raises(ValueError, match=r"takes a list|each row"):
        read(given)
