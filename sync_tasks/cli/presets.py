"""`inbox-sync preset`: values of settings that go together, from which profiles start."""

from __future__ import annotations

from typing import Annotated

import typer

from mapping.rules.settings import Effective, resolve
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
    the_preset,
    the_profile,
    the_user,
)
from sync_tasks.services import configured, configuring, profiles
from sync_tasks.services.standing import CONSOLE
from sync_tasks.state.configuration import PresetView
from sync_tasks.state.records import OrgView
from sync_tasks.state.store import Unit

app = typer.Typer(help="Presets: the shipped ones, and an organization's own.")

Org = Annotated[str | None, typer.Option("--org", metavar="NAME", help="Organization; needed when there are several.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the preset.")]


@app.command("list")
def list_(org: Org = None, as_json: Json = False) -> None:
    """All presets, and which profiles start from them."""
    with open_app() as opened, opened.store.reading() as unit:
        organization = the_org(unit, org)
        used = [(each.preset, each.name) for each in unit.configuration.profiles(organization.id)]
        rows = [
            configured.preset(unit, row) | {"profiles": [name for preset, name in used if preset == row.name]}
            for row in unit.configuration.presets(organization.id)
        ]
    if as_json:
        give(rows)
        return
    table("", ("Preset", "Shipped", "Sets", "Profiles", "Meaning"), [
        (row["name"], row["shipped"], len(row["values"]), row["profiles"], row["text"]) for row in rows
    ])  # fmt: skip


@app.command()
def show(name: Name, org: Org = None, as_json: Json = False) -> None:
    """What a preset sets. `inbox-sync config effective --preset NAME` tells all that holds with it."""
    with open_app() as opened, opened.store.reading() as unit:
        told = configured.preset(unit, the_preset(unit, the_org(unit, org), name))
    if as_json:
        give(told)
        return
    say(f"{told['name']}{' (shipped)' if told['shipped'] else ''}", "bold")
    say(told["text"])
    table("", ("Setting", "Value"), sorted(told["values"].items()))


@app.command()
def create(
    name: Name,
    org: Org = None,
    copy: Annotated[str | None, typer.Option(metavar="PRESET", help="Begin as a copy of this preset.")] = None,
    from_user: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Begin with what holds for a user.")] = None,
    from_profile: Annotated[str | None, typer.Option(metavar="NAME", help="Begin with that of a profile.")] = None,
    text: Annotated[str, typer.Option(help="What it is for, in a sentence.")] = "",
    as_json: Json = False,
) -> None:
    """Make a preset of the organization's own. `config set NAME VALUE --preset PRESET` changes it later."""
    if sum(each is not None for each in (copy, from_user, from_profile)) > 1:
        raise WrongUsageError("say one of --copy, --from-user and --from-profile")
    with open_app() as opened, opened.store.writing() as unit, plainly():
        organization = the_org(unit, org)
        source = _source(unit, organization, copy, from_user, from_profile)
        made = profiles.add_preset(unit, organization.id, name, text=text, of=source, at=opened.clock(), by=CONSOLE)
        told = configured.preset(unit, made)
    if as_json:
        give(told)
    else:
        say(f"preset {made.name} sets {len(told['values'])} settings; `inbox-sync preset show {made.name}`")


def _source(
    unit: Unit, org: OrgView, copy: str | None, user: str | None, profile: str | None
) -> Effective | PresetView | None:  # fmt: skip
    if copy is not None:
        return the_preset(unit, org, copy)
    if profile is not None:
        return configuring.held(unit, configuring.of_profile(the_profile(unit, org, profile)))
    if user is None:
        return None
    found = the_user(unit, user)
    if found.org_id != org.id:
        raise WrongUsageError(f"{found.address} belongs to {found.org_name}, not to {org.name}")
    return resolve(unit.accounts.settings(org.id, found.id))


@app.command()
def delete(name: Name, org: Org = None, as_json: Json = False) -> None:
    """Take a preset of the organization's own away; refused while a profile starts from it."""
    with open_app() as opened, opened.store.writing() as unit, plainly():
        found = the_preset(unit, the_org(unit, org), name)
        profiles.drop_preset(unit, found, at=opened.clock(), by=CONSOLE)
    if as_json:
        give({"name": found.name, "deleted": True})
    else:
        say(f"preset {found.name} deleted")


lists_by_itself(app, list_)
