"""`inbox-sync errors`: what can go wrong, what it means, and what mends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from mapping.rules.errors import CATALOGUE, find
from sync_tasks.cli.shell import Json, NotFoundError, give, near, say, table
from sync_tasks.services.errors import described


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(errors)


def errors(
    code: Annotated[
        str | None, typer.Argument(metavar="[CODE]", help="A code, the beginning of one, or the word of a vendor.")
    ] = None,
    as_json: Json = False,
) -> None:
    """The catalogue of errors, or one of them with its cure."""
    if code is None:
        found = tuple(CATALOGUE.values())
    else:
        found = find(code) or tuple(each for each in CATALOGUE.values() if each.code.startswith(code.upper()))
    if not found:
        raise NotFoundError(f"there is no error {code}{near(str(code).upper(), list(CATALOGUE))}")
    if as_json:
        give([described(each) for each in found])
    elif len(found) == 1:
        say(f"{found[0].code}: {found[0].admin}")
        say_error(described(found[0]))
        if found[0].words:
            say(f"also called: {', '.join(sorted(found[0].words))}", "dim")
    else:
        table("", ("Code", "What it says to the user"), [(each.code, each.user) for each in found])


def say_error(told: Mapping[str, Any]) -> None:
    """What a person is told of an error: the words, the code, the cure."""
    say(f"{told['user']} ({told['code']})", "yellow")
    say(f"cure: {told['cure']}")
