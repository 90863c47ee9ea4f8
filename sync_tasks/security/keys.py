"""Master keys: how they are written down, and the file that holds them when no setting does."""

from __future__ import annotations

import base64
import binascii
import fcntl
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

KEY_BYTES = 32
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


class SecretKeyError(ValueError):
    """A key, or the file it stands in, is of no use. The text never holds key material."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """A named 256-bit key, written `id:base64`."""

    id: str
    secret: bytes = field(repr=False)

    @classmethod
    def generate(cls, key_id: str = "") -> MasterKey:
        return cls(key_id or f"k{secrets.token_hex(4)}", secrets.token_bytes(KEY_BYTES))

    @classmethod
    def parse(cls, text: str) -> MasterKey:
        key_id, colon, encoded = text.strip().partition(":")
        if not colon or not _ID.fullmatch(key_id):
            raise SecretKeyError(
                "a secret key is written id:base64key, the id in lower-case letters, digits and dashes"
            )
        try:
            secret = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            secret = b""
        if len(secret) != KEY_BYTES:
            # Raised here and not in the handler above, so that no chained traceback carries the encoded key.
            raise SecretKeyError(f"secret key {key_id!r} is not {KEY_BYTES} bytes in base64")
        return cls(key_id, secret)

    def text(self) -> str:
        """The written form. Whoever calls this holds the secret in plain text."""
        return f"{self.id}:{base64.b64encode(self.secret).decode()}"


def parse_keys(lines: Iterable[str]) -> tuple[MasterKey, ...]:
    """Keys in order, the first for writing; at least one, no id twice."""
    keys = tuple(MasterKey.parse(line) for line in lines if line.strip())
    if not keys:
        raise SecretKeyError("there is no secret key")
    ids = [key.id for key in keys]
    twice = {key_id for key_id in ids if ids.count(key_id) > 1}
    if twice:
        raise SecretKeyError(f"the id of a secret key stands for one key only: {', '.join(sorted(twice))}")
    return keys


def file_keys(path: Path) -> tuple[MasterKey, ...]:
    """The keys of the file, which is made with a new key when it is not there yet."""
    if not path.exists():
        # Web, beat and workers may start in the same moment: the link below lets exactly one of them win.
        _write(path, (MasterKey.generate(),), replace=False)
    if path.stat().st_mode & 0o077:
        raise SecretKeyError(f"{path.name} can be read by others; make it yours alone with chmod 600")
    return parse_keys(path.read_text(encoding="ascii").splitlines())


class KeyFile:
    """The key file, as a process sees it that goes on while keys come and go."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: tuple[int, int] | None = None  # which file was read last, and as of when

    def keys(self) -> tuple[MasterKey, ...]:
        """Its keys, which may be new; see `file_keys`."""
        found = file_keys(self._path)
        return self.newer() or found

    def newer(self) -> tuple[MasterKey, ...] | None:
        """The keys, if the file is another than the one that was read last. A file that is gone changes nothing."""
        stamp = self._stamp()
        if stamp is None or stamp == self._read:
            return None
        self._read = stamp  # of before the reading: what changes in between is seen next time
        return file_keys(self._path)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns


def add_key(path: Path) -> MasterKey:
    """Put a new key before those of the file: written with from now on, while the old ones still read."""
    key = MasterKey.generate()
    with _alone(path):
        _write(path, (key, *file_keys(path)), replace=True)
    return key


def drop_keys(path: Path, keep: Iterable[str]) -> None:
    """Leave only the keys with these ids; what was sealed with another can't be read any more."""
    kept = set(keep)
    with _alone(path):
        remaining = tuple(key for key in file_keys(path) if key.id in kept)
        if not remaining:
            raise SecretKeyError("the last secret key can't be dropped")
        _write(path, remaining, replace=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else changes the file meanwhile: a key that got lost in between would take what it sealed with it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.with_name(f".{path.name}.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _write(path: Path, keys: tuple[MasterKey, ...], *, replace: bool) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as handle:
            handle.writelines(f"{key.text()}\n" for key in keys)
            handle.flush()
            # Credentials are sealed with this key a moment later; losing it in a power cut would lose them all.
            os.fsync(handle.fileno())
        if replace:
            draft.replace(path)
        else:
            with suppress(FileExistsError):
                path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)
