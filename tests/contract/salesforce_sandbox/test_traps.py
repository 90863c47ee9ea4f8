"""What has bitten others: the behaviour that a careless client trips over."""

from __future__ import annotations

import base64
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from connectors.sandbox.salesforce.ids import checksum, to18
from tests.contract.salesforce_sandbox.sandbox_org import Org

START = "2026-11-24T10:00:00Z"


def _code(answer: tuple[int, Any]) -> str:
    return str(answer[1][0]["errorCode"])


def test_ids_carry_the_checksum_of_their_case() -> None:
    assert checksum("001RM000003oLru") == "YAE"
    assert to18("001RM000003oLru") == "001RM000003oLruYAE"
    assert to18("001rm000003olruYAE") == "001RM000003oLruYAE"


def test_an_address_of_more_than_16384_bytes_is_refused_and_a_composite_is_not(org: Org) -> None:
    ids = ",".join(f"'00UA010{number:08d}'" for number in range(1000))
    soql = f"SELECT Id FROM Event WHERE Id IN ({ids})"
    assert org.raw("GET", f"query?q={quote(soql)}").status_code == 414
    assert org.raw("GET", "limits", headers={"X-Long": "x" * 16_384}).status_code == 431
    part = {"method": "GET", "url": f"/services/data/v66.0/query?q={soql}", "referenceId": "q"}
    assert (
        org.call("POST", "composite", {"compositeRequest": [part]})[1]["compositeResponse"][0]["httpStatusCode"] == 200
    )


def test_events_of_more_than_a_year_ago_are_found_by_query_all_only(org: Org) -> None:
    org.event(Subject="old", StartDateTime="2020-01-01T10:00:00Z")
    ahead = datetime.now(UTC) + timedelta(days=1)
    org.event(Subject="new", StartDateTime=ahead.isoformat())
    assert [one["Subject"] for one in org.query("SELECT Subject FROM Event")] == ["new"]
    found = {
        one["Subject"]: one["IsArchived"] for one in org.query("SELECT Subject, IsArchived FROM Event", "queryAll")
    }
    assert found == {"old": True, "new": False}
    org.sandbox.clock.advance(400 * 86400)
    org.token = org.login()
    assert org.query("SELECT Subject FROM Event") == []


def test_deleted_rows_stay_in_the_bin_for_15_days(org: Org) -> None:
    event = org.event()
    assert org.call("DELETE", f"sobjects/Event/{event}")[0] == 204
    assert _code(org.call("GET", f"sobjects/Event/{event}")) == "ENTITY_IS_DELETED"
    assert org.query("SELECT Id FROM Event") == []
    assert org.query("SELECT IsDeleted FROM Event", "queryAll")[0]["IsDeleted"] is True
    now = datetime.now(UTC)
    span = urlencode({"start": (now - timedelta(hours=1)).isoformat(), "end": (now + timedelta(hours=1)).isoformat()})
    log = org.call("GET", f"sobjects/Event/deleted?{span}")[1]
    assert [row["id"] for row in log["deletedRecords"]] == [event]
    org.sandbox.clock.advance(16 * 86400)
    org.token = org.login()
    assert org.query("SELECT Id FROM Event", "queryAll") == []
    assert _code(org.call("DELETE", f"sobjects/Event/{event}")) == "INVALID_CROSS_REFERENCE_KEY"
    long_ago = urlencode({"start": (now - timedelta(days=20)).isoformat(), "end": now.isoformat()})
    assert _code(org.call("GET", f"sobjects/Event/deleted?{long_ago}")) == "INVALID_REPLICATION_DATE"


def test_changing_one_occurrence_changes_the_whole_series(org: Org) -> None:
    start = (datetime.now(UTC) + timedelta(days=2)).strftime("%Y-%m-%dT10:00:00Z")
    org.event(Subject="daily", StartDateTime=start, Recurrence2PatternText="FREQ=DAILY;COUNT=4")
    rows = org.query("SELECT Id, IsRecurrence2, Recurrence2PatternText FROM Event ORDER BY StartDateTime")
    assert len(rows) == 4
    assert rows[0]["Recurrence2PatternText"] == "RRULE:FREQ=DAILY;INTERVAL=1;COUNT=4"
    assert org.call("PATCH", f"sobjects/Event/{rows[2]['Id']}", {"Subject": "moved"})[0] == 204
    assert {row["Subject"] for row in org.query("SELECT Subject FROM Event")} == {"moved"}
    assert org.call("DELETE", f"sobjects/Event/{rows[2]['Id']}/fromThisEventOnwards")[0] == 204
    assert len(org.query("SELECT Id FROM Event")) == 2


