"""Writes of one verb on their way to a service of Google, a request for each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeVar

from connectors.errors import ConnectorError, Fault, Scope, UnwritableError
from connectors.google.config import Service
from connectors.google.line import Line
from connectors.google.multipart import Ask, Json
from connectors.outcomes import Outcomes
from connectors.protocols import Outcome, Write

T = TypeVar("T")


class Batch(Outcomes):
    """The outcomes of a list of writes to one service."""

    def __init__(self, line: Line, service: Service, writes: Sequence[Write]) -> None:
        super().__init__(writes)
        self.line = line
        self.service = service

    def encoded(self, values: Mapping[int, T], encode: Callable[[int, T], Json]) -> dict[int, Json]:
        """The bodies of some writes; one that Google cannot take is settled as INVALID."""
        made: dict[int, Json] = {}
        for at, fields in values.items():
            try:
                made[at] = encode(at, fields)
            except UnwritableError as error:
                self.fail(at, Fault.INVALID, "Google cannot hold this value", error.name)
        return made

    def send(self, asks: Mapping[int, Ask], done: Callable[[int, Json], Outcome]) -> None:
        """Send the requests of some writes and settle those writes. What fails as a whole is raised, unless some of the
        batch is written already or may be: then each of these writes carries the error."""
        for at, answer in self.answers(asks).items():
            self.settle(at, Outcome(error=answer) if isinstance(answer, ConnectorError) else done(at, answer))

    def answers(self, asks: Mapping[int, Ask]) -> dict[int, Json | ConnectorError]:
        if not asks:
            return {}
        try:
            found = self.line.batch(self.service, list(asks.values()), writing=True)
            whole = [each for each in found if isinstance(each, ConnectorError) and each.scope is Scope.CONNECTION]
            if len(whole) == len(found) and whole[0].fault is not Fault.UNKNOWN and not self.told:
                raise whole[0]
        except ConnectorError as error:
            if not self.told:
                raise
            found = [error] * len(asks)
        self.told = self.told or any(not isinstance(each, ConnectorError) for each in found)
        return dict(zip(asks, found, strict=True))

    def present(self, asks: Mapping[int, Ask]) -> dict[int, Json]:
        """The things as they are now; a write whose thing cannot be read is settled by that."""
        if not asks:
            return {}
        found: dict[int, Json] = {}
        for at, answer in zip(asks, self.line.batch(self.service, list(asks.values())), strict=True):
            if isinstance(answer, ConnectorError):
                self.settle(at, Outcome(error=answer))
            else:
                found[at] = answer
        return found


def only(which: Iterable[int], batch: Batch) -> list[int]:
    """Those of them that are not settled yet."""
    still = set(batch.open)
    return [at for at in which if at in still]
