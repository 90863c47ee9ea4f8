"""What people are told of a write that was refused."""

from __future__ import annotations

import pytest

from mapping.model.reasons import Reason, sentence
from mapping.rules.refusals import is_beyond, may_pass, words


@pytest.mark.rule("MKM-4")
@pytest.mark.parametrize(
    ("code", "columns", "told"),
    [
        ("REQUIRED_FIELD_MISSING", ["Region__c", "Type"], "Required fields are missing: Region__c, Type"),
        ("ENTITY_IS_LOCKED", [], "An approval process has locked the record"),
        ("SOMETHING_NEW", ["Region__c"], "Salesforce did not take it: Region__c"),
        ("room_taken", ["RelationId"], sentence(Reason.ROOM_TAKEN)),
        ("LINK.NONE", [], sentence(Reason.NO_PERSON_MARKED)),
    ],
)
def test_a_refusal_is_told_in_words_with_the_columns_it_is_about(code: str, columns: list[str], told: str) -> None:
    assert words(code, columns) == told


def test_what_goes_by_itself_is_told_apart() -> None:
    assert may_pass("UNABLE_TO_LOCK_ROW")
    assert not may_pass("REQUIRED_FIELD_MISSING")


@pytest.mark.rule("DUP-3")
@pytest.mark.parametrize(
    ("rule", "code", "beyond"),
    [
        ("DUP-3", "FIELD_INTEGRITY_EXCEPTION", True),
        ("DUP-3", "INSUFFICIENT_ACCESS_OR_READONLY", False),
        ("DUP-3", "UNABLE_TO_LOCK_ROW", False),
        ("RCD-13", "FIELD_INTEGRITY_EXCEPTION", False),
    ],
)
def test_only_an_added_link_that_never_fits_is_beyond_what_salesforce_lets_be(
    rule: str, code: str, beyond: bool
) -> None:
    assert is_beyond(rule, code) is beyond
