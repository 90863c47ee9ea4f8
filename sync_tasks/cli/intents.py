"""`inbox-sync intent`: what is to become of single messages, said before a run has met them."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer

from sync_tasks.cli.shell import (
    CommandError,
    Json,
    OnlyUser,
    WrongUsageError,
    assignments,
    existing,
    give,
    lists_by_itself,
    only_of,
    open_app,
    say,
    shown,
    table,
    the_user,
)
from sync_tasks.services import intending
from sync_tasks.state.records import IntentView

app = typer.Typer(help="Single messages that are to be saved, with the records they hang on.")


@app.command()
def add(
    user: Annotated[str, typer.Argument(metavar="USER", help="Whose mailbox it is.")],
    message: Annotated[str, typer.Option("--message", metavar="ID", help="Message-ID; it may not be sent yet.")] = "",
    item: Annotated[str, typer.Option("--item", metavar="ID", help="Id of the message in the mailbox.")] = "",
    folder: Annotated[str, typer.Option("--folder", help="Where the item lies: inbox or sent.")] = "inbox",
    who: Annotated[list[str] | None, typer.Option("--who", metavar="ID", help="Contact or lead; may be given again.")]
    = None,
    what: Annotated[list[str] | None, typer.Option("--what", metavar="ID", help="Account, opportunity, case or so.")]
    = None,
    values: Annotated[list[str] | None, typer.Option("--set", metavar="COLUMN=VALUE", help="Value of the new record.")]
    = None,
    thread: Annotated[bool, typer.Option("--thread", help="Also the later messages of its thread.")] = False,
    days: Annotated[int, typer.Option(min=1, help="How many days to wait for the message.")] = 30,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Have one message saved by the next run that meets it. Without records the usual ones are found."""
    if folder not in ("inbox", "sent"):
        raise WrongUsageError(f"--folder is inbox or sent, not {folder!r}")
    about = what or []
    if len(about) > 1:
        raise WrongUsageError("several business records: Salesforce takes one for a message, so give --what once")
    choice = intending.Choice(
        message, item, folder, tuple(who or ()), "".join(about), assignments(values or (), "--set"), thread
    )  # fmt: skip
    with open_app() as opened:
        with opened.store.reading() as unit:
            owner = the_user(unit, user)
        try:
            number = intending.add(opened, owner, choice, by="console", lives=timedelta(days=days))
        except ValueError as error:
            raise WrongUsageError(str(error)) from None
        except intending.InactiveError as error:
            raise CommandError(str(error)) from None
        with opened.store.reading() as unit:
            made = unit.intents.get(number)
    assert made is not None
    if as_json:
        give(_told(made))
    else:
        say(f"noted as {made.id}: the run that meets the message saves it; waited for until {shown(made.expires_at)}")


@app.command("list")
def list_(
    user: OnlyUser = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most messages shown.")] = 50,
    as_json: Json = False,
) -> None:
    """What waits for its message, newest first; never the values."""
    with open_app() as opened, opened.store.reading() as unit:
        now = opened.clock()
        user_id = only_of(unit, user)
        found = unit.intents.recent(user_id, now, closed=everything, limit=limit)
    if as_json:
        give([_told(each) for each in found])
        return
    if not found:
        say("nothing waits for its message")
        return
    rows = [(i.id, i.user, i.who, i.what, i.thread, i.made_at, _state(i, now)) for i in found]
    table("", ("Number", "User", "People", "About", "Thread", "Since", "State"), rows)


lists_by_itself(app, list_)


@app.command()
def drop(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="`inbox-sync intent list` shows them.")],
    as_json: Json = False,
) -> None:
    """Take one back."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            existing(unit.intents.get(number), str(number), "intent list --all")
        done = intending.drop(opened, number, by="console")
        with opened.store.reading() as unit:
            after = unit.intents.get(number)
    assert after is not None
    if not done:
        raise CommandError(f"{number} is over since {shown(after.closed_at)}; nothing is left to take back")
    if as_json:
        give(_told(after))
    else:
        say(f"{number} of {after.user} is taken back")


def _told(intent: IntentView) -> dict[str, Any]:
    """An intent as JSON values."""
    return {each.name: getattr(intent, each.name) for each in fields(intent) if each.name != "user_id"}


def _state(intent: IntentView, now: datetime) -> str:
    if intent.outcome:
        return intent.outcome
    return "expired" if intent.expires_at <= now else "waits"
