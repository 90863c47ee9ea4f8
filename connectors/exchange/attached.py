"""What hangs on a message, as its element tells it.

exchangelib forgets reference attachments and sorts the others by kind, so the element is read here.
"""

from __future__ import annotations

from typing import Any

from exchangelib.util import TNS

from mapping.model.item import Attachment, Form

_FORMS = {
    f"{{{TNS}}}FileAttachment": Form.FILE,
    f"{{{TNS}}}ItemAttachment": Form.ITEM,
    f"{{{TNS}}}ReferenceAttachment": Form.LINK,
}


def take_attachments(element: Any) -> tuple[Attachment, ...]:
    """Remove what a message element says of its attachments and give them, in its order."""
    holder = element.find(f"{{{TNS}}}Attachments")
    if holder is None:
        return ()
    element.remove(holder)
    return tuple(_attachment(each, _FORMS[each.tag]) for each in holder if each.tag in _FORMS)


def _attachment(element: Any, form: Form) -> Attachment:
    ident = element.find(f"{{{TNS}}}AttachmentId")
    size = _text(element, "Size")
    return Attachment(
        id=(ident.get("Id") or "") if ident is not None else "",
        name=_text(element, "Name"),
        type=_text(element, "ContentType"),
        size=int(size) if size.isdecimal() else 0,
        form=form,
        inline=_text(element, "IsInline") == "true",
        content_id=_text(element, "ContentId").removeprefix("<").removesuffix(">"),
    )


def _text(element: Any, name: str) -> str:
    return (element.findtext(f"{{{TNS}}}{name}") or "").strip()
