"""What an Exchange server posts, and what others post in its name."""

from __future__ import annotations

import re

import httpx
import pytest
from exchangelib.services import SendNotification

from sync_tasks.state.records import PushState, UserView
from tests.support.exchange import ews_schema, faults_against
from tests.support.hooks import Hooks

TYPE = {"Content-Type": "text/xml; charset=utf-8"}
_SOAP = (
    '<?xml version="1.0"?>{before}<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
    ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Body>{body}</s:Body></s:Envelope>'
)
_SENT = (
    '<m:SendNotification><m:ResponseMessages><m:SendNotificationResponseMessage ResponseClass="Success">'
    "<m:ResponseCode>NoError</m:ResponseCode><m:Notification><t:SubscriptionId>{id}</t:SubscriptionId>"
    "<t:PreviousWatermark>{before}</t:PreviousWatermark><t:MoreEvents>false</t:MoreEvents>{event}</m:Notification>"
    "</m:SendNotificationResponseMessage></m:ResponseMessages></m:SendNotification>"
)
_CHANGED = (
    "<t:ModifiedEvent><t:Watermark>{mark}</t:Watermark><t:TimeStamp>2026-03-02T09:00:00Z</t:TimeStamp>"
    '<t:ItemId Id="AAA" ChangeKey="BBB"/><t:ParentFolderId Id="CCC"/></t:ModifiedEvent>'
)
_ALIVE = "<t:StatusEvent><t:Watermark>{mark}</t:Watermark></t:StatusEvent>"


def notification(identifier: str, mark: str, *, before: str = "W0", event: str = _CHANGED) -> bytes:
    sent = _SENT.format(id=identifier, before=before, event=event.format(mark=mark))
    return _SOAP.format(before="", body=sent).encode()


@pytest.fixture
def ann(hooks: Hooks) -> UserView:
    user = hooks.world.user()
    assert hooks.listen(user).state == PushState.LIVE
    return user


