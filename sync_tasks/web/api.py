"""The REST interface: the same facts and verbs as the pages and the console, for programs with a token."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Query
from pydantic import BaseModel, Field

from mapping.model.item import Side
from mapping.rules.resolving import Wanted, Wish
from mapping.rules.standing import RefusedError
from sync_tasks.services import (
    deciding,
    examining,
    operating,
    previewing,
    replaying,
    stories,
    strangers,
    undoing,
    users,
    waiting,
)
from sync_tasks.services.run_facts import operation, run_row, specific, summary
from sync_tasks.services.scheduling import BusyError
from sync_tasks.services.undoing import UndoError
from sync_tasks.services.users import Act, Switch
from sync_tasks.state.overview import SORTS, STATUSES, Filter, UserRow
from sync_tasks.state.records import HoldDecision, UserView
from sync_tasks.web.deps import Sync, Workers
from sync_tasks.web.identity import Admin, Me
from sync_tasks.web.reach import (
    AConflict,
    AdministeredHold,
    AdministeredRun,
    AdministeredUser,
    AHold,
    AnEntry,
    ARun,
    AUser,
)

router = APIRouter(prefix="/api/v1", tags=["v1"])

Facts = dict[str, Any]
Limit = Annotated[int, Query(ge=1, le=500)]


class Myself(BaseModel):
    name: str
    role: str
    users: list[int] = Field(description="The users that you are yourself.")


class Page(BaseModel):
    count: int = Field(description="How many there are in all.")
    users: list[UserRow]


class Due(BaseModel):
    due: datetime
    will_run: bool = Field(description="False while something keeps the user from running.")


class Bulk(BaseModel):
    act: Act
    users: list[int] | None = Field(None, description="Only these; without, all that the filter names.")
    text: str = ""
    status: str = ""
    organization: str = ""
    troubled: bool = False
    profile: str = Field("", description="The name of one.")
    mailbox: str = Field("", description="The vendor of it.")


class Done(BaseModel):
    users: int


class Answer(BaseModel):
    decision: HoldDecision


class Resolution(BaseModel):
    side: Side = Field(description="Whose value stays.")


class Decision(BaseModel):
    wish: Wish
    account: str = Field("", pattern=r"^(001[A-Za-z0-9]{12}([A-Za-z0-9]{3})?)?$")


class Replay(BaseModel):
    item: str = Field(min_length=1, description="The id of an item or record.")


class Ignored(BaseModel):
    whole_domain: bool = False


# --- users


@router.get("/me")
def me(me: Me) -> Myself:
    return Myself(name=me.name, role=me.role, users=sorted(me.own))


@router.get("/users")
def list_users(
    me: Me, sync: Sync, text: str = "", status: str = "", organization: str = "", troubled: bool = False,
    profile: str = "", mailbox: str = "",
    sort: Annotated[str, Query(pattern=f"^({'|'.join(SORTS)})$")] = "address",
    down: bool = False, offset: Annotated[int, Query(ge=0)] = 0, limit: Limit = 100,
) -> Page:  # fmt: skip
    """The users whom you may see."""
    which = replace(_filter(text, status, organization, troubled=troubled), profile=profile, mailbox=mailbox)
    with sync.store.reading() as unit:
        rows = unit.overview.users(me.reach, which, sort=sort, down=down, offset=offset, limit=limit)
        return Page(count=unit.overview.count(me.reach, which), users=rows)


@router.post("/users/bulk")
def bulk(body: Bulk, me: Admin, sync: Sync) -> Done:
    """One act for many users. Those out of your reach are left out."""
    which = _filter(body.text, body.status, body.organization, troubled=body.troubled)
    which = replace(which, profile=body.profile, mailbox=body.mailbox)
    return Done(users=users.do(sync, me.reach, which, body.users, body.act, by=me.name))


@router.get("/users/{user_id}")
def show_user(user: AUser, sync: Sync) -> Facts:
    """Whether the user runs, when next, how the last run went, and what waits for a person."""
    return users.described(user) | users.status(sync, user)


@router.post("/users/{user_id}/force")
def force(user: AUser, me: Me, sync: Sync) -> Due:
    """Ask for a run as soon as allowed."""
    return Due(due=users.force(sync, user, by=me.name), will_run=user.status == "enabled")


@router.post("/users/{user_id}/pause")
def pause(user: AUser, me: Me, sync: Sync) -> Facts:
    return _switched(sync, user, Switch.PAUSE, me.name)


@router.post("/users/{user_id}/resume")
def resume(user: AUser, me: Me, sync: Sync) -> Facts:
    return _switched(sync, user, Switch.RESUME, me.name)


@router.post("/users/{user_id}/disable")
def disable(user: AdministeredUser, me: Admin, sync: Sync) -> Facts:
    return _switched(sync, user, Switch.DISABLE, me.name)


@router.post("/users/{user_id}/enable")
def enable(user: AdministeredUser, me: Admin, sync: Sync) -> Facts:
    return _switched(sync, user, Switch.ENABLE, me.name)


@router.post("/users/{user_id}/check")
def check(user: AUser, me: Me, sync: Sync) -> list[Facts]:
    """Try everything that a run of the user needs. What concerns the whole organization is told to administrators."""
    found = examining.look(sync, user, whole=me.may_administer(user), by=me.name)
    return [{"section": name, "checks": rows} for name, rows in found]


@router.post("/users/{user_id}/replay")
def replay(user: AUser, body: Replay, me: Me, sync: Sync) -> list[replaying.Replayed]:
    """Have the next run look at an item again, whatever became of it."""
    found = replaying.items(sync, [user], {body.item}, (), by=me.name)
    if not found:
        raise HTTPException(404, "nothing is known of this item")
    return found


@router.post("/users/{user_id}/preview")
def preview(user: AUser, me: Me, sync: Sync) -> Facts:
    """Plan the next run, write nothing, and tell the plan field by field; values to the owner of the mailbox only."""
    try:
        made = previewing.preview(sync, user, values=me.is_self(user), by=me.name)
    except BusyError as error:
        raise HTTPException(409, str(error)) from None
    with sync.store.reading() as unit:
        operations = [
            operation(op) | {"changes": made.differences.get(op.op_id, [])} for op in unit.plans.all(made.run.id)
        ]
    return summary(sync, made.run) | {"operations": operations}


@router.get("/users/{user_id}/issues")
def list_issues(user: AUser, sync: Sync) -> list[Facts]:
    """Items that need somebody."""
    with sync.store.reading() as unit:
        return [stories.issue_row(issue) for issue in unit.trail.issues(user.id)]


@router.get("/users/{user_id}/explain")
def explain(user: AUser, sync: Sync, item: Annotated[str, Query(min_length=1)], names: bool = False) -> Facts:
    """Everything that was decided about an item and done with it, in order; `names` asks Salesforce for names."""
    told = stories.explain(sync, item, user.id, names=names)
    if told is None:
        raise HTTPException(404, "nothing is known of this item")
    return told


@router.get("/users/{user_id}/decisions")
def list_decisions(
    user: AUser, sync: Sync, outcome: str = "", kind: str = "", before: int | None = None, limit: Limit = 100
) -> list[Facts]:  # fmt: skip
    """What was decided about items, newest first; go on with `before`, the number of the last one."""
    with sync.store.reading() as unit:
        found = unit.overview.decisions(user.id, outcome=outcome, kind=kind, before=before, limit=limit)
    return [
        {"number": number, "at": d.at, "run": d.run_id, "side": d.side, "kind": d.kind, "item": d.ref, "key": d.key,
         "outcome": d.outcome, "reason": d.reason, "sentence": specific(d.reason, d.detail), "rule": d.rule}
        for number, d in found
    ]  # fmt: skip


@router.get("/users/{user_id}/runs")
def list_runs(user: AUser, sync: Sync, limit: Limit = 50) -> list[Facts]:
    with sync.store.reading() as unit:
        found = unit.runs.recent(user.id, limit)
        troubled = unit.trail.issues_of_runs(run.id for run in found)
    return [run_row(run, user.address, troubled[run.id]) for run in found]


@router.get("/users/{user_id}/conflicts")
def list_conflicts(user: AUser, sync: Sync, limit: Limit = 100) -> list[Facts]:
    """Fields edited on both sides that wait for somebody; never their values."""
    with sync.store.reading() as unit:
        return [waiting.conflict_row(each) for each in unit.conflicts.recent(user.id, closed=False, limit=limit)]


@router.get("/users/{user_id}/people")
def list_people(user: AUser, me: Me, sync: Sync, limit: Limit = 100) -> list[Facts]:
    """People whom Salesforce does not know. That somebody looked is noted."""
    with sync.store.reading() as unit:
        found = unit.unresolved.recent(user.id, closed=False, limit=limit)
    rows = [waiting.stranger_row(sync, row) for row in found]
    if rows:
        strangers.looked(sync, "list", user.address, by=me.name, entries=len(rows))
    return rows


# --- what belongs to a user, by its number


@router.get("/runs/{run_id}")
def show_run(run: ARun, me: Me, sync: Sync) -> Facts:
    """What a run did, operation by operation."""
    return _run_facts(sync, me, run.id)


@router.post("/runs/{run_id}/undo", status_code=202)
def undo_run(run: AdministeredRun, me: Admin, sync: Sync, workers: Workers) -> Facts:
    """Have a worker take a run back. The answer is the run that does it: ask for it until it has ended."""
    try:
        ref, stage = undoing.begin(sync, run.id, by=me.name)
    except (BusyError, UndoError) as error:
        raise HTTPException(409, str(error)) from None
    workers(ref, stage)
    return _run_facts(sync, me, ref.id)


@router.post("/runs/{run_id}/undo/preview")
def preview_undo(run: AdministeredRun, me: Admin, sync: Sync) -> Facts:
    """Plan the undo of a run, write nothing, and tell the plan."""
    try:
        return _run_facts(sync, me, undoing.undo(sync, run.id, preview=True, by=me.name).id)
    except (BusyError, UndoError) as error:
        raise HTTPException(409, str(error)) from None


@router.post("/conflicts/{conflict_id}")
def resolve_conflict(conflict: AConflict, body: Resolution, me: Me, sync: Sync) -> Facts:
    _still(deciding.resolve(sync, conflict.id, body.side, by=me.name))
    with sync.store.reading() as unit:
        after = unit.conflicts.get(conflict.id)
    return waiting.conflict_row(after or conflict)


@router.post("/people/{entry_id}/decide")
def decide_on(entry: AnEntry, body: Decision, me: Me, sync: Sync) -> Facts:
    """Say what the next run makes of somebody."""
    if (body.wish is Wish.CONTACT) != bool(body.account):
        raise HTTPException(422, "a contact, and nothing else, needs the id of its account")
    try:
        _still(strangers.decide(sync, entry.id, Wanted(body.wish, body.account), by=me.name))
    except strangers.UnknownAccountError:
        raise HTTPException(422, "Salesforce shows no account with this id") from None
    return _entry(sync, entry.id)


@router.post("/people/{entry_id}/ignore")
def ignore(entry: AnEntry, body: Ignored, me: Me, sync: Sync) -> Facts:
    """Put somebody, or his whole mail domain, on the user's block list."""
    _still(bool(strangers.ignore(sync, entry.id, whole_domain=body.whole_domain, level="user", by=me.name)))
    return _entry(sync, entry.id)


