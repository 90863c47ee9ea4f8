"""To whom and to what a record is linked: one person or several, and the business behind them.

Who stands behind an address is decided in `linking_people`, what an item is about in `linking_business`; here the two
are put together into what Salesforce takes. Every step leaves a code and every candidate its score, so that the choice
can be explained afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from mapping.model import fields
from mapping.model.item import Item, Person
from mapping.model.people import OpportunityRecord, PersonRecord, object_of
from mapping.model.reasons import Reason
from mapping.rules.addresses import people_on
from mapping.rules.candidates import Candidate, Code, LinkStep
from mapping.rules.decision import Me
from mapping.rules.linking_business import About, Rules, Rung, in_time, rank
from mapping.rules.linking_people import FLAG, Chosen, Taste, choose
from mapping.rules.linking_strategy import Strategy, strategy_of
from mapping.rules.settings import Effective
from mapping.tables.email_message import is_incoming

MOST_CONTACTS = 50  # Salesforce takes so many contacts on one activity, or one lead

CONTACTS_WIN = "contacts_win"


@dataclass(frozen=True, slots=True)
class Linked:
    """Somebody on the item, by the address there, and the record that stands for him."""

    address: str
    object: str
    id: str


@dataclass(frozen=True, slots=True)
class Links:
    """`who`: the WhoId; `who_ids`: all people, `who` first; `what`: the WhatId; `primary`: the address of `who`.
    `people`: everybody on the item who is linked. `whats`: every business record that the item is about, `what` first;
    Salesforce takes one of them, and `own`: those of them that this very item led to, not its thread.
    `skip`: why the item is not to be saved automatically after all. `unsure`: there was a tie that somebody wants to
    hear of. `values`: texts by column that its thread gives to every record."""

    who: str = ""
    who_ids: tuple[str, ...] = ()
    what: str = ""
    primary: str = ""
    steps: tuple[LinkStep, ...] = ()
    skip: Reason | None = None
    people: tuple[Linked, ...] = ()
    whats: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    unsure: bool = False
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Context:
    """What an item brings along besides its addresses.

    `chosen_people`: ids that the user chose for it; `thread_people`: ids that its thread is linked to. `only_known`:
    addresses of its thread; nobody else is looked for (None: everybody is). `only`: the one record that it may be
    linked to, because it answers a message to that person. `places`: where an address stands. `by_hand`: the user
    chose records for it. `as_relations`: its record takes everybody, leads beside contacts, as an EmailMessage does.
    `keep`: it is saved whatever it is linked to."""

    about: About = field(default_factory=About)
    chosen_people: tuple[str, ...] = ()
    thread_people: tuple[str, ...] = ()
    only_known: frozenset[str] | None = None
    only: str = ""
    places: Mapping[str, str] = field(default_factory=dict)
    by_hand: bool = False
    as_relations: bool = False
    keep: bool = False


def choose_person(
    records: Sequence[PersonRecord], me_user_id: str, with_opportunity: Collection[str] = ()
) -> PersonRecord | None:
    """The best of several records with one address; see `linking_people.choose`."""
    return choose("", records, Taste(me_user_id, with_opportunity)).record


def order_addresses(item: Item, me: Me) -> tuple[str, ...]:
    """The addresses of an item, the main counterpart first: the sender of what came in, the first recipient of what
    went out, the organizer of an invitation. Without the user's own, each once."""
    people: list[Person] = list(people_on(item))
    sender = item.get(fields.FROM)
    if isinstance(sender, Person) and not is_incoming(item, me.addresses):
        people = [each for each in people if each != sender]
    return tuple(dict.fromkeys(each.address for each in people if each.address and each.address not in me.addresses))


_PLACES = (fields.FROM, fields.TO, fields.CC, fields.BCC, fields.ORGANIZER, fields.ATTENDEES)


