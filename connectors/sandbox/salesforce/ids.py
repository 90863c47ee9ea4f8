"""Record ids: fifteen case-sensitive characters and three that guard their case."""

from __future__ import annotations

import re

from connectors.sandbox.store import Store

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_GUARD = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_SHAPE = re.compile(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?")


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
    """Hands out ids per key prefix. The counter belongs to the transaction: ids of rows that were rolled back come
    again, those of kept rows never do."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def mint(self, org: str, instance: str, prefix: str) -> str:
        """`instance`: three characters that keep the ids of several orgs apart."""
        sql = (
            "INSERT INTO sf_counter(org, prefix, next) VALUES(?, ?, 1) "
            "ON CONFLICT(org, prefix) DO UPDATE SET next = next + 1 RETURNING next"
        )
        if self._store.in_transaction:
            number = self._store.scalar(sql, (org, prefix))
        else:
            with self._store.transaction():
                number = self._store.scalar(sql, (org, prefix))
        short = f"{prefix}{instance}{_base62(int(number), 9)}"
        return short + checksum(short)
