"""`inbox-sync export` and `erase`: what is kept about a person, told or taken away."""

from __future__ import annotations

from typing import Annotated

import typer

from sync_tasks.cli.shell import CommandError, Json, NotFoundError, give, open_app, say, table
from sync_tasks.services import privacy

Address = Annotated[str, typer.Argument(metavar="PERSON|USER", help="A mail address.")]


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    for command in (export, erase):
        cli.command()(command)


def export(person: Address) -> None:
    """Everything that is kept about an address, as JSON. That it was asked for is noted."""
    with open_app() as opened:
        told = privacy.export(opened, person, by="console")
    if not told.tables:
        raise NotFoundError(f"nothing is kept about {told.address}")
    give({"address": told.address, "kept": told.tables, "besides": told.stays})


def erase(
    person: Address,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Erase what is kept about an address, and say what stays where."""
    if not yes and not typer.confirm(f"Erase everything that is kept about {person}?"):
        raise CommandError("nothing was erased")
    with open_app() as opened:
        try:
            told = privacy.erase(opened, person, by="console")
        except privacy.StillAUserError as error:
            raise CommandError(str(error)) from None
    if as_json:
        give({"address": told.address, "erased": {name: len(rows) for name, rows in told.tables.items()},
              "stays": told.stays})  # fmt: skip
        return
    if not told.tables:
        say(f"nothing is kept about {told.address}")
    rows = [(name, privacy.HELD[name].what, len(rows)) for name, rows in told.tables.items()]
    table("Erased", ("Table", "What", "Rows"), rows)
    for line in told.stays:
        say(line, "dim")
