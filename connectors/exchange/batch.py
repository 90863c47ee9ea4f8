"""Writes of one verb and one folder on their way to a server of Exchange, one call for many of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from exchangelib import EWSTimeZone

from connectors.errors import ConnectorError, Fault, UnwritableError
from connectors.exchange import wire
from connectors.exchange.codec import encode
from connectors.exchange.line import Line
from connectors.outcomes import Outcomes
from connectors.protocols import Outcome, Write
from mapping.model.item import Fields

_NONE: Mapping[int, EWSTimeZone] = MappingProxyType({})


class Batch(Outcomes):
    """The outcomes of a list of writes over EWS."""

    def __init__(self, line: Line, writes: Sequence[Write]) -> None:
        super().__init__(writes)
        self.line = line

    def send(
        self, which: Sequence[int], action: Callable[[], Sequence[Any]], outcome: Callable[[int, Any], Outcome]
    ) -> None:
        """Send one call for some of the writes and settle them."""
        for at, answer in self.answers(which, action):
            failed = isinstance(answer, Exception)
            self.settle(at, self.line.failed(answer) if failed else outcome(at, answer))

    def answers(self, which: Sequence[int], action: Callable[[], Sequence[Any]]) -> Iterator[tuple[int, Any]]:
        """Send one call for some of the writes and give the answer for each."""
        if not which:
            return
        try:
            answers = self.line.matched(self.line.call(action, writing=True), len(which), otherwise=Fault.UNKNOWN)
        except ConnectorError as error:
            self.lost(which, error)
            return
        self.told = True
        yield from zip(which, answers, strict=True)

    def encoded(
        self, values: Mapping[int, Fields], zones: Mapping[int, EWSTimeZone] = _NONE
    ) -> dict[int, dict[str, Any]]:
        """The values of some writes as exchangelib has them; a write that Exchange cannot take is settled as INVALID.
        `zones`: in which the times of a write are meant, if not in the mailbox's own."""
        made: dict[int, dict[str, Any]] = {}
        for at, fields in values.items():
            zone = zones.get(at, self.line.zone)
            try:
                made[at] = encode(self.writes[at].kind, fields, zone, self.line.version)
            except UnwritableError as error:
                self.fail(at, Fault.INVALID, "Exchange cannot take the value", error.name)
        return made

    def versions(self, which: Iterable[int]) -> dict[int, str]:
        """The current versions of some of the targets, in one call; those that are gone or unreadable are settled."""
        asked = list(which)
        if not asked:
            return {}
        ids = [self.writes[at].id for at in asked]
        service = wire.GetItem(account=self.line.account)
        answers = self.line.matched(self.line.call(lambda: service.items(ids, ())), len(ids))
        found: dict[int, str] = {}
        for at, answer in zip(asked, answers, strict=True):
            if isinstance(answer, Exception):
                self.settle(at, Outcome(error=self.line.fault(answer)))
            elif answer is None:
                self.fail(at, Fault.INVALID, "this kind of item is not known")
            else:
                found[at] = answer.changekey
        return found

    def only_current(self, which: Iterable[int]) -> None:
        """Settle as STALE those that moved on since their version. DeleteItem and MoveItem ignore the version, so it is
        compared just before them; a write in that moment is lost."""
        asked = [at for at in which if self.writes[at].version]
        for at, version in self.versions(asked).items():
            write = self.writes[at]
            self.line.lineage.seen(write.id, version)
            if not self.line.lineage.holds(write.id, write.version, version):
                self.fail(at, Fault.STALE, "the item was changed since it was read")
