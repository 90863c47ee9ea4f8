"""The web process in a thread of the test, and a client that talks to it over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from sync_tasks.bootstrap import App
from sync_tasks.services.hearing import Deliver
from sync_tasks.tasks import pipeline, pushes
from sync_tasks.web.app import create_app
from sync_tasks.web.deps import HandOver
from sync_tasks.web.server import address_of, listen


@contextmanager
def serving(
    app: App, deliver: Deliver = pushes.deliver, hand_over: HandOver = pipeline.hand_over
) -> Iterator[str]:  # fmt: skip
    """The address at which the pages of `app` are served until the block is left."""
    listener = listen("127.0.0.1", 0)
    server = uvicorn.Server(
        uvicorn.Config(create_app(app, deliver, hand_over), log_level="warning", access_log=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield address_of(listener)
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


@contextmanager
def visiting(app: App, hand_over: HandOver = pipeline.hand_over) -> Iterator[httpx.Client]:
    """A client of that address; redirects are shown, not followed."""
    with serving(app, hand_over=hand_over) as address, httpx.Client(base_url=address, timeout=10) as client:
        yield client
