"""Three users share meetings: whatever they do to them, in whatever order, and whenever their runs come, both sides end
alike, every meeting has one record, and nobody is mailed.

Meetings do not touch each other, so one world plays many interleavings at once: each has an order of its own in which
edits, deletions, changes of marks and answers fall between the runs of the three.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from sync_tasks.state.records import UserView
from tests.support.world import World

MEETINGS = 50  # interleavings that one world plays
WORLDS = int(os.environ.get("INBOX_SYNC_INTERLEAVINGS", "150")) // MEETINGS  # the whole proof takes 1000
STEPS = 14  # things that happen to each meeting
HOMER = {"address": "homer@globex.example", "name": "Homer"}


@dataclass
class Meeting:
    """`gone`: the organizer's copy was deleted or taken out of Salesforce. `copies`: by user, None once deleted."""

    number: int
    copies: dict[int, str | None]
    gone: bool = False
    edits: int = 0
    log: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"meeting {self.number:03}"


class Office:
    """Ann organizes every meeting; Ben and Cid are invited to it."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world, self.dice = world, dice
        world.set(guard__deletes_most=10_000, guard__changes_most=10_000)  # much happens here on purpose
        self.users = [world.user(f"{name}@acme.example") for name in ("ann", "ben", "cid")]
        account = world.record("Account", Name="Globex")
        world.record("Contact", LastName="Simpson", Email=HOMER["address"], AccountId=account)
        world.later(minutes=1)
        self.meetings = [Meeting(n, {u: self._copy(user, n) for u, user in enumerate(self.users)})
                         for n in range(MEETINGS)]  # fmt: skip
        self.records: dict[str, dict[str, Any]] = {}

    def _copy(self, user: UserView, number: int) -> str:
        organizer = self.users[0] if hasattr(self, "users") else user
        mine = user.address == "ann@acme.example"
        guests = [HOMER, *({"address": f"{name}@acme.example", "name": name} for name in ("ben", "cid"))]
        return self.world.appointment(
            user, f"meeting {number:03}", start=self.world.now + timedelta(days=1 + number % 20, hours=number % 7),
            UID=f"uid-{number}", RequiredAttendees=guests, Organizer={"address": organizer.address, "name": ""},
            AppointmentState=1 if mine else 3,
            MyResponseType="Organizer" if mine else self.dice.choice(["Accept", "Tentative", "NoResponseReceived"]),
        )  # fmt: skip

    # --- what may happen

    def play(self) -> None:
        moves = [self.edit_here, self.edit_here, self.edit_there, self.edit_there, self.unmark, self.mark, self.answer,
                 self.leave, self.cancel, self.unsync, self.remove, self.rest, self.rest]  # fmt: skip
        for _ in range(STEPS):
            self._look()
            for meeting in self.meetings:
                if self.dice.random() < 0.5:
                    move: Callable[[Meeting], None] = self.dice.choice(moves)
                    meeting.log.append(move.__name__)
                    move(meeting)
            for user in self.dice.sample(self.users, self.dice.randint(1, 3)):
                self.world.later(minutes=self.dice.randint(5, 40))
                self.world.sync(user)

    def _look(self) -> None:
        columns = ("Id", "Subject", "Location", "OwnerId", "InboxSync_Key__c")
        rows = self.world.query(f"SELECT {', '.join(columns)} FROM Event WHERE IsChild = false")
        self.records = {row["Subject"][:11]: row for row in rows}

    def _edit(self, meeting: Meeting, user: int, **values: Any) -> None:
        copy = meeting.copies[user]
        if copy is not None:
            self.world.edit(self.users[user], copy, **values)

    def edit_here(self, meeting: Meeting) -> None:
        meeting.edits += 1
        self._edit(meeting, 0, **{self.dice.choice(["Location", "Subject"]): f"{meeting.name} ours {meeting.edits}"})

    def edit_there(self, meeting: Meeting) -> None:
        meeting.edits += 1
        row = self.records.pop(meeting.name, None)
        if row is not None:
            column = self.dice.choice(["Location", "Subject"])
            self.world.change("Event", row["Id"], **{column: f"{meeting.name} theirs {meeting.edits}"})

    def unmark(self, meeting: Meeting) -> None:
        self._edit(meeting, self.dice.randrange(3), Categories=["Family"])

    def mark(self, meeting: Meeting) -> None:
        self._edit(meeting, self.dice.choice([1, 2]), Categories=["Salesforce", "Family"])

    def answer(self, meeting: Meeting) -> None:
        self._edit(meeting, self.dice.choice([1, 2]), MyResponseType=self.dice.choice(["Accept", "Decline"]))

    def leave(self, meeting: Meeting) -> None:
        user = self.dice.choice([1, 2])
        copy = meeting.copies[user]
        if copy is not None and self.dice.random() < 0.5:
            self.world.discard(self.users[user], copy)
            meeting.copies[user] = None

    def cancel(self, meeting: Meeting) -> None:
        copy = meeting.copies[0]
        if copy is not None and self.dice.random() < 0.3:
            self.world.discard(self.users[0], copy)
            meeting.copies[0], meeting.gone = None, True

    def unsync(self, meeting: Meeting) -> None:
        if meeting.copies[0] is not None and self.dice.random() < 0.3:
            self._edit(meeting, 0, Categories=["Salesforce", "Salesforce Unsync"])
            meeting.gone = True

    def remove(self, meeting: Meeting) -> None:
        row = self.records.pop(meeting.name, None)
        if row is not None and self.dice.random() < 0.3:
            self.world.remove("Event", row["Id"])
            meeting.gone = True

    def rest(self, meeting: Meeting) -> None:
        """Nothing happens to it."""

    # --- how it must end

    def settle(self) -> None:
        """Runs until nothing is written any more: at most a few rounds."""
        for _ in range(6):
            self.world.writes()
            for user in self.users:
                self.world.later(hours=25)
                self.world.sync(user)
            if self.world.writes() == {}:
                return
        raise AssertionError("the runs never come to rest")

    def ends(self) -> Iterator[str]:
        """What is wrong at the end."""
        rows: dict[str, list[dict[str, Any]]] = {}
        for row in self.world.query("SELECT Id, Subject, Location, OwnerId FROM Event WHERE IsChild = false"):
            rows.setdefault(row["Subject"][:11], []).append(row)
        copies = {item["values"]["Subject"][:11]: item["values"] for item in self.world.items(self.users[0])}
        for meeting in self.meetings:
            found, copy = rows.get(meeting.name, []), copies.get(meeting.name)
            if len(found) > 1:
                yield f"{meeting.name}: {len(found)} records after {meeting.log}"
            elif not meeting.gone:
                if not found or copy is None:
                    yield f"{meeting.name}: lost after {meeting.log}"
                elif (found[0]["Subject"], found[0]["Location"] or "") != (copy["Subject"], copy.get("Location") or ""):
                    yield f"{meeting.name}: the two sides differ after {meeting.log}"
                elif found[0]["OwnerId"] != self.users[0].crm_user_id:
                    yield f"{meeting.name}: not the organizer's after {meeting.log}"


@pytest.mark.rule("ROL-1", "ROL-2", "ROL-8", "DEL-6", "MRK-6", "IDN-4", "TOP-18")
@pytest.mark.parametrize("seed", range(WORLDS))
def test_any_interleaving_ends_alike_on_both_sides(world: World, seed: int) -> None:
    office = Office(world, random.Random(seed))

    office.play()
    office.settle()

    assert list(office.ends()) == []
    assert world.mails() == 0
