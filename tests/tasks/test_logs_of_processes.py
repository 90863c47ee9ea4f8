"""The processes as operators start them: every line of every log is an object, and Flower lets in nobody unknown."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta

import requests

from tests.support.cluster import Cluster, Worker
from tests.support.waiting import until
from tests.support.world import World

Make = Callable[..., Cluster]


# what Celery's signal handlers write past every log, where nothing else may be called; and the shell that guards
FAREWELL = ("", "worker: Warm shutdown (MainProcess)", "Terminated")


def _lines(process: Worker) -> list[dict[str, object]]:
    return [json.loads(line) for line in process.said().splitlines() if line not in FAREWELL]


def test_worker_beat_and_web_log_nothing_but_json(world: World, clustered: Make, free_port: int) -> None:
    cluster = clustered(log_format="json")
    user = world.user(autosave__appointments=True, autosave__unlinked_events=True)
    with world.app.store.writing() as unit:  # before whatever follows in the same second
        unit.accounts.set_user(user.id, activated_at=user.activated_at - timedelta(hours=1))
    world.appointment(user, "Zqsubject")
    worker = cluster.command("worker", "--concurrency", "1", "--log-level", "DEBUG")
    beat, web = cluster.command("beat"), cluster.command("web", "--port", str(free_port))
    until(lambda: bool(world.records("Event")), 60, every=0.2)
    until(lambda: _answers(f"http://127.0.0.1:{free_port}/healthz"), 40, every=0.2)
    for process in (worker, beat, web):
        process.stop()
        told = _lines(process)
        assert {"process_started"} <= {line["message"] for line in told}
        assert "zqsubject" not in process.said().lower()
    tasks = [line for line in _lines(worker) if line["logger"] == "celery.app.trace"]
    assert any(str(line["message"]).startswith("Task sync.fetch[") for line in tasks)


def test_flower_shows_itself_to_who_knows_the_password(clustered: Make, free_port: int) -> None:
    cluster = clustered(log_format="json", flower_user="ops", flower_password="open-sesame")
    flower = cluster.command("flower", "--port", str(free_port))
    url = f"http://127.0.0.1:{free_port}"
    until(lambda: _answers(f"{url}/healthcheck"), 40, every=0.2)
    asked = {given: requests.get(f"{url}/workers", auth=given, timeout=10).status_code for given in (
        None, ("ops", "wrong"), ("ops", "open-sesame"))}  # fmt: skip
    assert asked == {None: 401, ("ops", "wrong"): 401, ("ops", "open-sesame"): 200}
    assert requests.get(f"{url}/api/workers", timeout=10).status_code == 401
    flower.stop()
    assert _lines(flower)
    assert "open-sesame" not in flower.said()


def test_flower_without_a_password_does_not_start(clustered: Make) -> None:
    cluster = clustered()
    done = subprocess.run(
        [sys.executable, "-m", "sync_tasks.cli.main", "flower"], env=cluster.env, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "INBOX_SYNC_FLOWER_PASSWORD" in done.stderr


def _answers(url: str) -> bool:
    try:
        return requests.get(url, timeout=2).ok
    except requests.RequestException:
        return False
