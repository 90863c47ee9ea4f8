"""How long an item waits that could not be read or written, failure by failure, and when it is given up.

The first failures are tried again with the next run, for what passes by itself; then once an hour, for what somebody
mends meanwhile; then it is quarantined, and waits for somebody to say so. An item of long ago gets few tries.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from mapping.rules.settings import Effective

SOON = 3  # so many failures, and it is tried once an hour only
HOURLY = timedelta(hours=1)
OLD = timedelta(days=30)  # what took place so long ago is hardly missed


def wait(failures: int, settings: Effective, *, ended_at: datetime | None, now: datetime) -> timedelta | None:
    """How long an item waits after so many failures; None: it is no longer tried by itself. `ended_at`: when it took
    place, if that is known."""
    old = ended_at is not None and now - ended_at > OLD
    if failures >= settings.int("retry.most_old" if old else "retry.most"):
        return None
    return timedelta(0) if failures < SOON else HOURLY
