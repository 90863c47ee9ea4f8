"""A user's mailbox has moved to another service: its items have other ids there, and every link must follow them.

Items are known again by the key that they bear, meetings also by their UID. A task may bear no key over there: it is
known by what both sides had agreed on of it, of which the pair keeps fingerprints, and is given its key anew. Whatever
is not found is let go and not deleted: nobody has deleted it. Mails need nothing, their Message-ID stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from connectors.errors import ConnectorError
from connectors.protocols import Detail, Mailbox, Verb, Write
from mapping.merge.baseline import Baseline
from mapping.model import fields as f
from mapping.model.item import MISSING, Item, ItemKind
from mapping.model.reasons import Reason
from mapping.model.series import occurrence_id, split_id, stamp
from mapping.rules import series
from mapping.rules.identity import event_key
from mapping.tables.task import TASK
from sync_tasks.bootstrap import App
from sync_tasks.services.lifecycle import refuse_while_running
from sync_tasks.stages.kinds import KIND_OF_FOLDER, managed, watched
from sync_tasks.state.records import PairState, PairView, UserView
from sync_tasks.state.store import Unit

AT_ONCE = 200  # items read together


@dataclass(frozen=True, slots=True)
class Moved:
    """How many links of each kind follow their item, and how many were let go because it was not found."""

    followed: Mapping[str, int]
    released: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the item of a pair is now. `master`: of an occurrence, the id of its series."""

    id: str
    folder: str
    master: str = ""


def move(app: App, user: UserView, mailbox: Mailbox, connect: Callable[[Unit], None]) -> Moved:
    """Let the links of a user follow into `mailbox`, to which `connect` leads from then on. The next run reads all of
    it and compares. Raises BusyError when a run is open, ConnectorError when not everything could be read: then nothing
    has changed."""
    refuse_while_running(app, user)
    settings = app.effective(user)
    folders = mailbox.folders(managed(settings))
    items = list(_everything(mailbox, watched(settings)))
    with app.store.reading() as unit:
        pairs = [pair for pair in unit.pairs.of_user(user.id) if pair.mailbox_id and pair.kind != ItemKind.EMAIL]
    places = _by_key(user, pairs, items)
    tasks = _by_content(pairs, items, places, app.fingerprint_key(user.id))
    _stamp(mailbox, tasks)
    places |= {key: Place(item.ref.id, item.ref.container) for key, item in tasks.items()}
    lost = [pair for pair in pairs if pair.key not in places and pair.state == PairState.LIVE]
    now = app.clock()
    with app.store.writing() as unit:
        connect(unit)
        unit.accounts.remember_folders(user.org_id, user.id, folders)
        unit.pairs.put(user.org_id, user.id, now, [(key, _values(place)) for key, place in places.items()])
        unit.pairs.put(user.org_id, user.id, now, [(pair.key, _LET_GO) for pair in lost])
        unit.runs.forget_cursors(user.id, "mailbox:")
        unit.accounts.audit(now, "console", "user.move-mailbox", user.address, followed=len(places), released=len(lost))
    followed = Counter(pair.kind for pair in pairs if pair.key in places and pair.state == PairState.LIVE)
    return Moved(dict(followed), dict(Counter(pair.kind for pair in lost)))


_LET_GO = {"state": PairState.RELEASED.value, "reason": Reason.MAILBOX_MOVED.value}


def _values(place: Place) -> dict[str, object]:
    # without a version the next run looks at the item, and finds what was edited between the last run and the move
    return {
        "mailbox_id": place.id, "folder": place.folder, "series": place.master, "mailbox_version": "", "unseen": False,
    }  # fmt: skip


def _everything(mailbox: Mailbox, folders: Iterable[str]) -> Iterator[Item]:
    """All events, tasks and contacts in the folders. Raises ConnectorError, also for a single one."""
    for folder in folders:
        if KIND_OF_FOLDER[folder] is ItemKind.EMAIL:
            continue
        refs = [change.ref for change in mailbox.changes(folder, None).changes if not change.deleted]
        for start in range(0, len(refs), AT_ONCE):
            for item in mailbox.read(refs[start : start + AT_ONCE], Detail.HEAD).values():
                if isinstance(item, ConnectorError):
                    raise item
                yield item


