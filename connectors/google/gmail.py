"""Mail: what changed since a point of the mailbox's history, what messages say, and the labels that are put on them.

One history tells of all folders. Reading a message is what Gmail counts most, so no look tells of more than about
`AT_ONCE` of them in a folder: what else there is comes with the next. Messages never change but for their labels, and
those are written as what is put on and what is taken off: nothing that somebody else did in between is undone, so these
writes need no condition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from connectors.errors import ConnectorError, Fault, Scope
from connectors.google import drive
from connectors.google.batch import Batch, only
from connectors.google.config import Service
from connectors.google.labels import MANAGED, USER, Labels
from connectors.google.line import Line
from connectors.google.mails import (
    ARCHIVED,
    LABELS,
    MARK_LABEL,
    ROLE_LABELS,
    STRUCTURE,
    categories_of,
    decode,
    is_noise,
    label_of,
    role_of,
    version_of,
)
from connectors.google.multipart import Ask, Json
from connectors.google.shared import Shared
from connectors.protocols import Change, Changes, Detail, Outcome, Verb, Write
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.rules.files import attached

ROLES = (*ROLE_LABELS, MANAGED)
_TYPES = ("messageAdded", "messageDeleted", "labelAdded", "labelRemoved")
_TRASH = "TRASH"
AT_ONCE = 50  # in three folders, and those that are saved once more, this is what a user may read in a minute
_TOGETHER = 10  # from so many messages on, one write for all of them is cheaper than one for each


@dataclass(frozen=True, slots=True)
class _History:
    """What became of messages: their labels now, None for those that are gone. `taken`: labels that were taken off."""

    messages: Mapping[str, tuple[str, ...] | None]
    taken: frozenset[str]
    cursor: str
    more: bool


@dataclass(frozen=True, slots=True)
class _Place:
    """How far the first listing of a folder has come. `history`: where to go on after it, `listing`: in which of the
    folder's listings, `page`: the token of the page that comes next."""

    history: str
    listing: int = 0
    page: str = ""

    @classmethod
    def start(cls, history: str) -> _Place:
        return cls(history)

    @classmethod
    def read(cls, cursor: str) -> _Place | None:
        """None for a point of the history."""
        history, found, rest = cursor.partition(":")
        listing, _, page = rest.partition(":")
        return cls(history, int(listing), page) if found and listing.isdigit() else None

    def text(self) -> str:
        return f"{self.history}:{self.listing}:{self.page}"


