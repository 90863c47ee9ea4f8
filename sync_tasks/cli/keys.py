"""`inbox-sync keys`: with which keys secrets are sealed, and changing them."""

from __future__ import annotations

from typing import Annotated

import typer

from sync_tasks.cli.shell import FAILED, CommandError, Json, NotFoundError, give, near, open_app, say, table
from sync_tasks.services import rekeying

app = typer.Typer(no_args_is_help=True, help="Secret keys: look at them, change them.")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All keys, and how much each of them seals. No key itself is ever shown."""
    with open_app() as opened:
        found = rekeying.uses(opened)
    if as_json:
        give([{"id": use.id, "role": _role(use), "values": use.values, "total": use.total} for use in found])
        return
    rows = [
        (use.id, _role(use), use.total, ", ".join(f"{name} {n}" for name, n in use.values.items())) for use in found
    ]
    table("", ("Key", "What for", "Values", "Where"), rows)


@app.command()
def rotate(as_json: Json = False) -> None:
    """Seal with a new key from now on, and put everything under it. May be stopped and run again, while workers run."""
    with open_app() as opened:
        told = rekeying.rotate(opened)
        from_setting = bool(opened.settings.secret_keys)
        old = [use.id for use in rekeying.uses(opened) if use.held and not use.writes]
    if as_json:
        give({"key": told.key, "new": told.made, "resealed": told.resealed, "unreadable": told.unreadable, "old": old})
    else:
        table(f"everything is under {told.key}", ("Where", "Values put under it"), told.resealed.items())
        if from_setting and not old:
            say("put a new key at the front of INBOX_SYNC_SECRET_KEYS, start everything anew, and run this again")
        for key in old:
            say(f"{key} is no longer needed once all processes know the new one: `inbox-sync keys retire {key}`")
        for name, count in told.unreadable.items():
            say(f"{name}: {count} cannot be read; `inbox-sync keys list` names the key that is missing", "red")
    if told.unreadable:
        raise typer.Exit(FAILED)


@app.command()
def retire(
    key: Annotated[str, typer.Argument(metavar="ID", help="The key; `inbox-sync keys list` shows all.")],
    as_json: Json = False,
) -> None:
    """Take away a key that seals nothing any more."""
    with open_app() as opened:
        try:
            dropped = rekeying.retire(opened, key)
        except rekeying.KeyInUseError as error:
            raise CommandError(str(error)) from None
        except LookupError:
            raise NotFoundError(f"there is no key {key}{near(key, opened.vault.key_ids)}") from None
    if as_json:
        give({"key": key, "dropped": dropped})
    else:
        say(f"{key} is gone" if dropped else f"{key} seals nothing; take it out of INBOX_SYNC_SECRET_KEYS")


def _role(use: rekeying.KeyUse) -> str:
    if not use.held:
        return "missing"
    return "seals and opens" if use.writes else "opens"
