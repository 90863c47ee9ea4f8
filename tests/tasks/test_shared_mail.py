"""One mail in five mailboxes, five processes at work on it at once, and SIGKILL where it hurts most."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from sync_tasks.tasks.pipeline import enqueue
from tests.support.cluster import Cluster, kill
from tests.support.waiting import until
from tests.support.world import World
from tests.tasks.test_workers import claimed, started

Make = Callable[..., Cluster]

HOMER = "homer@globex.example"
NAMES = ("ann", "bob", "cat", "dan", "eve")
TRACKED = ["Salesforce", "Status: Tracked successfully"]
ATTACHED = [{"name": "offer.pdf", "bytes": 90_000}, {"name": "terms.pdf", "bytes": 80_000}]


@pytest.mark.rule("DUP-2", "DUP-9", "FIL-2", "FIL-8", "MKM-5")
@pytest.mark.mail_seed(7)
@pytest.mark.parametrize(
    ("call", "made"), [("sf.collections.create", "EmailMessage"), ("POST ContentVersion$", "ContentVersion")]
)
def test_one_mail_of_five_users_is_one_record_with_one_set_of_files_whoever_is_killed(
    world: World, clustered: Make, call: str, made: str
) -> None:
    account = world.record("Account", Name="Globex")
    world.record("Contact", LastName="Simpson", Email=HOMER, AccountId=account)
    users = [world.user(f"{name}@acme.example", autosave__emails=True) for name in NAMES]
    everybody = ",".join(user.address for user in users)
    cluster = clustered(recover_after_seconds=2, force_floor_seconds=2)
    for user in users:
        world.message(user, "Order", sender=HOMER, to=everybody, message_id="<1@globex.example>", Attachments=ATTACHED)
    started(cluster, concurrency=5)
    cluster.beat()  # who has taken on the files may meet another at the record: they come with his next run
    runs = [claimed(world, user) for user in users]
    random.Random(made).shuffle(runs)
    world.sandbox.faults.add({"match": call, "action": {"late": 3}})

    for ref in runs:
        enqueue(ref, "fetch")
    until(lambda: bool(world.records(made)), 180)  # it stands there, and the answer is still on its way
    for child in cluster.workers[0].children:
        assert kill(child)

    def settled() -> bool:
        marked = [world.entry(user, "Order", "inbox").get("Categories") == TRACKED for user in users]
        return all(marked) and len(world.records("ContentVersion")) == len(ATTACHED)

    until(settled, 300, every=0.5)
    (record,) = world.records("EmailMessage")
    links = world.query(f"SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '{record['Id']}'")
    assert len({link["ContentDocumentId"] for link in links}) == len(links) == len(ATTACHED)
    until(lambda: nothing_is_left(world), 90, every=0.5)
    assert len(world.records("ContentVersion")) == len(ATTACHED)


def nothing_is_left(world: World) -> bool:
    with world.app.store.reading() as unit:
        return not any(unit.mail_files.due(user.id, world.now) for user in unit.accounts.users(world.org))
