"""Writes of one verb and one folder on their way: some are settled at once, the others by the answers of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.codec import UnwritableError, encode
from connectors.graph.feed import version
from connectors.graph.line import Answer, Line, Request
from connectors.graph.reading import where
from connectors.protocols import Outcome, Write
from mapping.model.item import Fields, ItemRef, Side


class Batch:
    """The outcomes of a list of writes, found bit by bit."""

    def __init__(self, line: Line, writes: list[Write]) -> None:
        self.line = line
        self.writes = writes
        self._outcomes: dict[int, Outcome] = {}
        self._told = False  # has a call that writes been answered?

    @property
    def open(self) -> list[int]:
        return [at for at in range(len(self.writes)) if at not in self._outcomes]

    def settle(self, at: int, outcome: Outcome) -> None:
        self._outcomes[at] = outcome

    def fail(self, at: int, fault: Fault, detail: str, *fields: str) -> None:
        self.settle(at, Outcome(error=ConnectorError(fault, detail, scope=Scope.ITEM, fields=fields)))

    def outcome(self, at: int) -> Outcome | None:
        """What became of a write, as far as it is known."""
        return self._outcomes.get(at)

    def outcomes(self) -> list[Outcome]:
        return [self._outcomes[at] for at in range(len(self.writes))]

    def path(self, at: int, *more: str, **options: str) -> str:
        """The path of what a write is about."""
        write = self.writes[at]
        return self.line.path(
            *where(self.line, ItemRef(Side.MAILBOX, write.kind, write.id, write.target)), *more, **options
        )

    def send(self, requests: Mapping[int, Request], done: Callable[[int, Answer], Outcome]) -> None:
        """Send the calls of some writes and settle them."""
        for at, answer in self.answers(requests):
            self.settle(at, done(at, answer) if isinstance(answer, Answer) else Outcome(error=answer))

    def answers(self, requests: Mapping[int, Request]) -> Iterator[tuple[int, Answer | ConnectorError]]:
        """Send one call for each of some writes and give the answers."""
        if not requests:
            return
        try:
            answers = self.line.batch(list(requests.values()), writing=True)
        except ConnectorError as error:
            self.lost(requests, error)
            return
        self._told = True
        yield from zip(requests, answers, strict=True)

    def lost(self, which: Iterable[int], error: ConnectorError) -> None:
        """The call for some of the writes failed as a whole. That is raised, unless some of the batch is written
        already: then each of these writes carries the error."""
        if not self._told:
            raise error
        for at in which:
            self.settle(at, Outcome(error=error))

    def encoded(self, values: Mapping[int, Fields]) -> dict[int, dict[str, Any]]:
        """The values of some writes as Graph has them; a write that it cannot take is settled as INVALID."""
        made: dict[int, dict[str, Any]] = {}
        for at, fields in values.items():
            try:
                made[at] = encode(self.writes[at].kind, fields, self.line.zone)
            except UnwritableError as error:
                self.fail(at, Fault.INVALID, "Graph cannot take the value", error.name)
        return made

    def present(self, which: Iterable[int], **options: str) -> dict[int, Answer]:
        """The targets as they are now, in one call; those that are gone or unreadable are settled."""
        asked = {at: Request("GET", self.path(at, **options)) for at in which}
        found: dict[int, Answer] = {}
        for at, answer in zip(asked, self.line.batch(list(asked.values())), strict=True):
            if isinstance(answer, Answer):
                found[at] = answer
            else:
                self.settle(at, Outcome(error=answer))
        return found

    def only_current(self, which: Iterable[int]) -> None:
        """Settle as STALE those that moved on since their version. Nothing but an update takes a condition, so versions
        are compared just before; a write in that moment is lost."""
        for at, answer in self.present((at for at in which if self.writes[at].version), select="id").items():
            write, lineage = self.writes[at], self.line.lineage
            lineage.seen(write.id, version(answer.body))
            if not lineage.holds(write.id, write.version, version(answer.body)):
                self.fail(at, Fault.STALE, "the item was changed since it was read")
