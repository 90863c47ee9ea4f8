"""What is kept about a person: told on demand, erased on demand, and no table can be forgotten."""

from __future__ import annotations

import pytest
from sqlalchemy import LargeBinary, String

from sync_tasks.services import privacy, undoing
from sync_tasks.state.models import Base
from tests.support.strangers import seller
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

LENNY = "lenny@plant.example"
GUEST = [{"address": LENNY, "name": "Lenny Leonard"}]


@pytest.mark.rule("TOP-22")
def test_every_table_says_what_it_holds_of_people() -> None:
    assert set(privacy.HELD) == set(Base.metadata.tables)


@pytest.mark.rule("TOP-22")
def test_no_column_for_addresses_or_sealed_values_is_left_out() -> None:
    without = {
        f"{name}.{column.name}"
        for name, table in Base.metadata.tables.items() if privacy.HELD[name].find is None
        for column in table.columns
        if isinstance(column.type, LargeBinary) or (isinstance(column.type, String) and "address" in column.name)
    }  # fmt: skip
    # keys and secrets, and what lives only as long as a run or a log-in is open
    assert without == {
        "credential.sealed", "kept_secret.sealed", "consent.sealed", "journal.key", "sync_run.run_key",
        "staged_item.sealed", "operation.sealed", "push_subscription.address", "push_subscription.sealed",
    }  # fmt: skip


def told_of(world: World, *, known: bool = True) -> World:
    """A store that knows Lenny in every way that runs of a user leave behind."""
    ann = seller(world, resolve__kind="lead", resolve__daily_most=0)
    world.message(ann, "Offer", sender=LENNY)
    item = world.appointment(ann, "Visit", marked=True, RequiredAttendees=GUEST)
    world.sync(ann)
    world.later(minutes=30)
    if known:
        world.record("Contact", LastName="Leonard", Email=LENNY)
    world.edit(ann, item, Body=f"Ask {LENNY} for the plans")
    world.appointment(ann, "Second visit", marked=True, RequiredAttendees=GUEST)
    world.sync(ann)
    return world


@pytest.mark.any_mailbox(why="what is told stands in our own tables")
@pytest.mark.rule("TOP-22")
def test_everything_about_an_address_is_told_and_that_is_noted(world: World) -> None:
    told_of(world, known=False)

    told = privacy.export(world.app, f" {LENNY.upper()} ", by="console")

    assert told.tables["unresolved"][0]["person"]["address"] == LENNY
    assert told.stays
    with world.app.store.reading() as unit:
        noted = unit.personal.with_text("admin_audit", ("action",), "person.export")
    assert len(noted) == 1
    assert LENNY not in str(noted)
    assert privacy.erase(world.app, LENNY, by="console").tables.keys() == {"unresolved"}
    assert privacy.export(world.app, LENNY, by="console").tables == {}


@pytest.mark.rule("TOP-22")
def test_what_is_erased_is_not_found_again_and_both_sides_are_not_touched(world_on_both: World) -> None:
    world = told_of(world_on_both)
    stands = world.control_get("dump")
    world.writes()

    erased = privacy.erase(world.app, LENNY, by="console")

    assert {"before_image", "linking"} <= erased.tables.keys()
    assert world.writes() == {}
    assert world.control_get("dump") == stands
    assert privacy.erase(world.app, LENNY, by="console").tables == {}
    left = privacy.export(world.app, LENNY, by="console").tables
    assert set(left) <= {name for name, held in privacy.HELD.items() if held.stays}
    assert world.last is not None
    undone = undoing.undo(world.app, world.last.id)  # what was erased is not undone, and all else is
    assert undone.state == "done"


@pytest.mark.any_mailbox(why="what is told stands in our own tables")
@pytest.mark.rule("TOP-22")
def test_a_user_is_told_whole_and_deleted_before_anything_is_erased(world: World) -> None:
    told_of(world)

    told = privacy.export(world.app, "ann@acme.example", by="console")
    assert {"app_user", "pair", "sync_run", "decision"} <= told.tables.keys()

    with pytest.raises(privacy.StillAUserError, match="user delete"):
        privacy.erase(world.app, "ann@acme.example", by="console")
