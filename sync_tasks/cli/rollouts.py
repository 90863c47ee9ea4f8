"""`inbox-sync rollout`: changes of settings that reach a part of the users first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from mapping.rules.setting import MAPPINGS
from mapping.rules.settings import find
from sync_tasks.cli.shell import (
    Json,
    assignments,
    existing,
    give,
    lists_by_itself,
    open_app,
    plainly,
    say,
    shown,
    table,
    the_org,
    the_profile,
    the_user,
    written,
)
from sync_tasks.services import configuring, rollouts
from sync_tasks.services.standing import CONSOLE
from sync_tasks.state.configuration import Scope
from sync_tasks.state.records import OrgView
from sync_tasks.state.rollouts import RolloutView
from sync_tasks.state.store import Unit

app = typer.Typer(help="Settings that reach a part of the users first.")

Org = Annotated[str | None, typer.Option("--org", metavar="NAME", help="Organization; needed when there are several.")]
Number = Annotated[int, typer.Argument(metavar="NUMBER", help="Of the roll-out.")]
Percent = Annotated[int | None, typer.Option(min=0, max=100, help="The share of the users that it reaches, by chance.")]
Users = Annotated[list[str] | None, typer.Option("--user", metavar="ADDRESS", help="Whom it reaches besides.")]
Group = Annotated[str | None, typer.Option("--group", metavar="PROFILE", help="Those of a profile besides.")]


@app.command()
def start(
    given: Annotated[list[str], typer.Argument(metavar="NAME=VALUE...", help="The settings and their new values.")],
    org: Org = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="For this profile, not the organization.")] = None,
    percent: Percent = None, users: Users = None, group: Group = None,
    lock: Annotated[bool, typer.Option("--lock", help="Lock them there, too.")] = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Let a share of the users, or some of them, have other settings; the rest keeps theirs until it is finished."""
    with open_app() as opened, opened.store.writing() as unit, plainly():
        of = the_org(unit, org)
        scope = Scope(of.id) if profile is None else configuring.of_profile(the_profile(unit, of, profile))
        values = {
            name: written(name, value) if find(name).entries in MAPPINGS else value
            for name, value in assignments(given, "rollout start").items()
        }
        made = rollouts.start(
            unit, scope, values, percent=percent or 0, group=_chosen(unit, of, users, group), lock=lock,
            at=opened.clock(), by=CONSOLE,
        )  # fmt: skip
        told = rollouts.facts(unit, made, opened.clock())
    _tell(told, as_json=as_json)


@app.command("list")
def list_(org: Org = None, as_json: Json = False) -> None:
    """Those that are under way, and those that were, newest first."""
    with open_app() as opened, opened.store.reading() as unit:
        found = unit.rollouts.recent(the_org(unit, org).id)
        rows = [rollouts.facts(unit, each, opened.clock()) for each in found]
    if as_json:
        give(rows)
        return
    if not rows:
        say("nothing was rolled out yet; begin with `inbox-sync rollout start NAME=VALUE --percent 10`")
    table("", ("#", "Of", "Settings", "Reaches", "State", "Runs with it", "Without"), [
        (row["rollout"], row["of"], _settings(row), _reach(row), row["state"], _rate(row["bad"], row["runs"]),
         _rate(row["others_bad"], row["others_runs"]))
        for row in rows
    ])  # fmt: skip


@app.command()
def show(number: Number, as_json: Json = False) -> None:
    """Whom it reaches, and how the runs with and without it ended since its last step."""
    with open_app() as opened, opened.store.reading() as unit:
        told = rollouts.facts(unit, _named(unit, number), opened.clock())
    _tell(told, as_json=as_json)


@app.command()
def widen(
    number: Number, percent: Percent = None, users: Users = None, group: Group = None, as_json: Json = False
) -> None:  # fmt: skip
    """Let it reach more users; whom it reaches already keeps it."""
    with open_app() as opened, opened.store.writing() as unit, plainly():
        found = _named(unit, number)
        of = next(org for org in unit.accounts.orgs() if org.id == found.org_id)
        chosen = _chosen(unit, of, users, group)
        wider = rollouts.widen(unit, found, percent=percent, group=chosen, at=opened.clock(), by=CONSOLE)
        told = rollouts.facts(unit, wider, opened.clock())
    _tell(told, as_json=as_json)


@app.command()
def finish(number: Number, as_json: Json = False) -> None:
    """Set it for everybody."""
    with open_app() as opened, opened.store.writing() as unit, plainly():
        ended = rollouts.finish(unit, _named(unit, number), at=opened.clock(), by=CONSOLE)
        told = rollouts.facts(unit, ended, opened.clock())
    _tell(told, as_json=as_json)


@app.command()
def back(
    number: Number, why: Annotated[str, typer.Option(help="For those who look at it later.")] = "",
    as_json: Json = False,
) -> None:  # fmt: skip
    """Take it back: what was set before holds again for everybody."""
    with open_app() as opened, opened.store.writing() as unit, plainly():
        ended = rollouts.take_back(unit, _named(unit, number), at=opened.clock(), by=CONSOLE, why=why[:300])
        told = rollouts.facts(unit, ended, opened.clock())
    _tell(told, as_json=as_json)


lists_by_itself(app, list_)


def _named(unit: Unit, number: int) -> RolloutView:
    return existing(unit.rollouts.get(number), f"roll-out {number}", "rollout list")


def _chosen(unit: Unit, org: OrgView, users: Iterable[str] | None, group: str | None) -> set[int]:
    found = {the_user(unit, address).id for address in users or ()}
    return found | (set(unit.configuration.members(the_profile(unit, org, group).id)) if group is not None else set())


def _tell(told: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        give(told)
        return
    say(f"roll-out {told['rollout']} of {told['of']}: {told['state']}", "bold")
    table("", ("Setting", "Value", ""), [
        (name, "(not set)" if value is None else value, "locked" if told["locked"] else "")
        for name, value in told["settings"].items()
    ])  # fmt: skip
    say(f"reaches {_reach(told)}, since {shown(told['stepped_at'])}; begun by {told['started_by']}")
    say(f"runs that ended badly: {_rate(told['bad'], told['runs'])} with it, "
        f"{_rate(told['others_bad'], told['others_runs'])} without")  # fmt: skip
    if told["ended_at"] is not None:
        why = f": {told['why']}" if told["why"] else ""
        say(f"ended {shown(told['ended_at'])} by {told['ended_by']}{why}")


def _settings(row: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={shown(value)}" for name, value in row["settings"].items())


def _reach(row: Mapping[str, Any]) -> str:
    chosen = f" and {row['chosen']} chosen" if row["chosen"] else ""
    return f"{row['percent']} %{chosen}: {row['users']:,} users"


def _rate(bad: int, runs: int) -> str:
    return f"{bad:,} of {runs:,}"
