"""`inbox-sync config`: the rules' settings of organizations and users, and where each value comes from."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mapping.rules import once
from mapping.rules.settings import LEVELS, SETTINGS, Effective, Setting, find, parse, resolve
from sync_tasks.cli.shell import (
    Json,
    NotFoundError,
    WrongUsageError,
    give,
    open_app,
    say,
    shown,
    table,
    the_org,
    the_user,
    written,
)
from sync_tasks.state.store import Unit

app = typer.Typer(no_args_is_help=True, help="Settings that decide what is synchronized.")

Org = Annotated[str | None, typer.Option("--org", metavar="NAME", help="Organization; needed when there are several.")]
User = Annotated[str | None, typer.Option("--user", metavar="ADDRESS", help="This user instead of the organization.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the setting.")]


@app.command()
def effective(org: Org = None, user: User = None, as_json: Json = False) -> None:
    """Every setting with the value that holds, and who says so."""
    held = _of(org, user)
    rows = {name: held.explain(name) for name in SETTINGS}
    if as_json:
        give({name: {"value": row.value, "from": row.layer} for name, row in rows.items()})
    else:
        table(
            "", ("Setting", "Value", "From", "Meaning"),
            [(name, row.value, row.layer, SETTINGS[name].text) for name, row in rows.items()],
        )  # fmt: skip


@app.command()
def explain(name: Name, org: Org = None, user: User = None, as_json: Json = False) -> None:
    """One setting: what it means, what every layer says, what holds."""
    setting = _known(name)
    found = _of(org, user).explain(setting.name)
    if as_json:
        give({"name": setting.name, "text": setting.text, "value": found.value, "from": found.layer,
              "chain": [{"layer": layer, "value": value} for layer, value in found.chain], "levels": setting.levels,
              "allowed": setting.allowed, "aliases": setting.aliases})  # fmt: skip
        return
    say(f"{setting.name} = {shown(found.value)} (from {found.layer})", "bold")
    say(setting.text)
    if setting.allowed:
        say(f"allowed: {shown(setting.allowed)}")
    say(f"may be set for: {', '.join(level for level in LEVELS if level in setting.levels)}")
    if setting.aliases:
        say(f"also known as: {', '.join(setting.aliases)}")
    table("", ("Layer", "Value"), found.chain)


@app.command("set")
def set_(
    name: Name,
    value: Annotated[
        str,
        typer.Argument(metavar="VALUE", help="New value; a list is written a,b,c, mappings as JSON or in a @FILE."),
    ],
    org: Org = None,
    user: User = None,
    as_json: Json = False,
) -> None:
    """Set a value for the organization, or with --user for one user."""
    setting = _known(name)
    try:
        meant = parse(
            setting.name, written(setting.name, value) if setting.entries in ("objects", "categories") else value
        )
    except ValueError as error:
        raise WrongUsageError(str(error)) from None
    # "no limit" is a value of its own, and the store takes an empty one for "not set"
    stored = "none" if meant is None else list(meant) if isinstance(meant, tuple) else meant
    _put(setting, stored, org, user, "set", as_json=as_json)


@app.command()
def unset(name: Name, org: Org = None, user: User = None, as_json: Json = False) -> None:
    """Take a value back, so that the layer below holds again."""
    _put(_known(name), None, org, user, "unset", as_json=as_json)


def _put(setting: Setting, stored: Any, org: str | None, user: str | None, action: str, *, as_json: bool) -> None:
    level = "organization" if user is None else "user"
    if stored is not None and level not in setting.levels:
        raise WrongUsageError(f"{setting.name} may be set for {', '.join(setting.levels)} only: leave out --user")
    with open_app() as opened, opened.store.writing() as unit:
        org_id, user_id = _scope(unit, org, user)
        layers = dict(unit.accounts.settings(org_id, user_id))
        if stored is None and setting.name not in layers[level]:
            raise NotFoundError(f"{setting.name} is not set for the {level}; nothing to take back")
        unit.accounts.put_setting(org_id, user_id, setting.name, stored)
        unit.accounts.audit(
            opened.clock(), "console", f"config.{action}", setting.name, level=level, user=user or "", value=stored
        )
        held = _held(unit, org_id, user_id)
        if told := once.objection(held):
            raise WrongUsageError(told)
        found = held.explain(setting.name)
    if as_json:
        give({"name": setting.name, "value": found.value, "from": found.layer})
    else:
        say(f"{setting.name} = {shown(found.value)} (from {found.layer})")


def _known(name: str) -> Setting:
    try:
        return find(name)
    except ValueError as error:
        raise NotFoundError(
            f"{error}" if "mean" in str(error) else f"{error}; see `inbox-sync config effective`"
        ) from None


def _scope(unit: Unit, org: str | None, user: str | None) -> tuple[int, int | None]:
    if user is None:
        return the_org(unit, org).id, None
    found = the_user(unit, user)
    if org is not None and found.org_name != org:
        raise WrongUsageError(f"{found.address} belongs to {found.org_name}, not to {org}")
    return found.org_id, found.id


def _of(org: str | None, user: str | None) -> Effective:
    """What holds; for a user with what the mailbox is not able to do."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            org_id, user_id = _scope(unit, org, user)
            if user_id is None:
                return _held(unit, org_id, None)
            found = unit.accounts.user(user_id)
        return opened.effective(found)


def _held(unit: Unit, org_id: int, user_id: int | None) -> Effective:
    return resolve(unit.accounts.settings(org_id, user_id))
