"""What categorize has to know of the mails of a run before it decides on them: who asked for which, and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from mapping.model.item import ItemKind, Side
from mapping.model.reasons import Reason
from mapping.rules import scope
from mapping.rules.decision import Decision, Outcome, PairFacts
from mapping.rules.scope import Asked
from mapping.rules.scope_emails import MARKED_FOLDER
from sync_tasks.stages import inheriting, intents, plan_files, remarking
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.remarking import MARKED
from sync_tasks.stages.strangers import mail_book
from sync_tasks.stages.work import Work
from sync_tasks.state.records import IntentOutcome, PairState, PairView
from sync_tasks.state.store import Unit


class Mails:
    """The mails of a run. `by_ref`: pairs by slot, `by_key`: by key; a mail that was moved is found by its key."""

    def __init__(
        self, ctx: StageContext, works: Sequence[Work], by_ref: Mapping[str, PairView], by_key: Mapping[str, PairView]
    ) -> None:
        self._ctx = ctx
        self._works = [w for w in works if w.kind is ItemKind.EMAIL and w.side is Side.MAILBOX]
        found = {w.slot: by_ref.get(w.slot) or by_key.get(w.key) for w in self._works}
        self._pairs = {slot: pair for slot, pair in found.items() if pair is not None}
        self._chosen = intents.chosen(ctx, self._works)
        self._inherited = inheriting.inherited(ctx, self._works, self._pairs)
        self._gone = remarking.look(ctx, self._works, self._pairs)

    def decide(self, work: Work, pair: PairView | None, known: PairFacts | None, *, first_run: bool) -> Decision:
        """The first half of the decision on a mail."""
        ctx = self._ctx
        assert work.item is not None
        intent = self._chosen.get(work.slot)
        wanted = intent is not None and not intents.is_done(intent, pair)
        if pair is not None and pair.key in self._gone and known is not None:
            known = replace(known, saved_before=False, unsynced=True)
        elif pair is not None and pair.state == PairState.LIVE and not wanted:
            if MARKED not in pair.marks:  # it is marked when it is saved and linked
                return Decision(Outcome.SHARE, Reason.LINKS_ADDED, "DUP-3")
            if _is_unfinished(work, pair):
                return Decision(Outcome.SHARE, Reason.LINKED, "MKM-1")
        asked = Asked(chosen=wanted, inherited=work.slot in self._inherited)
        book = mail_book(ctx, work.item)
        return scope.email(work.item, known, book, ctx.me, ctx.settings, ctx.now(), first_run, asked)

    def note(self, unit: Unit) -> None:
        """Keep what was found out about pairs, and close the choices that left nothing to do."""
        remarking.note(self._ctx, unit, self._works, self._pairs, self._gone)
        done = [each.id for slot, each in self._chosen.items() if intents.is_done(each, self._pairs.get(slot))]
        unit.intents.close(done, IntentOutcome.SAVED, self._ctx.now())


def _is_unfinished(work: Work, pair: PairView) -> bool:
    """A mail whose record stands but whose attachments or way back from the managed folder were cut off."""
    return work.ref.container == MARKED_FOLDER or plan_files.is_open(pair)
