"""Many users in all states, with runs and errors of half a day: for lists, charts and screenshots."""

from __future__ import annotations

import random
from datetime import timedelta

from sqlalchemy import insert, update

from sync_tasks.bootstrap import App
from sync_tasks.state.models import AdminAudit, Issue, SyncRun, User

NAMES = (
    "ada",
    "ben",
    "cleo",
    "dora",
    "emil",
    "fay",
    "gus",
    "hana",
    "ivo",
    "june",
    "kim",
    "lena",
    "max",
    "nora",
    "olaf",
)
CODES = (
    "MAILBOX.PERMANENT.AUTH_REVOKED", "SALESFORCE.CONFIG.FORBIDDEN", "MAILBOX.TRANSIENT.UNAVAILABLE",
    "SALESFORCE.TRANSIENT.THROTTLED",
)  # fmt: skip
ISSUES = ("REQUIRED_FIELD_MISSING", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "STRING_TOO_LONG", "DUPLICATES_DETECTED")


def fill(app: App, org_id: int, count: int, *, seed: int = 7) -> None:
    """Add so many users to the organization, in bulk."""
    chance, now = random.Random(seed), app.clock()
    users = []
    for number in range(count):
        state = chance.choices(("enabled", "paused", "disabled", "suspended"), (90, 4, 3, 3))[0]
        since = now - timedelta(minutes=chance.randrange(3000))
        users.append({
            "org_id": org_id, "address": f"{chance.choice(NAMES)}.{number:04d}@acme.example", "aliases": [],
            "crm_user_id": "005000000000001AAA", "shard": number % 4, "activated_at": now,
            "next_sync_at": now + timedelta(seconds=chance.randrange(-120, 1800)),
            "last_started_at": now - timedelta(seconds=chance.randrange(1800)),
            "paused_at": since if state == "paused" else None, "disabled_at": since if state == "disabled" else None,
            "suspended_at": since if state == "suspended" else None,
            "suspended_code": chance.choice(CODES[:2]) if state == "suspended" else "",
            "failures": chance.randrange(1, 9) if state == "suspended" else 0,
        })  # fmt: skip
    with app.store.engine.begin() as connection:
        ids = list(connection.scalars(insert(User).returning(User.id, sort_by_parameter_order=True), users))
        runs, issues = [], []
        for place, user in enumerate(ids):
            ended = now - timedelta(seconds=chance.randrange(12 * 3600))
            failed = chance.random() < 0.04
            runs.append({
                "user_id": user, "trigger": "schedule", "state": "failed" if failed else "done", "token": 1,
                "stage": "delete", "started_at": ended - timedelta(seconds=chance.uniform(0.4, 40)),
                "touched_at": ended, "finished_at": ended, "counts": {},
                "error_code": chance.choice(CODES) if failed else "", "error_text": "",
            })  # fmt: skip
            if place % 17 == 0:
                issues.append({
                    "user_id": user, "side": "mailbox", "kind": "event", "ref": f"item-{user}", "key": "",
                    "code": chance.choice(ISSUES), "fields": [], "opened_at": ended, "seen_at": ended, "times": 1,
                })  # fmt: skip
        connection.execute(insert(SyncRun), runs)
        connection.execute(insert(Issue), issues)
        connection.execute(insert(AdminAudit), [
            {"at": now - timedelta(minutes=7 * n), "actor": "adele@acme.example", "action": f"user.{act}",
             "subject": users[n % count]["address"], "detail": {}}
            for n, act in reversed(list(enumerate(("pause", "force", "resume", "enable", "disable") * 4)))
        ])  # fmt: skip
        connection.execute(update(User).where(User.id == ids[0]).values(held_at=now))
