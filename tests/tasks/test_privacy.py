"""What people write stays with the two vendors: it is in no message, no log and no row, whatever a run does with it.

Every text of the story carries a mark of its own. Real workers and a beat at their most talkative sync it; then all
that Redis was told, all that the processes wrote and all that the database holds is searched for the marks.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import MetaData, select, text

from sync_tasks.state.records import UserView
from tests.support.cluster import Cluster
from tests.support.monitor import Overheard, overhearing
from tests.support.waiting import until
from tests.support.world import World

# the marks by where they stand; the forms in which a mark might be written are found without regard to case
SUBJECT, BODY, PLACE, NAME, ADDRESS, DOMAIN = "zqsubject", "zqbody", "zqplace", "zqname", "zqaddr", "zqdomain"
FILE, CONTENT = "zqfile", "zqcontent"
MARKS = (SUBJECT, BODY, PLACE, NAME, ADDRESS, DOMAIN, FILE, CONTENT)

BASE64 = re.compile(r"[A-Za-z0-9+/=_-]{24,}")

Make = Callable[..., Cluster]


class Story:
    """One user, and everything that carries content, on both sides."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.user = world.user(
            autosave__appointments=True, autosave__meetings=True, autosave__emails=True, autosave__unlinked_events=True,
            deletion__events="all", resolve__kind="contact", resolve__require_outbound=False,
        )  # fmt: skip
        with world.app.store.writing() as unit:  # before whatever follows in the same second
            unit.accounts.set_user(self.user.id, activated_at=self.user.activated_at - timedelta(hours=1))
        self.guest = f"{ADDRESS}-guest@{DOMAIN}-known.example"
        self.stranger = f"{ADDRESS}-stranger@{DOMAIN}-new.example"
        self.rule = {"object": "Event", "field": "Subject", "op": "equals", "value": f"{SUBJECT} refused",
                     "message": f"{SUBJECT} refused is no subject"}  # fmt: skip
        self.gone = ""

    def begin(self) -> None:
        world, ann = self.world, self.user
        account = world.record("Account", Name=f"{NAME} Account")
        contact = world.record("Contact", LastName=f"{NAME} Guest", Email=self.guest, AccountId=account)
        world.setting(validation_rules=[self.rule])
        attendees = [{"mailbox": {"address": self.guest, "name": f"{NAME} Guest"}, "response": "Accept"}]
        world.appointment(ann, f"{SUBJECT} meeting", RequiredAttendees=attendees, Body=BODY, Location=PLACE)
        self.gone = world.appointment(ann, f"{SUBJECT} to be deleted", Body=BODY, Location=PLACE)
        world.appointment(ann, f"{SUBJECT} refused", Body=BODY, Location=PLACE)
        start = (world.now + timedelta(days=2)).isoformat()
        world.record("Event", Subject=f"{SUBJECT} from Salesforce", StartDateTime=start, DurationInMinutes=30,
                     Description=BODY, Location=PLACE, OwnerId=ann.crm_user_id, WhoId=contact)  # fmt: skip
        attached = [{"name": f"{FILE} {n}.txt", "text": f"{CONTENT} {n}"} for n in range(3)]
        world.sandbox.faults.add(
            {
                "match": "sf.row.ContentVersion.create",
                "nth": 2,
                "times": None,
                "action": {"code": "STORAGE_LIMIT_EXCEEDED"},
            }
        )
        world.message(ann, f"{SUBJECT} mail", sender=self.guest, body=BODY, Attachments=attached)
        world.message(ann, f"{SUBJECT} first mail", sender=self.stranger, body=f"{BODY}\n--\n{NAME} Stranger")

    def go_on(self) -> None:
        self.world.discard(self.user, self.gone)
        self.world.message(self.user, f"{SUBJECT} second mail", sender=self.stranger, body=BODY)

    # --- what must have happened, so that there was something to hide

    def first_is_done(self) -> bool:
        world = self.world
        return (
            len(world.records("Event")) == 3
            and len(world.records("EmailMessage")) == 2
            and len(world.query(f"SELECT Id FROM Contact WHERE Email = '{self.stranger}'")) == 1
            and world.item(self.user, f"{SUBJECT} from Salesforce") is not None
            and "STORAGE_LIMIT_EXCEEDED" in world.issues(self.user)
            and len(world.records("ContentVersion")) == 1
        )

    def second_is_done(self) -> bool:
        return len(self.world.records("Event")) == 2 and len(self.world.records("EmailMessage")) == 3


