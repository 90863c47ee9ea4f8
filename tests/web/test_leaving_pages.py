"""Deleting a user on the pages and over REST: nothing goes whose plan nobody has seen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from sync_tasks.services import entering
from sync_tasks.state.records import UserView
from tests.support.web import serving, visiting
from tests.support.world import World

pytestmark = pytest.mark.rule("TOP-24")

ADMIN = "adele@acme.example"


@pytest.fixture
def ann(world: World) -> UserView:
    """Somebody with a saved appointment, and an administrator."""
    ann = world.user()
    world.appointment(ann, "Call", marked=True)
    world.sync(ann)
    with world.app.store.writing() as unit:
        unit.access.grant(ADMIN, world.org, world.now, "test")
        return unit.accounts.user(ann.id)


@pytest.fixture
def page(world: World, opened: Browser) -> Iterator[Page]:
    with serving(world.app) as address:
        context = opened.new_context(base_url=address, viewport={"width": 1280, "height": 900})
        yield context.new_page()
        context.close()


def is_there(world: World, user: UserView) -> bool:
    with world.app.store.reading() as unit:
        return unit.accounts.user_numbered(user.id) is not None


def test_an_administrator_sees_the_plan_and_then_deletes_a_user_with_what_was_saved(
    world: World, ann: UserView, page: Page
) -> None:
    page.goto(f"/login/link?token={entering.make_link(world.app, ADMIN)}")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "login" not in url)
    page.goto(f"/users/{ann.id}")
    page.get_by_role("link", name="Delete").click()
    page.get_by_label("Records, too").check()
    world.writes()
    page.get_by_role("button", name="Show the plan").click()
    expect(page.get_by_text("Nothing was written yet.")).to_be_visible()
    expect(page.get_by_role("row", name="Salesforce Event 1 planned")).to_be_visible()
    expect(page.get_by_role("row", name="delete Salesforce Event")).to_be_visible()
    assert not any(world.writes().values())
    assert world.event("Call") is not None

    page.get_by_role("button", name=f"Delete {ann.address}").click()
    expect(page.get_by_role("status").first).to_contain_text("The user is deleted.")
    assert not is_there(world, ann)
    assert world.event("Call") is None
    assert world.entry(ann, "Call").get("Categories") in (None, [])


def test_over_rest_nothing_is_taken_whose_plan_nobody_has_seen(world: World, ann: UserView) -> None:
    headers = {"Authorization": f"Bearer {entering.add_token(world.app, ADMIN, 'test', by='test')}"}
    one = f"/api/v1/users/{ann.id}"
    with visiting(world.app) as web:
        web.timeout = 60  # it is answered when the plan stands
        unseen = web.delete(one, headers=headers, params={"take": "links"})
        assert (unseen.status_code, "look at the plan" in unseen.text) == (409, True)
        other = web.post(f"{one}/delete/preview", headers=headers, params={"take": "records"}).json()
        wrong = web.delete(one, headers=headers, params={"take": "links", "plan": other["plan"]["run"]})
        assert wrong.status_code == 409
        assert web.delete(one, headers=headers).status_code == 409, "its mailbox is set up"
        told = web.post(f"{one}/delete/preview", headers=headers, params={"take": "links"}).json()
        assert {op["act"] for op in told["plan"]["operations"]} == {"mark"}
        assert is_there(world, ann)
        world.later(hours=2)
        plan = {"take": "links", "plan": told["plan"]["run"]}
        assert web.delete(one, headers=headers, params=plan).status_code == 409, "that was too long ago"
        plan["plan"] = web.post(f"{one}/delete/preview", headers=headers, params={"take": "links"}).json()["plan"][
            "run"
        ]
        assert web.delete(one, headers=headers, params=plan).json()["deleted"] is True
    assert not is_there(world, ann)
    assert world.event("Call") is not None
