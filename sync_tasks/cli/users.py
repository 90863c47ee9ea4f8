"""`inbox-sync user`: who is synchronized, and whether, and when."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from connectors import registry
from connectors.errors import ConnectorError
from mapping.model.people import normalise
from mapping.rules.standing import RefusedError
from sync_tasks.bootstrap import App
from sync_tasks.cli.catalogue import say_error
from sync_tasks.cli.organizations import refuse_missing, refuse_unknown, store_connection
from sync_tasks.cli.shell import (
    FAILED,
    CommandError,
    Json,
    NotFoundError,
    WrongUsageError,
    assignments,
    give,
    open_app,
    say,
    secret_value,
    shown,
    table,
    the_org,
    the_profile,
    the_user,
)
from sync_tasks.cli.summary import show_operations, show_summary
from sync_tasks.services import lifecycle, moving, profiles, scheduling
from sync_tasks.services import users as user_facts
from sync_tasks.services.lifecycle import Next, Take
from sync_tasks.services.run_facts import operation, summary
from sync_tasks.services.standing import CONSOLE
from sync_tasks.services.users import Switch, described
from sync_tasks.state.records import RunState, UserView
from sync_tasks.state.store import Unit

app = typer.Typer(no_args_is_help=True, help="Users: add, look at, run sooner, hold.")

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The user's mail address.")]


@app.command()
def add(
    address: Address,
    org: Annotated[
        str | None, typer.Option(metavar="NAME", help="Organization; needed when there are several.")
    ] = None,
    crm_user: Annotated[
        str | None, typer.Option(metavar="ID", help="Id of the Salesforce user; found by the address when not given.")
    ] = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="The profile that the user is put into.")] = None,
    as_json: Json = False,
) -> None:
    """Add a user; the first run is due at once."""
    wanted = normalise(address)
    if not wanted:
        raise WrongUsageError(f"{address!r} is no mail address")
    with open_app() as opened:
        with opened.store.reading() as unit:
            organization = the_org(unit, org)
            if unit.accounts.find_user(wanted) is not None:
                raise CommandError(f"there is a user {wanted} already; `inbox-sync user show {wanted}` shows it")
            chosen = None if profile is None else the_profile(unit, organization, profile)
        crm_user_id = crm_user or _look_up(opened, organization.id, organization.name, wanted)
        # servers tell to the second when something was made, and that is compared with this moment
        now = opened.clock().replace(microsecond=0)
        with opened.store.writing() as unit:
            user_id = unit.accounts.add_user(
                organization.id, wanted, now, crm_user_id=crm_user_id, shards=opened.settings.shards, next_sync_at=now
            )
            unit.accounts.audit(now, "console", "user.add", wanted, crm_user=crm_user_id)
            made = unit.accounts.user(user_id)
            if chosen is not None:
                profiles.assign(unit, [made], chosen, at=now, by=CONSOLE)
    if as_json:
        give(described(made))
    else:
        say(f"{made.address} added to {made.org_name} as Salesforce user {made.crm_user_id}, shard {made.shard}")


def _look_up(opened: App, org_id: int, org_name: str, address: str) -> str:
    found = opened.crm_of(org_id, None, org_name).find_user(address)
    if not found:
        advice = "make one there, or give its id with --crm-user ID"
        raise NotFoundError(f"Salesforce has not exactly one active user with the address {address}: {advice}")
    return found


@app.command("list")
def list_(
    org: Annotated[str | None, typer.Option(metavar="NAME", help="Only those of this organization.")] = None,
    as_json: Json = False,
) -> None:
    """All users with their status and when they run next."""
    with open_app() as opened, opened.store.reading() as unit:
        users = unit.accounts.users(None if org is None else the_org(unit, org).id)
    if as_json:
        give([described(user) for user in users])
        return
    if not users:
        say("no user yet; add one with `inbox-sync user add ADDRESS`")
    rows = [(u.address, u.org_name, u.status, u.last_started_at, u.next_sync_at, u.failures) for u in users]
    table("", ("Address", "Organization", "Status", "Last run", "Next run", "Failures"), rows)


@app.command()
def show(address: Address, as_json: Json = False) -> None:
    """Everything known of a user."""
    with open_app() as opened, opened.store.reading() as unit:
        found = described(the_user(unit, address))
    if as_json:
        give(found)
    else:
        table("", ("Name", "Value"), found.items())


@app.command()
def status(address: Address, as_json: Json = False) -> None:
    """Whether the user runs, and if not, why and what to do; when next, and how the last run went."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            user = the_user(unit, address)
        told = user_facts.status(opened, user)
    if as_json:
        give(told)
        return
    next_run = f"; next run {shown(user.next_sync_at)}" if user.effective.runs or told["probe_at"] else ""
    say(f"{user.address}: {user.status}{next_run}; {told['issues']} open issues")
    if told["error"] is not None:
        say_error(told["error"])
    if told["prompt"] and not told["suspended_at"]:
        say(f"{user.failures} runs failed one after the other; `inbox-sync doctor {user.address}` looks why", "yellow")
    if told["holds"]:
        say(f"held since {shown(user.held_at)}: nothing is written before hold {shown(told['holds'])} is decided; "
            "see `inbox-sync holds`", "yellow")  # fmt: skip
    for each in told["ending"]:
        say(f"{each['name']} of the {each['side']} ends {shown(each['ends'])}: renew it before", "yellow")
    if told["first_sync"] is not None:
        say(f"first synchronization: {first_sync(told['first_sync'])}")
    for each in told["connections"]:
        if each["state"] in ("missing", "down", "failing"):
            where = f" ({each['vendor']})" if each["vendor"] else ""
            say(f"the connection to {each['name']}{where} is {each['state']}", "yellow")
    if told["feed"]:
        say(f"Salesforce for all users at once: {told['feed']}")
    if told["synced_to"] is not None:
        say(f"synchronized up to {shown(told['synced_to'])}: the mailbox was read to the end up to "
            f"{shown(told['mailbox_read_to'])}, Salesforce up to {shown(told['crm_read_to'])}")  # fmt: skip
    else:
        say("never synchronized to the end so far", "yellow")
    last = told["last_run"]
    if last is not None:
        error = f" ({last['error']}: {last['error_text']})" if last["error"] else ""
        say(f"last run {last['id']}: {last['state']}{error}, started {shown(last['started_at'])}")


