"""Neutral fields to exchangelib and back, as a server would give them back."""

from __future__ import annotations

import string
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from exchangelib import Build, Version
from exchangelib.util import TNS, to_xml, xml_to_str
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import UnwritableError
from connectors.exchange import wire
from connectors.exchange.codec import (
    MODELS,
    READERS,
    RESPONSES,
    SENSITIVITIES,
    SHOW_AS,
    WRITERS,
    decode,
    encode,
    needs,
)
from connectors.exchange.properties import InboxSyncKey
from connectors.exchange.zones import zone_named
from connectors.outlook.codec import names_at
from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import MISSING, Attendee, Fields, ItemKind, Response, Role, Span

VERSION = Version(build=Build(15, 2, 2562, 17))
ZONES = ("Pacific/Apia", "Pacific/Pago_Pago", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "UTC")


class _Account:
    """As much of an account as an item needs to write itself."""

    default_timezone = zone_named("UTC")
    version = VERSION


def _through_the_server(kind: ItemKind, values: Fields, zone: str = "UTC") -> Any:
    """The item that is read back when the values were written."""
    item = MODELS[kind](**encode(kind, values, zone_named(zone), VERSION))
    item.__dict__.setdefault("account", None)
    object.__setattr__(item, "account", _Account())
    return wire._parsed(_answer(item.to_xml(version=VERSION)), None)


def _answer(element: Any) -> Any:
    """What was sent, as a server says it: `true` for `1`, and the plain text of a body under a name of its own."""
    for name in ("ReminderIsSet", "IsAllDayEvent"):
        for flag in element.findall(f"{{{TNS}}}{name}"):
            flag.text = {"1": "true", "0": "false"}[flag.text]
    for body in element.findall(f"{{{TNS}}}Body"):
        body.tag = f"{{{TNS}}}TextBody"
    return to_xml(xml_to_str(element, encoding="utf-8", xml_declaration=True)).getroot()


def _event(**texts: str) -> Any:
    """A CalendarItem element with the texts; `StartTimeZone` and the like become Id attributes."""
    children = "".join(
        f'<t:{name} Id="{text}"/>' if name.endswith("Zone") else f"<t:{name}>{text}</t:{name}>"
        for name, text in texts.items()
    )
    return wire._parsed(to_xml(f'<t:CalendarItem xmlns:t="{TNS}">{children}</t:CalendarItem>'.encode()).getroot(), None)


