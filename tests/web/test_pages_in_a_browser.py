"""The pages as people use them: a real browser, a mouse or only the keys, and a list of 5,000 users."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import CHOSEN, NoBrowserError, find_browser, log_in, reach
from tests.support.crowd import fill
from tests.support.office import ADELE, ANN, Office

CROWD = 5000
OF_ADMINISTRATORS = ("/users", "/holds", "/operations", "/audit", "/tokens", "/organizations")


@pytest.mark.point("1.2.3")
def test_a_link_logs_in_and_the_user_asks_for_a_run(office: Office, page: Page) -> None:
    log_in(office, page, ANN)
    expect(page.get_by_role("heading", level=1)).to_have_text(ANN)
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_role("status").first).to_contain_text("A run is asked for")
    with office.app.store.reading() as unit:
        assert unit.accounts.user(office.ids[ANN]).force_pending


@pytest.mark.point("1.2.3")
def test_pausing_and_resuming_need_no_mouse(office: Office, page: Page) -> None:
    log_in(office, page, ANN)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    reach(page, "Pause")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Paused")
    with office.app.store.reading() as unit:
        assert unit.accounts.user(office.ids[ANN]).status == "paused"
    reach(page, "Resume")
    page.keyboard.press("Space")
    expect(page.get_by_role("status").first).to_contain_text("Resumed")


@pytest.mark.point("1.3.1")
def test_five_thousand_users_are_filtered_sorted_and_paged_quickly(office: Office, page: Page) -> None:
    fill(office.app, office.things["org_id"], CROWD)
    log_in(office, page)
    expect(page.get_by_text(f"{CROWD + 3:,} users, page 1 of 101")).to_be_visible()

    began = time.monotonic()
    page.get_by_label("Address").fill("nora.")
    page.get_by_label("Status").select_option("suspended")
    page.get_by_role("button", name="Filter").click()
    rows = page.locator("tbody tr")
    expect(rows.first).to_contain_text("suspended")
    took = time.monotonic() - began
    assert 0 < rows.count() <= 50
    assert all("nora." in text and "suspended" in text for text in rows.all_inner_texts())
    assert took < 5, f"{took:.1f} s"

    page.goto("/users?sort=issues&down=true")
    expect(rows.first.locator("td.number").first).to_have_text("1")
    page.get_by_role("link", name="Next", exact=True).click()
    expect(page.get_by_text("page 2 of 101")).to_be_visible()


def test_what_is_ticked_is_paused_and_nobody_else(office: Office, page: Page) -> None:
    fill(office.app, office.things["org_id"], 60)
    log_in(office, page)
    page.goto("/users?status=enabled")
    for place in (0, 2):
        page.locator("tbody input[type=checkbox]").nth(place).check()
    chosen = [page.locator("tbody tr").nth(place).locator("a").inner_text() for place in (0, 2)]
    expect(page.locator("#ticked")).to_have_text("2 ticked")
    page.get_by_label("What to do").select_option("disable")
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("status").first).to_contain_text("Done for all")
    acts = [whom for _, what, whom in office.acts() if what == "user.disable" and whom in chosen]
    assert sorted(acts) == sorted(chosen)


def test_everybody_of_the_list_is_asked_about_first(office: Office, page: Page) -> None:
    log_in(office, page)
    page.get_by_label("With whom").select_option("true")
    page.get_by_label("What to do").select_option("disable")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Do it").click()
    assert asked == ["disable: all 3 of this list?"]
    with office.app.store.reading() as unit:
        assert unit.accounts.user(office.ids[ANN]).status == "enabled"


def test_an_administrator_looks_at_a_hold_and_approves_it(office: Office, page: Page) -> None:
    log_in(office, page, ADELE)
    page.get_by_role("link", name="1 hold waits").click()
    page.get_by_role("row").nth(1).get_by_role("link").click()
    expect(page.get_by_text("120 items would be deleted at once")).to_be_visible()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").first).to_contain_text("Noted")
    with office.app.store.reading() as unit:
        hold = unit.holds.get(office.things["hold_id"])
    assert hold is not None
    assert (hold.decision, hold.decided_by) == ("approved", ADELE)


def test_every_field_has_a_name_and_every_page_one_heading(office: Office, page: Page) -> None:
    log_in(office, page)
    ann = f"/users/{office.ids[ANN]}"
    of_ann = [f"{ann}/{name}" for name in ("why", "people", "conflicts", "settings", "issues", "runs")]
    hold, things = f"/holds/{office.things['hold_id']}", office.things
    org, name = f"/organizations/{things['org_id']}", things["name"]
    of_settings = [
        f"{where}/settings/{name}"
        for where in (ann, org, f"/profiles/{things['profile_id']}", f"/presets/{things['preset_id']}")
    ]
    of_settings += [org, f"{org}/candidates", f"{org}/settings", f"{org}/profiles", f"{org}/changes"]
    of_settings += [f"/profiles/{things['profile_id']}", f"/presets/{things['preset_id']}"]
    for path in (
        ann,
        *of_ann,
        hold,
        *of_settings,
        "/users",
        "/holds",
        "/operations",
        "/audit",
        "/tokens",
        "/organizations",
    ):
        page.goto(path)
        assert page.get_by_role("heading", level=1).count() == 1, path
        nameless = page.evaluate(
            """[...document.querySelectorAll('input:not([type=hidden]), select, textarea, button')].filter(each =>
               !(each.labels?.length || each.getAttribute('aria-label') || each.textContent.trim())).length"""
        )
        assert nameless == 0, path


def test_without_a_browser_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv(CHOSEN, raising=False)
    with pytest.raises(NoBrowserError, match="install Debian's package chromium"):
        find_browser()
