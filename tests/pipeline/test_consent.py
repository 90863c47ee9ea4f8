"""A person lets us in on the vendor's page: the way there and back, whose account it is, and what may go wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
import requests

from mapping.model.findings import Finding
from mapping.rules.errors import SCOPES
from sync_tasks.services import consent
from sync_tasks.services.consent import AS_KNOWN, Application, Begun, ConsentError, Finished
from sync_tasks.state.records import UserView
from tests.support.kinds import PASSWORD, SERVICE, TENANT
from tests.support.world import ORG, World

pytestmark = pytest.mark.told_over("exchange", why="each story names the vendor to which somebody lets us in")

REDIRECT = "https://sync.example/connect/callback"
BOB = "bob@acme.example"


def graph(world: World, **changes: Any) -> Application:
    app = {"tenant": TENANT, "client_id": SERVICE, "secret": PASSWORD, "redirects": [REDIRECT], **changes}
    world.control("graph/tenants", tenant=TENANT, domains=["*"])
    world.control("graph/apps", **app)
    url = f"{world.server.url}/graph"
    facts = {"tenant": TENANT, "client_id": SERVICE, "login_url": url, "graph_url": url}
    return Application(facts, {"client_secret": PASSWORD})


def google(world: World, **changes: Any) -> Application:
    world.control("google/clients", client_id="c", client_secret="s", redirects=[REDIRECT], **changes)
    url = f"{world.server.url}/google"
    facts = {"client_id": "c", "base_url": url, "token_url": f"{url}/token", "auth_url": f"{url}/o/oauth2/v2/auth"}
    return Application(facts, {"client_secret": "s"})


def salesforce(world: World, **_: Any) -> Application:
    """Its application is that of the organization."""
    world.control("salesforce/settings", org=ORG, refresh_rotation=True)
    return AS_KNOWN


APPLICATIONS: dict[str, Callable[..., Application]] = {"graph": graph, "google": google, "salesforce": salesforce}
EVERY = pytest.mark.parametrize("vendor", ["graph", "google", "salesforce"])


def person(world: World, vendor: str, address: str) -> None:
    """Somebody at the vendor who is no user of ours."""
    if vendor == "graph":
        world.control("ews/mailboxes", address=address, name="Bob")
    elif vendor == "google":
        world.control("google/users", address=address)
    else:
        world.control("salesforce/users", org=ORG, username=address, Email=address)


@pytest.fixture
def ann(world: World, vendor: str) -> UserView:
    if vendor == "google":
        world.control("google/users", address="ann@acme.example")
    return world.user()


def agree(begun: Begun, **changes: str) -> dict[str, str]:
    """What the browser comes back with after the person agreed; `changes`: to the address that was opened."""
    parts = urlsplit(begun.address)
    query = {**dict(parse_qsl(parts.query)), **changes}
    answer = requests.get(urlunsplit(parts._replace(query=urlencode(query))), allow_redirects=False, timeout=10)
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(REDIRECT)
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


def connect(world: World, user: UserView, vendor: str, told: Application, **changes: str) -> Finished:
    begun = consent.begin(world.app, user, vendor, REDIRECT, told)
    return consent.finish(world.app, agree(begun, **changes), begun.browser, by="test")


def refused(world: World, user: UserView, vendor: str, told: Application, **changes: str) -> Finding | None:
    before = own(world, user, vendor)
    with pytest.raises(ConsentError) as caught:
        connect(world, user, vendor, told, **changes)
    assert own(world, user, vendor) == before
    return caught.value.finding


def own(world: World, user: UserView, vendor: str) -> Any:
    """The user's connection, and the names of its credentials."""
    with world.app.store.reading() as unit:
        found = unit.accounts.connection(user.org_id, user.id, consent.SIDES[vendor])
        assert found is not None
        return found, sorted(unit.accounts.credentials(found[0], ["refresh_token", "client_secret"]))


@EVERY
@pytest.mark.point("1.9.4")
def test_a_user_lets_us_in_and_runs(world: World, ann: UserView, vendor: str) -> None:
    told = APPLICATIONS[vendor](world)

    done = connect(world, ann, vendor, told)

    assert (done.user.id, done.vendor, done.resumed) == (ann.id, vendor, False)
    (_, found, _), credentials = own(world, ann, vendor)
    assert found == vendor
    assert "refresh_token" in credentials
    world.sync(ann)
    if vendor == "salesforce":
        settings = world.app.effective(ann)
        assert world.app.crm(ann, settings, {}).shape().user_id[:15] == ann.crm_user_id[:15]


