"""The stations of a user's life besides running: setting the mailbox up anew, taking us out of it, saying good-bye."""

from __future__ import annotations

from sync_tasks.bootstrap import App
from sync_tasks.services.scheduling import BusyError, run_here
from sync_tasks.state.records import RunState, RunView, UserView


def reset_mailbox(app: App, user: UserView) -> None:
    """Take our entries out of the mailbox, and stop synchronizing it. Items keep their marks and folders what lies in
    them; the first run after `enable` sets everything up again (LIF-3). Raises BusyError when a run is open."""
    refuse_while_running(app, user)
    app.mailbox(user).withdraw()
    now = app.clock()
    with app.store.writing() as unit:
        unit.accounts.forget_mailbox(user.org_id, user.id)
        unit.accounts.set_user(user.id, disabled_at=user.disabled_at or now)
        unit.pushes.hurry(user.id, now)  # nobody is listened for who does not run
        unit.accounts.audit(now, "console", "user.reset-mailbox", user.address)


def reinitialize(app: App, user: UserView) -> None:
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
        unit.accounts.set_user(user.id, suspended_at=None, suspended_code="", failures=0, next_sync_at=now)
        unit.accounts.audit(now, "console", "user.reinitialize", user.address)


def deactivate(app: App, user: UserView, *, preview: bool = False) -> RunView:
    """Let go of everything, in a run of its own: marks come off, what Salesforce has put into the mailbox leaves it,
    and Salesforce keeps all it has (LIF-6). Then the user is disabled. Raises BusyError when a run is open."""
    run = run_here(app, user.id, preview=preview, parting=True)
    if run.state == RunState.DONE and not preview:
        reset_mailbox(app, user)
        with app.store.writing() as unit:
            unit.unresolved.drop(user.id)
    return run


def refuse_while_running(app: App, user: UserView) -> None:
    """Raises BusyError when a run of the user is open."""
    with app.store.reading() as unit:
        if unit.runs.open_run(user.id) is not None:
            raise BusyError("a run of this user is open; wait for it, or look at `inbox-sync runs`")
