"""`inbox-sync config`: the rules' settings of organizations, presets, profiles and users, and where each comes from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from mapping.rules.setting import MAPPINGS
from mapping.rules.settings import Effective, Explained, Setting, find, resolve
from sync_tasks.bootstrap import App
from sync_tasks.cli.shell import (
    Json,
    NotFoundError,
    WrongUsageError,
    existing,
    give,
    open_app,
    plainly,
    say,
    shown,
    table,
    the_org,
    the_preset,
    the_profile,
    the_user,
    written,
)
from sync_tasks.services import configured, configuring, rollouts
from sync_tasks.services.standing import CONSOLE
from sync_tasks.state.configuration import Scope
from sync_tasks.state.store import Unit

app = typer.Typer(no_args_is_help=True, help="Settings that decide what is synchronized.")

Org = Annotated[str | None, typer.Option("--org", metavar="NAME", help="Organization; needed when there are several.")]
User = Annotated[str | None, typer.Option("--user", metavar="ADDRESS", help="This user instead of the organization.")]
Profile = Annotated[str | None, typer.Option("--profile", metavar="NAME", help="This profile instead.")]
Preset = Annotated[str | None, typer.Option("--preset", metavar="NAME", help="This preset instead.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the setting.")]

DEFAULT, ORGANIZATION = "default", "organization"


@app.command()
def effective(
    org: Org = None, user: User = None, profile: Profile = None, preset: Preset = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only what somebody set.")] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Every setting with the value that holds, who says so, and whether it is locked."""
    with open_app() as opened:
        rows = configured.rows(_holds(opened, org, user, profile, preset), changed=changed)
    if as_json:
        give({row["name"]: {name: row[name] for name in ("value", "from", "lock")} for row in rows})
        return
    if not rows:
        say("everything is as delivered")
    table(
        "", ("Setting", "Value", "From", "Lock", "Meaning"),
        [(row["name"], row["value"], row["from"], row["lock"], row["text"]) for row in rows],
    )  # fmt: skip