def test_an_invited_user_gets_a_copy_of_which_two_fields_may_change(org: Org) -> None:
    alice = org.control("salesforce/users", {"username": "alice@acme.example"})["users"][0]["id"]
    event = org.event(Subject="Talk")
    relation = org.create("EventRelation", EventId=event, RelationId=alice)
    child = org.query("SELECT Id, OwnerId, Subject FROM Event WHERE IsChild = true")[0]
    assert (child["OwnerId"], child["Subject"]) == (alice, "Talk")
    assert org.get("Event", event)["IsGroupEvent"] is True
    assert org.call("PATCH", f"sobjects/Event/{child['Id']}", {"Subject": "x"})[0] == 400
    reminder = {"IsReminderSet": True, "ReminderDateTime": START}
    assert org.call("PATCH", f"sobjects/Event/{child['Id']}", reminder)[0] == 204
    assert org.refused("EventRelation", EventId=child["Id"], RelationId=alice) == "FIELD_INTEGRITY_EXCEPTION"
    org.call("PATCH", f"sobjects/EventRelation/{relation}", {"Status": "Accepted"})
    org.call("PATCH", f"sobjects/Event/{event}", {"Location": "Room 2"})
    assert org.get("Event", child["Id"])["Location"] == "Room 2"
    assert org.get("EventRelation", relation)["Status"] == "New"
    org.call("DELETE", f"sobjects/Event/{event}")
    assert org.query("SELECT Id FROM Event") == []


def test_a_private_event_and_an_event_about_a_lead_take_no_other_links(org: Org) -> None:
    account = org.create("Account", Name="Acme")
    contact = org.create("Contact", LastName="Doe", AccountId=account)
    lead = org.create("Lead", LastName="Leed", Company="x")
    when = {"StartDateTime": START, "DurationInMinutes": 30}
    assert org.refused("Event", **when, IsPrivate=True, WhatId=account) == "FIELD_INTEGRITY_EXCEPTION"
    assert org.refused("Event", **when, IsPrivate=True, WhoId=contact) == "FIELD_INTEGRITY_EXCEPTION"
    assert org.refused("Event", **when, WhoId=lead, WhatId=account) == "FIELD_INTEGRITY_EXCEPTION"
    assert org.refused("Event", **when, WhatId=contact) == "FIELD_INTEGRITY_EXCEPTION"
    assert org.get("Event", org.event(WhoId=contact))["AccountId"] == account
    opportunity = org.create("Opportunity", Name="o", StageName="s", CloseDate="2027-01-01", AccountId=account)
    assert org.get("Event", org.event(WhatId=opportunity))["AccountId"] == account


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"DurationInMinutes": 30, "EndDateTime": "2026-11-24T11:00:00Z"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"EndDateTime": "2026-11-24T09:00:00Z"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"DurationInMinutes": 20_161}, "FIELD_INTEGRITY_EXCEPTION"),
        ({}, "REQUIRED_FIELD_MISSING"),
        ({"DurationInMinutes": 30, "ActivityDate": "2026-11-25"}, "FIELD_INTEGRITY_EXCEPTION"),
        ({"DurationInMinutes": 30, "ShowAs": "Tentative"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        ({"DurationInMinutes": 30, "Subject": "x" * 256}, "STRING_TOO_LONG"),
        ({"DurationInMinutes": 30, "IsReminderSet": True}, "REQUIRED_FIELD_MISSING"),
        ({"DurationInMinutes": 30, "IsChild": True}, "INVALID_FIELD_FOR_INSERT_UPDATE"),
        ({"DurationInMinutes": 30, "Nothing": 1}, "INVALID_FIELD"),
        ({"DurationInMinutes": 30, "OwnerId": "x"}, "MALFORMED_ID"),
        ({"DurationInMinutes": 30, "OwnerId": "005000000000001"}, "INVALID_CROSS_REFERENCE_KEY"),
    ],
)
def test_an_event_that_contradicts_itself_is_refused(fields: dict[str, Any], code: str, org: Org) -> None:
    assert org.refused("Event", StartDateTime=START, **fields) == code