def places_of(item: Item) -> dict[str, str]:
    """By address the first field of the item in which it stands."""
    found: dict[str, str] = {}
    for name in _PLACES:
        value = item.get(name)
        for each in value if isinstance(value, tuple) else (value,):
            address = getattr(each, "address", "")
            if address:
                found.setdefault(address, name)
    return found


def too_much(who: Sequence[str], what: str, record: str) -> str:
    """Why one record cannot hang on all that somebody chose, in words; '' when it can. A Task takes a lead and nothing
    else, or contacts and one business record (LNK-31); an EmailMessage takes everybody."""
    leads = [each for each in who if object_of(each) == "Lead"]
    if record != "Task" or not leads or (len(who) == 1 and not what):
        return ""
    return "a lead excludes every other record here: choose the lead alone, or contacts and what the message is about"


def with_open_opportunity(opportunities: Sequence[OpportunityRecord], today: date) -> frozenset[str]:
    """The people who have a role in an opportunity that is open on that day."""
    anybodys = Strategy(mine=False)
    return frozenset(i for each in opportunities if in_time(each, anybodys, today) for i in each.contact_ids)


def link(
    addresses: Sequence[str],
    people: Mapping[str, Sequence[PersonRecord]],
    opportunities: Sequence[OpportunityRecord],
    *,
    user_id: str,
    settings: Effective,
    for_event: bool,
    today: date,
    context: Context | None = None,
) -> Links:
    """Link to the people behind the eligible addresses, and to the business behind those people."""
    given = context or Context()
    taste = Taste(
        user_id, with_open_opportunity(opportunities, today), settings.list("link.person_priority"),
        settings.text("link.tie"),
    )  # fmt: skip
    steps: list[LinkStep] = []
    asked = [a for a in addresses if given.only_known is None or a in given.only_known]
    if len(asked) < len(addresses):
        steps.append(LinkStep(Code.NEW_IN_THREAD, str(len(addresses) - len(asked))))
    answers = [choose(a, _allowed(people.get(a, ()), given), taste, given.places.get(a, "")) for a in asked]
    if any(each.tied for each in answers):
        steps.append(LinkStep(Code.UNSURE))
    found = _people(answers, given)
    linked = _together(found, settings, given, steps)
    rules = Rules(
        user_id, _strategy(settings, given), today, settings.text("link.tie"), frozenset(settings.list("link.never"))
    )
    business = rank(linked, opportunities, given.about, rules)
    if business.tied:
        steps.append(LinkStep(Code.OPPORTUNITY_UNSURE))
    alone = bool(linked) and linked[0].object == "Lead" and not given.as_relations
    # a lead excludes every other link (LNK-26)
    ranked = () if alone else business.candidates
    steps.append(_how(ranked, alone))
    what = ranked[0].id if ranked else ""
    whats, own = _all(ranked)
    told = tuple(each for answer in answers for each in answer.candidates) + tuple(
        replace(each, chosen=each.chosen and not alone) for each in business.candidates
    )
    return Links(
        who=linked[0].id if linked else "", who_ids=tuple(dict.fromkeys(each.id for each in linked)), what=what,
        primary=linked[0].address if linked else "", steps=tuple(steps),
        skip=_skip(addresses, linked, what, settings, given, for_event, alone),
        people=tuple(Linked(each.address, each.object, each.id) for each in linked), whats=whats, own=own,
        candidates=told,
        unsure=settings.text("link.tie") == FLAG and (business.tied or any(each.tied for each in answers)),
    )  # fmt: skip


def _allowed(records: Sequence[PersonRecord], given: Context) -> Sequence[PersonRecord]:
    return [each for each in records if each.id == given.only] if given.only else records


def _people(answers: Sequence[Chosen], given: Context) -> list[PersonRecord]:
    """Those whom the user chose, whether they are on the item or not; if none, those found for the addresses; and if
    there are none either, the first one of the thread."""
    found = [each.record for each in answers if each.record is not None]
    wanted = given.chosen_people or (() if found else given.thread_people[:1])
    if not wanted:
        return found
    by_id = {each.id: each for each in found}
    return [by_id.get(each) or PersonRecord(object_of(each) or "Contact", each, "") for each in wanted]


