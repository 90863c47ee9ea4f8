"""Record ids: fifteen case-sensitive characters and three that guard their case."""

from __future__ import annotations

import re
import threading

from connectors.sandbox.store import Store

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_GUARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")
_BLOCK = 500


def looks_like_id(text: object) -> bool:
    return isinstance(text, str) and _SHAPE.fullmatch(text) is not None


def checksum(short: str) -> str:
    """Three characters, each holding for five characters which of them are capitals."""
    out = ""
    for chunk in (short[0:5], short[5:10], short[10:15]):
        out += _GUARD[sum(1 << at for at, char in enumerate(chunk) if char.isupper())]
    return out


def to18(text: str) -> str:
    """The long form. A long id with damaged case is repaired from its guard, as the vendor does."""
    if len(text) == 15:
        return text + checksum(text)
    if len(text) != 18 or text[:15] + checksum(text[:15]) == text:
        return text
    letters = list(text[:15])
    for block, guard in enumerate(text[15:].upper()):
        bits = _GUARD.find(guard)
        if bits < 0:
            return text
        for at in range(5):
            index = block * 5 + at
            letters[index] = letters[index].upper() if bits >> at & 1 else letters[index].lower()
    short = "".join(letters)
    return short + checksum(short)


def _base62(number: int, width: int) -> str:
    out = ""
    while number:
        number, rest = divmod(number, 62)
        out = _DIGITS[rest] + out
    return out.rjust(width, "0")


class Minter:
    """Hands out ids per key prefix, in blocks, so that a bulk load does not write a counter per row."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._left: dict[tuple[str, str], tuple[int, int]] = {}

    def mint(self, org: str, instance: str, prefix: str) -> str:
        """`instance`: three characters that keep the ids of several orgs apart."""
        # never taken while holding the own lock: the store's write lock comes first everywhere
        with self._store.transaction() as connection, self._lock:
            at, end = self._left.get((org, prefix), (0, 0))
            if at >= end:
                connection.execute(
                    "INSERT INTO sf_counter(org, prefix, next) VALUES(?, ?, ?) "
                    "ON CONFLICT(org, prefix) DO UPDATE SET next = next + ?",
                    (org, prefix, 1 + _BLOCK, _BLOCK),
                )
                end = connection.execute(
                    "SELECT next FROM sf_counter WHERE org = ? AND prefix = ?", (org, prefix)
                ).fetchone()[0]
                at = end - _BLOCK
            self._left[org, prefix] = (at + 1, end)
        short = f"{prefix}{instance}{_base62(at, 9)}"
        return short + checksum(short)
