"""`inbox-sync plan`, `explain`, `runs`, `issues`: what was done, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

from connectors.salesforce.codec import id18
from mapping.rules.identity import PREFIX, email_key
from mapping.rules.outcomes import ending
from mapping.rules.settings import resolve
from sync_tasks.cli import telling
from sync_tasks.cli.shell import Json, NotFoundError, give, open_app, say, table, the_user
from sync_tasks.cli.summary import SIDES, operation, show_operations, show_summary, specific, summary
from sync_tasks.state.records import DecisionView, IssueView, OpView, RunView
from sync_tasks.state.store import Unit

PAIR_KEYS = (*PREFIX.values(), "nomid:")

UserOption = Annotated[str | None, typer.Option("--user", metavar="ADDRESS", help="Only as this user sees it.")]
UserArgument = Annotated[str | None, typer.Argument(metavar="[USER]", help="Only this user's.")]


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
            found = unit.runs.get(run)
            if found is None:
                raise NotFoundError(f"there is no run {run}; `inbox-sync runs` lists them")
            operations = [operation(op) for op in unit.plans.all(run)]
        told = summary(opened, found) | {"operations": operations}
    if as_json:
        give(told)
    else:
        show_summary(told)
        show_operations("Plan (nothing was written)" if found.is_preview else "Operations", operations)


def runs(
    user: UserArgument = None,
    limit: Annotated[int, typer.Option(min=1, help="Most runs shown.")] = 20,
    as_json: Json = False,
) -> None:
    """The newest runs."""
    with open_app() as opened, opened.store.reading() as unit:
        found = unit.runs.recent(None if user is None else the_user(unit, user).id, limit)
        who = {each.id: each.address for each in unit.accounts.users()}
        troubled = unit.trail.issues_of_runs(run.id for run in found)
    rows: list[dict[str, Any]] = [_run(run, who, troubled[run.id]) for run in found]
    if as_json:
        give(rows)
        return
    if not rows:
        say("no run yet; `inbox-sync run USER` starts one")
    names = ("run", "user", "trigger", "state", "ended", "stage", "started_at", "seconds", "error_code")
    columns = ("Run", "User", "Why", "State", "Ended", "Stage", "Started", "Seconds", "Error")
    table("", columns, [[row[name] if row[name] != "" else None for name in names] for row in rows])


def _run(run: RunView, who: dict[int, str], troubled: int) -> dict[str, Any]:
    how = ending(run.state, run.error_code, troubled)
    took = None if run.finished_at is None else round((run.finished_at - run.started_at).total_seconds(), 1)
    return {
        "run": run.id, "user": who.get(run.user_id, ""), "trigger": run.trigger, "state": run.state, "stage": run.stage,
        "started_at": run.started_at, "finished_at": run.finished_at, "seconds": took, "counts": dict(run.counts),
        "recovered": run.recovered, "error_code": run.error_code, "error_text": run.error_text,
        "outcome": how.code, "ended": how.text, "issues": troubled,
    }  # fmt: skip


def issues(user: UserArgument = None, as_json: Json = False) -> None:
    """Items that need somebody: what could not be read, saved or decided."""
    with open_app() as opened, opened.store.reading() as unit:
        found = unit.trail.issues(None if user is None else the_user(unit, user).id)
    if as_json:
        give([{name: getattr(issue, name) for name in issue.__slots__} for issue in found])
        return
    if not found:
        say("no open issues")
    show_issues(found)
    if found:
        say("`inbox-sync explain ITEM` tells the story of one of them", "dim")


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
            user_id = None if user is None else the_user(unit, user).id
            refs, keys = names_of(unit, item.strip(), user_id)
            decisions = unit.trail.decisions(user_id, refs, keys)
            keys |= {each.key for each in decisions if each.key}
            refs |= {each.ref for each in decisions if each.key}
            decisions = unit.trail.decisions(user_id, refs, keys)
            story = _story(unit, decisions, refs, keys)
            found = [issue for issue in unit.trail.issues(user_id) if issue.ref in refs or issue.key in keys]
            views = unit.linkings.of(user_id, refs, keys)
            users = {each.id: each for each in unit.accounts.users() if each.id in {view.user_id for view in views}}
            settings = {each.id: resolve(unit.accounts.settings(each.org_id, each.id)) for each in users.values()}
        called = telling.names_of(opened, views, users) if names else {}
        linkings = telling.told(views, users, settings, called)
    if not story and not found:
        advice = (
            "give a mailbox id, a Salesforce id, a Message-ID, or the key of a pair; `inbox-sync plan RUN` shows ids"
        )
        raise NotFoundError(f"nothing is known of {item}: {advice}")
    told = {
        "item": item, "keys": sorted(keys), "story": story, "linked": linkings,
        "issues": [{name: getattr(issue, name) for name in issue.__slots__} for issue in found],
    }  # fmt: skip
    if as_json:
        give(told)
        return
    columns = ("When", "Run", "User", "Side", "What", "Why", "Rule", "Settings that decided")
    rows = [
        (s["at"], s["run"], s["user"], SIDES.get(s["side"], s["side"]), s["what"], s["sentence"], s["rule"],
         s["settings"] or None)
        for s in story
    ]  # fmt: skip
    table(item, columns, rows)
    telling.show(linkings)
    for issue in found:
        tried = "no longer tried" if issue.quarantined else "is tried again"
        say(f"open issue: {issue.code} {', '.join(issue.fields)} ({issue.times} times), {tried}", "yellow")


def names_of(unit: Unit, item: str, user_id: int | None) -> tuple[set[str], set[str]]:
    """The ids and keys under which the item may be known."""
    users = unit.accounts.users()
    ids, keys = {item, id18(item)}, set[str]()
    if item.startswith(PAIR_KEYS):
        keys.add(item)
    elif "@" in item:
        keys |= {email_key(org, item) for org in {user.org_name for user in users}}
    for user in users:
        if user_id not in (None, user.id):
            continue
        found = [*unit.pairs.by_mailbox(user.id, ids).values(), *unit.pairs.by_crm(user.id, ids).values()]
        for pair in [*found, *unit.pairs.by_key(user.id, keys).values()]:
            keys.add(pair.key)
            ids |= {each for each in (pair.mailbox_id, pair.crm_id) if each}
    return ids, keys


def _story(unit: Unit, decisions: Iterable[DecisionView], refs: set[str], keys: set[str]) -> list[dict[str, Any]]:
    """Decisions and operations by run: in each run first what was decided, then what was done."""
    who = {user.id: user.address for user in unit.accounts.users()}
    by_run: dict[int, list[DecisionView]] = {}
    for each in decisions:
        by_run.setdefault(each.run_id, []).append(each)
    story = []
    for run_id in sorted(by_run):
        run = unit.runs.get(run_id)
        if run is None:
            continue
        common = {"run": run_id, "user": who.get(run.user_id, "")}
        story += [common | _decided(each) for each in _news(by_run[run_id])]
        details = {each.reason: each.detail for each in by_run[run_id]}
        story += [
            common | _did(op, run, dict(details.get(op.reason, {})))
            for op in unit.plans.all(run_id)
            if op.ref in refs or op.pair_key in keys or op.result_id in refs
        ]
    return story


def _news(decisions: Iterable[DecisionView]) -> list[DecisionView]:
    """Each stage notes what it makes of an item; of those that say the same, the first."""
    last: dict[str, tuple[str, str, str]] = {}
    news = []
    for each in decisions:
        said = (each.outcome, each.reason, each.rule)
        if last.get(each.ref) != said:
            news.append(each)
        last[each.ref] = said
    return news


def _decided(each: DecisionView) -> dict[str, Any]:
    return {
        "at": each.at, "side": each.side, "what": f"{each.kind}: {each.outcome}", "stage": each.stage, "item": each.ref,
        "reason": each.reason, "sentence": specific(each.reason, each.detail), "rule": each.rule,
        "settings": each.detail.get("settings", ""),
    }  # fmt: skip


def _did(op: OpView, run: RunView, detail: dict[str, str]) -> dict[str, Any]:
    outcome = f"{op.state}: {op.error_code}" if op.error_code else op.state
    fields = f" ({', '.join(op.fields)})" if op.fields else ""
    return {
        "at": run.finished_at or run.started_at, "side": op.side, "what": f"{op.act} {op.target}{fields}: {outcome}",
        "stage": op.step, "item": op.result_id or op.ref, "reason": op.reason,
        "sentence": specific(op.reason, detail), "rule": op.rule, "settings": "",
    }  # fmt: skip
