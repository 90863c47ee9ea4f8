"""Everything a run needs, tried one after the other; what does not hold is named by a `Finding` with its cure.

Nothing is written but tokens that are fetched on the way. What cannot be tried because of an earlier finding is left
out, so that one broken thing is named once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import redis

from connectors import registry
from connectors.clocks import SKEW, skew
from connectors.errors import ConnectorError
from connectors.findings import finding_of
from connectors.protocols import Check, Crm, Endpoint, Mailbox, OrgShape
from mapping.model.findings import FINDINGS, Finding
from mapping.rules import mail_records
from mapping.rules.columns import to_read, unfit
from mapping.rules.settings import Effective, resolve
from mapping.rules.shown_objects import shown_objects
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.security.keys import SecretKeyError
from sync_tasks.security.vault import VaultError
from sync_tasks.services import feeding, rekeying, remapping
from sync_tasks.services.embedded import EmbeddedRedisError, redis_url
from sync_tasks.stages import abilities
from sync_tasks.state import migrate
from sync_tasks.state.org_feeds import FeedState
from sync_tasks.state.records import OrgView, UserView

Section = tuple[str, list[Check]]
GRACE = timedelta(minutes=3)  # so long nobody need have begun with what is due
SOON = timedelta(days=30)  # a credential that ends within is told
_POLICY = "noeviction"
_EXPECTED = (NotConnectedError, ConnectorError, VaultError, ValueError, LookupError)


def examine(app: App, user: UserView | None = None) -> Iterator[Section]:
    """Sections with their checks, in the order in which they are to be mended. `user`: only that one, with the
    organization. The database must be up to date."""
    with app.store.reading() as unit:
        users = unit.accounts.users() if user is None else [user]
        orgs = [org for org in unit.accounts.orgs() if user is None or org.id == user.org_id]
    if not orgs:
        yield "Organizations", [Check("organizations", True, "none yet; make one with `inbox-sync org add NAME`")]
    for org in orgs:
        crm, checks = crm_checks(app, org)
        yield f"Salesforce of {org.name}", checks
        for each in users:
            if each.org_id == org.id:
                yield each.address, user_checks(app, each, crm)


def look(app: App, user: UserView, *, whole: bool, by: str) -> list[tuple[str, list[dict[str, Any]]]]:
    """What somebody asked for on a page: sections with rows. `whole`: with all that the organization needs, which is an
    administrator's affair; else what concerns this user alone, at the cost of a few calls. It is noted who asked."""
    with app.store.writing() as unit:
        unit.accounts.audit(app.clock(), by, "user.check", user.address)
    found = examine(app, user) if whole else [_of_one(app, user)]
    return [(name, rows_of(checks)) for name, checks in found]


def _of_one(app: App, user: UserView) -> Section:
    try:
        crm = app.crm_of(user.org_id, user.id, user.org_name)
    except _EXPECTED as error:
        return user.address, [replace(_not_opened(error), name="Salesforce"), *user_checks(app, user, None)]
    return user.address, user_checks(app, user, crm)


def rows_of(checks: Iterable[Check]) -> list[dict[str, Any]]:
    """Checks as JSON values. `code` and `wrong`: what was found, in a word and in a sentence."""
    return [
        {
            "check": check.name, "ok": check.ok, "detail": check.detail, "code": check.finding or "",
            "wrong": FINDINGS[check.finding].wrong if check.finding else "", "advice": check.advice,
        }
        for check in checks
    ]  # fmt: skip


# --- this installation


def installation_checks(app: App) -> list[Check]:
    """What stands between the settings and the first organization; ends with the database when that is of no use."""
    found = [_keys(app), _redis(app), database_check(app)]
    if found[-1].ok:
        found += [*_missing_keys(app), _beat(app), *_shards(app)]
    return found


def _keys(app: App) -> Check:
    try:
        ids = app.vault.key_ids
    except (SecretKeyError, OSError) as error:
        return Check("secret keys", False, str(error), Finding.KEYS_UNREADABLE)
    return Check("secret keys", True, f"{len(ids)} from the {'setting' if app.settings.secret_keys else 'key file'}")


