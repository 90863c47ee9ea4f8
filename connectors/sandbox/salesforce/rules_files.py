# ruff: noqa: ARG002  (a hook takes what all hooks take)
"""Rules of files: ContentVersion with its document and its links, and the older Attachment.

Which code the vendor gives for contents that are too large is from memory; that it refuses them is not.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.salesforce import records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, integrity
from connectors.sandbox.salesforce.facts import PREFIXES
from connectors.sandbox.salesforce.rules import Lists, Row, Rules

BIGGEST_ATTACHMENT = 25 * 1024 * 1024
_TYPES = {"pdf": "PDF", "txt": "TEXT", "png": "PNG", "jpg": "JPG", "jpeg": "JPG", "docx": "WORD_X", "xlsx": "EXCEL_X"}


def locked() -> SfError:
    return SfError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])


def may_change_sent(call: Call, mail: Row | None) -> None:
    """What hangs on a sent mail is changed by those who may "Update Email Messages"; raises for the others."""
    if mail is not None and mail["Status"] != "5" and not call.org.settings.update_email_messages:
        raise locked()


def mail_of(call: Call, record_id: str) -> Row | None:
    """The mail that an id names, if it names one."""
    return records.read(call, "EmailMessage", record_id) if PREFIXES.get(record_id[:3]) == "EmailMessage" else None


def _content(call: Call, name: str, field: str, row: Row) -> bytes | None:
    """The bytes of a base64 field, put away; None when the field was not written. Raises."""
    data = row[field]
    if data is None or str(data).startswith("/services/"):
        return None
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise SfError("INVALID_BASE64_CHARACTERS", f"{field} is not base64", [field]) from None
    used = call.store.scalar("SELECT coalesce(sum(length(data)), 0) FROM sf_blob WHERE org = ?", (call.org.key,))
    if int(used) + len(content) > call.org.settings.file_storage_mb * 1024 * 1024:
        raise SfError("STORAGE_LIMIT_EXCEEDED", "storage limit exceeded", [])
    call.store.run("INSERT OR REPLACE INTO sf_blob VALUES(?, ?, ?)", (call.org.key, row["Id"], content))
    row[field] = f"/services/data/v{call.version}/sobjects/{name}/{row['Id']}/{field}"
    return content


class ContentVersionRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        if not row["PathOnClient"]:
            raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [PathOnClient]", ["PathOnClient"])
        if row["VersionData"] is None:
            raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [VersionData]", ["VersionData"])
        if row["ContentDocumentId"] and row["FirstPublishLocationId"]:
            raise integrity("a further version is not published again", ["FirstPublishLocationId"])
        may_change_sent(call, mail_of(call, row["FirstPublishLocationId"] or ""))
        row["Title"] = (
            row["Title"] or str(row["PathOnClient"]).rpartition("/")[2].rpartition(".")[0] or row["PathOnClient"]
        )

    def derive(self, call: Call, row: Row) -> None:
        content = _content(call, "ContentVersion", "VersionData", row)
        if content is None:
            return
        extension = str(row["PathOnClient"]).rpartition(".")[2].lower() if "." in str(row["PathOnClient"]) else None
        row |= {
            "ContentSize": len(content), "Checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "FileExtension": extension, "FileType": _TYPES.get(extension or "", "UNKNOWN"), "IsLatest": 1,
        }  # fmt: skip

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        shared: Row = {name: row[name] for name in ("Title", "Description", "FileType", "FileExtension", "ContentSize")}
        shared["LatestPublishedVersionId"] = row["Id"]
        document = records.read(call, "ContentDocument", row["ContentDocumentId"]) if row["ContentDocumentId"] else None
        if document is None:
            row["ContentDocumentId"] = records.insert(call, "ContentDocument", shared, user_made=False)
            row["VersionNumber"] = "1"
            records.write_row(call, "ContentVersion", row)
            link(call, row["ContentDocumentId"], row["OwnerId"], share="I")
            if row["FirstPublishLocationId"] and row["FirstPublishLocationId"] != row["OwnerId"]:
                link(call, row["ContentDocumentId"], row["FirstPublishLocationId"])
            return
        older = list(records.related(call, "ContentVersion", "ContentDocumentId", document["Id"]))
        for entry in older:
            if entry["Id"] != row["Id"]:
                entry["IsLatest"] = 0
                records.touch(call, "ContentVersion", entry)
        row["VersionNumber"] = str(len(older))
        records.write_row(call, "ContentVersion", row)
        records.touch(call, "ContentDocument", {**document, **shared})


def link(call: Call, document: str, target: str, share: str = "V") -> None:
    """Put a document on a record, once."""
    for entry in records.related(call, "ContentDocumentLink", "ContentDocumentId", document):
        if entry["LinkedEntityId"] == target:
            return
    values: dict[str, Any] = {"ContentDocumentId": document, "LinkedEntityId": target, "ShareType": share}
    records.insert(call, "ContentDocumentLink", values, user_made=False)


class ContentDocumentLinkRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        may_change_sent(call, mail_of(call, row["LinkedEntityId"] or ""))
        for entry in records.related(call, "ContentDocumentLink", "ContentDocumentId", row["ContentDocumentId"] or ""):
            if entry["LinkedEntityId"] == row["LinkedEntityId"]:
                raise SfError("DUPLICATE_VALUE", f"duplicate value found: on record with id: {entry['Id']}", [])

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        _has_attachment(call, str(row["LinkedEntityId"]))


class AttachmentRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        may_change_sent(call, mail_of(call, row["ParentId"] or ""))

    def derive(self, call: Call, row: Row) -> None:
        content = _content(call, "Attachment", "Body", row)
        if content is None:
            return
        if len(content) > BIGGEST_ATTACHMENT:
            raise integrity("Body: an attachment has at most 25 MB", ["Body"])
        row["BodyLength"] = len(content)

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        _has_attachment(call, str(row["ParentId"]))


def _has_attachment(call: Call, target: str) -> None:
    mail = mail_of(call, target)
    if mail is not None:
        mail["HasAttachment"] = 1
        records.write_row(call, "EmailMessage", mail)


RULES: Mapping[str, Rules] = {
    "Attachment": AttachmentRules(),
    "ContentVersion": ContentVersionRules(),
    "ContentDocumentLink": ContentDocumentLinkRules(),
}