def first_sync(told: Mapping[str, Any]) -> str:
    """How far it is, in a line."""
    writes = f", {told['done']:,} of {told['total']:,} writes done" if told["total"] else ""
    left = f", {told['left']} left" if told["left"] else ""
    return f"{told['phase']}, {told['percent']} %{writes}{left}"


@app.command()
def force(address: Address, as_json: Json = False) -> None:
    """Ask for a run as soon as allowed, and say when that is."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            user = the_user(unit, address)
        due = user_facts.force(opened, user, by="console")
        soon = due <= opened.clock()
    waiting = not user.effective.runs and user.standing.probe_at is None
    if as_json:
        give({"address": user.address, "due": due, "status": user.status, "will_run": not waiting})
    elif waiting:
        say(
            f"{user.address} is {user.status}: it runs once that is lifted (`inbox-sync user resume` or `enable`)",
            "yellow",
        )
    else:
        say(f"{user.address} runs {'now' if soon else f'at {shown(due)}'}")


@app.command()
def pause(address: Address, as_json: Json = False) -> None:
    """Stop running this user, as the user wishes."""
    _change(address, Switch.PAUSE, as_json=as_json)


@app.command()
def resume(address: Address, as_json: Json = False) -> None:
    """Run this user again; also lifts a suspension by the engine."""
    _change(address, Switch.RESUME, as_json=as_json)


@app.command()
def disable(address: Address, as_json: Json = False) -> None:
    """Stop running this user, as an administrator decides."""
    _change(address, Switch.DISABLE, as_json=as_json)


@app.command()
def enable(address: Address, as_json: Json = False) -> None:
    """Lift what `disable` did."""
    _change(address, Switch.ENABLE, as_json=as_json)


@app.command()
def suspend(address: Address, as_json: Json = False) -> None:
    """Stop running this user until somebody resumes it, as the engine does after too many failures."""
    _change(address, Switch.SUSPEND, as_json=as_json)


Taking = Annotated[Take, typer.Option("--take", help="How much of us goes: nothing, marks, links, records.")]
Looking = Annotated[bool, typer.Option("--preview", help="Only show what would happen.")]
Nexting = Annotated[Next, typer.Option("--next", help="What the next run saves: all, or only what is new.")]


@app.command()
def reset(
    address: Address, take: Taking = Take.MARKS, after: Nexting = Next.ALL, preview: Looking = False,
    as_json: Json = False,
) -> None:  # fmt: skip
    """Take us out of the mailbox and stop running this user; `enable` and the next run set it up again."""
    if preview:
        _look(address, take, as_json=as_json)
        return
    told = "reset; `inbox-sync user enable` starts it again"
    _live(address, lambda opened, user: lifecycle.reset_mailbox(opened, user, take, after), told, as_json=as_json)


@app.command()
def reinit(address: Address, after: Nexting = Next.ALL, as_json: Json = False) -> None:
    """Read the mailbox from the start with the next run, and make it ours if another installation had it."""
    told = "read from the start with the next run"
    _live(address, lambda opened, user: lifecycle.reinitialize(opened, user, after), told, as_json=as_json)


@app.command()
def delete(
    address: Address, take: Taking = Take.NOTHING,
    force: Annotated[bool, typer.Option("--force", help="Even if the mailbox still holds something of ours.")] = False,
    preview: Looking = False, as_json: Json = False,
) -> None:  # fmt: skip
    """Forget this user and everything that is kept of him, after taking us out of the mailbox as far as asked for."""
    if preview:
        _look(address, take, as_json=as_json)
        return
    with open_app() as opened:
        with opened.store.reading() as unit:
            user = the_user(unit, address)
        with _refusals():
            lifecycle.delete(opened, user, take, force=force)
    if as_json:
        give({"address": user.address, "deleted": True, "take": take})
    else:
        say(f"{user.address} is deleted; taken out: {take.value}")


def _look(address: str, take: Take, *, as_json: bool) -> None:
    """What taking so much would do, as a plan."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            user = the_user(unit, address)
        with _refusals():
            run = lifecycle.look(opened, user, take)
        with opened.store.reading() as unit:
            operations = [] if run is None else [operation(op) for op in unit.plans.all(run.id)]
        told = None if run is None else summary(opened, run)
    if as_json:
        give({**(told or {}), "operations": operations, "take": take})
    elif told is None:
        say("no item and no record would be touched" + (" but our entries" if take is Take.MARKS else ""))
    else:
        show_summary(told)
        show_operations("Plan (nothing was written)", operations)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except (scheduling.BusyError, RefusedError, lifecycle.NotPartedError) as error:
        raise CommandError(str(error)) from None


