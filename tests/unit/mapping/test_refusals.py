"""What people are told of a write that was refused."""

from __future__ import annotations

import pytest

from mapping.model.reasons import Reason, sentence
from mapping.rules.refusals import may_pass, words


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
