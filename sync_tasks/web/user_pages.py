"""The pages about one user: for the user himself, and for who administers him."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Form, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from mapping.model.item import ItemKind, Side
from mapping.rules.decision import Outcome
from mapping.rules.resolving import Wanted, Wish
from mapping.rules.standing import RefusedError
from sync_tasks.services import consent, deciding, examining, replaying, stories, strangers, users, waiting
from sync_tasks.services.places import Places
from sync_tasks.services.run_facts import run_row, specific, summary
from sync_tasks.services.titles import titles
from sync_tasks.services.users import Switch
from sync_tasks.state.records import UserView
from sync_tasks.web.connect import NAMES
from sync_tasks.web.deps import Sync
from sync_tasks.web.identity import Me
from sync_tasks.web.reach import AConflict, AdministeredUser, AnEntry, AUser, OwnUser
from sync_tasks.web.render import back, page

router = APIRouter(include_in_schema=False)

RUNS_SHOWN, DECISIONS_SHOWN, MOST_SHOWN = 50, 50, 200
OUTCOMES, KINDS = tuple(each.value for each in Outcome), tuple(each.value for each in ItemKind)
DONE_AS = {Switch.PAUSE: "paused", Switch.RESUME: "resumed", Switch.DISABLE: "disabled", Switch.ENABLE: "enabled"}
ACCOUNT = re.compile(r"001[A-Za-z0-9]{12}(?:[A-Za-z0-9]{3})?")


@router.get("/")
def start(me: Me) -> RedirectResponse:
    """Where somebody begins: administrators with everybody, others with themselves."""
    if me.is_admin or len(me.own) != 1:
        return RedirectResponse("/users", 303)
    return RedirectResponse(f"/users/{next(iter(me.own))}", 303)


@router.get("/users/{user_id}")
def status(request: Request, user: AUser, me: Me, sync: Sync) -> HTMLResponse:
    """Whether it works, since when and why not; and the buttons."""
    with sync.store.reading() as unit:
        runs = unit.runs.recent(user.id, 5)
        troubled = unit.trail.issues_of_runs(run.id for run in runs)
        open_run = unit.runs.open_run(user.id)
    last = next((run for run in runs if run.state != "open" and not run.is_preview), None)
    return page(
        request, "user.html", user=user, tab="status", told=users.status(sync, user), open_run=open_run,
        last=summary(sync, last) if last is not None else None,
        runs=[run_row(run, user.address, troubled[run.id]) for run in runs], may_administer=me.may_administer(user),
        renewable={vendor: NAMES[vendor] for vendor in consent.renewable(sync, user)} if me.is_self(user) else {},
    )  # fmt: skip


@router.post("/users/{user_id}/force")
def force(user: AUser, me: Me, sync: Sync) -> RedirectResponse:
    users.force(sync, user, by=me.name)
    return back(f"/users/{user.id}", "forced")


@router.post("/users/{user_id}/pause")
def pause(user: AUser, me: Me, sync: Sync) -> RedirectResponse:
    return _switched(sync, me, user, Switch.PAUSE)


@router.post("/users/{user_id}/resume")
def resume(user: AUser, me: Me, sync: Sync) -> RedirectResponse:
    return _switched(sync, me, user, Switch.RESUME)


@router.post("/users/{user_id}/disable")
def disable(user: AdministeredUser, me: Me, sync: Sync) -> RedirectResponse:
    return _switched(sync, me, user, Switch.DISABLE)


@router.post("/users/{user_id}/enable")
def enable(user: AdministeredUser, me: Me, sync: Sync) -> RedirectResponse:
    return _switched(sync, me, user, Switch.ENABLE)


@router.post("/users/{user_id}/check")
def check(request: Request, user: AUser, me: Me, sync: Sync) -> HTMLResponse:
    """Try everything that a run of the user needs. What concerns the whole organization is told to administrators."""
    told = examining.look(sync, user, whole=me.may_administer(user), by=me.name)
    ok = all(row["ok"] for _, rows in told for row in rows)
    return page(request, "checked.html", user=user, tab="status", sections=told, ok=ok)


@router.post("/users/{user_id}/reconnect")
def reconnect(user: OwnUser, sync: Sync, vendor: Annotated[str, Form()]) -> RedirectResponse:
    """On to the page on which the user lets us in once more."""
    if vendor not in consent.renewable(sync, user):
        raise HTTPException(404, "there is nothing of yours to connect there")
    return RedirectResponse(f"/connect/{consent.invite(sync, user, vendor)}", 303)


@router.post("/users/{user_id}/replay")
def replay(user: AUser, me: Me, sync: Sync, item: Annotated[str, Form(min_length=1)]) -> RedirectResponse:
    """Have the next run look at an item again, whatever became of it."""
    found = replaying.items(sync, [user], {item}, (), by=me.name)
    return back(f"/users/{user.id}/issues", "replayed" if found else "unknown-item")


@router.get("/users/{user_id}/issues")
def issues(request: Request, user: AUser, me: Me, sync: Sync, subjects: bool = False) -> HTMLResponse:
    """What could not be read, saved or decided, with both records."""
    with sync.store.reading() as unit:
        found = unit.trail.issues(user.id)[:MOST_SHOWN]
        pairs = unit.pairs.by_key(user.id, [issue.key for issue in found if issue.key])
    places, rows = Places(sync, user), []
    for issue in found:
        pair = pairs.get(issue.key)
        both = {"mailbox": "", "crm": ""} if pair is None else {"mailbox": pair.mailbox_id, "crm": pair.crm_id}
        both |= {issue.side: issue.ref}
        shown = {side: places.of(side, issue.kind, ref) if ref else "" for side, ref in both.items()}
        rows.append(stories.issue_row(issue) | {"both": both, "places": shown})
    asked = subjects and me.is_self(user)
    named = titles(sync, user, [(row["kind"], row["both"]["mailbox"]) for row in rows
                                if row["both"]["mailbox"]]) if asked else {}  # fmt: skip
    return page(request, "issues.html", user=user, tab="issues", rows=rows, titles=named, asked=asked)


@router.get("/users/{user_id}/why")
def why(
    request: Request, user: AUser, me: Me, sync: Sync, item: str = "", outcome: str = "", kind: str = "",
    before: int | None = None, subjects: bool = False,
) -> HTMLResponse:  # fmt: skip
    """Why an item is, or is not, in Salesforce: the story of one, or what was decided lately."""
    story = stories.explain(sync, item, user.id, names=False) if item.strip() else None
    with sync.store.reading() as unit:
        found = unit.overview.decisions(user.id, outcome=outcome, kind=kind, before=before, limit=DECISIONS_SHOWN)
    rows: list[dict[str, Any]] = [
        {"number": number, "at": each.at, "kind": each.kind, "side": each.side, "outcome": each.outcome,
         "ref": each.ref, "rule": each.rule, "sentence": specific(each.reason, each.detail), "run": each.run_id}
        for number, each in found
    ]  # fmt: skip
    asked = subjects and me.is_self(user)
    named = titles(sync, user, [(r["kind"], r["ref"]) for r in rows if r["side"] == "mailbox"]) if asked else {}
    return page(
        request, "why.html", user=user, tab="why", item=item.strip(), story=story, rows=rows, outcome=outcome,
        kind=kind, outcomes=OUTCOMES, kinds=KINDS, titles=named, places=Places(sync, user), asked=asked,
        more=len(rows) == DECISIONS_SHOWN,
    )  # fmt: skip


@router.get("/users/{user_id}/conflicts")
def conflicts(request: Request, user: AUser, me: Me, sync: Sync) -> HTMLResponse:
    with sync.store.reading() as unit:
        found = unit.conflicts.recent(user.id, closed=False, limit=MOST_SHOWN)
    rows = [waiting.conflict_row(each) for each in found]
    return page(request, "conflicts.html", user=user, tab="conflicts", rows=rows, own=me.is_self(user))


@router.get("/users/{user_id}/conflicts/{conflict_id}")
def conflict(request: Request, user: OwnUser, conflict: AConflict, me: Me, sync: Sync) -> HTMLResponse:
    """Both values of a field, to its owner only. That somebody looked is noted."""
    _same(user, conflict.user_id)
    values = deciding.both_values(sync, conflict, by=me.name) or {}
    shown = {side.value: waiting.plain(value) for side, value in values.items()}
    return page(request, "conflict.html", user=user, tab="conflicts", row=waiting.conflict_row(conflict), values=shown)


@router.post("/users/{user_id}/conflicts/{conflict_id}")
def resolve(
    user: AUser, conflict: AConflict, me: Me, sync: Sync, side: Annotated[Side, Form()]
) -> RedirectResponse:  # fmt: skip
    _same(user, conflict.user_id)
    done = deciding.resolve(sync, conflict.id, side, by=me.name)
    return back(f"/users/{user.id}/conflicts", "decided" if done else "over")


@router.get("/users/{user_id}/people")
def people(request: Request, user: AUser, me: Me, sync: Sync) -> HTMLResponse:
    """People whom Salesforce does not know. That somebody looked is noted."""
    with sync.store.reading() as unit:
        found = unit.unresolved.recent(user.id, closed=False, limit=MOST_SHOWN)
    rows = [waiting.stranger_row(sync, row) for row in found]
    if rows:
        strangers.looked(sync, "list", user.address, by=me.name, entries=len(rows))
    return page(request, "people.html", user=user, tab="people", rows=rows)


@router.post("/people/{entry_id}")
def decide_on(
    entry: AnEntry, me: Me, sync: Sync, wish: Annotated[str, Form()], account: Annotated[str, Form()] = ""
) -> RedirectResponse:  # fmt: skip
    """A lead, a contact, a contact with its account, or never again."""
    page_of = f"/users/{entry.user_id}/people"
    if wish in ("ignore", "ignore-domain"):
        done = bool(strangers.ignore(sync, entry.id, whole_domain=wish != "ignore", level="user", by=me.name))
        return back(page_of, "decided" if done else "over")
    if wish not in {each.value for each in Wish} or (wish == Wish.CONTACT and not ACCOUNT.fullmatch(account)):
        return back(page_of, "unknown-account")
    try:
        done = strangers.decide(sync, entry.id, Wanted(Wish(wish), account), by=me.name)
    except strangers.UnknownAccountError:
        return back(page_of, "unknown-account")
    return back(page_of, "decided" if done else "over")


def _switched(sync: Sync, me: Me, user: UserView, to: Switch) -> RedirectResponse:
    try:
        users.switch(sync, [user], to, by=me.name)
    except RefusedError as error:
        raise HTTPException(409, str(error)) from None
    return back(f"/users/{user.id}", DONE_AS[to])


def _same(user: UserView, owner: int) -> None:
    if user.id != owner:
        raise HTTPException(404, "there is no such thing, or it is not yours to see")
