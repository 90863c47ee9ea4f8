"""Who may call a vendor now: asked before every call that a connector sends, told of every answer.

A call draws on a bucket of the mailbox and one of the application, or on that of the Salesforce organization and on its
day. It waits a little where it must; where it would wait long nothing is sent, and the run is put off as if the vendor
had asked for it (`Fault.THROTTLED`).
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from connectors.calls import NO_ANSWER, TOKEN, Told
from connectors.errors import ConnectorError, Fault
from mapping.rules.budget import Bucket, Day
from sync_tasks.metering.days import Days
from sync_tasks.metering.pacing import Pacer, Source
from sync_tasks.metering.pulse import Pulse
from sync_tasks.metering.shared import Shared
from sync_tasks.metering.tallies import Tallies
from sync_tasks.settings import Settings

PACED, RESERVED, SPENT = "CALLS_PACED", "CALLS_RESERVED", "CALLS_SPENT"  # as if vendors had said so
LIMITS_LIVE = timedelta(seconds=30)  # so long what the settings say of a day is not asked for again

Limits = Callable[[int], tuple[int | None, int]]  # of an organization: the most calls of a day, percent of the reserve


@dataclass(frozen=True, slots=True)
class Purpose:
    """Whose calls they are, and whether a person waits for them."""

    org_id: int
    user_id: int | None = None
    asked: bool = True


@dataclass(slots=True, weakref_slot=True)
class Counted:
    """Counts of this process, for the console and the benchmarks."""

    counts: Counter[str] = field(default_factory=Counter)

    def __call__(self, name: str, number: int = 1) -> None:
        self.counts[name] += number


class Governor:
    """One for each process."""

    def __init__(self, settings: Settings, clock: Callable[[], datetime], limits: Limits) -> None:
        shared = Shared(settings)
        self._settings = settings
        self._clock = clock
        self._limits = limits
        self._known: dict[int, tuple[datetime, tuple[int | None, int]]] = {}
        self._shared = shared
        self.calls = Counted()
        self.pacer = Pacer(shared, clock)
        self.days = Days(shared, clock)
        self.tallies = Tallies(shared)
        self.pulse = Pulse(shared, clock)

    def close(self) -> None:
        """Hand over what was counted, and let go of Redis."""
        self.tallies.flush()
        self._shared.close()

    def meter(
        self, vendor: str, facts: Mapping[str, Any], purpose: Purpose, counted: Counter[str] | None = None
    ) -> Meter:  # fmt: skip
        """What is asked and told about every call of one connection. `counted`: counts them, too, by operation."""
        return Meter(self, vendor, sources(self._settings, vendor, facts, purpose), purpose, counted)

    def day(self, org_id: int) -> Day:
        """How the organization's day stands, by what Salesforce told and by its settings."""
        most, reserve = self._limits_of(org_id)
        return replace(self.days.day(org_id), most=most, reserve=reserve)

    def _limits_of(self, org_id: int) -> tuple[int | None, int]:
        now = self._clock()
        known = self._known.get(org_id)
        if known is None or not now - LIMITS_LIVE <= known[0] <= now:
            known = self._known[org_id] = now, self._limits(org_id)
        return known[1]

    def pass_through(self, meter: Meter, parts: int) -> None:
        """Wait until the call may be sent. Raises ConnectorError when that would be long, or the day is spent."""
        if meter.vendor == "salesforce":
            self._keep_reserve(meter.purpose)
        most = self._settings.call_wait_most_seconds
        told = self.pacer.take(meter.sources, parts, most)
        if not told.taken:
            raise ConnectorError(
                Fault.THROTTLED, "no more calls may be made for the moment", PACED,
                retry_after=timedelta(seconds=told.wait),
            )  # fmt: skip
        if told.wait > 0:
            self.tallies.observe("throttle_wait_seconds", told.wait)
            time.sleep(told.wait)

    def _keep_reserve(self, purpose: Purpose) -> None:
        day, now = self.day(purpose.org_id), self._clock()
        if day.may(asked=purpose.asked) or day.may_look(now):
            return
        spent = day.left == 0
        raise ConnectorError(
            Fault.THROTTLED,
            "the calls of the day are used up" if spent else "what is left of the day's calls is kept for people",
            SPENT if spent else RESERVED,
            retry_after=day.again(now) - now,
        )

    def heard(self, meter: Meter, operation: str, told: Told) -> None:
        """A call was answered."""
        status = str(told.status) if told.status != NO_ANSWER else "none"
        self.tallies.count("api_calls_total", meter.vendor, operation, status)
        if operation != TOKEN and meter.vendor == "salesforce":
            self.days.called(meter.purpose.org_id, told.usage)
        if told.pause is not None and told.status in (429, 503):
            self.slow_down(meter, told.pause)
        self.tallies.flush()

    def slow_down(self, meter: Meter, pause: timedelta) -> None:
        """The vendor asks not to be called for so long: in this mailbox, or this organization."""
        self.pacer.pause(meter.sources[0], pause)


@dataclass(frozen=True, slots=True)
class Meter:
    """`OnCall` of one connection."""

    governor: Governor
    vendor: str
    sources: tuple[Source, ...]
    purpose: Purpose
    counted: Counter[str] | None

    def __call__(self, operation: str, parts: int = 1, /) -> Callable[[Told], None]:
        if operation != TOKEN:
            self.governor.pass_through(self, parts)
        self.governor.calls(operation)
        if self.counted is not None:
            self.counted[operation] += 1
        return lambda told: self.governor.heard(self, operation, told)


def sources(settings: Settings, vendor: str, facts: Mapping[str, Any], purpose: Purpose) -> tuple[Source, ...]:
    """On what a call draws, the narrowest first: mailbox, then application; or the Salesforce organization."""
    mailbox = f"{vendor}:mailbox:{purpose.user_id or 0}"
    if vendor == "salesforce":
        return (_source(f"salesforce:organization:{purpose.org_id}", settings.pace_salesforce_organization),)
    if vendor == "graph":
        application = f"graph:application:{facts.get('client_id', '')}"
        return _source(mailbox, settings.pace_graph_mailbox), _source(application, settings.pace_graph_application)
    if vendor == "google":
        named = project_of(str(facts.get("client_id", ""))) or f"of organization {purpose.org_id}"
        project = f"google:project:{named}"
        return _source(mailbox, settings.pace_google_mailbox), _source(project, settings.pace_google_project)
    return (_source(mailbox, settings.pace_exchange_mailbox),)


def project_of(client_id: str) -> str:
    """The project of an application at Google: the number before the dash."""
    return client_id.partition("-")[0]


def _source(name: str, per_minute: int) -> Source:
    """A bucket that holds a minute's calls: no minute ever sees more than twice as many."""
    return Source(name, Bucket(float(per_minute), per_minute / 60))
