"""What vendors post to us, from the receiver to the run that it may bring forward.

The receiver (`Receiver`) only recognises: whose agreement a hint is about, whether it is proven, whether it is new.
What asks a vendor is done by a worker (`heard`, `look`): it asks the mailbox what happened since the last run read it,
and lets `instant` decide. So nothing of what was posted is believed, whatever it says; hints that come while somebody
looks, or shortly after, are served by one more look; and a hint that was lost is made good by the next one.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from connectors.errors import ConnectorError
from connectors.protocols import Change, Mailbox
from connectors.pushing import Feed, Kind, Says, Word
from mapping.model.notice import Happened, Notice
from mapping.rules.settings import Effective
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.security.vault import push_context
from sync_tasks.services import instant
from sync_tasks.services.instant import Heard
from sync_tasks.state.pushes import is_repeated
from sync_tasks.state.records import PushState, PushView, UserView

log = logging.getLogger(__name__)

APART = timedelta(seconds=10)  # between two looks at one feed of a user
RETRIED = timedelta(minutes=2)  # a look whose worker died is taken again
MOST = 200  # changes that a look judges; whoever changes more runs soon enough
DUE_BATCH = 500


class Verdict(StrEnum):
    """What the receiver made of a hint."""

    TAKEN = "taken"
    EARLY = "early"  # told by an agreement that is being made
    COVERED = "covered"  # a look that is promised comes after it
    REPEATED = "repeated"
    UNKNOWN = "unknown"  # of no agreement that stands
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class Hint:
    """What a worker needs of a `Word`, and a queue may hold."""

    push_id: int
    says: str = Says.CHANGED
    mark: str = ""
    after: str = ""
    number: int | None = None
    lives_seconds: int | None = None


class NotQueuedError(Exception):
    """No worker can be told at the moment."""


Deliver = Callable[[PushView, Hint], None]


def hashed(secret: str) -> str:
    """A secret as it is looked up: whoever reads the table cannot post."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Receiver:
    """One for each process that vendors post to. `deliver` hands a hint to a worker and may raise NotQueuedError."""

    REMEMBERED = 20_000  # hints that were handed over and that no worker may have noted yet

    def __init__(self, app: App, deliver: Deliver) -> None:
        self._app = app
        self._deliver = deliver
        self._seen: OrderedDict[tuple[int, str, str], None] = OrderedDict()
        self._lock = threading.Lock()

    def receive(self, kind: Kind, words: Iterable[Word], *, prove: bool) -> list[Verdict]:
        """What was made of each. `prove`: each has to show the secret of the agreement that it names; else whoever
        posts is known already. Raises NotQueuedError when not all of them could be handed over."""
        verdicts = []
        for word in words:
            with self._app.store.reading() as unit:
                push = unit.pushes.called(kind, word.subscription)
            forged = push is not None and prove and not self._is_proven(push, word)
            verdicts.append(Verdict.FORGED if forged else self._take(push, word))
        return verdicts

    def receive_at(self, secret: str, words: Sequence[Word]) -> list[Verdict] | None:
        """As `receive`, where a secret says whose all of them are; None when it is nobody's. It is known before the
        vendor has told us by which name he calls the agreement, and hints may come as early."""
        with self._app.store.reading() as unit:
            push = unit.pushes.at_address(hashed(secret))
        if push is None:
            return None
        return [self._take_named(push, word) for word in words]

    def _take_named(self, push: PushView, word: Word) -> Verdict:
        named = not word.subscription or hmac.compare_digest(word.subscription.encode(), push.vendor_id.encode())
        if not named:
            return Verdict.EARLY if push.state == PushState.PENDING else Verdict.UNKNOWN
        return self._take(push, word)

    def _take(self, push: PushView | None, word: Word) -> Verdict:
        if push is None or push.state == PushState.OFF:
            return Verdict.UNKNOWN
        if is_repeated(push.recent, word.mark, word.number) or not self._is_first(push, word.mark):
            return Verdict.REPEATED
        if word.says is Says.CHANGED and _is_promised(push):
            return Verdict.COVERED
        lives = None if word.lives is None else int(word.lives.total_seconds())
        try:
            self._deliver(push, Hint(push.id, word.says.value, word.mark, word.after, word.number, lives))
        except NotQueuedError:
            self._forget(push, word.mark)
            raise
        return Verdict.TAKEN

    def _is_proven(self, push: PushView, word: Word) -> bool:
        return hmac.compare_digest(secret_of(self._app, push).encode(), word.secret.encode())

    def _is_first(self, push: PushView, mark: str) -> bool:
        """Marks are those of one agreement: what takes its place counts from the start."""
        if not mark:
            return True
        with self._lock:
            first = (push.id, push.vendor_id, mark) not in self._seen
            self._seen[push.id, push.vendor_id, mark] = None
            while len(self._seen) > self.REMEMBERED:
                self._seen.popitem(last=False)
        return first

    def _forget(self, push: PushView, mark: str) -> None:
        with self._lock:
            self._seen.pop((push.id, push.vendor_id, mark), None)


