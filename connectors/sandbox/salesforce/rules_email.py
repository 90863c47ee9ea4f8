# ruff: noqa: ARG002  (a hook takes what all hooks take)
"""Rules of logged mail and of files: EmailMessage with its task and its people, ContentVersion with its document."""

from __future__ import annotations

import base64
import binascii
import hashlib
import html
import re
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.salesforce import records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, integrity
from connectors.sandbox.salesforce.facts import PREFIXES
from connectors.sandbox.salesforce.rules import Lists, Row, Rules

JUNCTIONS = {"ToIds": "ToAddress", "CcIds": "CcAddress", "BccIds": "BccAddress"}
SENT_MAY_CHANGE = frozenset(("IsExternallyVisible",))
_TAG = re.compile(r"<[^>]*>")


def _locked() -> SfError:
    return SfError("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id", [])


class EmailMessageRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        if row["Status"] is None:
            raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Status]", ["Status"])
        if row["ActivityId"] and not row["ParentId"]:
            raise _locked()
        if not row["ParentId"] and row["Status"] != "3":
            raise integrity("Status: mail outside of a case can only be logged as sent", ["Status"])
        if row["ParentId"] and row["RelatedToId"] and row["ParentId"] != row["RelatedToId"]:
            raise integrity("RelatedToId must be the same as ParentId", ["RelatedToId"])
        row["RelatedToId"] = row["RelatedToId"] or row["ParentId"]

    def before_update(self, call: Call, old: Row, row: Row, given: frozenset[str]) -> None:
        if old["Status"] == "5":
            return
        allowed = set(SENT_MAY_CHANGE) | {name for name in given if name.endswith("__c")}
        if old["IsClientManaged"]:
            allowed |= {"RelatedToId", "ContentDocumentIds"}
        if old["Status"] == "0" and row["Status"] == "1":
            allowed.add("Status")
        if given - allowed:
            raise _locked()

    def derive(self, call: Call, row: Row) -> None:
        row["Name"] = (row["Subject"] or "")[:255] or None
        if row["HtmlBody"] and not row["TextBody"]:
            row["TextBody"] = html.unescape(_TAG.sub("", row["HtmlBody"])).strip() or None

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        for name, ids in lists.items():
            if name in JUNCTIONS:
                for person in ids:
                    values = {"EmailMessageId": row["Id"], "RelationId": person, "RelationType": JUNCTIONS[name]}
                    records.insert(call, "EmailMessageRelation", values, user_made=False)
        for document in lists.get("ContentDocumentIds", ()):
            link(call, document, row["Id"])
        people = [person for name in JUNCTIONS for person in lists.get(name, ())]
        if not row["ParentId"] and (row["IsClientManaged"] or row["RelatedToId"] or people):
            self._log(call, row, people)

    def _log(self, call: Call, row: Row, people: list[str]) -> None:
        """The vendor logs the mail as a finished task by itself."""
        who = next((person for person in people if PREFIXES.get(person[:3]) in ("Contact", "Lead")), None)
        if who is not None and PREFIXES[who[:3]] == "Lead" and row["RelatedToId"]:
            who = None
        day = (row["MessageDate"] or call.stamp)[:10]
        values: Row = {
            "Subject": f"Email: {row['Subject'] or ''}"[:255], "Status": "Completed", "Priority": "Normal",
            "TaskSubtype": "Email", "ActivityDate": day, "WhoId": who, "WhatId": row["RelatedToId"],
            "Description": (row["TextBody"] or "")[:32000] or None,
        }  # fmt: skip
        row["ActivityId"] = records.insert(call, "Task", values, user_made=False)
        records.write_row(call, "EmailMessage", row)

    def after_update(self, call: Call, old: Row, row: Row, lists: Lists) -> None:
        for document in lists.get("ContentDocumentIds", ()):
            link(call, document, row["Id"])
        task = records.read(call, "Task", row["ActivityId"]) if row["ActivityId"] else None
        if task is not None and row["RelatedToId"] != old["RelatedToId"]:
            records.change(call, "Task", task, {"WhatId": row["RelatedToId"]})

    def after_delete(self, call: Call, row: Row) -> None:
        task = records.read(call, "Task", row["ActivityId"]) if row["ActivityId"] else None
        if task is not None and not task["IsDeleted"]:
            records.remove(call, "Task", task)


class EmailMessageRelationRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        if not row["RelationId"] and not row["RelationAddress"]:
            raise SfError(
                "REQUIRED_FIELD_MISSING", "Required fields are missing: [RelationAddress]", ["RelationAddress"]
            )

    def derive(self, call: Call, row: Row) -> None:
        kind = PREFIXES.get(row["RelationId"][:3]) if row["RelationId"] else None
        row["RelationObjectType"] = kind
        if kind and not row["RelationAddress"]:
            person = records.read(call, kind, row["RelationId"])
            row["RelationAddress"] = person["Email"] if person else None


_TYPES = {"pdf": "PDF", "txt": "TEXT", "png": "PNG", "jpg": "JPG", "jpeg": "JPG", "docx": "WORD_X", "xlsx": "EXCEL_X"}


class ContentVersionRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        if not row["PathOnClient"]:
            raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [PathOnClient]", ["PathOnClient"])
        if row["VersionData"] is None:
            raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [VersionData]", ["VersionData"])
        if row["ContentDocumentId"] and row["FirstPublishLocationId"]:
            raise integrity("a further version is not published again", ["FirstPublishLocationId"])
        row["Title"] = (
            row["Title"] or str(row["PathOnClient"]).rpartition("/")[2].rpartition(".")[0] or row["PathOnClient"]
        )

    def derive(self, call: Call, row: Row) -> None:
        data = row["VersionData"]
        if data is None or str(data).startswith("/services/"):
            return
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise SfError("INVALID_BASE64_CHARACTERS", "VersionData is not base64", ["VersionData"]) from None
        extension = str(row["PathOnClient"]).rpartition(".")[2].lower() if "." in str(row["PathOnClient"]) else None
        row |= {
            "ContentSize": len(content), "Checksum": hashlib.md5(content, usedforsecurity=False).hexdigest(),
            "FileExtension": extension, "FileType": _TYPES.get(extension or "", "UNKNOWN"), "IsLatest": 1,
            "VersionData": f"/services/data/v{call.version}/sobjects/ContentVersion/{row['Id']}/VersionData",
        }  # fmt: skip
        call.store.run("INSERT OR REPLACE INTO sf_blob VALUES(?, ?, ?)", (call.org.key, row["Id"], content))

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
        for entry in records.related(call, "ContentDocumentLink", "ContentDocumentId", row["ContentDocumentId"] or ""):
            if entry["LinkedEntityId"] == row["LinkedEntityId"]:
                raise SfError("DUPLICATE_VALUE", f"duplicate value found: on record with id: {entry['Id']}", [])

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        target = str(row["LinkedEntityId"])
        mail = records.read(call, "EmailMessage", target) if PREFIXES.get(target[:3]) == "EmailMessage" else None
        if mail is not None:
            mail["HasAttachment"] = 1
            records.write_row(call, "EmailMessage", mail)


RULES: Mapping[str, Rules] = {
    "EmailMessage": EmailMessageRules(),
    "EmailMessageRelation": EmailMessageRelationRules(),
    "ContentVersion": ContentVersionRules(),
    "ContentDocumentLink": ContentDocumentLinkRules(),
}
