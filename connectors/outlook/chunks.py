"""Contents of attachments: small ones are fetched several in a call, large ones alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from connectors.errors import ConnectorError, Fault, Scope
from mapping.model.item import Attachment, Form, ItemRef

# What one call fetches together at most; what is larger comes alone.
MOST_BYTES, MOST_TOGETHER = 4_000_000, 20

Wanted = tuple[ItemRef, Attachment]


def fetched(
    wanted: Sequence[Wanted], fetch: Callable[[Sequence[Wanted]], Sequence[bytes | ConnectorError]]
) -> Iterator[bytes | ConnectorError]:
    """See `Mailbox.contents`. When a call for a single large one breaks, that is taken for its own fault, once."""
    broke = False
    for chunk in _chunks(wanted):
        try:
            found = fetch(chunk)
        except ConnectorError as error:
            if len(chunk) > 1 or broke or error.fault is not Fault.UNAVAILABLE:
                raise
            broke = True
            yield replace(error, scope=Scope.ITEM)
            continue
        broke = False
        yield from found


def _chunks(wanted: Sequence[Wanted]) -> Iterator[list[Wanted]]:
    """In their order, what one call fetches: whole messages apart from attachments, and not too many bytes."""
    chunk: list[Wanted] = []
    size = 0
    for ref, one in wanted:
        apart = bool(chunk) and (one.form is Form.MAIL) is not (chunk[0][1].form is Form.MAIL)
        if chunk and (apart or size + one.size > MOST_BYTES or len(chunk) == MOST_TOGETHER):
            yield chunk
            chunk, size = [], 0
        chunk.append((ref, one))
        size += one.size or MOST_BYTES
    if chunk:
        yield chunk
