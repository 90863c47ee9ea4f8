# ruff: noqa: S608  (table names come from the facts, never from what a caller sends)
# ruff: noqa: ARG002  (a hook takes what all hooks take)
"""Rules of the people and business objects: Account (and the person inside), Contact, Lead, Opportunity, Case."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sandbox.salesforce import orgs, records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, integrity
from connectors.sandbox.salesforce.rules import Lists, Row, Rules

_STAGES = {"Closed Won": (1, 1, 100.0), "Closed Lost": (1, 0, 0.0)}
# a person account's field -> the field of the Contact behind it
PERSON_FIELDS = {
    "FirstName": "FirstName", "LastName": "LastName", "Salutation": "Salutation", "PersonEmail": "Email",
    "PersonTitle": "Title", "PersonDepartment": "Department", "PersonMobilePhone": "MobilePhone",
    "PersonHomePhone": "HomePhone", "PersonOtherPhone": "OtherPhone", "Phone": "Phone", "Fax": "Fax",
    "PersonMailingStreet": "MailingStreet", "PersonMailingCity": "MailingCity", "PersonMailingState": "MailingState",
    "PersonMailingPostalCode": "MailingPostalCode", "PersonMailingCountry": "MailingCountry",
    "PersonBirthdate": "Birthdate", "PersonLeadSource": "LeadSource",
}  # fmt: skip


def full_name(row: Mapping[str, object]) -> str:
    return " ".join(str(row[part]) for part in ("FirstName", "LastName") if row.get(part))


class PersonRules(Rules):
    def derive(self, call: Call, row: Row) -> None:
        row["Name"] = full_name(row)


class ContactRules(PersonRules):
    def after_update(self, call: Call, old: Row, row: Row, lists: Lists) -> None:
        if not row.get("IsPersonAccount") or not row.get("AccountId"):
            return
        account = records.read(call, "Account", row["AccountId"])
        values = {mine: row[theirs] for mine, theirs in PERSON_FIELDS.items()}
        if account is not None and any(account[name] != value for name, value in values.items()):
            account |= values
            account["Name"] = full_name(account)
            records.touch(call, "Account", account)

    def before_update(self, call: Call, old: Row, row: Row, given: frozenset[str]) -> None:
        if row.get("IsPersonAccount") and row["AccountId"] != old["AccountId"]:
            raise integrity("the account of a person account cannot be changed", ["AccountId"])


class AccountRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        if not call.org.settings.person_accounts:
            return
        person = row.get("RecordTypeId") == orgs.PERSON_RECORD_TYPE or (row.get("LastName") and not row.get("Name"))
        if person:
            if row.get("Name"):
                raise SfError("INVALID_FIELD_FOR_INSERT_UPDATE", "Unable to create/update fields: Name.", ["Name"])
            if not row.get("LastName"):
                raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]", ["LastName"])
            row["RecordTypeId"] = orgs.PERSON_RECORD_TYPE
            row["IsPersonAccount"] = 1
        elif not row.get("Name"):
            raise SfError("REQUIRED_FIELD_MISSING", "Required fields are missing: [Name]", ["Name"])

    def derive(self, call: Call, row: Row) -> None:
        if row.get("IsPersonAccount"):
            row["Name"] = full_name(row)

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        if row.get("IsPersonAccount"):
            values = {theirs: row[mine] for mine, theirs in PERSON_FIELDS.items() if row[mine] is not None}
            contact = records.insert(
                call, "Contact", {**values, "AccountId": row["Id"], "IsPersonAccount": 1}, user_made=False
            )
            row["PersonContactId"] = contact
            records.write_row(call, "Account", row)

    def after_update(self, call: Call, old: Row, row: Row, lists: Lists) -> None:
        contact = records.read(call, "Contact", row["PersonContactId"]) if row.get("IsPersonAccount") else None
        if contact is not None:
            contact |= {theirs: row[mine] for mine, theirs in PERSON_FIELDS.items()}
            contact["Name"] = full_name(contact)
            records.touch(call, "Contact", contact)


class LeadRules(PersonRules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        self._assign(call, row)

    @staticmethod
    def _assign(call: Call, row: Row) -> None:
        """Assignment rules run unless the caller says no: the lead may end up with somebody else."""
        handed_to = call.org.settings.lead_assignment_owner
        if handed_to and call.headers.get("sforce-auto-assign", "true").strip().lower() != "false":
            owner = orgs.find_user(call.store, call.org, handed_to)
            if owner is not None:
                row["OwnerId"] = owner.id

    def before_update(self, call: Call, old: Row, row: Row, given: frozenset[str]) -> None:
        if old["IsConverted"]:
            raise SfError("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead", [])
        self._assign(call, row)


class OpportunityRules(Rules):
    def derive(self, call: Call, row: Row) -> None:
        closed, won, chance = _STAGES.get(str(row["StageName"]), (0, 0, row.get("Probability") or 10.0))
        row["IsClosed"], row["IsWon"], row["Probability"] = closed, won, chance


class CaseRules(Rules):
    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        number = call.store.scalar(f"SELECT count(*) FROM {call.org.table('Case')}")
        row["CaseNumber"] = f"{1001 + int(number):08d}"

    def derive(self, call: Call, row: Row) -> None:
        row["IsClosed"] = int(row.get("Status") == "Closed")


RULES: Mapping[str, Rules] = {
    "Account": AccountRules(),
    "Contact": ContactRules(),
    "Lead": LeadRules(),
    "User": PersonRules(),
    "Opportunity": OpportunityRules(),
    "Case": CaseRules(),
}
