"""Pages from templates: one environment that escapes everything, and the few words and forms that all pages share."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from mapping.rules.setting import MAPPINGS
from sync_tasks.bootstrap import App
from sync_tasks.services.run_facts import SIDES, TRIGGERS, general

HERE = Path(__file__).parent

_pages = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def page(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page for whoever is known, or, at the log-in, for anybody."""
    sync: App = request.app.state.sync
    state = request.state
    given = {
        "me": getattr(state, "me", None), "form_token": getattr(state, "form_token", ""),
        "now": sync.clock(), "path": request.url.path, "query": dict(request.query_params),
        "said": request.query_params.get("said", ""),
    }  # fmt: skip
    return HTMLResponse(_pages.get_template(template).render(**given, **values), status)


def back(path: str, said: str = "") -> RedirectResponse:
    """After a change: look at the page again. `said`: the name of a sentence of `SAID`."""
    return RedirectResponse(f"{path}{'&' if '?' in path else '?'}said={said}" if said else path, 303)


# what a page says after a change; by name, so that no address can make a page say anything else
SAID = {
    "forced": "A run is asked for. It begins as soon as a minute has passed since the last one.",
    "paused": "Paused. Nothing runs by itself until it is resumed.",
    "paused-all": "Paused. Nobody in the organization runs by himself until it is resumed.",
    "resumed": "Resumed.",
    "disabled": "Disabled.",
    "enabled": "Enabled.",
    "decided": "Noted. The next run carries it out.",
    "over": "It was decided already; nothing was changed.",
    "bulk": "Done for all that were chosen.",
    "none": "Nobody was chosen; nothing was changed.",
    "dropped": "The token is of no use any more.",
    "replayed": "The next run looks at it again.",
    "unknown-item": "Nothing is known of this item any more; nothing was changed.",
    "busy": "A run of this user is open. Try again when it has ended.",
    "undoing": "A worker takes it back now. This page tells how far it is.",
    "preview-failed": "The preview could not be made; the newest run says why.",
    "set": "Set. It holds from the next run on.",
    "taken-back": "Taken back. What the level below says holds again.",
    "nothing-set": "There was nothing to take back.",
    "rolled-out": "Its roll-out has begun. Whom it reaches has it from the next run on.",
    "widened": "It reaches more users from the next run on.",
    "rolled-back": "Taken back. What was set before holds again for everybody.",
    "user-deleted": "The user is deleted. The audit tells what was taken out.",
    "reset": "All of it is taken back, but for the block lists. Nothing that is saved was touched.",
    "undone": "The earlier value is set again.",
    "assigned": "Assigned. It holds from the next run on.",
    "made": "Made.",
    "enrolled": "Added. Their first runs follow one another from now on.",
    "gone": "It is gone.",
    "unknown-account": "Salesforce shows no account with this id; nothing was changed.",
}


# how people call vendors, and the states of connections: a word, and what it means
VENDORS = {
    "exchange": "Exchange", "graph": "Microsoft 365", "google": "Google Workspace", "salesforce": "Salesforce",
}  # fmt: skip
CONNECTED = {
    "ok": ("ok", "It works."),
    "connected": ("connected", "It is not known to be down."),
    "untried": ("untried", "It was not read to the end yet."),
    "missing": ("missing", "Nobody has connected it yet."),
    "failing": ("failing", "It does not work for this user."),
    "down": ("down", "The vendor is down for everybody; it is tried again by itself."),
}


def _ago(moment: datetime | None, now: datetime) -> str:
    """A moment as people say it: `3 minutes ago`, `in 2 hours`."""
    if moment is None:
        return "never"
    away = abs(moment - now)
    text = next(
        (f"{count} {unit}{'' if count == 1 else 's'}" for unit, size in _UNITS if (count := int(away / size)) >= 1), ""
    )
    if not text:
        return "now"
    return f"in {text}" if moment > now else f"{text} ago"


_UNITS = (
    ("day", timedelta(days=1)), ("hour", timedelta(hours=1)), ("minute", timedelta(minutes=1)),
    ("second", timedelta(seconds=1)),
)  # fmt: skip


def _moment(value: datetime | None) -> str:
    return "" if value is None else value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(map(_plain, value)) or "(none)"
    if isinstance(value, Mapping):
        return "; ".join(f"{name} = {_plain(each)}" for name, each in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "(none)" if value is None else str(value)


def _coded(text: str) -> Markup:
    """A sentence in which what stands between backticks is shown as what to type."""
    pieces = [Markup("<code>{}</code>").format(each) if odd else escape(each)
              for odd, each in zip(itertools.cycle((False, True)), text.split("`"), strict=False)]  # fmt: skip
    return Markup().join(pieces)


def _with(query: dict[str, str], **changes: object) -> str:
    """The query of this page with some values changed; empty ones are left out."""
    left = {k: str(v) for k, v in (query | changes).items() if v not in ("", None, False) and k != "said"}
    return "?" + urlencode(left) if left else "?"


_pages.filters |= {"ago": _ago, "moment": _moment, "plain": _plain, "general": general, "coded": _coded}
_pages.filters["why"] = lambda trigger: TRIGGERS.get(trigger, trigger)
_pages.globals |= {"with_query": _with, "SIDES": SIDES, "SAID": SAID, "VENDORS": VENDORS, "CONNECTED": CONNECTED}
_pages.globals |= {"bool_type": bool, "int_type": int, "tuple_type": tuple, "mappings": MAPPINGS}
