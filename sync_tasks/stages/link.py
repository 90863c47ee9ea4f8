"""link: what each item hangs on - WhoId, WhatId, further people - chosen among ranked candidates, with the reason."""

from __future__ import annotations

from dataclasses import replace

from mapping.model.item import ItemKind, Side
from mapping.model.people import OpportunityRecord
from mapping.model.reasons import Reason
from mapping.rules import linking, scope
from mapping.rules.scope import Outcome
from sync_tasks.stages import complaints, intents
from sync_tasks.stages.context import StageContext, StageReport
from sync_tasks.stages.resolve import ITSELF, load_people
from sync_tasks.stages.strangers import eligible
from sync_tasks.stages.work import Work

LINKED = (ItemKind.EVENT, ItemKind.EMAIL)  # tasks and contacts hang on nothing that the engine chooses


def run(ctx: StageContext) -> StageReport:
    works = ctx.load_works()
    people = load_people(ctx.load_note("people"))
    to_link = [w for w in works if _is_new(w)]
    accounts = {
        record.account_id
        for work in to_link if work.item is not None
        for address in eligible(ctx, work.item, people)
        for record in people.get(address, ())
        if record.account_id and not record.account_id.startswith("@") and record.account_id != ITSELF
    }  # fmt: skip
    opportunities: tuple[OpportunityRecord, ...] = ()
    if accounts and ctx.settings.bool("link.opportunities"):
        opportunities = ctx.crm.find_opportunities(sorted(accounts))
    chosen = intents.chosen(ctx, to_link)
    for work in to_link:
        assert work.item is not None and work.decision is not None
        addresses = eligible(ctx, work.item, people)
        work.links = linking.link(
            addresses, people, opportunities, user_id=ctx.user.crm_user_id, settings=ctx.settings,
            for_event=work.kind is ItemKind.EVENT, today=ctx.now().date(),
        )  # fmt: skip
        if work.links.what == ITSELF:
            work.links = replace(work.links, what="")
        intent = chosen.get(work.slot)
        if intent is not None and intent.chooses:
            work.links = linking.as_chosen(work.links, intent.who, intent.what)
        if work.links.skip is not None and work.decision.reason not in scope.UNLINKED:
            work.decision = scope.not_linkable(work.decision, work.links.skip)
    with ctx.fenced() as unit:
        ctx.note_decisions(unit, "link", to_link)
        if not ctx.preview:
            ctx.note_issues(unit, to_link)
        ctx.save_works(unit, _kept(works))
        complaints.note(ctx, unit, "link", [w for w in to_link if w.outcome is Outcome.SKIP])
    linked = [w for w in to_link if w.links is not None and (w.links.who or w.links.what)]
    return StageReport(
        {"linked": len(linked), "unlinked": len(to_link) - len(linked)},
        more=bool(_kept(works)) or complaints.pending(ctx),
    )


def _is_new(work: Work) -> bool:
    """Links are chosen when an item is first saved and never overwritten after."""
    if work.side is Side.CRM or work.kind not in LINKED or work.item is None or work.decision is None:
        return False
    if work.decision.reason is Reason.PRIVATE_PLACEHOLDER:
        return False
    return work.outcome in (Outcome.MIRROR, Outcome.SHARE) and work.decision.reason is not Reason.LINKED


def _kept(works: list[Work]) -> list[Work]:
    return [w for w in works if w.outcome is not Outcome.SKIP]
