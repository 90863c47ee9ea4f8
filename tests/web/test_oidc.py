"""Log-in by OpenID Connect, against the sandbox's provider over real sockets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.sandbox.oidc.routes import CLIENT, CLIENT_SECRET
from connectors.sandbox.server import SandboxServer
from sync_tasks.bootstrap import App
from sync_tasks.settings import Settings
from tests.support.office import ADELE, ANN, Office, open_office
from tests.support.web import visiting


@pytest.fixture
def office(tmp_path: Path, sandbox: SandboxServer) -> Iterator[Office]:
    made = open_office(tmp_path)
    made.app.close()
    sandbox.sandbox.clock.set(made.clock.now, frozen=True)
    settings = Settings(
        home=tmp_path, oidc_issuer=f"{sandbox.url}/oidc", oidc_client_id=CLIENT, oidc_client_secret=CLIENT_SECRET,
        oidc_name="Sandbox",
    )  # fmt: skip
    made.app = App(settings, clock=made.clock)
    yield made
    made.app.close()


@pytest.fixture
def web(office: Office) -> Iterator[httpx.Client]:
    with visiting(office.app) as client:
        client.headers["Accept"] = "text/html"
        yield client


def at_the_provider(web: httpx.Client, address: str, *, wanted: str = "/", verified: str = "1") -> str:
    """Begin a log-in and say there who one is; the address to come back to."""
    asked = web.get("/login/oidc", params={"next": wanted}).headers["location"]
    form = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
    answer = httpx.post(asked.partition("?")[0], data={**form, "email": address, "verified": verified})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@pytest.mark.point("1.1.3")
def test_whoever_the_provider_vouches_for_is_logged_in_and_goes_where_he_wanted(
    office: Office, web: httpx.Client
) -> None:
    assert 'href="/login/oidc?next=%2F"' in web.get("/login").text or "Log in with Sandbox" in web.get("/login").text
    entered = web.get(at_the_provider(web, "Adele@ACME.example", wanted="/audit"))
    assert (entered.status_code, entered.headers["location"]) == (303, "/audit")
    assert ADELE in web.get("/audit").text


def test_nobody_is_let_in_whom_nobody_knows_here(web: httpx.Client) -> None:
    refused = web.get(at_the_provider(web, "stranger@else.example"))
    assert refused.status_code == 403
    assert "Nobody here has the address" in refused.text
    assert "inbox-sync" not in web.cookies


def test_an_address_that_is_not_verified_proves_nothing(web: httpx.Client) -> None:
    assert web.get(at_the_provider(web, ANN, verified="0")).status_code == 403


def test_an_answer_is_good_once(office: Office, web: httpx.Client) -> None:
    back = at_the_provider(web, ANN)
    attempt = web.cookies["inbox-sync-log-in"]
    assert web.get(back).status_code == 303
    web.cookies.clear()
    web.cookies.set("inbox-sync-log-in", attempt)
    assert web.get(back).status_code == 403


def test_an_answer_to_another_browsers_log_in_is_none(office: Office, web: httpx.Client) -> None:
    """Nobody can be made to go on as somebody else by being sent the end of the other's log-in."""
    back = at_the_provider(web, ADELE)
    web.cookies.clear()
    assert web.get(back).status_code == 403
    at_the_provider(web, ANN)
    assert web.get(back).status_code == 403, "the state is of another attempt"


def test_an_attempt_can_not_be_made_up(web: httpx.Client) -> None:
    back = at_the_provider(web, ANN)
    web.cookies.clear()
    web.cookies.set("inbox-sync-log-in", "00" * 80)
    assert web.get(back).status_code == 403


def test_whoever_refuses_at_the_provider_stays_outside(web: httpx.Client) -> None:
    back = at_the_provider(web, "")
    assert "error=access_denied" in back
    assert web.get(back).status_code == 403


def test_a_token_that_came_too_late_is_none(office: Office, web: httpx.Client) -> None:
    back = at_the_provider(web, ANN)
    office.clock.later(minutes=30)
    assert web.get(back).status_code == 403


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
def test_logging_in_leads_to_no_other_site(web: httpx.Client, wanted: str) -> None:
    assert web.get(at_the_provider(web, ANN, wanted=wanted)).headers["location"] == "/"


def test_a_provider_that_does_not_answer_is_said_to_be_so(
    office: Office, sandbox: SandboxServer, web: httpx.Client
) -> None:
    httpx.post(f"{sandbox.url}/control/faults", json={"match": "oidc.discovery", "action": {"status": 503}})
    answer = web.get("/login/oidc")
    assert answer.status_code == 503
    assert "does not answer" in answer.text
