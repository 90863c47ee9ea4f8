"""Does a message itself name a record of Salesforce? Only one mode of saving automatically asks that before it is known
whether the message is saved at all, so only then its text is read so early."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import MISSING, Item, ItemKind
from mapping.rules.email_modes import reads_texts
from mapping.rules.references import record_ids
from mapping.rules.scope import Outcome
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.work import Work


def read(ctx: StageContext, works: Sequence[Work], is_settled: Callable[[Work], bool]) -> None:
    """Read the texts of the candidates that are not saved for other reasons: one vendor call for 25 of them."""
    if not reads_texts(ctx.settings):
        return
    asked = {
        work.ref: work for work in works
        if work.kind is ItemKind.EMAIL and work.outcome is Outcome.CANDIDATE and not is_settled(work)
        and work.item is not None and work.item.get(f.BODY) is MISSING
    }  # fmt: skip
    for ref, answer in ctx.mailbox.read(list(asked), Detail.BODY).items() if asked else ():
        if isinstance(answer, Item):
            asked[ref].item = answer


def names_record(item: Item) -> bool:
    """Does its text, as far as it was read, hold the address of a record's page?"""
    return bool(record_ids(item.text(f.HTML) or item.text(f.BODY)))
