"""Who comes first when something is rolled out step by step, and when it is taken back."""

from __future__ import annotations

import hashlib


def share_of(name: str, who: str) -> float:
    """Where somebody stands in the line of a roll-out of that name: 0 up to, but not, 100, by chance and for ever."""
    digest = hashlib.sha256(f"{name}\x1f{who}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 * 100
