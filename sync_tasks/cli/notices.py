"""`inbox-sync notices`: what people are told by mail, and whether the mails went out."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from sync_tasks.cli.shell import Json, give, open_app, say, table


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(notices)


def notices(
    everything: Annotated[bool, typer.Option("--all", help="Those that are mended, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most notices shown.")] = 50,
    as_json: Json = False,
) -> None:
    """What users and administrators have to be told of, newest first."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            found = unit.notifications.listed(closed=everything, limit=limit)
        mails = bool(opened.settings.smtp_host)
    if as_json:
        give([asdict(each) for each in found])
        return
    if not found:
        say("nobody has to be told of anything")
    elif not mails:
        say("no mail is sent: INBOX_SYNC_SMTP_HOST is not set", "yellow")
    table("", ("Organization", "For", "Cause", "Since", "Mails", "Last mail", "Mended"), [
        (n.org_name, n.address or "administrators", n.cause, n.since, n.times, n.sent_at, n.closed_at) for n in found
    ])  # fmt: skip
