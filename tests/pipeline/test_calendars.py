"""Which calendars count, and who writes: groups, secondary calendars, delegates, bookings, archived events."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.protocols import Can
from mapping.model.reasons import Reason
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

GROUP = {"address": "sales@acme.example", "name": "Sales", "type": "GroupMailbox"}


@pytest.mark.every_mailbox(Can.GROUP_MEETINGS)
@pytest.mark.rule("SCP-17")
def test_an_event_of_a_group_calendar_is_saved_up_to_a_day(world: World) -> None:
    ann = world.user()
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    guests = [{"address": ann.address, "name": "Ann"}, {"address": "homer@globex.example", "name": "Homer"}]
    given = {"Organizer": GROUP, "IsMeeting": True, "MyResponseType": "Accept", "RequiredAttendees": guests}
    begin = (world.now + timedelta(days=2)).replace(hour=0)
    world.appointment(ann, "A day", start=begin, minutes=1440, marked=True, **given)
    world.appointment(ann, "Longer", start=begin, minutes=1500, marked=True, **given)

    world.sync(ann)

    assert world.event("A day") is not None
    assert world.event("Longer") is None
    assert world.issues(ann) == [Reason.GROUP_TOO_LONG.value]


@pytest.mark.rule("SCP-18")
def test_only_the_default_calendar_is_looked_at(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    world.folder(ann, "Private", parent="calendar", holds="IPF.Appointment")
    world.later(minutes=1)
    when = {"Start": (world.now + timedelta(days=1)).isoformat(), "End": (world.now + timedelta(days=1)).isoformat()}
    world.mail_item(ann, folder="Private", Subject="Elsewhere", Categories=["Salesforce"], **when)
    world.appointment(ann, "Here")

    world.sync(ann)

    assert [row["Subject"] for row in world.records("Event", "Subject")] == ["Here"]
    assert world.entry(ann, "Elsewhere", "Private")["Categories"] == ["Salesforce"]


@pytest.mark.rule("SCP-19")
def test_what_a_delegate_edits_is_written_by_the_owners_run_alone(world: World) -> None:
    ann, bob = world.user(), world.user("bob@acme.example")
    lunch = world.appointment(ann, "Lunch", marked=True)
    world.sync(ann)
    world.sync(bob)
    world.writes()

    world.later(minutes=30)
    world.edit(ann, lunch, Subject="Dinner")  # bob does, in the calendar of ann
    world.sync(bob)
    assert world.writes() == {}
    world.sync(ann)

    assert world.saved("Dinner")["OwnerId"] == ann.crm_user_id


@pytest.mark.rule("SCP-20")
def test_a_meeting_that_a_customer_booked_is_saved_like_any_other(world: World) -> None:
    ann = world.user()
    contact = world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.later(minutes=1)
    world.appointment(
        ann, "Booked: 30 minutes", Location="Online",
        RequiredAttendees=[{"address": "homer@globex.example", "name": "Homer", "response": "Accept"}],
    )  # fmt: skip

    world.sync(ann)

    assert world.saved("Booked: 30 minutes")["WhoId"] == contact
    assert world.answers() == {contact: "Accepted"}


@pytest.mark.rule("SCP-21")
@pytest.mark.parametrize("read_only", [True, False])
def test_an_archived_event_is_left_as_it_is_where_that_is_wanted(world: World, read_only: bool) -> None:
    world.setting(archive_after_days=5)
    ann = world.user(events__read_only_archived=read_only, scope__past_days=30)
    contact = world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.later(minutes=1)
    review = world.appointment(
        ann, "Review", RequiredAttendees=[{"address": "homer@globex.example", "name": "Homer"}], Location="Here"
    )
    world.sync(ann)

    world.later(days=8)
    world.edit(ann, review, Subject="Renamed", RequiredAttendees=[])
    world.sync(ann)
    rows = world.everything("Event", "Subject", "IsArchived", "IsDeleted")
    assert [(row["Subject"], row["IsArchived"]) for row in rows] == [("Review" if read_only else "Renamed", True)]
    assert list(world.answers()) == ([contact] if read_only else [])

    world.discard(ann, review)
    world.sync(ann)
    assert [row["IsDeleted"] for row in world.everything("Event", "IsDeleted")] == [not read_only]
