"""What hangs on messages: told with the message, and its contents, small ones together and large ones one by one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.line import Answer, Line, Request
from connectors.graph.reading import where
from connectors.outlook.chunks import MOST_BYTES, Wanted, fetched
from mapping.model.item import Form


def contents(line: Line, wanted: Sequence[Wanted]) -> Iterator[bytes | ConnectorError]:
    """See `Mailbox.contents`."""
    return fetched(wanted, lambda chunk: _fetch(line, chunk))


def _fetch(line: Line, chunk: Sequence[Wanted]) -> list[bytes | ConnectorError]:
    requests = [Request("GET", _path(line, each)) for each in chunk]
    if len(chunk) > 1 or (chunk[0][1].size <= MOST_BYTES and chunk[0][1].size):
        return [_decoded(answer) if isinstance(answer, Answer) else answer for answer in line.batch(requests)]
    try:
        return [line.raw(requests[0], Scope.ITEM)]
    except ConnectorError as error:
        if error.scope is not Scope.ITEM or error.fault is Fault.UNAVAILABLE:
            raise
        return [error]


def _path(line: Line, wanted: Wanted) -> str:
    ref, one = wanted
    inner = () if one.form is Form.MAIL else ("attachments", one.id)
    return line.path(*where(line, ref), *inner, "$value")


def _decoded(answer: Answer) -> bytes | ConnectorError:
    """In a batch whatever is not JSON is told in base64, with the signs of addresses or the usual ones."""
    text = str(answer.body or "").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return ConnectorError(Fault.INVALID, "the content that the server tells is broken", "BROKEN", Scope.ITEM)
