"""`inbox-sync org`: organizations and how they are connected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any

import typer

from connectors import registry
from sync_tasks.bootstrap import App
from sync_tasks.cli.checks import show_checks
from sync_tasks.cli.shell import (
    FAILED,
    CommandError,
    Json,
    WrongUsageError,
    assignments,
    give,
    near,
    open_app,
    say,
    secret_value,
    table,
    the_org,
    the_user,
)
from sync_tasks.services import feeding
from sync_tasks.services.examining import checks_of, rows_of
from sync_tasks.services.organizations import OrgSwitch, state, switch
from sync_tasks.services.standing import CONSOLE, renewed
from sync_tasks.state.records import OrgView
from sync_tasks.state.store import Unit

app = typer.Typer(no_args_is_help=True, help="Organizations and their connections.")

VENDORS = {"crm": registry.CRMS, "mailbox": registry.MAILBOXES}
NEEDED: Mapping[str, tuple[str, ...]] = {
    "exchange": ("endpoint", "username"), "google": (), "graph": ("tenant", "client_id"), "salesforce": ("client_id",),
}  # fmt: skip
# any one of a group will do
NEEDED_SECRETS: Mapping[str, tuple[str, ...]] = {
    "exchange": ("password",), "google": ("service_account", "refresh_token"),
    "graph": ("client_secret", "certificate", "refresh_token"), "salesforce": (),
}  # fmt: skip

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the organization.")]


@app.command()
def add(name: Name, as_json: Json = False) -> None:
    """Make an organization."""
    if not name.strip() or len(name) > 120:
        raise WrongUsageError("the name of an organization has 1 to 120 characters")
    with open_app() as opened, opened.store.writing() as unit:
        if unit.accounts.org(name) is not None:
            raise CommandError(
                f"there is an organization {name} already; connect it with `inbox-sync org connect {name}`"
            )
        org_id = unit.accounts.add_org(name, opened.clock())
        unit.accounts.audit(opened.clock(), "console", "org.add", name)
    if as_json:
        give({"id": org_id, "name": name})
    else:
        say(f"organization {name} made; connect it with `inbox-sync org connect {name} --crm salesforce ...`")


@app.command()
def connect(
    name: Name,
    crm: Annotated[
        str | None, typer.Option(metavar="VENDOR", help=f"Connect a CRM: {', '.join(registry.CRMS)}.")
    ] = None,
    mailbox: Annotated[
        str | None, typer.Option(metavar="VENDOR", help=f"Connect mailboxes: {', '.join(registry.MAILBOXES)}.")
    ] = None,
    facts: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A fact of the connection, repeatable.")
    ] = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="A secret; @FILE reads it from a file, - asks for it. Repeatable."),
    ] = None,
    ends: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=DATE", help="When a secret that is given here ends; told a month before."),
    ] = None,
    user: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="For this user's own connection instead of everybody's.")
    ] = None,
    check: Annotated[bool, typer.Option(help="Try a CRM connection at once.")] = True,
    as_json: Json = False,
) -> None:
    """Say where one side is and how to sign in. What was said before stays unless it is said anew."""
    if (crm is None) == (mailbox is None):
        raise WrongUsageError("say one of --crm VENDOR and --mailbox VENDOR")
    side, vendor = ("crm", crm or "") if mailbox is None else ("mailbox", mailbox)
    if vendor not in VENDORS[side]:
        raise WrongUsageError(f"there is no {side} vendor {vendor}; known: {', '.join(VENDORS[side])}")
    plain = assignments(facts or [], "--set")
    secrets = {key: secret_value(key, value) for key, value in assignments(secret or [], "--secret").items()}
    until = {key: _moment(key, value) for key, value in assignments(ends or [], "--ends").items()}
    refuse_unknown(vendor, plain, secrets)
    with open_app() as opened:
        with opened.store.writing() as unit:
            org = the_org(unit, name)
            user_id = None if user is None else the_user(unit, user).id
            store_connection(opened, unit, org, user_id, side, vendor, plain, secrets, until)
        rows = _try_crm(opened, org) if side == "crm" and check else []
    ok = all(row["ok"] for row in rows)
    if as_json:
        give({"organization": name, "side": side, "vendor": vendor, "checks": rows})
    else:
        show_checks("", rows)
        say(f"{name}: {side} is {vendor}" + ("" if ok else "; kept, but it does not work yet"), "" if ok else "yellow")
    if not ok:
        raise typer.Exit(FAILED)


def _moment(name: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise WrongUsageError(f"--ends {name}={text}: a date is written 2027-01-31") from None


def refuse_unknown(vendor: str, facts: Mapping[str, str], secrets: Mapping[str, str]) -> None:
    plain, secret = registry.FACTS[vendor], registry.SECRETS[vendor]
    for name in facts:
        if name in secret:
            raise WrongUsageError(f"{name} is secret: give it as --secret {name}=@FILE or --secret {name}=-")
        if name not in plain:
            raise WrongUsageError(f"{vendor} knows no {name}{near(name, plain)} (known: {', '.join(plain)})")
    for name in secrets:
        if name not in secret:
            raise WrongUsageError(f"{vendor} has no secret {name}{near(name, secret)} (known: {', '.join(secret)})")


def refuse_missing(vendor: str, facts: Mapping[str, Any], secrets: Mapping[str, str] | None) -> None:
    """`secrets` None: there are some already. Raises WrongUsageError for what a connection cannot be without."""
    missing = [f"--set {name}=..." for name in NEEDED[vendor] if not facts.get(name)]
    one_of = NEEDED_SECRETS[vendor]
    if secrets is not None and one_of and not any(secrets.get(name) for name in one_of):
        missing.append(" or ".join(f"--secret {name}=..." for name in one_of))
    if missing:
        raise WrongUsageError(f"{vendor} needs {' '.join(missing)}")


def store_connection(
    opened: App, unit: Unit, org: OrgView, user_id: int | None, side: str, vendor: str,
    facts: Mapping[str, str], secrets: Mapping[str, str], ends: Mapping[str, datetime] = MappingProxyType({}),
) -> None:  # fmt: skip
    """`ends`: when secrets end that do not tell it themselves."""
    until = {**registry.ends(secrets), **ends}
    old = unit.accounts.connection(org.id, user_id, side)
    merged = {**(old[2] if old is not None and old[1] == vendor else {}), **facts}
    refuse_missing(vendor, merged, secrets if old is None or old[1] != vendor else None)
    connection = unit.accounts.put_connection(org.id, user_id, side, vendor, merged)
    unit.accounts.forget_tokens(connection)  # they were given for what was set before
    unit.accounts.forget_profile(org.id, user_id)
    for name, value in secrets.items():
        unit.accounts.put_credential(connection, name, opened.seal_secret(connection, name, value), until.get(name))
    unit.accounts.audit(
        opened.clock(), "console", "org.connect", org.name, side=side, vendor=vendor, facts=sorted(facts),
        secrets=sorted(secrets),
    )  # fmt: skip
    renewed(unit, org.id, user_id, side, opened.clock())


@app.command()
def pause(name: Name, as_json: Json = False) -> None:
    """Stop running everybody in the organization, for a while."""
    _set(name, OrgSwitch.PAUSE, as_json=as_json)


@app.command()
def resume(name: Name, as_json: Json = False) -> None:
    """Lift what `pause` did; users who are paused themselves stay so."""
    _set(name, OrgSwitch.RESUME, as_json=as_json)


@app.command()
def disable(name: Name, as_json: Json = False) -> None:
    """Stop running everybody in the organization until it is enabled."""
    _set(name, OrgSwitch.DISABLE, as_json=as_json)


@app.command()
def enable(name: Name, as_json: Json = False) -> None:
    """Lift what `disable` did; users who are disabled themselves stay so."""
    _set(name, OrgSwitch.ENABLE, as_json=as_json)


def _set(name: str, to: OrgSwitch, *, as_json: bool) -> None:
    with open_app() as opened, opened.store.writing() as unit:
        after = _described(unit, switch(unit, the_org(unit, name), to, at=opened.clock(), by=CONSOLE))
    if as_json:
        give(after)
    else:
        say(f"{name}: {after['state']}")


def _try_crm(opened: App, org: OrgView) -> list[dict[str, Any]]:
    """Check the CRM, and when it works keep its describes: those of an earlier connection mean nothing any more."""
    crm = opened.crm_of(org.id, None, org.name, fresh=True)
    rows = rows_of(checks_of(crm))
    if all(row["ok"] for row in rows):
        shape = crm.shape()
        with opened.store.writing() as unit:
            unit.accounts.put_shape(org.id, shape, opened.clock())
    return rows


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All organizations."""
    with open_app() as opened, opened.store.reading() as unit:
        rows = [_described(unit, org) for org in unit.accounts.orgs()]
    if as_json:
        give(rows)
        return
    if not rows:
        say("no organization yet; make one with `inbox-sync org add NAME`")
    columns = ("Name", "State", "Users", "CRM", "Mailboxes")
    table("", columns, [(r["name"], r["state"], r["users"], _vendor(r, "crm"), _vendor(r, "mailbox")) for r in rows])


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """One organization with its connections; secrets are named, never shown."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            found = _described(unit, the_org(unit, name))
        feed = feeding.feeds(opened).get(found["id"])
    if as_json:
        give({**found, "feed": None if feed is None else asdict(feed)})
        return
    say(f"{found['name']}: {found['state']}, {found['users']} users")
    if feed is not None:
        say(f"Salesforce for all users at once: {feed.text}")
    for side, connection in found["connections"].items():
        if connection is None:
            say(f"{side}: not connected; `inbox-sync org connect {name} --{side} {VENDORS[side][0]} ...`", "yellow")
            continue
        rows = [*connection["facts"].items(), *((each, "set") for each in connection["secrets"])]
        table(f"{side}: {connection['vendor']}", ("Name", "Value"), rows)


def _described(unit: Unit, org: OrgView) -> dict[str, Any]:
    connections: dict[str, Any] = {}
    for side in VENDORS:
        found = unit.accounts.connection(org.id, None, side)
        if found is None:
            connections[side] = None
            continue
        connection, vendor, facts = found
        held = sorted(unit.accounts.credentials(connection, registry.SECRETS[vendor]))
        connections[side] = {"vendor": vendor, "facts": facts, "secrets": held}
    return {
        "id": org.id, "name": org.name, "enabled": org.enabled, "paused_at": org.paused_at,
        "state": state(org), "created_at": org.created_at, "users": len(unit.accounts.users(org.id)),
        "connections": connections,
    }  # fmt: skip


def _vendor(row: Mapping[str, Any], side: str) -> str:
    found = row["connections"][side]
    return found["vendor"] if found else "not connected"
