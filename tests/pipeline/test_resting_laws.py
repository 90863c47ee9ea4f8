"""What no story could tell: whatever happens in what order, a run that leaves Salesforce alone has missed nothing.

Chance acts in two worlds alike, as users of Salesforce and of their mailboxes. In the one there is a feed; in the other
everybody asks for himself. Whenever a run rests, a poll is made behind its back: it must tell nothing, and leave the
very cursors that the run has set. In the end both worlds hold the same and have decided the same.
"""

from __future__ import annotations

import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from connectors.protocols import CrmChanges, Verb, Write
from connectors.sandbox.server import Sandbox, SandboxServer
from mapping.model.item import ItemKind
from sync_tasks.services import feeding
from sync_tasks.stages import fetch, resting
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.resting import Rest
from sync_tasks.state.records import UserView
from tests.support.feeding import run, with_feed
from tests.support.world import World

pytestmark = pytest.mark.told_over("graph", why="both worlds are of one kind, and two are slow enough")

NAMES = ("ann", "bob", "cid")
KINDS = {"Event": ItemKind.EVENT, "Task": ItemKind.TASK, "Contact": ItemKind.CONTACT}
CALENDAR, TASKS, CONTACTS = "calendar", "Salesforce Tasks", "Salesforce Contacts"


@pytest.fixture
def worlds(_sqlite_template: Path, tmp_path: Path) -> Iterator[tuple[World, World]]:
    """Two that have nothing in common."""
    made: list[tuple[World, SandboxServer, Sandbox]] = []
    for name in ("with", "without"):
        sandbox = Sandbox()
        server = SandboxServer(sandbox)
        server.__enter__()
        store = shutil.copy(_sqlite_template, tmp_path / f"{name}.db")
        made.append(
            (World(server, f"sqlite:///{store}", tmp_path / name, kind="graph", migrated=True), server, sandbox)
        )
    yield made[0][0], made[1][0]
    for world, server, sandbox in made:
        world.close()
        server.__exit__(None, None, None)
        sandbox.close()


class Acts:
    """What people do, drawn from a generator of their own, so that it is the same in any world. Records are named by
    when they were made, because ids differ from world to world."""

    def __init__(self, world: World, users: list[UserView], seed: int, outsider: str) -> None:
        self.world, self.users, self.outsider = world, users, outsider
        self.chance = random.Random(seed)
        self.made: dict[str, list[str]] = {name: [] for name in (*KINDS, "EventRelation")}
        self.owners: dict[str, str] = {}
        self.deleted: list[tuple[str, str]] = []
        self.count = 0
        self.coming: list[Callable[[], None]] = []

    def act(self) -> None:
        """Everything there is once, before anything comes again. What Salesforce refuses has not happened: the record
        is gone, or the guest is invited already."""
        if not self.coming:
            for kind in KINDS:
                self.coming += [partial(each, kind) for each in (self.enter, self.edit, self.give, self.remove)]
            self.coming += [self.restore, self.invite, self.invite, self.answer, self.uninvite, self.save, self.discard]
            self.chance.shuffle(self.coming)
        with suppress(AssertionError):
            self.coming.pop()()

    def _user(self) -> UserView:
        return self.chance.choice(self.users)

    def _name(self) -> str:
        self.count += 1
        return f"No. {self.count}"

    def _pick(self, kind: str) -> str:
        return self.chance.choice(self.made[kind]) if self.made[kind] else ""

    def _soon(self) -> str:
        return (self.world.now + timedelta(hours=self.chance.randrange(1, 200))).isoformat()

    # --- in Salesforce

    def enter(self, crm_object: str) -> None:
        owner, name = self._user().crm_user_id, self._name()
        fields: Mapping[str, Any] = {
            "Event": {"Subject": name, "StartDateTime": self._soon(), "DurationInMinutes": 30},
            "Task": {"Subject": name, "Status": "Not Started", "Priority": "Normal"},
            "Contact": {"LastName": name, "Title": self.chance.choice(("Boss", "Clerk"))},
        }[crm_object]
        made = self.world.record(crm_object, OwnerId=owner, **fields)
        self.made[crm_object].append(made)
        self.owners[made] = owner

    def edit(self, crm_object: str) -> None:
        name, title = self._name(), self.chance.choice(("Boss", "Clerk"))
        if record := self._pick(crm_object):
            fields = {"LastName": name, "Title": title} if crm_object == "Contact" else {"Subject": name}
            self.world.colleague_changes(crm_object, record, **fields)

    def give(self, crm_object: str) -> None:
        if record := self._pick(crm_object):
            others = [user.crm_user_id for user in self.users if user.crm_user_id != self.owners[record]]
            owner = self.chance.choice(others)
            self.world.change(crm_object, record, OwnerId=owner)
            self.owners[record] = owner

    def remove(self, crm_object: str) -> None:
        if record := self._pick(crm_object):
            self.made[crm_object].remove(record)
            self.world.remove(crm_object, record)
            self.deleted.append((crm_object, record))

    def restore(self) -> None:
        if self.deleted:
            crm_object, record = self.deleted.pop(self.chance.randrange(len(self.deleted)))
            crm = self.world.app.crm_of(self.world.org, None, "acme")
            (told,) = crm.write([Write(Verb.RESTORE, KINDS[crm_object], crm_object, id=record)])
            assert told.error is None
            self.made[crm_object].append(record)

    def invite(self) -> None:
        guest = self.chance.choice([*(user.crm_user_id for user in self.users), self.outsider])
        if event := self._pick("Event"):
            self.made["EventRelation"].append(self.world.record("EventRelation", EventId=event, RelationId=guest))

    def answer(self) -> None:
        said = self.chance.choice(("Accepted", "Declined"))
        if relation := self._pick("EventRelation"):
            self.world.change("EventRelation", relation, Status=said)

    def uninvite(self) -> None:
        if relation := self._pick("EventRelation"):
            self.made["EventRelation"].remove(relation)
            self.world.remove("EventRelation", relation)

    # --- in the mailbox

    def save(self) -> None:
        user, name, start = self._user(), self._name(), timedelta(hours=self.chance.randrange(1, 200))
        self.world.appointment(user, name, start=self.world.now + start, marked=True)

    def discard(self) -> None:
        user, place = self._user(), self.chance.randrange(100)
        items = sorted(self.world.items(user), key=lambda each: each["values"]["Subject"])
        if items:
            self.world.discard(user, items[place % len(items)]["id"])


