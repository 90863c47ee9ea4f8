"""A real browser, driven by Playwright. It is the machine's own; none is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from sync_tasks.services import entering
from tests.support.office import Office

CHOSEN = "INBOX_SYNC_TEST_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip


class NoBrowserError(Exception):
    """There is nothing to drive; the text says what to do."""


def find_browser() -> str:
    """The browser's program. Raises NoBrowserError."""
    found = os.environ.get(CHOSEN) or next((path for name in NAMES if (path := shutil.which(name))), "")
    if not found or shutil.which(found) is None:
        raise NoBrowserError(
            f"no browser to look at the pages with: install Debian's package chromium, or name one with {CHOSEN}"
        )
    return found


@contextmanager
def browser() -> Iterator[Browser]:
    program = find_browser()
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=program, args=list(OPTIONS), headless=True)
        try:
            yield opened
        finally:
            opened.close()


def log_in(office: Office, page: Page, address: str = "") -> None:
    """Log in as people do, by a link."""
    page.goto(f"/login/link?token={entering.make_link(office.app, address)}")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "login" not in url)


def reach(page: Page, name: str) -> None:
    """Go from one thing to the next by the tabulator until the one of this name has the focus, which can be seen."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate(_FOCUSED) == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            return
    raise AssertionError(f"nobody comes to {name} by the keys")


_FOCUSED = """(() => { const at = document.activeElement;
    return (at.labels?.[0]?.textContent ?? at.textContent).trim(); })()"""
