"""Whether a run may leave Salesforce alone, because it would tell nothing.

Two things together prove that. A poll of the user's own told nothing that had to be looked at: asked for the same
again, Salesforce tells the same again, unless something moved. And the feed of the organization (`services/feeding.py`)
has told of everything that moved since before that poll, and nothing of it concerns the user. What is asked for must be
the same, and the pairs that decide what an answer means; so both stand in a digest.

Rounds of the feed are counted, and no clocks are compared: a round that was not over when the poll began may tell of
what came after the poll, and one that was over cannot.

Runs that somebody asked for, and runs of users with troubles, ask for themselves; and so does everybody once a day.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from connectors.protocols import Watch
from mapping.model.item import Side
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.kinds import MIRRORED
from sync_tasks.state.org_feeds import Heard, OrgFeedView

QUIET = "quiet:crm"  # the cursor that keeps the last poll that told nothing; true once its run has ended well
SCHEDULED = "schedule"
OWN_LOOK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Quiet:
    """A poll of the user's own that told nothing. `round`: the last of the feed that was over when it began. `polls`:
    how many there were in a row. `digest`: what was asked, with which pairs."""

    round: int
    polls: int
    digest: str
    at: datetime

    def text(self) -> str:
        return json.dumps([self.round, self.polls, self.digest, self.at.isoformat()])

    @classmethod
    def parse(cls, text: str) -> Quiet | None:
        if not text:
            return None
        number, polls, digest, at = json.loads(text)
        return cls(number, polls, digest, datetime.fromisoformat(at))


@dataclass(frozen=True, slots=True)
class Rest:
    """What is known before Salesforce is asked. `topics`: None when no feed tells of all that the user watches."""

    watches: tuple[Watch, ...]
    heard: Heard
    topics: tuple[str, ...] | None
    digest: str
    quiet: Quiet | None

    @property
    def is_covered(self) -> bool:
        """Has the feed told all since before the last quiet poll, and nothing of it concerned the user?"""
        feed, quiet = self.heard.feed, self.quiet
        if feed is None or quiet is None or not self.topics or quiet.digest != self.digest:
            return False
        return self.heard.touched <= quiet.round and all(_covers(feed, quiet.round, topic) for topic in self.topics)

    def age(self, began: datetime) -> int:
        """How many seconds before a run that began then the feed was read."""
        read_at = self.heard.feed.read_at if self.heard.feed is not None else None
        return 0 if read_at is None else max(0, math.ceil((began - read_at).total_seconds()))


def _covers(feed: OrgFeedView, since: int, topic: str) -> bool:
    chain = feed.chains.get(topic.partition(":")[0])
    return chain is not None and topic in chain.topics and chain.begun <= since


def look(ctx: StageContext, watches: Sequence[Watch], cursors: Mapping[str, str]) -> Rest:
    """To be asked before Salesforce is. Whoever watches something else than before is noted as listening to that, so
    that no round passes him by from here on."""
    topics = ctx.crm.topics(watches) if watches and ctx.settings.bool("feed.enabled") and not ctx.preview else None
    with ctx.store.reading() as unit:
        heard = unit.org_feeds.heard(ctx.user.org_id, ctx.user.id)
        alone = unit.accounts.has_own(ctx.user.org_id, ctx.user.id, Side.CRM.value)
        pairs = unit.pairs.mark(ctx.user.id, [kind.value for kind in MIRRORED])
    if alone:
        topics = None  # he may see other things than the feed does
    if (topics or ()) != heard.topics and not ctx.preview:
        with ctx.fenced() as unit:
            unit.org_feeds.listen(ctx.user.org_id, ctx.user.id, topics or (), ctx.now())
            heard = unit.org_feeds.heard(ctx.user.org_id, ctx.user.id)
    digest = hashlib.sha256(repr((tuple(watches), ctx.user.crm_user_id, pairs)).encode()).hexdigest()[:32]
    return Rest(tuple(watches), heard, topics, digest, Quiet.parse(cursors.get(QUIET, "")))


def cursors_of(ctx: StageContext, rest: Rest, known: Mapping[str, str]) -> Mapping[str, str] | None:
    """The cursors of the watches as a poll at the feed's last round would have left them, by name of the watch; None
    when the user has to ask for himself. `known`: his cursors, by name of the watch."""
    feed, quiet = rest.heard.feed, rest.quiet
    if feed is None or quiet is None or not _is_idle(ctx) or not rest.is_covered:
        return None
    if feed.round <= quiet.round or feed.read_at is None or feed.good_until is None or ctx.now() > feed.good_until:
        return None
    if ctx.now() - quiet.at > OWN_LOOK:
        return None
    lists = {scope: about for chain in feed.chains.values() for scope, about in chain.lists.items()}
    return ctx.crm.unmoved(rest.watches, ctx.user.crm_user_id, known, feed.read_at, quiet.polls, lists)


def _is_idle(ctx: StageContext) -> bool:
    """Nobody asked for this run, and nothing is to be tried out by it."""
    if ctx.run.trigger != SCHEDULED or ctx.user.failures or ctx.user.suspended_at is not None:
        return False
    with ctx.store.reading() as unit:
        return not unit.breakers.of(ctx.user.org_id)


def after(ctx: StageContext, rest: Rest, cursors: Mapping[str, str], *, told: bool) -> dict[str, str]:
    """What to keep of a poll of the user's own. `told`: it had something to tell, or could not tell all."""
    if told or not rest.topics:
        return {QUIET: ""} if cursors.get(QUIET) else {}
    if rest.is_covered and rest.quiet is not None:
        return {QUIET: Quiet(rest.quiet.round, rest.quiet.polls + 1, rest.digest, ctx.now()).text()}
    return {QUIET: Quiet(rest.heard.round, 1, rest.digest, ctx.now()).text()}
