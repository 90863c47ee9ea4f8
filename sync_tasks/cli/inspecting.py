"""`inbox-sync plan`, `explain`, `runs`, `issues`: what was done, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from mapping.rules.errors import of_issue
from sync_tasks.cli import telling
from sync_tasks.cli.shell import Json, NotFoundError, OnlyUser, existing, give, only_of, open_app, say, table
from sync_tasks.cli.summary import show_operations, show_summary
from sync_tasks.services import stories
from sync_tasks.services.run_facts import SIDES, operation, run_row, summary
from sync_tasks.state.records import IssueView

UserOption = Annotated[str | None, typer.Option("--user", metavar="ADDRESS", help="Only as this user sees it.")]


def register(cli: typer.Typer) -> None:
    """Add the commands."""
    for command in (plan, explain, runs, issues):
        cli.command()(command)


def plan(
    run: Annotated[int, typer.Argument(metavar="RUN", help="Number of the run; `inbox-sync runs` lists them.")],
    as_json: Json = False,
) -> None:
    """The operations of a run, each with its outcome."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            found = existing(unit.runs.get(run), f"run {run}", "runs")
            operations = [operation(op) for op in unit.plans.all(run)]
        told = summary(opened, found) | {"operations": operations}
    if as_json:
        give(told)
    else:
        show_summary(told)
        show_operations("Plan (nothing was written)" if found.is_preview else "Operations", operations)


def runs(
    user: OnlyUser = None,
    limit: Annotated[int, typer.Option(min=1, help="Most runs shown.")] = 20,
    as_json: Json = False,
) -> None:
    """The newest runs."""
    with open_app() as opened, opened.store.reading() as unit:
        found = unit.runs.recent(only_of(unit, user), limit)
        who = {each.id: each.address for each in unit.accounts.users()}
        troubled = unit.trail.issues_of_runs(run.id for run in found)
    rows: list[dict[str, Any]] = [run_row(run, who.get(run.user_id, ""), troubled[run.id]) for run in found]
    if as_json:
        give(rows)
        return
    if not rows:
        say("no run yet; `inbox-sync run USER` starts one")
    names = ("run", "user", "trigger", "state", "ended", "stage", "started_at", "seconds", "error_code")
    columns = ("Run", "User", "Why", "State", "Ended", "Stage", "Started", "Seconds", "Error")
    table("", columns, [[row[name] if row[name] != "" else None for name in names] for row in rows])


def issues(user: OnlyUser = None, as_json: Json = False) -> None:
    """Items that need somebody: what could not be read, saved or decided."""
    with open_app() as opened, opened.store.reading() as unit:
        found = unit.trail.issues(only_of(unit, user))
    if as_json:
        give([stories.issue_row(issue) for issue in found])
        return
    if not found:
        say("no open issues")
    show_issues(found)
    if found:
        for known in sorted({of_issue(issue.code) for issue in found}, key=lambda known: known.code):
            say(f"{known.code}: {known.cure}")
        say("`inbox-sync explain ITEM` tells the story of one of them, `replay ITEM` tries it again", "dim")


def show_issues(found: Sequence[IssueView]) -> None:
    """Issues as a table."""
    columns = ("User", "Side", "Kind", "Code", "Fields", "Times", "Last seen", "Tried again", "Item")
    rows = [
        (i.user, SIDES.get(i.side, i.side), i.kind, i.code, i.fields, i.times, i.seen_at,
         "no: quarantined" if i.quarantined else "yes", i.ref)
        for i in found
    ]  # fmt: skip
    table("Open issues" if found else "", columns, rows)


def explain(
    item: Annotated[
        str, typer.Argument(metavar="ITEM", help="A mailbox id, a Salesforce id, a Message-ID or the key of a pair.")
    ],
    user: UserOption = None,
    names: Annotated[bool, typer.Option(help="Ask Salesforce for the names of the records.")] = True,
    as_json: Json = False,
) -> None:
    """Everything that was decided about an item and done with it, in order; and what it was linked to, and why."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            user_id = only_of(unit, user)
        told = stories.explain(opened, item, user_id, names=names)
    if told is None:
        advice = (
            "give a mailbox id, a Salesforce id, a Message-ID, or the key of a pair; `inbox-sync plan RUN` shows ids"
        )
        raise NotFoundError(f"nothing is known of {item}: {advice}")
    if as_json:
        give(told)
        return
    columns = ("When", "Run", "User", "Side", "What", "Why", "Rule", "Settings that decided")
    rows = [
        (s["at"], s["run"], s["user"], SIDES.get(s["side"], s["side"]), s["what"], s["sentence"], s["rule"],
         s["settings"] or None)
        for s in told["story"]
    ]  # fmt: skip
    table(item, columns, rows)
    telling.show(told["linked"])
    for issue in told["issues"]:
        tried = "no longer tried" if issue["quarantined"] else "is tried again"
        say(f"open issue: {issue['code']} {', '.join(issue['fields'])} ({issue['times']} times), {tried}", "yellow")
