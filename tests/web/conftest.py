"""The office, and a client of its web process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.office import Office, open_office
from tests.support.web import visiting


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    made = open_office(tmp_path)
    yield made
    made.app.close()


@pytest.fixture
def web(office: Office) -> Iterator[httpx.Client]:
    with visiting(office.app) as client:
        yield client
