"""`inbox-sync audit`: compare both sides of everything that is paired, and mend what differs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sync_tasks.cli.shell import FAILED, Json, WrongUsageError, give, open_app, say, table, the_org, the_user
from sync_tasks.cli.summary import show_operations
from sync_tasks.services import auditing, scheduling
from sync_tasks.services.run_facts import SIDES, operation, specific
from sync_tasks.state.records import RunState


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(audit)


def audit(
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="The user's mail address.")] = None,
    org: Annotated[str | None, typer.Option("--org", metavar="NAME", help="All users of an organization.")] = None,
    heal: Annotated[bool, typer.Option("--heal", help="Mend what a run can mend: the plan is shown first.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before mending.")] = False,
    as_json: Json = False,
) -> None:
    """Compare both sides of all pairs with each other and with what they agreed on. Exit 1 when something was found
    and not mended."""
    if (user is None) == (org is None):
        raise WrongUsageError("say which USER, or --org NAME")
    told: list[dict[str, Any]] = []
    with open_app() as opened:
        with opened.store.reading() as unit:
            users = [the_user(unit, user)] if user is not None else unit.accounts.users(the_org(unit, org).id)
        for each in users:
            done = auditing.audit(opened, each)
            rows = [
                {"user": each.address, "side": row.side, "kind": row.kind, "item": row.ref, "key": row.key,
                 "reason": row.reason, "sentence": specific(row.reason, row.detail)}
                for row in done.found
            ]  # fmt: skip
            entry: dict[str, Any] = {"user": each.address, "run": done.run.id, "state": done.run.state, "found": rows}
            entry["checked"] = done.run.counts.get("seen", 0)
            told.append(entry)
            if heal and auditing.look_again(opened, each, done.found, by="console"):
                looked = scheduling.run_here(opened, each.id, preview=True)
                with opened.store.reading() as unit:
                    entry["operations"] = [operation(op) for op in unit.plans.all(looked.id)]
                if not as_json:
                    show_operations("Plan", entry["operations"])
                if yes or typer.confirm("Carry it out?"):
                    entry["healed_by"] = scheduling.run_here(opened, each.id).id
    if as_json:
        give(told)
    else:
        columns = ("User", "Side", "Kind", "Found", "Item")
        rows = [row for entry in told for row in entry["found"]]
        table("", columns, [(r["user"], SIDES[r["side"]], r["kind"], r["sentence"], r["item"]) for r in rows])
        say(f"{sum(entry['checked'] for entry in told)} pairs compared, {len(rows)} findings")
    open_ends = [entry for entry in told if entry["found"] and "healed_by" not in entry]
    if open_ends or any(entry["state"] != RunState.DONE for entry in told):
        raise typer.Exit(FAILED)
