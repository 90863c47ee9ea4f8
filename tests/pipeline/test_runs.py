"""Stories of runs: preview, faults, cursors, forcing, what is left behind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from psycopg import sql

from connectors.sandbox.server import SandboxServer
from mapping.merge.plan import Operation
from sync_tasks.services import previewing, scheduling
from sync_tasks.services.scheduling import BusyError, go_through, run_here
from sync_tasks.state.records import RunRef, UserView
from tests.support.postgres import PostgresServer
from tests.support.world import World

pytestmark = pytest.mark.any_mailbox(why="how runs begin and end is the same over all")


def operations(world: World, run_id: int) -> set[str]:
    with world.app.store.reading() as unit:
        return {op.op_id for op in unit.plans.all(run_id)}


def busy_day(world: World) -> None:
    """A bit of everything, both ways."""
    account = world.record("Account", Name="Globex")
    world.record("Contact", LastName="Simpson", Email="homer@globex.example", AccountId=account)


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-1")
def test_a_preview_writes_nothing_and_plans_what_the_next_run_does(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(
        autosave__emails=True, autosave__appointments=True, resolve__kind="contact", resolve__require_outbound=False
    )
    busy_day(world)
    lunch = world.appointment(ann, "Lunch", marked=True)
    gone = world.appointment(ann, "Gone", marked=True)
    world.sync(ann)
    world.later(minutes=5)
    world.edit(ann, lunch, Subject="Dinner")
    world.discard(ann, gone)
    homer = {"address": "homer@globex.example", "name": "Homer"}
    world.appointment(ann, "Review", RequiredAttendees=[homer, {"address": "new@acme-labs.example", "name": "New"}])
    world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                 OwnerId=ann.crm_user_id)  # fmt: skip
    world.message(ann, "Order", sender="homer@globex.example")
    world.message(ann, "Hello", sender="stranger@acme-labs.example")
    world.writes()

    preview = world.sync(ann, preview=True)

    assert world.writes() == {}
    planned = operations(world, preview.id)
    assert len(planned) > 8
    real = world.sync(ann)
    assert operations(world, real.id) == planned


@pytest.mark.rule("TOP-1")
def test_a_plan_is_carried_out_as_it_was_told_or_not_at_all(world: World) -> None:
    ann = world.user(
        autosave__emails=True, autosave__appointments=True, resolve__kind="contact", resolve__require_outbound=False
    )
    busy_day(world)
    world.sync(ann)  # sets the mailbox up
    world.later(minutes=5)
    lunch = world.appointment(ann, "Lunch", marked=True)
    world.message(ann, "Hello", sender="stranger@acme-labs.example")
    preview = world.sync(ann, preview=True)
    world.edit(ann, lunch, Subject="Dinner")
    world.writes()

    held = previewing.apply(world.app, preview.id, by="ann")

    assert (held.state, held.error_code) == ("held", "PLAN.GUARD.OTHERWISE")
    assert (world.writes(), world.holds(ann)) == ({}, [])
    preview = world.sync(ann, preview=True)
    done = previewing.apply(world.app, preview.id, by="ann")
    assert done.state == "done"
    assert world.event("Dinner") is not None
    assert operations(world, done.id) == operations(world, preview.id)
    with pytest.raises(previewing.NoPlanError):
        previewing.apply(world.app, done.id, by="ann")  # it is no preview


def test_a_preview_leaves_everything_for_the_next_run(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    world.later(minutes=1)
    world.appointment(ann, "Lunch")

    world.sync(ann, preview=True)
    world.sync(ann, preview=True)
    world.sync(ann)

    assert len(world.records("Event")) == 1


@pytest.mark.rule("TOP-7")
def test_a_mended_item_goes_through_and_its_issue_closes(world: World) -> None:
    rule = {"object": "Event", "field": "Subject", "op": "equals", "value": "Forbidden", "message": "No such subject"}
    world.setting(validation_rules=[rule])
    ann = world.user()
    item = world.appointment(ann, "Forbidden", marked=True)
    world.sync(ann)
    assert world.issues(ann) == ["FIELD_CUSTOM_VALIDATION_EXCEPTION"]

    world.edit(ann, item, Subject="Allowed")
    world.later(minutes=30)
    world.sync(ann)

    assert [row["Subject"] for row in world.records("Event", "Subject")] == ["Allowed"]
    assert world.issues(ann) == []


@pytest.mark.point("1.8.3")
def test_a_dead_salesforce_fails_the_run_and_loses_nothing(world: World) -> None:
    ann = with_something_to_save(world)
    world.control("faults", match="sf.*", action={"status": 503}, times=None)

    fails_and_loses_nothing(world, ann, "SALESFORCE.TRANSIENT.UNAVAILABLE")


@pytest.mark.every_mailbox
@pytest.mark.parametrize(
    ("trouble", "code"),
    [("busy", "MAILBOX.TRANSIENT.THROTTLED"), ("closed", "MAILBOX.PERMANENT.AUTH_REVOKED")],
)
@pytest.mark.point("1.8.3")
def test_a_throttled_or_refusing_mailbox_fails_the_run_and_loses_nothing(
    world: World, trouble: str, code: str
) -> None:  # fmt: skip
    ann = with_something_to_save(world)
    world.mailboxes_fail(trouble)

    fails_and_loses_nothing(world, ann, code)


def with_something_to_save(world: World) -> UserView:
    ann = world.user()
    world.sync(ann)
    world.later(minutes=1)
    world.appointment(ann, "Lunch", marked=True)
    return ann


def fails_and_loses_nothing(world: World, ann: UserView, code: str) -> None:
    run = run_here(world.app, ann.id)

    assert run.state == "failed"
    assert run.error_code == code
    with world.app.store.reading() as unit:
        user = unit.accounts.user(ann.id)
    assert (user.suspended_at is not None) == ("PERMANENT" in code)
    assert user.failures == (0 if code.endswith("THROTTLED") else 1)
    world.sandbox.faults.clear()
    world.later(minutes=2)  # so long a busy server wants to be left alone
    world.sync(ann)
    assert len(world.records("Event")) == 1


@pytest.mark.parametrize("operation", ["sf.collections.upsert", "sf.composite"])
@pytest.mark.parametrize("cut", ["drop_before", "drop_after"])
@pytest.mark.rule("TOP-5", "DUP-9")
def test_an_answer_of_salesforce_that_never_comes_duplicates_nothing(world: World, operation: str, cut: str) -> None:
    comes_through(world, lambda nth: world.control("faults", match=operation, nth=nth, action={cut: True}))


@pytest.mark.every_mailbox
@pytest.mark.parametrize("verb", ["create", "update"])
@pytest.mark.parametrize("cut", ["drop_before", "drop_after"])
@pytest.mark.rule("TOP-5", "DUP-9")
def test_an_answer_of_the_mailbox_that_never_comes_duplicates_nothing(world: World, verb: str, cut: str) -> None:
    comes_through(world, lambda nth: world.trouble(verb, nth=nth, **{cut: True}))


def comes_through(world: World, cuts: Callable[[int], object]) -> None:
    """Saved once, on both sides, whatever is cut. `cuts`: lets the nth call of a kind go wrong from now on."""
    ann = world.user(autosave__emails=True, resolve__kind="contact", resolve__require_outbound=False)
    busy_day(world)
    world.sync(ann)
    world.later(minutes=1)
    homer = {"address": "homer@globex.example", "name": "Homer"}
    world.appointment(ann, "Review", RequiredAttendees=[homer])
    world.record("Event", Subject="Visit", StartDateTime="2026-03-05T10:00:00Z", DurationInMinutes=30,
                 OwnerId=ann.crm_user_id)  # fmt: skip
    world.message(ann, "Order", sender="stranger@acme-labs.example")
    for nth in (1, 2, 3):
        cuts(nth)
        run_here(world.app, ann.id)
        world.later(minutes=30)
    world.sandbox.faults.clear()

    world.sync(ann)
    world.later(minutes=30)
    world.sync(ann)

    assert sorted(row["Subject"] for row in world.query("SELECT Subject FROM Event")) == ["Review", "Visit"]
    assert sorted(i["values"]["Subject"] for i in world.items(ann)) == ["Review", "Visit"]
    assert all("Salesforce" in i["values"]["Categories"] for f in ("calendar", "inbox") for i in world.items(ann, f))
    assert len(world.query("SELECT Id FROM EmailMessage")) == 1
    assert len(world.query("SELECT Id FROM EventRelation")) == 1
    assert len(world.query("SELECT Id FROM Contact WHERE Email = 'stranger@acme-labs.example'")) == 1
    assert len(world.query("SELECT Id FROM Account")) == 2
    world.writes()
    world.later(minutes=30)
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.every_mailbox
@pytest.mark.rule("IDN-8")
def test_a_lost_cursor_means_reading_again_without_duplicates_or_deletes(world: World) -> None:
    ann = world.user(autosave__appointments=True, autosave__emails=True)
    busy_day(world)
    world.later(minutes=1)
    kept = world.appointment(ann, "Kept")
    gone = world.appointment(ann, "Gone")
    world.message(ann, "Order", sender="homer@globex.example")
    world.sync(ann)
    world.discard(ann, gone)
    world.writes()
    world.lose_cursors(ann, "mailbox:calendar", "mailbox:inbox", "crm:event")

    world.later(minutes=30)
    world.sync(ann)

    assert [row["Subject"] for row in world.records("Event", "Subject")] == ["Kept"]
    assert kept in [item["id"] for item in world.items(ann)]
    assert len(world.query("SELECT Id FROM EmailMessage")) == 1


@pytest.mark.rule("TOP-22")
@pytest.mark.point("1.12.1")
def test_nothing_of_the_content_is_left_in_the_store_when_the_run_has_ended(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(autosave__emails=True, autosave__appointments=True)
    busy_day(world)
    world.later(minutes=1)
    world.appointment(ann, "Lunch")
    world.message(ann, "Order", sender="homer@globex.example")

    world.sync(ann)

    with world.app.store.reading() as unit:
        assert unit.workspace.left() == 0


@pytest.mark.point("1.13.3")
def test_one_user_never_has_two_runs(world: World) -> None:
    ann = world.user()
    claimed = []
    scheduling.dispatch_due(world.app, lambda run, stage: claimed.append((run, stage)))

    assert [stage for _, stage in claimed] == ["fetch"]
    with pytest.raises(BusyError):
        run_here(world.app, ann.id)
    assert scheduling.dispatch_due(world.app, lambda run, stage: claimed.append((run, stage))) == []


@pytest.mark.rule("INS-8")
@pytest.mark.point("1.5.1")
def test_the_interval_counts_from_the_beginning_of_a_run_however_long_it_takes(world: World) -> None:
    ann = world.user()
    world.appointment(ann, "Call", marked=True)
    began = world.now

    run_here(world.app, ann.id, on_stage=lambda _: world.later(minutes=4))
    assert world.now - began == timedelta(minutes=24)

    with world.app.store.reading() as unit:
        due = unit.accounts.user(ann.id).next_sync_at
    assert timedelta(minutes=27) <= due - began <= timedelta(minutes=33)


@pytest.mark.point("1.3.6")
def test_forcing_is_kept_to_one_run_a_minute_and_asking_often_is_asking_once(world: World) -> None:
    ann = world.user()
    world.sync(ann)

    due = {scheduling.force(world.app, ann.id) for _ in range(5)}

    assert due == {world.now + timedelta(seconds=60)}
    claimed: list[object] = []
    world.later(seconds=59)
    assert scheduling.dispatch_due(world.app, lambda run, stage: claimed.append(run)) == []
    world.later(seconds=1)
    assert len(scheduling.dispatch_due(world.app, lambda run, stage: claimed.append(run))) == 1


@pytest.mark.told_over("exchange", why="it counts the calls of EWS")
def test_an_idle_run_costs_one_call_a_folder_and_one_to_salesforce(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    world.later(minutes=1)
    world.appointment(ann, "Lunch")
    world.sync(ann)
    world.later(minutes=30)
    world.sync(ann)
    world.calls()

    world.later(minutes=30)
    run = world.sync(ann)

    assert world.calls() == {"ews": {"ews.SyncFolderItems": 4}, "salesforce": {"sf.composite": 1}}
    assert run.stage == "fetch"


@pytest.mark.rule("TOP-13")
def test_beyond_its_share_an_organization_lets_others_first_and_overtakes_none_of_its_own(
    world_on_both: World,
) -> None:
    world = world_on_both
    world.app.settings = world.app.settings.model_copy(update={"waiting_in_front": 2})
    users = [world.user(f"user{number}@acme.example") for number in range(5)]

    def dispatched() -> dict[int, bool]:
        return {each.ref.user_id: each.ref.patient for each in scheduling.dispatch_due(world.app, lambda *_: None)}

    assert list(dispatched().values()) == [False, False, True, True, True]
    with world.app.store.writing() as unit:  # all but the last are begun: he still waits
        for user in users[:4]:
            run = unit.runs.open_run(user.id)
            assert run is not None
            assert unit.runs.start_work(RunRef(run.id, user.id, run.token), world.now)
    late = world.user("late@acme.example")
    assert dispatched() == {late.id: True}

    world.later(minutes=10)
    again: dict[int, bool] = {}
    scheduling.recover_stalled(world.app, lambda run, _stage: again.update({run.user_id: run.patient}))
    assert again[users[4].id], "it waits where it has waited"
    assert not again[users[0].id], "what was begun is not made to wait again"


def test_a_run_whose_database_goes_away_goes_on_later_and_is_no_failure_of_its_user(
    sandbox: SandboxServer, postgres_server: PostgresServer, postgres_url: str, tmp_path: Path
) -> None:
    world = World(sandbox, postgres_url, tmp_path)
    ann = world.user(autosave__appointments=True)
    world.appointment(ann, "Lunch")

    def cut(_planned: Sequence[Operation]) -> None:
        """In the midst of a transaction."""
        name = sql.Literal(PostgresServer.name(postgres_url))
        postgres_server.do(
            sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(name)
        )

    run = run_here(world.app, ann.id, on_plan=cut)
    assert (run.state, run.error_code) == ("open", "")

    world.later(minutes=10)
    scheduling.recover_stalled(world.app, lambda ref, stage: go_through(world.app, ref, stage))
    with world.app.store.reading() as unit:
        [run], user = unit.runs.recent(ann.id, 10), unit.accounts.user(ann.id)
    assert (run.state, run.recovered, user.standing.failures) == ("done", 1, 0)
    assert len(world.query("SELECT Id FROM Event")) == 1
    world.close()
