"""`inbox-sync conflicts`: fields edited on both sides that wait for a person, and the person's answer."""

from __future__ import annotations

from typing import Annotated

import typer

from mapping.model.item import Side
from sync_tasks.cli.shell import (
    CommandError,
    Json,
    OnlyUser,
    WrongUsageError,
    existing,
    give,
    lists_by_itself,
    only_of,
    open_app,
    say,
    shown,
    table,
)
from sync_tasks.services import deciding
from sync_tasks.services.run_facts import SIDES
from sync_tasks.services.waiting import conflict_row, plain
from sync_tasks.state.records import ConflictView
from sync_tasks.state.store import Unit

app = typer.Typer(help="Fields edited on both sides, where you decide which value stays.")

Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the conflict; `inbox-sync conflicts` lists them.")]


@app.command("list")
def list_(
    user: OnlyUser = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most conflicts shown.")] = 50,
    as_json: Json = False,
) -> None:
    """Conflicts that wait, newest first; never the values."""
    with open_app() as opened, opened.store.reading() as unit:
        user_id = only_of(unit, user)
        found = unit.conflicts.recent(user_id, closed=everything, limit=limit)
    if as_json:
        give([conflict_row(each) for each in found])
        return
    if not found:
        say("no conflict waits")
        return
    rows = [(c.id, c.user, c.kind, c.field, c.opened_at, _state(c), c.key) for c in found]
    table("", ("Conflict", "User", "Kind", "Field", "Since", "State", "Item"), rows)
    say("`inbox-sync conflicts show ID` shows both values; `conflicts resolve ID --mailbox` or `--salesforce`", "dim")


lists_by_itself(app, list_)


@app.command()
def show(conflict: Number, as_json: Json = False) -> None:
    """Both values of one conflict, as they were last seen. That somebody looked is noted."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            found = _known(unit, conflict)
        values = deciding.both_values(opened, found, by="console") or {}
    if as_json:
        give(conflict_row(found) | {"values": {side.value: plain(value) for side, value in values.items()}})
        return
    say(f"Conflict {conflict} of {found.user}: {found.field} of {found.kind} {found.key}", "bold")
    say(f"since {shown(found.opened_at)}, last seen {shown(found.seen_at)}; {_state(found)}")
    if not values:
        say("it is over, and its values were thrown away")
    table("", ("Side", "Value"), [(SIDES[side], plain(value)) for side, value in values.items()])


@app.command()
def resolve(
    conflict: Number,
    mailbox: Annotated[bool, typer.Option("--mailbox", help="The mailbox is right.")] = False,
    salesforce: Annotated[bool, typer.Option("--salesforce", help="Salesforce is right.")] = False,
    as_json: Json = False,
) -> None:
    """Say whose value stays; the next run writes it to the other side."""
    if mailbox == salesforce:
        raise WrongUsageError("say which side is right: either --mailbox or --salesforce")
    side = Side.MAILBOX if mailbox else Side.CRM
    with open_app() as opened:
        with opened.store.reading() as unit:
            _known(unit, conflict)
        done = deciding.resolve(opened, conflict, side, by="console")
        with opened.store.reading() as unit:
            after = _known(unit, conflict)
    if not done:
        raise CommandError(f"conflict {conflict} is over since {shown(after.closed_at)}; nothing is left to decide")
    if as_json:
        give(conflict_row(after))
    else:
        right, other = SIDES[side], SIDES[side.other]
        say(f"conflict {conflict} of {after.user}: {right} is right; the next run writes {after.field} to {other}")


def _known(unit: Unit, number: int) -> ConflictView:
    return existing(unit.conflicts.get(number), f"conflict {number}", "conflicts list --all")


def _state(conflict: ConflictView) -> str:
    if conflict.closed_at is not None:
        return "over"
    if not conflict.resolution:
        return "waits"
    return f"{SIDES[conflict.resolution]} is right, not yet written"
