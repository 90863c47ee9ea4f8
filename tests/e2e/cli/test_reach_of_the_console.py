"""What the console is asked about one user tells and touches nothing of another's: every command that takes a user."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from sqlalchemy import select

from sync_tasks.cli.main import cli
from sync_tasks.state.models import Base
from tests.e2e.cli.conftest import Console
from tests.support.office import ANN, BOB, SECRET, Office, open_office

# They wait for a browser, or for people who answer at the keyboard; what they keep is bound to the user that they name.
WAITING = {("connect", each) for each in ("salesforce", "microsoft", "google", "exchange")}
# What these need besides the user.
MORE: dict[tuple[str, ...], tuple[str, ...]] = {
    ("config", "set"): ("blocklist.user", "x@blocked.example"), ("config", "unset"): ("blocklist.user",),
    ("config", "lock"): ("threads.enabled",), ("config", "explain"): ("blocklist.user",),
    ("explain",): (SECRET,), ("replay",): (SECRET,), ("user", "move-mailbox"): ("--to", "google"),
    ("web", "grant"): ("--org", "acme"), ("token", "add"): ("--name", "mine"),
    ("user", "delete"): ("--force",), ("profile", "assign"): ("Sales",), ("erase",): ("--yes",),
    ("block", "add"): ("y@blocked.example",), ("block", "remove"): ("y@blocked.example",),
}  # fmt: skip
NAMED_FIRST = {("profile", "assign")}  # what is done comes before whom it is done to


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All that can be typed, with what Typer has made of it."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def asks_for_a_user(command: Any) -> str:
    """How a command takes a user: '' for not at all, `argument`, or the option."""
    for each in command.params:
        if "--user" in each.opts:
            return "--user"
        if {"ADDRESS", "USER"} & set((each.metavar or "").strip("[].").split("|")) and not each.opts[0].startswith("-"):
            return "argument"
    return ""


def rows_of_ann(office: Office) -> dict[str, list[Any]]:
    """All that is kept of Ann, by table."""
    found: dict[str, list[Any]] = {}
    with office.app.store.engine.connect() as connection:
        for name, table in Base.metadata.tables.items():
            owner = table.c.id if name == "app_user" else table.c.get("user_id")
            if owner is not None:
                rows = connection.execute(select(table).where(owner == office.ids[ANN]))
                found[name] = sorted((tuple(row) for row in rows), key=str)
    return found


@pytest.fixture
def office(console: Console, tmp_path: Path) -> Iterator[Office]:
    made = open_office(tmp_path / "home")
    yield made
    made.app.close()


@pytest.mark.rule("TOP-25")
@pytest.mark.point("1.1.1")
def test_whoever_asks_about_bob_is_told_nothing_of_anns_and_touches_nothing(console: Console, office: Office) -> None:
    before = rows_of_ann(office)
    every = {path: how for path, each in commands(typer.main.get_command(cli)) if (how := asks_for_a_user(each))}
    asked = 0
    # deleting him comes last: there is nobody to ask about then
    for path in sorted(set(every) - WAITING, key=lambda each: (each[-1] in ("erase", "delete"), each)):
        user = (BOB,) if every[path] == "argument" else (every[path], BOB)
        more = MORE.get(path, ())
        words = (*path, *more, *user) if path in NAMED_FIRST else (*path, *user, *more)
        answer = console(*words)
        asked += 1
        where = f"{' '.join(words)}: {answer}"
        assert "Traceback" not in answer.err, where
        said = answer.out + answer.err
        if SECRET in more:  # a command may say again what it was asked, but finds nothing
            assert answer.code != 0, where
        else:
            assert SECRET not in said, where
        assert ANN not in said, where
        assert rows_of_ann(office) == before, where
    assert asked > 40
