"""`inbox-sync profile`: groups of users for whom the same is set."""

from __future__ import annotations

from typing import Annotated

import typer

from sync_tasks.cli.shell import (
    Json,
    WrongUsageError,
    give,
    lists_by_itself,
    open_app,
    plainly,
    say,
    table,
    the_org,
    the_profile,
    the_user,
)
from sync_tasks.services import configured, profiles
from sync_tasks.services.standing import CONSOLE
from sync_tasks.state.configuration import ProfileView
from sync_tasks.state.records import UserView
from sync_tasks.state.store import Unit

app = typer.Typer(help="Profiles: what is set for groups of users.")

Org = Annotated[str | None, typer.Option("--org", metavar="NAME", help="Organization; needed when there are several.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the profile.")]
Preset = Annotated[str | None, typer.Option("--preset", metavar="NAME", help="From which preset it starts; '' = none.")]
Text = Annotated[str | None, typer.Option(help="Whom it is for, in a sentence.")]
Override = Annotated[
    bool, typer.Option("--override/--preserve", help="Replace what users have set themselves, or keep it.")
]
Addresses = Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS...]", help="Users.")]


@app.command("list")
def list_(org: Org = None, as_json: Json = False) -> None:
    """All profiles with their presets and how many users they have."""
    with open_app() as opened, opened.store.reading() as unit:
        rows = [configured.profile(unit, row) for row in unit.configuration.profiles(the_org(unit, org).id)]
    if as_json:
        give(rows)
        return
    if not rows:
        say("no profile yet; make one with `inbox-sync profile create NAME --preset PRESET`")
    table("", ("Profile", "Preset", "Sets", "Locks", "Users", "Meaning"), [
        (row["name"], row["preset"] or "-", len(row["values"]), len(row["locked"]), len(row["users"]), row["text"])
        for row in rows
    ])  # fmt: skip


@app.command()
def show(name: Name, org: Org = None, as_json: Json = False) -> None:
    """What a profile sets and locks, and who is in it."""
    with open_app() as opened, opened.store.reading() as unit:
        told = configured.profile(unit, the_profile(unit, the_org(unit, org), name))
    if as_json:
        give(told)
        return
    say(told["name"] + (f", from preset {told['preset']}" if told["preset"] else ""), "bold")
    if told["text"]:
        say(told["text"])
    rows = [(key, value, "locked" if key in told["locked"] else "") for key, value in sorted(told["values"].items())]
    table("", ("Setting", "Value", ""), rows)
    say(f"users: {', '.join(told['users']) or 'none'}")


@app.command()
def create(name: Name, org: Org = None, preset: Preset = None, text: Text = None, as_json: Json = False) -> None:
    """Make a profile. `config set NAME VALUE --profile PROFILE [--lock]` says what is set for its users."""
    with open_app() as opened, opened.store.writing() as unit, plainly():
        made = profiles.add_profile(
            unit, the_org(unit, org).id, name, text=text or "", preset=preset or "", at=opened.clock(), by=CONSOLE
        )
        _tell(unit, made, "made", as_json=as_json)


@app.command("set")
def set_(name: Name, org: Org = None, preset: Preset = None, text: Text = None, as_json: Json = False) -> None:
    """Give a profile another preset or another description; its users follow with their next run."""
    if preset is None and text is None:
        raise WrongUsageError("say --preset NAME, --text TEXT or both")
    with open_app() as opened, opened.store.writing() as unit, plainly():
        found = the_profile(unit, the_org(unit, org), name)
        after = profiles.set_profile(unit, found, text=text, preset=preset, at=opened.clock(), by=CONSOLE)
        _tell(unit, after, "changed", as_json=as_json)


@app.command()
def assign(
    name: Name,
    users: Addresses = None,
    org: Org = None,
    everybody: Annotated[bool, typer.Option("--all", help="All users of the organization.")] = False,
    override: Override = False,
    as_json: Json = False,
) -> None:
    """Put users into a profile; they leave the one they were in."""
    with open_app() as opened, opened.store.writing() as unit, plainly():
        organization = the_org(unit, org)
        found = the_profile(unit, organization, name)
        chosen = unit.accounts.users(organization.id) if everybody else _users(unit, users)
        if not chosen:
            raise WrongUsageError("name the users, or say --all")
        back = profiles.assign(unit, chosen, found, override=override, at=opened.clock(), by=CONSOLE)
    _assigned(found.name, len(chosen), back, as_json=as_json)


@app.command()
def unassign(users: Annotated[list[str], typer.Argument(metavar="ADDRESS...")], as_json: Json = False) -> None:
    """Take users out of their profile; what the organization and they themselves have set holds then."""
    with open_app() as opened, opened.store.writing() as unit:
        chosen = _users(unit, users)
        profiles.assign(unit, chosen, None, at=opened.clock(), by=CONSOLE)
    _assigned("", len(chosen), 0, as_json=as_json)


@app.command()
def apply(name: Name, org: Org = None, override: Override = False, as_json: Json = False) -> None:
    """Apply a profile to its users anew. They follow it anyway, but for what they have set themselves: with --override
    that is taken back."""
    with open_app() as opened, opened.store.writing() as unit:
        found = the_profile(unit, the_org(unit, org), name)
        members = unit.accounts.users_numbered(unit.configuration.members(found.id))
        back = profiles.assign(unit, members, found, override=override, at=opened.clock(), by=CONSOLE)
    _assigned(found.name, len(members), back, as_json=as_json)


@app.command()
def delete(
    name: Name,
    org: Org = None,
    force: Annotated[bool, typer.Option("--force", help="Even if users are in it; they are in none then.")] = False,
    as_json: Json = False,
) -> None:
    """Take a profile away; refused while users are in it."""
    with open_app() as opened, opened.store.writing() as unit, plainly():
        found = the_profile(unit, the_org(unit, org), name)
        profiles.drop_profile(unit, found, force=force, at=opened.clock(), by=CONSOLE)
    if as_json:
        give({"name": found.name, "deleted": True})
    else:
        say(f"profile {found.name} deleted")


def _users(unit: Unit, addresses: list[str] | None) -> list[UserView]:
    return list({user.id: user for user in (the_user(unit, each) for each in addresses or ())}.values())


def _assigned(name: str, users: int, back: int, *, as_json: bool) -> None:
    if as_json:
        give({"profile": name, "users": users, "taken_back": back})
        return
    of = "1 user is" if users == 1 else f"{users} users are"
    more = f"; {back} values that they had set were taken back" if back else ""
    say(f"{of} in {f'profile {name}' if name else 'no profile'} now{more}")


def _tell(unit: Unit, row: ProfileView, what: str, *, as_json: bool) -> None:
    if as_json:
        give(configured.profile(unit, row))
    else:
        say(f"profile {row.name} {what}" + (f", from preset {row.preset}" if row.preset else ""))


lists_by_itself(app, list_)
