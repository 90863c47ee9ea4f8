"""`inbox-sync db`: the schema of the database."""

from __future__ import annotations

import typer

from sync_tasks.cli.shell import FAILED, Json, give, open_app, say
from sync_tasks.state import migrate

app = typer.Typer(no_args_is_help=True, help="Bring the database up to date, or say where it stands.")


@app.command()
def upgrade(as_json: Json = False) -> None:
    """Run the migrations that are missing."""
    with open_app(migrated=False) as opened:
        before = migrate.current(opened.store.engine)
        after = migrate.upgrade(opened.store.engine)
        where = opened.settings.shown()["database_url"]
    if as_json:
        give({"database": where, "before": before, "after": after})
    elif before == after:
        say(f"{where} was up to date ({after})")
    else:
        say(f"{where} went from {before or 'empty'} to {after}")


@app.command()
def current(as_json: Json = False) -> None:
    """Say at which revision the database is; exit 1 when it is not the newest."""
    with open_app(migrated=False) as opened:
        at, head = migrate.current(opened.store.engine), migrate.head()
    if as_json:
        give({"current": at, "head": head, "up_to_date": at == head})
    else:
        say(f"{at or 'empty'} (newest: {head})")
    if at != head:
        if not as_json:
            say("run `inbox-sync db upgrade`", "yellow")
        raise typer.Exit(FAILED)
