"""Nobody sees or touches what is another's: every route, asked by everybody whom it does not concern."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.routing import Mount, Route

from sync_tasks.state.models import Base
from sync_tasks.web.app import create_app
from tests.support.office import ACCOUNT, ADELE, ANN, BOB, CARL, OTTO, PAT, SECRET, Office

# Open to anybody, because nothing of anybody's is there. A new route is not among them unless somebody writes it here.
OPEN = {
    "/health", "/healthz", "/readyz", "/metrics", "/api/openapi.json", "/login", "/login/link", "/login/oidc",
    "/login/oidc/callback",
}  # fmt: skip
# Whoever asks below these proves it by what no one can guess, or by a signature; see tests/contract/hooks.
PROVEN_OTHERWISE = ("/hooks/", "/connect/")
# Below which settings are set one by one.
SETTABLE = ("users/{user_id}", "organizations/{org_id}", "profiles/{profile_id}", "presets/{preset_id}")
# What a route is sent, where it needs something: as a form to pages, as JSON to the REST interface.
FORMS: dict[str, dict[str, Any]] = {
    "/users/bulk": {"act": "disable", "everybody": "true"},
    "/holds/{hold_id}": {"decision": "approved"},
    "/users/{user_id}/conflicts/{conflict_id}": {"side": "crm"},
    "/people/{entry_id}": {"wish": "lead"},
    "/tokens": {"name": "mine"},
    "/users/{user_id}/replay": {"item": SECRET},
    "/users/{user_id}/reconnect": {"vendor": "google"},
    "/users/bulk-profile": {"profile": "1", "everybody": "true", "override": "true"},
    "/users/{user_id}/profile": {"override": "true"},
    "/organizations/{org_id}/switch": {"to": "disable"},
    "/organizations/{org_id}/candidates": {"everybody": "true"},
    "/organizations/{org_id}/profiles": {"name": "mine"},
    "/organizations/{org_id}/presets": {"name": "mine"},
    "/profiles/{profile_id}/assign": {"addresses": ANN, "override": "true"},
    "/profiles/{profile_id}/delete": {"force": "true"},
    **{f"/{each}/settings/{{name}}": {"action": "set", "value": "x.example"} for each in SETTABLE},
    "/api/v1/users/{user_id}/replay": {"item": SECRET},
    "/api/v1/users/{user_id}/profile": {"profile": None, "override": True},
    "/api/v1/organizations/{org_id}/switch": {"to": "disable"},
    "/api/v1/organizations/{org_id}/candidates": {},
    "/api/v1/organizations/{org_id}/profiles": {"name": "mine"},
    "/api/v1/organizations/{org_id}/presets": {"name": "mine"},
    "/api/v1/profiles/{profile_id}": {"text": "mine"},
    "/api/v1/profiles/{profile_id}/assign": {"override": True},
    **{f"/api/v1/{each}/settings/{{name}}": {"value": "x.example"} for each in SETTABLE},
    **{f"/{each}/settings/{{name}}/what-if": {"value": "x.example"} for each in SETTABLE},
    **{f"/api/v1/{each}/what-if": {"settings": {"blocklist.user": "x.example"}} for each in SETTABLE},
    **{f"/{each}/settings/{{name}}/roll-out": {"value": "x.example", "percent": "9"} for each in SETTABLE},
    **{f"/api/v1/{each}/rollouts": {"settings": {"tasks.enabled": True}, "percent": 9} for each in SETTABLE},
    "/rollouts/{rollout_id}/widen": {"percent": "100"},
    "/api/v1/rollouts/{rollout_id}/widen": {"percent": 100},
    "/api/v1/rollouts/{rollout_id}/back": {"why": "mine"},
    "/users/{user_id}/delete": {"take": "nothing", "force": "true"},
    "/users/{user_id}/delete/preview": {"take": "links"},
    "/api/v1/users/bulk": {"act": "disable"},
    "/api/v1/holds/{hold_id}": {"decision": "approved"},
    "/api/v1/conflicts/{conflict_id}": {"side": "crm"},
    "/api/v1/people/{entry_id}/decide": {"wish": "contact", "account": ACCOUNT},
    "/api/v1/people/{entry_id}/ignore": {"whole_domain": True},
}
QUERY = {"/api/v1/users/{user_id}/explain": {"item": SECRET}, "/users/{user_id}/why": {"item": SECRET}}
# Whoever of the organization's administrators asks is not told what stands in a mailbox.
OWNERS_ONLY = {("GET", "/users/{user_id}/conflicts/{conflict_id}")}
STRANGERS = ("nobody", BOB, CARL, OTTO)


def routes(office: Office) -> list[tuple[str, str]]:
    """Every method and path that the application answers."""
    return [
        (method, path)
        for path, methods in _walk(create_app(office.app).routes)
        for method in sorted(methods)
        if not path.startswith(PROVEN_OTHERWISE)
    ]


def _walk(found: Sequence[Any]) -> Iterator[tuple[str, set[str]]]:
    for route in found:
        if isinstance(route, Mount):
            assert route.path == "/static", "whatever else is mounted has to be looked into"
        elif isinstance(route, Route | APIRoute):
            yield route.path, (route.methods or {"GET"}) - {"HEAD"}
        else:
            yield from _walk(route.original_router.routes)


def ask(office: Office, web: httpx.Client, method: str, path: str, *, of: str) -> httpx.Response:
    """Ask as `of` for what is Ann's, with whatever proves that the change is meant."""
    known = of != "nobody"
    where = path.format(**office.things)
    web.cookies.clear()
    if path.startswith("/api/"):
        headers = office.token(of) if known else {}
        body = FORMS.get(path) if method != "GET" else None
        return web.request(method, where, headers=headers, params=QUERY.get(path), json=body)
    form_token = office.visit(web, of) if known else "guessed"
    data = {"form_token": form_token, **FORMS.get(path, {})} if method != "GET" else None
    return web.request(method, where, params=QUERY.get(path), data=data)


