"""Contents of attachments, small ones together and large ones one by one, and of whole messages.

Sources: EWS schema (GetAttachment; GetItem with IncludeMimeContent). What the server says about the size of an
attachment counts its properties too.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Any

from exchangelib import services
from exchangelib.attachments import AttachmentId
from exchangelib.util import TNS, add_xml_child, create_element

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange.line import Line
from connectors.exchange.wire import Plain
from connectors.outlook.chunks import Wanted, fetched
from mapping.model.item import Form


def contents(line: Line, wanted: Sequence[Wanted]) -> Iterator[bytes | ConnectorError]:
    """See `Mailbox.contents`."""
    return fetched(wanted, lambda chunk: _fetch(line, chunk))


def _fetch(line: Line, chunk: Sequence[Wanted]) -> list[bytes | ConnectorError]:
    answers = line.matched(_asked(line, chunk), len(chunk))
    return [line.fault(each) if isinstance(each, Exception) else _decoded(each) for each in answers]


def _asked(line: Line, chunk: Sequence[Wanted]) -> Sequence[Any]:
    if chunk[0][1].form is Form.MAIL:
        mime = GetMime(account=line.account)
        return line.call(lambda: mime.contents([ref.id for ref, _ in chunk]))
    attachments = GetAttachment(account=line.account)
    return line.call(lambda: attachments.contents([one.id for _, one in chunk]))


def _decoded(text: str) -> bytes | ConnectorError:
    """Every content has something in it but for empty files, of which the server tells an empty text."""
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return ConnectorError(Fault.INVALID, "the content that the server tells is broken", "BROKEN", Scope.ITEM)


class GetAttachment(Plain, services.GetAttachment):  # type: ignore[misc]
    def contents(self, ids: Sequence[str]) -> list[Any]:
        """For each id its content in base64 (of an attached item its MIME), or a `RefusedError`."""
        asked = [AttachmentId(id=each) for each in ids]
        payload = self.get_payload(asked, True, None, None, None)
        return [each if isinstance(each, Exception) else _of_attachment(each) for each in self._get_elements(payload)]


class GetMime(Plain, services.GetItem):  # type: ignore[misc]
    def contents(self, ids: Sequence[str]) -> list[Any]:
        """For each message its MIME in base64, or a `RefusedError`."""
        payload = create_element("m:GetItem")
        shape = create_element("m:ItemShape")
        add_xml_child(shape, "t:BaseShape", "IdOnly")
        add_xml_child(shape, "t:IncludeMimeContent", "true")
        asked = create_element("m:ItemIds")
        asked.extend([create_element("t:ItemId", attrs={"Id": each}) for each in ids])
        payload.extend([shape, asked])
        return [each if isinstance(each, Exception) else _mime(each) for each in self._get_elements(payload)]


def _of_attachment(element: Any) -> str:
    content = element.findtext(f"{{{TNS}}}Content")
    return content if content is not None else _mime(element)


def _mime(element: Any) -> str:
    return next((each.text or "" for each in element.iter(f"{{{TNS}}}MimeContent")), "")
