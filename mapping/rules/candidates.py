"""What may be linked, and why it was or was not: the words in which linking gives account of itself.

A candidate keeps its score and the codes behind it, never a name or an address; `SENTENCES` says the codes in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

PERSON, BUSINESS = "person", "business"  # what a candidate would be to the item: whom it is with, what it is about


class Code(StrEnum):
    # --- steps: what was done with the item as a whole
    PRIMARY = "primary"
    NOBODY = "nobody"
    LEADS_DROPPED = "leads_dropped"
    LEAD_ALONE = "lead_alone"
    TOO_MANY = "too_many"
    OPPORTUNITY = "opportunity"
    ACCOUNT = "account"
    NO_ACCOUNT = "no_account"
    CHOSEN = "chosen"
    THREAD = "thread"
    NEW_IN_THREAD = "new_in_thread"
    ANSWERED = "answered"
    NAMED = "named"
    CASE = "case"
    DOMAIN = "domain"
    UNSURE = "unsure"
    OPPORTUNITY_UNSURE = "opportunity_unsure"
    # --- reasons for and against a candidate
    ADDRESS = "address"
    OTHER_ADDRESS = "other_address"
    CONVERTED_LEAD = "converted_lead"
    PREFERRED_KIND = "preferred_kind"
    OWNED = "owned"
    HAS_OPPORTUNITY = "has_opportunity"
    KIND_OFF = "kind_off"
    ROLE = "role"
    CLOSED_LATELY = "closed_lately"
    ITS_ACCOUNT = "its_account"
    NEXT_ACCOUNT = "next_account"
    BY_HAND = "by_hand"
    BY_RULE = "by_rule"
    LATEST = "latest"


SENTENCES: dict[Code, str] = {
    Code.PRIMARY: "Somebody on it is known, and was linked.",
    Code.NOBODY: "Nobody on it is known in Salesforce.",
    Code.LEADS_DROPPED: "Leads were left out, because Salesforce takes contacts or one lead here, never both.",
    Code.LEAD_ALONE: "It was linked to a lead, which excludes every other link here.",
    Code.TOO_MANY: "More people are known than Salesforce takes; the first ones were linked.",
    Code.OPPORTUNITY: "It was linked to an opportunity.",
    Code.ACCOUNT: "It was linked to the account behind the person.",
    Code.NO_ACCOUNT: "No account stands behind the person.",
    Code.CHOSEN: "The user chose this record.",
    Code.THREAD: "Its thread is linked to this record.",
    Code.NEW_IN_THREAD: "People who joined the thread later were not looked for.",
    Code.ANSWERED: "It answers a message that was sent from Salesforce and hangs there.",
    Code.NAMED: "The message contains a link to the page of this record.",
    Code.CASE: "The subject names the number of this case.",
    Code.DOMAIN: "The mail domain is that of this account.",
    Code.UNSURE: "Several records fit an address equally well.",
    Code.OPPORTUNITY_UNSURE: "Several opportunities fit equally well.",
    Code.ADDRESS: "It carries the address.",
    Code.OTHER_ADDRESS: "It carries the address in a further field.",
    Code.CONVERTED_LEAD: "The lead with the address was converted into it.",
    Code.PREFERRED_KIND: "Your settings prefer this kind of record.",
    Code.OWNED: "The user owns it.",
    Code.HAS_OPPORTUNITY: "It has a part in an open opportunity.",
    Code.KIND_OFF: "Your settings do not link this kind of record.",
    Code.ROLE: "Somebody on the item has a part in it.",
    Code.CLOSED_LATELY: "It is closed, but has not been for long.",
    Code.ITS_ACCOUNT: "It belongs to the account of the person linked first.",
    Code.NEXT_ACCOUNT: "It is the account of another person on the item.",
    Code.BY_HAND: "Somebody chose it for this thread.",
    Code.BY_RULE: "An earlier message of the thread was linked to it.",
    Code.LATEST: "Among equals it is the most recent one.",
}

# The setting that has the word on what a code says.
DECIDED_BY: dict[Code, str] = {
    Code.LEADS_DROPPED: "link.mixed",
    Code.OPPORTUNITY: "link.strategy",
    Code.NO_ACCOUNT: "link.require_account",
    Code.THREAD: "threads.links",
    Code.NEW_IN_THREAD: "threads.new_people",
    Code.ANSWERED: "link.reply_anchor",
    Code.NAMED: "link.urls",
    Code.CASE: "link.case_words",
    Code.DOMAIN: "link.domain_accounts",
    Code.UNSURE: "link.tie",
    Code.OPPORTUNITY_UNSURE: "link.tie",
    Code.PREFERRED_KIND: "link.person_priority",
    Code.KIND_OFF: "link.person_priority",
    Code.CLOSED_LATELY: "link.opportunity_grace_days",
}


@dataclass(frozen=True, slots=True)
class LinkStep:
    code: Code
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """`part`: PERSON or BUSINESS. `place`: where on the item the address of a person stands (`from`, `to`, ...).
    `score`: the higher goes first; equal ones were told apart by what is most recent. `reasons`: why it came into
    question, the weightiest first."""

    part: str
    object: str
    id: str
    score: int
    reasons: tuple[Code, ...] = ()
    place: str = ""
    chosen: bool = False


def dump_candidate(candidate: Candidate) -> dict[str, object]:
    """As JSON values; the inverse is `load_candidate`."""
    return {
        "part": candidate.part, "object": candidate.object, "id": candidate.id, "score": candidate.score,
        "reasons": [reason.value for reason in candidate.reasons], "place": candidate.place,
        "chosen": candidate.chosen,
    }  # fmt: skip


def load_candidate(body: Mapping[str, object]) -> Candidate:
    values = dict(body)
    values["reasons"] = tuple(Code(each) for each in values["reasons"])  # type: ignore[attr-defined]
    return Candidate(**values)  # type: ignore[arg-type]