def belongings(office: Office) -> dict[str, list[Any]]:
    """Every row of every table, but for sessions, tokens and what the audit says of logging in."""
    left_out = {"web_session", "web_token", "web_try", "web_link", "admin_audit"}
    with office.app.store.engine.connect() as connection:
        return {
            name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2"))]
            for name in Base.metadata.tables
            if name not in left_out
        }


def test_every_parameter_of_a_path_is_something_of_anns(office: Office) -> None:
    names = {name for _, path in routes(office) if path not in OPEN for name in _parameters(path)}
    assert names <= set(office.things), "tell in tests/support/office.py what of Ann's the new parameter stands for"


def _parameters(path: str) -> list[str]:
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]


@pytest.mark.rule("TOP-25")
@pytest.mark.parametrize("stranger", STRANGERS)
@pytest.mark.point("1.1.1")
def test_a_stranger_sees_and_touches_nothing_of_anns(office: Office, web: httpx.Client, stranger: str) -> None:
    before = belongings(office)
    asked = 0
    for method, path in routes(office):
        if path in OPEN:
            continue
        answer = ask(office, web, method, path, of=stranger)
        asked += 1
        where = f"{method} {path} as {stranger}: {answer.status_code}"
        assert answer.status_code < 500, where
        assert SECRET not in answer.text, where
        assert ANN not in answer.text, where
        # otto's own organization is the only thing that his bulk act may reach
        if stranger == OTTO and path.endswith("/bulk"):
            before = before | {"app_user": belongings(office)["app_user"]}
            with office.app.store.reading() as unit:
                assert unit.accounts.user(office.ids[ANN]).status == "enabled", where
                assert unit.accounts.user(office.ids[CARL]).status == "disabled", where
        if _parameters(path):
            # a token that is not one's own is dropped for nobody, and the page says so
            assert answer.status_code in (303, 401, 403, 404), where
            if answer.status_code == 303:
                assert answer.headers["location"].startswith(("/login", "/tokens")), where
        if stranger == "nobody":
            assert answer.status_code in (303, 401), where
        assert belongings(office) == before, where
    assert asked > 50
    with office.app.store.reading() as unit:
        assert [token.name for token in unit.access.tokens(ANN)] == [SECRET]


