"""What is kept for a while only is gone afterwards, and nothing else is."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from sync_tasks.services.upkeep import tidy
from sync_tasks.state.models import BeforeImage, DecisionRow, JournalRow, Linking
from tests.support.world import World

pytestmark = pytest.mark.any_mailbox(why="what is kept is ours")


def rows(world: World, table: type) -> int:
    with Session(world.app.store.engine) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.rule("TOP-2")
def test_the_trail_is_kept_as_long_as_the_setting_says(world_on_both: World) -> None:
    world = world_on_both
    world.set(trail__keep_days=30)
    ann = world.user()
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    guests = [{"address": "homer@globex.example", "name": "Homer"}]
    world.appointment(ann, "Old", marked=True, RequiredAttendees=guests)
    world.sync(ann)
    world.later(days=20)
    world.appointment(ann, "New", marked=True, RequiredAttendees=guests)
    world.sync(ann)
    everything = rows(world, DecisionRow), rows(world, Linking)

    assert tidy(world.app).trail == 0
    assert (rows(world, DecisionRow), rows(world, Linking)) == everything
    world.later(days=11)
    assert tidy(world.app).trail > 0

    with world.app.store.reading() as unit:
        assert world.last is not None
        assert unit.trail.of_run(world.last.id) != []
        assert unit.trail.of_run(world.last.id - 1) == []
        assert unit.linkings.of(ann.id, [], [pair.key for pair in unit.pairs.of_user(ann.id)]) != []
    assert tidy(world.app).trail == 0
    world.sync(ann)
    assert len(world.records("Event")) == 2


@pytest.mark.rule("TOP-2", "TOP-6")
def test_before_images_are_sealed_and_shredded_with_their_key_when_their_time_is_over(world: World) -> None:
    world.set(undo__keep_days=14)
    ann = world.user()
    item = world.appointment(ann, "Secret plans", marked=True)
    world.sync(ann)
    world.later(minutes=30)
    world.edit(ann, item, Subject="Other secrets")
    world.sync(ann)
    with Session(world.app.store.engine) as session:
        blobs = list(session.scalars(select(BeforeImage.sealed)))
    assert blobs
    assert not any(b"ecret" in blob for blob in blobs)

    world.later(days=13)
    assert tidy(world.app).runs == 0
    world.later(days=2)
    assert tidy(world.app).runs == 2

    assert rows(world, BeforeImage) == 0
    with Session(world.app.store.engine) as session:
        assert list(session.scalars(select(JournalRow.key))) == [None, None]