# --- holds


@router.get("/holds")
def list_holds(me: Me, sync: Sync, limit: Limit = 100) -> list[Facts]:
    """Plans that wait for somebody."""
    with sync.store.reading() as unit:
        numbers = unit.overview.holds_waiting(me.reach, limit)
        return [waiting.hold_row(hold) for number in numbers if (hold := unit.holds.get(number)) is not None]


@router.get("/holds/{hold_id}")
def show_hold(hold: AHold, sync: Sync) -> Facts:
    with sync.store.reading() as unit:
        return waiting.hold_row(hold) | {"lines": hold.lines, "changes": waiting.hold_changes(unit, hold)}


@router.post("/holds/{hold_id}")
def decide_hold(hold: AdministeredHold, body: Answer, me: Admin, sync: Sync) -> Facts:
    """Have the next run do all of it, or none of it."""
    if body.decision is HoldDecision.VANISHED:
        raise HTTPException(422, "a person approves or rejects")
    _still(deciding.decide(sync, hold.id, body.decision, by=me.name))
    with sync.store.reading() as unit:
        after = unit.holds.get(hold.id)
    return waiting.hold_row(after or hold)


# --- operators


@router.get("/audit")
def list_acts(me: Admin, sync: Sync, text: str = "", before: int | None = None, limit: Limit = 100) -> list[Facts]:
    """What people did, newest first."""
    with sync.store.reading() as unit:
        rows = unit.overview.audit(me.reach, before=before, text=text.strip(), limit=limit)
    return [{name: getattr(row, name) for name in row.__slots__} for row in rows]


