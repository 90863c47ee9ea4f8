"""`inbox-sync doctor`: everything a run needs, tried one after the other, each with what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Annotated, Any

import redis
import typer

from connectors.protocols import OrgShape
from connectors.registry import MAILBOXES
from mapping.rules import mail_records
from mapping.rules.columns import to_read, unfit
from mapping.rules.errors import CATALOGUE
from mapping.rules.settings import Effective, resolve
from mapping.rules.shown_objects import shown_objects
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.cli.checks import check_rows, row, show_checks
from sync_tasks.cli.shell import FAILED, Json, give, is_embedded, open_app, say, the_user
from sync_tasks.services import remapping
from sync_tasks.services.embedded import EmbeddedRedisError, redis_url
from sync_tasks.settings import EMBEDDED
from sync_tasks.stages import abilities
from sync_tasks.state import migrate
from sync_tasks.state.records import OrgView, UserView

Rows = list[dict[str, Any]]


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(doctor)


def doctor(
    user: Annotated[str | None, typer.Argument(metavar="[USER]", help="Only this user and its organization.")] = None,
    as_json: Json = False,
) -> None:
    """Try everything a run needs. Exit 1 when something is wrong."""
    with open_app(migrated=False) as opened:
        found = list(_sections(opened, user))
    ok = all(line["ok"] for _, rows in found for line in rows)
    if as_json:
        give({"ok": ok, "sections": [{"name": name, "checks": rows} for name, rows in found]})
    else:
        for name, rows in found:
            show_checks(name, rows)
            say("")
        say("all is well" if ok else "something is wrong; see above", "green" if ok else "red")
    if not ok:
        raise typer.Exit(FAILED)


def _sections(app: App, address: str | None) -> Iterator[tuple[str, Rows]]:
    here = [_try("settings", lambda: app.settings.shown()["home"]), _keys(app), _redis(app), _database(app)]
    yield "This installation", here
    if not here[-1]["ok"]:
        return
    with app.store.reading() as unit:
        users = unit.accounts.users() if address is None else [the_user(unit, address)]
        orgs = [o for o in unit.accounts.orgs() if address is None or o.id == users[0].org_id]
    if not orgs:
        yield "Organizations", [row("organizations", True, "none yet", "Make one with `inbox-sync org add NAME`.")]
    for org in orgs:
        yield f"Salesforce of {org.name}", _crm(app, org)
    for user in users:
        yield f"{user.address}", user_rows(app, user)


def _try(name: str, do: Callable[[], str], advice: str = "") -> dict[str, Any]:
    try:
        return row(name, True, do())
    except Exception as error:  # noqa: BLE001  # whatever it is, it is a finding
        return row(name, False, f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}", advice)


def _keys(app: App) -> dict[str, Any]:
    advice = "Restore the key file from your backup, or set INBOX_SYNC_SECRET_KEYS to the keys used so far."
    where = "set" if app.settings.secret_keys else "key file"
    return _try(
        "secret keys", lambda: f"{len(app.settings.master_keys())} from the {where}" if app.vault else "", advice
    )


def _redis(app: App) -> dict[str, Any]:
    try:
        url = redis_url(app.settings)
    except EmbeddedRedisError as error:
        # `inbox-sync run` works without a broker, so this alone is no fault
        return row("redis", True, "no embedded one runs; worker and beat need it", str(error))

    def ping() -> str:
        with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            return f"version {client.info('server')['redis_version']}"

    return _try("redis", ping, f"Start it, or set INBOX_SYNC_REDIS_URL ('{EMBEDDED}' takes one of its own).")


def _database(app: App) -> dict[str, Any]:
    where = app.settings.shown()["database_url"]
    found = _try("database", lambda: migrate.current(app.store.engine), f"Check INBOX_SYNC_DATABASE_URL ({where}).")
    if not found["ok"]:
        return found
    at, head = found["detail"], migrate.head()
    if at != head and is_embedded(app.settings):
        migrate.upgrade(app.store.engine)
        at = head
    advice = "" if at == head else "Run `inbox-sync db upgrade`."
    return row("database", at == head, f"{where} at {at or 'nothing'}, newest is {head}", advice)


def _crm(app: App, org: OrgView) -> Rows:
    if not org.enabled:
        return [row("organization", True, "disabled: its users do not run")]
    with app.store.reading() as unit:
        settings = resolve(unit.accounts.settings(org.id, None))
    try:
        crm = app.crm_of(org.id, None, org.name, fresh=True, columns=to_read(settings, app.mappings(org.id)))
        rows = check_rows(crm)
        if not all(each["ok"] for each in rows):
            return rows
        return rows + _shown(settings, crm.shape()) + _columns(settings, crm.shape())
    except NotConnectedError as error:
        return [row("connection", False, str(error), f"`inbox-sync org connect {org.name} --crm salesforce ...`")]


def _shown(settings: Effective, shape: OrgShape) -> Rows:
    """Do the objects that the calendar is to show fit what Salesforce tells of itself?"""
    found = []
    misfits = remapping.shown_misfits(settings, shape)
    for each in shown_objects(settings.mappings("objects.shown")):
        wrong = [misfit for misfit in misfits if misfit.row == each.object]
        advice = wrong[0].advice if wrong else ""
        found.append(row(f"shown: {each.object}", not wrong, "; ".join(misfit.text for misfit in wrong), advice))
    return found


def user_rows(app: App, user: UserView) -> Rows:
    """What is tried for one user."""
    status = row("status", user.suspended_at is None, user.status, "")
    if user.suspended_at is not None:
        known = CATALOGUE.get(user.suspended_code)
        status["advice"] = known.cure if known else f"Mend the cause, then `inbox-sync user resume {user.address}`."
    rows = [status, _crm_user(user)]
    try:
        mailbox = app.mailbox(user)
        rows += [line | {"check": f"mailbox: {line['check']}"} for line in check_rows(mailbox)]
        _, missing = abilities.layer(mailbox.can)
        if missing:
            rows.append(row("mailbox: not able to follow", True, ", ".join(missing)))
    except NotConnectedError as error:
        advice = f"`inbox-sync org connect {user.org_name} --mailbox VENDOR ...` ({', '.join(MAILBOXES)})"
        rows.append(row("mailbox", False, str(error), advice))
    return rows


def _columns(settings: Effective, shape: OrgShape) -> Rows:
    """Settings that name columns or values which Salesforce does not have."""
    advice = "Correct the setting, or give the user of the connection access to the column."
    found = unfit(settings, shape.objects) | mail_records.unfit(settings, shape.objects)
    return [row(name, False, "; ".join(texts), advice) for name, texts in found.items()]


def _crm_user(user: UserView) -> dict[str, Any]:
    known = bool(user.crm_user_id)
    advice = "" if known else "Nobody in Salesforce stands for this user; add the user with --crm-user ID."
    return row("Salesforce user", known, user.crm_user_id or "not known", advice)
