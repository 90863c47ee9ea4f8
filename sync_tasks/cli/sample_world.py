"""The little company of the demo: its people, its mails and meetings, and what they do in the course of a day.

The files of `sample/` are dated in a week of March 2026; they are moved so that this week ends yesterday.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import requests

from sync_tasks.cli.sandbox import load_seed

if TYPE_CHECKING:
    from connectors.sandbox.seed import SeedReport
    from connectors.sandbox.server import SandboxServer

ORG, DOMAIN = "acme", "acme.example"
ANN, BEN, CLEO = f"ann@{DOMAIN}", f"ben@{DOMAIN}", f"cleo@{DOMAIN}"
PEOPLE = {ANN: ("Ann", "Sommer"), BEN: ("Ben", "Okafor"), CLEO: ("Cleo", "Duarte")}
MAILBOXES = {ANN: "exchange", BEN: "graph", CLEO: "google"}
IDA, MARCO = "ida@birch-sons.example", "marco@harbour-hotels.example"
TENDER = "Tender review (confidential)"
KICK_OFF = "Kick-off of the workshop"  # among all three, and with Ida
FOLDER = "Salesforce Emails"

_SAMPLE = Path(__file__).parent / "sample"
_LAST_DAY = date(2026, 3, 5)  # the newest day in the files
_DATE_HEADER = re.compile(r"^Date: (.+)$", re.MULTILINE)
_ICS_MOMENT = re.compile(r"\b(\d{8}T\d{6})Z")
_EVENTS = "SELECT Id, InboxSync_Key__c FROM Event"
_API = "salesforce/services/data/v66.0"


class SampleWorld:
    """Both sides of the demo, used the way people use them."""

    def __init__(self, server: SandboxServer) -> None:
        self._server = server
        self._http = requests.Session()
        self._tokens: dict[str, str] = {}
        self._items: dict[str, str] = {}
        self._guests = [{"email": each, "displayName": each.partition("@")[0].title()} for each in (BEN, CLEO, IDA)]

    def close(self) -> None:
        self._http.close()

    # --- before the synchronization knows anybody

    def furnish(self) -> list[SeedReport]:
        """Users, mailboxes, records, mails; one mail marked, one put into the folder for Salesforce."""
        for address, (first, last) in PEOPLE.items():
            made = "google/users" if MAILBOXES[address] == "google" else "ews/mailboxes"
            self._control(made, address=address, name=f"{first} {last}")
            self._control(
                "salesforce/users", org=ORG, username=address, Email=address, FirstName=first, LastName=last
            )  # fmt: skip
        with TemporaryDirectory(prefix="inbox-sync-sample-") as place:
            shift_sample(Path(place), datetime.now(UTC).date())
            loaded = [load_seed(self._server.sandbox, Path(place) / part, who, None)
                      for part, who in (("crm", ANN), ("ann", ANN), ("ben", BEN))]  # fmt: skip
        inbox = {item["values"].get("Subject"): item["id"] for item in self.items(ANN, "inbox")}
        marked = inbox["Notes from the call with Birch & Sons"]
        self._control("ews/items/update", mailbox=ANN, id=marked, values={"Categories": ["Salesforce"]})
        self._control("ews/folders", mailbox=ANN, name=FOLDER)
        self._control("ews/items/move", mailbox=ANN, id=inbox["Address for the invoice"], folder=FOLDER)
        rule = {
            "object": "Event", "field": "Subject", "op": "contains", "value": "(confidential)",
            "message": "Confidential events do not belong here.",
        }  # fmt: skip
        self._control("salesforce/settings", org=ORG, validation_rules=[rule])
        return loaded

    def google_key_file(self) -> dict[str, Any]:
        """Of a service account that may act for everybody of the domain."""
        email = f"inbox-sync@{DOMAIN.replace('.', '-')}.iam.gserviceaccount.com"
        return dict(self._control("google/accounts", email=email, domains=[DOMAIN]))

    # --- once the users are synchronized

    def plan_week(self) -> None:
        """New meetings in both calendars, new events in Salesforce."""
        self._meet(ANN, "Offer for the workshop", 1, 9, with_=[IDA], Location="Odense", Body="Bring the samples.")
        self._meet(ANN, "Sales round", 1, 11, with_=[BEN])
        self._meet(ANN, "Write the monthly report", 2, 8)
        self._meet(ANN, "Prepare the showroom", 2, 13, Categories=["Salesforce"])
        self._meet(ANN, "Fitting, every week", 4, 9, Categories=["Salesforce"], Recurrence="FREQ=WEEKLY;COUNT=3")
        self._meet(ANN, "Physiotherapy", 3, 16, Sensitivity="Private", with_=[IDA])
        self._meet(ANN, TENDER, 3, 10, with_=[IDA])
        self._meet(BEN, "Lobby: which lamps?", 1, 14, with_=[MARCO], Location="Harbour Hotels")
        self._meet(BEN, "Foyer: first ideas", 4, 10, with_=["sofia@studio-rossi.example"])
        self._kick_off()
        self._appear(CLEO, "Lamps for the lobby", 3, 14, attendees=[{"email": MARCO}])
        mail = {
            "from": {"address": IDA, "name": "Ida"}, "to": [{"address": CLEO, "name": "Cleo"}],
            "message_id": "<photos@birch-sons.example>", "subject": "Photos of the hall",
            "text": "Here is what it looks like today.",
        }  # fmt: skip
        self._control("google/messages", mailbox=CLEO, message=mail)
        ida = self._query(ANN, f"SELECT Id FROM Contact WHERE Email = '{IDA}'")[0]["Id"]  # noqa: S608
        self._items["call"] = self._record(ANN, "Call Ida about delivery", 2, 15, WhoId=ida, Location="Telephone")
        self._record(ANN, "Quarterly planning", 5, 9)
        self._items["visit"] = self._record(BEN, "Visit the harbour site", 3, 9, Location="Pier 4")

    def change_things(self) -> list[str]:
        """A day passes: both sides change; returns what was done, for people."""
        self._accept()
        offer, round_ = self._items["Offer for the workshop"], self._items["Sales round"]
        self._control("ews/items/update", mailbox=ANN, id=offer, values={"Subject": "Offer for the workshop, final"})
        self._control("ews/items/update", mailbox=ANN, id=round_, values={"Location": "Room 2"})
        self._salesforce(ANN, "PATCH", f"sobjects/Event/{self._items['call']}", {"Location": "Video call"})
        self._salesforce(BEN, "PATCH", f"sobjects/Event/{self._items['visit']}", {"Subject": "Visit both sites"})
        self._control("ews/items/delete", mailbox=ANN, id=self._items["Prepare the showroom"])
        return [
            "Ann renamed `Offer for the workshop` in her calendar",
            "Ann gave `Sales round`, which is not saved, a room",
            "Ann turned `Call Ida about delivery` into a video call, in Salesforce",
            "Ben renamed `Visit the harbour site` in Salesforce",
            "Ann deleted `Prepare the showroom` from her calendar",
            f"Cleo accepted `{KICK_OFF}` in her calendar, and Ann's server was told by mail",
        ]

    # --- looking at it

    def items(self, address: str, folder: str) -> list[dict[str, Any]]:
        found = self._get("ews/mailboxes", address=address, items="1")["folders"]
        return list(found[folder]["items"])

    def forget_writes(self) -> None:
        self._control("counters/reset")

    def writes(self) -> dict[str, int]:
        """What the sandbox itself counted as written since then, by side."""
        counted: Mapping[str, Mapping[str, Mapping[str, int]]] = self._get("counters")["writes"]
        found = {"mailbox": 0, "crm": 0}
        for vendor, kinds in counted.items():
            side = "crm" if vendor == "salesforce" else "mailbox"
            found[side] += sum(number for of in kinds.values() for number in of.values())
        return found

    def kick_off(self) -> tuple[list[dict[str, Any]], dict[str, str]]:
        """The records of the meeting among all three, and the answers of those who are invited there."""
        events = self._query(ANN, f"{_EVENTS} WHERE Subject = '{KICK_OFF}' AND IsChild = false")
        ids = {event["Id"] for event in events}
        invited = self._query(ANN, "SELECT EventId, Relation.Name, Status FROM EventRelation")
        return events, {row["Relation"]["Name"]: row["Status"] for row in invited if row["EventId"] in ids}

    # --- doing it

    def _meet(
        self,
        who: str,
        subject: str,
        days: int,
        hour: int,
        *,
        with_: list[str] | None = None,
        send: bool = False,
        **more: Any,
    ) -> None:
        start = _day(days, hour)
        values: dict[str, Any] = {
            "Subject": subject, "Start": start.isoformat(), "End": (start + timedelta(hours=1)).isoformat(), **more,
        }  # fmt: skip
        if with_:
            values["RequiredAttendees"] = [{"address": each, "name": each.partition("@")[0].title()} for each in with_]
        made = self._control("ews/items", mailbox=who, kind="CalendarItem", values=values, send=send)
        self._items[subject] = str(made["id"])

    def _kick_off(self) -> None:
        """Ann invites. Ben's copy comes by itself, as his mailbox stands on the same servers; Cleo's is mailed."""
        self._meet(ANN, KICK_OFF, 2, 10, with_=[each["email"] for each in self._guests], send=True)
        mine = next(item for item in self.items(ANN, "calendar") if item["id"] == self._items[KICK_OFF])
        organizer = {"email": ANN, "displayName": "Ann"}
        self._items["invitation"] = self._appear(
            CLEO, KICK_OFF, 2, 10, iCalUID=mine["values"]["UID"], organizer=organizer, attendees=self._guests
        )

    def _accept(self) -> None:
        """Cleo accepts the meeting among all three; the answer reaches the organizer by mail."""
        hers, anns = [], []
        for guest in self._guests:
            said = guest["email"] == CLEO
            hers.append({**guest, "responseStatus": "accepted" if said else "needsAction"})
            answer = {"response": "Accept"} if said else {}
            anns.append({"address": guest["email"], "name": guest["displayName"], **answer})
        self._control("google/events/update", mailbox=CLEO, id=self._items["invitation"], values={"attendees": hers})
        self._control("ews/items/update", mailbox=ANN, id=self._items[KICK_OFF], values={"RequiredAttendees": anns})

    def _appear(self, who: str, subject: str, days: int, hour: int, **more: Any) -> str:
        """An event in a Google calendar; its id."""
        start = _day(days, hour)
        end = start + timedelta(hours=1)
        values = {
            "summary": subject, "start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()},
            **more,
        }  # fmt: skip
        return str(self._control("google/events", mailbox=who, values=values)["id"])

    def _record(self, who: str, subject: str, days: int, hour: int, **more: Any) -> str:
        start = _day(days, hour)
        form = "%Y-%m-%dT%H:%M:%S.000Z"
        values = {
            "Subject": subject, "StartDateTime": start.strftime(form),
            "EndDateTime": (start + timedelta(hours=1)).strftime(form), **more,
        }  # fmt: skip
        return str(self._salesforce(who, "POST", "sobjects/Event", values)["id"])

    def _query(self, who: str, soql: str) -> list[dict[str, Any]]:
        return list(self._salesforce(who, "GET", "query", None, q=soql)["records"])

    def _salesforce(self, who: str, method: str, path: str, values: Mapping[str, Any] | None, **params: str) -> Any:
        answer = self._http.request(
            method, f"{self._server.url}/{_API}/{path}", json=values, params=params, timeout=30,
            headers={"Authorization": f"Bearer {self._token(who)}"},
        )  # fmt: skip
        answer.raise_for_status()
        return answer.json() if answer.content else {}

    def _token(self, who: str) -> str:
        """Signed in as a person, so that the edit is that person's."""
        if who not in self._tokens:
            from connectors.sandbox.salesforce import oauth
            from connectors.sandbox.salesforce.admin import find

            client = {"client_id": f"demo-{who}", "client_secret": "demo", "run_as": who}
            oauth.register_client(self._server.sandbox, client, find(self._server.sandbox, ORG))
            answer = self._http.post(
                f"{self._server.url}/salesforce/services/oauth2/token", timeout=30,
                data={"grant_type": "client_credentials", "client_id": f"demo-{who}", "client_secret": "demo"},
            )  # fmt: skip
            answer.raise_for_status()
            self._tokens[who] = str(answer.json()["access_token"])
        return self._tokens[who]

    def _control(self, path: str, **body: Any) -> Any:
        answer = self._http.post(f"{self._server.url}/control/{path}", json=body, timeout=30)
        answer.raise_for_status()
        return answer.json()

    def _get(self, path: str, **params: str) -> Any:
        answer = self._http.get(f"{self._server.url}/control/{path}", params=params, timeout=30)
        answer.raise_for_status()
        return answer.json()


def _day(days: int, hour: int) -> datetime:
    return datetime.combine(datetime.now(UTC).date() + timedelta(days=days), time(hour), UTC)


def shift_sample(target: Path, today: date) -> None:
    """Copy the sample files with all their days moved, so that the last one is yesterday."""
    by = today - timedelta(days=1) - _LAST_DAY
    for path, content in _files():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".eml":
            content = _DATE_HEADER.sub(lambda found: f"Date: {_moved_header(found[1], by)}", content, count=1)
        elif path.suffix == ".ics":
            content = _ICS_MOMENT.sub(lambda found: f"{_moved_stamp(found[1], by)}Z", content)
        (target / path).write_text(content, encoding="utf-8")


def _files() -> Iterator[tuple[Path, str]]:
    for path in sorted(_SAMPLE.rglob("*.*")):
        yield path.relative_to(_SAMPLE), path.read_text(encoding="utf-8")


def _moved_header(text: str, by: timedelta) -> str:
    return format_datetime(parsedate_to_datetime(text.strip()) + by)


def _moved_stamp(text: str, by: timedelta) -> str:
    form = "%Y%m%dT%H%M%S"
    return (datetime.strptime(text, form).replace(tzinfo=UTC) + by).strftime(form)
