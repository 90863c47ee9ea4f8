"""Figures of what runs did, counted over the whole chain and shown once."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from connectors.protocols import Can
from tests.support.web import visiting
from tests.support.world import World

pytestmark = pytest.mark.any_mailbox(why="what is counted is runs, whatever they read")


@pytest.mark.rule("TOP-3", "TOP-17")
@pytest.mark.every_mailbox(Can.SILENT_WRITE)
def test_mails_that_attendees_are_spared_are_counted(world: World) -> None:
    ann = world.user()
    people = [{"address": f"{name}@globex.example", "name": name} for name in ("homer", "marge")]
    start = world.now + timedelta(days=2)
    for person in people:
        world.record("Contact", LastName=person["name"], Email=person["address"])
    world.later(minutes=1)
    world.appointment(ann, "Review", start=start, RequiredAttendees=people)
    with visiting(world.app) as web:  # the page is asked before anything happens
        assert "inbox_sync_attendee_mails_prevented_total" in web.get("/metrics").text
        world.sync(ann)
        world.later(minutes=30)
        moved = world.saved("Review")
        world.change("Event", moved["Id"], Location="Room 2", StartDateTime=(start + timedelta(hours=1)).isoformat())
        world.later(minutes=30)
        world.sync(ann)
        assert world.entry(ann, "Review")["Location"] == "Room 2"
        assert world.mails() == 0
        world.later(seconds=30)
        for _ in range(2):
            text = web.get("/metrics").text
            assert re.findall(r"^inbox_sync_attendee_mails_prevented_total (\S+)$", text, re.MULTILINE) == ["2.0"]


@pytest.mark.rule("TOP-17")
def test_runs_and_items_are_counted_once_over_two_web_processes(world: World) -> None:
    ann = world.user()
    world.appointment(ann, "Plan", marked=True)
    with visiting(world.app) as one, visiting(world.app) as two:
        one.get("/metrics")
        world.later(minutes=1)
        world.sync(ann)
        world.later(seconds=30)
        told = [web.get("/metrics").text for web in (one, two, one)]
    for text in told:
        assert 'inbox_sync_runs_total{result="done"} 1.0' in text
        assert 'inbox_sync_items_total{op="create",result="done",type="event"} 1.0' in text
