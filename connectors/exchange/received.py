"""What an Exchange server posts to a push subscriber (SendNotification), and what it wants to be answered.

Nothing in EWS proves who posts. So the address is a secret, what is posted is parsed by a parser that knows neither
entities nor document types, and of its content only ids of subscriptions and watermarks are looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from connectors.pushing import NoHintError, Says, Word

STATUS_MINUTES = 30  # how often the server gives a sign of life
SILENCE = timedelta(minutes=2 * STATUS_MINUTES + 1)  # whoever hears nothing for so long has lost the subscription

_SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
_M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
_T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
_MESSAGES = f"{_SOAP}Body/{_M}SendNotification/{_M}ResponseMessages/{_M}SendNotificationResponseMessage"
_ANSWER = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
    '<m:SendNotificationResult xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">'
    "<m:SubscriptionStatus>{}</m:SubscriptionStatus></m:SendNotificationResult></s:Body></s:Envelope>"
)
GO_ON = _ANSWER.format("OK").encode()
STOP = _ANSWER.format("Unsubscribe").encode()


def words(body: bytes) -> list[Word]:
    """The hints of a post, at least one. Raises NoHintError."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException:
        raise NoHintError("document types and entities are not taken") from None
    except (ParseError, ValueError, LookupError):
        raise NoHintError("this is not XML") from None
    found = [word for message in root.findall(_MESSAGES) for word in _of(message)]
    if root.tag != f"{_SOAP}Envelope" or not found:
        raise NoHintError("this is no notification")
    return found


def _of(message: Element) -> Iterator[Word]:
    notifications = message.findall(f"{_M}Notification")
    for notification in notifications:
        before = _text(notification, "PreviousWatermark")
        marks = {mark: event.tag for event in notification if (mark := _text(event, "Watermark"))}
        quiet = set(marks.values()) <= {f"{_T}StatusEvent"}
        says = Says.ALIVE if quiet else Says.CHANGED
        # a sign of life repeats the mark of what was told last
        mark = "" if quiet else list(marks)[-1]
        yield Word(
            _text(notification, "SubscriptionId"), says, mark=mark, after=before, lives=SILENCE,
        )  # fmt: skip
    if not notifications and message.get("ResponseClass") == "Error":
        # events were lost, and the subscription is not even named: its address says which one it is
        yield Word("", Says.MISSED, lives=SILENCE)


def _text(parent: Element, name: str) -> str:
    return (parent.findtext(f"{_T}{name}") or "").strip()[:512]
