"""What Google posts: headers of a calendar's channel, and messages of Pub/Sub about mail, with a signed token."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from connectors.pushing import NoHintError, Says, Word

LONGEST = 512


def channel_word(headers: Mapping[str, str]) -> Word:
    """The hint of a channel, which has no body: `sync` only says that it begins. Raises NoHintError."""
    told = {name: headers.get(f"X-Goog-{name}", "") for name in ("Channel-ID", "Channel-Token", "Message-Number")}
    state, number = headers.get("X-Goog-Resource-State", ""), told["Message-Number"]
    named = told["Channel-ID"] and all(len(value) <= LONGEST for value in told.values())
    if not named or state not in ("sync", "exists", "not_exists") or not (number.isascii() and number.isdigit()):
        raise NoHintError("these are not the headers of a channel")
    says = Says.ALIVE if state == "sync" else Says.CHANGED
    return Word(told["Channel-ID"], says, told["Channel-Token"], mark=number, number=int(number))


def mail_word(body: bytes) -> Word:
    """The hint that Gmail published: whose mail changed. Raises NoHintError."""
    try:
        message = json.loads(body)["message"]
        told = json.loads(base64.b64decode(message["data"], altchars=b"-_"))
        address, mark = told["emailAddress"], message.get("messageId") or message["message_id"]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise NoHintError("this is no message about mail") from None
    if not (isinstance(address, str) and isinstance(mark, str) and max(len(address), len(mark)) <= LONGEST):
        raise NoHintError("this is no message about mail")
    return Word(address.lower(), mark=mark)
