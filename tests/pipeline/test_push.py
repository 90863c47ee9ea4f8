"""Stories of a calendar that changes, a vendor that tells it to the web process, and the run that comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from connectors.protocols import Can
from sync_tasks.services.pipeline import next_stage, perform
from sync_tasks.services.scheduling import dispatch_due
from sync_tasks.state.records import PushState, RunRef, UserView
from tests.support.hooks import POSTER, Hooks, hooked
from tests.support.world import World

HOMER = {"address": "homer@globex.example", "name": "Homer"}


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooked(world, pubsub_account=POSTER, google_certs_url=f"{world.server.url}/google/oauth2/v3/certs") as hooks:
        yield hooks


def listened(hooks: Hooks, **settings: object) -> UserView:
    """A user whose first run is over, and who is listened for."""
    world = hooks.world
    world.set(instant__enabled=True)
    ann = world.user(**settings)
    world.record("Contact", LastName="Simpson", Email=HOMER["address"])
    world.sync(ann)
    world.later(minutes=10)
    assert hooks.listen(ann).state == PushState.LIVE
    return ann


def meeting(hooks: Hooks, user: UserView, subject: str = "Offer") -> str:
    return hooks.world.appointment(user, subject, RequiredAttendees=[HOMER])


def dispatch(hooks: Hooks) -> int:
    """What beat and the workers do at this moment; how many runs that is."""

    def enqueue(run: RunRef, stage: str) -> None:
        going: str | None = stage
        while going is not None:
            going = next_stage(going) if perform(hooks.app, run, going) else None

    return dispatch_due(hooks.app, enqueue)


@pytest.mark.every_mailbox(Can.PUSH)
@pytest.mark.rule("INS-2", "INS-4", "INS-7", "INS-8")
def test_what_happens_in_the_calendar_is_told_and_saved_at_once(hooks: Hooks) -> None:
    ann = listened(hooks)
    dispatch(hooks)
    hooks.work()

    item = meeting(hooks, ann)
    hooks.heard()

    assert hooks.user(ann).force_pending
    assert dispatch(hooks) == 1
    assert hooks.world.event("Offer") is not None
    hooks.world.later(minutes=10)
    hooks.work()

    hooks.world.edit(ann, item, Location="Springfield")
    hooks.heard()
    dispatch(hooks)
    assert hooks.world.saved("Offer")["Location"] == "Springfield"


@pytest.mark.every_mailbox(Can.PUSH)
@pytest.mark.rule("INS-10")
def test_what_our_own_run_writes_is_told_and_starts_nothing(hooks: Hooks) -> None:
    ann = listened(hooks)
    meeting(hooks, ann)
    soon = (hooks.world.now + timedelta(days=2)).isoformat()
    hooks.world.record("Event", Subject="Visit", StartDateTime=soon, DurationInMinutes=30, OwnerId=ann.crm_user_id)
    hooks.heard()
    dispatch(hooks)
    hooks.world.later(seconds=30)

    told = hooks.heard()  # the mark on the one, the other that was created

    assert told
    assert hooks.world.item(ann, "Visit") is not None
    assert not hooks.user(ann).force_pending
    hooks.world.later(minutes=5)
    hooks.work()
    assert not hooks.user(ann).force_pending
