"""From a change in a mailbox to the run that saves it, with a real web process, a real queue and real workers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from celery import current_app

from sync_tasks.services import listening
from sync_tasks.services.hearing import Deliver, Hint
from sync_tasks.state.records import PushState, PushView, RunView, UserView
from sync_tasks.tasks import pushes
from tests.support.cluster import Cluster
from tests.support.waiting import until
from tests.support.web import serving
from tests.support.world import World

Make = Callable[..., Cluster]


def delivering() -> Deliver:
    """How hints get to the queue of this test, from the threads of the web process."""
    queue = current_app._get_current_object()

    def deliver(push: PushView, hint: Hint) -> None:
        queue.set_current()
        pushes.enqueue_hint(push, hint)

    return deliver


def forced(world: World, user: UserView) -> list[RunView]:
    with world.app.store.reading() as unit:
        return [run for run in unit.runs.recent(user.id, 100) if run.trigger == "force"]


@pytest.mark.rule("INS-2", "INS-4", "INS-10")
def test_a_change_is_told_over_http_and_saved_by_a_worker(world: World, clustered: Make) -> None:
    cluster = clustered(interval_seconds=600)
    ann = world.user()
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.sync(ann)
    with world.app.store.writing() as unit:  # the first run was long ago
        unit.accounts.set_user(ann.id, last_started_at=world.now - timedelta(minutes=10))
    worker = cluster.worker()
    until(lambda: worker.ready, 40, every=0.1)
    cluster.beat()
    with serving(world.app, delivering()) as address:
        world.app.settings = world.app.settings.model_copy(update={"public_url": address})
        [calendar, _] = listening.renew(world.app, ann.id)
        assert calendar.state == PushState.LIVE

        world.appointment(ann, "Offer", RequiredAttendees=[{"address": "homer@globex.example"}])

        until(lambda: world.event("Offer") is not None, 30)
        until(lambda: [run.state for run in forced(world, ann)] == ["done"], 30)
        counts = world.app.hints.counts
        until(lambda: counts["ews.taken"] + counts["ews.covered"] >= 2, 30)  # the mark of the run is told, too
        until(lambda: not any(cluster.waiting().values()), 30)
    assert len(forced(world, ann)) == 1


@pytest.mark.rule("INS-4")
def test_work_of_which_no_message_is_left_is_found_in_the_store(world: World, clustered: Make) -> None:
    cluster = clustered(interval_seconds=600)
    ann = world.user()
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.sync(ann)
    with serving(world.app, delivering()) as address:
        world.app.settings = world.app.settings.model_copy(update={"public_url": address})
        [calendar, _] = listening.renew(world.app, ann.id)
    world.appointment(ann, "Offer", RequiredAttendees=[{"address": "homer@globex.example"}])
    with world.app.store.writing() as unit:  # whoever noted the hint was killed before he looked
        unit.accounts.set_user(ann.id, last_started_at=world.now - timedelta(minutes=10))
        unit.pushes.set(calendar.id, look_at=world.now)

    worker = cluster.worker()
    until(lambda: worker.ready, 40, every=0.1)
    cluster.beat()

    until(lambda: world.event("Offer") is not None, 30)
