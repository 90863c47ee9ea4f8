"""What messages name themselves: pages of records in their text, cases in their subject, the message they answer; and
the accounts that have the mail domains of people whom nobody knows.

The text is read here for messages that will be saved anyway, so planning need not read it again. Salesforce is asked
once for all messages of a run, and not at all when none of them names anything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, Person, Side
from mapping.model.people import AccountRecord, BusinessRecord, LoggedMail, Named, Restrictions, domain_of
from mapping.rules import linking_clues
from mapping.rules.linking_business import domain_account
from mapping.rules.restrictions import restrictions
from mapping.rules.settings import Effective
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.work import Work

NOTE = "named"
OBJECTS = ("Account", "Opportunity", "Case")  # whose pages count


@dataclass(frozen=True, slots=True)
class Naming:
    """What one message names. `pages`: records in the order of its text; `case`; `answered`: the business record of
    the message that it answers, and `person`: the one to whom Salesforce had sent that; `accounts`: those with the mail
    domain of somebody on it, when nobody on it is known."""

    pages: tuple[BusinessRecord, ...] = ()
    case: BusinessRecord | None = None
    answered: str = ""
    person: str = ""
    accounts: tuple[AccountRecord, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.pages or self.case or self.answered)


NOTHING = Naming()


def only(settings: Effective) -> Restrictions:
    """Which records may be found at all."""
    return restrictions(settings.mappings("link.restrict"))


def look(ctx: StageContext, works: Iterable[Work]) -> dict[str, Naming]:
    """What each of these messages names, by its slot; the messages get their texts."""
    mails = [w for w in works if w.kind is ItemKind.EMAIL and w.side is Side.MAILBOX and w.item is not None]
    if not mails:
        return {}
    settings = ctx.settings
    if settings.bool("link.urls"):
        _read_texts(ctx, mails)
    hosts = ctx.crm.web_hosts() if settings.bool("link.urls") else frozenset()
    objects = {*OBJECTS, *settings.list("link.url_objects")}
    pages: dict[str, tuple[tuple[str, str], ...]] = {}
    cases: dict[str, str] = {}
    above: dict[str, tuple[str, ...]] = {}
    for work in mails:
        assert work.item is not None
        pages[work.slot] = linking_clues.pages_in(work.item, hosts, objects) if hosts else ()
        cases[work.slot] = linking_clues.case_in(work.item, settings.list("link.case_words"))
        above[work.slot] = linking_clues.answered(work.item) if settings.bool("link.reply_anchor") else ()
    clues = linking_clues.clues(
        (page for each in pages.values() for page in each), cases.values(), (i for each in above.values() for i in each)
    )
    named = ctx.crm.find_named(clues, only(settings)) if clues else Named()
    ctx.learn_shape()
    opened = ctx.now().date() - timedelta(days=settings.int("link.case_days"))
    found: dict[str, Naming] = {}
    for work in mails:
        assert work.item is not None
        answered, person = _answered(work.item, above[work.slot], named.mails)
        naming = Naming(
            tuple(named.records[i] for _, i in pages[work.slot] if i in named.records),
            _case(named.cases.get(cases[work.slot]), opened), answered, person,
        )  # fmt: skip
        if naming or naming.person:
            found[work.slot] = naming
    return found


def _read_texts(ctx: StageContext, mails: Sequence[Work]) -> None:
    """What cannot be read is left to planning, which reads it anyway and says what is wrong."""
    lacking = {work.ref: work for work in mails if work.item is not None and f.BODY not in work.item.fields}
    for ref, answer in ctx.mailbox.read(list(lacking), Detail.BODY).items() if lacking else ():
        if isinstance(answer, Item):
            lacking[ref].item = answer  # what is read here need not be read again to be saved


def _case(case: BusinessRecord | None, opened: date) -> BusinessRecord | None:
    """An open case that is not too old (LNK-9)."""
    if case is None or case.is_closed or (case.created and case.created[:10] < opened.isoformat()):
        return None
    return case


def _answered(item: Item, above: Sequence[str], mails: Mapping[str, LoggedMail]) -> tuple[str, str]:
    """(business record, person) of the nearest message above that was sent from Salesforce. The person is that one of
    its recipients who answers now, or the only one it had."""
    sent = next((m for i in above if (m := mails.get(i)) and not (m.ours or m.incoming)), None)
    if sent is None:
        return "", ""
    sender = item.get(f.FROM)
    people = [(address, record) for address, name, record in sent.people if name in ("Contact", "Lead")]
    answering = [record for address, record in people if isinstance(sender, Person) and address == sender.address]
    single = {record for _, record in people}
    person = answering[0] if answering else single.pop() if len(single) == 1 else ""
    return sent.what, person


def by_domain(ctx: StageContext, unknown: Mapping[str, Sequence[str]]) -> dict[str, tuple[AccountRecord, ...]]:
    """For messages (by slot) on which nobody is known: the accounts that have the mail domains of these addresses. A
    domain that several accounts share singles out none."""
    settings = ctx.settings
    if settings.bool("link.strict") or not settings.bool("link.domain_accounts"):
        return {}
    domains = sorted({domain_of(address) for addresses in unknown.values() for address in addresses})
    found = ctx.crm.find_accounts(domains) if domains else {}
    single = {domain: domain_account(accounts) for domain, accounts in found.items()}
    return {
        slot: tuple(dict.fromkeys(a for each in addresses if (a := single.get(domain_of(each))) is not None))
        for slot, addresses in unknown.items()
    }


# --- the note that linking reads


def dump(found: Mapping[str, Naming]) -> bytes:
    return json.dumps({slot: asdict(naming) for slot, naming in found.items()}).encode()


def load(blob: bytes | None) -> dict[str, Naming]:
    return {slot: _loaded(body) for slot, body in json.loads(blob or b"{}").items()}


def _loaded(body: dict[str, object]) -> Naming:
    values = dict(body)
    values["pages"] = tuple(BusinessRecord(**each) for each in values["pages"])  # type: ignore[attr-defined]
    values["case"] = BusinessRecord(**values["case"]) if values["case"] else None  # type: ignore[arg-type]
    values["accounts"] = tuple(AccountRecord(**each) for each in values["accounts"])  # type: ignore[attr-defined]
    return Naming(**values)  # type: ignore[arg-type]
