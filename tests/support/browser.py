"""A real browser, driven by Playwright. It is the machine's own; none is downloaded."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

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
