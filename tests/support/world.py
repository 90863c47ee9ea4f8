"""A little language for stories: one organization, some users, both sides in the sandbox, and `sync()`.

Everything is real: the connectors speak HTTP to the sandbox, the state is a real database, the stages are those that
Celery runs. Time is the sandbox's and the engine's alike, so a story can let days pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from connectors.outlook.facts import PROPERTY_NAME
from connectors.sandbox.ews.zones import windows_name
from connectors.sandbox.salesforce import oauth, orgs
from connectors.sandbox.server import Sandbox, SandboxServer
from sync_tasks.bootstrap import App, secrets_of
from sync_tasks.services.scheduling import run_here
from sync_tasks.settings import Settings
from sync_tasks.state import migrate
from sync_tasks.state.records import ConflictView, HoldView, OpView, RunState, RunView, UserView
from tests.support.kinds import KINDS, Handle, MailboxKind

ORG = "acme"
SOMEBODY = "somebody@acme.example"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)  # a Monday
# while the clock stands still no bucket would ever fill again
UNPACED = {name: 10**9 for name in Settings.model_fields if name.startswith("pace_")}


def _marks(marked: bool) -> dict[str, Any]:
    return {"Categories": ["Salesforce"]} if marked else {}


class World:
    """Starts empty at `START`: one organization, no users. `kind`: the vendor of the mailboxes, one of `KINDS`;
    `migrated`: the database has the current schema already."""

    def __init__(
        self, server: SandboxServer, database_url: str, home: Path, *, now: datetime = START, kind: str = "exchange",
        migrated: bool = False,
    ) -> None:  # fmt: skip
        self.server = server
        self.sandbox: Sandbox = server.sandbox
        self._http = requests.Session()
        self.mailboxes: MailboxKind = KINDS[kind](Handle(server.url, self.control, self.control_get))
        self.sandbox.clock.set(now, frozen=True)
        settings = Settings(home=home, database_url=database_url, debug=True, **UNPACED)
        self.app = App(settings, clock=self.sandbox.clock.now)
        if not migrated:
            migrate.upgrade(self.app.store.engine)
        self._connect()
        self.last: RunView | None = None

    def close(self) -> None:
        self.app.close()
        self._http.close()

    # --- time

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def later(self, **amount: float) -> None:
        """Let time pass: `later(minutes=30)`, `later(days=3)`."""
        self.sandbox.clock.advance(timedelta(**amount).total_seconds())

    # --- the organization and its users

    def _connect(self) -> None:
        url, vendor = self.server.url, self.mailboxes.vendor
        facts, secrets = self.mailboxes.connection()
        with self.app.store.writing() as unit:
            org = unit.accounts.add_org(ORG, self.now)
            crm = unit.accounts.put_connection(
                org, None, "crm", "salesforce",
                {"login_url": f"{url}/salesforce", "client_id": "inbox-sync"},
            )  # fmt: skip
            mailbox = unit.accounts.put_connection(org, None, "mailbox", vendor, facts)
            for connection, of, given in (
                (crm, "salesforce", {"client_secret": "sandbox-secret"}),
                (mailbox, vendor, secrets),
            ):
                for name, value in secrets_of(of, given).items():
                    unit.accounts.put_credential(connection, name, self.app.seal_secret(connection, name, value))
            unit.accounts.put_setting(org, None, "domains.internal", ["acme.example"])
        self.org = org

    def user(self, address: str = "ann@acme.example", *, aliases: Sequence[str] = (), zone: str = "UTC",
             **settings: Any) -> UserView:  # fmt: skip
        """A user with a mailbox and a Salesforce user, both in the zone (IANA name), activated now."""
        name = address.split("@")[0].title()
        self.mailboxes.open(address, name, aliases, zone)
        made = self.control(
            "salesforce/users",
            org=ORG,
            username=address,
            Email=address,
            FirstName=name,
            LastName="Acme",
            TimeZoneSidKey=zone,
        )["users"][0]
        with self.app.store.writing() as unit:
            user_id = unit.accounts.add_user(
                self.org, address, self.now, crm_user_id=made["id"], shards=4, next_sync_at=self.now
            )
            for key, value in settings.items():
                unit.accounts.put_setting(self.org, user_id, key.replace("__", "."), value)
            return unit.accounts.user(user_id)

    def set(self, user: UserView | None = None, **settings: Any) -> None:
        """Settings of a user, or of the organization: `set(ann, autosave__emails=True)`."""
        with self.app.store.writing() as unit:
            for key, value in settings.items():
                unit.accounts.put_setting(self.org, user.id if user else None, key.replace("__", "."), value)

    # --- running

    def sync(self, user: UserView, *, preview: bool = False, ends: str = "done") -> RunView:
        """One run, all stages, in this process. The run must end so."""
        self.last = run_here(self.app, user.id, preview=preview)
        assert self.last.state == ends, f"{self.last.state} {self.last.error_code}: {self.last.error_text}"
        return self.last

    def lose_cursors(self, user: UserView, *names: str) -> None:
        """Make the user's next run go on from where the vendors cannot: `lose_cursors(ann, "mailbox:calendar")`."""
        with self.app.store.writing() as unit:
            unit.runs.stage_cursors(user.id, dict.fromkeys(names, "bm90IGEgY3Vyc29y"))
            ref = unit.runs.claim_user(user.id, "manual", self.now, timedelta(minutes=5), self.app.vault.run_key())
            assert ref is not None
            unit.runs.close(ref, RunState.DONE, self.now, self.now, commit_cursors=True)

    def forget_cursors(self, user: UserView) -> None:
        """The server of the mailbox takes none of the cursors any more that it gave out so far."""
        self.mailboxes.forget_cursors(user.address)

    def holds(self, user: UserView) -> list[HoldView]:
        """What waits for a person, or for the run after the answer."""
        with self.app.store.reading() as unit:
            return unit.holds.active(user.id)

    def conflicts(self, user: UserView) -> list[ConflictView]:
        """Fields that wait for a person, or for the run after the answer."""
        with self.app.store.reading() as unit:
            return unit.conflicts.open(user.id)

    def writes(self) -> dict[str, int]:
        """Writes on both sides since the counters were last looked at, by side and verb."""
        counters = self.control_get("counters")
        self.control("counters/reset")
        return dict(counters["writes"])

    def calls(self) -> dict[str, int]:
        """Vendor calls since the counters were last looked at, by operation."""
        counters = self.control_get("counters")
        self.control("counters/reset")
        return dict(counters["calls"])

    def asked(self, what: str) -> int:
        """How often the mailboxes were asked to `read` or `mark` mails, for the `content` of attachments or for a
        `thread`, since the counters were last looked at; alone or as a part of a batch."""
        counters, operation = self.control_get("counters"), self.mailboxes.asks[what]
        self.control("counters/reset")
        return sum(
            told.get(operation, 0) for how in ("calls", "parts") for told in counters[how].values()
        )  # fmt: skip

    def mails(self) -> int:
        """How many mails the servers would have sent to people so far."""
        return int(self.control_get("counters")["mails"]["total"])

    def issues(self, user: UserView) -> list[str]:
        """The codes of the user's open issues."""
        with self.app.store.reading() as unit:
            return [issue.code for issue in unit.trail.issues(user.id)]

    def reasons(self, user: UserView) -> set[str]:
        """The last word on each item of the last run."""
        assert self.last is not None
        with self.app.store.reading() as unit:
            return {reason for (_, _, _, reason) in unit.trail.reasons(self.last.id)}

    def operations(self) -> list[OpView]:
        """What the last run planned."""
        assert self.last is not None
        with self.app.store.reading() as unit:
            return unit.plans.all(self.last.id)

    def trouble(self, verb: str, *, times: int = 1, nth: int = 1, **action: Any) -> None:
        """Let calls of the mailboxes about an event go wrong, from the nth on: those that `read`, `create`, `update`
        or `delete` it. `action`: as a scripted fault of the sandbox has it, `drop_after=True`."""
        self.control("faults", match=self.mailboxes.events[verb], nth=nth, times=times, action=action)

    def mailboxes_fail(self, how: str) -> None:
        """From now on the server of the mailboxes is `down`, is `busy`, or is `closed` to us."""
        self.control("faults", **self.mailboxes.troubles[how], times=None)

    # --- the mailbox, as its owner uses it

    def mail_item(self, user: UserView, kind: str = "CalendarItem", folder: str = "", **values: Any) -> str:
        return self.mailboxes.create(user.address, kind, folder, values)

    def appointment(self, user: UserView, subject: str = "Call", *, start: datetime | None = None, minutes: int = 60,
                    marked: bool = False, **values: Any) -> str:  # fmt: skip
        """An appointment (or, with RequiredAttendees, a meeting) that the user enters now."""
        begin = start or self.now + timedelta(days=1)
        given = {
            "Subject": subject, "Start": begin.isoformat(), "End": (begin + timedelta(minutes=minutes)).isoformat(),
            **_marks(marked), **values,
        }  # fmt: skip
        return self.mail_item(user, **given)

    def series(self, user: UserView, subject: str, rule: str, *, start: datetime | None = None, minutes: int = 60,
               zone: str = "UTC", marked: bool = False, **values: Any) -> str:  # fmt: skip
        """A series that the user enters now, as an RRULE that counts from `start` in the zone; the master's id."""
        given = {"StartTimeZone": windows_name(zone), "Recurrence": rule, **values}
        return self.appointment(user, subject, start=start, minutes=minutes, marked=marked, **given)

    def message(self, user: UserView, subject: str, *, sender: str, to: str = "", folder: str = "inbox",
                message_id: str = "", body: str = "Hello", **values: Any) -> str:  # fmt: skip
        """A mail in a folder of the user's, as the transport would leave it."""
        given = {
            "Subject": subject, "From": {"address": sender, "name": sender.split("@")[0]},
            "ToRecipients": [{"address": a, "name": ""} for a in (to or user.address).split(",")],
            "InternetMessageId": message_id or f"<{abs(hash((subject, sender)))}@mail.example>", "Body": body,
            "DateTimeReceived": self.now.isoformat(), "DateTimeSent": self.now.isoformat(), **values,
        }  # fmt: skip
        return self.mail_item(user, "Message", folder, **given)

    def task(self, user: UserView, subject: str = "Call", *, due: date | None = None, folder: str = "tasks",
             marked: bool = False, **values: Any) -> str:  # fmt: skip
        """A task that the user enters in a folder, by its role or name."""
        given = {"Subject": subject, **({"DueDate": f"{due}T00:00:00Z"} if due else {}), **_marks(marked), **values}
        return self.mail_item(user, "Task", folder, **given)

    def contact(self, user: UserView, surname: str = "Simpson", *, email: str = "", folder: str = "contacts",
                marked: bool = False, **values: Any) -> str:  # fmt: skip
        """A contact that the user enters in a folder, by its role or name."""
        addresses = {"EmailAddresses": {"EmailAddress1": email}} if email else {}
        given = {"Surname": surname, "Subject": surname, **addresses, **_marks(marked), **values}
        return self.mail_item(user, "Contact", folder, **given)

    def folder(self, user: UserView, name: str, *, parent: str = "msgfolderroot", holds: str = "IPF.Note") -> None:
        self.mailboxes.add_folder(user.address, name, parent, holds)

    def drop_folder(self, user: UserView, folder: str) -> None:
        self.mailboxes.drop_folder(user.address, folder)

    def known_as(self, user: UserView, item: str) -> str:
        """The id under which the engine knows an item of the mailbox."""
        return self.mailboxes.known_as(user.address, item)

    def move(self, user: UserView, item: str, folder: str) -> str:
        """As dragging it to another folder; its new id."""
        return self.mailboxes.move(user.address, item, folder)

    def edit(self, user: UserView, item: str, **values: Any) -> None:
        self.mailboxes.update(user.address, item, values)

    def discard(self, user: UserView, item: str, *, hard: bool = False) -> None:
        self.mailboxes.delete(user.address, item, hard=hard)

    def copy(self, user: UserView, item: str, *, same_uid: bool = False, **changes: Any) -> str:
        """A copy of a calendar item with all that it bears, as Outlook makes it: by default with a UID of its own."""
        values = next(each["values"] for each in self.items(user) if each["id"] == item)
        own = () if same_uid else ("UID",)
        given = {name: value for name, value in values.items() if name not in own} | changes
        return self.mail_item(user, **given)

    def edit_occurrence(self, user: UserView, master: str, original: datetime, **values: Any) -> None:
        """Change the one occurrence of a series that starts at that moment by its rule."""
        self.mailboxes.update(user.address, master, values, original)

    def discard_occurrence(self, user: UserView, master: str, original: datetime) -> None:
        self.mailboxes.delete(user.address, master, original)

    def categories(self, user: UserView) -> set[str]:
        """The marks that the owner of the mailbox can choose from."""
        return self.mailboxes.categories(user.address)

    def items(self, user: UserView, folder: str = "calendar") -> list[dict[str, Any]]:
        """What stands in a folder: [{id, change_key, kind, values}]."""
        return self.mailboxes.items(user.address, folder)

    def item(self, user: UserView, subject: str, folder: str = "calendar") -> dict[str, Any] | None:
        """The values of the one item with this subject, or None."""
        found = [i["values"] for i in self.items(user, folder) if i["values"].get("Subject") == subject]
        assert len(found) < 2, f"{len(found)} items are called {subject!r}"
        return found[0] if found else None

    def entry(self, user: UserView, subject: str, folder: str = "calendar") -> dict[str, Any]:
        """As `item`, which must be there."""
        found = self.item(user, subject, folder)
        assert found is not None, f"nothing is called {subject!r}"
        return found

    def key(self, user: UserView, subject: str, folder: str = "calendar") -> str:
        """The key of ours that the item bears; '' for none."""
        borne = self.entry(user, subject, folder).get("ExtendedProperty") or {}
        return next((held["value"] for name, held in borne.items() if name.endswith(f" {PROPERTY_NAME}")), "")

    # --- Salesforce, as somebody there uses it

    def record(self, crm_object: str, **fields: Any) -> str:
        """A record that somebody enters now; goes through all rules of the org."""
        answer = self._sf("POST", f"sobjects/{crm_object}", json=fields)
        return str(answer["id"])

    def enter(self, crm_object: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Many records at once."""
        for start in range(0, len(rows), 200):
            records = [{"attributes": {"type": crm_object}, **row} for row in rows[start : start + 200]]
            told = self._sf("POST", "composite/sobjects", json={"allOrNone": True, "records": records})
            assert all(row["success"] for row in told), told

    def change(self, crm_object: str, record_id: str, **fields: Any) -> None:
        self._sf("PATCH", f"sobjects/{crm_object}/{record_id}", json=fields)

    def colleague_changes(self, crm_object: str, record_id: str, **fields: Any) -> None:
        """As `change`, by somebody other than the user that the engine acts as."""
        self.control("salesforce/users", org=ORG, username=SOMEBODY, view_all=True)
        org = orgs.find_org(self.sandbox.store, ORG)
        assert org is not None
        client = {"client_id": SOMEBODY, "client_secret": "sandbox-secret", "run_as": SOMEBODY}
        oauth.register_client(self.sandbox, client, org)
        self._sf("PATCH", f"sobjects/{crm_object}/{record_id}", user=SOMEBODY, json=fields)

    def remove(self, crm_object: str, record_id: str) -> None:
        self._sf("DELETE", f"sobjects/{crm_object}/{record_id}")

    def query(self, soql: str) -> list[dict[str, Any]]:
        rows = list(self._sf("GET", "query", params={"q": soql})["records"])
        return [{name: value for name, value in row.items() if name != "attributes"} for row in rows]

    def records(self, crm_object: str, *fields: str) -> list[dict[str, Any]]:
        return self.query(f"SELECT {', '.join(('Id', *fields))} FROM {crm_object} ORDER BY Id")

    def event(self, subject: str) -> dict[str, Any] | None:
        """The one event with this subject that is no copy for an invitee, or None."""
        found = self.query(
            "SELECT Id, Subject, Location, Description, StartDateTime, ActivityDate, DurationInMinutes, IsAllDayEvent, "
            "ShowAs, IsPrivate, WhoId, WhatId, OwnerId, InboxSync_Key__c FROM Event "
            f"WHERE Subject = '{subject}' AND IsChild = false"
        )
        assert len(found) < 2, f"{len(found)} events are called {subject}"
        return found[0] if found else None

    def saved(self, subject: str) -> dict[str, Any]:
        """As `event`, which must be there."""
        found = self.event(subject)
        assert found is not None, f"no event is called {subject!r}"
        return found

    def answers(self) -> dict[str, str]:
        """Who is invited to events, by id, with the answer that Salesforce shows."""
        return {row["RelationId"]: row["Status"] for row in self.query("SELECT RelationId, Status FROM EventRelation")}

    def everything(self, crm_object: str, *fields: str) -> list[dict[str, Any]]:
        """As `records`, with what was deleted or archived."""
        soql = f"SELECT {', '.join(('Id', *fields))} FROM {crm_object} ORDER BY Id"
        return list(self._sf("GET", "queryAll", params={"q": soql})["records"])

    def _sf(self, method: str, path: str, *, user: str = "inbox-sync", **more: Any) -> dict[str, Any]:
        token = self._http.post(
            f"{self.server.url}/salesforce/services/oauth2/token", data={"grant_type": "client_credentials"},
            auth=(user, "sandbox-secret"), timeout=30,
        ).json()["access_token"]  # fmt: skip
        answer = self._http.request(
            method, f"{self.server.url}/salesforce/services/data/v66.0/{path}", timeout=30,
            headers={"Authorization": f"Bearer {token}"}, **more,
        )  # fmt: skip
        assert answer.ok, f"{answer.status_code} {answer.text[:500]}"
        return answer.json() if answer.content else {}

    # --- the sandbox's own handle

    def control(self, path: str, **body: Any) -> dict[str, Any]:
        return self._answer(self._http.post(f"{self.server.url}/control/{path}", json=body, timeout=30))

    def control_get(self, path: str, **params: str) -> dict[str, Any]:
        return self._answer(self._http.get(f"{self.server.url}/control/{path}", params=params, timeout=30))

    def _answer(self, answer: requests.Response) -> dict[str, Any]:
        assert answer.ok, f"{answer.status_code} {answer.text[:500]}"
        body: dict[str, Any] = answer.json()
        return body

    def setting(self, **values: Mapping[str, Any]) -> None:
        """How the Salesforce org is set up: `setting(enhanced_email=False)`."""
        self.control("salesforce/settings", org=ORG, **values)
