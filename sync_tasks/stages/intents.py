"""What users chose for messages that a run meets: which records they hang on, and values of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mapping.model.item import ItemKind, Side
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.work import Work
from sync_tasks.state.records import IntentOutcome, IntentView, PairState, PairView
from sync_tasks.state.store import Unit

MARK = "intent"  # a pair bears the number of the choice that its record was made for


@dataclass(frozen=True, slots=True)
class Intent:
    """`who`: contacts and leads, `what`: the record the message is about; both may be empty. `values`: texts of columns
    of the new record. `thread`: the later messages of the thread go the same way. `composed`: it was named by its
    Message-ID, as a message is that is still being written."""

    id: int
    who: tuple[str, ...]
    what: str
    values: Mapping[str, str]
    thread: bool
    composed: bool = False

    @property
    def chooses(self) -> bool:
        """Does it say what the message hangs on?"""
        return bool(self.who or self.what)


def context_of(key: str, item: str) -> str:
    """What the sealed values of a choice are bound to."""
    return f"intent\0{key}\0{item}"


def chosen(ctx: StageContext, works: Sequence[Work]) -> dict[str, Intent]:
    """By the slot of the message, what its user chose for it and is not done yet. No vendor is asked."""
    mails = [w for w in works if w.kind is ItemKind.EMAIL and w.side is Side.MAILBOX and w.item is not None]
    if not mails:
        return {}
    with ctx.store.reading() as unit:
        found = _waiting(ctx, unit, mails) if unit.intents.any_waiting(ctx.user.id, ctx.now()) else []
        sealed = {each.id: unit.intents.sealed(each.id) for each in found}
    by_key = {each.key: each for each in found if each.key}
    by_item = {each.item: each for each in found if each.item}
    told: dict[str, Intent] = {}
    for work in mails:
        view = by_item.get(work.ref.id) or by_key.get(work.key)
        if view is not None:
            told[work.slot] = _opened(ctx, view, sealed[view.id])
    return told


def is_done(intent: Intent, pair: PairView | None) -> bool:
    """Is there nothing left to do for it? The record that stands for the message was made for this very choice, or the
    choice was only that the message be saved."""
    if pair is None or pair.state != PairState.LIVE:
        return False
    return pair.marks.get(MARK) == str(intent.id) or not (intent.chooses or intent.values)


def settle(ctx: StageContext) -> None:
    """Close the choices that are carried out by now."""
    with ctx.store.reading() as unit:
        if not unit.intents.any_waiting(ctx.user.id, ctx.now()):
            return
    works = ctx.load_works()
    found = chosen(ctx, works)
    if not found:
        return
    with ctx.store.reading() as unit:
        pairs = unit.pairs.by_key(ctx.user.id, [w.key for w in works if w.slot in found])
    keys = {work.slot: work.key for work in works}
    done = [intent.id for slot, intent in found.items() if is_done(intent, pairs.get(keys[slot]))]
    if done:
        with ctx.fenced() as unit:
            unit.intents.close(done, IntentOutcome.SAVED, ctx.now())


def _waiting(ctx: StageContext, unit: Unit, mails: Iterable[Work]) -> list[IntentView]:
    works = list(mails)
    keys, items = [w.key for w in works if w.key], [w.ref.id for w in works]
    return unit.intents.waiting(ctx.user.id, ctx.now(), keys=keys, items=items)


def _opened(ctx: StageContext, view: IntentView, sealed: bytes | None) -> Intent:
    values = {} if sealed is None else json.loads(ctx.kept.open(sealed, context_of(view.key, view.item)))
    return Intent(view.id, view.who, view.what, values, view.thread, bool(view.key))