def marks_in(said: str) -> set[str]:
    """Which marks stand in a text, as they are or within what looks like base64."""
    low = said.lower()
    found = {mark for mark in MARKS if mark in low}
    for match in BASE64.finditer(said):
        found |= {mark for mark in MARKS if mark in _decoded(match.group()).lower()}
    return found


def _decoded(chunk: str) -> str:
    try:
        return base64.b64decode(chunk + "=" * (-len(chunk) % 4), altchars=b"-_").decode("latin-1")
    except (binascii.Error, ValueError):
        return ""


def cells(world: World) -> Iterator[tuple[str, Any]]:
    """Every value of every row of the database, with the name of its column."""
    engine = world.app.store.engine
    tables = MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        for table in tables.sorted_tables:
            for row in connection.execute(select(table)):
                for column, value in row._mapping.items():
                    yield f"{table.name}.{column}", value


def readable(value: Any) -> str:
    return bytes(value).decode("latin-1") if isinstance(value, (bytes, memoryview)) else str(value)


def lines_with(marks: set[str], said: str) -> list[str]:
    """For the message of a failed test: the first lines that tell too much."""
    return [line[:300] for line in said.splitlines() if marks & marks_in(line)][:5]


def raw_bytes(world: World) -> str:
    """The files of a SQLite store, with what stands in pages no longer used; nothing for other databases."""
    engine = world.app.store.engine
    if engine.dialect.name != "sqlite":
        return ""
    path = Path(str(engine.url.database))
    return "".join(part.read_bytes().decode("latin-1") for part in path.parent.glob(f"{path.name}*"))


def nothing_told(world: World, heard: Overheard, cluster: Cluster) -> None:
    told = "\n".join(heard.commands)
    assert marks_in(told) == set(), lines_with(marks_in(told), told)
    logs = cluster.logs()
    assert marks_in(logs) == set(), lines_with(marks_in(logs), logs)
    stored = {column: marks_in(readable(value)) for column, value in cells(world)}
    assert {column: marks for column, marks in stored.items() if marks} == {}
    raw = raw_bytes(world)
    assert {mark for mark in MARKS if mark in raw.lower()} == set()


def none_open(world: World, user: UserView) -> bool:
    query = text("SELECT count(*) FROM sync_run WHERE state = 'open' AND user_id = :user")
    with world.app.store.engine.connect() as connection:
        return connection.execute(query, {"user": user.id}).scalar() == 0


@pytest.mark.point("1.12.1")
def test_what_people_write_is_in_no_message_no_log_and_no_row(world_on_both: World, clustered_on_both: Make) -> None:
    world = world_on_both
    story = Story(world)
    cluster = clustered_on_both(loglevel="DEBUG")
    with overhearing(cluster.redis.url) as heard:
        story.begin()
        worker = cluster.worker()
        until(lambda: worker.ready, 40, every=0.1)
        beat = cluster.beat()
        until(story.first_is_done, 60, every=0.2)
        story.go_on()
        until(story.second_is_done, 60, every=0.2)
        beat.stop(10)
        until(lambda: none_open(world, story.user), 30)
        worker.stop()

    assert "DEBUG" in cluster.logs()  # they did talk
    assert any("shard-" in command for command in heard.commands)  # and Redis was listened to
    with world.app.store.reading() as unit:
        assert unit.workspace.left() == 0
    nothing_told(world, heard, cluster)


def test_a_mark_that_is_told_is_found(world: World, tmp_path: Path) -> None:
    """The search itself: plain, in base64, in a row and in a page of the file that nobody refers to any more."""
    assert marks_in(f"LPUSH q {{'body': '{base64.b64encode(b'[{}, {subject: zqsubject}]').decode()}'}}") == {SUBJECT}
    assert marks_in("To: ZQADDR-guest@zqdomain.example") == {ADDRESS, DOMAIN}
    user = world.user(f"{ADDRESS}@acme.example")
    assert {column for column, value in cells(world) if marks_in(readable(value))} == {"app_user.address"}
    with world.app.store.engine.begin() as connection:
        connection.execute(text("DELETE FROM app_user WHERE id = :id"), {"id": user.id})
    assert ADDRESS in raw_bytes(world)
