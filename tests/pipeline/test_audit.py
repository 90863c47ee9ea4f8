"""The audit finds what no feed told; healing goes the way of every run."""

from __future__ import annotations

import pytest

from mapping.model.reasons import Reason
from sync_tasks.services import auditing
from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


def found(world: World, user: UserView) -> set[tuple[str, str]]:
    """(side, reason) of an audit, which writes nothing."""
    stands = world.control_get("dump")
    done = auditing.audit(world.app, user)
    assert done.run.state == "done"
    assert world.control_get("dump") == stands
    return {(each.side, each.reason) for each in done.found}


@pytest.mark.rule("TOP-10")
def test_where_nothing_has_drifted_nothing_is_found(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(tasks__enabled=True)
    world.appointment(ann, "Visit", marked=True)
    world.task(ann, "Call", marked=True)
    world.sync(ann)
    world.sync(ann)

    assert found(world, ann) == set()


@pytest.mark.rule("TOP-10")
def test_drift_of_five_kinds_is_found(world: World) -> None:
    ann = world.user()
    for name in ("Gone here", "Gone there", "Other here", "Foreign", "Forgotten"):
        world.appointment(ann, name, marked=True)
    world.sync(ann)
    keys = {name: world.key(ann, name) for name in ("Foreign", "Forgotten")}
    ids = {each["values"]["Subject"]: each["id"] for each in world.items(ann)}
    events = {name: world.event(name) for name in ("Gone there", "Foreign")}
    world.later(minutes=5)
    world.discard(ann, ids["Gone here"])
    assert events["Gone there"] is not None and events["Foreign"] is not None
    world.remove("Event", events["Gone there"]["Id"])
    world.edit(ann, ids["Other here"], Subject="Quite another")
    world.change("Event", events["Foreign"]["Id"], InboxSync_Key__c="ev:of-something-else")
    with world.app.store.writing() as unit:
        unit.pairs.put(world.org, ann.id, world.now, [(keys["Forgotten"], {"state": "gone"})])
        twin = {"born": "mailbox", "kind": "event", "state": "live", "crm_object": "Event", "folder": "calendar"}
        unit.pairs.put(world.org, ann.id, world.now, [("ev:twin", {**twin, "crm_id": events["Foreign"]["Id"]})])

    assert found(world, ann) == {
        ("mailbox", Reason.DRIFT_MISSING.value),
        ("crm", Reason.DRIFT_MISSING.value),
        ("mailbox", Reason.DRIFT_DIFFERENT.value),
        ("crm", Reason.DRIFT_FOREIGN.value),
        ("crm", Reason.DRIFT_DOUBLED.value),
        ("mailbox", Reason.DRIFT_ORPHANED.value),
    }


@pytest.mark.rule("TOP-10")
def test_what_bears_a_key_in_a_folder_of_ours_and_is_linked_to_nothing_is_found(world: World) -> None:
    ann = world.user(contacts__enabled=True)
    world.sync(ann)
    world.contact(ann, "Simpson", folder="Salesforce Contacts")
    world.sync(ann)
    with world.app.store.writing() as unit:
        (pair,) = unit.pairs.of_user(ann.id)
        unit.pairs.put(world.org, ann.id, world.now, [(pair.key, {"state": "gone"})])

    assert found(world, ann) == {("mailbox", Reason.DRIFT_ORPHANED.value)}


@pytest.mark.rule("TOP-10")
def test_what_differs_is_mended_by_the_next_run(world: World) -> None:
    ann = world.user()
    item = world.appointment(ann, "Visit", marked=True)
    world.sync(ann)
    world.later(minutes=30)
    world.edit(ann, item, Subject="Long visit")
    world.sync(ann)
    event = world.event("Long visit")
    assert event is not None
    known = world.known_as(ann, item)
    with world.app.store.writing() as unit:  # a run that took an edit of the mailbox for done
        pair = unit.pairs.by_mailbox(ann.id, [known])[known]
        unit.pairs.put(world.org, ann.id, world.now, [(pair.key, {"marks": {"subject": "0" * 32}})])
    world.change("Event", event["Id"], Subject="Visit")
    with world.app.store.writing() as unit:
        unit.runs.stage_cursors(ann.id, {})

    done = auditing.audit(world.app, ann)
    assert {each.reason for each in done.found} == {Reason.DRIFT_DIFFERENT.value}
    assert auditing.look_again(world.app, ann, done.found, by="console") == 1
    world.later(minutes=30)
    world.sync(ann)

    assert world.event("Long visit") is not None
    assert found(world, ann) == set()