@app.command()
def deactivate(
    address: Address,
    preview: Annotated[bool, typer.Option("--preview", help="Only show what would happen.")] = False,
    as_json: Json = False,
) -> None:
    """Let go of everything in the mailbox, keep all in Salesforce, and disable the user."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            user = the_user(unit, address)
        with _refusals():
            run = lifecycle.deactivate(opened, user, preview=preview)
        told = summary(opened, run)
    if as_json:
        give(told)
    else:
        show_summary(told)
    if run.state != RunState.DONE:
        raise typer.Exit(FAILED)


@app.command("move-mailbox")
def move_mailbox(
    address: Address,
    to: Annotated[str, typer.Option(metavar="VENDOR", help=f"Where it is now: {', '.join(registry.MAILBOXES)}.")],
    facts: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A fact of the connection, repeatable.")
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A secret; @FILE reads it from a file, - asks for it. Repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """The mailbox has moved to another service: connect the user there, and let every link follow its item."""
    if to not in registry.MAILBOXES:
        raise WrongUsageError(f"there is no mailbox vendor {to}; known: {', '.join(registry.MAILBOXES)}")
    plain = assignments(facts or [], "--set")
    secrets = {key: secret_value(key, value) for key, value in assignments(secret or [], "--secret").items()}
    refuse_unknown(to, plain, secrets)
    refuse_missing(to, plain, secrets)
    with open_app() as opened:
        with opened.store.reading() as unit:
            user = the_user(unit, address)
            org = the_org(unit, user.org_name)

        def connect(unit: Unit) -> None:
            store_connection(opened, unit, org, user.id, "mailbox", to, plain, secrets)

        try:
            moved = moving.move(opened, user, opened.mailbox_at(user, to, plain, secrets), connect)
        except (scheduling.BusyError, ConnectorError, ValueError) as error:
            raise CommandError(f"{error}; nothing was changed") from None
    if as_json:
        give({"address": user.address, "vendor": to, "followed": moved.followed, "released": moved.released})
        return
    rows = [(kind, moved.followed.get(kind, 0), moved.released.get(kind, 0)) for kind in ("event", "task", "contact")]
    table(f"{user.address} is at {to} now", ("Kind", "Links that followed", "Not found, let go"), rows)


def _live(address: str, do: Callable[[App, UserView], None], told: str, *, as_json: bool) -> None:
    with open_app() as opened:
        with opened.store.reading() as unit:
            user = the_user(unit, address)
        with _refusals():
            do(opened, user)
        with opened.store.reading() as unit:
            after = unit.accounts.user(user.id)
    if as_json:
        give(described(after))
    else:
        say(f"the mailbox of {after.address} is {told}")


def _change(address: str, to: Switch, *, as_json: bool) -> None:
    with open_app() as opened:
        with opened.store.reading() as unit:
            user = the_user(unit, address)
        with _refusals():
            user_facts.switch(opened, [user], to, by="console")
        with opened.store.reading() as unit:
            after = unit.accounts.user(user.id)
    if as_json:
        give(described(after))
    else:
        say(f"{after.address}: {after.status}; next run {shown(after.next_sync_at)}")
