"""What would this change? Asked on the page of a setting, over a mailbox and a Salesforce of the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from sync_tasks.services import entering
from sync_tasks.state.records import UserView
from tests.support.web import serving, visiting
from tests.support.world import World

pytestmark = pytest.mark.rule("TOP-15")

ADMIN, CLIENT = "adele@acme.example", "homer@client.example"


@pytest.fixture
def ann(world: World) -> UserView:
    """Somebody with a mail and a private one that are not saved yet; and an administrator."""
    ann = world.user(autosave__emails=True, mail__skip_private=False)
    world.set(link__require_account=False)
    world.record("Contact", LastName="Simpson", Email=CLIENT)
    world.message(ann, "Offer of donuts", sender=CLIENT)
    world.message(ann, "Diagnosis", sender=CLIENT, Sensitivity="Private")
    with world.app.store.writing() as unit:
        unit.access.grant(ADMIN, world.org, world.now, "test")
    return ann


@pytest.fixture
def page(world: World, opened: Browser) -> Iterator[Page]:
    with serving(world.app) as address:
        context = opened.new_context(base_url=address, viewport={"width": 1280, "height": 900})
        yield context.new_page()
        context.close()


def enter(world: World, page: Page, who: str) -> None:
    page.goto(f"/login/link?token={entering.make_link(world.app, who)}")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "login" not in url)


def test_a_user_sees_the_items_and_an_administrator_that_there_are_some(
    world: World, ann: UserView, page: Page
) -> None:
    enter(world, page, ann.address)
    page.goto(f"/users/{ann.id}/settings/autosave.emails")
    page.get_by_label(f"Another value for {ann.address}").select_option("no")
    page.get_by_role("button", name="What would this change?").click()
    report = page.get_by_role("region", name="What this would change")
    expect(report).to_contain_text("No longer: 2 email saved")
    expect(report).to_contain_text("Offer of donuts")
    expect(report).to_contain_text("(private)")
    expect(report).not_to_contain_text("Diagnosis")
    assert world.app.effective(ann).value("autosave.emails") is True

    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status").first).to_contain_text("It holds from the next run on")
    assert world.app.effective(ann).value("autosave.emails") is False

    page.context.clear_cookies()
    enter(world, page, ADMIN)
    page.goto(f"/users/{ann.id}/settings/autosave.emails")
    page.get_by_label(f"Another value for {ann.address}").select_option("yes")
    page.get_by_role("button", name="What would this change?").click()
    expect(report).to_contain_text("In addition: 2 email saved")
    expect(report).not_to_contain_text("Offer of donuts")


def test_over_rest_several_settings_are_supposed_for_an_organization(world: World, ann: UserView) -> None:
    headers = {"Authorization": f"Bearer {entering.add_token(world.app, ADMIN, 'test', by='test')}"}
    with visiting(world.app) as web:
        web.timeout = 60  # it is answered when the plan stands
        told = web.post(
            f"/api/v1/organizations/{world.org}/what-if", headers=headers,
            json={"settings": {"email.direction_in_subject": True, "email.without_body": "yes"}},
        ).json()  # fmt: skip
        assert (told["concerned"], told["counts"]) == (1, {"more": {}, "less": {}, "other": {"saved": {"email": 2}}})
        assert {name for row in told["other"] for name in row["fields"]} >= {"Subject", "TextBody"}
        assert all(not row["values"] and not row["subject"] for row in told["other"])
        wrong = web.post(f"/api/v1/users/{ann.id}/what-if", headers=headers, json={"settings": {"guard.x": 1}})
        assert wrong.status_code == 422
