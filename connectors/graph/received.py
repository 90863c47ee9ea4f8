"""What Graph posts: change notifications and, in the same form, what becomes of subscriptions themselves.

One post may hold notifications of several subscriptions and tenants. Each shows the secret of its own subscription.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from connectors.pushing import NoHintError, Says, Word

LONGEST_TOKEN = 2048  # of the handshake
MOST = 1000  # notifications of one post
LIFECYCLE: Mapping[str, Says] = {
    "reauthorizationRequired": Says.RENEW, "subscriptionRemoved": Says.REMOVED, "missed": Says.MISSED,
}  # fmt: skip


def words(body: bytes) -> list[Word]:
    """The hints of a post, at least one. Raises NoHintError."""
    try:
        told = json.loads(body)
        found = [_word(each) for each in told["value"][:MOST]]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise NoHintError("this is no collection of notifications") from None
    if not found:
        raise NoHintError("this is an empty collection")
    return found


def _word(told: Mapping[str, Any]) -> Word:
    happened = told.get("lifecycleEvent")
    says = Says.CHANGED if happened is None else LIFECYCLE[happened]
    return Word(
        _text(told["subscriptionId"]), says, _text(told.get("clientState") or ""),
        mark="" if happened else _mark(told),
    )  # fmt: skip


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 512:
        raise ValueError("no such text")
    return value


def _mark(told: Mapping[str, Any]) -> str:
    """What happened to which version of what; the same when the notification comes again."""
    data = told.get("resourceData") or {}
    of = [told.get("changeType"), told.get("resource"), data.get("id"), data.get("@odata.etag")]
    return hashlib.sha256(json.dumps(of).encode()).hexdigest()[:32]
