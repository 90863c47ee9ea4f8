"""The one `App` and the one Celery application of a process, made on first use and never carried over a fork."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sync_tasks.bootstrap import App
from sync_tasks.observability import traces
from sync_tasks.settings import Settings

if TYPE_CHECKING:
    from celery import Celery

_apps: dict[int, App] = {}
_celery: list[Celery] = []


def app() -> App:
    """The App of this very process: a child made by fork gets its own connections."""
    if os.getpid() not in _apps:
        _apps.clear()
        settings = Settings()
        traces.setup(settings)
        _apps[os.getpid()] = App(settings)
    return _apps[os.getpid()]


def reset() -> None:
    """Forget the App, so that the next use opens it anew."""
    traces.flush()
    mine = _apps.pop(os.getpid(), None)
    if mine is not None:
        mine.close()
    _apps.clear()


def celery() -> Celery:
    from sync_tasks.celery_app import configure

    if not _celery:
        _celery.append(configure(Settings()))
        _celery[0].set_default()
    return _celery[0]
