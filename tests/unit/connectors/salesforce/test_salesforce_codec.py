"""Values on the wire and back."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import ConnectorError, Fault, Scope
from connectors.salesforce import codec
from mapping.model.item import MISSING, Attendee, ItemKind, ItemRef, Pending, Person, Side, Span, Value

_TYPES = {
    "Id": {"type": "id"},
    "Subject": {"type": "combobox"},
    "StartDateTime": {"type": "datetime"},
    "ActivityDate": {"type": "date"},
    "SystemModstamp": {"type": "datetime"},
    "IsAllDayEvent": {"type": "boolean"},
    "DurationInMinutes": {"type": "int"},
}


@given(st.datetimes(min_value=datetime(1700, 1, 1), max_value=datetime(4000, 1, 1), timezones=st.timezones()))  # noqa: DTZ001
def test_a_moment_goes_out_in_utc_and_comes_back_the_same_to_the_second(moment: datetime) -> None:
    text = codec.to_wire(moment)
    assert isinstance(text, str)
    assert text.endswith("Z")
    assert codec.from_wire(text, "datetime") == moment.astimezone(UTC).replace(microsecond=0)


def test_the_vendors_offset_without_a_colon_is_read() -> None:
    expected = datetime(2022, 3, 17, 16, 21, 26, tzinfo=UTC)
    assert codec.from_wire("2022-03-17T16:21:26.000+0000", "datetime") == expected
    assert codec.from_wire("2022-03-17T18:21:26.000+0200", "datetime") == expected


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.text(), st.dates()))
def test_plain_values_come_back_as_they_went(value: Value) -> None:
    kind = "date" if isinstance(value, date) else "string"
    assert codec.from_wire(codec.to_wire(value), kind) == value


def test_a_subject_that_looks_like_a_date_stays_text() -> None:
    assert codec.from_wire("2026-01-01", "combobox") == "2026-01-01"


def test_a_whole_number_is_a_number_and_a_fraction_keeps_its_digits() -> None:
    assert codec.from_wire(60.0, "double") == 60
    assert codec.from_wire(0.1, "double") == "0.1"


def test_a_row_becomes_an_item_with_its_stamp_as_version() -> None:
    row = {
        "attributes": {"type": "Event"},
        "Id": "00U000000000001",
        "Subject": "Visit",
        "StartDateTime": "2026-03-01T09:00:00.000+0000",
        "ActivityDate": "2026-03-01",
        "SystemModstamp": "2026-02-28T23:59:59.000+0000",
        "IsAllDayEvent": False,
        "DurationInMinutes": 60,
        "Owner": {"attributes": {}, "Name": "Ann"},
        "Roles": {"totalSize": 0, "done": True, "records": []},
        "Who": None,
    }
    item = codec.item_of(row, "Event", ItemKind.EVENT, _TYPES)
    assert item.ref == ItemRef(Side.CRM, ItemKind.EVENT, codec.id18("00U000000000001"), "Event")
    assert item.version == "2026-02-28T23:59:59Z"
    assert item.fields["StartDateTime"] == datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert item.fields["ActivityDate"] == date(2026, 3, 1)
    assert item.fields["Owner.Name"] == "Ann"
    assert item.fields["Who"] is None
    assert not any(name.startswith("Roles") for name in item.fields)


def test_a_version_becomes_the_date_of_a_condition() -> None:
    assert codec.http_date("2026-02-28T23:59:59Z") == "Sat, 28 Feb 2026 23:59:59 GMT"


@pytest.mark.parametrize(("short", "long"), [("001RM000003oLru", "001RM000003oLruYAE")])
def test_a_short_id_gets_its_checksum(short: str, long: str) -> None:
    assert codec.id18(short) == long
    assert codec.id18(long) == long


def test_what_is_no_short_id_is_left_alone() -> None:
    assert codec.id18("") == ""
    assert codec.id18("abc-def-ghi-jkl") == "abc-def-ghi-jkl"


def test_virtual_and_absent_values_never_reach_the_wire() -> None:
    guest = Attendee("ann@example.com")
    span = Span(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    values: dict[str, Value] = {
        "Subject": "Visit",
        "Invitees": (guest,),
        "InviteeIds": (("0RE1", "0031", "ann@example.com"),),
        "Organizer": Person("bob@example.com"),
        "When": span,
        "Guests": (guest,),
        "Location": MISSING,
        "WhoId": None,
        "ToIds": ("003A", "003B"),
    }
    assert codec.body_of(values) == {"Subject": "Visit", "WhoId": None, "ToIds": ["003A", "003B"]}


@pytest.mark.parametrize("value", [Pending("lead-1"), ("003A", Pending("lead-1"))])
def test_a_value_that_waits_for_another_operation_refuses_the_record(value: Value) -> None:
    with pytest.raises(ConnectorError) as caught:
        codec.body_of({"Subject": "Visit", "WhoId": value})
    assert caught.value.fault is Fault.INVALID
    assert caught.value.scope is Scope.ITEM
    assert caught.value.fields == ("WhoId",)


def test_a_moment_without_a_zone_refuses_the_record() -> None:
    with pytest.raises(ConnectorError) as caught:
        codec.body_of({"StartDateTime": datetime(2026, 1, 1)})  # noqa: DTZ001
    assert caught.value.fields == ("StartDateTime",)


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    local = datetime(2026, 1, 1, 1, tzinfo=timezone(timedelta(hours=13)))
    assert codec.to_wire(local) == "2025-12-31T12:00:00Z"
