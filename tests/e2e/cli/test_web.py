"""`inbox-sync web` and `inbox-sync token`: the process itself, and who may enter it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import httpx

from tests.e2e.cli.conftest import Console


def test_the_process_prints_a_link_that_logs_in(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sync_tasks.cli.main", "web", "--port", "0", "--json"]
    environment = {"PATH": "", "INBOX_SYNC_HOME": str(tmp_path)}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as web:
        assert web.stdout is not None
        told = ""
        while not told.rstrip().endswith("}"):
            told += web.stdout.readline()
        address, link = (json.loads(told)[name] for name in ("address", "log_in"))
        try:
            with httpx.Client(follow_redirects=True, timeout=30, headers={"Accept": "text/html"}) as visitor:
                for _ in range(100):
                    try:
                        assert visitor.get(f"{address}/readyz").json() == {"status": "ready"}
                        break
                    except httpx.ConnectError:
                        time.sleep(0.1)
                assert visitor.get(link).status_code == 200
                entered = visitor.post(f"{address}/login/link", data={"token": link.partition("token=")[2]})
            assert "local administrator" in entered.text
            assert entered.url.path == "/users"
        finally:
            web.terminate()
            web.wait(timeout=20)


def test_links_are_for_people_who_are_known(console: Console) -> None:
    assert console.json("web", "link")["link"].startswith("http://127.0.0.1:8080/login/link?token=")
    assert console("web", "link", "ann@acme.example").code == 3
    console.done("org", "add", "acme")
    assert "administers acme" in console.done("web", "grant", "adele@acme.example")
    made = console.json("web", "link", "Adele@acme.example", "--base", "https://sync.acme.example/")
    assert made["link"].startswith("https://sync.acme.example/login/link?token=")
    assert made["address"] == "adele@acme.example"


def test_administrators_are_named_and_taken_back(console: Console) -> None:
    console.done("org", "add", "acme")
    console.done("web", "grant", "adele@acme.example", "--org", "acme")
    console.done("web", "grant", "pat@acme.example", "--platform")
    assert [(g["address"], g["org"]) for g in console.json("web", "grants")] == [
        ("adele@acme.example", "acme"), ("pat@acme.example", "")
    ]  # fmt: skip
    console.done("web", "revoke", "adele@acme.example")
    assert console("web", "revoke", "adele@acme.example").code == 3
    assert console("web", "grant", "pat@acme.example", "--platform", "--org", "acme").code == 2
    assert console("web", "grant", "no address").code == 2


def test_a_token_is_told_once_and_can_be_ended(console: Console) -> None:
    assert console("token", "add", "nobody@acme.example").code == 1
    secret = console.json("token", "add", "--name", "reports", "--days", "30")["token"]
    listed = console.json("token", "list")
    assert [(t["name"], t["address"]) for t in listed] == [("reports", "")]
    assert secret not in json.dumps(listed)
    console.done("token", "drop", str(listed[0]["id"]))
    assert console.json("token", "list") == []
    assert console("token", "drop", "1").code == 3
