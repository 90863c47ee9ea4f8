"""The story of one item: everything that was decided about it and done with it, in order, and how it was linked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.salesforce.codec import id18
from mapping.rules.errors import of_issue
from mapping.rules.identity import PREFIX, email_key
from mapping.rules.settings import resolve
from sync_tasks.bootstrap import App
from sync_tasks.services import link_facts
from sync_tasks.services.errors import described
from sync_tasks.services.run_facts import specific
from sync_tasks.state.records import DecisionView, IssueView, OpView, RunView
from sync_tasks.state.store import Unit

PAIR_KEYS = (*PREFIX.values(), "nomid:")


def explain(app: App, item: str, user_id: int | None, *, names: bool) -> dict[str, Any] | None:
    """What runs made of the item, which is named by a mailbox id, a Salesforce id, a Message-ID or the key of a pair;
    None when nothing is known of it. `user_id`: only as this user sees it. `names`: ask Salesforce what it calls the
    records, one call a user."""
    with app.store.reading() as unit:
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
    if not story and not found:
        return None
    called = link_facts.names_of(app, views, users) if names else {}
    return {
        "item": item, "keys": sorted(keys), "story": story,
        "linked": link_facts.told(views, users, settings, called), "issues": [issue_row(issue) for issue in found],
    }  # fmt: skip


def issue_row(issue: IssueView) -> dict[str, Any]:
    return {name: getattr(issue, name) for name in issue.__slots__} | {"error": described(of_issue(issue.code))}


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
