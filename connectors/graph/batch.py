"""Writes of one verb and one folder on their way to Graph, a request for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import ConnectorError, Fault, UnwritableError
from connectors.graph.codec import encode
from connectors.graph.feed import version
from connectors.graph.line import Answer, Line, Request
from connectors.graph.reading import where
from connectors.outcomes import Outcomes
from connectors.protocols import Outcome, Write
from mapping.model.item import Fields, ItemRef, Side


class Batch(Outcomes):
    """The outcomes of a list of writes over Graph."""

    def __init__(self, line: Line, writes: Sequence[Write]) -> None:
        super().__init__(writes)
        self.line = line

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
        self.told = True
        yield from zip(requests, answers, strict=True)

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
