"""Writes of one verb on their way: some are settled at once, the others by the answers of calls."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Outcome, Write


class Outcomes:
    """The outcomes of a list of writes, found bit by bit. Each vendor adds how it sends."""

    def __init__(self, writes: Sequence[Write]) -> None:
        self.writes = writes
        self.told = False  # has a call that writes been answered?
        self._outcomes: dict[int, Outcome] = {}

    @property
    def open(self) -> list[int]:
        """The writes that are not settled yet."""
        return [at for at in range(len(self.writes)) if at not in self._outcomes]

    def settle(self, at: int, outcome: Outcome) -> None:
        self._outcomes[at] = outcome

    def fail(self, at: int, fault: Fault, detail: str, *fields: str) -> None:
        self.settle(at, Outcome(error=ConnectorError(fault, detail, scope=Scope.ITEM, fields=fields)))

    def lost(self, which: Iterable[int], error: ConnectorError) -> None:
        """A call for some of the writes failed as a whole. That is raised, unless some of the batch is written already
        or may be: then each of these writes carries the error."""
        if error.fault is not Fault.UNKNOWN and not self.told:
            raise error
        for at in which:
            self.settle(at, Outcome(error=error))

    def gone_is_fine(self) -> None:
        """What is to be deleted and is not there any more has reached its aim."""
        for at, outcome in self._outcomes.items():
            if outcome.error is not None and outcome.error.fault is Fault.NOT_FOUND:
                self._outcomes[at] = Outcome(self.writes[at].id)

    def outcome(self, at: int) -> Outcome | None:
        """What became of a write, as far as it is known."""
        return self._outcomes.get(at)

    def outcomes(self) -> list[Outcome]:
        return [self._outcomes[at] for at in range(len(self.writes))]
