"""Doing one stage of one run: take the work, do it, note it, and say whether the run goes on. Celery knows nothing
here and is not known; `inbox-sync run` calls the same function six times."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from connectors.errors import ConnectorError
from mapping.model.item import Side
from mapping.rules.standing import NOT_CONNECTED, succeeded
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.observability import traces
from sync_tasks.services import failing, outages
from sync_tasks.services.standing import move
from sync_tasks.stages import auditing, categorize, delete, fetch, link, mirror, resolve, undoing
from sync_tasks.stages.context import OnPlan, RefusedRunError, StageContext, StageReport
from sync_tasks.state.engine import AWAY
from sync_tasks.state.records import AUDIT, BEHIND, UNREAD, RunRef, RunState, RunView, UserView
from sync_tasks.state.runs import STAGES
from sync_tasks.state.store import LostLeaseError

log = logging.getLogger(__name__)

BODIES: Mapping[str, Callable[[StageContext], StageReport]] = {
    "fetch": fetch.run,
    "categorize": categorize.run,
    "resolve": resolve.run,
    "link": link.run,
    "mirror": mirror.run,
    "delete": delete.run,
}

TOO_LONG, STALLED, UNEXPECTED = "RUN.TRANSIENT.TOO_LONG", "RUN.TRANSIENT.STALLED", "RUN.BUG.UNEXPECTED"

# a run that takes another one back has its plan from the journal: nothing is read for it, and nobody asked about people
UNDOING: Mapping[str, Callable[[StageContext], StageReport]] = {"mirror": undoing.run, "delete": undoing.finish}


def body_of(run: RunView, stage: str) -> Callable[[StageContext], StageReport]:
    """What is done in a stage of this run."""
    if run.trigger == AUDIT:
        return auditing.run
    return UNDOING.get(stage, lambda _ctx: StageReport()) if run.undoes else BODIES[stage]


def perform(
    app: App, ref: RunRef, stage: str, *, too_long: tuple[type[Exception], ...] = (), on_plan: OnPlan | None = None,
    expected: frozenset[str] | None = None,
) -> bool:  # fmt: skip
    """Do a stage. True: the next stage may follow. False: the run is over, or is not ours (any more). `too_long`: what
    is raised in the middle of a stage that has used up its time.

    A stage delivered twice is done once: the second delivery finds it done, or finds the first at work, and passes.
    When the store fails in the middle, the run stays open like one whose worker died: it is found there, and goes on.
    """
    try:
        with traces.stage(ref, stage, lambda: _seen(app, ref)):
            return _perform(app, ref, stage, too_long, on_plan, expected)
    except AWAY as error:
        log.warning("store_away", extra={"run": ref.id, "stage": stage, "error": type(error).__name__})
        return False


def _seen(app: App, ref: RunRef) -> RunView | None:
    with app.store.reading() as unit:
        return unit.runs.get(ref.id)


def _perform(
    app: App, ref: RunRef, stage: str, too_long: tuple[type[Exception], ...], on_plan: OnPlan | None,
    expected: frozenset[str] | None,
) -> bool:  # fmt: skip
    with app.store.writing() as unit:
        run = unit.runs.get(ref.id)
        if run is None or run.state != RunState.OPEN or run.token != ref.token:
            return False
        if run.stage and STAGES.index(run.stage) >= STAGES.index(stage):
            return True  # done already: let the chain go on to what is not
        if next_stage(run.stage) != stage:
            return False  # came before its turn: its own chain will bring it again
        mine = unit.runs.start_work(ref, app.clock())
    if mine is None:
        return False
    started = time.monotonic()
    try:
        ctx = app.context(ref, run)
        ctx.on_plan, ctx.expected = on_plan, expected
        report = body_of(run, stage)(ctx)
        return finish(app, ref, run, stage, report, time.monotonic() - started)
    except LostLeaseError:
        log.info("lease_lost", extra={"run": ref.id, "stage": stage})
        return False
    except AWAY:
        raise  # neither a bug nor a failure of this user
    except ConnectorError as error:
        failing.vendor_failed(app, ref, error)
    except RefusedRunError as error:
        failing.fail(app, ref, error.code, str(error))
    except NotConnectedError as error:
        failing.fail(app, ref, NOT_CONNECTED, str(error))
    except too_long:
        log.error("run_too_long", extra={"run": ref.id, "stage": stage})
        failing.fail(app, ref, TOO_LONG, f"{stage} used up its time; what it has written stays written")
    except Exception as error:
        # A bug must neither hang the run nor loop: it ends here, and the class of the error says what to look for.
        # Its text may quote content, so it goes nowhere.
        name = type(error).__name__
        log.error("run_broke", extra={"run": ref.id, "stage": stage, "error": name})
        failing.fail(app, ref, UNEXPECTED, f"unexpected error ({name}); see the worker's log")
        if app.settings.debug:
            raise
    except BaseException:
        # This process is told to end: whoever gets the message next need not wait until we count as silent.
        with app.store.writing() as unit:
            unit.runs.stop_work(ref, mine)
        raise
    return False


def next_stage(done: str) -> str | None:
    """The stage after this one ('' = none done yet); None after the last."""
    place = STAGES.index(done) + 1 if done else 0
    return STAGES[place] if place < len(STAGES) else None


def finish(app: App, ref: RunRef, run: RunView, stage: str, report: StageReport, seconds: float) -> bool:
    """Note the stage; when it was the last, close the run with it, cursors and all, in the same transaction. A run that
    is held moves no cursor: the next one sees the same again, and plans the same, so it need not hurry before somebody
    has answered."""
    over = stage == STAGES[-1] or not report.more
    held = report.held is not None and not run.is_preview
    code, text = report.held or ("", "")
    if held:
        log.warning("run_held", extra={"run": ref.id, "code": code})
    with app.store.fenced(ref, app.clock()) as unit:
        unit.runs.finish_stage(ref, stage, app.clock(), seconds, report.counts)
        if not over:
            return True
        user = unit.accounts.user(ref.user_id)
        if not run.is_preview and succeeded(user.standing, app.clock()) != user.standing:
            move(unit, user, lambda was: succeeded(was, app.clock()), app.clock())
        hurry = user.force_pending and (not held or unit.holds.is_answered(user.id))
        regular = not run.is_preview and not run.undoes
        due = _next(app, user, hurry=hurry) if regular else user.next_sync_at
        well = not held and regular
        unit.runs.close(
            ref, RunState.HELD if held else RunState.DONE, app.clock(), due,
            commit_cursors=well, error_code=code, error_text=text,
        )  # fmt: skip
        if well and not run.is_parting:
            unit.accounts.read_to(user.id, _read_to(run, {**run.counts, **report.counts}))
        if well and user.held_at is not None:
            unit.holds.end(user.id, app.clock(), unit.trail.unheard(user.id))
        in_trouble = bool(unit.breakers.of(user.org_id))
    if in_trouble and not run.is_preview:
        outages.got_through(app, user, run.started_at)
    return False


def _read_to(run: RunView, counts: Mapping[str, int]) -> dict[Side, datetime]:
    """Up to when the run has read each side to the end, of those that it has."""
    began = {Side.MAILBOX: run.started_at, Side.CRM: run.started_at - timedelta(seconds=counts.get(BEHIND, 0))}
    return {side: moment for side, moment in began.items() if UNREAD[side] not in counts}


def give_up(app: App, ref: RunRef) -> None:
    """Close a run that fell silent again and again: whatever kills its workers would kill the next ones too."""
    log.error("run_stalled", extra={"run": ref.id})
    failing.fail(app, ref, STALLED, "its workers died or hung again and again; see their logs")


def _next(app: App, user: UserView, *, hurry: bool) -> datetime:
    """When the user is due again, counted from the beginning of this run, so that no run's length nor the wait before
    it adds to the interval: after that with some jitter, or, if a run was asked for, at the moment that was promised
    and no sooner than the floor allows."""
    began = user.last_started_at or app.clock()
    if hurry:
        return max(user.next_sync_at, began + timedelta(seconds=app.settings.force_floor_seconds))
    spread = random.uniform(1 - app.settings.jitter, 1 + app.settings.jitter)
    spread *= app.governor.day(user.org_id).stretch()  # where calls run short, they have to last for longer
    return began + timedelta(seconds=app.settings.interval_seconds * spread)
