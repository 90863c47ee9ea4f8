"""`inbox-sync budget`: how many calls to vendors are used, how many are left, and when they come back."""

from __future__ import annotations

import typer

from sync_tasks.cli.shell import Json, OnlyUser, give, open_app, say, table, the_user
from sync_tasks.services import budgets
from sync_tasks.state.overview import Reach


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(budget)


def budget(user: OnlyUser = None, as_json: Json = False) -> None:
    """The calls of the day to Salesforce, and how fast vendors may be called; of a user also his mailbox."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            whose = None if user is None else the_user(unit, user)
        told = budgets.facts(opened, Reach(everybody=True), whose)
    if as_json:
        give([each.described() for each in told])
        return
    columns = ("Budget", "Used", "By others", "Left", "Of", "Kept for people", "Resets at")
    rows = [
        (each.what, each.used, each.others, _number(each.left), _number(each.total), each.kept, each.resets_at)
        for each in told
    ]
    table("", columns, rows)
    if not told:
        say("no organization is connected yet; `inbox-sync org connect` does that")
    for each in told:
        if each.short and each.org_id is not None:
            say(f"{each.what}: routine runs are put off; what people ask for goes on until nothing is left", "yellow")


def _number(count: int | None) -> object:
    return "not told yet" if count is None else count