def _is_promised(push: PushView) -> bool:
    """Is a look still to come, rather than going on (and to be taken again if its worker died)?"""
    return push.look_at is not None and (push.looked_at is None or push.look_at < push.looked_at + RETRIED)


def secret_of(app: App, push: PushView) -> str:
    return app.vault.open(push.sealed, push_context(push.address)).decode()


# --- in a worker


def heard(app: App, hint: Hint) -> Heard | None:
    """Note a hint, and look at once unless somebody has just looked; None when nobody looks now. A hint that was noted
    before does nothing."""
    now = app.clock()
    with app.store.writing() as unit:
        push = unit.pushes.get(hint.push_id)
        if push is None or push.state == PushState.OFF:
            return None
        says = Says(hint.says)
        if says is Says.ALIVE and hint.after and push.recent and hint.after != push.recent[-1]:
            says = Says.MISSED  # it goes on from something that we were never told
        looks = says in (Says.CHANGED, Says.MISSED, Says.REMOVED)
        look_at = max(now, push.looked_at + APART) if push.looked_at is not None else now
        tends = says in (Says.RENEW, Says.REMOVED)
        alive_until = None if hint.lives_seconds is None else now + timedelta(seconds=hint.lives_seconds)
        if not unit.pushes.note(
            push.id, now, mark=hint.mark, number=hint.number, keep=hint.mark or hint.after,
            look_at=look_at if looks else None, tend_at=now if tends else alive_until,
        ):  # fmt: skip
            return None
        if says is Says.REMOVED:
            unit.pushes.set(push.id, vendor_id="", state=PushState.FAILING, error_code="removed")
    return look(app, push.id) if looks and look_at <= now else None


def look(app: App, push_id: int) -> Heard | None:
    """Ask the mailbox what happened, if that is due and nobody else does so; None when not. What cannot be asked now is
    left to the regular run. Where nobody wants to hear it any more, it is not asked, and the agreement is given up."""
    now = app.clock()
    again = now + RETRIED
    with app.store.writing() as unit:
        if not unit.pushes.take_look(push_id, now, again):
            return None
        push = unit.pushes.get(push_id)
        assert push is not None
        user = unit.accounts.user(push.user_id)
        cursors = unit.runs.cursors_ahead(push.user_id)
    feed = Feed(push.feed)
    if not wants(app.effective(user), feed):
        with app.store.writing() as unit:
            unit.pushes.set(push.id, tend_at=now)
            unit.pushes.end_look(push_id, again)
        return Heard()
    try:
        found = _look(app, user, feed, cursors)
    except (ConnectorError, NotConnectedError) as error:
        log.info("look_failed", extra={"user": user.id, "error": type(error).__name__})
        found = None
    with app.store.writing() as unit:
        unit.pushes.end_look(push_id, again)
    return found


def wants(settings: Effective, feed: Feed) -> bool:
    """Is what a vendor tells of this to bring runs forward?"""
    return settings.bool("instant.enabled") and (feed is not Feed.MAIL or settings.bool("instant.emails"))


def due_looks(app: App) -> list[PushView]:
    """Those that somebody has to take now."""
    with app.store.reading() as unit:
        return unit.pushes.due_looks(app.clock(), DUE_BATCH)


def _look(app: App, user: UserView, feed: Feed, cursors: dict[str, str]) -> Heard:
    if user.status != "enabled":
        return Heard()
    if user.force_pending:
        return Heard(user.next_sync_at)
    mailbox = app.mailbox(user, asked=False)
    subscriptions = mailbox.pushes().get(feed)
    roles = subscriptions.roles if subscriptions is not None else ()
    changes = _changes(mailbox, [role for role in roles if role in mailbox.known_folders()], cursors)
    return instant.notified(app, user.id, notices_of(app, user, changes))


def notices_of(app: App, user: UserView, changes: Sequence[Change]) -> list[Notice]:
    """What a feed tells, as notices: what has a pair was there before."""
    with app.store.reading() as unit:
        paired = unit.pairs.by_mailbox(user.id, [change.ref.id for change in changes])
    return [_notice(change, known=change.ref.id in paired) for change in changes]


def _changes(mailbox: Mailbox, roles: Iterable[str], cursors: dict[str, str]) -> list[Change]:
    """What the next run would find in these folders, the newest; one vendor call a service when it is little."""
    found: list[Change] = []
    for role in roles:
        cursor = cursors.get(f"mailbox:{role}")
        if cursor:  # a folder that was never read is about to be
            found += mailbox.changes(role, cursor).changes
    return found[-MOST:]


def _notice(change: Change, *, known: bool) -> Notice:
    what = Happened.REMOVED if change.deleted else Happened.CHANGED if known else Happened.ADDED
    return Notice(change.ref, what, change.item.version if change.item is not None else "")
