"""The office, and a client of its web process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page

from tests.support.browser import browser
from tests.support.office import Office, open_office
from tests.support.web import serving, visiting


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = open_office(tmp_path)
    yield made
    made.app.close()


@pytest.fixture
def web(office: Office) -> Iterator[httpx.Client]:
    with visiting(office.app) as client:
        yield client


@pytest.fixture(scope="session")
def opened() -> Iterator[Browser]:
    with browser() as found:
        yield found


@pytest.fixture
def page(office: Office, opened: Browser) -> Iterator[Page]:
    """A page whose every error, of the script or of the policy of contents, fails the test."""
    with serving(office.app) as address:
        context = opened.new_context(base_url=address)
        made = context.new_page()
        complaints: list[str] = []
        made.on("pageerror", lambda error: complaints.append(str(error)))
        made.on("console", lambda told: complaints.append(told.text) if told.type == "error" else None)
        yield made
        context.close()
    assert complaints == []
