"""How far the first synchronization of a user is, looked at while it is under way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.protocols import Outcome, Write
from sync_tasks.services import scheduling, users
from sync_tasks.state.records import UserView
from tests.support.world import World


def how_far(world: World, user: UserView) -> dict[str, Any] | None:
    with world.app.store.reading() as unit:
        now = unit.accounts.user(user.id)
    found: dict[str, Any] | None = users.status(world.app, now)["first_sync"]
    return found


@pytest.mark.told_over("exchange", why="how far a run is told by what it has staged and planned, whoever was asked")
@pytest.mark.rule("TOP-25")
def test_the_first_sync_tells_how_far_it_is_and_never_less_than_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = world.user()
    for n in range(250):
        world.appointment(ann, f"Call {n}", marked=True, start=world.now + timedelta(hours=n + 1))
    told: list[dict[str, Any]] = []

    def look(*_: object) -> None:
        world.later(seconds=10)
        first = how_far(world, ann)
        assert first is not None
        told.append(first)

    open_crm = world.app.crm

    def slow(*args: Any, **more: Any) -> Any:
        """The same Salesforce; somebody looks before each of its writes."""
        crm = open_crm(*args, **more)
        endpoint = crm._endpoint  # what `blaming` wraps
        write = endpoint.write

        def looked_at(writes: list[Write]) -> list[Outcome]:
            look()
            return list(write(writes))

        endpoint.write = looked_at
        return crm

    monkeypatch.setattr(world.app, "crm", slow)
    scheduling.run_here(world.app, ann.id, on_stage=look)

    assert {each["phase"] for each in told} == {"waiting for a worker", "reading both sides", "writing"}
    percents = [each["percent"] for each in told]
    assert percents == sorted(percents)
    assert percents[0] == 0 and percents[-1] > 60
    written = [each for each in told if each["done"]]
    assert written and all(each["total"] == written[0]["total"] >= 500 for each in written)
    assert any(each["left"] for each in written)
    assert how_far(world, ann) is None
    monkeypatch.undo()
    scheduling.run_here(world.app, ann.id, on_stage=lambda _: told.append(how_far(world, ann) or {}))
    assert told[-1] == {}
