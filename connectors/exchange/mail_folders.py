"""Further mail folders that people want looked at: one reading of the whole tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from connectors.exchange import wire, wire_folders
from connectors.exchange.line import Line
from connectors.exchange.wire_folders import FoundFolder
from connectors.outlook.mail_folders import Branch, chosen
from connectors.places import role_of


def mail_folders(line: Line, wanted: Collection[str], without: Collection[str]) -> Mapping[str, str]:
    """See `Mailbox.mail_folders`. What was found is known to the line from now on."""
    top = wire.folder_id(line.account, "msgfolderroot")
    folders = line.call(lambda: wire_folders.FindFolder(account=line.account).below(top))
    found = {role_of(each.id): each.id for each in chosen(list(map(branch, folders)), wanted, without)}
    line.folder_ids.update(found)
    return found


def branch(folder: FoundFolder) -> Branch:
    holds_mail = (folder.folder_class or "IPF.Note").casefold().startswith("ipf.note")
    return Branch(folder.id, folder.parent, folder.name, folder.role, holds_mail)
