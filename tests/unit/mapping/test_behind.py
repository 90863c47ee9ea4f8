"""What is said of decisions and candidates can be said, and names settings that there are."""

from __future__ import annotations

import pytest

from mapping.model.reasons import Reason
from mapping.rules.behind import BEHIND, settings_behind
from mapping.rules.candidates import DECIDED_BY, SENTENCES, Candidate, Code, dump_candidate, load_candidate
from mapping.rules.restrictions import read
from mapping.rules.settings import SETTINGS
from tests.support.items import settings


def test_every_code_has_its_sentence_and_every_setting_exists() -> None:
    assert set(SENTENCES) == set(Code)
    assert set(DECIDED_BY.values()) | {name for names in BEHIND.values() for name in names} <= set(SETTINGS)


def test_of_a_list_only_its_length_is_told() -> None:
    said = settings_behind(Reason.ALL_BLOCKED, settings(blocklist__org=["rival.example", "eve@x.example"]))

    assert any(each.startswith("blocklist.org = 2 entries (") for each in said)
    assert "rival" not in " ".join(said)
    assert settings_behind(Reason.LINKED, settings()) == ()


def test_a_candidate_is_kept_and_read_again() -> None:
    candidate = Candidate("person", "Contact", "003", 1110, (Code.ADDRESS, Code.OWNED), "from", chosen=True)

    assert load_candidate(dump_candidate(candidate)) == candidate


@pytest.mark.rule("LNK-11")
@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ([{"object": "Account", "where": "x = 1"}], "object must be one of"),
        ([{"object": "Contact"}], "where or view is missing"),
        ([{"object": "Contact", "view": "no id"}], "view must be the id"),
        ([{"object": "Lead", "where": "a", "limit": "1"}], "unknown word limit"),
        ([{"object": "Lead", "where": "a"}, {"object": "Lead", "where": "b"}], "Lead is named twice"),
        ("Lead", "it is a list of mappings"),
    ],
)
def test_restrictions_that_make_no_sense_are_refused(told: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read(told)
