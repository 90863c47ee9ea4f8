"""What the routers ask for by type."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from sync_tasks.bootstrap import App


def _sync(request: Request) -> App:
    found = request.app.state.sync
    assert isinstance(found, App)
    return found


Sync = Annotated[App, Depends(_sync)]
