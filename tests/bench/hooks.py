"""How fast the receivers answer: vendors' posts at a steady rate to the web process, each with something new to tell.

Web process, Redis and whoever posts are processes of their own, as in an installation.
"""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx

from connectors.pushing import Kind
from sync_tasks.bootstrap import App
from sync_tasks.security.vault import push_context
from sync_tasks.services.embedded import EmbeddedRedis, free_port
from sync_tasks.services.guarded import GuardedProcess
from sync_tasks.services.hearing import hashed
from sync_tasks.settings import PREFIX, Settings
from sync_tasks.state import migrate
from sync_tasks.state.records import PushState

USERS, RATE, SECONDS = 50, 200, 10
WARM_UP = 1  # seconds that do not count
WANTED_MILLISECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Answered:
    """Milliseconds from sending to the end of the answer, by the sender's clock. `refused`: answers but for 2xx."""

    posts: int
    refused: int
    p50: float
    p99: float


def receive(home: Path) -> Answered:
    """Posts of EWS and Graph in turn, `RATE` a second for `SECONDS`."""
    with EmbeddedRedis(home) as redis:
        settings = Settings(home=home, redis_url=redis.url)
        secrets_of = _agree(settings)
        port = free_port()
        env = {f"{PREFIX}HOME": str(home), f"{PREFIX}REDIS_URL": redis.url, "PATH": "/usr/bin:/bin"}
        argv = [sys.executable, "-m", "sync_tasks.cli.main", "web", "--port", str(port), "--log-level", "WARNING"]
        with GuardedProcess(argv, log=home / "web.log", env=env):
            address = f"http://127.0.0.1:{port}"
            _wait(address)
            (home / "posts.json").write_text(json.dumps({"address": address, "secrets": secrets_of}))
            told = subprocess.run(
                [sys.executable, "-m", "tests.bench.hooks", str(home / "posts.json")],
                capture_output=True, text=True, check=True, timeout=300,
            ).stdout  # fmt: skip
    return Answered(**json.loads(told))


def _agree(settings: Settings) -> list[str]:
    """An agreement for each of the users, as upkeep would have made it; their secrets."""
    app, made = App(settings), []
    migrate.upgrade(app.store.engine)
    now = datetime.now(UTC)
    with app.store.writing() as unit:
        org = unit.accounts.add_org("acme", now)
        for number in range(USERS):
            user = unit.accounts.add_user(
                org, f"u{number}@acme.example", now, crm_user_id="", shards=settings.shards, next_sync_at=now
            )
            made.append(secrets.token_urlsafe(32))
            address = hashed(made[-1])
            sealed = app.vault.seal(made[-1].encode(), push_context(address))
            unit.pushes.begin(user, "calendar", address, sealed, now)
            [push] = unit.pushes.of(user)
            kind = Kind.EWS if number % 2 else Kind.GRAPH
            unit.pushes.set(push.id, kind=kind.value, state=PushState.LIVE, vendor_id=f"sub-{number}")
    app.close()
    return made


def _wait(address: str) -> None:
    limit = time.monotonic() + 30
    while True:
        try:
            if httpx.get(f"{address}/healthz", timeout=1).is_success:
                return
        except httpx.HTTPError:
            if time.monotonic() > limit:
                raise
        time.sleep(0.1)


# --- whoever posts


def post_of(number: int, secrets_of: list[str]) -> tuple[str, dict[str, str], bytes]:
    """Path, headers and body of the n-th post."""
    user = number % USERS
    if user % 2:
        return f"/hooks/ews/{secrets_of[user]}", {"Content-Type": "text/xml"}, _SOAP % (user, number, number + 1)
    value = {
        "subscriptionId": f"sub-{user}", "clientState": secrets_of[user], "changeType": "updated",
        "subscriptionExpirationDateTime": "2030-01-01T00:00:00Z", "resource": f"Users/1/Events/{number}",
        "tenantId": "84bd8158-6d4d-4958-8b9f-9d6445542f95", "resourceData": {"id": str(number)},
    }  # fmt: skip
    return "/hooks/graph", {"Content-Type": "application/json"}, json.dumps({"value": [value]}).encode()


_SOAP = (
    b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><m:SendNotification'
    b' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
    b' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><m:ResponseMessages>'
    b'<m:SendNotificationResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode>'
    b"<m:Notification><t:SubscriptionId>sub-%d</t:SubscriptionId><t:PreviousWatermark>W%d</t:PreviousWatermark>"
    b"<t:MoreEvents>false</t:MoreEvents><t:ModifiedEvent><t:Watermark>W%d</t:Watermark></t:ModifiedEvent>"
    b"</m:Notification></m:SendNotificationResponseMessage></m:ResponseMessages></m:SendNotification></s:Body>"
    b"</s:Envelope>"
)


async def _post_all(address: str, secrets_of: list[str]) -> Answered:
    """Each at its moment, whether those before are answered or not."""
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=address, limits=limits, timeout=30) as client:
        begin = time.perf_counter() + 0.5

        async def one(number: int) -> tuple[float, bool]:
            await asyncio.sleep(max(0.0, begin + number / RATE - time.perf_counter()))
            path, headers, body = post_of(number, secrets_of)
            sent = time.perf_counter()
            answer = await client.post(path, headers=headers, content=body)
            return (time.perf_counter() - sent) * 1000, answer.is_success

        told = await asyncio.gather(*(one(number) for number in range(RATE * (SECONDS + WARM_UP))))
    counted = told[RATE * WARM_UP :]
    times = sorted(took for took, _ in counted)
    refused = sum(not taken for _, taken in counted)
    return Answered(len(times), refused, times[len(times) // 2], times[int(len(times) * 0.99)])


def main(given: Mapping[str, object]) -> None:
    address, secrets_of = str(given["address"]), given["secrets"]
    assert isinstance(secrets_of, list)
    gc.disable()  # a collection stops whoever posts for a tenth of a second, and would be counted against who answers
    done = asyncio.run(_post_all(address, secrets_of))
    print(json.dumps({"posts": done.posts, "refused": done.refused, "p50": done.p50, "p99": done.p99}))


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
