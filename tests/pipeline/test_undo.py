"""Undo: what a run has done is taken back, and what somebody has changed since is left."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest

from mapping.model.reasons import Reason
from sync_tasks.services import deciding
from sync_tasks.services.undoing import UndoError, left, undo
from sync_tasks.stages import apply
from sync_tasks.state.records import HoldDecision, RunState, RunView, UserView
from tests.pipeline.series_words import FIRST, calendar, entered, rows, synced
from tests.support.standing import differences, standing
from tests.support.world import World

pytestmark = pytest.mark.any_mailbox(why="an undo over each of them is told where vendors could differ")


def take_back(world: World, run: RunView | None = None, *, ends: str = "done", **more: Any) -> RunView:
    target = run or world.last
    assert target is not None
    done = undo(world.app, target.id, **more)
    assert done.state == ends, f"{done.state} {done.error_code}: {done.error_text}"
    return done


def settles(world: World, user: UserView) -> None:
    """The next runs write nothing."""
    world.writes()
    for _ in range(2):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-6")
def test_a_created_event_goes_again_and_its_item_is_as_before(world: World) -> None:
    ann = world.user()
    world.sync(ann)
    world.later(minutes=30)
    world.appointment(ann, "Visit", marked=True)
    before = standing(world)
    world.sync(ann)
    assert len(world.records("Event")) == 1
    world.later(minutes=5)
    take_back(world)
    assert world.records("Event") == []
    assert differences(before, standing(world)) == {}
    settles(world, ann)
    assert differences(before, standing(world)) == {}


HOMER = {"address": "homer@globex.example", "name": "Homer"}


def a_full_run(world: World, ann: UserView) -> dict[str, Any]:
    """One run with creates on both sides, updates both ways, deletions on both sides, moves, and people made for them;
    what stood before it."""
    known = world.record("Account", Name="Globex")
    world.record("Contact", LastName="Simpson", Email=HOMER["address"], AccountId=known)
    up = world.appointment(ann, "Changes here", marked=True, RequiredAttendees=[HOMER])
    world.appointment(ann, "Changes there", marked=True)
    gone = world.appointment(ann, "Goes here", marked=True, RequiredAttendees=[HOMER])
    world.sync(ann)
    world.later(minutes=1)
    soon = (world.now + timedelta(days=2)).isoformat()
    own = {"StartDateTime": soon, "DurationInMinutes": 30, "OwnerId": ann.crm_user_id}
    doomed = world.record("Event", Subject="Goes there", **own)
    tasked = world.record("Task", Subject="Goes too", OwnerId=ann.crm_user_id, ActivityDate=str(world.now.date()))
    known_there = world.record("Contact", LastName="Burns", FirstName="Monty", Email="monty@plant.example",
                               Title="Owner", Phone="+1 555 0101", OwnerId=ann.crm_user_id)  # fmt: skip
    world.sync(ann)

    world.later(minutes=30)
    world.edit(ann, up, Subject="Changed here", Location="Moe's")
    there = world.event("Changes there")
    assert there is not None
    world.colleague_changes("Event", there["Id"], Subject="Changed there", Description="Bring the contract")
    world.discard(ann, gone)
    world.remove("Event", doomed)
    world.remove("Task", tasked)
    world.remove("Contact", known_there)
    world.appointment(ann, "New here", marked=True, RequiredAttendees=[HOMER, {"address": "moe@tavern.example"}])
    world.record("Event", Subject="New there", **own)
    world.message(ann, "Offer", sender="lenny@plant.example", message_id="<offer@plant.example>",
                  Attachments=[{"name": "offer.pdf", "bytes": 90_000}])  # fmt: skip
    world.message(
        ann, "Order", sender=HOMER["address"], message_id="<order@globex.example>", folder="Salesforce Emails"
    )
    world.task(ann, "Call back", due=(world.now + timedelta(days=3)).date(), marked=True)
    world.contact(ann, "Carlson", email="carl@plant.example", marked=True, DisplayName="Carlson")
    return standing(world)


def busy(world: World, **more: Any) -> UserView:
    return world.user(
        autosave__emails=True, resolve__kind="contact", resolve__account_create=True, resolve__require_outbound=False,
        tasks__enabled=True, tasks__down=True, contacts__enabled=True, contacts__down=True,
        deletion__events="all", **more,
    )  # fmt: skip


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-6")
def test_a_run_that_made_changed_and_deleted_things_and_people_is_undone_to_the_letter(world_on_both: World) -> None:
    world = world_on_both
    ann = busy(world)
    before = a_full_run(world, ann)
    world.writes()
    run = world.sync(ann)
    done = world.writes()
    assert len(differences(before, standing(world))) > 30, done
    assert (len(world.records("Account")), len(world.records("Contact"))) == (2, 3)

    world.later(minutes=5)
    undone = take_back(world, run)

    assert differences(before, standing(world)) == {}
    assert world.mails() == 0
    settles(world, ann)
    assert differences(before, standing(world)) == {}
    with world.app.store.reading() as unit:
        assert {op.state for op in unit.plans.all(undone.id)} == {"done"}


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-6", "REC-13")
@pytest.mark.parametrize("gone", ["series", "date"])
def test_a_series_and_a_date_of_one_come_back_with_all_that_single_dates_have(world: World, gone: str) -> None:
    ann = world.user()
    whole = entered(world, ann)
    world.sync(ann)
    synced(world, ann, 2)
    (master,) = (item["id"] for item in world.items(ann))
    world.edit_occurrence(ann, master, FIRST + timedelta(weeks=2), Subject="With the board", Location="Moe's")
    world.discard_occurrence(ann, master, FIRST + timedelta(weeks=3))
    synced(world, ann, 2)
    world.later(minutes=30)
    world.remove("Event", whole if gone == "series" else rows(world)[1]["Id"])
    before, showed = standing(world), calendar(world, ann)
    assert [subject for _, subject in showed] == ["Round", "Round", "With the board"]
    run = world.sync(ann)
    assert len(calendar(world, ann)) == {"series": 0, "date": 2}[gone]
    world.later(minutes=5)

    take_back(world, run)

    assert differences(before, standing(world)) == {}
    assert calendar(world, ann) == showed
    settles(world, ann)
    assert differences(before, standing(world)) == {}


def refused(world: World, run: RunView) -> set[tuple[str, str]]:
    """(side, reason) of what an undo left."""
    with world.app.store.reading() as unit:
        return {(row.side, row.reason) for row in unit.trail.of_run(run.id)}


@pytest.mark.rule("TOP-6")
def test_a_preview_writes_nothing_and_plans_what_the_undo_then_does(world: World) -> None:
    ann = busy(world)
    a_full_run(world, ann)
    run = world.sync(ann)
    stands = standing(world)
    world.later(minutes=5)

    looked = take_back(world, run, preview=True)

    assert differences(stands, standing(world)) == {}
    undone = take_back(world, run)
    with world.app.store.reading() as unit:
        planned, done = unit.plans.all(looked.id), unit.plans.all(undone.id)
    assert [op.op_id for op in planned] == [op.op_id for op in done] != []
    assert {op.state for op in planned} == {"planned"}


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-6")
def test_what_was_changed_since_on_either_side_stays_with_its_reason_and_the_rest_goes(world: World) -> None:
    ann = busy(world)
    before = a_full_run(world, ann)
    run = world.sync(ann)
    world.later(minutes=5)
    made = world.event("New here")
    changed = world.event("Changed here")
    assert made is not None and changed is not None
    world.colleague_changes("Event", made["Id"], Description="Do not lose this")
    new_item = next(i["id"] for i in world.items(ann) if i["values"]["Subject"] == "New there")
    world.edit(ann, new_item, Location="In the park")
    (lenny,) = world.query("SELECT Id FROM Contact WHERE Email = 'lenny@plant.example'")
    world.colleague_changes("Contact", lenny["Id"], Title="Foreman")
    stands = standing(world)

    undone = take_back(world, run)

    reasons = refused(world, undone)
    assert ("crm", Reason.UNDO_CHANGED.value) in reasons
    assert ("mailbox", Reason.UNDO_CHANGED.value) in reasons
    assert ("crm", Reason.UNDO_NEEDED.value) in reasons  # the account of the contact who stays
    assert differences(stands, standing(world)) != {}
    kept = [path.split("/") for path, (was, _) in differences(before, standing(world)).items() if was is None]
    records = {name for side, _, name, *_ in kept if side == "salesforce"}
    assert records >= {"Event", "Contact", "Account"}
    assert "EmailMessage" not in records
    differ = {(thing["side"], field["field"]): (field["run"], field["now"])
              for thing in left(world.app, undone, values=True) for field in thing["fields"]}  # fmt: skip
    assert differ["crm", "Description"][1] == "Do not lose this"
    assert differ["mailbox", "location"] == ("", "In the park")
    assert differ["crm", "Title"] == ("", "Foreman")
    settled_event = world.event("Changes here")
    assert settled_event is not None and settled_event["Location"] is None
    assert world.entry(ann, "New there")["Location"] == "In the park"


@pytest.mark.rule("TOP-6")
def test_undoing_twice_does_nothing(world: World) -> None:
    ann = busy(world)
    before = a_full_run(world, ann)
    run = world.sync(ann)
    world.later(minutes=5)
    take_back(world, run)
    world.writes()
    world.later(minutes=5)

    again = take_back(world, run)

    assert world.writes() == {}
    with world.app.store.reading() as unit:
        assert unit.plans.all(again.id) == []
    assert differences(before, standing(world)) == {}


@pytest.mark.rule("TOP-6")
def test_an_undone_item_is_saved_again_once_its_owner_touches_it(world: World) -> None:
    ann = world.user()
    item = world.appointment(ann, "Visit", marked=True)
    world.sync(ann)
    world.later(minutes=5)
    take_back(world)
    settles(world, ann)

    world.later(minutes=5)
    world.edit(ann, item, Location="Springfield")
    world.sync(ann)

    event = world.event("Visit")
    assert event is not None and event["Location"] == "Springfield"


@pytest.mark.rule("TOP-6")
def test_of_two_runs_the_later_one_is_undone_first(world: World) -> None:
    ann = world.user()
    item = world.appointment(ann, "Visit", marked=True)
    first = world.sync(ann)
    world.later(minutes=30)
    world.edit(ann, item, Subject="Long visit")
    second = world.sync(ann)
    world.later(minutes=5)

    early = take_back(world, first)
    assert refused(world, early) >= {("crm", Reason.UNDO_LATER_RUN.value)}
    assert world.event("Long visit") is not None

    take_back(world, second)
    assert world.event("Visit") is not None
    world.later(minutes=5)
    take_back(world, first)
    assert world.records("Event") == []


@pytest.mark.rule("TOP-6", "TOP-4")
def test_an_undo_that_would_delete_much_waits_for_approval_like_every_plan(world: World) -> None:
    world.set(guard__deletes_most=3)
    ann = world.user()
    for number in range(5):
        world.appointment(ann, f"Visit {number}", marked=True)
    run = world.sync(ann)
    world.later(minutes=5)

    take_back(world, run, ends=RunState.HELD.value)

    assert len(world.records("Event")) == 5
    with world.app.store.reading() as unit:
        (hold,) = unit.holds.active(ann.id, run.id)
    world.later(minutes=30)
    world.sync(ann)  # a regular run neither acts on it nor lets it go
    with world.app.store.reading() as unit:
        assert [each.id for each in unit.holds.active(ann.id, run.id)] == [hold.id]
    assert deciding.decide(world.app, hold.id, HoldDecision.APPROVED, by="ann")
    take_back(world, run)
    assert world.records("Event") == []
    with world.app.store.reading() as unit:
        assert unit.holds.active(ann.id, run.id) == []


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-6")
@pytest.mark.parametrize("after", [1, 9])
def test_an_undo_that_is_killed_anywhere_is_gone_on_with(world: World, after: int) -> None:
    ann = busy(world)
    before = a_full_run(world, ann)
    run = world.sync(ann)
    world.later(minutes=5)
    sent = 0

    def killed(*given: Any) -> Any:
        nonlocal sent
        sent += 1
        answer = send(*given)
        if sent == after:
            raise KeyboardInterrupt
        return answer

    send = apply._send  # between the vendor's answer and the end of the stage
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(apply, "_send", killed)
        with suppress(KeyboardInterrupt):
            undo(world.app, run.id)
    world.later(minutes=1)

    take_back(world, run)

    assert differences(before, standing(world)) == {}
    settles(world, ann)


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-6")
def test_an_answer_that_never_came_is_found_out(world: World) -> None:
    ann = busy(world)
    before = a_full_run(world, ann)
    run = world.sync(ann)
    world.later(minutes=5)
    for operation in ("sf.soap", "sf.composite", world.mailboxes.events["update"], "sf.collections.delete",
                      world.mailboxes.events["delete"]):  # fmt: skip
        world.control("faults", match=operation, nth=2 if operation == "sf.composite" else 1, times=1,
                      action={"drop_after": True})  # fmt: skip
        world.later(minutes=1)
        undo(world.app, run.id)

    take_back(world, run)

    assert differences(before, standing(world)) == {}


@pytest.mark.rule("TOP-6")
def test_a_run_whose_images_are_shredded_says_so(world: World) -> None:
    world.set(undo__keep_days=2)
    ann = world.user()
    world.appointment(ann, "Visit", marked=True)
    run = world.sync(ann)
    world.later(days=3)
    with world.app.store.writing() as unit:
        assert unit.journal.shred(world.now) == 1
        assert unit.journal.images(run.id) == []
    with pytest.raises(UndoError, match="shredded"):
        undo(world.app, run.id)


@pytest.mark.rule("TOP-6")
def test_where_nothing_is_kept_nothing_is_undone(world: World) -> None:
    world.set(undo__keep_days=0)
    ann = world.user()
    world.appointment(ann, "Visit", marked=True)
    run = world.sync(ann)
    with pytest.raises(UndoError, match=r"undo\.keep_days"):
        undo(world.app, run.id)
    assert len(world.records("Event")) == 1
