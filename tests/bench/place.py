"""Where the measuring happens: two users with like content, one for the engine and one for the hand-made loop."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import requests

from sync_tasks.state.records import UserView
from tests.support.world import World

ACCOUNTS, CONTACTS = 20, 50
ROWS = 200  # rows of one collections request
MEETINGS = 4  # every so manieth event of a mailbox is a meeting with a known contact


class RemoteClock:
    """The clock of a sandbox in another process; asked so often that it answers from here."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._now: datetime | None = None

    def set(self, moment: datetime, *, frozen: bool = True) -> None:
        self._now = moment
        requests.post(f"{self._url}/control/clock", json={"set": moment.isoformat(), "frozen": frozen}, timeout=30)

    def advance(self, seconds: float) -> None:
        self.set(self.now() + timedelta(seconds=seconds))

    def now(self) -> datetime:
        assert self._now is not None, "the clock has not been set"
        return self._now


class RemoteSandbox:
    """As much of a `SandboxServer` as a `World` asks for, served by another process, so that the processor time that
    is measured is the engine's own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.clock = RemoteClock(url)

    @property
    def sandbox(self) -> RemoteSandbox:
        return self


@contextmanager
def remote_sandbox() -> Iterator[RemoteSandbox]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    server = context.Process(target=_serve, args=(there,), daemon=True)
    server.start()
    try:
        yield RemoteSandbox(here.recv())
    finally:
        server.terminate()
        server.join(10)


def _serve(pipe: Any) -> None:
    from connectors.sandbox.server import Sandbox, SandboxServer

    with SandboxServer(Sandbox()) as server:
        pipe.send(server.url)
        while True:
            time.sleep(60)


@dataclass(slots=True)
class Place:
    """`ids`: what was put in, by user and what it is, for changing it later."""

    world: World
    size: int
    ours: UserView = field(init=False)
    least: UserView = field(init=False)
    contacts: tuple[str, ...] = field(init=False)
    ids: dict[tuple[int, str], list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.world.set(None, guard__changes_percent=100)  # or a person would have to approve such mass changes
        self.ours = self.world.user("ours@acme.example", autosave__emails=True)
        self.least = self.world.user("least@acme.example")
        accounts = self._insert("Account", [{"Name": f"Customer {n}"} for n in range(ACCOUNTS)])
        people = [
            {"LastName": f"Person {n}", "Email": f"person{n}@customer{n % ACCOUNTS}.example",
             "AccountId": accounts[n % ACCOUNTS]}
            for n in range(CONTACTS)
        ]  # fmt: skip
        self._insert("Contact", people)
        self.contacts = tuple(str(person["Email"]) for person in people)

    @property
    def users(self) -> tuple[UserView, UserView]:
        return self.ours, self.least

    # --- content, the same for both users

    def enter_appointments(self) -> None:
        """Appointments that their owner marked; every fourth is a meeting with somebody known."""
        for user in self.users:
            ids = []
            for n in range(self.size):
                address = self.contacts[n % CONTACTS]
                guests = {"RequiredAttendees": [{"address": address, "name": "Guest"}]} if n % MEETINGS == 0 else {}
                start = self.world.now + timedelta(hours=1 + n % 500)
                ids.append(self.world.appointment(user, f"Call {n}", start=start, marked=True, Body="Agenda", **guests))
            self.ids[user.id, "mailbox"] = ids
        self.world.later(minutes=30)

    def move_appointments(self) -> None:
        for user in self.users:
            for n, item in enumerate(self.ids[user.id, "mailbox"]):
                self.world.edit(user, item, Subject=f"Moved call {n}", Location="Room 7")
        self.world.later(minutes=30)

    def enter_events(self) -> None:
        for user in self.users:
            rows = [
                {"Subject": f"Visit {n}", "StartDateTime": (self.world.now + timedelta(hours=1 + n % 500)).isoformat(),
                 "DurationInMinutes": 30, "OwnerId": user.crm_user_id, "Description": "Agenda"}
                for n in range(self.size)
            ]  # fmt: skip
            self.ids[user.id, "crm"] = self._insert("Event", rows)
        self.world.later(minutes=30)

    def move_events(self) -> None:
        for user in self.users:
            rows = [{"Id": record, "Subject": f"Moved visit {n}", "Location": "Room 9"}
                    for n, record in enumerate(self.ids[user.id, "crm"])]  # fmt: skip
            self._collections("PATCH", "Event", rows)
        self.world.later(minutes=30)

    def receive_mails(self) -> None:
        for user in self.users:
            for n in range(self.size // 2):
                sender = self.contacts[n % CONTACTS]
                self.world.message(user, f"Order {n}", sender=sender, message_id=f"<{n}.{user.id}@mail.example>")
        self.world.later(minutes=30)

    def _insert(self, crm_object: str, rows: Sequence[dict[str, Any]]) -> list[str]:
        return self._collections("POST", crm_object, rows)

    def _collections(self, method: str, crm_object: str, rows: Sequence[dict[str, Any]]) -> list[str]:
        ids: list[str] = []
        for start in range(0, len(rows), ROWS):
            records = [{"attributes": {"type": crm_object}, **row} for row in rows[start : start + ROWS]]
            answer: Any = self.world._sf(method, "composite/sobjects", json={"allOrNone": True, "records": records})
            assert all(row["success"] for row in answer), answer
            ids += [row["id"] for row in answer]
        return ids