def post(hooks: Hooks, user: UserView, body: bytes, *, secret: str = "", **headers: str) -> httpx.Response:
    given = {**TYPE, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return hooks.http.post(f"/hooks/ews/{secret or hooks.secret(user)}", content=body, headers=given)


def status(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer
    schema = ews_schema()
    if schema is not None:
        assert faults_against(schema, [answer.content]) == []
    found = re.search(r"<m:SubscriptionStatus>(\w+)<", answer.text)
    assert found is not None
    return found[1]


@pytest.mark.rule("INS-2")
def test_a_change_is_handed_over_once_and_answered_with_ok(hooks: Hooks, ann: UserView) -> None:
    body = notification(hooks.push(ann).vendor_id, "W1")
    parser = SendNotification(protocol=None)
    assert [event.watermark for told in parser.parse(body) for event in told.events] == ["W1"]

    assert status(post(hooks, ann, body)) == "OK"
    assert status(post(hooks, ann, body)) == "OK"  # our answer was lost, or somebody listened in

    assert [(hint.says, hint.mark) for hint in hooks.hints] == [("changed", "W1")]
    assert hooks.counts["ews.repeated"] == 1
    hooks.work()
    hooks.app.hints.counts.clear()
    assert status(post(hooks, ann, body)) == "OK"
    assert (hooks.counts, hooks.hints) == ({"ews.repeated": 1}, [])


def test_what_was_noted_is_known_to_every_process(hooks: Hooks, ann: UserView) -> None:
    body = notification(hooks.push(ann).vendor_id, "W1")
    post(hooks, ann, body)
    [hint] = hooks.hints
    hooks.work()
    before = hooks.push(ann)

    hooks.hints.append(hint)  # the queue delivers twice
    hooks.world.later(minutes=1)
    hooks.work()

    assert hooks.push(ann) == before


@pytest.mark.rule("INS-4", "INS-8")
def test_while_a_look_is_promised_no_worker_is_told(hooks: Hooks, ann: UserView) -> None:
    identifier = hooks.push(ann).vendor_id
    for mark in ("W1", "W2"):  # the first is looked for at once, the second promises a look
        post(hooks, ann, notification(identifier, mark))
        hooks.work()
    promised = hooks.push(ann).look_at
    assert promised is not None and promised > hooks.world.now
    hooks.app.hints.counts.clear()

    assert status(post(hooks, ann, notification(identifier, "W3"))) == "OK"
    assert (hooks.counts, hooks.hints) == ({"ews.covered": 1}, [])

    hooks.world.later(seconds=10)
    hooks.work()
    assert (hooks.push(ann).looked_at, hooks.push(ann).look_at) == (promised, None)


def test_a_sign_of_life_looks_at_nothing_and_keeps_the_subscription(hooks: Hooks, ann: UserView) -> None:
    mark = hooks.push(ann).recent[-1]
    hooks.world.later(minutes=29)
    hooks.world.calls()
    body = notification(hooks.push(ann).vendor_id, mark, before=mark, event=_ALIVE)

    assert status(post(hooks, ann, body)) == "OK"
    hooks.work()

    after = hooks.push(ann)
    assert (after.heard_at, (after.tend_at - hooks.world.now).total_seconds()) == (hooks.world.now, 61 * 60)
    assert hooks.world.calls() == {}


def test_a_sign_of_life_that_goes_on_from_what_we_never_heard_of_makes_us_look(hooks: Hooks, ann: UserView) -> None:
    body = notification(hooks.push(ann).vendor_id, "W9", before="W9", event=_ALIVE)

    post(hooks, ann, body)
    hooks.work()

    assert hooks.push(ann).looked_at == hooks.world.now


def test_an_error_of_the_server_makes_us_look(hooks: Hooks, ann: UserView) -> None:
    sent = (
        '<m:SendNotification><m:ResponseMessages><m:SendNotificationResponseMessage ResponseClass="Error">'
        "<m:MessageText>lost</m:MessageText><m:ResponseCode>ErrorMissedNotificationEvents</m:ResponseCode>"
        "</m:SendNotificationResponseMessage></m:ResponseMessages></m:SendNotification>"
    )
    assert status(post(hooks, ann, _SOAP.format(before="", body=sent).encode())) == "OK"
    assert [hint.says for hint in hooks.hints] == ["missed"]


def test_a_subscription_that_we_gave_up_is_told_to_end(hooks: Hooks, ann: UserView) -> None:
    assert status(post(hooks, ann, notification("another", "W1"))) == "Unsubscribe"
    assert (hooks.counts, hooks.hints) == ({"ews.unknown": 1}, [])


def test_a_subscription_that_is_being_made_is_not_ended(hooks: Hooks, ann: UserView) -> None:
    with hooks.app.store.writing() as unit:
        unit.pushes.set(hooks.push(ann).id, state=PushState.PENDING)

    assert status(post(hooks, ann, notification("the new one", "W1"))) == "OK"
    assert (hooks.counts, hooks.hints) == ({"ews.early": 1}, [])


def test_an_address_that_nobody_was_told_is_not_there(hooks: Hooks, ann: UserView) -> None:
    body = notification(hooks.push(ann).vendor_id, "W1")
    for secret in ("x", hooks.secret(ann)[:-1], hooks.push(ann).address):
        answer = post(hooks, ann, body, secret=secret)
        assert (answer.status_code, answer.content) == (404, b"")
    assert (hooks.counts, hooks.hints) == ({"ews.forged": 3}, [])


_BOMB = '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
_OUTSIDE = '<!DOCTYPE s [<!ENTITY a SYSTEM "file:/dev/zero">]>'


@pytest.mark.parametrize(
    "body",
    [
        b"", b"not xml", b"<a/>", b"\xff\xfe\x00", b"<s:Envelope/>",
        _SOAP.format(before="", body="<m:SendNotification/>").encode(),
        _SOAP.format(before=_BOMB, body="<m:SendNotification>&b;</m:SendNotification>").encode(),
        _SOAP.format(before=_OUTSIDE, body="<m:SendNotification>&a;</m:SendNotification>").encode(),
        _SOAP.format(before="<!DOCTYPE s>", body=_SENT.format(id="x", before="", event="")).encode(),
        b"<a>" * 50_000,
    ],
    ids=["empty", "text", "other", "bytes", "no namespace", "no message", "bomb", "outside", "type", "deep"],
)  # fmt: skip
def test_what_is_no_notification_is_refused_and_starts_nothing(hooks: Hooks, ann: UserView, body: bytes) -> None:
    assert post(hooks, ann, body).status_code == 400
    assert (hooks.counts, hooks.hints) == ({"ews.malformed": 1}, [])


def test_no_more_is_read_than_may_be(hooks: Hooks, ann: UserView) -> None:
    body = notification(hooks.push(ann).vendor_id, "W1") + b" " * (256 * 1024)
    assert post(hooks, ann, body).status_code == 413

    def unsaid() -> list[bytes]:
        return [b" " * 4096] * 100

    answer = hooks.http.post(f"/hooks/ews/{hooks.secret(ann)}", content=iter(unsaid()), headers=TYPE)
    assert answer.status_code == 413
    assert (hooks.counts, hooks.hints) == ({"ews.oversized": 2}, [])


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data", ""])
def test_other_types_are_not_taken(hooks: Hooks, ann: UserView, kind: str) -> None:
    answer = post(hooks, ann, notification(hooks.push(ann).vendor_id, "W1"), Content_Type=kind)
    assert answer.status_code == 415
    assert (hooks.counts, hooks.hints) == ({"ews.type": 1}, [])


def test_every_outcome_is_a_metric(hooks: Hooks, ann: UserView) -> None:
    post(hooks, ann, notification(hooks.push(ann).vendor_id, "W1"))
    post(hooks, ann, b"x")
    told = hooks.http.get("/metrics").text
    assert 'inbox_sync_hints_total{outcome="taken",vendor="ews"} 1.0' in told
    assert 'inbox_sync_hints_total{outcome="malformed",vendor="ews"} 1.0' in told
    assert 'inbox_sync_subscriptions{state="live"} 1.0' in told


def test_only_posts_are_taken(hooks: Hooks, ann: UserView) -> None:
    assert hooks.http.get(f"/hooks/ews/{hooks.secret(ann)}").status_code == 405