@pytest.mark.parametrize("reader", [ANN, ADELE, PAT])
@pytest.mark.point("1.1.2")
def test_who_may_is_let_in_everywhere_so_that_the_matrix_proves_something(
    office: Office, web: httpx.Client, reader: str
) -> None:
    seen = set()
    for method, path in routes(office):
        if path in OPEN or method != "GET" or not _parameters(path):
            continue
        answer = ask(office, web, method, path, of=reader)
        admin_only = path.removeprefix("/api/v1").startswith(("/organizations", "/profiles", "/presets", "/rollouts"))
        admin_only |= path == "/users/{user_id}/delete"
        if ((method, path) in OWNERS_ONLY and reader != ANN) or (admin_only and reader == ANN):
            assert answer.status_code == 403
        else:
            assert answer.status_code == 200, f"{path} as {reader}: {answer.status_code} {answer.text[:300]}"
            seen.add(SECRET in answer.text or ANN in answer.text)
    assert True in seen


@pytest.mark.point("1.1.2")
def test_a_user_does_nothing_that_is_an_administrators(office: Office, web: httpx.Client) -> None:
    before = belongings(office)
    for method, path in [
        ("POST", "/users/{user_id}/disable"), ("POST", "/users/{user_id}/enable"), ("POST", "/users/bulk"),
        ("POST", "/holds/{hold_id}"), ("GET", "/users.csv"), ("GET", "/audit"), ("GET", "/operations"),
        ("POST", "/api/v1/users/{user_id}/disable"), ("POST", "/api/v1/users/{user_id}/enable"),
        ("POST", "/api/v1/users/bulk"), ("POST", "/api/v1/holds/{hold_id}"), ("GET", "/api/v1/audit"),
        ("GET", "/api/v1/operations"), ("POST", "/users/bulk-profile"), ("POST", "/users/{user_id}/profile"),
        ("PUT", "/api/v1/users/{user_id}/profile"), ("POST", "/profiles/{profile_id}/assign"),
        ("POST", "/profiles/{profile_id}/delete"), ("POST", "/profiles/{profile_id}/settings/{name}"),
        ("POST", "/organizations/{org_id}/settings/{name}"), ("POST", "/presets/{preset_id}/settings/{name}"),
        ("PUT", "/api/v1/profiles/{profile_id}/settings/{name}"), ("DELETE", "/api/v1/presets/{preset_id}"),
        ("PUT", "/api/v1/organizations/{org_id}/settings/{name}"), ("POST", "/organizations/{org_id}/profiles"),
        ("POST", "/users/{user_id}/delete"), ("POST", "/users/{user_id}/delete/preview"),
        ("DELETE", "/api/v1/users/{user_id}"), ("POST", "/api/v1/users/{user_id}/delete/preview"),
        ("POST", "/rollouts/{rollout_id}/finish"), ("POST", "/api/v1/rollouts/{rollout_id}/back"),
        ("POST", "/organizations/{org_id}/settings/{name}/roll-out"),
        ("POST", "/profiles/{profile_id}/settings/{name}/what-if"), ("POST", "/api/v1/organizations/{org_id}/what-if"),
        ("POST", "/organizations/{org_id}/switch"), ("POST", "/api/v1/organizations/{org_id}/switch"),
        ("GET", "/organizations/{org_id}/candidates"), ("POST", "/organizations/{org_id}/candidates"),
        ("GET", "/api/v1/organizations/{org_id}/candidates"), ("POST", "/api/v1/organizations/{org_id}/candidates"),
    ]:  # fmt: skip
        assert ask(office, web, method, path, of=ANN).status_code == 403, path
    assert belongings(office) == before


def test_an_administrator_who_is_none_any_more_is_none_at_once(office: Office, web: httpx.Client) -> None:
    office.visit(web, ADELE)
    headers = office.token(ADELE)
    assert web.get(f"/users/{office.ids[ANN]}").status_code == 200
    with office.app.store.writing() as unit:
        unit.access.revoke(ADELE)
    assert web.get(f"/users/{office.ids[ANN]}").headers["location"].startswith("/login")
    web.cookies.clear()
    assert web.get(f"/api/v1/users/{office.ids[ANN]}", headers=headers).status_code == 401
