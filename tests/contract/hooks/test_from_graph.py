"""What Graph posts, and what others post in its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sync_tasks.services import listening
from sync_tasks.state.records import PushState, UserView
from tests.support.csdl import notification_faults
from tests.support.hooks import Hooks


@pytest.fixture
def mailbox_kind() -> str:
    return "graph"


@pytest.fixture
def ann(hooks: Hooks) -> UserView:
    user = hooks.world.user()
    assert hooks.listen(user).state == PushState.LIVE
    return user


@pytest.fixture
def told(hooks: Hooks, ann: UserView) -> Iterator[dict[str, Any]]:
    """A notification as Graph makes it."""
    value = {
        "subscriptionId": hooks.push(ann).vendor_id, "subscriptionExpirationDateTime": "2026-03-08T09:00:00Z",
        "clientState": hooks.secret(ann), "changeType": "updated", "resource": "Users/1/Events/AAA",
        "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95",
        "resourceData": {"@odata.type": "#Microsoft.Graph.Event", "@odata.id": "Users/1/Events/AAA",
                         "@odata.etag": 'W/"one"', "id": "AAA"},
    }  # fmt: skip
    yield value
    assert notification_faults({"value": [value]}) == []


def post(hooks: Hooks, *told: dict[str, Any], **how: Any) -> httpx.Response:
    return hooks.http.post("/hooks/graph", json={"value": list(told)}, **how)


def test_the_handshake_tells_what_was_asked_as_plain_text(hooks: Hooks) -> None:
    token = "Validation: <b>anybody & here?</b> \u2713"
    answer = hooks.http.post("/hooks/graph", params={"validationToken": token}, headers={"Content-Type": "text/plain"})

    assert (answer.status_code, answer.text) == (200, token)
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    for wrong in ("", "x" * 2049):
        assert hooks.http.post("/hooks/graph", params={"validationToken": wrong}).status_code == 400
    assert hooks.counts == {"graph.handshake": 1, "graph.malformed": 2}


def test_a_subscription_is_only_made_where_somebody_answers(hooks: Hooks, ann: UserView) -> None:
    listening.drop(hooks.app, ann.id)
    hooks.app.settings = hooks.app.settings.model_copy(update={"public_url": hooks.world.server.url})

    failed = hooks.listen(ann)

    assert (failed.state, failed.failures, failed.error_code) == (PushState.FAILING, 1, "ValidationError")


@pytest.mark.rule("INS-2", "INS-7")
def test_a_change_is_handed_over_once(hooks: Hooks, told: dict[str, Any]) -> None:
    newer = {**told, "resourceData": {**told["resourceData"], "@odata.etag": 'W/"two"'}}

    assert [post(hooks, told).status_code, post(hooks, told).status_code] == [202, 202]
    assert post(hooks, newer, told).status_code == 202

    assert [hint.says for hint in hooks.hints] == ["changed", "changed"]
    assert hooks.counts == {"graph.taken": 2, "graph.repeated": 2, "graph.handshake": 2}


def test_of_many_in_one_post_each_proves_itself(hooks: Hooks, told: dict[str, Any]) -> None:
    unknown = {**told, "subscriptionId": "7f105c7d-2dc5-4530-97cd-4e7ae6534c07"}
    forged = {**told, "clientState": "x" * 43}
    bare = {name: value for name, value in told.items() if name != "clientState"}

    assert post(hooks, unknown, forged, bare, told).status_code == 202

    assert len(hooks.hints) == 1
    assert hooks.counts == {"graph.unknown": 1, "graph.forged": 2, "graph.taken": 1, "graph.handshake": 2}


@pytest.mark.parametrize(
    "body",
    [
        b"", b"x", b"[]", b"{}", b'{"value": []}', b'{"value": {}}', b'{"value": [1]}', b'{"value": [{}]}',
        b'{"value": [{"subscriptionId": 5}]}', b'{"value": [{"subscriptionId": "x", "lifecycleEvent": "other"}]}',
        b'{"value": [{"subscriptionId": "x", "clientState": {"a": 1}}]}', b"[" * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_collection_of_notifications_is_refused(hooks: Hooks, body: bytes) -> None:
    answer = hooks.http.post("/hooks/graph", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert (hooks.counts, hooks.hints) == ({"graph.malformed": 1}, [])


def test_too_much_and_other_types_are_refused(hooks: Hooks, told: dict[str, Any]) -> None:
    assert post(hooks, *[told] * 1000).status_code == 413
    assert hooks.http.post("/hooks/graph", content=b"{}", headers={"Content-Type": "text/xml"}).status_code == 415
    assert hooks.hints == []


def test_when_no_worker_can_be_told_graph_comes_again(hooks: Hooks, told: dict[str, Any]) -> None:
    hooks.queue_is_down = True
    assert post(hooks, told).status_code == 503
    hooks.queue_is_down = False
    assert post(hooks, told).status_code == 202
    assert len(hooks.hints) == 1


# --- what becomes of subscriptions


def test_a_subscription_is_renewed_when_graph_asks_for_it(hooks: Hooks, ann: UserView) -> None:
    before = hooks.push(ann)
    hooks.world.later(hours=1)
    hooks.world.control("graph/lifecycle", event="reauthorizationRequired")
    hooks.work()
    hooks.tend()

    after = hooks.push(ann)
    assert (after.state, after.vendor_id) == (PushState.LIVE, before.vendor_id)
    assert after.expires_at is not None and before.expires_at is not None
    assert (after.expires_at - before.expires_at).total_seconds() == 3600
    [there] = hooks.world.control_get("graph/subscriptions")["subscriptions"]
    assert there["expirationDateTime"] == f"{after.expires_at:%Y-%m-%dT%H:%M:%SZ}"


def test_a_subscription_that_was_removed_is_made_anew_and_what_was_missed_is_found(hooks: Hooks, ann: UserView) -> None:
    before = hooks.push(ann)
    hooks.world.control("graph/lifecycle", event="subscriptionRemoved")
    hooks.work()
    assert hooks.push(ann).looked_at == hooks.world.now

    hooks.tend()

    after = hooks.push(ann)
    assert (after.state, after.vendor_id != before.vendor_id) == (PushState.LIVE, True)
    assert after.look_at == hooks.world.now


def test_what_graph_missed_is_looked_for(hooks: Hooks, ann: UserView) -> None:
    hooks.world.control("graph/lifecycle", event="missed")
    hooks.work()
    assert hooks.push(ann).looked_at == hooks.world.now
