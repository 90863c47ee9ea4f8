"""Days and lengths: what lasts whole days keeps its dates, and what is too long is told."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mapping.model.reasons import Reason
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

# 13 hours ahead, 11 behind, one where summer begins on 29 March, one where it began on 8 March
ZONES = ["Pacific/Tongatapu", "Pacific/Pago_Pago", "Europe/Berlin", "America/Los_Angeles"]


@pytest.mark.seed(12)
@pytest.mark.rule("ALL-4", "FLD-6")
@pytest.mark.parametrize("name", ZONES)
def test_whole_days_keep_their_dates_in_every_zone_and_over_the_change_to_summer(world: World, name: str) -> None:
    ann = world.user(zone=name)
    zone = ZoneInfo(name)
    begin = datetime(2026, 3, 28, tzinfo=zone)
    fair = world.appointment(
        ann, "Fair", start=begin, IsAllDayEvent=True, marked=True, End=datetime(2026, 3, 31, tzinfo=zone).isoformat()
    )
    world.later(minutes=1)
    holiday = world.record("Event", Subject="Holiday", IsAllDayEvent=True, ActivityDate="2026-03-28",
                           DurationInMinutes=3 * 1440, OwnerId=ann.crm_user_id)  # fmt: skip
    world.sync(ann)

    def days(subject: str) -> tuple[date, date]:
        item = world.entry(ann, subject)
        assert item["IsAllDayEvent"]
        start, end = (datetime.fromisoformat(item[at]).astimezone(zone) for at in ("Start", "End"))
        assert (start.hour, end.hour) == (0, 0)
        return start.date(), end.date()

    whole = (date(2026, 3, 28), date(2026, 3, 31))
    found = world.saved("Fair")
    assert (found["ActivityDate"], found["DurationInMinutes"]) == ("2026-03-28", 3 * 1440)
    assert days("Fair") == days("Holiday") == whole

    world.later(minutes=30)
    world.change("Event", found["Id"], Location="Hall 1")
    world.change("Event", holiday, ActivityDate="2026-03-29", StartDateTime="2026-03-29T00:00:00Z",
                 DurationInMinutes=1440)  # fmt: skip
    world.edit(ann, fair, Subject="Fair 2")
    world.sync(ann)

    assert days("Fair 2") == whole
    assert world.saved("Fair 2")["ActivityDate"] == "2026-03-28"
    assert days("Holiday") == (date(2026, 3, 29), date(2026, 3, 30))
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("ALL-1", "SCP-14")
def test_a_saved_event_that_grows_beyond_fourteen_days_is_an_issue_until_it_shrinks(world: World) -> None:
    ann = world.user()
    begin = datetime(2026, 3, 10, tzinfo=world.now.tzinfo)
    trip = world.appointment(ann, "Trip", start=begin, minutes=14 * 1440, IsAllDayEvent=True, marked=True)
    world.sync(ann)
    assert world.saved("Trip")["DurationInMinutes"] == 14 * 1440

    world.later(minutes=30)
    world.edit(ann, trip, End=(begin + timedelta(days=15)).isoformat())
    world.sync(ann)
    assert world.issues(ann) == [Reason.TOO_LONG.value]
    assert world.saved("Trip")["DurationInMinutes"] == 14 * 1440

    world.later(minutes=30)
    world.edit(ann, trip, End=(begin + timedelta(days=2)).isoformat())
    world.sync(ann)
    assert world.issues(ann) == []
    assert world.saved("Trip")["DurationInMinutes"] == 2 * 1440


@pytest.mark.rule("ALL-2")
def test_where_salesforce_takes_no_events_of_several_days_that_is_said(world: World) -> None:
    world.setting(multi_day_events=False)
    ann = world.user()
    begin = datetime(2026, 3, 10, tzinfo=world.now.tzinfo)
    world.appointment(ann, "A day", start=begin, minutes=1440, IsAllDayEvent=True, marked=True)
    world.appointment(ann, "Two days", start=begin, minutes=2 * 1440, IsAllDayEvent=True, marked=True)

    world.sync(ann)

    assert [row["Subject"] for row in world.records("Event", "Subject")] == ["A day"]
    assert world.issues(ann) == [Reason.MULTI_DAY_OFF.value]

    world.setting(multi_day_events=True)
    world.later(hours=2)
    world.sync(ann)
    assert world.event("Two days") is not None
    assert world.issues(ann) == []


@pytest.mark.seed(11)
@pytest.mark.rule("FLD-2", "STS-2")
def test_tentative_stays_tentative_over_ten_runs(world: World) -> None:
    ann = world.user()
    lunch = world.appointment(ann, "Lunch", marked=True, LegacyFreeBusyStatus="Tentative")
    world.sync(ann)

    for number in range(10):
        world.later(minutes=30)
        if number % 2:
            world.edit(ann, lunch, Location=f"Room {number}")
        else:
            world.change("Event", world.saved("Lunch")["Id"], Location=f"Hall {number}")
        world.sync(ann)
        assert world.entry(ann, "Lunch")["LegacyFreeBusyStatus"] == "Tentative"
        assert world.saved("Lunch")["ShowAs"] == "Busy"


@pytest.mark.seed(30)
@pytest.mark.rule("FLD-4")
def test_over_long_texts_are_stable_and_stay_whole_in_the_mailbox(world: World) -> None:
    ann = world.user(description__safe=False)
    subject, place, body = "s" * 300, "p" * 300, "b" * 33_000
    item = world.appointment(ann, subject, marked=True, Location=place, Body={"text": body})
    world.sync(ann)

    for number in range(5):
        world.later(minutes=30)
        world.edit(ann, item, LegacyFreeBusyStatus=("Free", "Busy")[number % 2])
        world.writes()
        world.sync(ann)
        assert world.writes() == {"salesforce": {"Event": {"update": 1}}}

    kept = world.entry(ann, subject)
    assert (kept["Location"], kept["Body"]["text"]) == (place, body)
    row = world.records("Event", "Subject", "Location", "Description")[0]
    assert [len(row[name]) for name in ("Subject", "Location", "Description")] == [255, 255, 32_000]
