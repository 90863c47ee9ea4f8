"""What happens in a folder between two readings: subscribing and asking."""

from __future__ import annotations

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Can
from mapping.model.notice import Happened, Notice
from tests.support.exchange import ADDRESS, World, event


def test_what_happened_is_told_once_and_costs_a_call(world: World) -> None:
    assert Can.NOTIFY in world.mailbox.can
    subscription = world.mailbox.subscribe("calendar")
    item = world.has(Subject="x")
    world.has("Message", "inbox", Subject="elsewhere")
    world.edits(item, Subject="y")

    before = world.calls.copy()
    told = world.mailbox.notices(subscription)

    assert told.notices == (Notice(event(item), Happened.ADDED), Notice(event(item), Happened.CHANGED))
    assert world.calls - before == {"GetEvents": 1}
    assert world.mailbox.notices(told.subscription).notices == ()


def test_what_is_deleted_or_moved_away_is_told_as_gone(world: World) -> None:
    item, other = world.has(Subject="x"), world.has(Subject="y")
    subscription = world.mailbox.subscribe("calendar")
    world.deletes(item)
    world.control("items/delete", mailbox=ADDRESS, id=other, hard=True)

    told = world.mailbox.notices(subscription).notices

    assert told == (Notice(event(item), Happened.REMOVED), Notice(event(other), Happened.REMOVED))


def test_what_is_moved_here_is_told_as_new_under_its_new_id(world: World) -> None:
    item = world.has(Subject="x")
    world.deletes(item)
    (there,) = world.content("deleteditems")
    subscription = world.mailbox.subscribe("calendar")
    here = world.control("items/move", mailbox=ADDRESS, id=there["id"], folder="calendar")["id"]

    assert world.mailbox.notices(subscription).notices == (Notice(event(here), Happened.ADDED),)


def test_more_than_fits_into_an_answer_is_asked_for_at_once(world: World) -> None:
    subscription = world.mailbox.subscribe("calendar")
    items = [world.has(Subject=str(number)) for number in range(250)]

    told = world.mailbox.notices(subscription)

    assert [notice.ref.id for notice in told.notices] == items
    assert world.mailbox.notices(told.subscription).notices == ()


@pytest.mark.parametrize("subscription", ["nonsense", "[]", '["calendar", "AAAA", "gone", "AAAA"]'])
def test_a_subscription_that_is_of_no_use_is_a_lost_cursor(world: World, subscription: str) -> None:
    with pytest.raises(ConnectorError) as caught:
        world.mailbox.notices(subscription)

    assert (caught.value.fault, caught.value.scope) == (Fault.CURSOR_LOST, Scope.CONTAINER)


def test_a_subscription_that_nobody_asked_about_for_a_day_is_over(world: World) -> None:
    subscription = world.mailbox.subscribe("calendar")
    world.server.sandbox.clock.advance(1441 * 60)

    with pytest.raises(ConnectorError) as caught:
        world.mailbox.notices(subscription)

    assert caught.value.fault is Fault.CURSOR_LOST


def test_a_folder_that_is_not_there_cannot_be_subscribed_to(world: World) -> None:
    with pytest.raises(ConnectorError) as caught:
        world.mailbox.subscribe("synced_tasks")

    assert caught.value.fault is Fault.NOT_FOUND
