"""Files of Drive below the text of a message: Gmail sends what is large, or what stands in Drive, as a link to it, and
shows it like an attachment. What Google's own editors made has no content of its own, and stays a link."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from connectors.errors import ConnectorError
from connectors.google.config import Service
from connectors.google.line import Line
from connectors.google.multipart import Ask, Json
from mapping.model.item import Attachment, Form

PREFIX = "drive:"  # how the ids of such attachments begin
MOST = 25 * 1024 * 1024  # of a content; a byte more is fetched, so that one that has grown is known to be too large

_FILES = "/drive/v3/files"
_SHOWN = "div.gmail_drive_chip"
_QUOTED = frozenset({"gmail_quote"})
_FILE = re.compile(r"https://drive\.google\.com/(?:file/d/|open\?id=)([\w-]+)")


def linked(html: str) -> tuple[Attachment, ...]:
    """The files that the newest message shows, each once; not those of messages that it quotes."""
    if "gmail_drive_chip" not in html:
        return ()
    found: dict[str, Attachment] = {}
    for chip in LexborHTMLParser(html).css(_SHOWN):
        link = chip.css_first("a[href]")
        if link is None or _is_quoted(chip):
            continue
        href = link.attributes.get("href") or ""
        match = _FILE.match(href)
        name = (link.attributes.get("aria-label") or link.text()).strip()
        found.setdefault(href, Attachment(f"{PREFIX}{match[1]}" if match else href, name, "", form=Form.LINK))
    return tuple(found.values())


def _is_quoted(node: LexborNode) -> bool:
    above: LexborNode | None = node
    while above is not None:
        if _QUOTED & set((above.attributes.get("class") or "").split()):
            return True
        above = above.parent
    return False


def looked_up(line: Line, attachments: Sequence[Attachment]) -> Mapping[str, Attachment]:
    """By id, what Drive tells of files: their sizes and types. One that the user may not see stays a link, and so do
    all where Drive is not in use."""
    wanted = list(dict.fromkeys(each.id for each in attachments if each.id.startswith(PREFIX)))
    if not wanted or Service.DRIVE not in line.config.services:
        return {}
    fields = {"fields": "name,mimeType,size", "supportsAllDrives": True}
    asks = [Ask("drive.files.get", "GET", f"{_FILES}/{each.removeprefix(PREFIX)}", fields) for each in wanted]
    answers = dict(zip(wanted, line.batch(Service.DRIVE, asks), strict=True))
    return {each.id: _told(each, answers[each.id]) for each in attachments if each.id in answers}


def _told(link: Attachment, told: Json | ConnectorError) -> Attachment:
    if isinstance(told, ConnectorError) or "size" not in told:
        return link
    name, kind = str(told.get("name") or link.name), str(told.get("mimeType") or "")
    return replace(link, name=name, type=kind, size=int(told["size"]), form=Form.DRIVE)


def content(line: Line, one: Attachment) -> bytes:
    """Raises ConnectorError."""
    if not one.size:
        return b""  # of an empty file no part can be asked for
    path = f"{_FILES}/{one.id.removeprefix(PREFIX)}"
    ask = Ask("drive.files.get", "GET", path, {"alt": "media", "supportsAllDrives": True}, most=MOST + 1)
    return line.content(Service.DRIVE, ask)
