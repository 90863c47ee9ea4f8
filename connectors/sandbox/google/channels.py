"""Who wants to be told of a calendar (channels that post) and of mail (a topic of Pub/Sub, whose messages are posted).

A channel is told that something changed, and never what. What Pub/Sub posts bears a token that the sandbox signs as
Google would; the keys are at `/google/oauth2/v3/certs`.
"""

from __future__ import annotations

import base64
import json
import logging
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import jwt
import requests

from connectors.sandbox.google import oauth
from connectors.sandbox.google.calendar import KIND
from connectors.sandbox.google.call import Call
from connectors.sandbox.google.errors import GoogleError, invalid, not_found
from connectors.sandbox.google.state import Directory, Json, User
from connectors.sandbox.rounds import TIMEOUT, Rounds, register
from connectors.sandbox.store import Row

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

log = logging.getLogger(__name__)

TABLES = (
    (
        "CREATE TABLE IF NOT EXISTS google_channel (id TEXT PRIMARY KEY, user INTEGER NOT NULL, token TEXT NOT NULL,"
        " address TEXT NOT NULL, resource TEXT NOT NULL, ends TEXT NOT NULL, number INTEGER NOT NULL,"
        " sent INTEGER NOT NULL)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS google_watch (user INTEGER PRIMARY KEY, topic TEXT NOT NULL, ends TEXT NOT NULL,"
        " sent INTEGER NOT NULL)"
    ),
    (
        "CREATE TABLE IF NOT EXISTS google_topic (name TEXT PRIMARY KEY, endpoint TEXT NOT NULL,"
        " audience TEXT NOT NULL, account TEXT NOT NULL)"
    ),
)
LIVES = timedelta(days=7)
ISSUER = "https://accounts.google.com"


# --- what a user asks for


def watch_events(call: Call) -> Json:
    given, docs = call.body, call.docs
    name, address, token = (str(given.get(key) or "") for key in ("id", "address", "token"))
    if given.get("type") != "web_hook" or not name or len(name) > 64 or len(token) > 256:
        raise invalid("Invalid channel.")
    if not address.startswith(("https://", "http://127.0.0.1", "http://localhost", "http://[::1]")):
        raise GoogleError(401, "webhookUrlNotHttps", f"WebHook callback must be HTTPS: {address}")
    now, most = call.sandbox.clock.now(), call.sandbox.clock.now() + LIVES
    wanted = str(given.get("expiration") or "")
    ends = min(datetime.fromtimestamp(int(wanted) / 1000, UTC), most) if wanted.isdigit() else most
    if ends <= now:
        raise invalid("Invalid expiration.")
    if docs.store.one("SELECT 1 FROM google_channel WHERE id = ?", (name,)) is not None:
        raise GoogleError(400, "channelIdNotUnique", f"Channel id {name} not unique")
    resource = base64.urlsafe_b64encode(f"events:{docs.user.id}".encode()).decode().rstrip("=")
    docs.store.run(
        "INSERT INTO google_channel VALUES (?, ?, ?, ?, ?, ?, 0, ?)",
        (name, docs.user.id, token, address, resource, ends.isoformat(), docs.head()),
    )
    return {
        "kind": "api#channel", "id": name, "resourceId": resource, "resourceUri": _uri(docs.user), "token": token,
        "expiration": _milliseconds(ends),
    }  # fmt: skip


def stop_channel(call: Call) -> None:
    given, docs = call.body, call.docs
    mine = (str(given.get("id")), str(given.get("resourceId")), docs.user.id)
    if not docs.store.run("DELETE FROM google_channel WHERE id = ? AND resource = ? AND user = ?", mine):
        raise not_found()


def watch_mail(call: Call) -> Json:
    docs, topic = call.docs, str(call.body.get("topicName") or "")
    if docs.store.one("SELECT 1 FROM google_topic WHERE name = ?", (topic,)) is None:
        raise GoogleError(404, "notFound", f"Resource not found (resource={topic.rpartition('/')[2]}).")
    ends, head = call.sandbox.clock.now() + LIVES, docs.head()
    docs.store.run(
        "INSERT OR REPLACE INTO google_watch VALUES (?, ?, ?, ?)", (docs.user.id, topic, ends.isoformat(), head)
    )
    return {"historyId": str(head), "expiration": _milliseconds(ends)}


def stop_mail(call: Call) -> None:
    call.docs.store.run("DELETE FROM google_watch WHERE user = ?", (call.user.id,))


def _milliseconds(moment: datetime) -> str:
    return str(int(moment.timestamp() * 1000))


def _uri(user: User) -> str:
    return f"https://www.googleapis.com/calendar/v3/calendars/{user.address}/events?alt=json"


# --- what is posted


