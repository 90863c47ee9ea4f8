"""`inbox-sync demo --once`: the whole product, started and stopped by one command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import date, timedelta
from email import message_from_bytes
from email.utils import parsedate_to_datetime
from pathlib import Path

from sync_tasks.cli.sample_world import shift_sample

ROOT = Path(__file__).resolve().parents[3]


def test_the_demo_mirrors_both_sides_and_then_writes_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sync_tasks.cli.main", "demo", "--once", "--json"]
    # The demo is embedded whatever an installation has set, so a database that does not exist must not disturb it.
    environment = {**os.environ, "INBOX_SYNC_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=240
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    told = json.loads(done.stdout)
    ann, ben, cleo = told["first"]
    assert (ann["user"], ann["trigger"], ann["state"]) == ("ann@acme.example", "schedule", "done")
    assert ann["sides"]["crm"]["EmailMessage"]["created"] >= 5
    assert ann["sides"]["crm"]["Event"]["created"] == 7
    assert ann["sides"]["mailbox"]["calendar"]["created"] == 2
    assert ben["sides"]["crm"]["Lead"] == {"created": 1}
    assert cleo["sides"]["crm"]["EmailMessage"]["created"] == 1
    left = {row["reason"] for row in ann["skipped"]}
    assert {"no_person", "all_blocked", "all_internal", "before_activation", "private"} <= left
    # a guest whose run is quicker than the organizer's waits for the meeting (ISE-013)
    assert set(told["issues"]) - {"ISE-013"} == {"FIELD_CUSTOM_VALIDATION_EXCEPTION"}

    changed, changed_too, _ = told["second"]
    assert changed["trigger"] == "force"
    assert changed["sides"]["crm"]["Event"]["changed"] == 1
    assert changed["sides"]["crm"]["Event"]["deleted"] == 1
    assert changed["sides"]["mailbox"]["calendar"]["changed"] == 1
    assert changed_too["sides"]["mailbox"]["calendar"] == {"changed": 1}

    meeting = told["meeting"]
    assert [copy["mailbox"] for copy in meeting["copies"]] == ["exchange", "graph", "google"]
    assert {copy["record"] for copy in meeting["copies"]} == set(meeting["records"])
    assert len(meeting["records"]) == 1
    assert meeting["invited"] == {"Ben Okafor": "New", "Cleo Duarte": "Accepted", "Ida Birch": "New"}

    assert told["idle"]["writes"] == {"mailbox": 0, "crm": 0}
    assert told["flower"]["answers"] is True
    assert told["dashboard"]["answers"] is True
    assert told["dashboard"]["log_in"].startswith(told["dashboard"]["url"] + "/login/link?token=")
    assert not Path(told["home"]).exists()


def test_the_sample_week_ends_yesterday_and_keeps_its_bytes_otherwise(tmp_path: Path) -> None:
    shift_sample(tmp_path, date(2031, 7, 9))
    newest = max(
        parsedate_to_datetime(message_from_bytes(path.read_bytes())["Date"]) for path in tmp_path.rglob("*.eml")
    )
    assert newest.date() == date(2031, 7, 9) - timedelta(days=1)
    assert len(list(tmp_path.rglob("*.*"))) == 23