PLAIN = st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=60)
MOMENTS = st.integers(0, 19_000_000).map(lambda minutes: datetime(2001, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
DAYS = st.dates(date(2012, 1, 2), date(2037, 12, 31))
TIMED = st.builds(lambda start, minutes: Span(start, start + timedelta(minutes=minutes)), MOMENTS, st.integers(0, 9000))
ALL_DAY = st.builds(lambda start, days: Span(start, start + timedelta(days=days)), DAYS, st.integers(1, 40))
ADDRESSES = st.builds("{}@{}.example".format, st.text(string.ascii_lowercase, min_size=1), st.sampled_from("abc"))


@st.composite
def _attendees(draw: st.DrawFn) -> tuple[Attendee, ...]:
    addresses = sorted(draw(st.sets(ADDRESSES, max_size=5)))
    return tuple(Attendee(one, draw(PLAIN), draw(st.sampled_from(Role)), Response.UNKNOWN) for one in addresses)


EVENTS = st.fixed_dictionaries(
    {
        f.SUBJECT: PLAIN, f.LOCATION: PLAIN, f.BODY: PLAIN, f.SPAN: st.one_of(TIMED, ALL_DAY),
        f.ATTENDEES: _attendees(), f.SHOW_AS: st.sampled_from(sorted(SHOW_AS.values())),
        f.KEY: st.text(string.hexdigits, min_size=1),
        f.SENSITIVITY: st.sampled_from(sorted(SENSITIVITIES.values())),
        f.REMINDER: st.one_of(st.none(), st.integers(0, 20160)),
        f.CATEGORIES: st.lists(PLAIN.filter(str.strip), max_size=4).map(tuple),
    }
)  # fmt: skip


@given(EVENTS, st.sampled_from(ZONES))
def test_an_event_comes_back_as_it_was_written(values: Fields, zone: str) -> None:
    item = _through_the_server(ItemKind.EVENT, values, zone)

    back = decode(item, ItemKind.EVENT, tuple(values))

    assert dict(back) == dict(values)


@given(ALL_DAY, st.sampled_from(ZONES))
def test_an_all_day_span_keeps_its_dates_in_every_zone(span: Span, zone: str) -> None:
    item = _through_the_server(ItemKind.EVENT, {f.SPAN: span}, zone)

    assert decode(item, ItemKind.EVENT, [f.SPAN]) == {f.SPAN: span}


@pytest.mark.parametrize(
    ("zone", "start", "end", "first", "days"),
    [
        ("UTC+13", "2026-05-09T11:00:00Z", "2026-05-10T11:00:00Z", date(2026, 5, 10), 1),
        ("UTC-11", "2026-05-10T11:00:00Z", "2026-05-11T11:00:00Z", date(2026, 5, 10), 1),
        # the clocks go forward on 29 March 2026 in Germany: a day of 23 hours
        ("W. Europe Standard Time", "2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z", date(2026, 3, 29), 1),
        # and back on 25 October: a day of 25 hours
        ("W. Europe Standard Time", "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", date(2026, 10, 25), 1),
        # a zone that only the sender knew
        ("Customized Time Zone", "2026-05-09T22:00:00Z", "2026-05-11T22:00:00Z", date(2026, 5, 10), 2),
    ],
)
def test_all_day_instants_become_the_dates_they_were_meant_as(
    zone: str, start: str, end: str, first: date, days: int
) -> None:
    item = _event(Start=start, End=end, IsAllDayEvent="true", StartTimeZone=zone, EndTimeZone=zone)

    assert decode(item, ItemKind.EVENT, [f.SPAN]) == {f.SPAN: Span(first, first + timedelta(days=days))}


def test_an_all_day_event_without_zones_is_not_read_in_the_zone_of_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")

    item = _event(Start="2026-05-10T00:00:00Z", End="2026-05-11T00:00:00Z", IsAllDayEvent="true")

    assert decode(item, ItemKind.EVENT, [f.SPAN]) == {f.SPAN: Span(date(2026, 5, 10), date(2026, 5, 11))}


def test_a_timed_event_of_an_unknown_zone_keeps_its_instants_in_whole_minutes() -> None:
    item = _event(Start="2026-05-10T09:30:41Z", End="2026-05-10T10:00:00.25Z", StartTimeZone="tzone://Microsoft/Custom")

    start, end = datetime(2026, 5, 10, 9, 30, tzinfo=UTC), datetime(2026, 5, 10, 10, tzinfo=UTC)
    assert decode(item, ItemKind.EVENT, [f.SPAN]) == {f.SPAN: Span(start, end)}


def test_an_event_without_times_has_no_span() -> None:
    assert decode(_event(Subject="x"), ItemKind.EVENT, [f.SPAN]) == {}


def test_attendees_are_sorted_without_the_organizer_and_without_those_who_have_no_address() -> None:
    def person(address: str, routing: str = "SMTP") -> str:
        texts = f"<t:EmailAddress>{address}</t:EmailAddress><t:RoutingType>{routing}</t:RoutingType>"
        return f"<t:Mailbox><t:Name>N</t:Name>{texts}</t:Mailbox>"

    def attendee(address: str, response: str = "Accept", routing: str = "SMTP") -> str:
        return f"<t:Attendee>{person(address, routing)}<t:ResponseType>{response}</t:ResponseType></t:Attendee>"

    item = _event(
        Organizer=person("Boss@a.example"),
        RequiredAttendees=attendee("zoe@a.example")
        + attendee("BOSS@a.example", "Organizer")
        + attendee("Amy@a.example", "Decline"),
        OptionalAttendees=attendee("/o=Org/cn=Gone", routing="EX") + attendee("amy@a.example"),
        Resources=attendee("room@a.example", "NoResponseReceived"),
    )

    people = decode(item, ItemKind.EVENT, [f.ATTENDEES])[f.ATTENDEES]

    assert people == (
        Attendee("amy@a.example", "N", Role.REQUIRED, Response.DECLINED),
        Attendee("room@a.example", "N", Role.RESOURCE, Response.NONE),
        Attendee("zoe@a.example", "N", Role.REQUIRED, Response.ACCEPTED),
    )


def test_a_field_that_was_not_asked_for_is_left_out_and_a_missing_key_too() -> None:
    item = _event(Subject="x")

    values = decode(item, ItemKind.EVENT, [f.SUBJECT, f.KEY])

    assert values == {f.SUBJECT: "x"}


def test_every_word_of_the_server_has_a_neutral_word() -> None:
    def words(kind: ItemKind, name: str) -> set[str]:
        return {choice.value for choice in MODELS[kind].get_field_by_fieldname(name).choices}

    assert words(ItemKind.EVENT, "legacy_free_busy_status") == set(SHOW_AS)
    assert words(ItemKind.EVENT, "my_response_type") == set(RESPONSES)
    assert words(ItemKind.EVENT, "sensitivity") == set(SENSITIVITIES)


@pytest.mark.parametrize("kind", list(ItemKind))
def test_the_body_is_needed_only_when_it_is_asked_for(kind: ItemKind) -> None:
    head, body = (needs(kind, names_at(READERS[kind], detail)) for detail in (Detail.HEAD, Detail.BODY))

    assert not {"body", "text_body", "headers"} & head
    assert "text_body" in body
    assert len(wire.paths(MODELS[kind], body)) == len(body)


@pytest.mark.parametrize(
    ("kind", "values", "field"),
    [
        (ItemKind.EVENT, {f.SUBJECT: "x" * 256}, f.SUBJECT),
        (ItemKind.EVENT, {f.SUBJECT: "\ud800"}, f.SUBJECT),
        (ItemKind.EVENT, {f.SPAN: None}, f.SPAN),
        (ItemKind.EVENT, {f.SPAN: Span(datetime(2026, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))}, f.SPAN),
        (ItemKind.EVENT, {f.SHOW_AS: "napping"}, f.SHOW_AS),
        (ItemKind.EVENT, {f.REMINDER: -5}, f.REMINDER),
        (ItemKind.EVENT, {f.UID: "x"}, f.UID),
        (ItemKind.EMAIL, {f.SUBJECT: "x"}, f.SUBJECT),
        (ItemKind.EVENT, {f.ATTENDEES: (Attendee("\udfff@a.example"),)}, f.ATTENDEES),
    ],
)
def test_a_value_that_exchange_cannot_take_is_named_but_not_quoted(kind: ItemKind, values: Fields, field: str) -> None:
    with pytest.raises(UnwritableError) as caught:
        encode(kind, values, zone_named("UTC"), VERSION)

    assert caught.value.name == field
    assert str(caught.value) == field
    assert caught.value.__cause__ is None


def test_emptying_and_leaving_alone_are_two_things() -> None:
    written = encode(
        ItemKind.EVENT, {f.SUBJECT: None, f.LOCATION: MISSING, f.CATEGORIES: ()}, zone_named("UTC"), VERSION
    )

    assert written == {"subject": None, "categories": []}


def test_every_writable_field_is_readable() -> None:
    for kind, writers in WRITERS.items():
        assert set(writers) <= set(READERS[kind])


def test_the_key_is_one_named_property_that_must_never_change() -> None:
    # items in mailboxes bear it; another name or set would cut all of them off from their records
    assert InboxSyncKey.property_set_id == "9d0f3c5e-6a5b-4e0c-8f57-2b8f1c7a4e63"
    assert (InboxSyncKey.property_name, InboxSyncKey.property_type) == ("InboxSyncKey", "String")
