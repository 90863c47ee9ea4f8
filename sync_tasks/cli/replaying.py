"""`inbox-sync replay`: try again what failed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from sync_tasks.cli.inspecting import UserOption
from sync_tasks.cli.shell import Json, NotFoundError, give, open_app, shown, table, the_user
from sync_tasks.services import replaying
from sync_tasks.services.stories import names_of
from sync_tasks.state.records import RunView, UserView
from sync_tasks.state.store import Unit


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(replay)


def replay(
    what: Annotated[str, typer.Argument(metavar="RUN|ITEM", help="Number of a run, or an item as `explain` takes it.")],
    user: UserOption = None,
    as_json: Json = False,
) -> None:
    """Have the next run look at an item again, quarantined or not, or at everything that failed in a run."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            run = unit.runs.get(int(what)) if what.isdecimal() and len(what) < 12 else None
            whose = _whose(unit, run, user)
            refs, keys = names_of(unit, what.strip(), None if user is None else whose[0].id)
        if run is not None:
            found = replaying.run(opened, whose[0], run.id)
        else:
            found = replaying.items(opened, whose, refs, keys)
    if not found:
        told = f"nothing that failed in run {what} still waits" if run else f"no item {what} failed or is linked"
        raise NotFoundError(f"{told}; `inbox-sync issues` lists what needs somebody")
    if as_json:
        give([asdict(each) for each in found])
    else:
        table("", ("User", "Side", "Kind", "Item", "Next run"), [
            (each.user, each.side, each.kind, each.ref, shown(each.due)) for each in found
        ])  # fmt: skip


def _whose(unit: Unit, run: RunView | None, address: str | None) -> list[UserView]:
    if run is not None:
        return [unit.accounts.user(run.user_id)]
    return [the_user(unit, address)] if address is not None else unit.accounts.users()
