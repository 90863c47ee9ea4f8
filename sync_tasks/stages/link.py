"""link: what each item hangs on - WhoId, WhatId, further people - chosen among ranked candidates, with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mapping.model.item import ItemKind, Side
from mapping.model.people import OpportunityRecord
from mapping.model.reasons import Reason
from mapping.rules import linking, scope
from mapping.rules.linking import Context, Links
from mapping.rules.linking_business import About
from mapping.rules.linking_people import FLAG
from mapping.rules.linking_strategy import strategy_of
from mapping.rules.scope import Outcome
from sync_tasks.stages import complaints, intents, naming, threads
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.intents import Intent
from sync_tasks.stages.naming import Naming
from sync_tasks.stages.plan_records import EMAIL_MESSAGE_OBJECT, record_object
from sync_tasks.stages.resolve import ITSELF, People, load_people
from sync_tasks.stages.strangers import eligible
from sync_tasks.stages.work import Work

LINKED = (ItemKind.EVENT, ItemKind.EMAIL)  # tasks and contacts hang on nothing that the engine chooses
_KEPT = frozenset({Reason.IN_THREAD, Reason.LINKS_ADDED})  # saved, or to be saved, whatever it can be linked to
UNSURE = "LINK.AMBIGUOUS"  # the code of the issue when records fit equally well and somebody wants to hear of it


def run(ctx: StageContext) -> StageReport:
    works = ctx.load_works()
    people: People = {address: list(found) for address, found in load_people(ctx.load_note("people")).items()}
    to_link = [w for w in works if _is_new(w)]
    opportunities = _opportunities(ctx, to_link, people)
    named = naming.load(ctx.load_note(naming.NOTE))
    chosen = intents.chosen(ctx, to_link)
    known = threads.known(ctx, to_link, chosen)
    as_relations = record_object(ctx.settings, ctx.shape) == EMAIL_MESSAGE_OBJECT
    # messages of a thread take over from each other, so they are linked in the order in which they were written
    for work in sorted(to_link, key=threads.written):
        assert work.item is not None and work.decision is not None
        addresses = eligible(ctx, work.item, people)
        context = _context(work, named.get(work.slot, naming.NOTHING), chosen.get(work.slot), as_relations)
        found = linking.link(
            addresses, people, opportunities, user_id=ctx.user.crm_user_id, settings=ctx.settings,
            for_event=work.kind is ItemKind.EVENT, today=ctx.now().date(), context=known.over(work, context, addresses),
        )  # fmt: skip
        work.links = replace(_proper(found), values=known.values.get(work.slot, {}))
        if work.links.skip is not None:
            work.decision = scope.not_linkable(work.decision, work.links.skip)
        else:
            known.take(work, addresses)
    with ctx.fenced() as unit:
        ctx.note_decisions(unit, "link", to_link)
        unit.linkings.keep(ctx.user.id, ctx.ref.id, _told(ctx, to_link))
        if not ctx.preview:
            ctx.note_issues(unit, to_link)
            known.keep(ctx, unit)
        ctx.save_works(unit, _kept(works))
        complaints.note(ctx, unit, "link", [w for w in to_link if w.outcome is Outcome.SKIP])
    linked = [w for w in to_link if w.links is not None and (w.links.who or w.links.what)]
    return StageReport(
        {"linked": len(linked), "unlinked": len(to_link) - len(linked)},
        more=bool(_kept(works)) or complaints.pending(ctx),
    )


def tell_ties(ctx: StageContext) -> None:
    """Records fitted equally well, and somebody wants to hear of it: an issue that is closed when the item is next
    looked at."""
    if ctx.settings.text("link.tie") != FLAG:
        return
    unsure = [work for work in ctx.load_works() if work.links is not None and work.links.unsure]
    with ctx.fenced() as unit:
        for work in unsure:
            ctx.note_unsure(unit, work.ref, UNSURE, key=work.key)


def _opportunities(ctx: StageContext, works: Sequence[Work], people: People) -> tuple[OpportunityRecord, ...]:
    """The opportunities of everybody on the items and of their accounts: one call for all."""
    if not ctx.settings.bool("link.opportunities"):
        return ()
    records = [
        record
        for work in works
        if work.item is not None
        for address in eligible(ctx, work.item, people)
        for record in people.get(address, ())
        if record.object == "Contact" and not record.id.startswith("@")
    ]
    strategy = strategy_of(ctx.settings)
    accounts = {r.account_id for r in records if r.account_id and not r.account_id.startswith("@")} - {ITSELF}
    by_role = sorted({r.id for r in records}) if strategy.via != "account" else ()
    if not accounts and not by_role:
        return ()
    return ctx.crm.find_opportunities(
        sorted(accounts), by_role, closing=strategy.closing(ctx.now().date()), only=naming.only(ctx.settings)
    )


def _context(work: Work, said: Naming, intent: Intent | None, as_relations: bool) -> Context:
    assert work.item is not None and work.decision is not None
    if work.kind is ItemKind.EVENT:
        return Context(places=linking.places_of(work.item))
    by_hand = intent is not None and intent.chooses
    about = About(
        chosen=intent.what if intent is not None else "", answered=said.answered, named=said.pages, case=said.case,
        domain_accounts=said.accounts,
    )  # fmt: skip
    return Context(
        about, chosen_people=intent.who if intent is not None else (), only=said.person,
        places=linking.places_of(work.item), by_hand=by_hand, as_relations=as_relations,
        keep=by_hand or work.decision.reason in _KEPT or work.decision.reason in scope.UNLINKED,
    )  # fmt: skip


def _proper(links: Links) -> Links:
    """Without the account that a person account is, as far as it is not there yet."""
    if ITSELF not in links.whats:
        return links
    whats = tuple(each for each in links.whats if each != ITSELF)
    own = tuple(each for each in links.own if each != ITSELF)
    candidates = tuple(each for each in links.candidates if each.id != ITSELF)
    what = links.what if links.what != ITSELF else next(iter(whats), "")
    return replace(links, what=what, whats=whats, own=own, candidates=candidates)


def _told(ctx: StageContext, works: Sequence[Work]) -> list[tuple[str, str, Links]]:
    """(id, key, links) of each item; of the candidates the first ones, and none that is only planned yet."""
    most = ctx.settings.int("link.candidates_most")
    told = []
    for work in works:
        if work.links is None:
            continue
        there = [each for each in work.links.candidates if not each.id.startswith("@")]
        parts = [
            each
            for part in ("person", "business")
            for each in sorted((c for c in there if c.part == part), key=lambda c: not c.chosen)[:most]
        ]
        told.append((work.ref.id, work.key, replace(work.links, candidates=tuple(parts))))
    return told


def _is_new(work: Work) -> bool:
    """Links are chosen when an item is first saved and never overwritten after."""
    if work.side is Side.CRM or work.kind not in LINKED or work.item is None or work.decision is None:
        return False
    if work.decision.reason is Reason.PRIVATE_PLACEHOLDER:
        return False
    return work.outcome in (Outcome.MIRROR, Outcome.SHARE) and work.decision.reason is not Reason.LINKED


def _kept(works: list[Work]) -> list[Work]:
    return [w for w in works if w.outcome is not Outcome.SKIP]
