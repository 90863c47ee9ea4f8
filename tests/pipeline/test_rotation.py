"""New keys while everything runs: all that is sealed comes under them, nothing is lost, and nothing looks changed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import LargeBinary

from mapping.model.item import Side
from sync_tasks.bootstrap import App
from sync_tasks.security.keys import MasterKey, file_keys
from sync_tasks.security.vault import Vault
from sync_tasks.services import deciding, intending, listening, rekeying
from sync_tasks.services.intending import Choice
from sync_tasks.services.rekeying import SEALED, UNDER_RUN_KEYS, KeyInUseError
from sync_tasks.settings import Settings
from sync_tasks.stages.threads import VALUES
from sync_tasks.state.models import Base
from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.any_mailbox(why="what is sealed is ours")

MANY = 3000  # credentials: enough that a rotation can be met in the middle


def test_every_column_of_bytes_is_one_that_a_rotation_knows() -> None:
    stored = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }

    assert stored == {each.name for each in SEALED} | set(UNDER_RUN_KEYS)


def everything_sealed(world: World) -> UserView:
    """A user of whom each column holds something: an open run, a conflict, somebody unknown, a choice, a thread, a
    consent under way."""
    app, ann = world.app, world.user(conflict__event="manual", autosave__emails=True, resolve__kind="lead")
    item = world.appointment(ann, "Lunch", marked=True)
    world.message(ann, "A question", sender="bart@other.example")
    world.sync(ann)
    world.later(minutes=30)
    world.edit(ann, item, Subject="Dinner")
    world.change("Event", str(world.saved("Lunch")["Id"]), Subject="Breakfast")
    world.sync(ann)
    intending.add(app, ann, Choice(message_id="<1@acme.example>", values={"Subject": "The offer"}), by="test")
    listening.renew(app, ann.id)
    with app.store.writing() as unit:
        thread = unit.threads.ensure(world.org, ["key"], world.now)
        sealed = app.vault.kept_box(ann.id).seal(json.dumps({"Subject": "The thread"}).encode(), VALUES)
        unit.threads.follow(thread, ann.id, world.now, sealed=sealed)
        unit.runs.claim_user(ann.id, "manual", world.now, timedelta(minutes=5), app.vault.run_key())
        unit.consents.begin(
            "digest", org_id=world.org, user_id=ann.id, vendor="google", browser="", expires_at=world.now,
            sealed=app.vault.seal(b"verifier", b"consent:digest"),
        )  # fmt: skip
    return ann


def opened(app: App) -> dict[str, list[bytes]]:
    """Every value that is sealed, by column."""
    found: dict[str, list[bytes]] = {}
    with app.store.reading() as unit:
        for each in SEALED:
            rows = unit.sealed.rest(each.table, each.column, each.bound, [], limit=MANY * 2)
            found[each.name] = [app.vault.open(row.sealed, each.context(*row.bound)) for row in rows]
    return found


def test_everything_comes_under_the_new_key_and_the_old_one_can_go(world_on_both: World) -> None:
    world = world_on_both
    everything_sealed(world)
    before = opened(world.app)
    assert [name for name, values in before.items() if not values] == ["kept_secret.sealed"]
    (old,) = world.app.vault.key_ids

    told = rekeying.rotate(world.app)

    assert told.made
    assert not told.unreadable
    assert dict(told.resealed) == {name: len(values) for name, values in before.items() if values} | {
        "kept_secret.sealed": 1
    }
    assert [(use.id, use.total > 0) for use in rekeying.uses(world.app)] == [(told.key, True), (old, False)]
    assert rekeying.retire(world.app, old)
    assert [key.id for key in file_keys(world.app.settings.key_file)] == [told.key]
    after = opened(world.app)
    assert {name: values for name, values in after.items() if name != "kept_secret.sealed"} == {
        name: values for name, values in before.items() if name != "kept_secret.sealed"
    }


def test_after_a_rotation_nothing_looks_changed_and_a_person_can_still_decide(world: World) -> None:
    ann = world.user(conflict__event="manual")
    item = world.appointment(ann, "Lunch", marked=True)
    world.appointment(ann, "Tea", marked=True)
    world.sync(ann)
    world.later(minutes=30)
    world.edit(ann, item, Subject="Dinner")
    world.change("Event", str(world.saved("Lunch")["Id"]), Subject="Breakfast")
    world.sync(ann)
    told = rekeying.rotate(world.app)
    for use in rekeying.uses(world.app):
        if not use.writes:
            rekeying.retire(world.app, use.id)
    world.writes()

    app = App(Settings(home=world.app.settings.home, database_url=world.app.settings.database_url, debug=True),
              clock=world.sandbox.clock.now)  # fmt: skip
    world.app.close()
    world.app = app  # a process that never knew the key of before
    assert app.vault.key_ids == (told.key,)
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}
    (conflict,) = world.conflicts(ann)
    deciding.resolve(app, conflict.id, Side.CRM, by="test")
    world.later(minutes=30)
    world.sync(ann)
    assert world.items(ann)[0]["values"]["Subject"] == "Breakfast"


def test_a_key_that_is_needed_cannot_be_retired(world: World) -> None:
    (old,) = world.app.vault.key_ids
    with pytest.raises(KeyInUseError, match="seals now"):
        rekeying.retire(world.app, old)
    told = rekeying.rotate(world.app)
    with world.app.store.writing() as unit:  # by a process that was about to commit when the key changed
        late = Vault([world.app.settings.master_keys()[1]]).seal(b"late", b"credential:1:late")
        unit.accounts.put_credential(1, "late", late)

    with pytest.raises(KeyInUseError, match=r"credential.sealed 1; run `inbox-sync keys rotate` first"):
        rekeying.retire(world.app, old)
    with pytest.raises(LookupError):
        rekeying.retire(world.app, "nobody")

    again = rekeying.rotate(world.app)
    assert (again.key, again.made, dict(again.resealed)) == (told.key, False, {"credential.sealed": 1})
    assert rekeying.retire(world.app, old)


def test_what_no_key_opens_is_told_and_does_not_stop_the_rest(world: World) -> None:
    lost = MasterKey.generate("lost")
    with world.app.store.writing() as unit:
        unit.accounts.put_credential(1, "gone", Vault([lost]).seal(b"x", b"credential:1:gone"))

    told = rekeying.rotate(world.app)

    assert dict(told.unreadable) == {"credential.sealed": 1}
    assert told.resealed["credential.sealed"] == 2
    assert rekeying.missing(world.app) == ["lost"]
    assert [(use.id, use.held, use.total) for use in rekeying.uses(world.app)][-1] == ("lost", False, 1)


def test_a_rotation_that_is_killed_goes_on_where_it_was(world: World) -> None:
    many_credentials(world.app)
    (old,) = world.app.vault.key_ids
    words = [sys.executable, "-m", "sync_tasks.cli.main", "keys", "rotate"]
    settings = world.app.settings
    surroundings = {
        **os.environ,
        "INBOX_SYNC_HOME": str(settings.home),
        "INBOX_SYNC_DATABASE_URL": settings.database_url,
    }
    rotating = subprocess.Popen(words, env=surroundings, stdout=subprocess.DEVNULL)
    while len(world.app.vault.key_ids) == 1 or not left(world.app, world.app.vault.writing_key):
        assert rotating.poll() is None, "it was through before it could be killed"
        time.sleep(0.005)
    rotating.send_signal(signal.SIGKILL)
    rotating.wait()
    new = world.app.vault.writing_key
    assert left(world.app, old) > 0

    again = rekeying.rotate(world.app)

    assert (again.key, again.made) == (new, False)
    assert left(world.app, old) == 0
    assert rekeying.retire(world.app, old)
    assert opened(world.app)["credential.sealed"][-1] == b"secret"


def test_what_others_write_meanwhile_stays_and_can_be_read(world_on_both: World) -> None:
    world = world_on_both
    many_credentials(world.app)
    (old,) = world.app.vault.key_ids

    with writing_all_the_time(world) as written:
        told = rekeying.rotate(world.app)

    assert not told.unreadable
    assert written[0] > 0
    assert left(world.app, old) == 0
    assert rekeying.retire(world.app, old)
    values = opened(world.app)["credential.sealed"]
    assert values.count(f"written {written[0]}".encode()) == 20


def many_credentials(app: App) -> None:
    with app.store.writing() as unit:
        for number in range(MANY):
            unit.accounts.put_credential(1, f"c{number}", app.seal_secret(1, f"c{number}", "secret"))


def left(app: App, key_id: str) -> int:
    """How many values this key seals."""
    return next(use.total for use in rekeying.uses(app) if use.id == key_id)


@contextmanager
def writing_all_the_time(world: World) -> Iterator[list[int]]:
    """Another process of the installation writes credentials until the block is left; how often it did, all of them."""
    other, stop, times = App(world.app.settings), threading.Event(), [0]

    def write() -> None:
        while not stop.is_set():
            with other.store.writing() as unit:
                for number in range(20):
                    sealed = other.seal_secret(1, f"c{number}", f"written {times[0] + 1}")
                    unit.accounts.put_credential(1, f"c{number}", sealed)
            times[0] += 1
            time.sleep(0.002)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield times
    finally:
        stop.set()
        thread.join()
        other.close()
