"""Addresses of record pages in the text of a message: what it is about, in the words of its writer."""

from __future__ import annotations

import re

BUSINESS = ("001", "006", "500")  # how the ids of accounts, opportunities and cases begin

_ID = rf"(?:{'|'.join(BUSINESS)})[A-Za-z0-9]{{12}}(?:[A-Za-z0-9]{{3}})?"
_PAGES = re.compile(
    rf"https?://[^\s\"'<>/]+(?:/lightning/r(?:/\w+)?/({_ID})(?:/view)?|/({_ID}))(?=[/?#\s\"'<>.,;)]|$)", re.IGNORECASE
)


def record_ids(text: str) -> tuple[str, ...]:
    """The ids of business records whose pages the text names, each once, in its order."""
    return tuple(dict.fromkeys(one or other for one, other in _PAGES.findall(text)))