@EVERY
@pytest.mark.point("1.6.8")
def test_a_consent_of_somebody_else_is_refused(world: World, ann: UserView, vendor: str) -> None:
    told = APPLICATIONS[vendor](world)
    person(world, vendor, BOB)

    found = refused(world, ann, vendor, told, login_hint=BOB)

    assert found is (Finding.CRM_OF_SOMEBODY_ELSE if vendor == "salesforce" else Finding.MAILBOX_OF_SOMEBODY_ELSE)


@EVERY
def test_an_answer_is_good_once_in_one_browser_and_not_for_long(world: World, ann: UserView, vendor: str) -> None:
    told = APPLICATIONS[vendor](world)
    begun = consent.begin(world.app, ann, vendor, REDIRECT, told)
    other = consent.begin(world.app, ann, vendor, REDIRECT, told)
    answer = agree(begun)
    for wrong, browser in ((answer, other.browser), ({**answer, "state": "made up"}, begun.browser), ({}, "")):
        with pytest.raises(ConsentError, match="not asked for here"):
            consent.finish(world.app, wrong, browser, by="test")

    consent.finish(world.app, answer, begun.browser, by="test")
    with pytest.raises(ConsentError, match="used before"):
        consent.finish(world.app, answer, begun.browser, by="test")

    late = agree(other)
    world.later(minutes=15)
    with pytest.raises(ConsentError, match="too late"):
        consent.finish(world.app, late, other.browser, by="test")


@EVERY
def test_a_code_that_was_given_to_somebody_else_is_of_no_use(world: World, ann: UserView, vendor: str) -> None:
    told = APPLICATIONS[vendor](world)
    theirs = agree(consent.begin(world.app, ann, vendor, REDIRECT, told))
    begun = consent.begin(world.app, ann, vendor, REDIRECT, told)
    answer = {**agree(begun), "code": theirs["code"]}

    with pytest.raises(ConsentError) as caught:
        consent.finish(world.app, answer, begun.browser, by="test")

    assert caught.value.finding is not None
    assert theirs["code"] not in str(caught.value)


@EVERY
def test_whoever_declines_changes_nothing(world: World, ann: UserView, vendor: str) -> None:
    assert refused(world, ann, vendor, APPLICATIONS[vendor](world), deny="1") is None


@pytest.mark.parametrize(("vendor", "change"), [("graph", {"admin_only": True}), ("google", {"blocked": True})])
def test_an_application_that_only_administrators_may_admit_is_named(
    world: World, ann: UserView, vendor: str, change: dict[str, bool]
) -> None:
    assert refused(world, ann, vendor, APPLICATIONS[vendor](world, **change)) is Finding.ADMIN_CONSENT


@pytest.mark.parametrize("vendor", ["google"])
def test_a_box_that_was_not_ticked_is_named(world: World, ann: UserView, vendor: str) -> None:
    calendar_only = "openid email https://www.googleapis.com/auth/calendar"

    assert refused(world, ann, vendor, google(world), scope=calendar_only) is Finding.SCOPE_LACKING


@EVERY
def test_a_new_consent_ends_a_suspension_for_want_of_one_and_no_pause(world: World, ann: UserView, vendor: str) -> None:
    code = f"{SCOPES[consent.SIDES[vendor]]}.PERMANENT.SIGN_IN"
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, suspended_at=world.now, suspended_code=code, paused_at=world.now)

    done = connect(world, ann, vendor, APPLICATIONS[vendor](world))

    assert done.resumed
    assert done.user.status == "paused"
    assert (done.user.suspended_at, done.user.suspended_code) == (None, "")


@pytest.mark.parametrize("vendor", ["graph"])
@pytest.mark.point("1.6.5")
def test_when_a_consent_ends_is_kept_and_each_use_puts_it_off(world: World, ann: UserView, vendor: str) -> None:
    connect(world, ann, vendor, graph(world))

    assert ends(world, ann) == [("refresh_token", world.now + timedelta(days=90))]
    world.later(days=80)
    world.sync(ann)
    assert ends(world, ann) == [("refresh_token", world.now + timedelta(days=90))]


def ends(world: World, user: UserView) -> list[tuple[str, Any]]:
    with world.app.store.reading() as unit:
        found = unit.accounts.connection(user.org_id, user.id, "mailbox")
        assert found is not None
        return unit.accounts.ending(found[0], world.now + timedelta(days=365))