def _together(
    found: Sequence[PersonRecord], settings: Effective, given: Context, steps: list[LinkStep]
) -> list[PersonRecord]:
    """Those of the people whom one record takes."""
    if not found:
        steps.append(LinkStep(Code.NOBODY))
        return []
    steps.append(LinkStep(Code.PRIMARY))
    if given.as_relations:
        return list(found)
    contacts = [each for each in found if each.object == "Contact"]
    leads_win = bool(given.chosen_people) or settings.text("link.mixed") != CONTACTS_WIN
    if not contacts or (found[0].object == "Lead" and leads_win):
        return list(found[:1])
    if len(contacts) < len(found):
        steps.append(LinkStep(Code.LEADS_DROPPED))  # Salesforce takes one lead or several contacts, never both
    distinct = list(dict.fromkeys(each.id for each in contacts))
    if len(distinct) > MOST_CONTACTS:
        steps.append(LinkStep(Code.TOO_MANY, str(len(distinct))))
    return [each for each in contacts if each.id in distinct[:MOST_CONTACTS]]


def _strategy(settings: Effective, given: Context) -> Strategy | None:
    """What a user chose by hand is not completed with an opportunity, unless the settings say so (LNK-24)."""
    left_alone = given.by_hand and not settings.bool("link.complete_choices")
    return strategy_of(settings) if settings.bool("link.opportunities") and not left_alone else None


_HOW = {
    Rung.CHOSEN: Code.CHOSEN, Rung.THREAD: Code.THREAD, Rung.ANSWERED: Code.ANSWERED, Rung.NAMED: Code.NAMED,
    Rung.CASE: Code.CASE, Rung.OPPORTUNITY: Code.OPPORTUNITY, Rung.ACCOUNT: Code.ACCOUNT,
    Rung.NEXT_ACCOUNT: Code.ACCOUNT, Rung.DOMAIN: Code.DOMAIN,
}  # fmt: skip


def _how(ranked: Sequence[Candidate], alone: bool) -> LinkStep:
    if ranked:
        return LinkStep(_HOW[_rung(ranked[0])], ranked[0].id)
    return LinkStep(Code.LEAD_ALONE if alone else Code.NO_ACCOUNT)


def _rung(candidate: Candidate) -> Rung:
    return Rung(candidate.score // 100 * 100)


def _all(ranked: Sequence[Candidate]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every record that the item is about, and those to which it led by itself: what it names, what the user chose, or
    else the best opportunity and the accounts of its people."""
    if ranked and _rung(ranked[0]) is Rung.CHOSEN:
        return (ranked[0].id,), (ranked[0].id,)
    thread = [each.id for each in ranked if _rung(each) is Rung.THREAD]
    said = [each.id for each in ranked if _rung(each) in (Rung.NAMED, Rung.CASE, Rung.ANSWERED)]
    deals = [each.id for each in ranked if _rung(each) is Rung.OPPORTUNITY][:1]
    accounts = [each.id for each in ranked if _rung(each) in (Rung.ACCOUNT, Rung.NEXT_ACCOUNT, Rung.DOMAIN)]
    own = (*said, *deals, *accounts)
    return tuple(dict.fromkeys((*thread, *own))), own


def _skip(
    addresses: Sequence[str], linked: Sequence[PersonRecord], what: str, settings: Effective, given: Context,
    for_event: bool, alone: bool,
) -> Reason | None:  # fmt: skip
    if for_event or given.keep or what or alone:
        return None
    if not linked:
        return Reason.NO_PERSON if addresses else None
    with_contact = any(each.object == "Contact" for each in linked)
    return Reason.NO_ACCOUNT if with_contact and settings.bool("link.require_account") else None
