"""`inbox-sync run`: one run of one user in this process, without a broker."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from sync_tasks.cli.shell import FAILED, CommandError, Json, console, give, open_app, say, the_user
from sync_tasks.cli.summary import show_calls, show_operations, show_summary
from sync_tasks.services import previewing, scheduling
from sync_tasks.services.run_facts import operation, summary
from sync_tasks.services.standing import CONSOLE
from sync_tasks.state.records import RunState, RunView
from sync_tasks.state.runs import STAGES


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(run)
    cli.command()(apply)


def run(
    user: Annotated[str, typer.Argument(metavar="USER", help="The user's mail address.")],
    preview: Annotated[bool, typer.Option("--preview", help="Plan everything and write nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Run a user once, here and now; paused users too. Exit 1 when the run fails or is held."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            found = the_user(unit, user)
        if not found.crm_user_id:
            raise CommandError(
                f"{found.address} has no Salesforce user; `inbox-sync doctor {found.address}` tells more"
            )
        with _progress(quiet=as_json) as on_stage:
            done = scheduling.run_here(opened, found.id, preview=preview, on_stage=on_stage)
        told: dict[str, Any] = summary(opened, done) | {"calls": dict(opened.calls.counts)}
        if preview:
            with opened.store.reading() as unit:
                told["operations"] = [operation(op) for op in unit.plans.all(done.id)]
    if preview and not as_json:
        show_summary(told)
        show_operations("Plan (nothing was written)", told["operations"])
        say(f"`inbox-sync apply {done.id}` does just this, or nothing", "dim")
        show_calls(told["calls"])
        _exit(done)
    else:
        _tell(told, done, as_json=as_json)


def apply(
    run: Annotated[int, typer.Argument(metavar="RUN", help="The number of a preview.")], as_json: Json = False
) -> None:  # fmt: skip
    """Do what a preview has told, or nothing: should a run do anything else by now, nothing is written."""
    with open_app() as opened:
        with _progress(quiet=as_json) as on_stage:
            try:
                done = previewing.apply(opened, run, by=CONSOLE, on_stage=on_stage)
            except previewing.NoPlanError as error:
                raise CommandError(str(error)) from None
        told: dict[str, Any] = summary(opened, done) | {"calls": dict(opened.calls.counts)}
    _tell(told, done, as_json=as_json)


def _tell(told: dict[str, Any], done: RunView, *, as_json: bool) -> None:
    if as_json:
        give(told)
    else:
        show_summary(told)
        say(f"`inbox-sync plan {done.id}` shows every operation", "dim")
        show_calls(told["calls"])
    _exit(done)


def _exit(done: RunView) -> None:
    if done.state != RunState.DONE:
        raise typer.Exit(FAILED)


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """A line that follows the stages, on a terminal only."""
    screen = console(stderr=True)
    if quiet or not screen.is_terminal:
        yield lambda _stage: None
        return
    with screen.status("starting") as line:
        yield lambda stage: line.update(f"{stage} ({STAGES.index(stage) + 1} of {len(STAGES)})")
