"""`inbox-sync sandbox` as a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parents[3]
MAIL = b"""From: Ida <ida@birch.example>
To: demo@acme.example
Subject: Hello
Date: Mon, 02 Mar 2026 10:00:00 +0000
Message-ID: <1@birch.example>

Hello
"""
EVENT = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//x//y//EN
BEGIN:VEVENT
UID:1@acme.example
DTSTAMP:20260301T080000Z
DTSTART:20260310T080000Z
DTEND:20260310T090000Z
SUMMARY:Call
END:VEVENT
END:VCALENDAR
"""


@contextmanager
def serving(*words: str) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """The running sandbox and what it told."""
    command = [sys.executable, "-m", "sync_tasks.cli.main", "sandbox", "--port", "0", "--json", *words]
    process = subprocess.Popen(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line == "}\n":
                break
        yield json.loads("".join(lines)), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        process.stdout.close()


def test_it_serves_what_was_seeded_and_tells_what_was_not(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(MAIL)
    (tmp_path / "calendar.ics").write_text(EVENT, encoding="utf-8")
    (tmp_path / "Contact.csv").write_text("LastName,Email\nBirch,ida@birch.example\n", encoding="utf-8")
    (tmp_path / "picture.png").write_bytes(b"png")
    with serving("--seed", str(tmp_path), "--mark", "Salesforce", "--fault", "salesforce:query:503") as (told, process):
        assert told["seed"]["loaded"] == {"CalendarItem": 1, "Contact": 1, "Message": 1}
        (skipped,) = [file for file in told["seed"]["files"] if file["skipped"]]
        assert skipped["file"] == "picture.png"
        asked = {"address": "demo@acme.example", "items": "1"}
        folders = requests.get(f"{told['control']}/ews/mailboxes", params=asked, timeout=10).json()["folders"]
        (call,) = folders["calendar"]["items"]
        assert call["values"]["Categories"] == ["Salesforce"]
        assert folders["inbox"]["count"] == 1
        assert len(requests.get(f"{told['control']}/faults", timeout=10).json()["faults"]) == 1
        assert told["exchange"]["endpoint"].startswith(told["url"])
        assert process.poll() is None
    assert process.returncode == 0


def test_it_says_which_port_is_taken(free_port: int) -> None:
    words = [sys.executable, "-m", "sync_tasks.cli.main", "sandbox", "--port"]
    with serving() as (told, _):
        taken = told["url"].rpartition(":")[2]
        second = subprocess.run([*words, taken], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30)
    assert second.returncode == 1
    assert f"port {taken} on 127.0.0.1 cannot be opened" in second.stderr
