"""Writes of one verb and one folder on their way: some are settled at once, the others by the answers of calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from connectors.errors import ConnectorError, Fault, Scope
from connectors.google.config import Service
from connectors.google.line import Line
from connectors.google.multipart import Ask, Json
from connectors.protocols import Outcome, Write


class Batch:
    """The outcomes of a list of writes to one service, found bit by bit."""

    def __init__(self, line: Line, service: Service, writes: Sequence[Write]) -> None:
        self.line = line
        self.service = service
        self.writes = writes
        self._outcomes: dict[int, Outcome] = {}
        self._told = False  # has anything been written?

    @property
    def open(self) -> list[int]:
        return [at for at in range(len(self.writes)) if at not in self._outcomes]

    def outcome(self, at: int) -> Outcome | None:
        return self._outcomes.get(at)

    def settle(self, at: int, outcome: Outcome) -> None:
        self._outcomes[at] = outcome

    def fail(self, at: int, fault: Fault, detail: str, *fields: str) -> None:
        self.settle(at, Outcome(error=ConnectorError(fault, detail, scope=Scope.ITEM, fields=fields)))

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
            if len(whole) == len(found) and whole[0].fault is not Fault.UNKNOWN and not self._told:
                raise whole[0]
        except ConnectorError as error:
            if not self._told:
                raise
            found = [error] * len(asks)
        self._told = self._told or any(not isinstance(each, ConnectorError) for each in found)
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

    def gone_is_fine(self) -> None:
        """What is to be deleted and is not there any more has reached its aim."""
        for at, outcome in self._outcomes.items():
            if outcome.error is not None and outcome.error.fault is Fault.NOT_FOUND:
                self._outcomes[at] = Outcome(self.writes[at].id)

    def outcomes(self) -> list[Outcome]:
        return [self._outcomes[at] for at in range(len(self.writes))]


def only(which: Iterable[int], batch: Batch) -> list[int]:
    """Those of them that are not settled yet."""
    still = set(batch.open)
    return [at for at in which if at in still]
