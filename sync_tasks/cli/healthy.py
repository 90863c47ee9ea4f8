"""`inbox-sync health`: whether everybody is really synchronized, and what stands against it."""

from __future__ import annotations

import typer

from sync_tasks.cli.shell import FAILED, Json, give, open_app, say, table
from sync_tasks.services import health as examined
from sync_tasks.services.health import State

STYLES = {State.OK: "green", State.WARNING: "yellow", State.BAD: "red"}
SAID = {State.OK: "all is well", State.WARNING: "it goes on; see the warnings", State.BAD: "it is not well; see above"}


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(health)


def health(as_json: Json = False) -> None:
    """Look at the database, Redis, beat, workers, lag, vendors and calls, and whether users are really read. Exit 1
    when something is bad."""
    with open_app(migrated=False) as opened:
        found = examined.examine(opened)
    if as_json:
        give(found.described())
    else:
        rows = [
            (entry.name, entry.state, entry.detail, entry.since, f"{entry.seconds:.2f} s") for entry in found.entries
        ]
        table("", ("What", "State", "Found", "Since", "Took"), rows)
        for entry in found.entries:
            if entry.advice:
                say(f"{entry.name}: {entry.advice}", STYLES[entry.state])
        say(SAID[found.state], STYLES[found.state])
    if found.state is State.BAD:
        raise typer.Exit(FAILED)
