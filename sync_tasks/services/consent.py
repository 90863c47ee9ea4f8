"""A user lets us in to the own mailbox, or to Salesforce as himself, on a page of the vendor's.

`begin` sends the person there with a state that is good once, for a quarter of an hour, and only together with what the
browser (or the console) holds that began. `finish` takes the code that comes back, proves that it was ours (PKCE), and
keeps what was granted only if the account is the user's: signed in somewhere else is the most common way to connect a
stranger's mailbox. The reasons for a refusal are `Finding`s, as in the doctor.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import timedelta

from connectors import registry
from connectors.consents import ConsentFlow, Grant
from connectors.errors import ConnectorError
from connectors.findings import finding_of
from mapping.model.findings import FINDINGS, Finding
from mapping.model.people import normalise
from sync_tasks.bootstrap import App
from sync_tasks.security.vault import VaultError, consent_context
from sync_tasks.services import standing
from sync_tasks.state.records import UserView
from sync_tasks.state.store import Unit

SIDES = {"salesforce": "crm", "graph": "mailbox", "google": "mailbox"}
INVITED = timedelta(days=7)
_INVITATION = b"invitation"
LIVES = timedelta(minutes=15)
CALLBACK = "/connect/callback"
REFRESH = "refresh_token"
# what a vendor's page says no with, in the words of OAuth and of the vendor; all else is a refusal
_PAGES = {
    "AADSTS90094": Finding.ADMIN_CONSENT,
    "AADSTS65001": Finding.ADMIN_CONSENT,
    "consent_required": Finding.ADMIN_CONSENT,
    "admin_policy_enforced": Finding.ADMIN_CONSENT,
    "interaction_required": Finding.MFA_NEEDED,
    "AADSTS50076": Finding.MFA_NEEDED,
    "AADSTS53003": Finding.MFA_NEEDED,
}
_SOMEBODY_ELSE = {"crm": Finding.CRM_OF_SOMEBODY_ELSE, "mailbox": Finding.MAILBOX_OF_SOMEBODY_ELSE}


class ConsentError(Exception):
    """No consent came of it. `finding`: why, when that is known to the doctor. The text says what to do."""

    def __init__(self, text: str, finding: Finding | None = None) -> None:
        told = FINDINGS[finding] if finding is not None else None
        super().__init__(f"{text}. {told.cure}" if told is not None else text)
        self.finding = finding


@dataclass(frozen=True, slots=True)
class Application:
    """As what we ask, beyond what the user's connection says by now: facts and secrets of the vendor's."""

    facts: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


AS_KNOWN = Application()


@dataclass(frozen=True, slots=True)
class Begun:
    """`address`: the page to open. `browser`: what whoever began has to hold until the person comes back."""

    address: str
    browser: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Finished:
    """Who is connected to what, and whether that has ended a suspension."""

    user: UserView
    vendor: str
    resumed: bool


def begin(app: App, user: UserView, vendor: str, redirect: str, told: Application = AS_KNOWN) -> Begun:
    """Start a consent that comes back to `redirect`. Raises ConsentError."""
    flow = _flow(app, user, vendor, told)
    state, browser, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    digest, now = _digest(state), app.clock()
    kept = json.dumps({"verifier": verifier, "redirect": redirect, "told": asdict(told)}).encode()
    with app.store.writing() as unit:
        unit.consents.begin(
            digest, org_id=user.org_id, user_id=user.id, vendor=vendor, browser=_digest(browser),
            sealed=app.vault.seal(kept, consent_context(digest)), expires_at=now + LIVES,
        )  # fmt: skip
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return Begun(flow.page(redirect, state, challenge), browser)


def finish(app: App, answer: dict[str, str], browser: str, *, by: str) -> Finished:
    """`answer`: what the vendor sent the person back with. Raises ConsentError; then nothing has changed."""
    with app.store.writing() as unit:
        found = unit.consents.take(_digest(answer.get("state", "")), _digest(browser), app.clock())
    if found is None:
        raise ConsentError("this answer was not asked for here, was used before, or came too late: begin again")
    with app.store.reading() as unit:
        user = unit.accounts.user(found.user_id)
    if "code" not in answer:
        raise _refusal(answer)
    try:
        kept = json.loads(app.vault.open(found.sealed, consent_context(found.state)))
        told = Application(**kept["told"])
        grant = _flow(app, user, found.vendor, told).redeem(answer["code"], kept["redirect"], kept["verifier"])
    except ConnectorError as error:
        words = {**registry.words(found.vendor), **_PAGES}
        raise ConsentError(f"no consent was given: {error.detail}", finding_of(error, words)) from None
    except VaultError as error:
        raise ConsentError(str(error), Finding.KEYS_MISSING) from None
    if not _is_his(user, found.vendor, grant):
        raise ConsentError(f"this is not the account of {user.address}", _SOMEBODY_ELSE[SIDES[found.vendor]])
    with app.store.writing() as unit:
        resumed = _keep(app, unit, user, found.vendor, told, grant, by)
        return Finished(unit.accounts.user(user.id), found.vendor, resumed)


def _flow(app: App, user: UserView, vendor: str, told: Application) -> ConsentFlow:
    try:
        return app.consent(user, vendor, SIDES[vendor], told.facts, told.secrets)
    except (LookupError, ValueError) as error:
        raise ConsentError(f"the connection lacks {error}", Finding.FACTS_WRONG) from None


def _refusal(answer: dict[str, str]) -> ConsentError:
    """The vendor's page said no. Nothing of its text but words that are known is told on."""
    told = f"{answer.get('error', '')} {answer.get('error_description', '')}"
    finding = next((finding for word, finding in _PAGES.items() if word in told), None)
    return ConsentError("the consent was declined" if finding is None else "the vendor refuses the consent", finding)


