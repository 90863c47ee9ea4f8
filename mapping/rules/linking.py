"""To whom and to what a record is linked: one person or several, and the business behind them.

Every step leaves a code, so that the choice can be explained afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from mapping.model import fields
from mapping.model.item import Item, Person
from mapping.model.people import OpportunityRecord, PersonRecord
from mapping.model.reasons import Reason
from mapping.rules.addresses import people_on
from mapping.rules.decision import Me
from mapping.rules.settings import Effective
from mapping.tables.email_message import is_incoming

MOST_CONTACTS = 50  # Salesforce takes so many contacts on one activity, or one lead
OPPORTUNITY_DAYS = 365  # how far back or ahead an opportunity may close

PRIORITY = ("Contact", "Lead")  # users are no customers; they become invitees, not links


class Code(StrEnum):
    PRIMARY = "primary"
    NOBODY = "nobody"
    LEADS_DROPPED = "leads_dropped"
    LEAD_ALONE = "lead_alone"
    TOO_MANY = "too_many"
    OPPORTUNITY = "opportunity"
    ACCOUNT = "account"
    NO_ACCOUNT = "no_account"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class LinkStep:
    code: Code
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Links:
    """`who`: the WhoId; `who_ids`: all people, `who` first; `what`: the WhatId; `primary`: the address of `who`.
    `skip`: why the item is not to be saved automatically after all."""

    who: str = ""
    who_ids: tuple[str, ...] = ()
    what: str = ""
    primary: str = ""
    steps: tuple[LinkStep, ...] = ()
    skip: Reason | None = None


def choose_person(
    records: Sequence[PersonRecord], me_user_id: str, with_opportunity: Collection[str] = ()
) -> PersonRecord | None:
    """The best of several records with one address: found by the standard mail field, contact before lead, owned by
    the user, with an open opportunity, most recently active, most recently changed, oldest, lowest id."""
    found = sorted((each for each in records if each.object in PRIORITY), key=lambda each: (each.created, each.id))
    # Sorting is stable, so the weaker criteria come first.
    found.sort(key=lambda each: each.modified, reverse=True)
    found.sort(key=lambda each: each.last_activity, reverse=True)
    found.sort(
        key=lambda each: (
            not each.primary,
            PRIORITY.index(each.object),
            not each.owner_id or each.owner_id != me_user_id,
            each.id not in with_opportunity,
        )
    )
    return found[0] if found else None


def order_addresses(item: Item, me: Me) -> tuple[str, ...]:
    """The addresses of an item, the main counterpart first: the sender of what came in, the first recipient of what
    went out, the organizer of an invitation. Without the user's own, each once."""
    people: list[Person] = list(people_on(item))
    sender = item.get(fields.FROM)
    if isinstance(sender, Person) and not is_incoming(item, me.addresses):
        people = [each for each in people if each != sender]
    return tuple(dict.fromkeys(each.address for each in people if each.address and each.address not in me.addresses))


def link(
    addresses: Sequence[str],
    people: Mapping[str, Sequence[PersonRecord]],
    opportunities: Sequence[OpportunityRecord],
    *,
    user_id: str,
    settings: Effective,
    for_event: bool,
    today: date,
) -> Links:
    """Link to the people behind the eligible addresses, and to the business behind those people."""
    chosen = [best for each in addresses if (best := choose_person(people.get(each, ()), user_id))]
    if not chosen:
        nobody = None if for_event or not addresses else Reason.NO_PERSON
        return Links(steps=(LinkStep(Code.NOBODY),), skip=nobody)
    contacts = list({each.id: each for each in chosen if each.object == "Contact"}.values())
    if not contacts:
        return _lead(chosen[0])
    steps = [LinkStep(Code.PRIMARY, contacts[0].address)]
    if len(contacts) < len(chosen) and any(each.object == "Lead" for each in chosen):
        steps.append(LinkStep(Code.LEADS_DROPPED))  # Salesforce takes one lead or several contacts, never both
    if len(contacts) > MOST_CONTACTS:
        steps.append(LinkStep(Code.TOO_MANY, str(len(contacts))))
    what, how = _what(contacts, opportunities, user_id, settings, today)
    who_ids = tuple(each.id for each in contacts[:MOST_CONTACTS])
    bare = not what and not for_event and settings.bool("link.require_account")
    skip = Reason.NO_ACCOUNT if bare else None
    return Links(who_ids[0], who_ids, what, contacts[0].address, (*steps, how), skip)


def as_chosen(found: Links, who: Sequence[str], what: str) -> Links:
    """The links with what the user chose in the place of what was found; what he left open stays as found."""
    people = tuple(dict.fromkeys(who)) or found.who_ids
    steps = (*found.steps, LinkStep(Code.CHOSEN))
    return Links(people[0] if people else "", people, what or found.what, found.primary, steps)


def _lead(lead: PersonRecord) -> Links:
    # A lead excludes every other link (LNK-26).
    steps = (LinkStep(Code.PRIMARY, lead.address), LinkStep(Code.LEAD_ALONE))
    return Links(lead.id, (lead.id,), "", lead.address, steps)


def _what(
    contacts: Sequence[PersonRecord],
    opportunities: Sequence[OpportunityRecord],
    user_id: str,
    settings: Effective,
    today: date,
) -> tuple[str, LinkStep]:
    accounts = list(dict.fromkeys(each.account_id for each in contacts if each.account_id))
    if settings.bool("link.opportunities"):
        mine = [o for o in opportunities if o.owner_id == user_id and o.account_id in accounts and _is_open(o, today)]
        if mine:
            best = _most_recent(mine, contacts)
            return best.id, LinkStep(Code.OPPORTUNITY, best.name)
    if accounts:
        return accounts[0], LinkStep(Code.ACCOUNT, accounts[0])
    return "", LinkStep(Code.NO_ACCOUNT)


def _most_recent(found: Sequence[OpportunityRecord], contacts: Sequence[PersonRecord]) -> OpportunityRecord:
    """The latest created; among those of one moment, one in which a person on the item has a role."""
    ids = {each.id for each in contacts}
    ranked = sorted(found, key=lambda each: each.id)
    ranked.sort(key=lambda each: (each.created, bool(each.contact_ids & ids)), reverse=True)
    return ranked[0]


def _is_open(opportunity: OpportunityRecord, today: date) -> bool:
    if opportunity.is_closed:
        return False
    if not opportunity.close_date:
        return True
    return abs(date.fromisoformat(opportunity.close_date[:10]) - today) <= timedelta(days=OPPORTUNITY_DAYS)