def test_an_event_may_last_exactly_14_days(org: Org) -> None:
    org.event(DurationInMinutes=20_160)


def test_an_org_without_multi_day_events_takes_a_day_at_most(org: Org) -> None:
    org.settings(multi_day_events=False)
    org.event(DurationInMinutes=1440)
    assert org.refused("Event", StartDateTime=START, DurationInMinutes=1441) == "FIELD_INTEGRITY_EXCEPTION"
    two_days = {"IsAllDayEvent": True, "ActivityDate": "2026-12-01", "DurationInMinutes": 2 * 1440}
    assert org.refused("Event", **two_days) == "FIELD_INTEGRITY_EXCEPTION"


@pytest.mark.parametrize(("reading", "end"), [("inclusive", "2026-12-03"), ("exclusive", "2026-12-04")])
def test_all_day_events_end_by_the_chosen_reading(reading: str, end: str, org: Org) -> None:
    org.settings(all_day_end=reading)
    event = org.create("Event", IsAllDayEvent=True, ActivityDate="2026-12-01", DurationInMinutes=3 * 1440)
    row = org.get("Event", event)
    assert (row["StartDateTime"], row["EndDateTime"]) == ("2026-12-01T00:00:00.000+0000", f"{end}T00:00:00.000+0000")
    again = org.create("Event", IsAllDayEvent=True, ActivityDate="2026-12-01", EndDateTime=row["EndDateTime"])
    assert org.get("Event", again)["DurationInMinutes"] == 3 * 1440


def test_lead_assignment_runs_unless_the_header_says_no(org: Org) -> None:
    other = org.control("salesforce/users", {"username": "queue@acme.example"})["users"][0]["id"]
    org.settings(lead_assignment_owner="queue@acme.example")
    lead = {"LastName": "a", "Company": "b"}
    taken = org.call("POST", "sobjects/Lead", lead)[1]["id"]
    kept = org.call("POST", "sobjects/Lead", lead, {"Sforce-Auto-Assign": "FALSE"})[1]["id"]
    assert org.get("Lead", taken)["OwnerId"] == other
    assert org.get("Lead", kept)["OwnerId"] != other
    assert org.call("PATCH", f"sobjects/Lead/{kept}", {"Title": "t"}, {"Sforce-Auto-Assign": "FALSE"})[0] == 204
    assert org.get("Lead", kept)["OwnerId"] != other
    assert org.call("PATCH", f"sobjects/Lead/{kept}", {"Title": "u"})[0] == 204
    assert org.get("Lead", kept)["OwnerId"] == other


def test_a_converted_lead_cannot_be_changed(org: Org) -> None:
    ids = org.control("salesforce/records", [{"object": "Lead", "fields": {"LastName": "x", "IsConverted": True}}])[
        "ids"
    ]
    assert _code(org.call("PATCH", f"sobjects/Lead/{ids[0]}", {"Title": "t"})) == "CANNOT_UPDATE_CONVERTED_LEAD"


def test_a_logged_mail_makes_its_task_and_its_people_and_then_stands_still(org: Org) -> None:
    contact = org.create("Contact", LastName="Doe", Email="d@x.com")
    fields = {"Status": "3", "Subject": "Hello", "HtmlBody": "<p>a &amp; b</p>", "ToIds": [contact]}
    mail = org.create("EmailMessage", **fields, MessageIdentifier="<1@x>")
    row = org.get("EmailMessage", mail)
    task = org.get("Task", row["ActivityId"])
    assert (task["TaskSubtype"], task["IsClosed"], task["WhoId"], row["TextBody"]) == ("Email", True, contact, "a & b")
    relation = org.query(
        "SELECT RelationId, RelationType, RelationAddress, RelationObjectType FROM EmailMessageRelation"
    )
    assert (relation[0]["RelationType"], relation[0]["RelationAddress"]) == ("ToAddress", "d@x.com")
    assert org.call("PATCH", f"sobjects/EmailMessage/{mail}", {"Subject": "x"})[0] == 403
    assert org.call("PATCH", f"sobjects/EmailMessage/{mail}", {"InboxSync_Key__c": "k"})[0] == 204
    assert org.refused("EmailMessage", Status="1", Subject="x") == "FIELD_INTEGRITY_EXCEPTION"
    assert org.refused("EmailMessage", Status="3", ActivityId=row["ActivityId"]) == "INSUFFICIENT_ACCESS_OR_READONLY"


