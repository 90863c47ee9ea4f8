"""Results of writes while they are gathered: a row has its outcome, or the error of the call that was to tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Outcome
from connectors.salesforce.composite import Answer
from connectors.salesforce.faults import OUTCOME_LOST, call_error
from connectors.salesforce.rows import Entry, for_item, row_outcome, unknown

Result = Outcome | ConnectorError


def in_turn(chunks: Iterable[list[Entry]], call: Callable[[list[Entry]], dict[int, Result]]) -> dict[int, Result]:
    """The chunks one after the other; once the connection refuses, those that are left share its error unsent."""
    results: dict[int, Result] = {}
    refusal: ConnectorError | None = None
    for chunk in chunks:
        if refusal is not None:
            results |= all_of(chunk, refusal)
            continue
        found = call(chunk)
        results |= found
        refusal = next(
            (r for r in found.values() if isinstance(r, ConnectorError) and r.scope is Scope.CONNECTION), None
        )
    return results


def all_of(entries: Iterable[Entry], error: ConnectorError) -> dict[int, Result]:
    """One error for all rows of a call: an outcome when they may have been written, else a refusal."""
    if error.fault is Fault.UNKNOWN:
        return {e.place: Outcome(error=for_item(error)) for e in entries}
    return {e.place: error for e in entries}


def of_part(answer: Answer) -> Result:
    """What a failed part of a composite call means: its row's own error, or a refusal of the connection."""
    error = told(answer)
    if error.fault is Fault.UNKNOWN or error.scope is not Scope.CONNECTION:
        return Outcome(error=for_item(error))
    return error


def told(answer: Answer) -> ConnectorError:
    error = call_error(answer.status, answer.body)
    if answer.status in OUTCOME_LOST:
        error.fault = Fault.UNKNOWN
    return error


def of_rows(entries: list[Entry], answer: Answer, key_field: str = "") -> dict[int, Result]:
    """The outcomes that one collections answer tells."""
    if not answer.ok:
        return all_of(entries, told(answer))
    rows = answer.body
    if not isinstance(rows, list) or len(rows) != len(entries):
        return all_of(entries, unknown())
    return {e.place: row_outcome(e, row, key_field) for e, row in zip(entries, rows, strict=True)}
