"""Every reason has a sentence, and none is kept that nobody gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from mapping.model.reasons import CODES, ISSUES, SENTENCES, TELLABLE, Reason, sentence
from mapping.rules.decision import Decision, Outcome

ROOT = Path(__file__).resolve().parents[3]
USED = {
    name
    for package in ("mapping", "sync_tasks")
    for path in (ROOT / package).rglob("*.py")
    if path.name != "reasons.py"
    for name in re.findall(r"\bReason\.([A-Z_]+)\b", path.read_text(encoding="utf-8"))
}


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_has_a_sentence_of_its_own(reason: Reason) -> None:
    told = sentence(reason)

    assert told[0].isupper() or told.startswith("(unknown")
    assert told.endswith(".")
    assert list(SENTENCES.values()).count(SENTENCES[reason]) == 1


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_given_somewhere(reason: Reason) -> None:
    assert reason.name in USED


def test_only_known_reasons_are_given() -> None:
    assert {reason.name for reason in Reason} >= USED
    assert ISSUES <= set(SENTENCES) >= set(CODES)


def test_details_stand_in_the_sentence() -> None:
    told = sentence(Reason.TOO_LONG, days="15", limit="14")

    assert told == "The event lasts 15 days; Salesforce takes events of up to 14 days."


def test_a_detail_nobody_knows_is_said_to_be_unknown() -> None:
    assert "(unknown days)" in sentence(Reason.PAST_WINDOW)


@pytest.mark.parametrize("reason", Reason)
def test_a_sentence_names_only_what_may_be_kept(reason: Reason) -> None:
    assert set(re.findall(r"\{(\w+)\}", SENTENCES[reason])) <= TELLABLE


def test_a_decision_refuses_to_carry_what_people_wrote() -> None:
    with pytest.raises(ValueError, match="address must not be kept"):
        Decision(Outcome.SHARE, Reason.PERSON_FOUND, "WAY-5", {"address": "ann@globex.example"})


@pytest.mark.rule("SCP-2", "ROL-2")
def test_what_waits_for_the_organizer_bears_the_code_people_know() -> None:
    assert CODES[Reason.WAITING_FOR_ORGANIZER] == CODES[Reason.INVITATION_OPEN] == "ISE-013"
