"""Names of zones, and how far zones agree."""

from __future__ import annotations

import os
import subprocess
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path

import pytest

from mapping.model.item import Series, Span
from mapping.recurrence import classic
from mapping.recurrence.expand import occurrences
from mapping.recurrence.refusals import ZONE_UNKNOWN
from mapping.recurrence.zones import Grade, grade, iana_of, salesforce_key, windows_of

SINCE, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2028, 11, 1, tzinfo=UTC)

# Zones for which another product says that Salesforce has no certain counterpart.
DOUBTFUL = (
    "Australia/Eucla", "America/Havana", "America/Cuiaba", "Etc/GMT+12", "Europe/Chisinau", "Pacific/Easter",
    "America/Nuuk", "Asia/Amman", "Asia/Kamchatka", "Etc/GMT+2", "Africa/Casablanca", "Asia/Pyongyang",
    "America/Asuncion", "America/Miquelon", "Pacific/Apia", "Africa/Sao_Tome", "Asia/Damascus", "America/Grand_Turk",
    "Asia/Hebron",
)  # fmt: skip
# Salesforce leaves out countries with which trade is restricted, and zones that are no place.
KEYS = frozenset(
    zone for zone in zoneinfo.available_timezones() - {
        "America/Havana", "Asia/Pyongyang", "Asia/Tehran", "Asia/Damascus", "Africa/Khartoum", "America/Port-au-Prince",
    } if "/" in zone and not zone.startswith("Etc/")
) | {"GMT"}  # fmt: skip


@pytest.mark.parametrize(
    ("windows", "iana"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("Lord Howe Standard Time", "Australia/Lord_Howe"),
        ("UTC", "Etc/UTC"),
    ],
)
def test_zones_of_windows_have_iana_names(windows: str, iana: str) -> None:
    assert iana_of(windows) == iana
    assert windows_of(iana) == windows


def test_names_that_nobody_else_knows_have_no_counterpart() -> None:
    assert iana_of("Customized Time Zone") is None
    assert iana_of("tzone://Microsoft/Custom") is None
    assert windows_of("Mars/Olympus") is None


def test_zones_that_share_a_windows_name_share_it_one_way() -> None:
    assert windows_of("Europe/Copenhagen") == "Romance Standard Time"
    assert iana_of("Romance Standard Time") == "Europe/Paris"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Europe/Berlin", "Europe/Paris", Grade.IDENTICAL),
        ("Asia/Pyongyang", "Asia/Seoul", Grade.IDENTICAL),
        ("", "GMT", Grade.IDENTICAL),
        ("America/Havana", "America/New_York", Grade.SIMILAR),  # clocks are moved on the same nights, at other hours
        ("Europe/Berlin", "Africa/Lagos", Grade.COMPLIANT),
        ("Europe/Berlin", "Asia/Tokyo", Grade.DIFFERENT),
    ],
)
@pytest.mark.rule("TZN-2")
def test_zones_are_graded_by_what_their_clocks_show(one: str, other: str, expected: Grade) -> None:
    assert grade(one, other, SINCE, UNTIL) is grade(other, one, SINCE, UNTIL) is expected


@pytest.mark.rule("TZN-2")
def test_zones_are_graded_for_a_period() -> None:
    """Korea had two times from 2015 to 2018."""
    before = datetime(2016, 1, 1, tzinfo=UTC), datetime(2017, 1, 1, tzinfo=UTC)

    assert grade("Asia/Pyongyang", "Asia/Seoul", *before) is Grade.DIFFERENT


def test_a_zone_that_nobody_knows_cannot_be_graded() -> None:
    with pytest.raises(ValueError, match="Mars/Olympus"):
        grade("Mars/Olympus", "Europe/Berlin", SINCE, UNTIL)


@pytest.mark.parametrize(
    ("zone", "keys", "expected"),
    [
        ("Europe/Berlin", {"Europe/Berlin", "Europe/Paris"}, "Europe/Berlin"),
        ("Europe/Vienna", {"Europe/Amsterdam", "Africa/Ceuta", "Europe/Paris"}, "Europe/Amsterdam"),  # Windows' choice
        ("Asia/Calcutta", {"Asia/Colombo", "Asia/Kolkata"}, "Asia/Kolkata"),
        ("Asia/Pyongyang", {"Asia/Tokyo", "Asia/Shanghai"}, "Asia/Tokyo"),
        ("UTC", {"Africa/Abidjan", "GMT"}, "GMT"),
        ("", {"GMT"}, "GMT"),
        ("America/Havana", {"America/New_York", "America/Bogota"}, None),
        ("Europe/Berlin", {"Mars/Olympus"}, None),
    ],
)
@pytest.mark.rule("TZN-1")
def test_a_zone_is_found_among_those_of_salesforce_by_its_name_and_then_by_its_clock(
    zone: str, keys: set[str], expected: str | None
) -> None:
    assert salesforce_key(zone, keys, SINCE, UNTIL) == expected


@pytest.mark.parametrize("zone", DOUBTFUL)
@pytest.mark.rule("TZN-2", "TZN-3")
def test_a_doubtful_zone_is_told_by_an_identical_one_or_refused_and_never_matters_to_single_events(zone: str) -> None:
    series = Series("FREQ=WEEKLY;COUNT=20", Span(SINCE, SINCE + timedelta(hours=1)), zone)

    part = classic.part(series, SINCE, KEYS)

    assert len(occurrences(series, SINCE, UNTIL)) == 20
    if isinstance(part, classic.Part):
        key = str(part.columns["RecurrenceTimeZoneSidKey"])
        assert grade(zone, key, SINCE, SINCE + timedelta(weeks=20)) is Grade.IDENTICAL
    else:
        assert part is ZONE_UNKNOWN


@pytest.mark.rule("TZN-1")
def test_zones_that_are_no_place_and_have_no_equal_are_refused() -> None:
    series = Series("FREQ=WEEKLY;COUNT=20", Span(SINCE, SINCE + timedelta(hours=1)), "Etc/GMT+12")

    assert classic.part(series, SINCE, KEYS) is ZONE_UNKNOWN


@pytest.mark.parametrize("first", ["mapping.recurrence.expand", "connectors.exchange.mailbox", "sync_tasks.bootstrap"])
def test_zones_are_those_of_the_pinned_package_whatever_the_machine_has(tmp_path: Path, first: str) -> None:
    (tmp_path / "Europe").mkdir()
    tokyo = resources.files("tzdata.zoneinfo.Asia") / "Tokyo"
    (tmp_path / "Europe" / "Berlin").write_bytes(tokyo.read_bytes())
    program = (
        f"import datetime, importlib; importlib.import_module({first!r})\n"
        "from mapping.recurrence.expand import zone_of\n"
        "print(datetime.datetime(2026, 1, 1, tzinfo=zone_of('Europe/Berlin')).isoformat())"
    )

    told = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, "PYTHONTZPATH": str(tmp_path)}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip

    assert told.stdout.strip() == "2026-01-01T00:00:00+01:00"
