"""What the vendor's documents say of Graph, said by the sandbox: delta queries, ids, conditions, batches, meetings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.graph_sandbox.client import ANN, BEN, LATER, MONDAY, Client, below

WINDOW = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-31T00:00:00Z"
VIEW = f"/calendarView/delta?{WINDOW}"
KEY = "String {9d0f3c5e-6a5b-4e0c-8f57-2b8f1c7a4e63} Name InboxSyncKey"
KEYS = f"singleValueExtendedProperties($filter=id eq '{KEY}')"
WEEKLY = {
    "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "sunday"},
    "range": {"type": "numbered", "startDate": "2026-11-23", "numberOfOccurrences": 4, "recurrenceTimeZone": "UTC"},
}


# --- delta


def test_a_delta_query_pages_to_a_link_from_which_it_goes_on(graph: Client) -> None:
    for number in range(5):
        graph.event(f"event {number}")
    first, link = graph.all(VIEW, Prefer="odata.maxpagesize=2")
    assert [event["subject"] for event in first] == [f"event {number}" for number in range(5)]
    assert len([each for each in graph.told if each.url.partition("?")[0].endswith("delta")]) == 3

    graph.send("DELETE", f"/events/{first[0]['id']}", expect=204)
    graph.send("PATCH", f"/events/{first[1]['id']}", {"subject": "changed"})
    second, link = graph.all(link)

    assert [each.get("subject", each.get("@removed")) for each in second] == [{"reason": "deleted"}, "changed"]
    assert graph.all(link)[0] == []


def test_a_view_tells_the_master_in_full_exceptions_in_full_and_others_by_their_times(graph: Client) -> None:
    made = graph.event("series", recurrence=WEEKLY)
    second = graph.send("GET", f"/events/{made['id']}/instances?{WINDOW}")["value"][1]
    graph.send("PATCH", f"/events/{second['id']}", {"subject": "other"})

    found, link = graph.all(VIEW)

    kinds = [event["type"] for event in found]
    assert kinds == ["seriesMaster", "occurrence", "exception", "occurrence", "occurrence"]
    assert set(found[1]) == {"@odata.etag", "id", "seriesMasterId", "type", "start", "end"}
    assert found[2]["subject"] == "other"
    graph.send("DELETE", f"/events/{found[3]['id']}", expect=204)
    assert len(graph.all(link)[0]) == 4


def test_what_changes_outside_of_the_window_is_told_as_removed(graph: Client) -> None:
    far = {"dateTime": "2030-01-01T10:00:00", "timeZone": "UTC"}
    _, link = graph.all(VIEW)
    made = graph.event("far", start=far, end=far)

    found, _ = graph.all(link)

    assert [(each["id"], each["@removed"]) for each in found] == [(made["id"], {"reason": "deleted"})]
    assert graph.send("GET", f"/events/{made['id']}")["subject"] == "far"


@pytest.mark.parametrize("option", ["$select=subject", "$expand=attachments", "$filter=isAllDay eq true"])
def test_a_view_takes_no_options_but_its_window(graph: Client, option: str) -> None:
    assert graph.refused(400, "GET", f"{VIEW}&{option}") == "ErrorInvalidUrlQuery"


def test_tokens_that_are_damaged_forgotten_or_of_another_query_are_lost(graph: Client) -> None:
    graph.event()
    _, link = graph.all(VIEW)
    inbox = graph.all("/mailFolders/inbox/messages/delta?$select=subject")[1]

    assert graph.refused(410, "GET", link[:-8]) == "syncStateNotFound"
    assert graph.refused(410, "GET", link.replace("/calendarView/", "/calendar/calendarView/")) == "syncStateNotFound"
    assert graph.all(inbox)[0] == []
    graph.control("ews/cursors/forget", mailbox=ANN)
    assert graph.refused(410, "GET", link) == "syncStateNotFound"


def test_a_token_goes_on_with_the_options_that_it_was_given_with(graph: Client) -> None:
    _, link = graph.all("/mailFolders/inbox/messages/delta?$select=subject")
    graph.control("ews/items", mailbox=ANN, kind="Message", folder="inbox", values={"Subject": "mail"})

    (mail,), _ = graph.all(link)

    assert {name for name in mail if "@" not in name} == {"id", "subject"}


# --- ids, conditions, transactions


def test_immutable_ids_stay_and_others_change_when_an_item_is_moved(graph: Client) -> None:
    made = graph.control("ews/items", mailbox=ANN, kind="Message", folder="inbox", values={"Subject": "mail"})
    stays = {"Prefer": 'IdType="ImmutableId"'}
    before = [graph.send("GET", "/mailFolders/inbox/messages", **kind)["value"][0]["id"] for kind in ({}, stays)]

    graph.control("ews/items/move", mailbox=ANN, id=made["id"], folder="sentitems")

    after = [graph.send("GET", "/mailFolders/sentitems/messages", **kind)["value"][0]["id"] for kind in ({}, stays)]
    assert [old == new for old, new in zip(before, after, strict=True)] == [False, True]
    assert graph.refused(404, "GET", f"/messages/{before[0]}") == "ErrorItemNotFound"
    assert graph.send("GET", f"/messages/{before[1]}")["subject"] == "mail"


def test_a_write_on_the_condition_of_a_version_that_is_over_is_refused(graph: Client) -> None:
    made = graph.event()
    changed = graph.send("PATCH", f"/events/{made['id']}", {"subject": "x"}, If_Match=made["@odata.etag"])
    assert changed["@odata.etag"] != made["@odata.etag"]

    for method, body in (("PATCH", {"subject": "y"}), ("DELETE", None)):
        code = graph.refused(412, method, f"/events/{made['id']}", body, If_Match=made["@odata.etag"])
        assert code == "ErrorIrresolvableConflict"


def test_a_transaction_makes_one_event_and_no_second_one(graph: Client) -> None:
    first, again = (graph.event(transactionId="t1") for _ in range(2))
    assert first["id"] == again["id"]
    assert len(graph.send("GET", "/calendar/events")["value"]) == 1

    code = graph.refused(
        409, "POST", "/calendar/events", {"subject": "x", "start": MONDAY, "end": LATER, "transactionId": "t1"}
    )
    assert code == "ErrorDuplicateTransactionId"


def test_extended_properties_are_written_told_when_asked_for_and_searched(graph: Client) -> None:
    graph.event("with", singleValueExtendedProperties=[{"id": KEY, "value": "it's"}])
    graph.event("without")

    condition = f"singleValueExtendedProperties/Any(ep: ep/id eq '{KEY}' and ep/value eq 'it''s')"
    found = graph.send("GET", f"/calendar/events?$filter={condition}&$expand={KEYS}&$select=subject")["value"]

    assert [(e["subject"], e["singleValueExtendedProperties"][0]["value"]) for e in found] == [("with", "it's")]
    assert "singleValueExtendedProperties" not in graph.send("GET", f"/events/{found[0]['id']}")


# --- events


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"subjekt": "x"}, "RequestBodyRead"),
        ({"isCancelled": True}, "RequestBodyRead"),
        ({"isAllDay": True}, "ErrorPropertyValidationFailure"),
        ({"end": {"dateTime": "2026-11-23T09:00:00", "timeZone": "UTC"}}, "ErrorCalendarEndDateIsEarlierThanStartDate"),
        ({"start": {"dateTime": "2026-11-23T09:00:00", "timeZone": "Moon"}}, "ErrorInvalidTimeZone"),
        ({"attendees": [{"emailAddress": {"address": "nobody"}}]}, "ErrorInvalidRecipients"),
        ({"recurrence": {**WEEKLY, "range": {**WEEKLY["range"], "startDate": "2026-11-24"}}},
         "ErrorPropertyValidationFailure"),
        ({"recurrence": {**WEEKLY, "pattern": {"type": "weekly", "interval": 1}}}, "ErrorPropertyValidationFailure"),
    ],
)  # fmt: skip
def test_what_makes_no_event_is_refused(graph: Client, body: dict[str, Any], code: str) -> None:
    given = {"subject": "Call", "start": MONDAY, "end": LATER, **body}
    answer = graph.send("POST", "/calendar/events", given, expect=400)
    graph.told.clear()  # it was sent to be wrong

    assert answer["error"]["code"] == code


def test_times_are_told_on_the_clock_that_is_preferred_and_whole_days_are_the_same_everywhere(graph: Client) -> None:
    timed = graph.event()
    berlin = {"timeZone": "W. Europe Standard Time"}
    days = graph.event(
        "days", isAllDay=True, start={"dateTime": "2026-11-24T00:00:00", **berlin},
        end={"dateTime": "2026-11-25T00:00:00", **berlin},
    )  # fmt: skip
    assert days["start"]["dateTime"] == "2026-11-24T00:00:00.0000000"

    told = [
        graph.send("GET", f"/events/{made['id']}", Prefer='outlook.timezone="Tokyo Standard Time"')["start"]
        for made in (timed, days)
    ]

    assert told == [
        {"dateTime": "2026-11-23T19:00:00.0000000", "timeZone": "Tokyo Standard Time"},
        {"dateTime": "2026-11-24T00:00:00.0000000", "timeZone": "Tokyo Standard Time"},
    ]


def test_guests_are_mailed_whatever_is_done_to_their_meeting_and_not_for_what_they_do_not_see(graph: Client) -> None:
    ben = {"type": "required", "emailAddress": {"address": BEN, "name": "Ben"}}
    made = graph.event("Review", attendees=[ben])
    graph.send("PATCH", f"/events/{made['id']}", {"categories": ["Red"], "isReminderOn": False})
    assert graph.mails() == ["invitation"]

    graph.send("PATCH", f"/events/{made['id']}", {"location": {"displayName": "Room"}})
    graph.send("DELETE", f"/events/{made['id']}", expect=204)

    assert graph.mails() == ["invitation", "update", "cancellation"]
    (copy,) = graph.send("GET", "/calendar/events", user=BEN)["value"]
    assert (copy["isCancelled"], copy["isOrganizer"], copy["organizer"]["emailAddress"]["address"]) == (
        True,
        False,
        ANN,
    )


def test_a_series_tells_its_exceptions_and_what_was_cancelled_when_asked(graph: Client) -> None:
    made = graph.event("series", recurrence=WEEKLY)
    assert (made["type"], made["recurrence"]["pattern"]["daysOfWeek"]) == ("seriesMaster", ["monday"])
    places = graph.send("GET", f"/events/{made['id']}/instances?{WINDOW}")["value"]
    graph.send("PATCH", f"/events/{places[1]['id']}", {"subject": "other"})
    graph.send("DELETE", f"/events/{places[2]['id']}", expect=204)

    told = graph.send("GET", f"/events/{made['id']}?$select=cancelledOccurrences&$expand=exceptionOccurrences")

    assert told["cancelledOccurrences"] == [f"OID.{made['id']}.2026-12-07"]
    assert [each["subject"] for each in told["exceptionOccurrences"]] == ["other"]
    assert "cancelledOccurrences" not in graph.send("GET", f"/events/{made['id']}")
    code = graph.refused(400, "PATCH", f"/events/{places[0]['id']}", {"recurrence": None})
    assert code == "ErrorPropertyValidationFailure"


# --- batches


def part(key: str, method: str = "GET", url: str = f"/users/{ANN}/calendar/events", **more: Any) -> dict[str, Any]:
    return {"id": key, "method": method, "url": url, **more}


def batch(graph: Client, *parts: dict[str, Any]) -> dict[str, Any]:
    told = graph.send("POST", "/$batch", {"requests": list(parts)})
    return {each["id"]: each for each in told["responses"]}


def test_parts_succeed_and_fail_each_by_itself_and_are_answered_in_another_order(graph: Client) -> None:
    graph.sandbox.faults.add(
        {"match": "graph-item.listEvents", "nth": 2,
         "action": {"code": "ApplicationThrottled", "headers": {"Retry-After": "2.128"}}}
    )  # fmt: skip

    told = batch(
        graph, part("a"), part("b"), part("c", url=f"/users/{ANN}/events/AAAA"), part("d", url="/users/x@y.z/events/A")
    )

    assert {key: each["status"] for key, each in told.items()} == {"a": 200, "b": 429, "c": 400, "d": 404}
    assert list(told) != ["a", "b", "c", "d"]
    assert told["b"]["headers"]["Retry-After"] == "2.128"
    assert told["c"]["body"]["error"]["code"] == "ErrorInvalidIdMalformed"


def test_what_depends_on_a_part_that_failed_is_not_done(graph: Client) -> None:
    body = {"subject": "x", "start": MONDAY, "end": LATER}
    json = {"headers": {"Content-Type": "application/json"}, "body": body}

    told = batch(
        graph, part("1", url=f"/users/{ANN}/events/AAAA"), part("2", "POST", **json, dependsOn=["1"]),
        part("3", "POST", **json),
    )  # fmt: skip

    assert (told["2"]["status"], told["3"]["status"]) == (424, 201)


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [part(str(number)) for number in range(21)],
        [part("1"), part("1")],
        [part("1", url="http://elsewhere/")],
        [part("1", url="/$batch")],
        [part("1", "POST", body={"subject": "x"})],
    ],
)
def test_a_batch_that_is_not_well_formed_is_refused_whole(graph: Client, parts: list[dict[str, Any]]) -> None:
    assert graph.refused(400, "POST", "/$batch", {"requests": parts}) == "BadRequest"
    assert graph.send("GET", "/calendar/events")["value"] == []


def test_delta_links_can_be_asked_in_a_batch(graph: Client) -> None:
    links = [graph.all(path)[1] for path in (VIEW, "/mailFolders/inbox/messages/delta")]

    told = batch(graph, *(part(str(number), url=below(link)) for number, link in enumerate(links)))

    assert [each["body"]["value"] for each in told.values()] == [[], []]


# --- who may do what


def test_a_token_opens_only_what_its_application_may_do(graph: Client) -> None:
    graph.control("graph/apps", tenant="sandbox", client_id="inbox-sync", secret="sandbox-secret",
                  permissions=["Mail.ReadWrite"], mailboxes=[ANN])  # fmt: skip

    assert graph.refused(403, "GET", "/calendar/events") == "ErrorAccessDenied"
    graph.send("GET", "/mailFolders")
    graph.send("GET", "/mailFolders", user=BEN, expect=403)
    graph.token = "forged"
    assert graph.refused(401, "GET", "/mailFolders") == "InvalidAuthenticationToken"


def test_the_state_of_a_mailbox_is_one_for_both_protocols(graph: Client) -> None:
    graph.send("POST", "/outlook/masterCategories", {"displayName": "Red", "color": "preset0"}, expect=201)
    graph.send("POST", "/contactFolders", {"displayName": "Family"}, expect=201)
    made = graph.event("Call")

    told = graph.sandbox.dump()["ews"][ANN]

    assert [item["values"]["Subject"] for item in told["calendar"]] == [made["subject"]]
    assert "Family" in told
    assert graph.refused(409, "POST", "/outlook/masterCategories", {"displayName": "red", "color": "none"})
