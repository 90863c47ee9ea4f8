"""Which attachments of a message become files in Salesforce, as what, and under which names.

What belongs to the text (pictures that it shows) and what lies in a cloud are not attachments. Small pictures are taken
for logos of signatures, whatever they are declared to be.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from urllib.parse import unquote

from mapping.model import fields
from mapping.model.item import Attachment, Form, Item
from mapping.model.reasons import Reason
from mapping.rules.settings import Effective

FILE, ATTACHMENT, NOWHERE = "ContentVersion", "Attachment", ""  # as what a file is kept

KILO, MEGA = 1024, 1024 * 1024
LONGEST_NAME, LONGEST_EXTENSION = 255, 20
UNNAMED = "attachment"

_PICTURES = frozenset({"bmp", "emz", "gif", "ico", "jfif", "jpeg", "jpg", "png", "svg", "tif", "tiff", "webp", "wmz"})
# control characters, and those that are invisible or turn the order of the others around
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_RESERVED = re.compile(r'[<>:"|?*]')


@dataclass(frozen=True, slots=True)
class Chosen:
    """An attachment to save. `number`: its place in the message, from 1."""

    number: int
    attachment: Attachment
    name: str


@dataclass(frozen=True, slots=True)
class Left:
    """An attachment that is not saved, and why."""

    number: int
    reason: Reason
    rule: str
    detail: dict[str, str] = field(default_factory=dict)


def kept_as(settings: Effective, *, files: bool, attachments: bool) -> str:
    """As what files are kept, given what the organization lets us create (FIL-1); '' when they are not."""
    match settings.text("files.store"):
        case "auto":
            return FILE if files else ATTACHMENT if attachments else NOWHERE
        case "file":
            return FILE if files else NOWHERE
        case "attachment":
            return ATTACHMENT if attachments else NOWHERE
    return NOWHERE


def choose(item: Item, settings: Effective, *, forced: bool) -> tuple[tuple[Chosen, ...], tuple[Left, ...]]:
    """Of the attachments of a message that was read whole, those to save and those to leave. `forced`: somebody asked
    for this message to be saved, so the list of wanted types does not bind him (FIL-4)."""
    chosen: list[Chosen] = []
    left: list[Left] = []
    html = item.text(fields.HTML)
    for number, one in enumerate(attached(item), 1):
        name = safe_name(one.name, one.form)
        against = _objection(number, one, name, html, settings, forced=forced)
        if against is None:
            chosen.append(Chosen(number, one, name))
        else:
            left.append(against)
    return tuple(chosen), tuple(left)


def attached(item: Item) -> tuple[Attachment, ...]:
    found = item.get(fields.ATTACHMENTS)
    return tuple(each for each in found if isinstance(each, Attachment)) if isinstance(found, tuple) else ()


def copy_of(item: Item) -> Chosen:
    """The whole message as a file, for when its text was cut (FIL-9)."""
    name = safe_name(item.text(fields.SUBJECT) or "message", Form.MAIL)
    return Chosen(0, Attachment(item.ref.id, name, "message/rfc822", form=Form.MAIL), name)


def _objection(
    number: int, one: Attachment, name: str, html: str, settings: Effective, *, forced: bool
) -> Left | None:  # fmt: skip
    kind, megabytes = extension(name), settings.int("files.max_megabytes")
    if one.form is Form.LINK or (one.form is Form.DRIVE and settings.bool("files.without_drive")):
        return Left(number, Reason.FILE_IN_CLOUD, "FIL-5")
    if is_shown_in_text(one, kind, html):
        return Left(number, Reason.FILE_IN_TEXT, "FIL-5")
    if kind in _types(settings, "files.blocked_types"):
        return Left(number, Reason.FILE_TYPE_BLOCKED, "FIL-4")
    wanted = _types(settings, "files.types")
    if wanted and kind not in wanted and not forced:
        return Left(number, Reason.FILE_TYPE_UNLISTED, "FIL-4")
    if one.size > megabytes * MEGA:
        return Left(number, Reason.FILE_TOO_LARGE, "FIL-3", {"limit": str(megabytes)})
    kilobytes = settings.int("files.min_kilobytes")
    if 0 < one.size < kilobytes * KILO and kind in _types(settings, "files.min_types"):
        return Left(number, Reason.FILE_TOO_SMALL, "FIL-3", {"limit": str(kilobytes)})
    return None


def is_shown_in_text(one: Attachment, kind: str, html: str) -> bool:
    """A picture that the text names, or that is declared as part of a text which can show pictures. Some programs
    declare everything so, documents too, and pictures beside plain text; those are attachments."""
    if one.form is not Form.FILE:
        return False
    if one.content_id and f"cid:{one.content_id}".lower() in unquote(html).lower():
        return True
    is_picture = kind in _PICTURES or one.type.lower().startswith("image/")
    return one.inline and is_picture and bool(html)


def _types(settings: Effective, name: str) -> frozenset[str]:
    return frozenset(each.lower().removeprefix(".") for each in settings.list(name))


# --- names


def extension(name: str) -> str:
    """In lower case without the dot; '' when there is none."""
    stem, dot, rest = name.rpartition(".")
    return rest.lower() if dot and stem else ""


def media_type(one: Attachment) -> str:
    """The type that a sender declared, if it reads like one; '' otherwise."""
    declared = one.type.partition(";")[0].strip().lower()
    return declared if _MEDIA_TYPE.fullmatch(declared) else ""


def safe_name(name: str, form: Form = Form.FILE) -> str:
    """The name of a file and nothing else: no path, nothing hidden, nothing that a file system reads in its own way,
    and not too long. Anybody may have written it."""
    text = unicodedata.normalize("NFC", name.encode("utf-8", "ignore").decode())
    text = _HIDDEN.sub("", text)
    is_item = form in (Form.ITEM, Form.MAIL)
    if is_item:
        text = text.replace("/", "_").replace("\\", "_")  # it is a subject
    text = _RESERVED.sub("_", text.replace("\\", "/").rpartition("/")[2])
    text = " ".join(text.split()).strip(" .")
    if is_item and extension(text) != "eml":
        text = f"{text or UNNAMED}.eml"
    return _cut(text) or UNNAMED


def _cut(name: str) -> str:
    stem, dot, end = name.rpartition(".")
    if len(name) <= LONGEST_NAME or not dot or not stem or len(end) > LONGEST_EXTENSION:
        return name[:LONGEST_NAME].rstrip(" .")
    return stem[: LONGEST_NAME - len(end) - 1].rstrip(" .") + "." + end
