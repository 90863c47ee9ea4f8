"""How far the clock of a vendor is from ours, as its HTTP answers tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

import requests

SKEW = timedelta(seconds=60)  # signatures of tokens are good for minutes, and their times may be off by a few of those
_TIMEOUT = (5.0, 10.0)


def skew(url: str, now: Callable[[], datetime]) -> timedelta | None:
    """Their clock less ours; None when nothing answers there or the answer bears no date."""
    before = now()
    try:
        answer = requests.head(url, timeout=_TIMEOUT, allow_redirects=False)
        told = parsedate_to_datetime(answer.headers["Date"])
    except (requests.RequestException, KeyError, ValueError, TypeError):
        return None
    return told - (before + (now() - before) / 2)
