"""`inbox-sync block`: addresses and domains to which a user's mail is not linked and for which nobody is made."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import typer

from mapping.rules.addresses import entry
from mapping.rules.settings import Effective, parse, resolve
from sync_tasks.bootstrap import App
from sync_tasks.cli.shell import Json, NotFoundError, WrongUsageError, give, open_app, plainly, say, table, the_user
from sync_tasks.services import configuring
from sync_tasks.services.standing import CONSOLE
from sync_tasks.state.records import UserView
from sync_tasks.state.store import Unit

app = typer.Typer(no_args_is_help=True, help="Addresses and domains that are left out; holds from the next run on.")

USER, REMOVED, ORG = "blocklist.user", "blocklist.removed", "blocklist.org"

Address = Annotated[str, typer.Argument(metavar="USER", help="Whose list it is.")]
Entries = Annotated[list[str], typer.Argument(metavar="ENTRY...", help="Addresses or domains, without wildcards.")]


@app.command()
def add(user: Address, entries: Entries, as_json: Json = False) -> None:
    """Block addresses or domains for a user, as "do not sync" does in the mailbox."""
    wanted = _read(entries)
    with open_app() as opened, opened.store.writing() as unit, plainly():
        owner = the_user(unit, user)
        held = _held(unit, owner)
        _put(opened, unit, owner, USER, [*held.list(USER), *wanted])
        _put(opened, unit, owner, REMOVED, [each for each in held.list(REMOVED) if entry(each) not in wanted])
        _note(opened, unit, owner, "add", wanted)
        _tell(unit, owner, as_json=as_json)


@app.command()
def remove(user: Address, entries: Entries, as_json: Json = False) -> None:
    """Undo that. What the lists of the organization hold is taken off for this user alone, where that is allowed."""
    wanted = _read(entries)
    with open_app() as opened, opened.store.writing() as unit, plainly():
        owner = the_user(unit, user)
        held = _held(unit, owner)
        own = {entry(each) for each in held.list(USER)}
        others = [each for each in wanted if each not in own]
        if others and not held.bool("blocklist.removable"):
            raise WrongUsageError(f"{others[0]} is not on the user's own list, and blocklist.removable is off")
        listed = {entry(each) for name in (ORG, "domains.internal") for each in held.list(name)}
        unknown = [each for each in others if each not in listed and "@" in each]
        if unknown:
            raise NotFoundError(f"{unknown[0]} is on no list; `inbox-sync block list {owner.address}` shows them")
        _put(opened, unit, owner, USER, [each for each in held.list(USER) if entry(each) not in wanted])
        _put(opened, unit, owner, REMOVED, [*held.list(REMOVED), *others])
        _note(opened, unit, owner, "remove", wanted)
        _tell(unit, owner, as_json=as_json)


@app.command("list")
def list_(user: Address, as_json: Json = False) -> None:
    """What is blocked for a user, and by whom."""
    with open_app() as opened, opened.store.reading() as unit:
        _tell(unit, the_user(unit, user), as_json=as_json)


def _read(entries: Sequence[str]) -> list[str]:
    """The entries as they are compared."""
    try:
        parse(USER, ",".join(entries))
    except ValueError as error:
        raise WrongUsageError(str(error)) from None
    return list(dict.fromkeys(entry(part) for each in entries for part in each.split(",") if part.strip()))


def _held(unit: Unit, owner: UserView) -> Effective:
    return resolve(unit.accounts.settings(owner.org_id, owner.id))


def _put(opened: App, unit: Unit, owner: UserView, name: str, entries: Sequence[str]) -> None:
    """Have the user's own list be this one, if that changes anything."""
    scope, wanted = configuring.of_user(owner), list(dict.fromkeys(map(entry, entries)))
    if wanted == list(map(entry, _held(unit, owner).list(name))):
        return
    if wanted:
        configuring.put(unit, scope, name, wanted, at=opened.clock(), by=CONSOLE)
    elif name in unit.configuration.values(scope).values:
        configuring.take_back(unit, scope, name, at=opened.clock(), by=CONSOLE)


def _note(opened: App, unit: Unit, owner: UserView, action: str, entries: Sequence[str]) -> None:
    # how many, not who: the list itself is in the history of settings, which can be erased
    unit.accounts.audit(opened.clock(), CONSOLE, f"block.{action}", owner.address, entries=len(entries))


def _tell(unit: Unit, owner: UserView, *, as_json: bool) -> None:
    held = _held(unit, owner)
    may = held.bool("blocklist.removable")
    removed = {entry(each) for each in held.list(REMOVED)} if may else set()
    rows = [(each, "the user") for each in map(entry, held.list(USER))]
    rows += [(each, "the organization") for each in map(entry, held.list(ORG)) if each not in removed]
    if as_json:
        give({"user": owner.address, "blocked": [{"entry": each, "by": by} for each, by in rows],
              "removed": sorted(removed)})  # fmt: skip
        return
    if not rows:
        say(f"nothing is blocked for {owner.address}")
    table("", ("Entry", "Blocked by"), rows)
    if removed:
        say(f"taken off the lists of the organization: {', '.join(sorted(removed))}")
