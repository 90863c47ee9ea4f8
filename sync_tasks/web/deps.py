"""What the routers ask for by type. Coroutines, for FastAPI asks plain functions in a thread each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request

from sync_tasks.bootstrap import App
from sync_tasks.services.hearing import Receiver
from sync_tasks.state.records import RunRef

HandOver = Callable[[RunRef, str], None]


async def _sync(request: Request) -> App:
    found = request.app.state.sync
    assert isinstance(found, App)
    return found


async def _receiver(request: Request) -> Receiver:
    found = request.app.state.receiver
    assert isinstance(found, Receiver)
    return found


async def _hand_over(request: Request) -> HandOver:
    found: HandOver = request.app.state.hand_over
    return found


Sync = Annotated[App, Depends(_sync)]
Hints = Annotated[Receiver, Depends(_receiver)]
Workers = Annotated[HandOver, Depends(_hand_over)]  # puts a run, from a stage on, before them
