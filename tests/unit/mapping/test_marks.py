"""Marks come and go; what is not ours stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.model.reasons import Reason, sentence
from mapping.rules.marks import ERROR, LONGEST, SALESFORCE, TRACKED, UNSYNC, clear, is_marked, mark_error, mark_saved

FOREIGN = st.lists(st.sampled_from(("Red", "Status: Won", "salesforce team", "Holiday", "Étoile")), unique=True)
OURS = st.lists(st.sampled_from((SALESFORCE, UNSYNC, TRACKED, "SALESFORCE", "sync error")), unique=True)


def foreign(categories: tuple[str, ...]) -> list[str]:
    return [each for each in categories if each in ("Red", "Status: Won", "salesforce team", "Holiday", "Étoile")]


@pytest.mark.rule("MRK-8", "MKM-1")
@given(FOREIGN, OURS)
def test_foreign_categories_stay_in_their_order(theirs: list[str], ours: list[str]) -> None:
    before = (*theirs, *ours)

    for after in (mark_saved(before), mark_error(before, "Something is missing"), clear(before)):
        assert foreign(after) == theirs
    assert foreign(clear(mark_saved(mark_error(before, "Something is missing")))) == theirs


@given(FOREIGN, OURS)
def test_marking_twice_is_marking_once(theirs: list[str], ours: list[str]) -> None:
    saved = mark_saved((*theirs, *ours))

    assert mark_saved(saved) == saved
    assert clear(clear(saved)) == clear(saved)
    failed = mark_error(saved, "Required fields are missing")
    assert mark_error(failed, "Required fields are missing") == failed


@pytest.mark.rule("MKM-1")
def test_success_takes_the_error_away() -> None:
    failed = mark_error(("Red", SALESFORCE), "Required fields are missing: Region")

    assert failed == ("Red", SALESFORCE, ERROR, "Status: Required fields are missing: Region")
    assert mark_saved(failed) == ("Red", SALESFORCE, TRACKED)


@pytest.mark.rule("MKM-4")
def test_failure_keeps_what_the_user_asked_for() -> None:
    assert is_marked(mark_error((SALESFORCE,), "No"))
    assert UNSYNC in mark_error((UNSYNC,), "No")


@pytest.mark.rule("DEL-8")
def test_clearing_takes_both_marks() -> None:
    assert clear((SALESFORCE, "Red", UNSYNC, TRACKED)) == ("Red",)


def test_a_reason_is_known_by_its_wording_wherever_it_stands() -> None:
    told = mark_error((), sentence(Reason.ENCRYPTED))

    assert clear((told[1], "Red", told[0])) == ("Red",)


@pytest.mark.parametrize("spelling", ["Salesforce", "salesforce", " SALESFORCE "])
def test_case_does_not_matter(spelling: str) -> None:
    assert is_marked((spelling,))
    assert mark_saved((spelling,)) == (spelling, TRACKED)


def test_a_reason_fits_a_category() -> None:
    status = mark_error((), "Required fields are missing: A, B; C" + "x" * 400)[1]

    assert len(status) == LONGEST
    assert "," not in status and ";" not in status