def _is_his(user: UserView, vendor: str, grant: Grant) -> bool:
    if SIDES[vendor] == "crm":
        return not user.crm_user_id or user.crm_user_id[:15] in grant.whose
    return bool(grant.whose & {normalise(each) for each in (user.address, *user.aliases)})


def _keep(app: App, unit: Unit, user: UserView, vendor: str, told: Application, grant: Grant, by: str) -> bool:
    """Make it the user's own connection; True when that has ended a suspension."""
    side, now = SIDES[vendor], app.clock()
    own = unit.accounts.own_connection(user.org_id, user.id, side, vendor)
    unit.accounts.forget_tokens(own)  # they were given for the consent of before
    unit.accounts.add_facts(own, told.facts)
    for name, value in told.secrets.items():
        unit.accounts.put_credential(own, name, app.seal_secret(own, name, value))
    unit.accounts.put_credential(own, REFRESH, app.seal_secret(own, REFRESH, grant.refresh), grant.ends)
    if side == "mailbox":
        unit.accounts.forget_profile(user.org_id, user.id)
    resumed = bool(standing.renewed(unit, user.org_id, user.id, side, now))
    unit.accounts.audit(now, by, "user.connect", user.address, vendor=vendor, resumed=resumed)
    return resumed


# --- invitations


def invite(app: App, user: UserView, vendor: str, told: Application = AS_KNOWN) -> str:
    """What a link holds by which the user is asked to let us in; good for a week."""
    ends = (app.clock() + INVITED).timestamp()
    sealed = app.vault.seal(json.dumps([user.id, vendor, asdict(told), ends]).encode(), _INVITATION)
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def read_invitation(app: App, text: str) -> tuple[UserView, str, Application]:
    """Who is invited to let us in where, and as what we ask. Raises ConsentError."""
    try:
        sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        user_id, vendor, told, ends = json.loads(app.vault.open(sealed, _INVITATION))
    except (VaultError, ValueError):
        raise ConsentError("the link is not complete: ask for a new one") from None
    with app.store.reading() as unit:
        user = next((each for each in unit.accounts.users() if each.id == user_id), None)
    if user is None or ends < app.clock().timestamp():
        raise ConsentError("the link is older than a week: ask for a new one")
    return user, vendor, Application(**told)


def renewable(app: App, user: UserView) -> list[str]:
    """The vendors at which this user himself has let us in, and can do so again."""
    with app.store.reading() as unit:
        found = {side: unit.accounts.connection(user.org_id, user.id, side) for side in ("mailbox", "crm")}
        return [
            each[1] for side, each in found.items()
            if each is not None and SIDES.get(each[1]) == side and unit.accounts.credentials(each[0], [REFRESH])
        ]  # fmt: skip


def public_url(app: App, seen: str) -> str:
    """Under which address people reach us: as it is set, or as this request saw it."""
    return (app.settings.public_url or seen).rstrip("/")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
