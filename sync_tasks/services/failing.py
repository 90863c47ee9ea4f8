"""What becomes of a run that failed, and of its user: how long he waits, whether it counts, whether he is suspended."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from connectors.errors import ConnectorError, Fault
from connectors.registry import CRMS
from mapping.model.item import Side
from mapping.rules import standing
from mapping.rules.errors import CATALOGUE, of_call
from sync_tasks.bootstrap import App
from sync_tasks.metering.governor import PACED, Purpose
from sync_tasks.services import outages
from sync_tasks.services.standing import move
from sync_tasks.state.records import RunRef, RunState
from sync_tasks.state.store import LostLeaseError

log = logging.getLogger(__name__)

BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))  # after the n-th failure in a row


def vendor_failed(app: App, ref: RunRef, error: ConnectorError) -> None:
    """A call failed without which the run cannot go on. Being throttled is not a failure."""
    side = Side.CRM.value if error.vendor in CRMS else Side.MAILBOX.value if error.vendor else ""
    known = of_call(side, error.fault.value, error.vendor_code)
    said = f" [{error.vendor_code}]" if error.vendor_code else ""
    counts = error.fault is not Fault.THROTTLED
    if error.retry_after is not None and error.vendor and known.code.endswith(".THROTTLED"):
        _slow_down(app, ref, error.vendor, error.vendor_code, error.retry_after)
    fail(app, ref, known.code, error.detail + said, vendor=error.vendor, counts=counts, wait=error.retry_after)


def _slow_down(app: App, ref: RunRef, vendor: str, said: str, pause: timedelta) -> None:
    """Have everybody keep a pause that the vendor asked for, wherever in its answer it said so."""
    app.governor.tallies.observe("throttle_wait_seconds", pause.total_seconds())
    if said != PACED:
        with app.store.reading() as unit:
            user = unit.accounts.user(ref.user_id)
        app.governor.slow_down(app.governor.meter(vendor, {}, Purpose(user.org_id, user.id)), pause)


def fail(
    app: App, ref: RunRef, code: str, text: str, *, vendor: str = "", counts: bool = True,
    wait: timedelta | None = None,
) -> None:  # fmt: skip
    """Close the run as failed, and change where its user stands. `counts`: it is a failure of his. `wait`: how long
    the vendor asks for."""
    known = CATALOGUE[code]
    log.warning("run_failed", extra={"run": ref.id, "code": code})
    with app.store.reading() as unit:
        user = unit.accounts.user(ref.user_id)
    down_until = outages.met(app, user, vendor, known)
    now = app.clock()
    try:
        with app.store.fenced(ref, now) as unit:
            after = move(
                unit, user,
                lambda was: standing.failed(
                    was, code, now, at_once=known.at_once, counts=counts and down_until is None
                ), now,
            )  # fmt: skip
            due = _due(after, now, wait, down_until)
            unit.runs.close(
                ref, RunState.FAILED, now, due, commit_cursors=False, error_code=code, error_text=text
            )  # fmt: skip
    except LostLeaseError:
        log.info("lease_lost", extra={"run": ref.id})


def _due(
    user: standing.Standing, now: datetime, wait: timedelta | None, down_until: datetime | None
) -> datetime:  # fmt: skip
    if user.probe_at is not None:
        return user.probe_at
    pause = BACK_OFF[min(max(user.failures, 1), len(BACK_OFF)) - 1]
    return max(down_until or now, now + (wait or pause))
