"""Which contents of attachments are fetched together: small ones several in a call, large ones alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mapping.model.item import Attachment, Form, ItemRef

# What one call fetches together at most; what is larger comes alone.
MOST_BYTES, MOST_TOGETHER = 4_000_000, 20

Wanted = tuple[ItemRef, Attachment]


def chunks(wanted: Sequence[Wanted]) -> Iterator[list[Wanted]]:
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