def _by_key(user: UserView, pairs: Sequence[PairView], items: Sequence[Item]) -> dict[str, Place]:
    """The places of the pairs whose key an item bears or is known by, and of the occurrences of series."""
    wanted = {pair.key for pair in pairs}
    found: dict[str, Place] = {}
    for item in items:
        for key in _keys(user, item):
            if key in wanted:
                found.setdefault(key, Place(item.ref.id, item.ref.container))
    masters = [item for item in items if series.is_master(item)]
    for pair in pairs:
        original = split_id(pair.mailbox_id)[1]
        if original is None:
            continue
        for master in masters:
            if pair.key in _part_keys(user, master, original):
                identifier = occurrence_id(master.ref.id, original)
                found[pair.key] = Place(identifier, master.ref.container, master.ref.id)
    return found


def _keys(user: UserView, item: Item) -> Iterator[str]:
    if item.text(f.KEY):
        yield item.text(f.KEY)
    if item.ref.kind is ItemKind.EVENT:
        yield from (event_key(user.org_name, uid) for uid in _uids(user, item))


def _part_keys(user: UserView, master: Item, original: date) -> Iterator[str]:
    return (event_key(user.org_name, uid, stamp(original)) for uid in _uids(user, master))


def _uids(user: UserView, item: Item) -> tuple[str, ...]:
    """By what a meeting may be known: its UID, or the user's own where each has a copy."""
    uid = item.text(f.UID)
    return (uid, f"{uid}\x1f{user.id}") if uid else ()


def _by_content(
    pairs: Sequence[PairView], items: Sequence[Item], places: Mapping[str, Place], key: bytes
) -> dict[str, Item]:
    """By the key of their pair, the tasks that bear none: those of which all is as it was agreed, then those of which
    at least the subject is, where no other could be meant."""
    taken = {place.id for place in places.values()}
    left = [item for item in items if item.ref.kind is ItemKind.TASK and item.ref.id not in taken]
    open_pairs = [
        pair for pair in pairs
        if pair.kind == ItemKind.TASK and pair.state == PairState.LIVE and pair.key not in places
    ]  # fmt: skip
    found: dict[str, Item] = {}
    for pair in open_pairs:
        match = next((item for item in left if _agrees(pair, item, key)), None)
        if match is not None:
            found[pair.key] = match
            left.remove(match)
    named = {
        pair.key: [item for item in left if _agrees(pair, item, key, f.SUBJECT)]
        for pair in open_pairs if pair.key not in found
    }  # fmt: skip
    rivals = Counter(item.ref.id for matches in named.values() for item in matches)
    alone = {each: matches[0] for each, matches in named.items() if len(matches) == 1}
    return found | {each: item for each, item in alone.items() if rivals[item.ref.id] == 1}


def _agrees(pair: PairView, item: Item, key: bytes, *only: str) -> bool:
    """Is the item as both sides had agreed on, in every row that it tells (`only`: in these)?"""
    base = Baseline(pair.marks, key)
    rows = [row for row in TASK.fields if row.name in pair.marks and (not only or row.name in only)]
    views = [(row.name, row.view(item.fields)) for row in rows]
    told = [(name, view) for name, view in views if view is not MISSING]
    return bool(told) and not any(base.changed(name, view) for name, view in told)


def _stamp(mailbox: Mailbox, tasks: Mapping[str, Item]) -> None:
    """Give tasks their keys. One that refuses its key is found by its id as well, for as long as it is not moved."""
    by_folder: dict[str, list[Write]] = {}
    for key, item in tasks.items():
        write = Write(Verb.UPDATE, ItemKind.TASK, item.ref.container, item.ref.id, values={f.KEY: key})
        by_folder.setdefault(item.ref.container, []).append(write)
    for writes in by_folder.values():
        for start in range(0, len(writes), mailbox.batch_size):
            mailbox.write(writes[start : start + mailbox.batch_size])
