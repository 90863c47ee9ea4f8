"""`inbox-sync abilities`: what the mailboxes of each vendor are able to do, and what comes of it where one is not."""

from __future__ import annotations

import typer

from connectors.protocols import Can
from connectors.registry import MAILBOXES
from connectors.registry import abilities as abilities_of
from sync_tasks.cli.shell import Json, give, table
from sync_tasks.stages.abilities import without


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(abilities)


def abilities(as_json: Json = False) -> None:
    """What the mailboxes of each vendor are able to do. What one is not, rules take into account by themselves."""
    can = {vendor: abilities_of(vendor) for vendor in MAILBOXES}
    if as_json:
        give({vendor: sorted(each.value for each in found) for vendor, found in can.items()})
        return
    rows = [
        (each.value, *("yes" if each in can[vendor] else "no" for vendor in MAILBOXES), without(each)) for each in Can
    ]
    table("Mailboxes", ("Ability", *MAILBOXES, "Without it"), rows)