def _live(sandbox: Sandbox, table: str) -> list[Row]:
    rows = sandbox.store.all(f"SELECT * FROM {table} ORDER BY rowid")  # noqa: S608  # one of the two names below
    return [row for row in rows if datetime.fromisoformat(row["ends"]) > sandbox.clock.now()]


def _newest_event(sandbox: Sandbox, user: int) -> int:
    query = "SELECT coalesce(max(seq), 0) FROM google_doc WHERE user = ? AND kind = ? AND parent = ''"
    return int(sandbox.store.scalar(query, (user, KIND)))


def _newest_mail(sandbox: Sandbox, user: int) -> int:
    return int(sandbox.store.scalar("SELECT coalesce(max(seq), 0) FROM google_history WHERE user = ?", (user,)))


def _waits(sandbox: Sandbox) -> bool:
    channels = _live(sandbox, "google_channel")
    return any(not row["number"] or row["sent"] < _newest_event(sandbox, row["user"]) for row in channels) or any(
        row["sent"] < _newest_mail(sandbox, row["user"]) for row in _live(sandbox, "google_watch")
    )


def _tell_all(sandbox: Sandbox) -> int:
    users = {user.id: user for user in Directory(sandbox.store).users()}
    told = 0
    for row in _live(sandbox, "google_channel"):
        newest = _newest_event(sandbox, row["user"])
        if not row["number"]:
            told += _tell_channel(sandbox, row, users[row["user"]], "sync", 1, row["sent"])
        elif row["sent"] < newest:
            told += _tell_channel(sandbox, row, users[row["user"]], "exists", row["number"] + 1, newest)
    for row in _live(sandbox, "google_watch"):
        newest = _newest_mail(sandbox, row["user"])
        if row["sent"] < newest:
            told += _publish(sandbox, row, users[row["user"]], newest)
    return told


ROUNDS = register(Rounds(_waits, _tell_all))


def _tell_channel(sandbox: Sandbox, row: Row, user: User, state: str, number: int, sent: int) -> bool:
    headers = {
        "X-Goog-Channel-ID": row["id"], "X-Goog-Channel-Token": row["token"], "X-Goog-Resource-State": state,
        "X-Goog-Channel-Expiration": f"{datetime.fromisoformat(row['ends']):%a, %d %b %Y %H:%M:%S} GMT",
        "X-Goog-Resource-ID": row["resource"], "X-Goog-Resource-URI": _uri(user), "X-Goog-Message-Number": str(number),
    }  # fmt: skip
    status = _post(sandbox, row["address"], headers=headers, data=b"")
    if status in (404, 410):
        sandbox.store.run("DELETE FROM google_channel WHERE id = ?", (row["id"],))
    elif 200 <= status < 300:
        sandbox.store.run("UPDATE google_channel SET number = ?, sent = ? WHERE id = ?", (number, sent, row["id"]))
    return 200 <= status < 300


def _publish(sandbox: Sandbox, row: Row, user: User, newest: int) -> bool:
    topic = sandbox.store.one("SELECT * FROM google_topic WHERE name = ?", (row["topic"],))
    if topic is None:
        return False
    data = base64.urlsafe_b64encode(json.dumps({"emailAddress": user.address, "historyId": newest}).encode()).decode()
    now = datetime.now(UTC).isoformat()
    message = {"data": data, "messageId": str(uuid.uuid4().int)[:16], "publishTime": now}
    body = {"message": message, "subscription": f"{topic['name'].replace('/topics/', '/subscriptions/')}-push"}
    headers = {"Authorization": f"Bearer {bearer(topic['audience'], topic['account'])}"}
    status = _post(sandbox, topic["endpoint"], headers=headers, json=body)
    if status in (102, 200, 201, 202, 204):
        sandbox.store.run("UPDATE google_watch SET sent = ? WHERE user = ?", (newest, row["user"]))
        return True
    return False


def _post(sandbox: Sandbox, url: str, **how: Any) -> int:
    """The status of the answer; 0 for none."""
    sandbox.ledger.write("google", "Notification", "push")
    try:
        return requests.post(url, timeout=TIMEOUT, allow_redirects=False, **how).status_code
    except requests.RequestException:
        log.info("google_push_not_delivered")
        return 0


def bearer(audience: str, account: str, *, key: str = "", **changed: Any) -> str:
    """The token with which Pub/Sub shows who posts; tests change some of it."""
    now = int(time.time())
    claims = {
        "iss": ISSUER, "aud": audience, "azp": "1", "sub": "1", "email": account, "email_verified": True, "iat": now,
        "exp": now + 3600, **changed,
    }  # fmt: skip
    return jwt.encode(claims, key or oauth.key_pair()[0], algorithm="RS256", headers={"kid": oauth.KEY_ID})
