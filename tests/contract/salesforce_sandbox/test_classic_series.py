"""Series as Salesforce Classic keeps them: one row that is the series, a row for each occurrence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.salesforce_sandbox.sandbox_org import Org

NOW = "2026-03-02T06:00:00+00:00"  # a Monday
WEEKLY = {
    "IsRecurrence": True, "RecurrenceType": "RecursWeekly", "RecurrenceInterval": 1, "RecurrenceDayOfWeekMask": 2 + 8,
    "RecurrenceStartDateTime": "2026-03-02T09:00:00Z", "RecurrenceEndDateOnly": "2026-03-18",
    "StartDateTime": "2026-03-02T09:00:00Z",
}  # fmt: skip
DAILY = {**WEEKLY, "RecurrenceType": "RecursDaily", "RecurrenceDayOfWeekMask": None}


@pytest.fixture
def org(org: Org) -> Org:
    org.control("clock", {"set": NOW})
    org.token = org.login()
    return org


def series(org: Org, **fields: Any) -> str:
    return org.event(**{"Subject": "Jour fixe", **WEEKLY, **fields})


def rows(org: Org, series_id: str, *columns: str) -> list[dict[str, Any]]:
    """The occurrences, in order."""
    listed = ", ".join(("Id", "StartDateTime", *columns))
    where = f"RecurrenceActivityId = '{series_id}' AND IsRecurrence = false"
    return org.query(f"SELECT {listed} FROM Event WHERE {where} ORDER BY StartDateTime")


def days(org: Org, series_id: str) -> list[str]:
    return [row["StartDateTime"][5:16] for row in rows(org, series_id)]


def test_a_series_makes_its_occurrences_and_is_none_itself(org: Org) -> None:
    made = series(org, Location="Room 1", InboxSync_Key__c="ev:1")
    assert days(org, made) == [f"03-{day}T09:00" for day in ("02", "04", "09", "11", "16", "18")]
    row = org.get("Event", made)
    assert (row["IsRecurrence"], row["RecurrenceActivityId"]) == (True, made)
    taken = ("Subject", "Location", "InboxSync_Key__c", "DurationInMinutes", "RecurrenceType")
    told = {tuple(occurrence[name] for name in taken) for occurrence in rows(org, made, *taken)}
    assert told == {("Jour fixe", "Room 1", None, 30, None)}


def test_a_series_keeps_its_wall_clock_when_the_clocks_change(org: Org) -> None:
    made = series(org, RecurrenceTimeZoneSidKey="Europe/Berlin", RecurrenceEndDateOnly="2026-04-01")
    assert {day: time for day, _, time in (d.partition("T") for d in days(org, made))}["03-25"] == "09:00"
    assert days(org, made)[-1] == "04-01T08:00"


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"RecurrenceType": "RecursDaily", "RecurrenceInterval": 7, "RecurrenceDayOfWeekMask": None},
         ["03-02", "03-09", "03-16"]),
        ({"RecurrenceType": "RecursEveryWeekday", "RecurrenceInterval": None, "RecurrenceDayOfWeekMask": 62,
          "RecurrenceEndDateOnly": "2026-03-09"}, ["03-02", "03-03", "03-04", "03-05", "03-06", "03-09"]),
        ({"RecurrenceType": "RecursWeekly", "RecurrenceInterval": 2, "RecurrenceDayOfWeekMask": 1 + 2},
         ["03-02", "03-15", "03-16"]),
        ({"RecurrenceType": "RecursMonthly", "RecurrenceDayOfMonth": 15, "RecurrenceDayOfWeekMask": None,
          "RecurrenceEndDateOnly": "2026-05-15"}, ["03-15", "04-15", "05-15"]),
        ({"RecurrenceType": "RecursMonthlyNth", "RecurrenceInstance": "Last", "RecurrenceDayOfWeekMask": 32,
          "RecurrenceEndDateOnly": "2026-05-01"}, ["03-27", "04-24"]),
        ({"RecurrenceType": "RecursYearly", "RecurrenceInterval": None, "RecurrenceDayOfWeekMask": None,
          "RecurrenceDayOfMonth": 3, "RecurrenceMonthOfYear": "April", "RecurrenceEndDateOnly": "2027-12-31"},
         ["04-03", "04-03"]),
        ({"RecurrenceType": "RecursYearlyNth", "RecurrenceInterval": None, "RecurrenceInstance": "First",
          "RecurrenceMonthOfYear": "October", "RecurrenceDayOfWeekMask": 64, "RecurrenceEndDateOnly": "2027-12-31"},
         ["10-03", "10-02"]),
    ],
)  # fmt: skip
def test_every_type_of_rule_falls_on_its_days(fields: dict[str, Any], expected: list[str], org: Org) -> None:
    assert [day[:5] for day in days(org, series(org, **fields))] == expected


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"RecurrenceEndDateOnly": None}, "REQUIRED_FIELD_MISSING"),
        ({"RecurrenceInterval": None}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"RecurrenceDayOfMonth": 3}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"RecurrenceEndDateOnly": "2026-03-01"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"DurationInMinutes": 1441}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"Recurrence2PatternText": "FREQ=DAILY;COUNT=2"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"IsRecurrence": False}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"RecurrenceType": "RecursSometimes"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
    ],
)  # fmt: skip
def test_a_series_that_is_not_wholly_told_is_refused(fields: dict[str, Any], code: str, org: Org) -> None:
    assert org.refused("Event", **{"DurationInMinutes": 30, **WEEKLY, **fields}) == code
    assert org.query("SELECT Id FROM Event") == []


@pytest.mark.parametrize(
    ("fields", "most"),
    [
        ({**DAILY, "RecurrenceEndDateOnly": "2026-06-10"}, 100),
        ({**WEEKLY, "RecurrenceDayOfWeekMask": 2, "RecurrenceEndDateOnly": "2027-03-08"}, 53),
        ({**DAILY, "RecurrenceType": "RecursMonthly", "RecurrenceDayOfMonth": 2,
          "RecurrenceEndDateOnly": "2031-03-02"}, 60),
        ({**DAILY, "RecurrenceType": "RecursYearly", "RecurrenceInterval": None, "RecurrenceDayOfMonth": 2,
          "RecurrenceMonthOfYear": "March", "RecurrenceEndDateOnly": "2036-03-02"}, 10),
    ],
)  # fmt: skip
def test_a_series_has_only_so_many_occurrences(fields: dict[str, Any], most: int, org: Org) -> None:
    assert org.refused("Event", DurationInMinutes=30, **fields) == "FIELD_INTEGRITY_EXCEPTION"
    org.settings(series_over_cap="cut")
    assert len(days(org, org.event(**fields))) == most


def test_one_occurrence_is_changed_and_deleted_by_itself(org: Org) -> None:
    made = series(org)
    first, second, *rest = rows(org, made)
    assert org.call("PATCH", f"sobjects/Event/{first['Id']}", {"Subject": "Only today"})[0] == 204
    assert org.call("DELETE", f"sobjects/Event/{second['Id']}")[0] == 204
    assert [row["Subject"] for row in rows(org, made, "Subject")] == ["Only today"] + ["Jour fixe"] * len(rest)
    assert org.call("PATCH", f"sobjects/Event/{first['Id']}", {"RecurrenceInterval": 2})[0] == 400
    assert org.call("PATCH", f"sobjects/Event/{made}", {"IsRecurrence": False})[0] == 400


def test_deleting_the_series_deletes_all_of_it(org: Org) -> None:
    made = series(org)
    org.control("clock", {"set": "2026-03-10T06:00:00+00:00"})
    org.token = org.login()
    assert org.call("DELETE", f"sobjects/Event/{made}")[0] == 204
    assert org.query("SELECT Id FROM Event") == []
    assert len(org.query("SELECT Id FROM Event WHERE IsDeleted = true", "queryAll")) == 7


def test_a_changed_series_changes_what_lies_ahead(org: Org) -> None:
    made = series(org)
    org.control("clock", {"set": "2026-03-10T06:00:00+00:00"})
    org.token = org.login()
    before = rows(org, made)
    org.call("PATCH", f"sobjects/Event/{before[4]['Id']}", {"Location": "Elsewhere"})
    assert org.call("PATCH", f"sobjects/Event/{made}", {"Location": "Room 2"})[0] == 204
    after = rows(org, made, "Location")
    assert [row["Location"] for row in after] == [None, None, None, "Room 2", "Room 2", "Room 2"]
    assert [row["Id"] for row in after] == [row["Id"] for row in before]


def test_a_changed_rule_makes_anew_what_lies_ahead(org: Org) -> None:
    made = series(org)
    org.control("clock", {"set": "2026-03-10T06:00:00+00:00"})
    org.token = org.login()
    before = rows(org, made)
    rule = {"RecurrenceDayOfWeekMask": 16, "RecurrenceEndDateOnly": "2026-03-26"}
    assert org.call("PATCH", f"sobjects/Event/{made}", rule)[0] == 204
    assert days(org, made) == [f"03-{day}T09:00" for day in ("02", "04", "09", "12", "19", "26")]
    assert [row["Id"] for row in rows(org, made)][:3] == [row["Id"] for row in before][:3]


def test_an_all_day_series_keeps_its_dates(org: Org) -> None:
    fields = {**DAILY, "IsAllDayEvent": True, "RecurrenceStartDateTime": "2026-03-28T00:00:00Z",
              "StartDateTime": "2026-03-28T00:00:00Z", "RecurrenceEndDateOnly": "2026-03-30",
              "RecurrenceTimeZoneSidKey": "Europe/Berlin", "DurationInMinutes": 1440}  # fmt: skip
    assert days(org, org.event(**fields)) == ["03-28T00:00", "03-29T00:00", "03-30T00:00"]


def test_whoever_is_invited_to_a_series_is_invited_to_its_occurrences(org: Org) -> None:
    ann = org.control("salesforce/users", {"username": "ann@acme.example"})["users"][0]["id"]
    contact = org.create("Contact", LastName="Guest")
    made = series(org)
    relation = org.create("EventRelation", EventId=made, RelationId=contact)
    org.create("EventRelation", EventId=made, RelationId=ann)
    assert len(org.query(f"SELECT Id FROM Event WHERE IsChild = true AND OwnerId = '{ann}'")) == 6
    assert len(org.query(f"SELECT Id FROM EventRelation WHERE RelationId = '{contact}'")) == 7
    org.call("DELETE", f"sobjects/EventRelation/{relation}")
    assert org.query(f"SELECT Id FROM EventRelation WHERE RelationId = '{contact}'") == []


def test_an_org_without_recurring_events_takes_none_and_says_so(org: Org) -> None:
    org.settings(recurring_events=False)
    fields = {field["name"]: field for field in org.call("GET", "sobjects/Event/describe")[1]["fields"]}
    assert not fields["IsRecurrence"]["createable"]
    assert not fields["Recurrence2PatternText"]["createable"]
    assert org.refused("Event", DurationInMinutes=30, **WEEKLY) == "INVALID_FIELD_FOR_INSERT_UPDATE"


def test_advanced_calendaring_is_told_by_the_describe(org: Org) -> None:
    def names() -> set[str]:
        return {field["name"] for field in org.call("GET", "sobjects/Event/describe")[1]["fields"]}

    advanced = {"ClientGuid", "OriginalInstanceDateTime"}
    assert not names() & advanced
    org.settings(advanced_calendaring=True)
    assert names() >= advanced


@pytest.mark.parametrize(
    "rule",
    ["FREQ=DAILY", "FREQ=DAILY;COUNT=0", "FREQ=DAILY;COUNT=1000", "FREQ=YEARLY;INTERVAL=2;COUNT=3",
     "FREQ=WEEKLY;INTERVAL=100;COUNT=3", "FREQ=HOURLY;COUNT=3", "FREQ=DAILY;BYHOUR=9;COUNT=3"],
)  # fmt: skip
def test_lightning_takes_a_part_of_the_rules_only(rule: str, org: Org) -> None:
    fields = {"StartDateTime": "2026-03-02T09:00:00Z", "DurationInMinutes": 30, "Recurrence2PatternText": rule}
    assert org.refused("Event", **fields) == "FIELD_INTEGRITY_EXCEPTION"


def test_before_version_52_a_lightning_series_cannot_be_made(org: Org) -> None:
    fields = {"StartDateTime": "2026-03-02T09:00:00Z", "DurationInMinutes": 30}
    rule = {"Recurrence2PatternText": "FREQ=DAILY;COUNT=2"}
    status, body = org.call("POST", "/salesforce/services/data/v51.0/sobjects/Event", {**fields, **rule})
    assert (status, body[0]["errorCode"]) == (400, "INVALID_FIELD_FOR_INSERT_UPDATE")
    assert org.call("POST", "/salesforce/services/data/v52.0/sobjects/Event", {**fields, **rule})[0] == 201
