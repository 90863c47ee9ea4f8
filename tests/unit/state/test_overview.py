"""Questions about many users at once, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from sync_tasks.bootstrap import App
from sync_tasks.settings import Settings
from sync_tasks.state.models import Organization, User
from sync_tasks.state.overview import SORTS, STATUSES, Filter, Reach
from sync_tasks.state.records import RunState
from tests.support.crowd import fill

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
EVERYBODY = Reach(everybody=True)
COUNT = 120


@pytest.fixture
def app(migrated_url: str, tmp_path: Path) -> Iterator[App]:
    made = App(Settings(home=tmp_path, database_url=migrated_url), clock=lambda: NOW)
    with made.store.writing() as unit:
        acme, other = unit.accounts.add_org("acme", NOW), unit.accounts.add_org("other", NOW)
        for address, org in (("ann@acme.example", acme), ("carl_50%@other.example", other)):
            unit.accounts.add_user(org, address, NOW, crm_user_id="", shards=4, next_sync_at=NOW)
        unit.accounts.put_connection(acme, None, "mailbox", "exchange", {})
    fill(made, acme, COUNT)
    yield made
    made.close()


def org(app: App, name: str) -> int:
    with app.store.reading() as unit:
        found = unit.accounts.org(name)
    assert found is not None
    return found.id


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.point("1.3.1")
def test_pages_in_any_order_hold_everybody_once(app: App, sort: str) -> None:
    with app.store.reading() as unit:
        for down in (False, True):
            pages = [
                unit.overview.users(EVERYBODY, Filter(), sort=sort, down=down, offset=offset, limit=50)
                for offset in range(0, COUNT + 2, 50)
            ]
            ids = [row.id for page in pages for row in page]
            assert len(ids) == len(set(ids)) == unit.overview.count(EVERYBODY, Filter()) == COUNT + 2


def test_the_list_tells_the_same_status_as_the_user(app: App) -> None:
    made = []
    with app.store.engine.begin() as connection:
        for name, values in (("paused", {"paused_at": NOW}), ("off", {"enabled": False, "paused_at": NOW})):
            org_id = connection.scalar(
                insert(Organization).values(name=name, created_at=NOW, **{"enabled": True, **values})
                .returning(Organization.id)
            )  # fmt: skip
            made.append(org_id)
    for org_id in made:
        fill(app, org_id, 3)
    with app.store.engine.begin() as connection:
        connection.execute(update(User).where(User.address.startswith("gus.")).values(leaving_at=NOW))
    with app.store.reading() as unit:
        told = {row.id: row.status for row in unit.overview.users(EVERYBODY, Filter())}
        known = {user.id: user.status.partition(" (")[0] for user in unit.accounts.users()}
        by_status = unit.overview.by_status(EVERYBODY)
        each = {name: unit.overview.count(EVERYBODY, Filter(status=name)) for name in STATUSES}
    assert told == known
    assert {name: count for name, count in each.items() if count} == by_status
    assert sum(by_status.values()) == COUNT + 8
    assert set(by_status) == set(STATUSES)


def test_a_part_of_an_address_is_no_pattern(app: App) -> None:
    with app.store.reading() as unit:
        for text, found in (
            ("CARL_50%", 1),
            ("arl_", 1),
            ("%", 1),
            ("c%l", 0),
            ("' or '1'='1", 0),
            ("acme", COUNT + 1),
        ):
            assert unit.overview.count(EVERYBODY, Filter(text=text)) == found, text


def test_a_reach_bounds_every_question(app: App) -> None:
    acme, other = org(app, "acme"), org(app, "other")
    with app.store.reading() as unit:
        look = unit.overview
        carl = look.ids_at("carl_50%@other.example")[0]
        everything = look.waiting(EVERYBODY)
        for reach in (Reach(org_ids=frozenset({other})), Reach(user_ids=frozenset({carl}))):
            assert [row.id for row in look.users(reach, Filter())] == [carl]
            assert look.user_ids(reach, Filter()) == [carl]
            assert look.by_status(reach) == {"enabled": 1}
            assert look.waiting(reach)["issues"] == 0
            assert look.issue_codes(reach) == {}
            assert look.ended_since(reach, NOW - timedelta(days=1)) == []
            assert look.audit(reach) == []
        assert look.waiting(Reach(org_ids=frozenset({acme}))) == everything
        assert everything["issues"] == sum(look.issue_codes(EVERYBODY).values()) > 0
        nobody = Reach()
        assert look.users(nobody, Filter()) == []
        assert look.waiting(nobody) == {"holds": 0, "conflicts": 0, "unresolved": 0, "issues": 0}
        assert look.due(nobody, NOW) == (0, None)


def test_what_ended_is_told_once_between_two_moments(app: App) -> None:
    half = NOW - timedelta(hours=6)
    with app.store.reading() as unit:
        early = unit.overview.ended_between(NOW - timedelta(days=1), half)
        late = unit.overview.ended_between(half, NOW)
        assert len({run.id for run in early} | {run.id for run in late}) == len(early) + len(late) == COUNT
        assert {run.state for run in late} <= {RunState.DONE, RunState.FAILED}
        assert unit.overview.operations_of([run.id for run in late]) == {}
        assert unit.overview.skips_of([run.id for run in late]) == {}


def test_operators_numbers_are_those_of_the_tables(app: App) -> None:
    with app.store.reading() as unit:
        look = unit.overview
        lags = look.lags(NOW)
        assert set(lags) == {"exchange", "none"}
        due, oldest = look.due(EVERYBODY, NOW)
        assert oldest == min(lags.values())
        assert due == sum(
            row.next_sync_at <= NOW and row.status == "enabled" for row in look.users(EVERYBODY, Filter())
        )
        assert sum(look.suspended().values()) == look.by_status(EVERYBODY).get("suspended", 0)
        assert (look.quarantined(), look.holds_by_guard(), look.expiries()) == (0, {}, {})


@pytest.mark.point("1.3.1")
def test_users_are_found_by_their_profile_and_by_where_their_mailbox_is(app: App) -> None:
    with app.store.writing() as unit:
        acme = org(app, "acme")
        ann = next(user for user in unit.accounts.users(acme) if user.address == "ann@acme.example")
        own = unit.accounts.put_connection(acme, ann.id, "mailbox", "google", {})
        unit.accounts.put_credential(own, "refresh_token", b"sealed", None)
        sales = unit.configuration.add_profile(acme, "Sales", "", "")
        unit.configuration.assign([ann.id], sales.id)
    with app.store.reading() as unit:
        look = unit.overview
        (found,) = look.users(EVERYBODY, Filter(profile="Sales"))
        assert (found.id, found.profile, found.mailbox, found.initialized) == (ann.id, "Sales", "google", False)
        assert look.user_ids(EVERYBODY, Filter(mailbox="google")) == [ann.id]
        assert look.count(EVERYBODY, Filter(mailbox="exchange")) == COUNT
        assert look.count(EVERYBODY, Filter(profile="Sales", mailbox="exchange")) == 0
        assert {row.mailbox for row in look.users(EVERYBODY, Filter(org="other"))} == {""}
