"""Stories of cursors that are of no use any more: everything is read again, and that alone changes nothing.

An expired delta token over Graph (410), an invalid sync token (410) and a history that is too old (404) at Google, a
sync state over EWS that the server does not know, and at Salesforce a cursor that is older than the recycle bin.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import pytest

from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = [pytest.mark.every_mailbox, pytest.mark.rule("IDN-8")]
HOMER = {"address": "homer@globex.example", "name": "Homer"}
FAR = timedelta(days=40)  # still to come when every cursor is too old


@dataclass(frozen=True, slots=True)
class Full:
    """A user with something of every kind on both sides, all of it saved; ids are those in the mailbox."""

    user: UserView
    lunch: str
    review: str
    visit: str  # a record of Salesforce

    @classmethod
    def of(cls, world: World) -> Full:
        account = world.record("Account", Name="Globex")
        world.record("Contact", LastName="Simpson", Email=HOMER["address"], AccountId=account)
        ann = world.user(autosave__emails=True, tasks__enabled=True, contacts__enabled=True)
        start = world.now + FAR
        lunch = world.appointment(ann, "Lunch", start=start, marked=True)
        review = world.appointment(ann, "Review", start=start + timedelta(hours=2), marked=True,
                                   RequiredAttendees=[HOMER])  # fmt: skip
        daily = world.series(ann, "Round", "FREQ=DAILY;COUNT=3", start=start + timedelta(hours=4), marked=True)
        second = start + timedelta(days=1, hours=4)
        world.edit_occurrence(ann, daily, second, Subject="Round elsewhere")
        for each in ("Order", "Delivery"):
            world.message(ann, each, sender=HOMER["address"])
        visit = world.record("Event", Subject="Visit", OwnerId=ann.crm_user_id, DurationInMinutes=30,
                             StartDateTime=(start + timedelta(hours=6)).isoformat())  # fmt: skip
        world.sync(ann)
        world.later(minutes=20)
        world.contact(ann, "Carlson", folder="Salesforce Contacts")
        world.task(ann, "Call", folder="Salesforce Tasks")
        world.sync(ann)
        full = cls(ann, lunch, review, visit)
        full.settle(world)
        assert all(full.there(world).values())
        return full

    def settle(self, world: World) -> None:
        """Let runs go by until one reads nothing; the versions of what we wrote come back to us first."""
        for _ in range(3):
            world.later(minutes=20)
            world.sync(self.user)
        assert self.seen(world) == 0
        world.writes()

    def seen(self, world: World) -> int:
        """How many changes the last run was told of."""
        assert world.last is not None
        return world.last.counts.get("seen", 0)

    def there(self, world: World) -> Mapping[str, int]:
        """How many things there are, by object and folder."""
        records = {name: len(world.records(name)) for name in ("Event", "Contact", "EmailMessage")}
        records["Task"] = len(world.query("SELECT Id FROM Task WHERE TaskSubtype = 'Task'"))  # others stand for mails
        folders = ("calendar", "inbox", "Salesforce Tasks", "Salesforce Contacts")
        return records | {folder: len(world.items(self.user, folder)) for folder in folders}


def test_what_the_mailbox_forgot_is_read_again_and_nothing_is_written(world: World) -> None:
    full = Full.of(world)
    before = full.there(world)

    world.forget_cursors(full.user)
    world.later(minutes=20)
    world.sync(full.user)

    assert full.seen(world) >= len(("Lunch", "Review", "Round", "Order", "Delivery", "Visit", "Carlson"))
    assert (world.writes(), full.there(world)) == ({}, before)
    full.settle(world)
    assert (full.there(world), world.issues(full.user)) == (before, [])


def test_what_happened_before_the_mailbox_forgot_still_arrives_and_nothing_else(world: World) -> None:
    full = Full.of(world)
    before = full.there(world)
    world.edit(full.user, full.lunch, Subject="Dinner")
    world.discard(full.user, full.review)
    world.appointment(full.user, "Launch", start=world.now + FAR, marked=True)
    world.message(full.user, "Invoice", sender=HOMER["address"])
    world.remove("Event", full.visit)

    world.forget_cursors(full.user)
    for _ in range(2):
        world.later(minutes=20)
        world.sync(full.user)

    subjects = {row["Subject"] for row in world.query("SELECT Subject FROM Event WHERE IsChild = false")}
    assert subjects == {"Dinner", "Launch", "Round", "Round elsewhere"}
    assert {item["values"]["Subject"] for item in world.items(full.user)} == {"Dinner", "Launch", "Round"}
    mails = sorted(row["Subject"] for row in world.records("EmailMessage", "Subject"))
    assert mails == ["Delivery", "Invoice", "Order"]
    untouched = ("Contact", "Task", "Salesforce Tasks", "Salesforce Contacts")
    assert {name: full.there(world)[name] for name in untouched} == {name: before[name] for name in untouched}
    full.settle(world)
    assert world.issues(full.user) == []


def test_a_user_who_comes_back_after_salesforce_has_thrown_deletions_away_finds_all_as_it_is(world: World) -> None:
    full = Full.of(world)
    world.remove("Event", full.visit)
    world.change("Event", world.saved("Lunch")["Id"], Subject="Dinner")
    before = {**full.there(world)}

    world.later(days=16)
    world.sync(full.user)

    assert {item["values"]["Subject"] for item in world.items(full.user)} == {"Dinner", "Review", "Round"}
    assert full.there(world) == {**before, "calendar": before["calendar"] - 1}
    full.settle(world)
    assert world.issues(full.user) == []


def test_what_both_sides_forgot_is_read_again_and_nothing_is_written(world: World) -> None:
    full = Full.of(world)
    before = full.there(world)

    world.later(days=16)
    world.forget_cursors(full.user)
    world.sync(full.user)

    assert (world.writes(), full.there(world)) == ({}, before)
    full.settle(world)
