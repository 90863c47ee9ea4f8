"""Whoever cannot use the console is told what he himself can do, and administrators what to type."""

from __future__ import annotations

import httpx
import pytest

from mapping.rules.errors import CATALOGUE
from mapping.rules.standing import Standing
from sync_tasks.services.standing import move
from tests.support.office import ADELE, ANN, START, Office

REFUSED = CATALOGUE["MAILBOX.PERMANENT.AUTH_REVOKED"]


def suspended(office: Office) -> str:
    """Ann is not let in to her mailbox any more; her page."""
    with office.app.store.writing() as unit:
        ann = unit.accounts.user(office.ids[ANN])
        move(unit, ann, lambda _: Standing(suspended_at=START, code=REFUSED.code, failures=1), START)
    return f"/users/{office.ids[ANN]}"


@pytest.mark.point("1.6.3")
def test_a_user_is_told_what_he_can_do_and_not_what_an_administrator_types(office: Office, web: httpx.Client) -> None:
    page = suspended(office)
    office.visit(web, ANN)
    told = web.get(page).text
    assert REFUSED.user in told
    assert REFUSED.remedy in told
    assert "org connect" not in told


def test_an_administrator_is_told_what_to_type(office: Office, web: httpx.Client) -> None:
    page = suspended(office)
    office.visit(web, ADELE)
    told = web.get(page).text
    assert REFUSED.admin in told
    assert "<code>inbox-sync org connect NAME --mailbox ...</code>" in told
    assert "<code>inbox-sync config set defaults.KIND FIELD=VALUE</code>" in web.get(f"{page}/issues").text