def begin(world: World, seed: int) -> tuple[list[UserView], Acts]:
    """Three users who mirror everything, each with another scope of contacts."""
    world.set(guard__mails_most=1000, guard__deletes_most=1000, guard__empty_least=1000)
    view = str(world.control("salesforce/listviews", object="Contact", where="Title = 'Boss'")["id"])
    scopes = dict(zip(NAMES, ("mine", "all", f"view:{view}"), strict=True))
    more: dict[str, Any] = {"tasks__enabled": True, "tasks__down": True, "contacts__enabled": True}
    users = [
        world.user(f"{name}@acme.example", contacts__scope=scopes[name], deletion__events="all", **more)
        for name in NAMES
    ]
    outsider = world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    return users, Acts(world, users, seed, outsider)


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """Behind the back of a run that rests the poll is made that it has spared itself."""
    told = Counter[str]()
    whole: Callable[..., Any] = resting.cursors_of

    def beside(ctx: StageContext, rest: Rest, known: Mapping[str, str]) -> Mapping[str, str] | None:
        found: Mapping[str, str] | None = whole(ctx, rest, known)
        told["rests" if found is not None else "asks"] += 1
        if found is not None:
            answers = ctx.crm.changes(rest.watches, ctx.user.crm_user_id, known)
            assert {n: a.cursor for n, a in answers.items() if isinstance(a, CrmChanges)} == found
            news = fetch.Found()
            for watch in rest.watches:
                answer = answers[watch.name]
                assert isinstance(answer, CrmChanges)
                fetch._stage_crm(ctx, watch, answer.changes, news)  # as the run would have done
            assert news.works == {}
        return found

    with monkeypatch.context() as patch:
        patch.setattr(resting, "cursors_of", beside)
        yield told


def history(world: World, seed: int, acts: int) -> tuple[list[Any], dict[str, Any]]:
    """What was decided run by run, and what there is in the end."""
    users, people = begin(world, seed)
    decided: list[Any] = []

    def runs() -> None:
        for user in users:
            world.later(seconds=90)
            feeding.read(world.app, world.org)
            run(world, user)
            decided.append((user.address, sorted(world.reasons(user)), sorted(op.act for op in world.operations())))

    for kind in (*KINDS, *KINDS):
        people.enter(kind)
    for _ in range(3):
        runs()
    for _ in range(acts):
        people.act()
        for _ in range(people.chance.choice((2, 2, 3))):
            world.later(minutes=people.chance.choice((1, 30, 90)))
            runs()
    runs()
    return decided, _state(world, users)


def _state(world: World, users: list[UserView]) -> dict[str, Any]:
    folders = (CALENDAR, TASKS, CONTACTS)
    keys = ("Subject", "Surname", "Start", "End", "Categories", "RequiredAttendees")
    mailboxes = {
        (user.address, folder): sorted(
            repr([each["values"].get(key) for key in keys]) for each in world.items(user, folder)
        )
        for user in users for folder in folders
    }  # fmt: skip
    names = {user.crm_user_id: user.address for user in users}
    records = {
        crm_object: sorted(
            (str(row[name]), names.get(row["OwnerId"], ""), row["IsDeleted"])
            for row in world.everything(crm_object, name, "OwnerId", "IsDeleted")
        )
        for crm_object, name in (("Event", "Subject"), ("Task", "Subject"), ("Contact", "LastName"))
    }  # fmt: skip
    return {"mailboxes": mailboxes, "records": records}


@pytest.mark.parametrize("seed", [1])
def test_whatever_happens_a_run_that_rests_has_missed_nothing(
    worlds: tuple[World, World], monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    with_feed(worlds[0])
    with watched(monkeypatch) as told:
        history(worlds[0], seed, 19)
    assert told["rests"] > 30, told


@pytest.mark.parametrize("seed", [2])
def test_with_a_feed_and_without_one_everything_ends_and_is_decided_alike(
    worlds: tuple[World, World], seed: int
) -> None:
    with_feed(worlds[0])
    with_a_feed, without = (history(world, seed, 7) for world in worlds)
    assert with_a_feed == without
