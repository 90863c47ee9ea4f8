"""The query language: what is taken, what is refused and how, and what comes out."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.salesforce.soql_ast import parse
from connectors.sandbox.server import Sandbox
from tests.contract.salesforce_sandbox.sandbox_org import Org

GOOD = (
    "SELECT Id FROM Event",
    "select id, who.name from event where isdeleted = false limit 5",
    "SELECT COUNT() FROM Contact WHERE Email != null",
    "SELECT Id, (SELECT Id, Status FROM EventRelations WHERE Status = 'New' ORDER BY Id LIMIT 2) FROM Event",
    "SELECT TYPEOF What WHEN Account THEN Name, Phone WHEN Opportunity THEN StageName ELSE Id END FROM Event",
    "SELECT FIELDS(STANDARD) FROM Lead",
    "SELECT FIELDS(ALL) FROM Lead LIMIT 200",
    "SELECT Id FROM Event WHERE (Subject = 'a' OR Subject = 'b') AND NOT (IsPrivate = true)",
    "SELECT Id FROM Event WHERE StartDateTime = LAST_N_DAYS:7 AND ActivityDate >= 2026-01-01",
    "SELECT Id FROM Event WHERE StartDateTime > 2026-01-01T00:00:00Z AND EndDateTime < 2027-01-01T00:00:00+02:00",
    r"SELECT Id FROM Contact WHERE LastName = 'O\'Neil\n\u00e9' OR LastName LIKE '50\%%'",
    "SELECT Id FROM Contact WHERE AccountId NOT IN (SELECT AccountId FROM Opportunity WHERE IsClosed = false)",
    "SELECT Id FROM Contact c WHERE c.Email IN ('a@x.com', 'b@x.com') ORDER BY c.Name DESC NULLS LAST LIMIT 1 OFFSET 3",
    "SELECT AccountId, COUNT(Id) total, MAX(CreatedDate) FROM Contact GROUP BY AccountId HAVING COUNT(Id) > 1",
)
BAD = {
    "SELECT Id FROM Event WHERE Id = '00U' AND Subject = 'a' OR Subject = 'b'": "MALFORMED_QUERY",
    'SELECT Id FROM Event WHERE Subject = "a"': "MALFORMED_QUERY",
    "SELECT Id FROM Event ALL ROWS": "MALFORMED_QUERY",
    "SELECT * FROM Event": "MALFORMED_QUERY",
    "SELECT Id FROM Event WHERE Subject = 'a\\x'": "MALFORMED_QUERY",
    "SELECT Id FROM Event WHERE Subject = 'unfinished": "MALFORMED_QUERY",
    "SELECT Id FROM Event WHERE StartDateTime = SOMEDAY": "MALFORMED_QUERY",
    "SELECT FIELDS(ALL) FROM Lead": "MALFORMED_QUERY",
    "SELECT Id FROM Contact WHERE Id IN (SELECT ContactId FROM OpportunityContactRole WHERE OpportunityId IN "
    "(SELECT Id FROM Opportunity))": "MALFORMED_QUERY",
    "SELECT Id FROM Contact WHERE ReportsToId IN (SELECT Id FROM Contact)": "MALFORMED_QUERY",
    "SELECT Id FROM ContentDocumentLink": "MALFORMED_QUERY",
    "SELECT Id FROM Nothing": "INVALID_TYPE",
    "SELECT Id, (SELECT Id FROM Nothings) FROM Account": "INVALID_TYPE",
    "SELECT Nothing FROM Lead": "INVALID_FIELD",
    "SELECT Id FROM Lead WHERE Nothing = 1": "INVALID_FIELD",
    "SELECT Id, Boss.Name FROM Lead": "INVALID_FIELD",
    "SELECT Id FROM Event WHERE Description LIKE 'a%'": "INVALID_FIELD",
    "SELECT Id FROM EmailMessage WHERE TextBody = 'a'": "INVALID_FIELD",
    "SELECT Id FROM Event ORDER BY Description": "INVALID_FIELD",
    "SELECT Id FROM Event WHERE IsPrivate = 'true'": "INVALID_FIELD",
    "SELECT Id FROM Event WHERE StartDateTime > '2026-01-01T00:00:00Z'": "INVALID_FIELD",
    "SELECT Id FROM Event WHERE StartDateTime > 2026-01-01": "INVALID_FIELD",
    "SELECT Id FROM Event WHERE Subject = 5": "INVALID_FIELD",
    "SELECT Id, Id FROM Event": "INVALID_FIELD",
    "SELECT Id FROM Event LIMIT 1 OFFSET 2001": "NUMBER_OUTSIDE_VALID_RANGE",
}


@pytest.mark.parametrize("soql", GOOD)
def test_a_good_query_is_taken(soql: str, org: Org) -> None:
    org.query(soql)


@pytest.mark.parametrize("soql", BAD)
def test_a_bad_query_is_refused_with_the_vendors_code(soql: str, org: Org) -> None:
    assert org.query_error(soql) == BAD[soql]


def test_a_query_of_more_than_100000_characters_is_refused(org: Org) -> None:
    body = {"compositeRequest": [{"method": "GET", "referenceId": "q", "url": ""}]}
    body["compositeRequest"][0]["url"] = (
        "/services/data/v66.0/query?q=SELECT Id FROM Lead WHERE Id != null" + " " * 100_000
    )
    answer = org.call("POST", "composite", body)[1]["compositeResponse"][0]
    assert answer["body"][0]["errorCode"] == "MALFORMED_QUERY"


def test_parents_children_and_typeof_are_nested(org: Org) -> None:
    account = org.create("Account", Name="Acme", Phone="1")
    contact = org.create("Contact", LastName="Doe", AccountId=account)
    event = org.event(Subject="Talk", WhoId=contact, WhatId=account)
    org.create("EventRelation", EventId=event, RelationId=contact)
    record = org.query(
        "SELECT Subject, Who.Name, Who.Type, What.Name, Account.Owner.Username, "
        "(SELECT RelationId FROM EventRelations), TYPEOF What WHEN Account THEN Phone END FROM Event"
    )[0]
    assert record["Who"]["Type"] == "Contact"
    assert record["Who"]["attributes"]["url"].endswith(contact)
    assert record["Account"]["Owner"]["Username"] == "integration@acme.example"
    assert record["EventRelations"]["records"][0]["RelationId"] == contact
    assert record["What"]["Phone"] == "1"


def test_a_missing_parent_is_null_and_no_children_are_null(org: Org) -> None:
    org.event(Subject="Alone")
    record = org.query("SELECT Who.Name, (SELECT Id FROM EventRelations) FROM Event")[0]
    assert record["Who"] is None
    assert record["EventRelations"] is None


def test_text_compares_without_case_and_ids_with_it(org: Org) -> None:
    contact = org.create("Contact", LastName="Doe", Email="John.Doe@Example.com")
    assert len(org.query("SELECT Id FROM Contact WHERE Email = 'john.doe@example.COM'")) == 1
    assert len(org.query(f"SELECT Id FROM Contact WHERE Id = '{contact[:15]}'")) == 1
    assert len(org.query("SELECT Id FROM Contact WHERE Email LIKE '%@EXAMPLE.com'")) == 1


def test_like_takes_escaped_wildcards_literally(org: Org) -> None:
    for name in ("50%", "500", "5_0", "a\\b"):
        org.create("Lead", LastName=name, Company="x")
    found = [record["LastName"] for record in org.query(r"SELECT LastName FROM Lead WHERE LastName LIKE '50\%'")]
    assert found == ["50%"]
    found = [record["LastName"] for record in org.query(r"SELECT LastName FROM Lead WHERE LastName LIKE '5\_0'")]
    assert found == ["5_0"]
    assert len(org.query(r"SELECT LastName FROM Lead WHERE LastName = 'a\\b'")) == 1


def test_date_literals_follow_the_users_time_zone(org: Org) -> None:
    org.control("clock", {"set": "2026-06-10T22:30:00+00:00"})
    org.token = org.login()
    user = {"username": "integration@acme.example", "TimeZoneSidKey": "Europe/Berlin", "view_all": True}
    org.control("salesforce/users", user)
    org.event(Subject="late", StartDateTime="2026-06-10T21:00:00Z")
    org.event(Subject="today", StartDateTime="2026-06-10T22:00:00Z")
    assert [one["Subject"] for one in org.query("SELECT Subject FROM Event WHERE StartDateTime = TODAY")] == ["today"]
    assert [one["Subject"] for one in org.query("SELECT Subject FROM Event WHERE StartDateTime = YESTERDAY")] == [
        "late"
    ]
    assert len(org.query("SELECT Subject FROM Event WHERE StartDateTime = LAST_N_DAYS:1")) == 2


def test_pages_follow_each_other_until_done_and_locators_expire(org: Org) -> None:
    org.settings(batch_size=3)
    for number in range(7):
        org.create("Lead", LastName=f"L{number}", Company="x")
    status, page = org.call("GET", "query?q=SELECT+LastName+FROM+Lead+ORDER+BY+LastName")
    seen = [record["LastName"] for record in page["records"]]
    assert (page["totalSize"], page["done"]) == (7, False)
    first = page["nextRecordsUrl"]
    while not page["done"]:
        status, page = org.call("GET", "/salesforce" + page["nextRecordsUrl"])
        assert status == 200
        seen += [record["LastName"] for record in page["records"]]
    assert seen == [f"L{number}" for number in range(7)]
    org.sandbox.clock.advance(1000)
    status, body = org.call("GET", "/salesforce" + first)
    assert (status, body[0]["errorCode"]) == (400, "INVALID_QUERY_LOCATOR")


def test_the_poll_and_the_lookups_use_indexes(org: Org) -> None:
    store = org.sandbox.store
    wanted = {
        'SELECT * FROM "sf_acme_Event" WHERE OwnerId = ? AND SystemModstamp >= ? ORDER BY SystemModstamp, Id': 2,
        'SELECT * FROM "sf_acme_Contact" WHERE "Email" IN (SELECT value FROM json_each(?))': 1,
        'SELECT * FROM "sf_acme_Event" WHERE "InboxSync_Key__c" IN (SELECT value FROM json_each(?))': 1,
        'SELECT * FROM "sf_acme_Event" WHERE Id IN (SELECT value FROM json_each(?))': 1,
        'SELECT * FROM "sf_acme_Lead" WHERE "SystemModstamp" >= ?': 1,
    }
    for sql, count in wanted.items():
        plan = [row["detail"] for row in store.all(f"EXPLAIN QUERY PLAN {sql}", ("x",) * count)]
        assert any(step.startswith("SEARCH") and "USING" in step for step in plan), (sql, plan)
        assert not any("TEMP B-TREE" in step for step in plan), (sql, plan)


# a property: the query finds what a filter in Python finds

ROWS = [
    {"Subject": subject, "Location": place, "StartDateTime": start, "DurationInMinutes": minutes, "IsPrivate": private}
    for subject, place, (start, minutes), private in itertools.product(
        ("Alpha", "beta", "Gamma"), (None, "Berlin", "oslo"),
        (("2026-05-01T10:00:00Z", 30), ("2026-05-02T10:00:00Z", 60)), (True, False),
    )
]  # fmt: skip
_TEXTS = st.sampled_from(["alpha", "BETA", "Gamma", "berlin", "Oslo", "nothing"])
_OPERATORS = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])


def _quoted(text: str) -> str:
    return f"'{text}'"


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> tuple[str, Any]:
    """A condition in SOQL and the same as a function on a row."""
    kinds = ["text", "number", "bool", "null", "in", "like"] + (["and", "or", "not"] if depth else [])
    kind = draw(st.sampled_from(kinds))
    if kind in ("and", "or"):
        parts = draw(st.lists(conditions(depth=depth - 1), min_size=2, max_size=3))
        text = f" {kind.upper()} ".join(f"({part})" for part, _ in parts)
        combine = all if kind == "and" else any
        return text, lambda row: combine(check(row) for _, check in parts)
    if kind == "not":
        part, check = draw(conditions(depth=depth - 1))
        return f"NOT ({part})", lambda row: not check(row)
    field = draw(st.sampled_from(["Subject", "Location"]))
    if kind == "null":
        operator = draw(st.sampled_from(["=", "!="]))
        return f"{field} {operator} null", lambda row: (row[field] is None) == (operator == "=")
    if kind == "bool":
        return "IsPrivate = true", lambda row: row["IsPrivate"]
    if kind == "number":
        operator, number = draw(_OPERATORS), draw(st.sampled_from([30, 45, 60]))
        return f"DurationInMinutes {operator} {number}", lambda row: _compare(
            operator, row["DurationInMinutes"], number
        )
    if kind == "in":
        values = draw(st.lists(_TEXTS, min_size=1, max_size=3))
        negated = draw(st.booleans())
        text = f"{field} {'NOT ' if negated else ''}IN ({', '.join(map(_quoted, values))})"
        lowered = {value.lower() for value in values}
        return text, lambda row: ((row[field] or "").lower() in lowered) != negated
    if kind == "like":
        start = draw(st.sampled_from(["a", "B", "o", "x"]))
        return f"{field} LIKE '{start}%'", lambda row: (row[field] or "").lower().startswith(start.lower())
    operator, value = draw(_OPERATORS), draw(_TEXTS)
    return f"{field} {operator} '{value}'", lambda row: _compare(operator, row[field], value)


def _compare(operator: str, left: Any, right: Any) -> bool:
    if left is None:
        return operator == "!="
    if isinstance(left, str):
        left, right = left.lower(), right.lower()
    return {"=": left == right, "!=": left != right, "<": left < right, "<=": left <= right, ">": left > right,
            ">=": left >= right}[operator]  # fmt: skip


@pytest.fixture(scope="module")
def filled() -> Iterator[tuple[Org, dict[str, dict[str, Any]]]]:
    sandbox = Sandbox()
    org = Org(sandbox)
    ids = org.control("salesforce/records", [{"object": "Event", "fields": row} for row in ROWS])["ids"]
    yield org, dict(zip(ids, ROWS, strict=True))
    sandbox.close()


@given(condition=conditions())
def test_a_query_finds_what_the_same_filter_in_python_finds(
    condition: tuple[str, Any], filled: tuple[Org, dict[str, dict[str, Any]]]
) -> None:
    org, rows = filled
    text, check = condition
    found = {record["Id"] for record in org.query(f"SELECT Id FROM Event WHERE {text}")}
    assert found == {record_id for record_id, row in rows.items() if check(row)}


@given(text=st.text(max_size=40))
def test_any_text_survives_quoting(text: str) -> None:
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    query = parse(f"SELECT Id FROM Lead WHERE LastName = '{quoted}'")
    assert query.where is not None
    assert query.where.value.value == text  # type: ignore[union-attr]
