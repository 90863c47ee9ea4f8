"""Where a watch goes on: the newest stamp seen, and what keeps a row from being told twice.

A row gets its stamp before it is committed, and stamps have whole seconds, so the newest stamp seen is no safe place
to go on from. Every poll therefore reads again what lies five minutes before it. The cursor remembers the rows
of those minutes with their stamps and keeps them out of the next answer. Once a poll has been there an hour later,
nothing can be late any more, and reading goes on behind the stamp.

Deleted rows stay readable for 15 days (recycle bin). A cursor that was last used longer ago has missed some:
CURSOR_LOST. So has one that was made for another user, scope or condition.

A reading that is too long for one answer goes on behind the last row told, by stamp and id, so that any number of rows
may bear one stamp. It takes a while, and rows with an early stamp may be committed meanwhile: the next poll looks back
to an hour before the reading began.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar, Self

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Watch
from connectors.salesforce.codec import VERSION_FIELD, format_utc, id18, parse_datetime, version_of

SECOND = timedelta(seconds=1)
OVERLAP = timedelta(minutes=5)
BIN_KEEPS = timedelta(days=14)
CLOCKS_DIFFER = timedelta(hours=1)
MOST_REMEMBERED = 2000

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Place:
    """The last row told of a reading that goes on: its stamp and id. `first`: of a first reading, which has a window
    and knows no deleted rows. `began`: when it began, an hour off for clocks that differ."""

    stamp: str
    id: str
    first: bool
    began: str


@dataclass(frozen=True, slots=True)
class Cursor:
    """`since`: the newest stamp seen, None before the first row. `used`: the hour of the last poll (an hour, so that
    the cursor of an idle owner does not change with every poll). `seen`: id -> stamp of the rows near `since`.
    `view`: the condition of the list view as it was last. `turn`: whose turn it is among the records held."""

    watched: str
    since: datetime | None
    used: datetime
    seen: Mapping[str, str] = field(default_factory=dict)
    place: Place | None = None
    view: str = ""
    turn: int = 0

    overlap: ClassVar[timedelta] = OVERLAP  # so long before it is committed a row may get its stamp
    most_remembered: ClassVar[int] = MOST_REMEMBERED

    @property
    def bound(self) -> datetime | None:
        """From where a poll reads; None for a first reading."""
        if self.since is None:
            return None
        return self.since + SECOND if self._settled(self.since) else self.since - self.overlap

    def _settled(self, since: datetime) -> bool:
        """A poll of a later hour has read everything up to there: nothing can be committed behind it any more."""
        return since + self.overlap + CLOCKS_DIFFER < self.used

    def text(self) -> str:
        told: dict[str, object] = {
            "watched": self.watched,
            "since": format_utc(self.since) if self.since else "",
            "used": format_utc(self.used),
            "seen": dict(self.seen),
        }
        if self.place:
            told["place"] = [self.place.stamp, self.place.id, self.place.first, self.place.began]
        told |= {name: value for name, value in (("view", self.view), ("turn", self.turn)) if value}
        return json.dumps(told, separators=(",", ":"), sort_keys=True)

    @classmethod
    def parse(cls, text: str, watched: str, now: datetime) -> Self:
        """Raises CURSOR_LOST for text that is no cursor of this watch, or one that deletions may have passed by."""
        try:
            told = json.loads(text)
            cursor = cls(
                watched=told["watched"],
                since=parse_datetime(told["since"]) if told["since"] else None,
                used=parse_datetime(told["used"]),
                seen={str(k): str(v) for k, v in told["seen"].items()},
                place=Place(*told["place"]) if "place" in told else None,
                view=told.get("view", ""),
                turn=told.get("turn", 0),
            )
        except (ValueError, KeyError, TypeError, AttributeError):
            raise _lost("not a cursor of this feed") from None
        if cursor.watched != watched:
            raise _lost("another user, scope or condition is watched now")
        if now - cursor.used > BIN_KEEPS:
            raise _lost("last used so long ago that deletions were missed")
        return cursor

    def after(self, rows: Iterable[Row], now: datetime) -> Self:
        """The cursor after a poll that returned these rows to their end."""
        stamps = {id18(row["Id"]): stamp for row in rows if (stamp := version_of(row))}
        newest = max((parse_datetime(s) for s in stamps.values()), default=None)
        since = max((m for m in (self.since, newest) if m is not None), default=None)
        if since is None:
            # Nothing there yet: go on from here, with room for clocks that differ. Without a bound the next poll would
            # be a first one again, and a first one tells no deletions.
            return replace(self, since=_an_hour_before(now), used=hour_of(now), seen={}, place=None)
        if self.place:
            stamps = {**self.seen, **stamps}
            since = min(since, parse_datetime(self.place.began))
        moved = replace(self, since=since, used=hour_of(now), place=None)
        # ISO stamps in UTC compare as text like the moments they name.
        edge = format_utc(moved.bound or since)
        near = sorted(((stamp, rid) for rid, stamp in stamps.items() if stamp >= edge), reverse=True)
        return replace(moved, seen={rid: stamp for stamp, rid in near[: self.most_remembered]})

    def unmoved(self, now: datetime) -> Self:
        """The cursor after a poll that returned what was there before and nothing else."""
        return self.after([{"Id": rid, VERSION_FIELD: stamp} for rid, stamp in self.seen.items()], now)

    def amid(self, rows: list[Row], now: datetime) -> Cursor:
        """The cursor after the first part of a longer reading."""
        last = rows[-1]
        first = self.place.first if self.place else self.since is None
        began = self.place.began if self.place else format_utc(_an_hour_before(now))
        place = Place(version_of(last), id18(last["Id"]), first, began)
        near = {id18(r["Id"]): s for r in rows if (s := version_of(r)) >= began}
        seen = dict(list({**self.seen, **near}.items())[-MOST_REMEMBERED:])
        return replace(self, used=hour_of(now), seen=seen, place=place)


def fingerprint(watch: Watch, owner_id: str) -> str:
    """What is watched for whom, in short: a cursor is good for that alone."""
    told = [owner_id, watch.object, watch.scope, watch.owner, watch.where, watch.starts, watch.ends, *watch.columns]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def _an_hour_before(now: datetime) -> datetime:
    return hour_of(now) - CLOCKS_DIFFER


def _lost(detail: str) -> ConnectorError:
    return ConnectorError(Fault.CURSOR_LOST, detail, scope=Scope.CONTAINER)
