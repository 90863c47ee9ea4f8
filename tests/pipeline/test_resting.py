"""Runs that leave Salesforce alone, because one look a minute is taken for the whole organization."""

from __future__ import annotations

from tests.support.feeding import look, run, settle, with_feed
from tests.support.world import World


def test_an_idle_user_asks_salesforce_nothing(world: World) -> None:
    ann = with_feed(world).user()
    world.appointment(ann, "Lunch", marked=True)
    settle(world, ann)

    for _ in range(3):
        world.later(minutes=10)
        assert look(world).calls == 1
        assert run(world, ann) == 0
