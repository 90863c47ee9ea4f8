"""A refresh token may be good once: of processes that need a new token one asks for it, and the others take that."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.pipeline.test_consent import connect, graph, salesforce
from tests.support.world import World

pytestmark = pytest.mark.told_over("exchange", why="each story names the vendor that gives out tokens")

PROCESSES = 3
ASKING = {
    "salesforce": "app.crm_of(user.org_id, user.id, user.org_name).find_user('ann@acme.example')",
    "graph": "app.mailbox(user).aliases()",
}
PROGRAM = """
import sys
from sync_tasks.bootstrap import App
from sync_tasks.settings import Settings
app = App(Settings())
with app.store.reading() as unit:
    user = unit.accounts.users()[0]
print("ready", flush=True)
sys.stdin.readline()
{ask}
"""


def processes_ask(world: World, vendor: str) -> list[int]:
    """Exit codes of processes that all need a token in the same moment."""
    told = {name: str(getattr(world.app.settings, name)) for name in ("home", "database_url")}
    surroundings = {**os.environ, **{f"INBOX_SYNC_{name.upper()}": value for name, value in told.items()}}
    words = [sys.executable, "-c", PROGRAM.format(ask=ASKING[vendor])]
    started = [
        subprocess.Popen(words, env=surroundings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(PROCESSES)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    return [process.wait(60) for process in started]


@pytest.mark.parametrize("vendor", ["salesforce", "graph"])
def test_of_processes_that_need_a_token_one_asks_for_it(world_on_both: World, vendor: str) -> None:
    world = world_on_both
    ann = world.user()
    connect(world, ann, vendor, {"salesforce": salesforce, "graph": graph}[vendor](world))
    # the answer takes its time: whoever asked meanwhile with the same refresh token would be refused
    operation = {"salesforce": "sf.oauth.token", "graph": "graph.token"}[vendor]
    world.control("faults", match=operation, times=None, action={"late": 0.5})
    world.sandbox.ledger.reset()

    assert processes_ask(world, vendor) == [0] * PROCESSES

    assert world.sandbox.ledger.count(operation) == 1


def test_whoever_died_while_refreshing_is_not_waited_for_for_ever(world_on_both: World) -> None:
    world = world_on_both
    with world.app.store.writing() as unit:
        assert unit.refreshes.take(1, "token:x", "dead", timedelta(minutes=1))
        assert not unit.refreshes.take(1, "token:x", "next", timedelta(minutes=1))
    with world.app.store.engine.begin() as connection:
        connection.execute(text("UPDATE refresh_claim SET until = '2020-01-01 00:00:00.000000'"))

    with world.app.store.writing() as unit:
        assert unit.refreshes.take(1, "token:x", "next", timedelta(minutes=1))
        unit.refreshes.release(1, "token:x", "dead")
        assert not unit.refreshes.take(1, "token:x", "third", timedelta(minutes=1))
        unit.refreshes.release(1, "token:x", "next")
        assert unit.refreshes.take(1, "token:x", "third", timedelta(minutes=1))
