"""What operators see of health and budgets, and what a user sees of how far he is synchronized."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest
from playwright.sync_api import Browser, expect

from mapping.model.item import Side
from sync_tasks.services.embedded import EmbeddedRedis
from sync_tasks.services.health import examine
from tests.support.office import ADELE, ANN, OTTO, PAT, Office
from tests.support.web import serving


@pytest.fixture
def calls(office: Office) -> Iterator[None]:
    """Acme is connected, and has used 900 of 1,000 calls, 40 of them by us."""
    with EmbeddedRedis(office.app.settings.home):
        with office.app.store.writing() as unit:
            unit.accounts.put_connection(office.things["org_id"], None, "crm", "salesforce", {"client_id": "x"})
        for _ in range(40):
            office.app.governor.days.called(office.things["org_id"], (900, 1000))
        yield


@pytest.mark.point("1.7.1")
def test_operators_see_what_is_wrong_and_what_calls_are_left(office: Office, opened: Browser, calls: None) -> None:
    with serving(office.app) as address:
        context = opened.new_context(base_url=address, viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": "inbox-sync", "value": office.session(PAT), "url": address}])
        page = context.new_page()
        page.goto("/operations")
        beat = page.get_by_role("row", name="beat")
        expect(beat).to_contain_text("bad")
        expect(beat).to_contain_text("inbox-sync worker")
        day = page.get_by_role("table", name="Calls to vendors").get_by_role(
            "row", name="calls of the day to Salesforce of acme"
        )
        assert day.get_by_role("cell").all_inner_texts()[:6] == [
            "calls of the day to Salesforce of acme short", "40", "860", "100", "1,000", "200",
        ]  # fmt: skip
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
        context.close()


@pytest.mark.rule("TOP-9")
def test_the_page_and_the_examination_agree(office: Office, web: httpx.Client, calls: None) -> None:
    office.visit(web, PAT)
    page = web.get("/operations").text
    for entry in examine(office.app).entries:
        assert f"<td>{entry.name}</td>" in page


def test_budgets_of_others_are_not_shown(office: Office, web: httpx.Client, calls: None) -> None:
    def told(who: str) -> list[str]:
        found = web.get("/api/v1/operations", headers=office.token(who)).json()["budgets"]
        return [each["what"] for each in found]

    assert len(told(ADELE)) == 2
    assert told(OTTO) == []
    office.visit(web, ADELE)
    assert "Health" not in web.get("/operations").text, "the whole is for those who look after the whole"


@pytest.mark.rule("TOP-9")
def test_a_user_sees_up_to_when_both_sides_are_read(office: Office, web: httpx.Client) -> None:
    office.visit(web, ANN)
    page = f"/users/{office.ids[ANN]}"
    assert "never yet" in web.get(page).text
    now = office.clock()
    with office.app.store.writing() as unit:
        unit.accounts.read_to(office.ids[ANN], {Side.MAILBOX: now - timedelta(hours=2)})
    assert "only the mailbox was read to the end" in web.get(page).text
    with office.app.store.writing() as unit:
        unit.accounts.read_to(office.ids[ANN], {Side.CRM: now - timedelta(minutes=5)})
    told = web.get(f"/api/v1{page}", headers=office.token(ANN)).json()
    assert "2 hours ago" in web.get(page).text
    assert told["synced_to"] == (now - timedelta(hours=2)).isoformat().replace("+00:00", "Z")
