"""The catalogue of errors: every way in which something may fail has its entry, and every entry a way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.errors import Fault
from connectors.exchange import faults as exchange
from connectors.google import faults as google
from connectors.graph import faults as graph
from connectors.salesforce import faults as salesforce
from mapping.model.findings import Finding
from mapping.model.item import Side
from mapping.model.reasons import CODES, ISSUES
from mapping.rules.errors import AT_ONCE, CATALOGUE, CONNECTION, MAILBOX, SALESFORCE, Known, find, of_call, of_issue
from mapping.rules.guards import Guard
from mapping.rules.refusals import _WORDS, may_pass
from tests.architecture.test_house import ROOT

CLASSES = {"TRANSIENT", "PERMANENT", "CONFIG", "DATA", "GUARD", "BUG"}
SIDES = {Side.MAILBOX.value: MAILBOX, Side.CRM.value: SALESFORCE, "": CONNECTION}
SOURCES = [path for package in ("mapping", "connectors", "sync_tasks") for path in (ROOT / package).rglob("*.py")]
VENDOR_WORDS = {
    MAILBOX: {str(code) for code in (*exchange.CODES, *graph.CODES, *google.REASONS, *google.TOKENS)},
    SALESFORCE: {str(code) for code in salesforce.FAULTS},
}
CERTIFICATE = "SSLCertVerificationError"  # told apart before any table


def reached() -> set[str]:
    """The codes that something in the program leads to: a fault, a vendor's word, a guard, a reason, a name in code."""
    found = {of_call(side, fault.value).code for side in SIDES for fault in Fault}
    for scope, words in VENDOR_WORDS.items():
        side = next(side for side, each in SIDES.items() if each == scope)
        found |= {of_call(side, Fault.FORBIDDEN.value, word).code for word in {*words, CERTIFICATE}}
    found |= {known.code for guard in Guard for known in find(f"HELD.{guard.name}")}
    words = {*_WORDS, *(CODES.get(reason, reason.value) for reason in ISSUES), *VENDOR_WORDS[SALESFORCE]}
    found |= {of_issue(word).code for word in {*words, *VENDOR_WORDS[MAILBOX], *CODES.values(), "ambiguous", "alike"}}
    told = "".join(path.read_text(encoding="utf-8") for path in SOURCES if path.name != "errors.py")
    return (
        found
        | set(re.findall(r"[A-Z]+\.[A-Z]+\.[A-Z_]+", told))
        | {f"{each}.TRANSIENT.OUTAGE" for each in VENDOR_WORDS}
    )


REACHED = reached()


@pytest.mark.rule("TOP-11")
@pytest.mark.parametrize("known", CATALOGUE.values(), ids=lambda known: known.code)
@pytest.mark.point("1.8.1")
def test_a_code_is_reached_and_says_what_it_is_and_what_mends_it(known: Known) -> None:
    assert re.fullmatch(r"[A-Z]+\.[A-Z]+\.[A-Z0-9_]+", known.code)
    assert known.kind in CLASSES
    assert known.code in REACHED
    for text in (known.user, known.admin, known.cure, known.remedy):
        assert text.endswith((".", "`."))
        assert "{" not in text
    assert not re.search(r"\b(EWS|OAuth|API|HTTP|SOQL)\b", known.user)  # these words are the administrator's
    assert "`" not in known.user + known.remedy  # nor is the console theirs
    assert find(known.code) == (known,)
    assert known.at_once == (known.kind in AT_ONCE)


@pytest.mark.rule("TOP-11")
@pytest.mark.parametrize("fault", Fault)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.point("1.8.2")
def test_every_fault_of_either_side_has_an_entry(side: str, fault: Fault) -> None:
    known = of_call(side, fault.value, "a word that nobody has listed")

    assert known.scope == SIDES[side]
    assert fault.value in known.words
    assert known.at_once == (fault in {Fault.AUTH_REVOKED, Fault.FORBIDDEN})
    assert known.outage == (fault in {Fault.UNAVAILABLE, Fault.UNKNOWN})


def test_one_word_of_a_vendor_means_one_thing_on_each_side() -> None:
    told = [(known.scope, word) for known in CATALOGUE.values() for word in known.words]

    assert len(told) == len(set(told))


def test_the_words_of_refused_items_have_entries_of_their_own() -> None:
    lacking = {word for word in _WORDS if of_issue(word).code == "ITEM.DATA.REFUSED"}

    assert lacking == set()
    assert all(of_issue(word).retryable for word in VENDOR_WORDS[SALESFORCE] if may_pass(word))


def test_a_code_that_is_given_in_code_is_in_the_catalogue() -> None:
    codes = set()
    for path in SOURCES:
        codes |= set(re.findall(r'"((?:MAILBOX|SALESFORCE|RUN|USER|PLAN|ITEM)\.[A-Z]+\.[A-Z_]+)"', _text(path)))

    assert codes <= {*CATALOGUE, *Finding}


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
