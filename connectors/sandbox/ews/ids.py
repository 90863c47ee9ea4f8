"""The opaque texts of EWS: item and folder ids, change keys, sync states. A forged or cut one is recognised."""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from dataclasses import dataclass

from connectors.sandbox.ews.errors import EwsError

_BODY = struct.Struct(">cIQ")
_OCCURRENCE = struct.Struct(">cIQIq")
_ATTACHMENT = struct.Struct(">cIQI")
_STATE = struct.Struct(">IQQQI")


def _seal(data: bytes) -> str:
    return base64.b64encode(data + struct.pack(">I", zlib.crc32(data))).decode("ascii")


def _open(text: str, size: int) -> bytes | None:
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    data, crc = raw[:-4], raw[-4:]
    return data if len(data) == size and struct.pack(">I", zlib.crc32(data)) == crc else None


def item_id(mailbox: int, number: int) -> str:
    return _seal(_BODY.pack(b"I", mailbox, number))


def occurrence_id(mailbox: int, master: int, epoch: int, original: int) -> str:
    """`epoch`: of the pattern, `original`: where the occurrence starts by it, in seconds since 1970."""
    return _seal(_OCCURRENCE.pack(b"O", mailbox, master, epoch, original))


def attachment_id(mailbox: int, item: int, at: int) -> str:
    """`at`: which of the item's attachments. Like all ids that lead through an item it ends with the item's own."""
    return _seal(_ATTACHMENT.pack(b"A", mailbox, item, at))


def attachment_parts(text: str) -> tuple[int, int]:
    """(item, which of its attachments). Raises ErrorInvalidAttachmentId."""
    data = _open(text, _ATTACHMENT.size)
    if data is None or data[:1] != b"A":
        raise EwsError("ErrorInvalidAttachmentId")
    _, _, item, at = _ATTACHMENT.unpack(data)
    return int(item), int(at)


def folder_id(mailbox: int, number: int) -> str:
    return _seal(_BODY.pack(b"F", mailbox, number))


def change_key(version: int) -> str:
    return _seal(_BODY.pack(b"K", 0, version))


def _number(text: str, letter: bytes, code: str) -> int:
    data = _open(text, _BODY.size)
    if data is None:
        raise EwsError(code)
    kind, _, number = _BODY.unpack(data)
    if kind != letter:
        raise EwsError(code)
    return int(number)


def item_number(text: str) -> int:
    return _number(text, b"I", "ErrorInvalidIdMalformed")


def is_occurrence(text: str) -> bool:
    """Is it the id of an occurrence (which may or may not be there)?"""
    return _open(text, _OCCURRENCE.size) is not None


def occurrence_parts(text: str) -> tuple[int, int, int]:
    """The master's number, the epoch and the original start of an occurrence's id."""
    data = _open(text, _OCCURRENCE.size)
    if data is None or data[:1] != b"O":
        raise EwsError("ErrorInvalidIdMalformed")
    _, _, master, epoch, original = _OCCURRENCE.unpack(data)
    return int(master), int(epoch), int(original)


def folder_number(text: str) -> int:
    return _number(text, b"F", "ErrorInvalidIdMalformed")


def version_number(text: str) -> int:
    return _number(text, b"K", "ErrorInvalidChangeKey")


@dataclass(frozen=True, slots=True)
class SyncState:
    """How far one client has read a folder. A pass over several pages runs from `base` to `head`, both fixed when the
    pass began, and stands at `at`. Between passes all three are equal. `age`: how often the server had forgotten the
    folder's past."""

    folder: int
    base: int = 0
    at: int = 0
    head: int = 0
    age: int = 0

    @property
    def midway(self) -> bool:
        return self.at < self.head

    def text(self) -> str:
        return _seal(_STATE.pack(self.folder, self.base, self.at, self.head, self.age))


def sync_state(text: str, folder: int) -> SyncState:
    """Read a state back; one of another folder or a damaged one raises ErrorInvalidSyncStateData."""
    if not text:
        return SyncState(folder)
    data = _open(text, _STATE.size)
    if data is None:
        raise EwsError("ErrorInvalidSyncStateData")
    found = SyncState(*_STATE.unpack(data))
    if found.folder != folder:
        raise EwsError("ErrorInvalidSyncStateData")
    return found
