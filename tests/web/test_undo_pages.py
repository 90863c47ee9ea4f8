"""Taking a run back from the pages and over REST: a look first, then a worker does it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from sync_tasks.services import entering
from sync_tasks.services.scheduling import go_through
from sync_tasks.state.records import RunRef, RunView
from tests.support.web import visiting
from tests.support.world import World


@pytest.fixture
def web(world: World) -> Iterator[httpx.Client]:
    """A client of pages whose worker is at work at once."""

    def work(ref: RunRef, stage: str) -> None:
        go_through(world.app, ref, stage)

    with visiting(world.app, work) as client:
        client.headers["Accept"] = "text/html"
        yield client


def log_in(world: World, web: httpx.Client, address: str = "") -> dict[str, str]:
    """Be this address, or the local administrator; returns what every form carries."""
    secret = entering.begin(world.app, address, "test", "test")
    web.cookies.set("inbox-sync", secret)
    return {"form_token": entering.form_token(secret)}


@pytest.fixture
def visit(world: World) -> RunView:
    """The run that has saved one event."""
    ann = world.user()
    world.sync(ann)
    world.later(minutes=30)
    world.appointment(ann, "Visit", marked=True)
    run = world.sync(ann)
    assert world.records("Event")
    return run


@pytest.mark.rule("TOP-6", "TOP-25")
def test_an_administrator_looks_at_an_undo_and_then_has_it_done(
    world: World, web: httpx.Client, visit: RunView
) -> None:
    form = log_in(world, web)
    assert "Preview an undo" in web.get(f"/runs/{visit.id}").text

    looked = web.post(f"/runs/{visit.id}/undo/preview", data=form)
    plan = web.get(looked.headers["Location"]).text
    assert f"Preview of undoing run {visit.id}" in plan
    assert '<span class="act delete">delete</span>' in plan
    assert len(world.records("Event")) == 1

    done = web.post(f"/runs/{visit.id}/undo", data=form)
    told = web.get(done.headers["Location"]).text
    assert "A worker takes it back now." in told
    assert f'It takes back <a href="/runs/{visit.id}">' in told
    assert world.records("Event") == []


@pytest.mark.rule("TOP-6")
def test_what_was_changed_since_is_shown_field_by_field_and_its_values_to_the_owner_alone(
    world: World, web: httpx.Client
) -> None:
    ann = world.user()
    world.appointment(ann, "Visit", marked=True)
    world.appointment(ann, "Doctor", marked=True, Sensitivity="Private")
    visit = world.sync(ann)
    world.later(minutes=5)
    for subject, text in (("Visit", "Bring the contract"), ("Doctor", "Bring the X-rays")):
        event = world.event(subject)
        assert event is not None
        world.colleague_changes("Event", event["Id"], Description=text)

    form = log_in(world, web)
    looked = web.post(f"/runs/{visit.id}/undo/preview", data=form).headers["Location"]
    seen_by_admin = web.get(looked).text
    assert "Changed since the run, and left as it is" in seen_by_admin
    assert "<code>Description</code>" in seen_by_admin
    assert "Bring the" not in seen_by_admin

    log_in(world, web, ann.address)
    seen_by_owner = web.get(looked).text
    assert "<ins>Bring the contract</ins>" in seen_by_owner
    assert "X-rays" not in seen_by_owner

    web.headers["Authorization"] = f"Bearer {entering.add_token(world.app, '', 'test', by='test')}"
    web.headers["Accept"] = "application/json"
    told = web.get(f"/api/v1/{looked.lstrip('/')}").json()["left"]
    changed = {(thing["reason"], field["field"], field["now"]) for thing in told for field in thing["fields"]}
    assert changed == {("undo_changed", "Description", None)}
    assert len([thing for thing in told if thing["fields"]]) == 2


def test_what_cannot_be_undone_is_refused_with_its_reason(world: World, web: httpx.Client, visit: RunView) -> None:
    form = log_in(world, web)
    undo = web.post(f"/runs/{visit.id}/undo", data=form).headers["Location"].partition("?")[0]
    assert "Preview an undo" not in web.get(undo).text
    refused = web.post(f"{undo}/undo", data=form)
    assert refused.status_code == 409
    assert f"took run {visit.id} back" in refused.text


def test_a_user_sees_his_run_and_cannot_take_it_back(world: World, web: httpx.Client, visit: RunView) -> None:
    form = log_in(world, web, "ann@acme.example")
    assert "undo" not in web.get(f"/runs/{visit.id}").text
    for path in (f"/runs/{visit.id}/undo", f"/runs/{visit.id}/undo/preview"):
        assert web.post(path, data=form).status_code in (403, 404)
    assert len(world.records("Event")) == 1


def test_a_program_has_a_run_undone_and_asks_until_it_has_ended(
    world: World, web: httpx.Client, visit: RunView
) -> None:
    web.headers["Authorization"] = f"Bearer {entering.add_token(world.app, '', 'test', by='test')}"
    web.headers["Accept"] = "application/json"
    plan = web.post(f"/api/v1/runs/{visit.id}/undo/preview").json()
    assert (plan["undoes"], {each["act"] for each in plan["operations"]}) == (visit.id, {"mark", "delete"})

    begun = web.post(f"/api/v1/runs/{visit.id}/undo")
    assert begun.status_code == 202
    after = web.get(f"/api/v1/runs/{begun.json()['run']}").json()
    assert (after["state"], after["undoes"]) == ("done", visit.id)
    assert world.records("Event") == []
