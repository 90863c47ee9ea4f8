"""Threads in a run: which messages a thread brings along, what they take over from it, and what they add to it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from connectors.protocols import Can
from mapping.model import fields as f
from mapping.model.item import ItemKind, ItemRef, Side
from mapping.model.reasons import Reason
from mapping.rules import marks, scope, threads
from mapping.rules.addresses import others
from mapping.rules.attendees import person_mark
from mapping.rules.decision import categories
from mapping.rules.identity import email_key
from mapping.rules.linking import Context
from mapping.rules.linking_business import ThreadLink
from mapping.rules.threads import Keys
from sync_tasks.stages import intents
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.intents import Intent
from sync_tasks.stages.work import Work
from sync_tasks.state.store import Unit

VALUES = "thread"  # what the sealed values of a thread are bound to
PERSON, BUSINESS, ADDRESS = "person", "business", "address"


def written(work: Work) -> tuple[datetime, str]:
    """The order of messages: as they were written."""
    assert work.item is not None
    return threads.written(work.item), work.ref.id


def _mails(works: Iterable[Work]) -> list[Work]:
    return [w for w in works if w.kind is ItemKind.EMAIL and w.side is Side.MAILBOX and w.item is not None]


def _keys(ctx: StageContext, works: Iterable[Work]) -> dict[str, Keys]:
    return {w.slot: threads.keys_of(ctx.org, ctx.user.address, w.item) for w in works if w.item is not None}


# --- fetch


def conversation(ctx: StageContext, works: Iterable[Work]) -> list[ItemRef]:
    """The other messages of the threads that some of these messages ask for, as far as they lie in Inbox and Sent: one
    vendor call for all conversations. They are told once more whenever such a message changes, which costs little and
    lets nothing get lost."""
    if Can.CONVERSATIONS not in ctx.mailbox.can:
        return []
    if not ctx.settings.bool("threads.enabled"):
        return []
    mails = [replace(w, key=email_key(ctx.org, w.item.text(f.MESSAGE_ID))) for w in _mails(works) if w.item is not None]
    asking = {w.item.text(f.CONVERSATION) for w in _asking(ctx, mails) if w.item is not None}
    told = ctx.mailbox.conversations(sorted(asking - {""})) if asking - {""} else {}
    found = {ref for refs in told.values() for ref in refs if ref.container in threads.FOLDERS}
    staged = {w.ref.id for w in mails}
    return sorted((ref for ref in found if ref.id not in staged), key=lambda ref: ref.id)


def _asking(ctx: StageContext, mails: Sequence[Work]) -> list[Work]:
    """Those that ask for their threads: by a mark, or because the user chose so for them (THR-1)."""
    chosen = intents.chosen(ctx, mails)
    return [
        w for w in mails
        if w.item is not None and w.ref.container in threads.FOLDERS
        and (threads.asks_for_thread(w.item, ctx.settings) or _wants_thread(chosen.get(w.slot)))
    ]  # fmt: skip


# --- categorize


@dataclass(slots=True)
class Followed:
    """Slots of the messages that belong to threads which the user wants as a whole. `begun`: by the slot of the message
    that asks for it, all keys of its thread. `ended`: keys of messages that asked once and ask no longer. `values`: by
    slot, what the user chose for columns of its records."""

    slots: frozenset[str] = frozenset()
    begun: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ended: tuple[str, ...] = ()
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def followed(ctx: StageContext, works: Sequence[Work]) -> Followed:
    """Which of the messages belong to such threads; no vendor is asked."""
    mails = _mails(works)
    if not mails or not ctx.settings.bool("threads.enabled"):
        return Followed()
    keys = _keys(ctx, mails)
    with ctx.store.reading() as unit:
        known = unit.threads.known_by(ctx.user.org_id, (k for each in keys.values() for k in each.all))
        mine = [each for each in unit.threads.followers(known.values()) if each.user_id == ctx.user.id]
    asking = {w.slot for w in _asking(ctx, mails)}
    chosen = {slot: each for slot, each in intents.chosen(ctx, mails).items() if each.thread}
    asked = {each.key for each in mine}
    ended = tuple(w.key for w in mails if w.key in asked and w.slot not in asking)
    ids = {each.thread_id for each in mine if each.key not in ended}
    wanted = {key for key, thread_id in known.items() if thread_id in ids}
    wanted |= {key for slot in asking for key in keys[slot].all}
    inside = _reached(keys, wanted)
    begun = {slot: _together(keys, keys[slot].all, inside) for slot in asking}
    return Followed(frozenset(inside), begun, ended, {slot: each.values for slot, each in chosen.items()})


def _reached(keys: Mapping[str, Keys], wanted: Collection[str]) -> set[str]:
    """The messages that one of these keys leads to, directly or from one to the next."""
    known, inside = set(wanted), set[str]()
    while more := [slot for slot, each in keys.items() if slot not in inside and known & set(each.all)]:
        inside |= set(more)
        known |= {key for slot in more for key in keys[slot].own}
    return inside


def _together(keys: Mapping[str, Keys], start: Sequence[str], inside: Collection[str]) -> tuple[str, ...]:
    reached = _reached({slot: keys[slot] for slot in inside}, start)
    return tuple(dict.fromkeys((*start, *(key for slot in sorted(reached) for key in keys[slot].own))))


def marked(work: Work, found: Followed) -> Work:
    """A message that asks for its thread asks for itself too."""
    if work.slot not in found.begun or work.item is None:
        return work
    return replace(work, item=work.item.with_fields({f.CATEGORIES: (*categories(work.item), marks.SALESFORCE)}))


def decide(ctx: StageContext, work: Work, decided: scope.Decision, found: Followed) -> scope.Decision:
    """The decision on a message, given the threads that the user wants as a whole."""
    if work.item is None or work.slot not in found.slots:
        return decided
    return threads.decide(work.item, decided, ctx.book, ctx.me, ctx.settings)


def begin(ctx: StageContext, unit: Unit, works: Sequence[Work], found: Followed) -> None:
    """Remember the threads that the user wants as a whole from now on."""
    unit.threads.unfollow(ctx.user.id, found.ended)
    own = {work.slot: work.key for work in works}
    for slot, keys in sorted(found.begun.items()):
        thread_id = unit.threads.ensure(ctx.user.org_id, keys, ctx.now())
        values = found.values.get(slot)
        sealed = ctx.kept.seal(json.dumps(dict(values)).encode(), VALUES) if values else None
        by_mark = "" if slot in found.values else own[slot]
        unit.threads.follow(thread_id, ctx.user.id, ctx.now(), key=by_mark, sealed=sealed)


# --- link


@dataclass(slots=True)
class State:
    """What one thread is linked to, and what this run adds. `people` and `business` in the order in which they came."""

    keys: set[str]
    followed: bool = False
    people: list[str] = field(default_factory=list)
    business: list[ThreadLink] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    added: list[tuple[str, str, bool]] = field(default_factory=list)


@dataclass(slots=True)
class Known:
    """The threads of the messages that a run links, by the slots of those."""

    states: dict[str, State]
    known_as: dict[str, dict[str, str]]  # by slot: the mark of each address that may be linked
    # by slot: what the user wants in columns of every record (THR-7)
    values: dict[str, Mapping[str, str]]
    chosen: frozenset[str] = frozenset()  # slots of messages whose records their user chose
    new_people: bool = False  # whether people who join a thread later are linked, too

    def over(self, work: Work, context: Context, addresses: Sequence[str]) -> Context:
        """What a message brings along, with what it takes over from its thread: the same records, and nobody who was
        not there when the thread was saved (THR-4). What the user asks for by itself is looked up anew."""
        state = self.states.get(work.slot)
        if state is None:
            return context
        about = replace(context.about, thread=tuple(state.business))
        if _asked(work) or not (state.followed and state.addresses) or self.new_people:
            return replace(context, about=about)
        known = frozenset(a for a in addresses if self.known_as[work.slot][a] in state.addresses)
        return replace(context, about=about, only_known=known, thread_people=tuple(state.people))

    def take(self, work: Work, addresses: Sequence[str]) -> None:
        """Let the thread learn what a message led to (THR-8). Somebody whom the user chose and who is not on it stays
        with this message (THR-6)."""
        state, links = self.states.get(work.slot), work.links
        if state is None or links is None:
            return
        if _asked(work) or not state.addresses or not state.followed or self.new_people:
            names = [self.known_as[work.slot][a] for a in addresses]
            state.added += [(ADDRESS, name, False) for name in names if name not in state.addresses]
            state.addresses |= set(names)
        by_hand = work.slot in self.chosen
        for person in links.people:
            if person.address and not person.id.startswith("@") and person.id not in state.people:
                state.people.append(person.id)
                state.added.append((PERSON, person.id, by_hand))
        for record in links.own:
            known = {link.id: link for link in state.business}
            if record.startswith("@") or (record in known and (known[record].by_hand or not by_hand)):
                continue
            state.business = [*(link for link in state.business if link.id != record), ThreadLink(record, by_hand)]
            state.added.append((BUSINESS, record, by_hand))

    def keep(self, ctx: StageContext, unit: Unit) -> None:
        for state in {id(each): each for each in self.states.values()}.values():
            thread_id = unit.threads.ensure(ctx.user.org_id, sorted(state.keys), ctx.now())
            unit.threads.link(thread_id, ctx.user.id, state.added, ctx.now())


def known(ctx: StageContext, works: Sequence[Work], chosen: Mapping[str, Intent]) -> Known:
    """The threads of these messages: those that somebody wants as a whole, and all where the settings let every thread
    pass on its links. `chosen`: by slot, what the user chose for the messages."""
    mails = _mails(works)
    whose = ctx.settings.text("threads.links")
    if not mails or whose == "off":
        return Known({}, {}, {})
    keys = _keys(ctx, mails)
    with ctx.store.reading() as unit:
        threads_of = unit.threads.known_by(ctx.user.org_id, (k for each in keys.values() for k in each.all))
        followers = unit.threads.followers(threads_of.values())
        links = unit.threads.links(threads_of.values())
    wanted = {each.thread_id for each in followers}
    given = {each.thread_id: each.sealed for each in followers if each.user_id == ctx.user.id and each.sealed}
    states: dict[str, State] = {}
    values: dict[str, Mapping[str, str]] = {}
    for group in _groups(keys, threads_of):
        ids = sorted({threads_of[k] for slot in group for k in keys[slot].all if k in threads_of})
        asked = any(_in_thread(w, ctx) or _wants_thread(chosen.get(w.slot)) for w in mails if w.slot in group)
        if not (whose == "all" or asked or wanted & set(ids)):
            continue
        state = State({k for slot in group for k in keys[slot].own}, asked or bool(wanted & set(ids)))
        for link in (link for thread_id in ids for link in links.get(thread_id, ())):
            if link.part == PERSON:
                state.people.append(link.value)
            elif link.part == ADDRESS:
                state.addresses.add(link.value)
            else:
                state.business.append(ThreadLink(link.value, link.by_hand))
        for intent in (chosen[slot] for slot in sorted(group) if slot in chosen):
            if intent.thread and intent.what:  # earlier messages are linked to it as well (THR-5)
                state.business.append(ThreadLink(intent.what, by_hand=True))
                state.added.append((BUSINESS, intent.what, True))
        states |= dict.fromkeys(group, state)
        for sealed in (given[thread_id] for thread_id in ids if thread_id in given):
            values |= dict.fromkeys(group, json.loads(ctx.kept.open(sealed, VALUES)))
    known_as = {
        w.slot: {a: person_mark(ctx.org_fingerprint_key, a) for a in others(w.item, frozenset())}
        for w in mails if w.slot in states and w.item is not None
    }  # fmt: skip
    by_hand = frozenset(slot for slot, each in chosen.items() if each.chooses)
    return Known(states, known_as, values, by_hand, ctx.settings.bool("threads.new_people"))


def _groups(keys: Mapping[str, Keys], threads_of: Mapping[str, int]) -> list[set[str]]:
    """Slots that belong to one thread, by the threads known and by each other's keys."""
    joined = {
        slot: Keys((*each.own, *{str(threads_of[k]) for k in each.all if k in threads_of}), each.above)
        for slot, each in keys.items()
    }
    left, groups = set(joined), list[set[str]]()
    while left:
        start = min(left)
        group = _reached({slot: joined[slot] for slot in left}, joined[start].all)
        groups.append(group)
        left -= group
    return groups


def _in_thread(work: Work, ctx: StageContext) -> bool:
    asks = work.item is not None and threads.asks_for_thread(work.item, ctx.settings)
    return asks or (work.decision is not None and work.decision.reason is Reason.IN_THREAD)


def _wants_thread(intent: Intent | None) -> bool:
    return intent is not None and intent.thread


def _asked(work: Work) -> bool:
    return work.decision is not None and work.decision.rule in scope.FORCED
