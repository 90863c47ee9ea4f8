"""Adding many users at once: whom Salesforce knows and nobody synchronizes yet, and those of them who are chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from mapping.model.people import CrmUser, normalise
from sync_tasks.bootstrap import App
from sync_tasks.services import profiles
from sync_tasks.state.configuration import ProfileView
from sync_tasks.state.records import OrgView

BATCH = 500
APART = timedelta(seconds=1)  # between the first runs of two new users, unless an interval is too short for all

NO_ADDRESS = "it is no mail address"
THERE = "is there already"
UNKNOWN = "Salesforce has no active user with this address"
SEVERAL = "Salesforce has several active users with this address; name one by its id"


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What came of it: addresses that were added, and the others with the reason."""

    added: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def candidates(app: App, org: OrgView, text: str = "") -> list[CrmUser]:
    """The active users of the organization's Salesforce who have a mail address and are not here yet, by name. `text`:
    only those in whose name, address, country, profile or role it stands. Raises NotConnectedError and
    ConnectorError."""
    with app.store.reading() as unit:
        here = unit.accounts.users()
    ids = {user.crm_user_id[:15] for user in here if user.org_id == org.id}
    addresses = {user.address for user in here}
    wanted = text.strip().casefold()
    return [
        each
        for each in _people(app, org)
        if each.id[:15] not in ids and each.address and each.address not in addresses and wanted in _told(each)
    ]


def enroll(
    app: App, org: OrgView, wanted: Mapping[str, str], profile: ProfileView | None = None, *, by: str
) -> Enrolled:  # fmt: skip
    """Add users by their addresses. A value is the id of the Salesforce user; where it is empty, the one active user of
    the address is looked for. First runs begin at once, one after the other, all within an interval. Done twice, it
    adds nobody twice. Raises NotConnectedError and ConnectorError."""
    done = Enrolled()
    chosen: dict[str, str] = {}
    with app.store.reading() as unit:
        here = {user.address for user in unit.accounts.users()}
    found = _by_address(app, org) if not all(wanted.values()) else {}
    for told, crm_user_id in wanted.items():
        address = normalise(told)
        known = [crm_user_id] if crm_user_id else found.get(address, [])
        hindrance = (
            NO_ADDRESS if not address else THERE if address in here else
            "" if len(known) == 1 else SEVERAL if known else UNKNOWN
        )  # fmt: skip
        if hindrance:
            done.left_out[told] = hindrance
        else:
            chosen[address] = known[0]
    _add(app, org, chosen, profile, by)
    done.added.extend(chosen)
    return done


def named(found: Sequence[CrmUser], ids: Collection[str] | None) -> dict[str, str]:
    """What `enroll` takes, of those of these who are named by their ids, or of all (None). Of an address that several
    share one is added only if he alone is named."""
    chosen = [each for each in found if ids is None or each.id in ids]
    double = twice(chosen)
    return {each.address: "" if each.address in double else each.id for each in chosen}


def twice(found: Sequence[CrmUser]) -> frozenset[str]:
    """Addresses that several of these share, so that only an id says who is meant."""
    return frozenset(address for address, times in Counter(each.address for each in found).items() if times > 1)


def _people(app: App, org: OrgView) -> Sequence[CrmUser]:
    return app.crm_of(org.id, None, org.name).users()


def _told(each: CrmUser) -> str:
    return " ".join((each.name, each.address, each.country, each.profile, each.role)).casefold()


def _by_address(app: App, org: OrgView) -> Mapping[str, list[str]]:
    found: dict[str, list[str]] = {}
    for each in _people(app, org):
        found.setdefault(each.address, []).append(each.id)
    return found


def _add(app: App, org: OrgView, chosen: Mapping[str, str], profile: ProfileView | None, by: str) -> None:
    """In transactions of `BATCH`, so that runs get a word in between."""
    # servers tell to the second when something was made, and that is compared with this moment
    now = app.clock().replace(microsecond=0)
    apart = min(APART, timedelta(seconds=app.settings.interval_seconds) / max(1, len(chosen)))
    everybody = list(chosen.items())
    for start in range(0, len(everybody), BATCH):
        some = everybody[start : start + BATCH]
        with app.store.writing() as unit:
            ids = unit.accounts.add_users(
                org.id, [address for address, _ in some], now, shards=app.settings.shards,
                due=[now + apart * number for number in range(start, start + len(some))],
                crm_user_ids=[crm_user_id for _, crm_user_id in some],
            )  # fmt: skip
            for address, crm_user_id in some:
                unit.accounts.audit(now, by, "user.add", address, crm_user=crm_user_id)
            if profile is not None:
                profiles.assign(unit, unit.accounts.users_numbered(ids), profile, at=now, by=by)
