"""Further mail folders that people want looked at: the feed of folders tells the whole tree at once, and beside it
those are asked for that have names of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.graph.folders import everything
from connectors.graph.line import Line, Request
from connectors.outlook.mail_folders import ARCHIVE, NEVER, Branch, chosen
from connectors.places import role_of

_NAMED = tuple(sorted({*NEVER, ARCHIVE}))


def mail_folders(line: Line, wanted: Collection[str], without: Collection[str]) -> Mapping[str, str]:
    """See `Mailbox.mail_folders`. What was found is known to the line from now on."""
    found = {role_of(each.id): each.id for each in chosen(_tree(line), wanted, without)}
    line.folder_ids.update(found)
    return found


def _tree(line: Line) -> list[Branch]:
    """Folders of mail only: others are listed elsewhere."""
    tree = Request("GET", line.path("mailFolders", "delta", select="id,displayName,parentFolderId"))
    named = [Request("GET", line.path("mailFolders", name, select="id")) for name in _NAMED]
    told, *answers = line.batch([tree, *named], Scope.CONTAINER)
    if isinstance(told, ConnectorError):
        raise told
    roles: dict[str, str] = {}
    for name, answer in zip(_NAMED, answers, strict=True):
        if not isinstance(answer, ConnectorError):
            roles[answer.body["id"]] = name
        elif answer.fault is not Fault.NOT_FOUND:  # few mailboxes have all of them
            raise answer
    return [_branch(each, roles) for each in everything(line, told) if "@removed" not in each]


def _branch(told: Mapping[str, Any], roles: Mapping[str, str]) -> Branch:
    ident, name = str(told["id"]), str(told.get("displayName") or "")
    return Branch(ident, str(told.get("parentFolderId") or ""), name, roles.get(ident, ""))
