"""`inbox-sync what-if`: what other settings would change, without changing anything."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from mapping.rules.setting import MAPPINGS
from mapping.rules.settings import find
from sync_tasks.cli.shell import (
    Json,
    WrongUsageError,
    assignments,
    console,
    give,
    open_app,
    plainly,
    say,
    table,
    the_org,
    the_profile,
    the_user,
    warn,
    written,
)
from sync_tasks.services import configuring, imagining
from sync_tasks.services.imagining import DAYS, MOST_DAYS, Wish
from sync_tasks.services.run_facts import SIDES
from sync_tasks.services.standing import CONSOLE
from sync_tasks.state.configuration import Scope
from sync_tasks.state.records import UserView
from sync_tasks.state.store import Unit

PARTS = {"more": "In addition", "less": "No longer", "other": "Written otherwise"}


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("what-if")(what_if)


def what_if(
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="As if it were set for him alone.")] = None,
    given: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="What to suppose; may be given often.")
    ] = None,
    unset: Annotated[
        list[str] | None, typer.Option("--unset", metavar="NAME", help="Suppose that it is not set there.")
    ] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="As if it were set for this profile.")] = None,
    org: Annotated[str | None, typer.Option(metavar="NAME", help="As if it were set for this organization.")] = None,
    lock: Annotated[bool, typer.Option("--lock", help="Suppose that it is locked there, too.")] = False,
    days: Annotated[int, typer.Option(min=1, max=MOST_DAYS, help="Over items of so many days, and all ahead.")] = DAYS,
    users: Annotated[int | None, typer.Option(min=1, help="Ask for so many of the users only.")] = None,
    as_json: Json = False,
) -> None:
    """Plan the next run twice, with the settings as they are and with others, and tell the difference. Mails that are
    saved are looked at as if they had just come. Nothing is written on either side."""
    values = _values(given or [], unset or [])
    with open_app() as opened, plainly(), _progress(quiet=as_json) as on_user:
        with opened.store.reading() as unit:
            scope = _scope(unit, user, profile, org, values)
            concerned = [the_user(unit, user)] if user is not None else imagining.concerned(unit, scope)
            wish = imagining.checked(unit, Wish(scope, values, lock))
        asked = imagining.some(concerned, users)
        found = imagining.for_many(opened, asked, wish, days=days, by=CONSOLE, on_user=on_user)
    told = imagining.report(wish, found, days=days, content=lambda _user: True) | {"concerned": len(concerned)}
    if as_json:
        give(told)
    else:
        _show(told)


def _values(given: list[str], unset: list[str]) -> dict[str, object]:
    if not given and not unset:
        raise WrongUsageError("say what to suppose: --set NAME=VALUE")
    with plainly():
        named = {find(name).name: value for name, value in assignments(given, "--set").items()}
        values: dict[str, object] = {
            name: written(name, value) if find(name).entries in MAPPINGS else value for name, value in named.items()
        }
        return values | {find(name).name: None for name in unset}


def _scope(unit: Unit, user: str | None, profile: str | None, org: str | None, values: Mapping[str, object]) -> Scope:
    if user is not None:
        if profile is not None or org is not None:
            raise WrongUsageError("either a user, or --profile, or --org")
        return imagining.nearest(the_user(unit, user), values)
    if profile is None and org is None:
        raise WrongUsageError("say whom to suppose it for: a user, --profile NAME or --org NAME")
    found = the_org(unit, org)
    return Scope(found.id) if profile is None else configuring.of_profile(the_profile(unit, found, profile))


def _show(told: Mapping[str, Any]) -> None:
    for each in told["users"]:
        if each["problem"]:
            warn(f"{each['user']}: {each['problem']}")
        if each["held_then"] and each["held_then"] != each["held_now"]:
            warn(f"{each['user']}: his run would wait for a person: {each['held_then']}")
    reached = [each for each in told["users"] if each["settings"]]
    if not reached:
        say(f"no other value would hold for {_people(told['users'])}")
        return
    say(f"{told['looked_at']:,} items of {_people(reached)} looked at; nothing was written")
    if not any(told["counts"].values()):
        say("the plans do not differ", "bold")
    many = len(told["users"]) > 1
    for part, title in PARTS.items():
        for what, of in told["counts"][part].items():
            say(f"{title}: {what} {', '.join(f'{count:,} {kind}' for kind, count in of.items())}", "bold")
        table(title, (*(("User",) if many else ()), "What", "Side", "Kind", "Item", "Fields", "Rule", "Why"), [
            (*((row["user"],) if many else ()), row["what"], SIDES[row["side"]], row["target"] or row["kind"],
             row["subject"] or row["item"], _fields(row), row["rule"], row["sentence"])
            for row in told[part]
        ])  # fmt: skip


def _fields(row: Mapping[str, Any]) -> str:
    told = [f"{each['field']}: {each['before'] or '-'} → {each['after'] or '-'}" for each in row["values"]]
    return "\n".join(told) if row["what"] == "changed" or len(told) < 3 else ", ".join(row["fields"])


def _people(users: list[Any]) -> str:
    return users[0]["user"] if len(users) == 1 else f"{len(users):,} users"


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[UserView], None]]:
    """A line that follows the users, on a terminal only."""
    screen = console(stderr=True)
    if quiet or not screen.is_terminal:
        yield lambda _user: None
        return
    with screen.status("planning") as line:
        yield lambda user: line.update(f"planning twice for {user.address}")
