"""What all commands share: output for people and for programs, errors that say what to do, the open application."""

from __future__ import annotations

import difflib
import getpass
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sync_tasks.bootstrap import App
from sync_tasks.services.configuring import NotSetError, SettingRefusedError
from sync_tasks.settings import Settings
from sync_tasks.state import migrate
from sync_tasks.state.configuration import PresetView, ProfileView
from sync_tasks.state.records import OrgView, UserView
from sync_tasks.state.store import Unit

DONE, FAILED, WRONG_USAGE, NOTHING_FOUND = 0, 1, 2, 3
PLAIN_WIDTH = 160  # of a table that goes into a file or a pipe

T = TypeVar("T")
Json = Annotated[bool, typer.Option("--json", help="Answer in JSON, for programs.")]
OnlyUser = Annotated[str | None, typer.Argument(metavar="[USER]", help="Only this user's.")]

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


class CommandError(Exception):
    """A command cannot be done. The text says what is wrong, where, and what to do."""

    code = FAILED


class WrongUsageError(CommandError):
    """It was asked for in a way that makes no sense."""

    code = WRONG_USAGE


class NotFoundError(CommandError):
    """What was named does not exist."""

    code = NOTHING_FOUND


# --- groups of commands


def lists_by_itself(app: typer.Typer, command: Callable[..., None]) -> None:
    """Let a group without a command list what it is about. `command` takes `as_json`."""

    @app.callback(invoke_without_command=True)
    def list_when_nothing_is_said(context: typer.Context, as_json: Json = False) -> None:
        if context.invoked_subcommand is None:
            command(as_json=as_json)


# --- output


def console(*, stderr: bool = False) -> Console:
    """Made anew for each use, so that it follows whatever stdout is at the moment."""
    made = Console(stderr=stderr, highlight=False, emoji=False)
    if not made.is_terminal:
        made.width = PLAIN_WIDTH
    return made


def clean(value: object) -> str:
    """Text from anywhere, safe to show on a terminal: no control and no direction signs."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", str(value))


def say(text: str, style: str = "") -> None:
    console().print(Text(clean(text), style=style))


def warn(text: str) -> None:
    console(stderr=True).print(Text(clean(text), style="yellow"))


def give(value: Any) -> None:
    """An answer in JSON."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_plain))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, (set, frozenset, tuple)):
        return sorted(value) if isinstance(value, (set, frozenset)) else list(value)
    return str(value)


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table, or nothing when it has no rows."""
    made = Table(
        *columns, title=clean(title) or None, title_justify="left", title_style="bold", box=None, pad_edge=False
    )
    for row in rows:
        made.add_row(*(Text(shown(cell)) for cell in row))
    if made.row_count:
        console().print(made)


def shown(value: object) -> str:
    """A value as people read it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, (tuple, list)):
        return ", ".join(map(shown, value)) or "-"
    if isinstance(value, Mapping):
        return clean(json.dumps(value, ensure_ascii=False))
    return clean(value)


# --- the application


@contextmanager
def open_app(*, migrated: bool = True) -> Iterator[App]:
    """The application on a database that is up to date; that of the home is brought there without being asked."""
    app = App(Settings())
    try:
        if migrated:
            _bring_up_to_date(app)
        yield app
    finally:
        app.close()


def _bring_up_to_date(app: App) -> None:
    at, head = migrate.current(app.store.engine), migrate.head()
    if at == head:
        return
    if not is_embedded(app.settings):
        where = f"at {at}" if at else "empty"
        raise CommandError(f"the database is {where}, this program needs {head}: run `inbox-sync db upgrade`")
    migrate.upgrade(app.store.engine)


def is_embedded(settings: Settings) -> bool:
    """Whether the database is the one in the home, which nobody else looks after."""
    return settings.database_url == f"sqlite:///{settings.home}/inbox-sync.db"


def the_org(unit: Unit, name: str | None) -> OrgView:
    """The organization of that name, or the only one."""
    everyone = unit.accounts.orgs()
    if name is None and len(everyone) == 1:
        return everyone[0]
    if name is None:
        known = ", ".join(org.name for org in everyone) or "none; make one with `inbox-sync org add NAME`"
        raise WrongUsageError(f"say which organization with --org NAME (known: {known})")
    found = next((org for org in everyone if org.name == name), None)
    if found is None:
        raise NotFoundError(f"there is no organization {name}{near(name, [org.name for org in everyone])}")
    return found


def the_user(unit: Unit, address: str) -> UserView:
    """The user of that address."""
    found = unit.accounts.find_user(address.strip().lower())
    if found is None:
        known = [user.address for user in unit.accounts.users()]
        raise NotFoundError(f"there is no user {address}{near(address, known)}; `inbox-sync user list` shows all")
    return found


def the_profile(unit: Unit, org: OrgView, name: str) -> ProfileView:
    """The organization's profile of that name."""
    found = unit.configuration.profile(org.id, name)
    if found is None:
        known = [each.name for each in unit.configuration.profiles(org.id)]
        raise NotFoundError(f"there is no profile {name}{near(name, known)}; `inbox-sync profile list` shows all")
    return found


def the_preset(unit: Unit, org: OrgView, name: str) -> PresetView:
    """The preset of that name: the organization's own, or one that comes with the product."""
    found = unit.configuration.preset(org.id, name)
    if found is None:
        known = [each.name for each in unit.configuration.presets(org.id)]
        raise NotFoundError(f"there is no preset {name}{near(name, known)}; `inbox-sync preset list` shows all")
    return found


def only_of(unit: Unit, address: str | None) -> int | None:
    """The id of the user whose entries alone are asked for, if one is named."""
    return None if address is None else the_user(unit, address).id


def existing(found: T | None, named: str, lister: str) -> T:
    """What was looked up by its number. `lister`: the command that lists those that there are."""
    if found is None:
        raise NotFoundError(f"there is no {named}; `inbox-sync {lister}` lists them")
    return found


def near(name: str, known: Sequence[str]) -> str:
    """`; did you mean ...?`, when something known looks like it."""
    found = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {found[0]}?" if found else ""


@contextmanager
def plainly() -> Iterator[None]:
    """What is refused of settings, in the words and with the codes of the console."""
    try:
        yield
    except NotSetError as error:
        raise NotFoundError(str(error)) from None
    except (SettingRefusedError, ValueError) as error:
        raise WrongUsageError(str(error)) from None


# --- values on the command line


def assignments(given: Sequence[str], option: str) -> dict[str, str]:
    """`name=value` options as a mapping."""
    found: dict[str, str] = {}
    for each in given:
        name, sign, value = each.partition("=")
        if not sign or not name:
            raise WrongUsageError(f"{option} takes name=value, not {each!r}")
        found[name.strip()] = value
    return found


def secret_value(name: str, given: str) -> str:
    """What stands on the command line, in the file after `@`, or, for `-`, is asked for (read from a pipe as it is)."""
    if given == "-":
        return getpass.getpass(f"{name}: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    return written(name, given)


def written(name: str, given: str) -> str:
    """What stands on the command line, or in the file after `@`."""
    if not given.startswith("@"):
        return given
    path = Path(given[1:])
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsageError(f"the file {path} with {name} cannot be read: {error.__class__.__name__}") from None
