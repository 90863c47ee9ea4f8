"""Secret keys on the console: looked at, changed, taken away."""

from __future__ import annotations

import pytest

from sync_tasks.security.keys import MasterKey
from tests.e2e.cli.conftest import Company, Console


def test_keys_are_listed_rotated_and_retired(console: Console, company: Company) -> None:
    (only,) = console.json("keys", "list")
    assert (only["role"], only["values"]) == ("seals and opens", {"credential.sealed": only["total"]})
    assert only["id"] in console.done("keys", "list")
    refused = console("keys", "retire", only["id"])
    assert refused.code == 1
    assert "seals now" in refused.err

    told = console.json("keys", "rotate")
    assert (told["new"], told["old"], told["unreadable"]) == (True, [only["id"]], {})
    assert [key["role"] for key in console.json("keys", "list")] == ["seals and opens", "opens"]
    assert f"keys retire {only['id']}" in console.done("keys", "rotate")
    old = [key["id"] for key in console.json("keys", "list") if key["role"] == "opens"]
    for key in old:
        assert "is gone" in console.done("keys", "retire", key)

    assert [key["role"] for key in console.json("keys", "list")] == ["seals and opens"]
    assert console("keys", "retire", "nobody").code == 3
    assert console.json("doctor")["ok"]
    assert {"keys.rotate", "keys.retire"} <= {action for action, _ in company.audit()}


def test_keys_of_a_setting_are_changed_there(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    old, new = MasterKey.generate("old"), MasterKey.generate("new")
    monkeypatch.setenv("INBOX_SYNC_SECRET_KEYS", old.text())
    assert "at the front of INBOX_SYNC_SECRET_KEYS" in console.done("keys", "rotate")

    monkeypatch.setenv("INBOX_SYNC_SECRET_KEYS", f"{new.text()},{old.text()}")
    told = console.json("keys", "rotate")
    assert (told["key"], told["new"], told["resealed"]) == ("new", False, {"kept_secret.sealed": 1})
    assert "take it out of INBOX_SYNC_SECRET_KEYS" in console.done("keys", "retire", "old")

    monkeypatch.setenv("INBOX_SYNC_SECRET_KEYS", new.text())
    assert [key["id"] for key in console.json("keys", "list")] == ["new"]


def test_a_key_that_is_missing_is_named(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INBOX_SYNC_SECRET_KEYS", MasterKey.generate("first").text())
    console.done("keys", "rotate")
    monkeypatch.setenv("INBOX_SYNC_SECRET_KEYS", MasterKey.generate("second").text())

    listed = console.json("keys", "list")
    assert [(key["id"], key["role"]) for key in listed] == [("second", "seals and opens"), ("first", "missing")]
    refused = console("keys", "rotate")
    assert refused.code == 1
    assert "kept_secret.sealed: 1 cannot be read" in refused.out
