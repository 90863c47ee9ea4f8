"""Logging in, staying in, getting out; and that no change happens that nobody meant."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sync_tasks.services import entering
from sync_tasks.state.models import Base
from sync_tasks.web.identity import local_path
from tests.support.office import ADELE, ANN, PAT, Office

COOKIE = "inbox-sync"


@pytest.fixture(autouse=True)
def _as_a_browser(web: httpx.Client) -> None:
    web.headers["Accept"] = "text/html"


@pytest.mark.point("1.1.3")
def test_a_link_logs_in_once_and_looking_at_it_does_not_use_it_up(office: Office, web: httpx.Client) -> None:
    secret = entering.make_link(office.app)
    for _ in range(2):
        assert 'value="' + secret in web.get("/login/link", params={"token": secret}).text
    entered = web.post("/login/link", data={"token": secret})
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    assert web.get("/users").status_code == 200

    web.cookies.clear()
    again = web.post("/login/link", data={"token": secret})
    assert again.status_code == 403
    assert COOKIE not in web.cookies


def test_a_link_is_good_for_a_quarter_of_an_hour(office: Office, web: httpx.Client) -> None:
    secret = entering.make_link(office.app, ANN)
    office.clock.later(minutes=15)
    assert web.post("/login/link", data={"token": secret}).status_code == 403


def test_a_link_of_a_users_leads_him_to_himself(office: Office, web: httpx.Client) -> None:
    web.post("/login/link", data={"token": entering.make_link(office.app, ANN)})
    assert web.get("/").headers["location"] == f"/users/{office.ids[ANN]}"


def test_logging_in_gives_a_new_session_and_ends_the_one_that_was_there(office: Office, web: httpx.Client) -> None:
    """Whoever planted a session in a browser knows nothing of the one that its owner logs in with."""
    planted = office.session(ANN)
    for before in (planted, "planted-and-never-a-session"):
        web.cookies.clear()
        web.cookies.set(COOKIE, before)
        answer = web.post("/login/link", data={"token": entering.make_link(office.app, ADELE)})
        assert answer.cookies[COOKIE] not in ("", before)
        assert entering.by_session(office.app, before) is None


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(office: Office, web: httpx.Client) -> None:
    answer = web.post("/login/link", data={"token": entering.make_link(office.app)})
    told = answer.headers["set-cookie"].lower()
    assert "httponly" in told
    assert "samesite=lax" in told
    assert "path=/" in told
    assert "domain" not in told


def test_a_session_ends_when_nobody_uses_it_and_at_last_in_any_case(office: Office, web: httpx.Client) -> None:
    office.visit(web, ANN)
    page = f"/users/{office.ids[ANN]}"
    for _ in range(13):
        assert web.get(page).status_code == 200
        office.clock.later(minutes=55)
    assert web.get(page).status_code == 200
    office.clock.later(minutes=5)
    assert web.get(page).status_code == 303, "12 hours are the most"

    office.visit(web, ANN)
    office.clock.later(hours=1)
    assert web.get(page).status_code == 303


def test_logging_out_ends_the_session_itself(office: Office, web: httpx.Client) -> None:
    form_token = office.visit(web, ANN)
    secret = web.cookies[COOKIE]
    assert web.post("/logout", data={"form_token": form_token}).headers["location"] == "/login"
    assert entering.by_session(office.app, secret) is None


@pytest.mark.parametrize("sent", [{}, {"form_token": ""}, {"form_token": "guessed"}])
def test_a_change_without_the_token_of_the_session_is_none(
    office: Office, web: httpx.Client, sent: dict[str, str]
) -> None:
    office.visit(web, ANN)
    for path in (f"/users/{office.ids[ANN]}/pause", "/tokens", "/logout", f"/api/v1/users/{office.ids[ANN]}/pause"):
        assert web.post(path, data={"name": "x", **sent}).status_code == 403, path
    with office.app.store.reading() as unit:
        assert unit.accounts.user(office.ids[ANN]).status == "enabled"


def test_the_token_of_another_session_is_of_no_use(office: Office, web: httpx.Client) -> None:
    others = entering.form_token(office.session(ADELE))
    office.visit(web, ANN)
    assert web.post(f"/users/{office.ids[ANN]}/pause", data={"form_token": others}).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"},
                {"Sec-Fetch-Site": "same-site"}]
)  # fmt: skip
def test_a_change_that_another_site_asks_for_is_none_even_with_the_token(
    office: Office, web: httpx.Client, headers: dict[str, str]
) -> None:
    form_token = office.visit(web, ANN)
    path = f"/users/{office.ids[ANN]}/pause"
    assert web.post(path, data={"form_token": form_token}, headers=headers).status_code == 403
    assert web.post(path, data={"form_token": form_token}, headers={"Origin": str(web.base_url)}).status_code == 303


def test_nobody_is_logged_in_by_another_sites_form(office: Office, web: httpx.Client) -> None:
    secret = entering.make_link(office.app)
    answer = web.post("/login/link", data={"token": secret}, headers={"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert web.post("/login/link", data={"token": secret}).status_code == 303, "the link is still good"


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "\\\\evil.example", "/\t/evil.example",
               "javascript:alert(1)", "evil.example", "/\n/evil.example", ""]
)  # fmt: skip
def test_no_address_leads_away_from_here(wanted: str) -> None:
    assert local_path(wanted) == "/"


def test_one_comes_back_to_where_one_wanted_to_go() -> None:
    assert local_path("/users?text=ann&at=2") == "/users?text=ann&at=2"


def test_whoever_is_not_known_is_sent_to_log_in_and_the_wish_goes_along(web: httpx.Client) -> None:
    to = web.get("/users?text=ann").headers["location"]
    assert urlsplit(to).path == "/login"
    assert parse_qs(urlsplit(to).query) == {"next": ["/users?text=ann"]}
    assert web.get("/api/v1/users").status_code == 401


def test_after_ten_failed_tries_none_is_looked_at_for_a_while(office: Office, web: httpx.Client) -> None:
    good, headers = entering.make_link(office.app), office.token(PAT)
    for _ in range(entering.MOST_FAILURES):
        assert web.post("/login/link", data={"token": "guess"}).status_code == 403
    assert web.post("/login/link", data={"token": "guess"}).status_code == 429
    assert web.post("/login/link", data={"token": good}).status_code == 429
    assert web.get("/api/v1/me", headers=headers).status_code == 429
    office.clock.later(minutes=15)
    assert web.get("/api/v1/me", headers=headers).status_code == 200
    assert web.post("/login/link", data={"token": entering.make_link(office.app)}).status_code == 303


def test_guessed_tokens_count_as_failed_tries(office: Office, web: httpx.Client) -> None:
    for _ in range(entering.MOST_FAILURES):
        assert web.get("/api/v1/me", headers={"Authorization": "Bearer isy_guess"}).status_code == 401
    assert web.get("/api/v1/me", headers=office.token(PAT)).status_code == 429


def test_a_token_is_shown_once_acts_as_its_owner_and_ends_when_it_is_told_to(office: Office, web: httpx.Client) -> None:
    form_token = office.visit(web, ANN)
    page = web.post("/tokens", data={"form_token": form_token, "name": "reports"}).text
    secret = page.partition('class="secret">')[2].partition("<")[0]
    assert secret.startswith(entering.TOKEN_MARK)
    assert secret not in web.get("/tokens").text
    web.cookies.clear()

    bearer = {"Authorization": f"Bearer {secret}"}
    assert web.get("/api/v1/me", headers=bearer).json() == {"name": ANN, "role": "user", "users": [office.ids[ANN]]}
    with office.app.store.reading() as unit:
        number = next(token.id for token in unit.access.tokens(ANN) if token.name == "reports")
    form_token = office.visit(web, ANN)
    web.post(f"/tokens/{number}/drop", data={"form_token": form_token})
    web.cookies.clear()
    assert web.get("/api/v1/me", headers=bearer).status_code == 401


def test_a_token_ends_in_time(office: Office, web: httpx.Client) -> None:
    headers = office.token(ANN)
    office.clock.later(days=entering.TOKEN_LIVES.days)
    assert web.get("/api/v1/me", headers=headers).status_code == 401


def test_the_store_holds_no_secret_that_logs_in(office: Office, web: httpx.Client) -> None:
    link, session = entering.make_link(office.app), office.session(ANN)
    token = office.token(ANN)["Authorization"].removeprefix("Bearer ")
    with office.app.store.engine.connect() as connection:
        everything = str([
            [tuple(row) for row in connection.execute(table.select())] for table in Base.metadata.sorted_tables
        ])  # fmt: skip
    for secret in (link, session, token):
        assert secret not in everything


def test_every_act_is_noted_with_who_did_it(office: Office, web: httpx.Client) -> None:
    form_token = office.visit(web, ADELE)
    for act in ("force", "pause", "resume", "disable", "enable"):
        web.post(f"/users/{office.ids[ANN]}/{act}", data={"form_token": form_token})
    web.post(f"/holds/{office.things['hold_id']}", data={"form_token": form_token, "decision": "rejected"})
    acts = [(what, whom) for who, what, whom in office.acts() if who == ADELE]
    assert acts == [
        ("web.log-in", ADELE), ("user.force", ANN), ("user.pause", ANN), ("user.resume", ANN), ("user.disable", ANN),
        ("user.enable", ANN), ("hold.reject", ANN),
    ]  # fmt: skip