def _missing_keys(app: App) -> Iterator[Check]:
    try:
        lost = rekeying.missing(app)
    except (SecretKeyError, OSError):
        return  # told above
    if lost:
        yield Check("sealed values", False, f"sealed with {', '.join(lost)}", Finding.KEYS_MISSING)


def _redis(app: App) -> Check:
    try:
        url = redis_url(app.settings)
    except EmbeddedRedisError as error:
        # `inbox-sync run` works without a broker, so this alone is no fault
        return Check("redis", True, f"no embedded one runs; worker and beat need it ({error})")
    try:
        with redis.Redis.from_url(url, socket_timeout=3, socket_connect_timeout=3) as client:
            told = client.info()
    except redis.RedisError as error:
        return Check("redis", False, type(error).__name__, Finding.REDIS_SILENT)
    policy = str(told.get("maxmemory_policy", _POLICY))
    if policy != _POLICY:
        return Check("redis", False, f"maxmemory-policy is {policy}", Finding.REDIS_EVICTS)
    return Check("redis", True, f"version {told['redis_version']}")


def database_check(app: App) -> Check:
    where, head = app.settings.shown()["database_url"], migrate.head()
    at = migrate.reached(app.store.engine)
    if at is None:
        return Check("database", False, where, Finding.DATABASE_SILENT)
    detail = f"{where} at {at or 'nothing'}, newest is {head}"
    return Check("database", at == head, detail, None if at == head else Finding.DATABASE_BEHIND)


def _beat(app: App) -> Check:
    """The store tells whether beat works: users that are due are claimed within seconds."""
    with app.store.reading() as unit:
        late = unit.runs.overdue(app.clock() - GRACE)
    if late:
        return Check("beat", False, f"{late} users are due", Finding.BEAT_SILENT)
    return Check("beat", True, "nobody waits to be started")


def _shards(app: App) -> Iterator[Check]:
    with app.store.reading() as unit:
        waiting = unit.runs.unattended(app.clock() - GRACE)
    for shard, count in sorted(waiting.items()):
        yield Check(f"shard {shard}", False, f"{count} runs wait, and none is at work", Finding.SHARD_UNATTENDED)


# --- one organization


def crm_checks(app: App, org: OrgView) -> tuple[Crm | None, list[Check]]:
    """The checks of an organization, and its Salesforce, if that can be asked about users."""
    if not org.enabled:
        return None, [Check("organization", True, "disabled: its users do not run")]
    with app.store.reading() as unit:
        settings = resolve(unit.accounts.settings(org.id, None))
    columns = to_read(settings, app.mappings(org.id))
    try:
        crm = app.crm_of(org.id, None, org.name, fresh=True, columns=columns)
    except _EXPECTED as error:
        return None, [_not_opened(error)]
    found = [*checks_of(crm), *_clock(app, org.id, None, "crm"), *_ending(app, org.id, None, "crm")]
    if not all(check.ok for check in found):
        return None, found
    found += _feed(app, org.id, sees_all=all(check.finding is not Finding.CRM_SEES_LITTLE for check in found))
    shape = crm.shape()
    return crm, [*found, *_shown(settings, shape), *_columns(settings, shape), *_person_accounts(settings, shape)]


def checks_of(endpoint: Endpoint) -> list[Check]:
    """What the endpoint's own check finds; a check that breaks off is a finding too."""
    found: list[Check] = []
    try:
        found.extend(endpoint.check())
    except ConnectorError as error:
        found.append(Check("connection", False, str(error), finding_of(error, {})))
    return found


def _feed(app: App, org_id: int, *, sees_all: bool) -> Iterator[Check]:
    """How the look at the whole organization does; runs do without it, so nothing of this is more than a remark."""
    told = feeding.feeds(app, (org_id,)).get(org_id)
    if told is not None:
        detail = told.text if sees_all else f"{told.text}; it tells of what the user sees, and no more"
        troubled = told.state in (FeedState.FAILING, feeding.LATE)
        yield Check("feed", True, detail, Finding.FEED_LATE if troubled else None)


