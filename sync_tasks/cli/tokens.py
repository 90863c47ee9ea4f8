"""`inbox-sync token`: tokens with which programs use the REST interface."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from mapping.model.people import normalise
from sync_tasks.cli.shell import Json, NotFoundError, WrongUsageError, give, open_app, say, table
from sync_tasks.services import entering

app = typer.Typer(no_args_is_help=True, help="Tokens for the REST interface.")


@app.command()
def add(
    who: Annotated[
        str, typer.Argument(metavar="[ADDRESS]", help="Whose: it may do what they may; else the local administrator's.")
    ] = "",
    name: Annotated[str, typer.Option(metavar="TEXT", help="What it is for.")] = "console",
    days: Annotated[int, typer.Option(min=1, max=3650, help="How long it is good.")] = entering.TOKEN_LIVES.days,
    as_json: Json = False,
) -> None:
    """Make a token. It is shown this once and kept nowhere."""
    address = normalise(who)
    if who and not address:
        raise WrongUsageError(f"{who!r} is no mail address")
    with open_app() as opened:
        made = entering.add_token(opened, address, name, by="console", lives=timedelta(days=days))
    if as_json:
        give({"token": made, "address": address or None, "name": name, "days": days})
    else:
        say(made)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All tokens, without what is secret of them."""
    with open_app() as opened, opened.store.reading() as unit:
        found = unit.access.tokens()
    if as_json:
        give([{name: getattr(each, name) for name in each.__slots__} for each in found])
        return
    if not found:
        say("no token yet; `inbox-sync token add ADDRESS` makes one")
    rows = [(t.id, t.address or entering.LOCAL_ADMIN, t.name, t.made_at, t.used_at, t.expires_at) for t in found]
    table("", ("Token", "Whose", "Name", "Made", "Used", "Ends"), rows)


@app.command()
def drop(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="`inbox-sync token list` shows them.")],
    as_json: Json = False,
) -> None:
    """Have a token end now."""
    with open_app() as opened:
        if not entering.drop_token(opened, number, by="console"):
            raise NotFoundError(f"there is no token {number}; `inbox-sync token list` shows all")
    if as_json:
        give({"token": number, "dropped": True})
    else:
        say(f"token {number} is of no use any more")
