"""The messages of a conversation: GetConversationItems, which exchangelib lacks, in the manner of `wire`.

Source: the vendor's schema (`GetConversationItemsType`, since Exchange 2013): many conversations a call, the answers in
the order of the questions, each with nodes that hold the copies of one message in all folders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from exchangelib import services
from exchangelib.items import Message
from exchangelib.util import MNS, TNS, create_element

from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange import wire
from connectors.exchange.line import Line
from connectors.exchange.searching import folders
from mapping.model.item import DELETED, ELSEWHERE

AT_ONCE = 25  # conversations of one call


class GetConversationItems(wire.Plain, services.common.EWSAccountService):  # type: ignore[misc]
    SERVICE_NAME = "GetConversationItems"
    element_container_name = f"{{{MNS}}}Conversation"

    def messages(self, ids: Sequence[str]) -> list[Any]:
        """One answer for each conversation, in order: (item id, folder id) of its messages, or a `RefusedError`."""
        answers = self._get_elements(self._payload(ids))
        return [answer if isinstance(answer, Exception) else _messages(answer) for answer in answers]

    def _payload(self, ids: Sequence[str]) -> Any:
        payload = create_element("m:GetConversationItems")
        shape = create_element("m:ItemShape")
        base = create_element("t:BaseShape")
        base.text = "IdOnly"
        wanted = create_element("t:AdditionalProperties")
        for path in sorted(wire.paths(Message, ("parent_folder_id", "is_draft")), key=str):
            wanted.append(path.to_xml())
        shape.extend([base, wanted])
        order = create_element("m:SortOrder")
        order.text = "DateOrderAscending"
        asked = create_element("m:Conversations")
        for each in ids:
            conversation = create_element("t:Conversation")
            conversation.append(create_element("t:ConversationId", attrs={"Id": each}))
            asked.append(conversation)
        payload.extend([shape, order, asked])
        return payload

    @classmethod
    def _get_elements_in_container(cls, container: Any) -> list[Any]:
        return [container]


def _messages(conversation: Any) -> list[tuple[str, str]]:
    found = []
    for item in conversation.iterfind(f".//{{{TNS}}}Items/*"):
        ident, folder = item.find(f"{{{TNS}}}ItemId"), item.find(f"{{{TNS}}}ParentFolderId")
        if ident is not None and folder is not None and item.findtext(f"{{{TNS}}}IsDraft") != "true":
            found.append((ident.get("Id", ""), folder.get("Id", "")))
    return found


def conversations(line: Line, ids: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """(item id, folder role) of the messages of each conversation; see `Mailbox.conversations`."""
    wanted = list(dict.fromkeys(each for each in ids if each))
    if not wanted:
        return {}
    roles = folders(line)[2]
    service = GetConversationItems(account=line.account)
    found: dict[str, list[tuple[str, str]]] = {}
    for start in range(0, len(wanted), AT_ONCE):
        chunk = wanted[start : start + AT_ONCE]
        answers = line.call(lambda chunk=chunk: service.messages(chunk), Scope.CONTAINER)  # type: ignore[misc]
        for each, answer in zip(chunk, line.matched(answers, len(chunk)), strict=True):
            if isinstance(answer, Exception):
                error: ConnectorError = line.fault(answer, Scope.CONTAINER)
                if error.fault is not Fault.NOT_FOUND:
                    raise error
            else:
                placed = [(ident, roles.get(folder, ELSEWHERE)) for ident, folder in answer]
                found[each] = [(ident, role) for ident, role in placed if role not in (ELSEWHERE, DELETED)]
    return found