class Gmail:
    def __init__(self, line: Line) -> None:
        self._line = line
        self.labels = Labels(line)
        self._history: Shared[_History] = Shared()
        self._borne: dict[str, tuple[str, ...]] = {}  # the labels of messages, as last seen

    @property
    def _mark(self) -> str:
        return self._line.folder_ids.get(MANAGED, "")

    # --- changes

    def changes(self, role: str, cursor: str | None) -> Changes:
        label = self._label(role, first=cursor is None)
        place = _Place.start(self._now()) if cursor is None else _Place.read(cursor)
        if place is not None:
            return self._listed(role, place, first=cursor is None)
        assert cursor is not None
        history = self._history.of(role, cursor, lambda: self._since(cursor))
        there = [(ident, labels) for ident, labels in history.messages.items() if labels is not None]
        taken = label in history.taken
        names = self.labels.names(fresh=True) if taken else self.labels.names_for(labels for _, labels in there)
        if label and (taken or names) and label not in names:  # one of that name that was made since is another one
            self._line.folder_ids.pop(role, None)
            raise _no_label()
        found = [_change(role, ident, labels, names) for ident, labels in there if self._role(labels) == role]
        gone = [Change(_ref(ident, role), deleted=True) for ident, labels in history.messages.items() if labels is None]
        return Changes((*found, *gone), history.cursor, more=history.more)

    def _label(self, role: str, *, first: bool = False) -> str:
        """The user's label that is the folder; '' for a folder that is none. `first`: it may have been removed since it
        was found. Raises NOT_FOUND (container)."""
        if role in ROLE_LABELS:
            return ""
        label = self._line.folder_ids.get(role, "")
        further = role != MANAGED and label != ARCHIVED
        if not label or (first and further and label not in self.labels.names()):
            self._line.folder_ids.pop(role, None)
            raise _no_label()
        return "" if label == ARCHIVED else label

    def _role(self, labels: Iterable[str]) -> str:
        return role_of(labels, self._mark, self.labels.further())

    def _since(self, cursor: str) -> _History:
        params = {"startHistoryId": cursor, "historyTypes": _TYPES, "maxResults": AT_ONCE}
        ask = Ask("gmail.users.history.list", "GET", f"{USER}/history", params)
        messages: dict[str, tuple[str, ...] | None] = {}
        taken: set[str] = set()
        more = False
        with _lost_with(Fault.NOT_FOUND, Fault.INVALID):
            for page in self._line.pages(Service.GMAIL, ask):
                records: list[Json] = page.get("history") or []
                for record in records:
                    for ident, labels in _told(record, taken):
                        messages.pop(ident, None)
                        messages[ident] = labels
                more = bool(page.get("nextPageToken")) and len(messages) >= AT_ONCE
                cursor = str(records[-1]["id"]) if more else str(page.get("historyId") or cursor)
                if more:
                    break
        self._borne |= {ident: labels for ident, labels in messages.items() if labels is not None}
        return _History(messages, frozenset(taken), cursor, more)

    def _now(self) -> str:
        """The present point of the history."""
        profile = self._line.call(Service.GMAIL, Ask("gmail.users.getProfile", "GET", f"{USER}/profile"))
        return str(profile["historyId"])

    def _listings(self, role: str) -> list[Json]:
        """What stands in a folder: the young ones, and all that bear our label."""
        if role == MANAGED:
            return [{"labelIds": [self._mark], "q": "-in:inbox -in:sent"}]
        young = f"newer_than:{self._line.config.mail_days}d -in:chats"
        if role in ROLE_LABELS:
            label = ROLE_LABELS[role]
            marked = [{"labelIds": [label, self._mark]}] if self._mark else []
            return [{"labelIds": [label], "q": young}, *marked]
        label, archived = self._label(role), f"{young} -in:inbox -in:sent -in:drafts -label:{_searched(MARK_LABEL)}"
        return [{"labelIds": [label], "q": archived} if label else {"q": f"{archived} has:nouserlabels"}]

    def _listed(self, role: str, place: _Place, *, first: bool) -> Changes:
        """What comes next when a folder is read from the start."""
        listings, found = self._listings(role), dict[str, Change]()
        while place.listing < len(listings) and len(found) < AT_ONCE:
            params = {**listings[place.listing], "maxResults": AT_ONCE}
            params |= {"pageToken": place.page} if place.page else {}
            ask = Ask("gmail.users.messages.list", "GET", f"{USER}/messages", params)
            with _lost_with(Fault.INVALID):
                page = self._line.call(Service.GMAIL, ask, Scope.CONTAINER)
            found |= {each["id"]: Change(_ref(each["id"], role)) for each in page.get("messages") or ()}
            token = str(page.get("nextPageToken") or "")
            place = _Place(place.history, place.listing + (not token), token)
        more = place.listing < len(listings)
        cursor = place.text() if more else place.history
        return Changes(tuple(found.values()), cursor, complete=first and not more, more=more)

    # --- reading

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> dict[ItemRef, Item | ConnectorError]:
        deep = detail is Detail.BODY
        params = {"format": "full", **({} if deep else {"fields": STRUCTURE})}
        asks = [Ask("gmail.users.messages.get", "GET", f"{USER}/messages/{ref.id}", params) for ref in refs]
        answers = dict(zip(refs, self._line.batch(Service.GMAIL, asks), strict=True)) if asks else {}
        there = [told for told in answers.values() if not isinstance(told, ConnectorError)]
        names = self.labels.names_for(told.get("labelIds") or () for told in there)
        found: dict[ItemRef, Item | ConnectorError] = {}
        for ref, told in answers.items():
            if isinstance(told, ConnectorError):
                if told.fault is not Fault.NOT_FOUND:
                    found[ref] = told
                continue
            labels = tuple(told.get("labelIds") or ())
            if _TRASH not in labels:
                self._borne[ref.id] = labels
                found[ref] = Item(ref, version_of(labels), decode(told, names, deep=deep))
        return self._with_drive(found) if deep else found

    def _with_drive(self, found: dict[ItemRef, Item | ConnectorError]) -> dict[ItemRef, Item | ConnectorError]:
        """The messages with what Drive tells of the files that they show."""
        messages = {ref: item for ref, item in found.items() if isinstance(item, Item)}
        known = drive.looked_up(self._line, [each for item in messages.values() for each in attached(item)])
        if not known:
            return found
        return found | {
            ref: item.with_fields({f.ATTACHMENTS: tuple(known.get(each.id, each) for each in attached(item))})
            for ref, item in messages.items()
        }

    def conversations(self, ids: Sequence[str]) -> dict[str, tuple[ItemRef, ...]]:
        """The messages of threads that stand in a folder; of those that are there."""
        params = {"format": "minimal", "fields": "id,messages(id,labelIds)"}
        asks = [Ask("gmail.users.threads.get", "GET", f"{USER}/threads/{each}", params) for each in ids]
        found: dict[str, tuple[ItemRef, ...]] = {}
        for ident, thread in zip(ids, self._line.batch(Service.GMAIL, asks) if asks else (), strict=True):
            if isinstance(thread, ConnectorError):
                if thread.fault is not Fault.NOT_FOUND:
                    raise thread
                continue
            placed = [(each["id"], self._role(each.get("labelIds") or ())) for each in thread["messages"]]
            found[ident] = tuple(_ref(message, role) for message, role in placed if role)
        return found

    # --- writing

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        batch = Batch(self._line, Service.GMAIL, writes)
        deltas: dict[int, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        for at, write in enumerate(writes):
            match write.verb:
                case Verb.UPDATE if write.values.keys() <= {f.CATEGORIES, f.KEY}:
                    deltas[at] = self._marks(write)
                case Verb.MOVE:
                    deltas[at] = self._carried(write)
                case _:
                    batch.fail(at, Fault.INVALID, "of a message only the labels are written", *sorted(write.values))
        for at in [at for at, delta in deltas.items() if not any(delta)]:
            batch.settle(at, Outcome(writes[at].id, writes[at].version))
        self._together(batch, deltas)
        asks = {at: _modifying(writes[at].id, *deltas[at]) for at in only(deltas, batch)}
        batch.send(asks, lambda at, told: self._wrote(writes[at].id, tuple(told.get("labelIds") or ())))
        return batch.outcomes()

    def _marks(self, write: Write) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What is put on and taken off. Labels that are not ours are never taken off."""
        categories = write.values.get(f.CATEGORIES)
        if not isinstance(categories, tuple):
            return (), ()
        wanted = [name for category in categories if (name := label_of(str(category))) is not None]
        known = {name.casefold(): ident for ident, name in self.labels.names().items()}
        if any(name.casefold() not in known for name in wanted):
            known |= {name.casefold(): ident for name, ident in self.labels.ids(wanted).items()}
        add = tuple(known[name.casefold()] for name in wanted)
        remove = (known.get(name.casefold()) for name in LABELS)
        return add, tuple(ident for ident in remove if ident and ident not in add)

    def _carried(self, write: Write) -> tuple[tuple[str, ...], tuple[str, ...]]:
        labels = {**ROLE_LABELS, MANAGED: self._mark}
        target = labels.get(str(write.values.get("folder")), "")
        source = labels.get(write.target, "")
        # what was sent remains what was sent
        return tuple({target} - {""}), tuple({source} - {"", target, ROLE_LABELS["sent"]})

    def _together(self, batch: Batch, deltas: Mapping[int, tuple[tuple[str, ...], tuple[str, ...]]]) -> None:
        """Many messages that get the same labels, in one call, as far as it is known which ones they bear: the server
        does not tell what came of each."""
        groups: dict[tuple[tuple[str, ...], tuple[str, ...]], list[int]] = {}
        for at in only(deltas, batch):
            if batch.writes[at].id in self._borne:
                groups.setdefault(deltas[at], []).append(at)
        for (add, remove), which in groups.items():
            if len(which) < _TOGETHER:
                continue
            body = {"ids": [batch.writes[at].id for at in which], **_delta(add, remove)}
            ask = Ask("gmail.users.messages.batchModify", "POST", f"{USER}/messages/batchModify", body=body)
            (answer,) = batch.answers({which[0]: ask}).values()
            for at in which:
                ident = batch.writes[at].id
                kept = [label for label in self._borne[ident] if label not in remove]
                borne = (*kept, *(label for label in add if label not in kept))
                failed = answer if isinstance(answer, ConnectorError) else None
                batch.settle(at, Outcome(error=failed) if failed else self._wrote(ident, borne))

    def _wrote(self, ident: str, labels: tuple[str, ...]) -> Outcome:
        self._borne[ident] = labels
        return Outcome(ident, version_of(labels))

    def aliases(self) -> list[str]:
        ask = Ask("gmail.users.settings.sendAs.list", "GET", f"{USER}/settings/sendAs")
        told = self._line.call(Service.GMAIL, ask)
        return [
            each["sendAsEmail"] for each in told.get("sendAs") or ()
            if each.get("isPrimary") or each.get("verificationStatus") == "accepted"
        ]  # fmt: skip


def _searched(label: str) -> str:
    """The name of a label as the search box takes it."""
    return label.casefold().replace(" ", "-").replace("/", "-")


@contextmanager
def _lost_with(*faults: Fault) -> Iterator[None]:
    """At these the cursor is of no use any more."""
    try:
        yield
    except ConnectorError as error:
        if error.fault not in faults:
            raise
        lost = "the point in the history is too old"
        raise ConnectorError(Fault.CURSOR_LOST, lost, error.vendor_code, Scope.CONTAINER) from None


def _modifying(ident: str, add: Sequence[str], remove: Sequence[str]) -> Ask:
    path = f"{USER}/messages/{ident}/modify"
    return Ask("gmail.users.messages.modify", "POST", path, body=_delta(add, remove))


def _delta(add: Sequence[str], remove: Sequence[str]) -> Json:
    return {"addLabelIds": list(add), "removeLabelIds": list(remove)}


def _told(record: Json, taken: set[str]) -> Iterable[tuple[str, tuple[str, ...] | None]]:
    """The messages of one line of the history, with their labels; not those that were only looked at."""
    for what in ("messagesAdded", "labelsAdded", "labelsRemoved", "messagesDeleted"):
        for entry in record.get(what) or ():
            changed = entry.get("labelIds") or ()
            if what == "labelsRemoved":
                taken.update(changed)
            if what.startswith("labels") and is_noise(changed):
                continue
            message = entry["message"]
            yield message["id"], None if what == "messagesDeleted" else tuple(message.get("labelIds") or ())


def _change(role: str, ident: str, labels: tuple[str, ...], names: Mapping[str, str]) -> Change:
    ref = _ref(ident, role)
    return Change(ref, item=Item(ref, version_of(labels), {f.CATEGORIES: categories_of(labels, names)}))


def _ref(ident: str, role: str) -> ItemRef:
    return ItemRef(Side.MAILBOX, ItemKind.EMAIL, ident, role)


def _no_label() -> ConnectorError:
    return ConnectorError(Fault.NOT_FOUND, "the mailbox has no such label", scope=Scope.CONTAINER)
