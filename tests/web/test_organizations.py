"""Whole organizations on the pages and over REST: how they are connected, their switches, and users that are added."""

from __future__ import annotations

import httpx
import pytest

from mapping.model.findings import FINDINGS, Finding
from sync_tasks.services import entering
from tests.support.office import ADELE, ANN, OTTO, Office
from tests.support.web import visiting
from tests.support.world import World

ADMIN = "admin@acme.example"


def administers(world: World, web: httpx.Client, org_id: int) -> str:
    """Somebody who administers the organization logs in; the token of the forms."""
    with world.app.store.writing() as unit:
        unit.access.grant(ADMIN, org_id, world.app.clock(), "test")
    secret = entering.begin(world.app, ADMIN, "test", "test")
    web.cookies.set("inbox-sync", secret)
    web.headers["Accept"] = "text/html"
    return entering.form_token(secret)


@pytest.mark.point("1.9.6")
def test_people_of_salesforce_are_listed_searched_and_added(world: World) -> None:
    ann = world.user()
    for who, country in (("bob@acme.example", "DE"), ("carl@acme.example", "FR"), ("dora@acme.example", "DE")):
        world.control("salesforce/users", username=who, Email=who, Country=country)
    with visiting(world.app) as web:
        form_token = administers(world, web, ann.org_id)
        where = f"/organizations/{ann.org_id}/candidates"
        listed = web.get(where).text
        assert all(who in listed for who in ("bob@acme.example", "carl@acme.example"))
        assert ann.address not in listed
        found = web.get(where, params={"text": "de"}).text
        assert "dora@acme.example" in found
        assert "carl@acme.example" not in found

        # who is ticked is asked of Salesforce: what a form says of ids that are not there adds nobody
        made_up = {"form_token": form_token, "chosen": ["005000000000009AAA"]}
        assert web.post(where, data=made_up).headers["location"].endswith("said=none")
        everybody = {"form_token": form_token, "everybody": "true", "text": "de"}
        assert web.post(where, data=everybody).headers["location"] == "/users?said=enrolled"
        users = web.get("/users").text
    with world.app.store.reading() as unit:
        here = {user.address: user.crm_user_id for user in unit.accounts.users(ann.org_id)}
    assert set(here) == {ann.address, "bob@acme.example", "dora@acme.example"}
    assert all(here.values())
    assert "dora@acme.example" in users


def test_a_program_adds_people_by_their_ids_into_a_profile(world: World) -> None:
    ann = world.user()
    bob = world.control("salesforce/users", username="bob@acme.example", Email="bob@acme.example")["users"][0]["id"]
    headers = {"Authorization": f"Bearer {entering.add_token(world.app, '', 'test', by='test')}"}
    where = f"/api/v1/organizations/{ann.org_id}/candidates"
    with visiting(world.app) as web:
        assert bob in {each["id"] for each in web.get(where, headers=headers).json()["users"]}
        elsewhere = web.post(where, headers=headers, json={"users": [bob], "profile": 99})
        assert elsewhere.status_code == 404
        done = web.post(where, headers=headers, json={"users": [bob]}).json()
        assert done == {"added": ["bob@acme.example"], "left_out": {}}
        assert bob not in {each["id"] for each in web.get(where, headers=headers).json()["users"]}


@pytest.mark.point("1.4.1")
def test_an_organization_is_switched_by_its_administrator(office: Office, web: httpx.Client) -> None:
    org = office.things["org_id"]
    form_token = office.visit(web, ADELE)
    for to, told in (("pause", "paused"), ("disable", "disabled"), ("resume", "disabled"), ("enable", "enabled")):
        web.post(f"/organizations/{org}/switch", data={"form_token": form_token, "to": to})
        headers = office.token(ADELE)
        assert web.get(f"/api/v1/organizations/{org}", headers=headers).json()["state"] == told
        assert f">{told}</span>" in web.get("/organizations").text
    assert [action for _, action, _ in office.acts() if action.startswith("org.")] == [
        "org.pause", "org.disable", "org.resume", "org.enable",
    ]  # fmt: skip


@pytest.mark.point("1.4.1")
def test_while_an_organization_is_paused_its_users_are_told_why_they_do_not_run(
    office: Office, web: httpx.Client
) -> None:
    headers = office.token(ADELE)
    paused = web.post(
        f"/api/v1/organizations/{office.things['org_id']}/switch", headers=headers, json={"to": "pause"}
    )  # fmt: skip
    assert paused.json()["state"] == "paused"
    office.visit(web, ANN)
    assert "organization paused" in web.get(f"/users/{office.ids[ANN]}").text


@pytest.mark.parametrize("who", [ANN, OTTO])
def test_nobody_else_switches_it(office: Office, web: httpx.Client, who: str) -> None:
    form_token = office.visit(web, who)
    where = f"/organizations/{office.things['org_id']}"
    assert web.post(f"{where}/switch", data={"form_token": form_token, "to": "disable"}).status_code in (403, 404)
    with office.app.store.reading() as unit:
        assert all(org.enabled for org in unit.accounts.orgs())


@pytest.mark.point("1.2.2", "1.3.7")
def test_a_user_sees_how_both_sides_are_connected_and_whether_they_work(world: World) -> None:
    ann = world.user()
    with visiting(world.app) as web:
        headers = {"Authorization": f"Bearer {entering.add_token(world.app, ann.address, 'test', by='test')}"}

        def states() -> dict[str, str]:
            told = web.get(f"/api/v1/users/{ann.id}", headers=headers).json()["connections"]
            return {each["side"]: each["state"] for each in told}

        assert states() == {"mailbox": "untried", "crm": "untried"}
        world.sync(ann)
        assert states() == {"mailbox": "ok", "crm": "ok"}
        wrong_password(world)
        world.sync(ann, ends="failed")
        assert states() == {"mailbox": "failing", "crm": "ok"}

        secret = entering.begin(world.app, ann.address, "test", "test")
        web.cookies.set("inbox-sync", secret)
        web.headers["Accept"] = "text/html"
        form_token = entering.form_token(secret)
        page = web.get(f"/users/{ann.id}").text
        assert "It does not work for this user." in page
        checked = web.post(f"/users/{ann.id}/check", data={"form_token": form_token}).text
        assert FINDINGS[Finding.PASSWORD_WRONG].wrong in checked
        assert "Something is wrong" in checked
        # what is of the whole organization is an administrator's affair
        assert "Salesforce of acme" not in checked
        form_token = administers(world, web, ann.org_id)
        assert "Salesforce of acme" in web.post(f"/users/{ann.id}/check", data={"form_token": form_token}).text


def wrong_password(world: World) -> None:
    """Somebody has changed the password of the service account."""
    with world.app.store.writing() as unit:
        found = unit.accounts.connection(world.org, None, "mailbox")
        assert found is not None
        unit.accounts.put_credential(found[0], "password", world.app.seal_secret(found[0], "password", "wrong"))
