"""The messages of conversations, wherever in the mailbox they lie: one question for each, twenty in a call."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.folders import WELL_KNOWN, everything
from connectors.graph.line import Line, Request
from connectors.outlook.facts import kind_of
from mapping.model.item import DELETED, ItemKind, ItemRef, Side

_TOP = "100"


def conversations(line: Line, ids: Iterable[str]) -> dict[str, tuple[ItemRef, ...]]:
    """See `Mailbox.conversations`."""
    wanted = list(dict.fromkeys(each for each in ids if each))
    if not wanted:
        return {}
    roles = _roles(line)
    asked = [Request("GET", line.path("messages", filter=_is(each), select=_SELECT, top=_TOP)) for each in wanted]
    found: dict[str, tuple[ItemRef, ...]] = {}
    for each, answer in zip(wanted, line.batch(asked, Scope.CONTAINER), strict=True):
        if isinstance(answer, ConnectorError):
            if answer.fault is not Fault.NOT_FOUND:
                raise answer
            continue
        told = [(message["id"], roles.get(message.get("parentFolderId"), "")) for message in everything(line, answer)
                if not message.get("isDraft")]  # fmt: skip
        if told:
            found[each] = tuple(ItemRef(Side.MAILBOX, ItemKind.EMAIL, str(ident), role) for ident, role in told if role)
    return found


_SELECT = "id,parentFolderId,isDraft"


def _is(conversation: str) -> str:
    return f"conversationId eq '{conversation.replace(chr(39), chr(39) * 2)}'"


def _roles(line: Line) -> dict[str, str]:
    """The roles of mail folders by their ids; those that have names of their own are asked for theirs."""
    names = {role: name for role, name in WELL_KNOWN.items() if role != DELETED}
    asked = [Request("GET", line.path("mailFolders", name, select="id")) for name in names.values()]
    roles = {identifier: role for role, identifier in line.folder_ids.items() if kind_of(role) is ItemKind.EMAIL}
    for role, answer in zip(names, line.batch(asked, Scope.CONTAINER), strict=True):
        if isinstance(answer, ConnectorError):
            raise answer
        roles[answer.body["id"]] = role
    return roles
