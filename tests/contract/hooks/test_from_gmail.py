"""What Pub/Sub posts when mail changed, and what others post in its name."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.sandbox.google.channels import bearer
from sync_tasks.services import listening
from sync_tasks.state.records import PushState, UserView
from tests.support.hooks import POSTER, TOPIC, Hooks, sets_topic


@pytest.fixture
def mailbox_kind() -> str:
    return "google"


@pytest.fixture
def ann(hooks: Hooks) -> UserView:
    sets_topic(hooks)
    user = hooks.world.user(instant__enabled=True, instant__emails=True)
    hooks.listen(user)
    assert hooks.push(user, "mail").state == PushState.LIVE
    hooks.counts.clear()
    return user


def message(address: str, identifier: str = "1", **changed: Any) -> dict[str, Any]:
    data = json.dumps({"emailAddress": address, "historyId": 1234}).encode()
    told = {"data": base64.b64encode(data).decode(), "messageId": identifier, "publishTime": "2026-03-02T09:00:00Z"}
    return {"message": told | changed, "subscription": "projects/acme/subscriptions/mail-push"}


def post(hooks: Hooks, body: Any, *, token: str | None = None, **headers: str) -> httpx.Response:
    shown = bearer(f"{hooks.address}/hooks/gmail", POSTER) if token is None else token
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"Authorization": f"Bearer {shown}", "Content-Type": "application/json", **headers}
    return hooks.http.post("/hooks/gmail", content=content, headers=given)


def test_what_gmail_published_is_handed_over_once(hooks: Hooks, ann: UserView) -> None:
    assert [post(hooks, message(ann.address, mark)).status_code for mark in "112"] == [204, 204, 204]
    assert [hint.mark for hint in hooks.hints] == ["1", "2"]
    assert hooks.counts == {"gmail.taken": 2, "gmail.repeated": 1}


def test_of_an_unknown_mailbox_nothing_is_done_and_nothing_is_told(hooks: Hooks, ann: UserView) -> None:
    assert post(hooks, message("ben@acme.example")).status_code == 204
    assert (hooks.counts, hooks.hints) == ({"gmail.unknown": 1}, [])


def forged(hooks: Hooks) -> dict[str, str]:
    """Tokens by what is wrong with them."""
    ours, now = f"{hooks.address}/hooks/gmail", int(time.time())
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    header, claims, signature = bearer(ours, POSTER).split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"sandbox"}').decode().rstrip("=")
    return {
        "audience": bearer("https://elsewhere.example/hooks/gmail", POSTER),
        "account": bearer(ours, "somebody@acme.example"),
        "unverified": bearer(ours, POSTER, email_verified=False),
        "issuer": bearer(ours, POSTER, iss="https://accounts.example"),
        "over": bearer(ours, POSTER, iat=now - 7200, exp=now - 3600),
        "signature": bearer(ours, POSTER, key=key.decode()),
        "changed": f"{header}.{claims[:-4]}AAAA.{signature}",
        "unsigned": f"{none}.{claims}.",
        "text": "x", "long": "x" * 5000,
    }  # fmt: skip


def test_only_what_google_signed_for_us_is_believed(hooks: Hooks, ann: UserView) -> None:
    told = {name: post(hooks, message(ann.address), token=token).status_code for name, token in forged(hooks).items()}
    assert set(told.values()) == {401}, told
    assert hooks.http.post("/hooks/gmail", json=message(ann.address)).status_code == 401
    assert (hooks.counts, hooks.hints) == ({"gmail.forged": len(told) + 1}, [])


@pytest.mark.parametrize(
    "body",
    [b"", b"x", b"[]", b"{}", {"message": 1}, {"message": {"data": "!", "messageId": "1"}}, message("", messageId=5)],
)
def test_what_is_no_message_about_mail_is_refused(hooks: Hooks, body: Any) -> None:
    assert post(hooks, body).status_code == 400
    assert (hooks.counts, hooks.hints) == ({"gmail.malformed": 1}, [])


def test_too_much_and_other_types_are_refused(hooks: Hooks) -> None:
    assert post(hooks, b"x" * 20_000).status_code == 413
    assert post(hooks, message("x"), **{"Content-Type": "text/plain"}).status_code == 415


def test_without_an_account_that_may_post_nobody_may(hooks: Hooks, ann: UserView) -> None:
    hooks.app.settings = hooks.app.settings.model_copy(update={"pubsub_account": ""})
    assert post(hooks, message(ann.address)).status_code == 401


def test_while_the_keys_of_google_cannot_be_read_pubsub_comes_again(hooks: Hooks, ann: UserView) -> None:
    hooks.world.control("faults", match="google.certs", times=1, action={"status": 503})
    assert post(hooks, message(ann.address)).status_code == 503
    assert post(hooks, message(ann.address)).status_code == 204


def test_the_keys_are_read_once(hooks: Hooks, ann: UserView) -> None:
    hooks.world.calls()
    for mark in "12345":
        post(hooks, message(ann.address, mark))
    assert hooks.world.calls() == {"google": {"google.certs": 1}}


def test_mail_is_watched_anew_each_day_and_no_more_when_nobody_wants_it(hooks: Hooks, ann: UserView) -> None:
    hooks.world.later(hours=27)
    hooks.world.calls()
    hooks.tend()
    assert hooks.world.calls()["google"]["google.gmail.users.watch"] == 1

    hooks.world.set(ann, instant__emails=False)
    listening.renew(hooks.app, ann.id)
    assert hooks.push(ann, "mail").state == PushState.OFF
    assert hooks.world.control_get("google/channels")["watches"] == []
    assert hooks.push(ann).state == PushState.LIVE


def test_without_a_topic_mail_is_not_listened_for(hooks: Hooks) -> None:
    ann = hooks.world.user(instant__enabled=True, instant__emails=True)
    hooks.listen(ann)
    assert hooks.push(ann, "mail").state == PushState.OFF
    assert TOPIC not in str(hooks.world.control_get("google/channels"))
