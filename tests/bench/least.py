"""The least client calls that could do each job, written by hand in a loop: no state, no safety, no merge, no reasons.

The same libraries and the same batch limits as the engine: exchangelib's bulk calls, simple-salesforce's collections.
What it learns about ids it keeps in memory, as such scripts do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import requests
from exchangelib import CalendarItem, EWSDateTime
from exchangelib.folders import Calendar, Drafts, Inbox, SentItems
from exchangelib.items import ALWAYS_OVERWRITE, SEND_TO_NONE
from simple_salesforce import Salesforce

from connectors.calls import nobody
from connectors.exchange.session import ExchangeConfig, open_account
from sync_tasks.state.records import UserView
from tests.bench.place import ROWS

WATCHED = (Calendar, Inbox, SentItems, Drafts)  # four folders, as the engine watches
PAGE, HEADS, BODIES, WRITES = 512, 100, 25, 50
HEAD = ("subject", "start", "end", "location", "categories", "required_attendees", "is_all_day")
BODY = (*HEAD, "text_body")
MAIL = ("subject", "sender", "to_recipients", "message_id", "datetime_received", "text_body", "categories")


class Loop:
    """One user's script. Making it looks the folders up; that is not measured. `since`: a moment of SOQL before which
    nothing in Salesforce is of interest."""

    def __init__(self, url: str, user: UserView) -> None:
        config = ExchangeConfig(
            endpoint=f"{url}/ews/Exchange.asmx", username="svc", password="svc-secret", address=user.address
        )
        self._account = open_account(config, nobody)
        self._owner = user.crm_user_id
        self._sf = _salesforce(url)
        self._states: dict[type, str | None] = {}
        self._folders = {kind: self._account.root.get_default_folder(kind) for kind in WATCHED}
        self._events: dict[str, str] = {}  # mailbox id -> record

    # --- the jobs

    def idle(self, since: str) -> None:
        for kind in WATCHED:
            self._changes(kind)
        self._sf.query(self._moved(since))

    def new_from_mailbox(self, _since: str) -> None:
        items = self._items(self._changes(Calendar), BODY, BODIES)
        guests = sorted({_guest(item) for item in items} - {""})
        people = self._people(guests)
        made = self._collections("POST", "Event", [self._event(item) for item in items])
        invited = [
            {"EventId": record, "RelationId": people[_guest(item)], "Status": "New"}
            for item, record in zip(items, made, strict=True) if _guest(item) in people
        ]  # fmt: skip
        self._collections("POST", "EventRelation", invited)
        self._events |= {item.id: record for item, record in zip(items, made, strict=True)}
        self._tick(items)

    def new_from_crm(self, since: str) -> None:
        rows = self._sf.query(self._moved(since))["records"]
        items = [
            CalendarItem(
                subject=row["Subject"], start=_moment(row["StartDateTime"]),
                end=_moment(row["StartDateTime"]) + timedelta(minutes=row["DurationInMinutes"]),
                location=row["Location"], body=row["Description"], categories=["Salesforce"],
            )
            for row in rows
        ]  # fmt: skip
        made = self._account.bulk_create(
            folder=self._folders[Calendar], items=items, send_meeting_invitations=SEND_TO_NONE, chunk_size=WRITES
        )
        self._events |= {item.id: row["Id"] for item, row in zip(made, rows, strict=True)}

    def changed_in_mailbox(self, _since: str) -> None:
        items = self._items(self._changes(Calendar), HEAD, HEADS)
        rows = [{"Id": self._events[item.id], **self._event(item, body=False)} for item in items]
        self._collections("PATCH", "Event", rows)

    def changed_in_crm(self, since: str) -> None:
        rows = {row["Id"]: row for row in self._sf.query(self._moved(since))["records"]}
        wanted = [(mailbox, None) for mailbox, record in self._events.items() if record in rows]
        changes = []
        for item in self._items(wanted, ("subject",), HEADS):
            row = rows[self._events[item.id]]
            item.subject, item.location = row["Subject"], row["Location"]
            changes.append((item, ["subject", "location"]))
        self._update(changes)

    def emails(self, _since: str) -> None:
        mails = self._items(self._changes(Inbox), MAIL, BODIES)
        people = self._people(sorted({mail.sender.email_address for mail in mails}))
        rows = [
            {"Subject": mail.subject, "TextBody": mail.text_body, "FromAddress": mail.sender.email_address,
             "MessageIdentifier": mail.message_id, "MessageDate": mail.datetime_received.isoformat(), "Status": "3",
             "Incoming": True, "IsClientManaged": True}
            for mail in mails
        ]  # fmt: skip
        made = self._collections("POST", "EmailMessage", rows)
        senders = [
            {"EmailMessageId": record, "RelationId": people[mail.sender.email_address], "RelationType": "FromAddress"}
            for mail, record in zip(mails, made, strict=True)
        ]
        self._collections("POST", "EmailMessageRelation", senders)
        self._tick(mails)

    # --- Exchange

    def _changes(self, kind: type) -> list[tuple[str, str]]:
        folder = self._folders[kind]
        told = folder.sync_items(sync_state=self._states.get(kind), only_fields=["subject"], max_changes_returned=PAGE)
        found = [(item.id, item.changekey) for what, item in told if what in ("create", "update")]
        self._states[kind] = folder.item_sync_state
        return found

    def _items(self, ids: Sequence[tuple[str, str | None]], fields: Sequence[str], size: int) -> list[Any]:
        return list(self._account.fetch(ids, only_fields=list(fields), chunk_size=size))

    def _tick(self, items: Sequence[Any]) -> None:
        for item in items:
            item.categories = ["Salesforce"]
        self._update([(item, ["categories"]) for item in items])

    def _update(self, changes: Sequence[tuple[Any, list[str]]]) -> None:
        self._account.bulk_update(
            changes, conflict_resolution=ALWAYS_OVERWRITE, send_meeting_invitations_or_cancellations=SEND_TO_NONE,
            chunk_size=WRITES,
        )  # fmt: skip

    # --- Salesforce

    def _moved(self, since: str) -> str:
        return (
            "SELECT Id, Subject, StartDateTime, DurationInMinutes, Location, Description FROM Event "
            f"WHERE OwnerId = '{self._owner}' AND IsChild = false AND SystemModstamp > {since}"
        )

    def _event(self, item: Any, *, body: bool = True) -> dict[str, Any]:
        row = {
            "Subject": item.subject, "StartDateTime": item.start.isoformat(), "EndDateTime": item.end.isoformat(),
            "Location": item.location, "OwnerId": self._owner,
        }  # fmt: skip
        return {**row, "Description": item.text_body} if body else row

    def _people(self, addresses: Sequence[str]) -> Mapping[str, str]:
        named = ", ".join(f"'{address}'" for address in addresses)
        found = self._sf.query(f"SELECT Id, Email FROM Contact WHERE Email IN ({named})")["records"]
        return {row["Email"]: row["Id"] for row in found}

    def _collections(self, method: str, crm_object: str, rows: Sequence[dict[str, Any]]) -> list[str]:
        ids: list[str] = []
        for chunk in _chunks(rows):
            records = [{"attributes": {"type": crm_object}, **row} for row in chunk]
            told: Any = self._sf.restful(
                "composite/sobjects", method=method, json={"allOrNone": False, "records": records}
            )
            assert all(row["success"] for row in told), [row for row in told if not row["success"]][:1]
            ids += [row["id"] for row in told]
        return ids


def _chunks(rows: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    return (rows[start : start + ROWS] for start in range(0, len(rows), ROWS))


def _guest(item: CalendarItem) -> str:
    guests = item.required_attendees or []
    return guests[0].mailbox.email_address if guests else ""


def _moment(text: str) -> EWSDateTime:
    return EWSDateTime.from_datetime(datetime.fromisoformat(text))


def _salesforce(url: str) -> Salesforce:
    token = requests.post(
        f"{url}/salesforce/services/oauth2/token", data={"grant_type": "client_credentials"},
        auth=("inbox-sync", "sandbox-secret"), timeout=30,
    ).json()["access_token"]  # fmt: skip
    client = Salesforce(instance="sandbox.invalid", session_id=token, version="66.0")
    client.base_url = f"{url}/salesforce/services/data/v66.0/"
    return client
