"""`inbox-sync subscriptions`: for whom vendors tell us at once what happens, and how that stands."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sync_tasks.bootstrap import App
from sync_tasks.cli.shell import (
    CommandError,
    Json,
    OnlyUser,
    give,
    lists_by_itself,
    only_of,
    open_app,
    say,
    table,
    the_user,
    warn,
)
from sync_tasks.services import listening
from sync_tasks.state.records import PushState, PushView

app = typer.Typer(help="Being told by mailboxes what happens in them: look, renew, drop.")

Whose = Annotated[str, typer.Argument(metavar="USER", help="Address of the user.")]
_MEANING = {
    PushState.OFF: "not wanted, or not possible",
    PushState.PENDING: "being asked for",
    PushState.LIVE: "listens",
    PushState.FAILING: "refused",
}
NO_ADDRESS = (
    "vendors have no address to post to: set INBOX_SYNC_PUBLIC_URL to the one under which `inbox-sync web` is reached"
)
_ADVICE = (
    "The vendor refused ({code}). Check that {url} is reached from outside over HTTPS, with a certificate that the "
    "vendor trusts, and that `inbox-sync web` runs there; `inbox-sync doctor {user}` tries the mailbox."
)


@app.command("list")
def list_(user: OnlyUser = None, as_json: Json = False) -> None:
    """How everybody, or one user, is listened for."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            found = unit.pushes.of(only_of(unit, user))
        url = opened.settings.public_url
    if as_json:
        give([_row(push) for push in found])
        return
    if not url:
        warn(NO_ADDRESS)
    if not found:
        say("nobody is listened for yet; `inbox-sync beat` and a worker begin with it within a minute")
        return
    _show(found)
    say("`inbox-sync subscriptions renew USER` looks after them now; `config set instant.enabled` switches it", "dim")


lists_by_itself(app, list_)


@app.command()
def renew(user: Whose, as_json: Json = False) -> None:
    """Look after those of a user now: make what is wanted and missing, renew what there is."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            known = the_user(unit, user)
        if not opened.settings.public_url:
            raise CommandError(NO_ADDRESS)
        found = listening.renew(opened, known.id)
        _audit(opened, "subscriptions.renew", known.address)
        url = opened.settings.public_url
    failed = [push for push in found if push.state == PushState.FAILING]
    if failed and not as_json:
        _show(found)
        raise CommandError(_ADVICE.format(code=failed[0].error_code, url=url, user=known.address))
    _tell(found, as_json=as_json)
    if failed:
        raise typer.Exit(CommandError.code)


@app.command()
def drop(user: Whose, as_json: Json = False) -> None:
    """Have the vendor tell no more of a user. Where it is still wanted it is asked for anew within hours."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            known = the_user(unit, user)
        found = listening.drop(opened, known.id)
        _audit(opened, "subscriptions.drop", known.address)
    _tell(found, as_json=as_json)
    if not as_json:
        say(f"`inbox-sync config set instant.enabled false --user {known.address}` keeps it so", "dim")


def _audit(opened: App, action: str, subject: str) -> None:
    with opened.store.writing() as unit:
        unit.accounts.audit(opened.clock(), "console", action, subject)


def _tell(found: list[PushView], *, as_json: bool) -> None:
    if as_json:
        give([_row(push) for push in found])
    else:
        _show(found)


def _row(push: PushView) -> dict[str, Any]:
    """One as JSON values; nothing by which anybody could post."""
    return {
        "id": push.id, "user": push.user, "feed": push.feed, "kind": push.kind, "state": push.state,
        "heard_at": push.heard_at, "looked_at": push.looked_at, "expires_at": push.expires_at,
        "tend_at": push.tend_at, "failures": push.failures, "error": push.error_code,
    }  # fmt: skip


def _show(found: list[PushView]) -> None:
    columns = ("User", "Feed", "By", "State", "Heard", "Looked", "Renewed by", "Error")
    rows = [
        (each.user, each.feed, each.kind or None, _MEANING[PushState(each.state)], each.heard_at, each.looked_at,
         each.tend_at, each.error_code or None)
        for each in found
    ]  # fmt: skip
    table("", columns, rows)
