"""`inbox-sync undo`: take back what a run has done."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sync_tasks.cli.shell import FAILED, CommandError, Json, NotFoundError, give, open_app, say, table
from sync_tasks.cli.summary import show_operations, show_summary
from sync_tasks.services.run_facts import SIDES, operation, summary
from sync_tasks.services.undoing import NoSuchRunError, UndoError, left
from sync_tasks.services.undoing import undo as undo_run
from sync_tasks.state.records import RunState


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(undo)


def undo(
    run: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run; `inbox-sync runs` lists them.")],
    preview: Annotated[bool, typer.Option("--preview", help="Show what would be done, and write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Take back what a run has done: what it made is deleted, what it changed is put back, what it deleted comes back.
    Whatever was changed since stays, with its reason. Exit 1 when the undo fails or waits for approval."""
    with open_app() as opened:
        try:
            done = undo_run(opened, run, preview=preview)
        except NoSuchRunError as error:
            raise NotFoundError(str(error)) from None
        except UndoError as error:
            raise CommandError(str(error)) from None
        told: dict[str, Any] = summary(opened, done) | {"undoes": run}
        with opened.store.reading() as unit:
            told["operations"] = [operation(op) for op in unit.plans.all(done.id)]
        told["left"] = left(opened, done, values=True)
    if as_json:
        give(told)
    else:
        show_summary(told)
        show_operations("Plan (nothing was written)" if preview else "", told["operations"] if preview else [])
        _show_left(told["left"])
        if done.state == RunState.HELD:
            say(f"approve it with `inbox-sync holds approve ID`, then `inbox-sync undo {run}` again", "yellow")
    if done.state != RunState.DONE:
        raise typer.Exit(FAILED)


def _show_left(things: list[dict[str, Any]]) -> None:
    """One line for each field in which a thing differs from what the run left; None is a value that nobody may see."""
    table(
        "Changed since the run", ("Side", "Item", "Field", "The run left", "Now", "Why"),
        [
            (SIDES[thing["side"]], thing["item"], field["field"], _value(field["run"]), _value(field["now"]),
             thing["sentence"])
            for thing in things for field in thing["fields"]
        ],
    )  # fmt: skip


def _value(text: str | None) -> str:
    return "(not shown)" if text is None else text or "(empty)"
