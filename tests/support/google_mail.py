"""Mails of stories over Gmail: what Outlook calls `ItemClass` and `Categories`, as a message's source and its labels.

A folder is a label, and so is a mark. What kind of message it is stands in its MIME type or its headers. A file that
stays in the cloud is a chip below the text, for Gmail knows no other link.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.kinds import Values

LABELS = {
    "inbox": "INBOX", "sentitems": "SENT", "sent": "SENT", "deleteditems": "TRASH", "junkemail": "SPAM",
    "drafts": "DRAFT", "Salesforce Emails": "Salesforce Emails", "Archive": "",
}  # fmt: skip
MARKS = {
    "Salesforce": "Salesforce Emails", "Status: Tracked successfully": "Tracked successfully",
    "Sync Error": "Salesforce Emails/Sync Error",
}  # fmt: skip
# what shows in a message's source that Exchange calls so
SORTS: Mapping[str, Mapping[str, Any]] = {
    "IPM.Note": {},
    "REPORT.IPM.Note.NDR": {"type": "multipart/report; report-type=delivery-status"},
    "REPORT.IPM.Note.IPNRN": {"type": "multipart/report; report-type=disposition-notification"},
    "IPM.Note.Rules.OofTemplate.Microsoft": {"headers": {"Auto-Submitted": "auto-replied"}},
    "IPM.Schedule.Meeting.Resp.Pos": {"invitation": "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\nEND:VCALENDAR\r\n"},
    "IPM.Schedule.Meeting.Request": {"invitation": "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"},
    "IPM.Note.SMIME": {"type": 'application/pkcs7-mime; smime-type=enveloped-data; name="smime.p7m"'},
    "IPM.Note.SMIME.MultipartSigned": {"type": 'multipart/signed; protocol="application/pkcs7-signature"'},
}
HEADERS = {"InReplyTo": "In-Reply-To", "References": "References", "Sensitivity": "Sensitivity"}
CHIP = '<div class="gmail_chip gmail_drive_chip"><a href="{location}" aria-label="{name}">{name}</a></div>'


def body_text(value: Any) -> str:
    return str(value.get("text", "")) if isinstance(value, Mapping) else str(value or "")


def message(values: Values) -> dict[str, Any]:
    """The message that these values mean, in the words of the sandbox."""
    body, attached = values.get("Body", ""), list(values.get("Attachments") or ())
    html = str(body.get("html", "")) if isinstance(body, Mapping) else ""
    chips = "".join(CHIP.format(**each) for each in attached if each.get("form") == "link")
    sort = SORTS[values.get("ItemClass", "IPM.Note")]
    headers = {name: str(values[value]) for value, name in HEADERS.items() if values.get(value, "Normal") != "Normal"}
    headers |= dict(values.get("InternetMessageHeaders") or ())
    kind = headers.pop("Content-Type", "")
    return {
        "subject": values.get("Subject", ""), "from": values["From"], "to": values.get("ToRecipients", []),
        "cc": values.get("CcRecipients", []), "bcc": values.get("BccRecipients", []),
        "message_id": values.get("InternetMessageId", ""), "text": body_text(body), "html": html + chips,
        "attachments": [each for each in attached if each.get("form") != "link"],
        **({"type": kind} if kind else {}), **sort, "headers": {**headers, **sort.get("headers", {})},
    }  # fmt: skip


def told_message(told: Mapping[str, Any]) -> dict[str, Any]:
    headers = {each["name"].lower(): each["value"] for each in told["payload"]["headers"]}
    back = {label: category for category, label in MARKS.items()}
    labels = [name for name in told["labels"] if not name.isupper()]
    found: dict[str, Any] = {"Subject": headers.get("subject", "")}
    if labels:
        found["Categories"] = sorted((back.get(name, name) for name in labels), key=_rank)
    return found


def _rank(category: str) -> tuple[int, str]:
    """Labels have no order; a story tells the user's own ones first."""
    order = list(MARKS)
    return (order.index(category) if category in order else -1, category)
