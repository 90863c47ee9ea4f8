# ruff: noqa: ARG002  (a hook takes what all hooks take)
"""Rules of logged mail: EmailMessage with its task and its people."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

from connectors.sandbox.salesforce import records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, integrity
from connectors.sandbox.salesforce.facts import PREFIXES
from connectors.sandbox.salesforce.rules import Lists, Row, Rules
from connectors.sandbox.salesforce.rules_files import link, locked, mail_of, may_change_sent

JUNCTIONS = {"ToIds": "ToAddress", "CcIds": "CcAddress", "BccIds": "BccAddress"}
SENT_MAY_CHANGE = frozenset(("IsExternallyVisible",))
_TAG = re.compile(r"<[^>]*>")


class EmailMessageRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        if row["Status"] is None:
            raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Status]", ["Status"])
        if row["ActivityId"] and not row["ParentId"]:
            raise locked()
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
            raise locked()

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

    def after_undelete(self, call: Call, row: Row, since: str) -> None:
        task = records.read(call, "Task", row["ActivityId"]) if row["ActivityId"] else None
        if task is not None and task["IsDeleted"] and task["SystemModstamp"] == since:
            records.bring_back(call, "Task", task)


class EmailMessageRelationRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        may_change_sent(call, mail_of(call, row["EmailMessageId"] or ""))
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


RULES: Mapping[str, Rules] = {
    "EmailMessage": EmailMessageRules(),
    "EmailMessageRelation": EmailMessageRelationRules(),
}
