"""What an item is about: every business record that may stand behind it, ranked.

The ladder, highest rung first: what the user chose; what the thread is linked to; what the message that it answers is
linked to; a record whose page it links to; a case that its subject names; an opportunity of the people on it; the
account of the first person; the account of another; the account with the mail domain of people whom nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from enum import IntEnum

from mapping.model.people import AccountRecord, BusinessRecord, OpportunityRecord, PersonRecord, object_of
from mapping.rules.candidates import BUSINESS, Candidate, Code
from mapping.rules.linking_people import FIRST, SKIP
from mapping.rules.linking_strategy import Strategy


class Rung(IntEnum):
    """Where a record was found; between two rungs no merit of a record counts."""

    DOMAIN = 100
    NEXT_ACCOUNT = 200
    ACCOUNT = 300
    OPPORTUNITY = 400
    CASE = 500
    NAMED = 600
    ANSWERED = 700
    THREAD = 800
    CHOSEN = 900


_ROLE, _OWNED, _ITS_ACCOUNT = 4, 2, 1  # of an opportunity
_BY_HAND = 50  # of what a thread is linked to
_OBJECTS = ("Opportunity", "Case", "", "Account")  # of several links of a thread, what goes first


@dataclass(frozen=True, slots=True)
class ThreadLink:
    """A record that a thread is linked to. `by_hand`: somebody chose it, a rule did not find it."""

    id: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class About:
    """What one item says of its business itself. `thread`: oldest first; `named`: in the order of the text."""

    chosen: str = ""
    thread: tuple[ThreadLink, ...] = ()
    answered: str = ""
    named: tuple[BusinessRecord, ...] = ()
    case: BusinessRecord | None = None
    domain_accounts: tuple[AccountRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Business:
    """Candidates, the best first. `tied`: several opportunities were equally good."""

    candidates: tuple[Candidate, ...] = ()
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """`strategy`: None when items are not linked to opportunities. `never`: objects that nothing is linked to."""

    user_id: str
    strategy: Strategy | None
    today: date
    tie: str = FIRST
    never: Collection[str] = field(default=frozenset())


def rank(
    people: Sequence[PersonRecord], opportunities: Sequence[OpportunityRecord], about: About, rules: Rules
) -> Business:
    """`people`: those chosen for the addresses of the item, the main one first."""
    deals, tied = _opportunities(people, opportunities, rules)
    found = [*_said(about), *deals, *_accounts(people), *_domain(about.domain_accounts)]
    kept: dict[str, Candidate] = {}
    for each in sorted(found, key=lambda c: c.score, reverse=True):  # stable: equals stay as their rung ranked them
        if each.object not in rules.never:
            kept.setdefault(each.id, each)
    first = next(iter(kept), "")
    chosen = tuple(replace(each, chosen=each.id == first) for each in kept.values())
    return Business(chosen, tied)


def _said(about: About) -> Iterator[Candidate]:
    if about.chosen:
        yield _candidate(about.chosen, Rung.CHOSEN, Code.CHOSEN)
    for link in sorted(about.thread, key=_in_thread):
        how = Code.BY_HAND if link.by_hand else Code.BY_RULE
        yield _candidate(link.id, Rung.THREAD + _BY_HAND * link.by_hand, Code.THREAD, how)
    if about.answered:
        yield _candidate(about.answered, Rung.ANSWERED, Code.ANSWERED)
    for record in about.named:
        yield Candidate(BUSINESS, record.object, record.id, Rung.NAMED, (Code.NAMED,))
    if about.case is not None:
        yield Candidate(BUSINESS, about.case.object, about.case.id, Rung.CASE, (Code.CASE,))


def _in_thread(link: ThreadLink) -> int:
    kind = object_of(link.id)
    return _OBJECTS.index(kind) if kind in _OBJECTS else _OBJECTS.index("")


def _candidate(record_id: str, score: int, *reasons: Code) -> Candidate:
    return Candidate(BUSINESS, object_of(record_id), record_id, score, reasons)


# --- opportunities


_RECENT: dict[str, Callable[[OpportunityRecord], str]] = {
    "created": lambda each: each.created,
    "modified": lambda each: each.modified,
    "activity": lambda each: each.last_activity,
    "closes": lambda each: each.close_date,
}


def _opportunities(
    people: Sequence[PersonRecord], opportunities: Sequence[OpportunityRecord], rules: Rules
) -> tuple[list[Candidate], bool]:
    """Those that count, the best first. Among several equally good ones the most recent goes first, or none is taken
    when a tie is to be skipped."""
    strategy = rules.strategy
    contacts = [each for each in people if each.object == "Contact"]
    if strategy is None or not contacts:
        return [], False
    ids, accounts = {each.id for each in contacts}, {each.account_id for each in contacts if each.account_id}
    found = [each for each in opportunities if _counts(each, ids, accounts, strategy, rules)]
    found.sort(key=lambda each: each.id)
    found.sort(key=_RECENT[strategy.recent_by], reverse=True)
    ranked = [(_merit(each, ids, contacts[0].account_id, rules), each) for each in found]
    ranked.sort(key=lambda pair: pair[0], reverse=True)
    tied = len(ranked) > 1 and ranked[0][0] == ranked[1][0]
    if tied and rules.tie == SKIP:
        return [], True
    named = [_deal(merit, each, strategy) for merit, each in ranked]
    if tied:
        named[0] = replace(named[0], reasons=(*named[0].reasons, Code.LATEST))
    return named, tied


def _counts(
    deal: OpportunityRecord, people: Collection[str], accounts: Collection[str], strategy: Strategy, rules: Rules
) -> bool:
    if strategy.mine and deal.owner_id != rules.user_id:
        return False
    by_account, by_role = deal.account_id in accounts, bool(deal.contact_ids & set(people))
    if not {"account": by_account, "contact_role": by_role, "both": by_account or by_role}[strategy.via]:
        return False
    return in_time(deal, strategy, rules.today)


def in_time(deal: OpportunityRecord, strategy: Strategy, today: date) -> bool:
    """Does it count on that day? A closed one does for a while, because people go on writing about it."""
    closes = date.fromisoformat(deal.close_date[:10]) if deal.close_date else None
    if deal.is_closed and strategy.open_only:
        return closes is not None and closes >= today - timedelta(days=strategy.grace_days)
    first, last = strategy.closing(today)
    return closes is None or first <= closes <= last


def _merit(deal: OpportunityRecord, people: Collection[str], account_id: str, rules: Rules) -> int:
    return (
        _ROLE * bool(deal.contact_ids & set(people))
        + _OWNED * (deal.owner_id == rules.user_id)
        + _ITS_ACCOUNT * (bool(account_id) and deal.account_id == account_id)
    )


def _deal(merit: int, deal: OpportunityRecord, strategy: Strategy) -> Candidate:
    reasons: Mapping[Code, bool] = {
        Code.ROLE: bool(merit & _ROLE),
        Code.OWNED: bool(merit & _OWNED),
        Code.ITS_ACCOUNT: bool(merit & _ITS_ACCOUNT),
        Code.CLOSED_LATELY: deal.is_closed and strategy.open_only,
    }
    holding = tuple(code for code, holds in reasons.items() if holds)
    return Candidate(BUSINESS, "Opportunity", deal.id, Rung.OPPORTUNITY + merit, (Code.OPPORTUNITY, *holding))


# --- accounts


def _accounts(people: Sequence[PersonRecord]) -> Iterator[Candidate]:
    for number, person in enumerate(each for each in people if each.object == "Contact"):
        if person.account_id and number == 0:
            yield Candidate(BUSINESS, "Account", person.account_id, Rung.ACCOUNT, (Code.ACCOUNT,))
        elif person.account_id:
            yield Candidate(BUSINESS, "Account", person.account_id, Rung.NEXT_ACCOUNT, (Code.NEXT_ACCOUNT,))


def domain_account(accounts: Sequence[AccountRecord]) -> AccountRecord | None:
    """The one account with a mail domain: by its website, among several with that the one whose contacts have such
    addresses too, and without any the one that has such contacts. Several that are equally good single out none."""
    by_website = [each for each in accounts if each.by_website]
    both = [each for each in by_website if each.by_contact]
    found = both if len(by_website) > 1 else by_website or [each for each in accounts if each.by_contact]
    return found[0] if len(found) == 1 else None


def _domain(accounts: Iterable[AccountRecord]) -> Iterator[Candidate]:
    for each in accounts:
        yield Candidate(BUSINESS, "Account", each.id, Rung.DOMAIN, (Code.DOMAIN,))
