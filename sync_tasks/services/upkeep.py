"""What is kept for a while only, thrown away when its time is over: the trail of decisions, and before-images."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from mapping.rules.settings import resolve
from sync_tasks.bootstrap import App

STEP = 5000  # rows in one transaction, so that nobody waits long for the lock


@dataclass(frozen=True, slots=True)
class Tidied:
    """How many rows of the trail went, and of how many runs the before-images."""

    trail: int
    runs: int


def tidy(app: App) -> Tidied:
    """Throw away what is older than the settings of its organization say. Doing it twice does no harm."""
    now = app.clock()
    with app.store.reading() as unit:
        settings = {org.id: resolve(unit.accounts.settings(org.id, None)) for org in unit.accounts.orgs()}
    gone = 0
    for org_id, effective in settings.items():
        before = now - timedelta(days=effective.int("trail.keep_days"))
        step = STEP
        while step == STEP:
            with app.store.writing() as unit:
                step = unit.trail.forget_before(org_id, before, STEP)
            gone += step
    with app.store.writing() as unit:
        return Tidied(gone, unit.journal.shred(now))