def _shown(settings: Effective, shape: OrgShape) -> Iterator[Check]:
    """Do the objects that the calendar is to show fit what Salesforce tells of itself?"""
    misfits = remapping.shown_misfits(settings, shape)
    for each in shown_objects(settings.mappings("objects.shown")):
        wrong = "; ".join(misfit.text for misfit in misfits if misfit.row == each.object)
        yield Check(f"shown: {each.object}", not wrong, wrong, Finding.SETTING_UNFIT if wrong else None)


def _columns(settings: Effective, shape: OrgShape) -> Iterator[Check]:
    """Settings that name columns or values which Salesforce does not have."""
    found = unfit(settings, shape.objects) | mail_records.unfit(settings, shape.objects)
    for name, texts in found.items():
        yield Check(name, False, "; ".join(texts), Finding.SETTING_UNFIT)


def _person_accounts(settings: Effective, shape: OrgShape) -> Iterator[Check]:
    if settings.bool("resolve.person_accounts") and not shape.has("Account", "IsPersonAccount"):
        yield Check("person accounts", False, "resolve.person_accounts is on", Finding.CRM_PERSON_ACCOUNTS)


# --- one user


def user_checks(app: App, user: UserView, crm: Crm | None) -> list[Check]:
    """What is tried for one user. `crm`: to ask about him in, if it can be asked."""
    suspended = user.suspended_at is not None
    found = [Check("status", not suspended, user.status, Finding.SUSPENDED if suspended else None)]
    found += _crm_user(user, crm)
    return found + [replace(check, name=f"mailbox: {check.name}") for check in _mailbox(app, user)]


def _crm_user(user: UserView, crm: Crm | None) -> list[Check]:
    if not user.crm_user_id:
        return [Check("Salesforce user", False, "not known", Finding.CRM_USER_UNKNOWN)]
    if crm is None:
        return [Check("Salesforce user", True, user.crm_user_id)]
    try:
        return [crm.check_user(user.crm_user_id)]
    except ConnectorError as error:
        return [Check("Salesforce user", False, str(error), finding_of(error, {}))]


def _mailbox(app: App, user: UserView) -> Iterator[Check]:
    try:
        mailbox: Mailbox = app.mailbox(user)
    except _EXPECTED as error:
        yield _not_opened(error)
        return
    yield from checks_of(mailbox)
    yield from _clock(app, user.org_id, user.id, "mailbox")
    yield from _ending(app, user.org_id, user.id, "mailbox")
    _, missing = abilities.layer(mailbox.can)
    if missing:
        yield Check("not able to follow", True, ", ".join(missing))


# --- of every connection


def _not_opened(error: Exception) -> Check:
    if isinstance(error, NotConnectedError):
        return Check("connection", False, str(error), Finding.NOT_CONNECTED)
    if isinstance(error, VaultError):
        return Check("connection", False, str(error), Finding.KEYS_MISSING)
    return Check("connection", False, str(error), Finding.FACTS_WRONG)


def _clock(app: App, org_id: int, user_id: int | None, side: str) -> Iterator[Check]:
    """How far the clock of the vendor is from ours, where it can be asked."""
    with app.store.reading() as unit:
        found = unit.accounts.connection(org_id, user_id, side)
    if found is None:
        return
    _, vendor, facts = found
    away = skew(registry.clock_at(vendor, facts), app.clock)
    if away is not None and abs(away) > SKEW:
        direction = "ahead" if away > timedelta() else "behind"
        yield Check("clock", False, f"theirs is {abs(away).total_seconds():.0f} s {direction}", Finding.CLOCK_WRONG)


def _ending(app: App, org_id: int, user_id: int | None, side: str) -> Iterator[Check]:
    for name, ends in ending(app, org_id, user_id, side):
        yield Check(name, True, f"ends {ends:%Y-%m-%d}", Finding.CREDENTIAL_ENDS)


def ending(app: App, org_id: int, user_id: int | None, side: str) -> list[tuple[str, datetime]]:
    """Name and moment of the credentials of a connection that end soon."""
    with app.store.reading() as unit:
        found = unit.accounts.connection(org_id, user_id, side)
        return [] if found is None else unit.accounts.ending(found[0], app.clock() + SOON)
