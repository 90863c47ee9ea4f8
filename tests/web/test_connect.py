"""The pages on which a user lets us in, as a browser meets them."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from sync_tasks.bootstrap import App
from sync_tasks.services import consent, entering
from sync_tasks.services.consent import Application
from sync_tasks.settings import Settings
from sync_tasks.state.records import UserView
from tests.support.web import visiting
from tests.support.world import World

PUBLIC = "https://sync.example"
SESSION = "__Host-inbox-sync"  # as over TLS, which the public address promises


@pytest.fixture
def app(world: World) -> Iterator[App]:
    made = App(
        Settings(home=world.app.settings.home, database_url=world.app.settings.database_url, public_url=PUBLIC),
        clock=world.sandbox.clock.now,
    )
    yield made
    made.close()


def google(world: World) -> Application:
    world.control("google/clients", client_id="c", client_secret="s", redirects=[f"{PUBLIC}/connect/callback"])
    url = f"{world.server.url}/google"
    facts = {"client_id": "c", "base_url": url, "token_url": f"{url}/token", "auth_url": f"{url}/o/oauth2/v2/auth"}
    return Application(facts, {"client_secret": "s"})


def invited(world: World, app: App) -> tuple[UserView, str]:
    world.control("google/users", address="ann@acme.example")
    ann = world.user()
    return ann, f"/connect/{consent.invite(app, ann, 'google', google(world))}"


def agreed(at_vendor: str) -> str:
    """Path and query with which the vendor sends the browser back."""
    back = urlsplit(httpx.get(at_vendor).headers["Location"])
    assert f"{back.scheme}://{back.netloc}" == PUBLIC
    return f"{back.path}?{back.query}"


@pytest.mark.point("1.9.8")
def test_an_invited_user_is_led_to_the_vendor_and_back(world: World, app: App) -> None:
    ann, invitation = invited(world, app)
    with visiting(app) as browser:
        page = browser.get(invitation)
        assert page.status_code == 200
        assert "sign in as ann@acme.example" in page.text
        assert f'href="{invitation}/go"' in page.text

        onward = browser.get(f"{invitation}/go")
        assert onward.status_code == 303
        cookie = onward.headers["Set-Cookie"]
        assert all(word in cookie for word in ("HttpOnly", "Secure", "SameSite=lax", "Path=/connect"))
        asked = dict(parse_qsl(urlsplit(onward.headers["Location"]).query))
        assert (asked["code_challenge_method"], asked["access_type"]) == ("S256", "offline")

        held = {"Cookie": cookie.partition(";")[0]}  # by hand: the address of the test is no https
        done = browser.get(agreed(onward.headers["Location"]), headers=held)

    assert done.status_code == 200
    assert "ann@acme.example is connected to Google" in done.text
    with app.store.reading() as unit:
        found = unit.accounts.connection(ann.org_id, ann.id, "mailbox")
    assert found is not None
    assert found[1] == "google"


def test_an_answer_in_another_browser_is_refused_and_says_what_to_do(world: World, app: App) -> None:
    _, invitation = invited(world, app)
    with visiting(app) as browser:
        onward = browser.get(f"{invitation}/go")
        browser.cookies.clear()

        refused = browser.get(agreed(onward.headers["Location"]))

    assert refused.status_code == 400
    assert "begin again" in refused.text


@pytest.mark.parametrize("path", ["/connect/nothing", "/connect/nothing/go"])
def test_an_invitation_that_is_none_is_refused(world: World, app: App, path: str) -> None:
    with visiting(app) as browser:
        answer = browser.get(path)
    assert answer.status_code in (400, 404)
    assert "ask for a new one" in answer.text


def test_an_invitation_is_good_for_a_week(world: World, app: App) -> None:
    _, invitation = invited(world, app)
    world.later(days=7, seconds=1)
    with visiting(app) as browser:
        answer = browser.get(invitation)
    assert answer.status_code == 404
    assert "older than a week" in answer.text


def test_nothing_that_a_vendor_says_becomes_part_of_a_page(world: World, app: App) -> None:
    _, invitation = invited(world, app)
    with visiting(app) as browser:
        onward = browser.get(f"{invitation}/go")
        state = dict(parse_qsl(urlsplit(onward.headers["Location"]).query))["state"]
        held = {"Cookie": onward.headers["Set-Cookie"].partition(";")[0]}
        told = {"state": state, "error": "<script>alert(1)</script>", "error_description": "call 555 now"}

        answer = browser.get("/connect/callback", params=told, headers=held)

    assert answer.status_code == 400
    assert "alert(1)" not in answer.text
    assert "555" not in answer.text


@pytest.mark.point("1.2.2")
def test_who_has_let_us_in_does_so_again_from_his_own_page_and_nobody_for_him(world: World, app: App) -> None:
    ann, invitation = invited(world, app)
    with visiting(app) as browser:
        browser.headers["Accept"] = "text/html"
        form = log_in(app, browser, ann.address)
        page = browser.get(f"/users/{ann.id}").text
        assert "Sync now" in page
        assert "Reconnect" not in page
        agree(browser, browser.get(f"{invitation}/go"))
        assert "Reconnect Google" in browser.get(f"/users/{ann.id}").text

        again = browser.post(f"/users/{ann.id}/reconnect", data=form | {"vendor": "google"})
        assert "sign in as ann@acme.example" in browser.get(again.headers["Location"]).text
        done = agree(browser, browser.get(f"{again.headers['Location']}/go"))
        assert "is connected to Google" in done.text
        assert browser.post(f"/users/{ann.id}/reconnect", data=form | {"vendor": "graph"}).status_code == 404

        admin = log_in(app, browser, "")
        page = browser.get(f"/users/{ann.id}").text
        assert "Sync now" in page
        assert "Reconnect" not in page
        assert browser.post(f"/users/{ann.id}/reconnect", data=admin | {"vendor": "google"}).status_code == 403


def log_in(app: App, browser: httpx.Client, address: str) -> dict[str, str]:
    secret = entering.begin(app, address, "test", "test")
    browser.cookies.set(SESSION, secret)
    return {"form_token": entering.form_token(secret)}


def agree(browser: httpx.Client, onward: httpx.Response) -> httpx.Response:
    """Go to the vendor's page, agree, and come back."""
    both = f"{onward.headers['Set-Cookie'].partition(';')[0]}; {SESSION}={browser.cookies[SESSION]}"
    return browser.get(agreed(onward.headers["Location"]), headers={"Cookie": both})