def test_without_enhanced_email_the_object_is_not_there(org: Org) -> None:
    org.settings(enhanced_email=False)
    assert org.call("GET", "sobjects/EmailMessage/describe")[0] == 404
    assert org.query_error("SELECT Id FROM EmailMessage") == "INVALID_TYPE"


def test_duplicate_rules_block_and_alerts_can_be_overruled(org: Org) -> None:
    rule = {"object": "Lead", "fields": ["Email"], "action": "alert"}
    org.settings(duplicate_rules=[rule])
    lead = {"LastName": "a", "Company": "b", "Email": "a@x.com"}
    first = org.create("Lead", **lead)
    status, body = org.call("POST", "sobjects/Lead", lead)
    assert (status, body[0]["errorCode"]) == (400, "DUPLICATES_DETECTED")
    match = body[0]["duplicateResult"]["matchResults"][0]["matchRecords"][0]
    assert match["record"]["Id"] == first
    insist = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=false"}
    assert org.call("POST", "sobjects/Lead", lead, insist)[0] == 201
    org.settings(duplicate_rules=[{**rule, "action": "block"}])
    assert org.call("POST", "sobjects/Lead", lead, insist)[0] == 400


def test_a_duplicate_rule_may_look_at_another_object_and_at_edits(org: Org) -> None:
    across = {"object": "Lead", "against": "Contact", "fields": {"Email": "Email"}, "on": ["create", "update"]}
    org.settings(duplicate_rules=[across])
    contact = org.create("Contact", LastName="a", Email="A@x.com")
    lead = org.create("Lead", LastName="a", Company="b", Email="b@x.com")
    details = {"Sforce-Duplicate-Rule-Header": "allowSave=true; includeRecordDetails=true"}

    status, body = org.call("PATCH", f"sobjects/Lead/{lead}", {"Email": "a@x.com"}, details)

    assert (status, body[0]["errorCode"]) == (400, "DUPLICATES_DETECTED")
    (found,) = body[0]["duplicateResult"]["matchResults"]
    assert found["entityType"] == "Contact"
    assert [match["record"] for match in found["matchRecords"]] == [
        {
            "attributes": {"type": "Contact", "url": f"/services/data/v66.0/sobjects/Contact/{contact}"},
            "Id": contact,
            "Email": "A@x.com",
        }
    ]
    assert org.refused("Lead", LastName="c", Company="d", Email="a@X.com") == "DUPLICATES_DETECTED"


def test_a_validation_rule_speaks_with_its_own_words(org: Org) -> None:
    rule = {"object": "Event", "field": "Location", "op": "blank", "message": "Bitte einen Ort angeben"}
    org.settings(validation_rules=[rule])
    _, body = org.call("POST", "sobjects/Event", {"StartDateTime": START, "DurationInMinutes": 5})
    assert (body[0]["errorCode"], body[0]["message"]) == (
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "Bitte einen Ort angeben",
    )


def test_the_unique_key_spans_events_and_tasks_and_names_the_row(org: Org) -> None:
    event = org.event(InboxSync_Key__c="ev:1")
    fields = {"StartDateTime": START, "DurationInMinutes": 5, "InboxSync_Key__c": "EV:1"}
    status, body = org.call("POST", "sobjects/Event", fields)
    assert (status, body[0]["errorCode"]) == (400, "DUPLICATE_VALUE")
    assert event in body[0]["message"]
    assert org.refused("Task", Subject="x", InboxSync_Key__c="ev:1") == "DUPLICATE_VALUE"
    org.call("DELETE", f"sobjects/Event/{event}")
    org.create("Task", Subject="x", InboxSync_Key__c="ev:1")


