"""The sandbox's Google as a stranger meets it: plain HTTP, and the refusals that the real services are known for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import requests

from connectors.sandbox.google import oauth
from connectors.sandbox.server import Sandbox, SandboxServer
from tests.support.discovery import Exchange, available, faults

ANN, BOB = "ann@acme.example", "bob@acme.example"
ACCOUNT = "svc@project.iam.gserviceaccount.com"
SCOPES = [
    "https://www.googleapis.com/auth/calendar", "https://www.googleapis.com/auth/gmail.modify",
    "https://www.googleapis.com/auth/tasks", "https://www.googleapis.com/auth/contacts",
]  # fmt: skip
START = {"start": {"dateTime": "2026-12-01T09:00:00Z", "timeZone": "Europe/Berlin"},
         "end": {"dateTime": "2026-12-01T10:00:00Z", "timeZone": "Europe/Berlin"}}  # fmt: skip
EVENTS = "calendar/v3/calendars/primary/events"

Ask = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture(scope="module")
def server() -> Iterator[SandboxServer]:
    sandbox = Sandbox()
    with SandboxServer(sandbox) as server:
        yield server
    sandbox.close()


def control(server: SandboxServer, what: str, **given: Any) -> dict[str, Any]:
    answer = requests.post(f"{server.url}/control/google/{what}", json=given, timeout=30)
    assert answer.ok, answer.text
    told: dict[str, Any] = answer.json()
    return told


def token(server: SandboxServer, subject: str = ANN, *, key: str = "", **claims: Any) -> requests.Response:
    now = int(time.time())
    claims = {"iss": ACCOUNT, "sub": subject, "scope": " ".join(SCOPES), "aud": oauth.AUDIENCE, "iat": now,
              "exp": now + 3600, **claims}  # fmt: skip
    assertion = jwt.encode(claims, key or oauth.key_pair()[0], algorithm="RS256")
    grant = "urn:ietf:params:oauth:grant-type:jwt-bearer"
    return requests.post(f"{server.url}/google/token", data={"grant_type": grant, "assertion": assertion}, timeout=30)


@pytest.fixture
def google(server: SandboxServer) -> SandboxServer:
    server.sandbox.reset()
    control(server, "accounts", email=ACCOUNT, domains=["acme.example"])
    for address in (ANN, BOB):
        control(server, "users", address=address)
    return server


@pytest.fixture
def ask(google: SandboxServer) -> Iterator[Ask]:
    """Ask as Ann; whatever is asked and answered is held against the discovery documents."""
    bearer = {"Authorization": f"Bearer {token(google).json()['access_token']}"}
    held: list[Exchange] = []

    def send(method: str, path: str, body: Any = None, *, checked: bool = True, headers: Any = None,
             **params: Any) -> tuple[int, dict[str, Any]]:  # fmt: skip
        answer = requests.request(
            method, f"{google.url}/google/{path}", json=body, params=params, headers={**bearer, **(headers or {})},
            timeout=30,
        )  # fmt: skip
        sent = answer.request.body or b""
        if checked:
            content = sent if isinstance(sent, bytes) else sent.encode()
            held.append(Exchange(method, str(answer.request.url), content, answer.status_code, answer.content))
        return answer.status_code, answer.json() if answer.content else {}

    yield send
    if available():
        assert [fault for each in held for fault in faults(each)] == []


def reason(body: dict[str, Any]) -> str:
    error = body["error"]
    listed = error.get("errors") or error.get("details") or [{}]
    return str(listed[0].get("reason"))


# --- who may


@pytest.mark.parametrize(
    ("claims", "status", "error"),
    [
        ({}, 200, ""), ({"subject": "who@acme.example"}, 400, "invalid_grant"),
        ({"aud": "other"}, 400, "invalid_grant"), ({"subject": "ann@other.example"}, 401, "unauthorized_client"),
        ({"scope": "else"}, 401, "unauthorized_client"),
        ({"iss": "who"}, 400, "invalid_grant"), ({"exp": 1}, 400, "invalid_grant"),
        ({"exp": int(time.time()) + 9999}, 400, "invalid_grant"),
    ],
)  # fmt: skip
def test_a_token_is_for_those_whom_the_domain_lets_in(
    google: SandboxServer, claims: dict[str, Any], status: int, error: str
) -> None:
    answer = token(google, **claims)
    assert (answer.status_code, answer.json().get("error", "")) == (status, error)


def test_a_token_opens_what_its_scopes_name(google: SandboxServer) -> None:
    narrow = token(google, scope=SCOPES[0]).json()["access_token"]
    for bearer, status in ((narrow, 403), ("nonsense", 401)):
        answer = requests.get(
            f"{google.url}/google/gmail/v1/users/me/profile", headers={"Authorization": f"Bearer {bearer}"}, timeout=30
        )
        assert answer.status_code == status
    assert reason(answer.json()) == "authError"


# --- calendar


def test_a_sync_token_takes_no_other_restriction(ask: Ask) -> None:
    _, told = ask("GET", EVENTS)
    status, body = ask("GET", EVENTS, syncToken=told["nextSyncToken"], timeMin="2026-01-01T00:00:00Z")
    assert (status, reason(body)) == (400, "invalid")
    assert ask("GET", EVENTS, syncToken=told["nextSyncToken"], showDeleted="false")[0] == 400
    # another question than the one that the token goes with
    status, body = ask("GET", EVENTS, syncToken=told["nextSyncToken"], singleEvents="true")
    assert (status, reason(body)) == (410, "fullSyncRequired")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({"id": "UPPER", **START}, "invalid"), ({"id": "abc", **START}, "invalid"), ({}, "invalid"),
        ({"start": {"date": "2026-12-01"}, "end": START["end"]}, "invalid"),
        ({"start": START["end"], "end": START["start"]}, "timeRangeEmpty"),
        ({**START, "recurrence": ["RRULE:FREQ=SOMETIMES"]}, "invalid"),
        ({"start": {"dateTime": "2026-12-01T09:00:00Z"}, "end": START["end"], "recurrence": ["RRULE:FREQ=DAILY"]},
         "invalid"),
        ({**START, "extendedProperties": {"private": {"k": "x" * 1025}}}, "invalid"),
    ],
)  # fmt: skip
def test_events_without_sense_are_refused(ask: Ask, body: dict[str, Any], why: str) -> None:
    status, told = ask("POST", EVENTS, body)
    assert (status, reason(told)) == (400, why)


def test_an_id_is_given_once_even_after_its_event_is_gone(ask: Ask) -> None:
    assert ask("POST", EVENTS, {"id": "abcde", **START})[0] == 200
    assert ask("POST", EVENTS, {"id": "abcde", **START})[0] == 409
    assert ask("DELETE", f"{EVENTS}/abcde")[0] == 204
    assert ask("DELETE", f"{EVENTS}/abcde")[0] == 410
    assert ask("POST", EVENTS, {"id": "abcde", **START})[0] == 409
    status, told = ask("GET", f"{EVENTS}/abcde")
    assert (status, told["status"]) == (200, "cancelled")


def test_a_condition_holds_or_nothing_is_written(ask: Ask) -> None:
    _, made = ask("POST", EVENTS, {"summary": "One", **START})
    path = f"{EVENTS}/{made['id']}"
    _, changed = ask("PATCH", path, {"summary": "Two"}, headers={"If-Match": made["etag"]})
    for method, body in (("PATCH", {"summary": "Three"}), ("PUT", START), ("DELETE", None)):
        status, told = ask(method, path, body, headers={"If-Match": made["etag"]})
        assert (status, reason(told)) == (412, "conditionNotMet")
    assert ask("GET", path)[1]["summary"] == changed["summary"] == "Two"


def test_instances_are_named_by_their_original_start(ask: Ask) -> None:
    _, made = ask("POST", EVENTS, {"summary": "Round", **START, "recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})
    second = f"{made['id']}_20261202T090000Z"
    _, changed = ask("PATCH", f"{EVENTS}/{second}", {"summary": "Special"})
    assert (changed["recurringEventId"], changed["iCalUID"]) == (made["id"], made["iCalUID"])
    assert ask("DELETE", f"{EVENTS}/{made['id']}_20261203T090000Z")[0] == 204
    assert ask("GET", f"{EVENTS}/{made['id']}_20261209T090000Z")[0] == 404
    _, told = ask("GET", f"{EVENTS}/{made['id']}/instances")
    assert [each["summary"] for each in told["items"]] == ["Round", "Special"]
    # what is not its own comes from the master
    ask("PATCH", f"{EVENTS}/{made['id']}", {"location": "Room 7", "summary": "Circle"})
    _, told = ask("GET", f"{EVENTS}/{made['id']}/instances")
    assert [(each["summary"], each["location"]) for each in told["items"]] == [
        ("Circle", "Room 7"), ("Special", "Room 7"),
    ]  # fmt: skip
    _, listed = ask("GET", EVENTS)
    assert [each.get("status") for each in listed["items"] if "recurringEventId" in each] == ["confirmed", "cancelled"]


def test_a_meeting_stands_in_the_calendars_of_its_guests_and_mails_only_when_asked(
    google: SandboxServer, ask: Ask
) -> None:
    guests = {"attendees": [{"email": BOB}]}
    _, made = ask("POST", EVENTS, {"summary": "Review", **START, **guests}, sendUpdates="none")
    assert google.sandbox.ledger.mails() == []
    bobs = {"Authorization": f"Bearer {token(google, BOB).json()['access_token']}"}
    path = f"{google.url}/google/{EVENTS}/{made['id']}"
    told = requests.get(path, headers=bobs, timeout=30).json()
    assert (told["summary"], told["organizer"]["email"], told["attendees"][0]["self"]) == ("Review", ANN, True)
    refused = requests.patch(path, json={"summary": "Mine"}, headers=bobs, timeout=30)
    assert (refused.status_code, reason(refused.json())) == (403, "forbiddenForNonOrganizer")

    ask("PATCH", f"{EVENTS}/{made['id']}", {"summary": "Later"}, sendUpdates="all")
    assert [(mail["to"], mail["reason"]) for mail in google.sandbox.ledger.mails()] == [([BOB], "update")]
    ask("DELETE", f"{EVENTS}/{made['id']}", sendUpdates="all")
    assert requests.get(path, headers=bobs, timeout=30).json()["status"] == "cancelled"


# --- the other services


def test_gmail_refuses_what_it_does_not_know(google: SandboxServer, ask: Ask) -> None:
    mail = control(google, "messages", mailbox=ANN, message={"from": {"address": "a@b.example"}})["id"]
    home = "gmail/v1/users/me"
    status, told = ask("POST", f"{home}/messages/{mail}/modify", {"addLabelIds": ["Label_9"]})
    assert (status, reason(told)) == (400, "invalidArgument")
    assert ask("POST", f"{home}/labels", {"name": "Work"})[0] == 200
    assert ask("POST", f"{home}/labels", {"name": "work"})[0] == 409
    assert ask("GET", f"{home}/messages/0123")[0] == 404
    assert ask("GET", f"{home}/messages", q="from:somebody")[0] == 400
    assert ask("GET", f"{home}/history", startHistoryId="99999999")[0] == 404
    _, told = ask("GET", f"{home}/messages/{mail}", fields="id,payload(headers(name))")
    assert set(told) == {"id", "payload"}
    assert all(set(each) == {"name"} for each in told["payload"]["headers"])
    assert ask("GET", f"{home}/messages/{mail}", fields="id,(", checked=False)[0] == 400
    _, told = ask("GET", f"{home}/messages/{mail}", format="raw")
    assert told["raw"]
    _, told = ask("GET", f"{home}/messages/{mail}", format="metadata", metadataHeaders="From")
    assert [each["name"] for each in told["payload"]["headers"]] == ["From"]


def test_an_answer_joins_the_thread_of_what_it_answers_under_the_same_subject(google: SandboxServer) -> None:
    def thread(name: str, subject: str, **headers: str) -> str:
        letter = {"from": {"address": "ann@globex.example"}, "subject": subject, "message_id": f"<{name}@x>"}
        return str(control(google, "messages", mailbox=ANN, message={**letter, "headers": headers})["threadId"])

    first = thread("a", "Order")
    assert thread("b", "Re: Order", References="<0@x> <a@x>") == first
    assert thread("c", "RE: FW: Order", **{"In-Reply-To": "<b@x>"}) == first
    assert thread("d", "Delivery", **{"In-Reply-To": "<a@x>"}) != first
    assert thread("e", "Re: Order") != first


def test_people_insists_on_masks_and_etags(ask: Ask) -> None:
    assert ask("GET", "people/v1/people/me/connections", checked=False)[0] == 400
    _, made = ask("POST", "people/v1/people:createContact", {"names": [{"familyName": "Simpson"}]})
    path = f"people/v1/{made['resourceName']}:updateContact"
    mask = {"updatePersonFields": "names"}
    status, told = ask("PATCH", path, {"names": []}, **mask)
    assert (status, reason(told)) == (400, "INVALID_ARGUMENT")
    status, told = ask("PATCH", path, {"names": [], "etag": "%1"}, **mask)
    assert (status, reason(told)) == (400, "FAILED_PRECONDITION")
    assert ask("PATCH", path, {"names": [{"givenName": "Homer"}], "etag": made["etag"]}, **mask)[0] == 200
    assert ask("POST", "people/v1/contactGroups", {"contactGroup": {"name": "Team"}})[0] == 200
    status, told = ask("POST", "people/v1/contactGroups", {"contactGroup": {"name": "team"}})
    assert (status, reason(told)) == (409, "ALREADY_EXISTS")
    stranger = {"memberships": [{"contactGroupMembership": {"contactGroupResourceName": "contactGroups/9"}}]}
    assert ask("POST", "people/v1/people:createContact", stranger)[0] == 400


def test_tasks_keep_days_only_and_no_more_than_fits(ask: Ask) -> None:
    tasks = "tasks/v1/lists/@default/tasks"
    _, made = ask("POST", tasks, {"title": "Call", "due": "2026-12-04T17:30:00.000Z"})
    assert (made["due"], made["status"]) == ("2026-12-04T00:00:00.000Z", "needsAction")
    _, done = ask("PATCH", f"{tasks}/{made['id']}", {"status": "completed"})
    assert done["completed"]
    assert ask("POST", tasks, {"title": "x" * 1025})[0] == 400
    assert ask("POST", tasks, {"title": "x", "notes": "x" * 8193})[0] == 400
    assert ask("GET", "tasks/v1/lists/nowhere/tasks")[0] == 404
    assert ask("DELETE", f"{tasks}/{made['id']}")[0] == 204
    assert [each.get("deleted") for each in ask("GET", tasks, showDeleted="true")[1]["items"]] == [True]


def test_a_batch_has_a_limit_and_a_form(google: SandboxServer) -> None:
    bearer = {"Authorization": f"Bearer {token(google).json()['access_token']}"}
    head = "--b\r\nContent-Type: application/http\r\nContent-ID: <{}>\r\n\r\n"
    part = f"{head}GET /google/tasks/v1/users/@me/lists HTTP/1.1\r\n\r\n\r\n"
    for count, status in ((1, 200), (100, 200), (101, 400), (0, 400)):
        content = "".join(part.format(number) for number in range(count)) + "--b--\r\n"
        headers = {**bearer, "Content-Type": "multipart/mixed; boundary=b"}
        answer = requests.post(f"{google.url}/google/batch", data=content, headers=headers, timeout=30)
        assert answer.status_code == status
    assert requests.post(f"{google.url}/google/batch", data="x", headers=bearer, timeout=30).status_code == 400
    assert requests.get(f"{google.url}/google/drive/v3/files", headers=bearer, timeout=30).status_code == 404


def test_a_state_is_dumped_the_same_however_it_came_about(google: SandboxServer) -> None:
    def story() -> Any:
        control(google, "events", mailbox=ANN, values={"summary": "One", **START})
        control(
            google, "messages", mailbox=ANN, message={"from": {"address": "a@b.example"}}, at="2026-12-01T09:00:00Z"
        )
        control(google, "tasks", mailbox=ANN, values={"title": "Call"})
        control(google, "contacts", mailbox=ANN, values={"names": [{"familyName": "Simpson"}]})
        return google.sandbox.dump(normalise=True)["google"][ANN]

    first = story()
    google.sandbox.reset()
    for address in (BOB, ANN):
        control(google, "users", address=address)
    assert story() == first
    assert first["tasks"] == {"My Tasks": [{"kind": "tasks#task", "status": "needsAction", "title": "Call"}]}


@pytest.mark.skipif(not available(), reason="the vendor's schemas are not on this machine")
@pytest.mark.parametrize(
    ("method", "path", "sent", "told", "fault"),
    [
        ("GET", f"{EVENTS}?syncTokn=1", b"", b"{}", "no parameter syncTokn"),
        ("POST", EVENTS, b'{"sumary": "x"}', b"{}", "no property sumary"),
        ("POST", EVENTS, b'{"summary": null}', b"{}", "summary is null"),
        ("GET", EVENTS, b"", b'{"items": [{"sequence": "1"}]}', "sequence is a str"),
        ("GET", "calendar/v3/nowhere", b"", b"", "calendar has no GET"),
        ("GET", "people/v1/people:batchGet?pageSize=x", b"", b"{}", "no parameter pageSize"),
    ],
)
def test_the_schemas_find_what_is_wrong(method: str, path: str, sent: bytes, told: bytes, fault: str) -> None:
    exchange = Exchange(method, f"http://127.0.0.1:1/google/{path}", sent, 200, told)
    assert any(fault in each for each in faults(exchange))