@router.get("/operations")
def operations(me: Admin, sync: Sync) -> operating.Facts:
    """Queues, lag, runs and errors of the last hours."""
    return operating.facts(sync, me.reach)


def _filter(text: str, status: str, org: str, *, troubled: bool) -> Filter:
    if status and status not in STATUSES:
        raise HTTPException(422, f"a status is one of {', '.join(STATUSES)}")
    return Filter(text.strip(), status, org, troubled)


def _switched(sync: Sync, user: UserView, to: Switch, by: str) -> Facts:
    try:
        users.switch(sync, [user], to, by=by)
    except RefusedError as error:
        raise HTTPException(409, str(error)) from None
    with sync.store.reading() as unit:
        return users.described(unit.accounts.user(user.id))


def _entry(sync: Sync, number: int) -> Facts:
    with sync.store.reading() as unit:
        row = unit.unresolved.get(number)
    return waiting.stranger_row(sync, row) if row is not None else {}


def _run_facts(sync: Sync, me: Me, number: int) -> Facts:
    with sync.store.reading() as unit:
        run = unit.runs.get(number)
        assert run is not None
        user = unit.accounts.user(run.user_id)
        operations = [operation(op) for op in unit.plans.all(number)]
    left = undoing.left(sync, run, values=me.is_self(user))
    return summary(sync, run) | {"undoes": run.undoes, "operations": operations, "left": left}


def _still(done: bool) -> None:
    if not done:
        raise HTTPException(409, "it was decided already")
