"""Ids of items and folders as Graph has them, and the tokens of delta queries. All are opaque to clients and checked
when they come back. An immutable id is made of the number that an item had before it was ever moved."""

from __future__ import annotations

import base64
import binascii
import json
import struct
import zlib
from dataclasses import asdict, dataclass, field

from connectors.sandbox.ews.ids import SyncState
from connectors.sandbox.graph.errors import GraphError

_BODY = struct.Struct(">cIQ")
_OCCURRENCE = struct.Struct(">cIQIq")
PLAIN, IMMUTABLE, FOLDER, VERSION, ATTACHMENT = b"r", b"m", b"f", b"v", b"a"


def _seal(data: bytes) -> str:
    return base64.urlsafe_b64encode(b"\x00\x01" + data + struct.pack(">I", zlib.crc32(data))).decode("ascii")


def _open(text: str) -> bytes:
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _malformed() from None
    data, crc = raw[2:-4], raw[-4:]
    if raw[:2] != b"\x00\x01" or struct.pack(">I", zlib.crc32(data)) != crc:
        raise _malformed()
    return data


def _malformed() -> GraphError:
    return GraphError(400, "ErrorInvalidIdMalformed")


def sealed(letter: bytes, mailbox: int, number: int) -> str:
    return _seal(_BODY.pack(letter, mailbox, number))


def occurrence_id(letter: bytes, mailbox: int, master: int, epoch: int, original: int) -> str:
    """`epoch`: of the pattern, `original`: where the occurrence starts by it, in seconds since 1970. Its letter is the
    capital one."""
    return _seal(_OCCURRENCE.pack(letter.upper(), mailbox, master, epoch, original))


@dataclass(frozen=True, slots=True)
class Named:
    """What an id names. `epoch` and `original` are those of an occurrence, whose master is then the number's."""

    letter: bytes
    mailbox: int
    number: int
    epoch: int = 0
    original: int | None = None


def read(text: str) -> Named:
    """Raises ErrorInvalidIdMalformed."""
    data = _open(text)
    if len(data) == _BODY.size:
        return Named(*_BODY.unpack(data))
    if len(data) == _OCCURRENCE.size:
        letter, mailbox, master, epoch, original = _OCCURRENCE.unpack(data)
        return Named(letter.lower(), mailbox, master, epoch, original)
    raise _malformed()


def etag(version: int) -> str:
    return f'W/"{sealed(VERSION, 0, version)}"'


@dataclass(frozen=True, slots=True)
class Token:
    """How far a delta query has come: the state of the folder, and the query as it was first asked. `first`: it has not
    yet been told everything once."""

    state: SyncState
    path: str
    options: dict[str, str] = field(default_factory=dict)
    first: bool = True

    def text(self) -> str:
        return base64.urlsafe_b64encode(json.dumps(asdict(self)).encode()).decode("ascii")


def token(text: str, path: str, folder: int) -> Token:
    """Raises syncStateNotFound for one that is damaged, or of another query."""
    try:
        raw = json.loads(base64.urlsafe_b64decode(text))
        found = Token(SyncState(**raw["state"]), str(raw["path"]), dict(raw["options"]), bool(raw["first"]))
    except (ValueError, KeyError, TypeError):
        raise GraphError(410, "syncStateNotFound") from None
    if found.path != path or found.state.folder != folder:
        raise GraphError(410, "syncStateNotFound")
    return found
