"""The stations of a user's life besides running: setting the mailbox up anew, taking us out of it, saying good-bye.

Whatever ends something says how much of it goes (`Take`), and what the next run is to do (`Next`):

    nothing   neither side is touched
    marks     our entries leave the mailbox: categories of its list, what we noted in it; items keep their marks
    links     and every pair is let go: items lose their marks, what came from Salesforce leaves the mailbox
    records   and Salesforce gives back the events that the mailbox put there; contacts, tasks and mails stay

    all       what is not linked is looked at as if for the first time
    new       only what is entered from now on is saved by itself
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from mapping.rules.standing import Verb, act
from sync_tasks.bootstrap import App
from sync_tasks.services import listening
from sync_tasks.services.scheduling import LOOKS, BusyError, run_here
from sync_tasks.services.standing import CONSOLE, move
from sync_tasks.state.records import PARTING, TAKING, RunState, RunView, UserView

SEEN_FOR = timedelta(hours=1)  # so long a plan that was looked at is taken for what will be done


class Take(StrEnum):
    NOTHING = "nothing"
    MARKS = "marks"
    LINKS = "links"
    RECORDS = "records"


class Next(StrEnum):
    ALL = "all"
    NEW = "new"


class NotPartedError(Exception):
    """The run that was to let go of everything did not end well, so nothing else was done. It says which run."""

    def __init__(self, run: RunView) -> None:
        super().__init__(f"run {run.id} {run.state}: {run.error_code} {run.error_text}".rstrip())
        self.run = run


class NotLookedError(Exception):
    """Nobody has looked at the plan of what is asked for."""


RUNS = {Take.LINKS: PARTING, Take.RECORDS: TAKING}  # what takes a run


def look(app: App, user: UserView, take: Take) -> RunView | None:
    """What would be done to items and records, as a run that only looks; None when there is nothing of the kind."""
    return run_here(app, user.id, preview=True, trigger=RUNS[take]) if take in RUNS else None


def looked(app: App, user: UserView, take: Take, run_id: int) -> RunView | None:
    """The look at what taking so much would do, which somebody has seen lately; None where there is nothing to see.
    Raises NotLookedError."""
    if take not in RUNS:
        return None
    with app.store.reading() as unit:
        run = unit.runs.get(run_id)
    mine = run is not None and run.user_id == user.id and run.trigger == LOOKS[RUNS[take]]
    if run is None or not mine or run.state != RunState.DONE or app.clock() - run.started_at > SEEN_FOR:
        raise NotLookedError(f"look at the plan of taking {take} out of {user.address} first")
    return run


def reset_mailbox(
    app: App, user: UserView, take: Take = Take.MARKS, after: Next = Next.ALL, *, by: str = CONSOLE
) -> None:  # fmt: skip
    """Take so much of us out of the mailbox, and stop synchronizing it; the first run after `enable` sets everything up
    again (LIF-3). Salesforce keeps what it has, but for `records`. Raises BusyError when a run is open, and
    NotPartedError."""
    refuse_while_running(app, user)
    _part(app, user, take)
    now = app.clock()
    with app.store.writing() as unit:
        unit.accounts.forget_mailbox(user.org_id, user.id)
        move(unit, user, lambda was: act(Verb.RESET, was, now), now)
        if after is Next.NEW:
            unit.accounts.set_user(user.id, activated_at=now.replace(microsecond=0))
        elif take in RUNS:
            unit.pairs.drop(user.id)
            unit.runs.forget_cursors(user.id, "")
        if take in RUNS:
            unit.unresolved.drop(user.id)
        unit.pushes.hurry(user.id, now)  # nobody is listened for who does not run
        unit.accounts.audit(now, by, "user.reset", user.address, take=take, next=after)


def _part(app: App, user: UserView, take: Take) -> None:
    if take is Take.NOTHING:
        return
    if take in RUNS:
        run = run_here(app, user.id, trigger=RUNS[take])
        if run.state != RunState.DONE:
            raise NotPartedError(run)
    listening.drop(app, user.id)
    app.mailbox(user).withdraw()


def reinitialize(app: App, user: UserView, after: Next = Next.ALL, *, by: str = CONSOLE) -> None:
    """Read the mailbox from the start with the next run, and try again what was given up. Pairs stay as they are, so
    nothing is saved twice or parted (LIF-4). If another installation had set the mailbox up, it is ours from now on
    (LIF-5). Raises BusyError when a run is open."""
    refuse_while_running(app, user)
    app.mailbox(user).claim(app.instance(user.org_name))
    now = app.clock()
    with app.store.writing() as unit:
        unit.accounts.forget_mailbox(user.org_id, user.id)
        unit.runs.forget_cursors(user.id, "mailbox:")
        unit.trail.try_again(user.id, now)
        unit.mail_files.try_again(user.id, now)
        move(unit, user, lambda was: act(Verb.REINIT, was, now), now)
        unit.accounts.set_user(user.id, next_sync_at=now)
        if after is Next.NEW:
            unit.accounts.set_user(user.id, activated_at=now.replace(microsecond=0))
        unit.accounts.audit(now, by, "user.reinit", user.address, next=after)


def delete(
    app: App, user: UserView, take: Take = Take.NOTHING, *, force: bool = False, by: str = CONSOLE
) -> None:  # fmt: skip
    """Take so much of us out, then forget the user with all that is kept of him; only the audit trail remembers. He
    does not run any more from the first moment on, and should it break off, it is done again. Raises RefusedError for a
    mailbox that is set up and of which nothing is to be taken, unless it is forced; BusyError; NotPartedError."""
    refuse_while_running(app, user)
    now = app.clock()
    with app.store.writing() as unit:
        move(unit, user, lambda was: act(Verb.LEAVE, was, now, force=force or take is not Take.NOTHING), now)
    _part(app, user, take)
    with app.store.writing() as unit:
        unit.accounts.audit(app.clock(), by, "user.delete", user.address, take=take, forced=force)
        unit.notifications.close(user.org_id, user.id, app.clock())
        unit.accounts.drop_user(user.id)


def deactivate(app: App, user: UserView, *, preview: bool = False) -> RunView:
    """Let go of everything, in a run of its own: marks come off, what Salesforce has put into the mailbox leaves it,
    and Salesforce keeps all it has (LIF-6). Then the user is disabled. Raises BusyError when a run is open."""
    run = run_here(app, user.id, preview=preview, trigger=PARTING)
    if run.state == RunState.DONE and not preview:
        reset_mailbox(app, user, after=Next.ALL)
        with app.store.writing() as unit:
            unit.unresolved.drop(user.id)
    return run


def refuse_while_running(app: App, user: UserView) -> None:
    """Raises BusyError when a run of the user is open."""
    with app.store.reading() as unit:
        if unit.runs.open_run(user.id) is not None:
            raise BusyError("a run of this user is open; wait for it, or look at `inbox-sync runs`")