@app.command()
def explain(
    name: Name, org: Org = None, user: User = None, profile: Profile = None, preset: Preset = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """One setting: what it means, what every layer says, which of them decides, and whether it is locked."""
    setting = _known(name)
    with open_app() as opened:
        level = _level(user, profile, preset)
        told = configured.explained(_holds(opened, org, user, profile, preset), setting.name, level)
        with opened.store.reading() as unit:
            rollout = None if user is None else rollouts.of_user(unit, the_user(unit, user), setting.name)
        told |= {"rollout": None if rollout is None else rollout.id}
    if as_json:
        give(told)
        return
    say(f"{setting.name} = {shown(told['value'])} (from {told['from']})", "bold")
    say(setting.text)
    if setting.allowed:
        say(f"allowed: {shown(setting.allowed)}")
    say(f"may be set for: {', '.join(told['levels'])}")
    if setting.aliases:
        say(f"also known as: {', '.join(setting.aliases)}")
    if told["lock"]:
        say(f"locked by the {told['lock']}", "yellow")
    if rollout is not None:
        say(f"what the {rollout.level} says is being rolled out, and reaches him already: "
            f"`inbox-sync rollout show {rollout.id}`", "yellow")  # fmt: skip
    rows = [(each["layer"], each["value"], _verdict(each, told)) for each in told["chain"]]
    table("", ("Layer", "Value", ""), rows)


def _verdict(said: dict[str, Any], told: dict[str, Any]) -> str:
    if not said["heard"]:
        return "not heard: locked"
    return "decides" if said["layer"] == told["from"] else ""


@app.command("set")
def set_(
    name: Name,
    value: Annotated[
        str,
        typer.Argument(metavar="VALUE", help="New value; a list is written a,b,c, mappings as JSON or in a @FILE."),
    ],
    org: Org = None, user: User = None, profile: Profile = None, preset: Preset = None,
    lock: Annotated[
        bool | None, typer.Option("--lock/--unlock", help="Whether profiles and users may say something else.")
    ] = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Set a value for the organization, or for a preset, a profile or a user."""
    setting = _known(name)
    given = written(setting.name, value) if setting.entries in MAPPINGS else value
    _change(setting, org, user, profile, preset, as_json=as_json, how=lambda opened, unit, scope: configuring.put(
        unit, scope, setting.name, given, lock=lock, at=opened.clock(), by=CONSOLE
    ))  # fmt: skip


@app.command()
def unset(
    name: Name, org: Org = None, user: User = None, profile: Profile = None, preset: Preset = None,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Take a value back, so that the layer below holds again."""
    setting = _known(name)
    _change(setting, org, user, profile, preset, as_json=as_json, how=lambda opened, unit, scope: configuring.take_back(
        unit, scope, setting.name, at=opened.clock(), by=CONSOLE
    ))  # fmt: skip


@app.command()
def lock(name: Name, org: Org = None, profile: Profile = None, as_json: Json = False) -> None:
    """Have what holds for the organization, or for a profile, hold for everybody in it, whatever they set."""
    setting = _known(name)
    _change(setting, org, None, profile, None, as_json=as_json, how=lambda opened, unit, scope: configuring.lock(
        unit, scope, setting.name, at=opened.clock(), by=CONSOLE
    ))  # fmt: skip


@app.command()
def unlock(name: Name, org: Org = None, profile: Profile = None, as_json: Json = False) -> None:
    """Let profiles and users say something else again; what they had set is heard again."""
    setting = _known(name)
    _change(setting, org, None, profile, None, as_json=as_json, how=lambda opened, unit, scope: configuring.unlock(
        unit, scope, setting.name, at=opened.clock(), by=CONSOLE
    ))  # fmt: skip


@app.command()
def reset(user: Annotated[str, typer.Argument(metavar="USER")], as_json: Json = False) -> None:
    """Take back all that a user has set himself, but for his block lists. Nothing that is synchronized is touched."""
    with open_app() as opened, opened.store.writing() as unit:
        found = the_user(unit, user)
        names = configuring.reset(unit, found, at=opened.clock(), by=CONSOLE)
    if as_json:
        give({"user": found.address, "settings": names})
    else:
        say(f"{found.address}: {', '.join(names)} taken back" if names else f"{found.address} had set nothing")


@app.command()
def diff(
    left: Annotated[str, typer.Argument(
        metavar="LEFT", help="An ADDRESS, profile:NAME, preset:NAME, `organization` or `default`."
    )],
    right: Annotated[str, typer.Argument(metavar="[RIGHT]", help="The same; without it, the default.")] = DEFAULT,
    org: Org = None, as_json: Json = False,
) -> None:  # fmt: skip
    """In which settings two users, profiles or presets differ."""
    with open_app() as opened:
        rows = configured.differences(_subject(opened, org, left), _subject(opened, org, right))
    if as_json:
        give(rows)
        return
    if not rows:
        say(f"{left} and {right} do not differ")
    table("", ("Setting", left, "From", right, "From"),
          [(row["name"], row["left"], row["left_from"], row["right"], row["right_from"]) for row in rows])  # fmt: skip


@app.command()
def history(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this setting.")] = None,
    org: Org = None, user: User = None, profile: Profile = None, preset: Preset = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50, as_json: Json = False,
) -> None:  # fmt: skip
    """Who changed what, when, and from what: in the whole organization, or of one profile, preset or user."""
    setting = None if name is None else _known(name)
    with open_app() as opened, opened.store.reading() as unit:
        scope = _scope(unit, org, user, profile, preset)
        only = None if scope.level == ORGANIZATION else scope
        found = unit.configuration.changes(scope.org_id, only, name=setting.name if setting else "", limit=limit)
        rows = configured.changes(unit, found)
    if as_json:
        give(rows)
        return
    if not rows:
        say("nothing was changed yet")
    table("", ("Change", "When", "By", "Of", "Setting", "From", "To", "For"), [
        (row["number"], row["at"], row["by"], row["of"], row["name"], _told(row["before"], lock=row["was_locked"]),
         _told(row["after"], lock=row["locked"]), row["step"] or "all") for row in rows
    ])  # fmt: skip


@app.command()
def undo(
    change: Annotated[int, typer.Argument(metavar="CHANGE", help="Its number in `config history`.")],
    as_json: Json = False,
) -> None:
    """Set the value again that stood before a change, with its lock. That is a change of its own."""
    with open_app() as opened, opened.store.writing() as unit, plainly():
        found = existing(unit.configuration.change(change), f"change {change}", "config history")
        of = configuring.named(unit, found.scope)
        now = configuring.undo(unit, found, at=opened.clock(), by=CONSOLE)
    _tell(found.name, now, of, as_json=as_json)


def _told(value: object, *, lock: bool) -> str:
    return "not set" if value is None else f"{shown(value)}{' (locked)' if lock else ''}"


def _change(
    setting: Setting, org: str | None, user: str | None, profile: str | None, preset: str | None, *, as_json: bool,
    how: Callable[[App, Unit, Scope], Explained],
) -> None:  # fmt: skip
    with open_app() as opened, opened.store.writing() as unit, plainly():
        scope = _scope(unit, org, user, profile, preset)
        if scope.level not in setting.levels and scope.level != ORGANIZATION:
            raise WrongUsageError(
                f"{setting.name} may be set for {', '.join(setting.levels)} only: leave out --{scope.level}"
            )
        now, of = how(opened, unit, scope), configuring.named(unit, scope)
    _tell(setting.name, now, of, as_json=as_json)


def _tell(name: str, now: Explained, of: str, *, as_json: bool) -> None:
    if as_json:
        give({"name": name, "value": now.value, "from": now.layer, "lock": now.lock, "of": of})
        return
    say(f"{name} = {shown(now.value)} (from {now.layer}{', locked' if now.lock else ''})")


def _known(name: str) -> Setting:
    try:
        return find(name)
    except ValueError as error:
        raise NotFoundError(
            f"{error}" if "mean" in str(error) else f"{error}; see `inbox-sync config effective`"
        ) from None


def _level(user: str | None, profile: str | None, preset: str | None) -> str:
    given = [name for name, value in (("user", user), ("profile", profile), ("preset", preset)) if value is not None]
    if len(given) > 1:
        raise WrongUsageError(f"--{given[0]} and --{given[1]} exclude each other")
    return given[0] if given else ORGANIZATION


def _scope(unit: Unit, org: str | None, user: str | None, profile: str | None, preset: str | None) -> Scope:
    level = _level(user, profile, preset)
    if user is not None:
        found = the_user(unit, user)
        if org is not None and found.org_name != org:
            raise WrongUsageError(f"{found.address} belongs to {found.org_name}, not to {org}")
        return configuring.of_user(found)
    organization = the_org(unit, org)
    if level == "profile":
        return configuring.of_profile(the_profile(unit, organization, profile or ""))
    if level == "preset":
        return configuring.of_preset(the_preset(unit, organization, preset or ""))
    return Scope(organization.id)


def _holds(opened: App, org: str | None, user: str | None, profile: str | None, preset: str | None) -> Effective:
    """What holds; for a user with what the mailbox is not able to do."""
    with opened.store.reading() as unit:
        if _level(user, profile, preset) == "preset":
            row = the_preset(unit, the_org(unit, org), preset or "")
            return resolve(unit.configuration.preset_layers(row))
        scope = _scope(unit, org, user, profile, preset)
        found = unit.accounts.user(scope.id) if scope.level == "user" and scope.id is not None else None
        if found is None:
            return configuring.held(unit, scope)
    return opened.effective(found)


def _subject(opened: App, org: str | None, text: str) -> Effective:
    """What holds for what a word of `config diff` stands for."""
    kind, _, name = text.partition(":")
    if text == DEFAULT:
        return Effective()
    if kind in ("profile", "preset") and name:
        return _holds(opened, org, None, name if kind == "profile" else None, name if kind == "preset" else None)
    if text == ORGANIZATION:
        return _holds(opened, org, None, None, None)
    if "@" not in text:
        raise WrongUsageError(f"{text!r} is no ADDRESS, profile:NAME, preset:NAME, `organization` or `default`")
    return _holds(opened, None, text, None, None)
