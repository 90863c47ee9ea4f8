"""`inbox-sync doctor`: everything a run needs, tried one after the other, each with what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer
from pydantic import ValidationError

from connectors.protocols import Check
from mapping.model.findings import Finding
from sync_tasks.bootstrap import App
from sync_tasks.cli.checks import show_checks
from sync_tasks.cli.shell import FAILED, Json, give, is_embedded, open_app, say, the_user
from sync_tasks.services.examining import Section, database_check, examine, installation_checks, rows_of
from sync_tasks.settings import Settings, UnknownSettingError
from sync_tasks.state import migrate


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(doctor)


def doctor(
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Only this user and its organization.")] = None,
    as_json: Json = False,
) -> None:
    """Try everything a run needs. Exit 1 when something is wrong."""
    wrong = _settings()
    if wrong is not None:
        found = [("This installation", [wrong])]
    else:
        with open_app(migrated=False) as opened:
            found = list(_sections(opened, user))
    shown = [(name, rows_of(checks)) for name, checks in found]
    ok = all(line["ok"] for _, rows in shown for line in rows)
    if as_json:
        give({"ok": ok, "sections": [{"name": name, "checks": rows} for name, rows in shown]})
    else:
        for name, rows in shown:
            show_checks(name, rows)
            say("")
        say("all is well" if ok else "something is wrong; see above", "green" if ok else "red")
    if not ok:
        raise typer.Exit(FAILED)


def _settings() -> Check | None:
    try:
        Settings()
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc'])) or 'settings'}: {each['msg']}" for each in error.errors())
        return Check("settings", False, wrong, Finding.SETTINGS)
    except UnknownSettingError as error:
        return Check("settings", False, str(error), Finding.SETTINGS)
    return None


def _sections(app: App, address: str | None) -> Iterator[Section]:
    if is_embedded(app.settings) and migrate.reached(app.store.engine) not in (None, migrate.head()):
        migrate.upgrade(app.store.engine)
    yield "This installation", [Check("settings", True, app.settings.shown()["home"]), *installation_checks(app)]
    if not database_check(app).ok:
        return
    user = None
    if address is not None:
        with app.store.reading() as unit:
            user = the_user(unit, address)
    yield from examine(app, user)