def test_an_upsert_by_key_creates_once(org: Org) -> None:
    body = {"StartDateTime": START, "DurationInMinutes": 5}
    key = quote("a/b c", safe="")
    status, first = org.call("PATCH", f"sobjects/Event/InboxSync_Key__c/{key}", body)
    assert (status, first["created"]) == (201, True)
    status, second = org.call("PATCH", f"sobjects/Event/InboxSync_Key__c/{key}", {"Subject": "x"})
    assert (status, second["created"], second["id"]) == (200, False, first["id"])
    assert org.get("Event", first["id"])["InboxSync_Key__c"] == "a/b c"
    org.settings(upsert_update_status=204)
    assert org.call("PATCH", f"sobjects/Event/InboxSync_Key__c/{key}", {"Subject": "y"}) == (204, None)
    for _ in range(2):
        org.create("Lead", LastName="x", Company="y", Email="twice@x.com")
    status, urls = org.call("PATCH", "sobjects/Lead/Email/twice@x.com", {"Title": "t"})
    assert (status, len(urls)) == (300, 2)
    org.settings(key_field=False)
    assert _code(org.call("PATCH", f"sobjects/Event/InboxSync_Key__c/{key}", {"Subject": "x"})) == "NOT_FOUND"


def test_rows_say_status_code_and_single_calls_error_code(org: Org) -> None:
    rows = [{"attributes": {"type": "Lead"}, "LastName": "a", "Company": "b"}, {"attributes": {"type": "Lead"}}]
    status, results = org.call("POST", "composite/sobjects", {"records": rows})
    assert (status, results[0]["success"]) == (200, True)
    assert results[1]["errors"][0]["statusCode"] == "REQUIRED_FIELD_MISSING"
    assert "id" not in results[1]
    results = org.call("POST", "composite/sobjects", {"allOrNone": True, "records": rows})[1]
    assert results[0]["errors"][0]["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    assert org.query("SELECT Id FROM Lead") != []
    assert len(org.query("SELECT Id FROM Lead")) == 1
    assert org.sandbox.ledger.counters()["writes"]["salesforce"]["Lead"] == {"create": 1}
    assert org.call("POST", "composite/sobjects", {"records": []})[0] == 400
    assert org.call("POST", "composite/sobjects", {"records": rows * 101})[0] == 400


def test_later_parts_of_a_composite_use_earlier_ones_and_stop_with_them(org: Org) -> None:
    lead = {"method": "POST", "url": "/services/data/v66.0/sobjects/Lead", "referenceId": "lead"}
    event = {
        "method": "POST", "url": "/services/data/v66.0/sobjects/Event", "referenceId": "event",
        "body": {"WhoId": "@{lead.id}", "StartDateTime": START, "DurationInMinutes": 5},
    }  # fmt: skip
    good = {**lead, "body": {"LastName": "a", "Company": "b"}}
    parts = org.call("POST", "composite", {"compositeRequest": [good, event]})[1]["compositeResponse"]
    assert [part["httpStatusCode"] for part in parts] == [201, 201]
    bad = {**lead, "body": {"LastName": "a"}}
    parts = org.call("POST", "composite", {"compositeRequest": [bad, event]})[1]["compositeResponse"]
    assert parts[1]["body"][0]["errorCode"] == "PROCESSING_HALTED"
    graphs = {"graphs": [{"graphId": "g", "compositeRequest": [good, {**event, "body": {}}]}]}
    graph = org.call("POST", "composite/graph", graphs)[1]["graphs"][0]
    assert graph["isSuccessful"] is False
    assert len(org.query("SELECT Id FROM Lead")) == 1
    assert org.call("POST", "composite", {"compositeRequest": [{**good, "referenceId": "no-good"}]})[0] == 400


def test_a_conditional_update_is_refused_once_the_row_moved_on(org: Org) -> None:
    org.control("clock", {"set": "2026-06-10T10:00:00+00:00"})
    org.token = org.login()
    event = org.event()
    seen = {"If-Unmodified-Since": "Wed, 10 Jun 2026 10:00:00 GMT"}
    assert org.call("PATCH", f"sobjects/Event/{event}", {"Subject": "a"}, seen)[0] == 204
    org.control("clock", {"advance": 2})
    assert org.call("PATCH", f"sobjects/Event/{event}", {"Subject": "b"})[0] == 204
    assert org.call("PATCH", f"sobjects/Event/{event}", {"Subject": "c"}, seen)[0] == 412
    assert org.get("Event", event)["Subject"] == "b"
    assert org.call("PATCH", f"sobjects/Event/{event}", {"Subject": "c"}, {"If-Unmodified-Since": "soon"})[0] == 400


def test_stamps_have_whole_seconds_so_that_greater_than_loses_rows(org: Org) -> None:
    org.control("clock", {"set": "2026-06-10T10:00:00.300000+00:00"})
    org.token = org.login()
    org.event(Subject="first")
    mark = org.query("SELECT SystemModstamp FROM Event")[0]["SystemModstamp"].replace("+0000", "Z")
    org.event(Subject="second")
    assert org.query(f"SELECT Id FROM Event WHERE SystemModstamp > {mark}") == []
    assert len(org.query(f"SELECT Id FROM Event WHERE SystemModstamp >= {mark}")) == 2


def test_hidden_fields_are_as_if_they_were_not_there(org: Org) -> None:
    org.settings(fls_hidden={"integration@acme.example": {"Event": ["Location"]}})
    names = {field["name"] for field in org.call("GET", "sobjects/Event/describe")[1]["fields"]}
    assert "Location" not in names
    assert org.query_error("SELECT Location FROM Event") == "INVALID_FIELD"
    assert org.refused("Event", StartDateTime=START, DurationInMinutes=5, Location="x") == "INVALID_FIELD"


def test_others_rows_stay_unseen_without_view_all(org: Org) -> None:
    org.event(Subject="not yours")
    org.control("salesforce/users", {"username": "alice@acme.example"})
    org.control("salesforce/orgs", {"key": "acme", "client_id": "inbox-sync"})
    org.sandbox.store.run("UPDATE sf_client SET run_as = (SELECT Id FROM sf_acme_User WHERE Username LIKE 'alice%')")
    org.token = org.login()
    assert org.query("SELECT Id FROM Event") == []
    mine = org.event(Subject="mine")
    assert [row["Id"] for row in org.query("SELECT Id FROM Event")] == [mine]


def test_a_user_can_ask_what_he_may_do(org: Org) -> None:
    asked = "SELECT PermissionsViewAllData, PermissionsApiEnabled FROM UserPermissionAccess"
    (row,) = org.query(asked)
    assert (row["PermissionsViewAllData"], row["PermissionsApiEnabled"]) == (True, True)
    org.control("salesforce/users", {"username": "integration@acme.example", "view_all": False})
    assert org.query(asked)[0]["PermissionsViewAllData"] is False
    assert org.query_error("SELECT PermissionsFly FROM UserPermissionAccess") == "INVALID_FIELD"


def test_a_person_account_needs_the_contact_behind_it(org: Org) -> None:
    org.settings(person_accounts=True)
    account = org.create("Account", LastName="Doe", FirstName="Jane", PersonEmail="jane@x.com")
    row = org.get("Account", account)
    assert (row["Name"], row["IsPersonAccount"]) == ("Jane Doe", True)
    found = org.query("SELECT Id, IsPersonAccount FROM Contact WHERE Email = 'jane@x.com'")
    assert [one["Id"] for one in found] == [row["PersonContactId"]]
    assert org.refused("Event", StartDateTime=START, DurationInMinutes=5, WhoId=account) == "FIELD_INTEGRITY_EXCEPTION"
    org.event(WhoId=row["PersonContactId"])
    assert org.refused("Account", Phone="1") == "REQUIRED_FIELD_MISSING"


def test_shared_activities_are_told_by_the_describe_and_keep_a_row_per_person(org: Org) -> None:
    names = {field["name"] for field in org.call("GET", "sobjects/Event/describe")[1]["fields"]}
    assert "WhoCount" not in names
    org.settings(shared_activities=True)
    people = [org.create("Contact", LastName=name) for name in ("a", "b")]
    lead = org.create("Lead", LastName="l", Company="c")
    event = org.event(EventWhoIds=people)
    row = org.get("Event", event)
    assert (row["WhoId"], row["WhoCount"]) == (people[0], 2)
    assert len(org.query(f"SELECT Id FROM EventRelation WHERE EventId = '{event}' AND IsParent = true")) == 2
    mixed = {"StartDateTime": START, "DurationInMinutes": 5, "EventWhoIds": [people[0], lead]}
    assert org.refused("Event", **mixed) == "FIELD_INTEGRITY_EXCEPTION"


def test_the_quota_is_counted_and_ends(org: Org) -> None:
    header = org.raw("GET", "limits").headers["Sforce-Limit-Info"]
    used = int(header.split("=")[1].split("/")[0])
    org.settings(api_quota=used + 1)
    assert org.call("GET", "limits")[1]["DailyApiRequests"] == {"Max": used + 1, "Remaining": 0}
    status, body = org.call("GET", "limits")
    assert (status, body[0]["errorCode"]) == (403, "REQUEST_LIMIT_EXCEEDED")


def test_a_row_fault_hits_one_row_of_a_batch(org: Org) -> None:
    rule = {"match": "sf.row.Lead.create", "nth": 2, "action": {"code": "UNABLE_TO_LOCK_ROW"}}
    org.control("faults", rule)
    rows = [{"attributes": {"type": "Lead"}, "LastName": str(number), "Company": "b"} for number in range(3)]
    results = org.call("POST", "composite/sobjects", {"records": rows})[1]
    assert [result["success"] for result in results] == [True, False, True]
    assert results[1]["errors"][0]["statusCode"] == "UNABLE_TO_LOCK_ROW"


def test_a_fault_from_the_command_line_form_answers_like_the_vendor(org: Org) -> None:
    org.control("faults", {"spec": "salesforce:limits:503:times=1"})
    status, body = org.call("GET", "limits")
    assert (status, body[0]["errorCode"]) == (503, "SERVER_UNAVAILABLE")
    assert org.call("GET", "limits")[0] == 200
    org.control("faults", {"match": "GET /limits$", "action": {"drop_after": True}})
    with pytest.raises(ConnectionResetError):
        org.call("GET", "limits")


def test_a_file_can_be_uploaded_in_parts_and_read_back(org: Org) -> None:
    account = org.create("Account", Name="Acme")
    facts = f'{{"Title": "Note", "PathOnClient": "note.txt", "FirstPublishLocationId": "{account}"}}'
    data = {"entity_content": facts, "VersionData": (io.BytesIO(b"hello"), "note.txt")}
    response = org.client.post(
        "/salesforce/services/data/v66.0/sobjects/ContentVersion",
        data=data,
        headers={"Authorization": f"Bearer {org.token}"},
    )
    assert response.status_code == 201, response.get_data(as_text=True)
    version = response.get_json()["id"]
    assert org.raw("GET", f"sobjects/ContentVersion/{version}/VersionData").get_data() == b"hello"
    document = org.get("ContentVersion", version)["ContentDocumentId"]
    links = org.query(f"SELECT LinkedEntityId FROM ContentDocumentLink WHERE ContentDocumentId = '{document}'")
    assert account in {link["LinkedEntityId"] for link in links}
    encoded = base64.b64encode(b"x").decode()
    org.create("ContentVersion", Title="b", PathOnClient="b.txt", VersionData=encoded)


def test_versions_that_are_retired_or_unknown_are_told_apart(org: Org) -> None:
    assert org.raw("GET", "/salesforce/services/data/v30.0/limits").status_code == 410
    assert org.raw("GET", "/salesforce/services/data/v99.0/limits").status_code == 404
    labels = {entry["version"]: entry["label"] for entry in org.call("GET", "/salesforce/services/data")[1]}
    assert (labels["66.0"], labels["65.0"], labels["68.0"]) == ("Spring '26", "Winter '26", "Winter '27")


def test_an_unknown_route_is_501_names_the_vendor_and_is_counted(org: Org) -> None:
    response = org.raw("GET", "jobs/query")
    assert response.status_code == 501
    assert "salesforce" in response.get_data(as_text=True)
    assert org.sandbox.ledger.count("sf.unknown") == 1


def test_two_end_states_compare_by_content(org: Org) -> None:
    def build() -> Any:
        contact = org.create("Contact", LastName="Doe", Email="d@x.com")
        org.event(Subject="Talk", WhoId=contact)
        return org.sandbox.dump(normalise=True)["salesforce"]

    first = build()
    org.sandbox.reset()
    org.token = org.login()
    org.create("Lead", LastName="moves the ids", Company="x")
    lead = org.query("SELECT Id FROM Lead")[0]["Id"]
    org.call("DELETE", f"sobjects/Lead/{lead}")
    assert build() == first
    assert first["acme"]["Event"][0]["WhoId"] == "Contact:d@x.com:Doe"
