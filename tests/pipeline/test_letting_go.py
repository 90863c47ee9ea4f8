"""How much of us goes when a mailbox is reset or a user deleted, and what the next run makes of it: every cell."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text

from mapping.rules.standing import RefusedError
from sync_tasks.services import lifecycle
from sync_tasks.services.lifecycle import Next, NotPartedError, Take
from sync_tasks.state.records import UserView
from tests.pipeline.test_events import TRACKED
from tests.pipeline.test_lifecycle import furnished, listed, now, stays
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

# what stands in the mailbox with our mark, what without, and what in Salesforce
Left = tuple[set[str], set[str], set[str]]
EVERYTHING = {"Lunch", "Review", "Visit"}
AFTER: dict[Take, Left] = {
    Take.NOTHING: (EVERYTHING, set(), EVERYTHING),
    Take.MARKS: (EVERYTHING, set(), EVERYTHING),
    Take.LINKS: (set(), {"Lunch", "Review"}, EVERYTHING),
    Take.RECORDS: (set(), {"Lunch", "Review"}, {"Visit"}),
}
# what the next run, after somebody enabled the user again, makes of that
AGAIN: dict[tuple[Take, Next], Left] = {
    (Take.NOTHING, Next.ALL): (EVERYTHING, set(), EVERYTHING),
    (Take.NOTHING, Next.NEW): (EVERYTHING, set(), EVERYTHING),
    (Take.MARKS, Next.ALL): (EVERYTHING, set(), EVERYTHING),
    (Take.MARKS, Next.NEW): (EVERYTHING, set(), EVERYTHING),
    (Take.LINKS, Next.ALL): (EVERYTHING, set(), EVERYTHING),
    (Take.LINKS, Next.NEW): (set(), {"Lunch", "Review"}, EVERYTHING),
    (Take.RECORDS, Next.ALL): ({"Review", "Visit"}, {"Lunch"}, {"Review", "Visit"}),
    (Take.RECORDS, Next.NEW): (set(), {"Lunch", "Review"}, {"Visit"}),
}


def left(world: World, user: UserView) -> Left:
    items = {each["values"]["Subject"]: each["values"].get("Categories", []) for each in world.items(user)}
    marked = {subject for subject, categories in items.items() if categories == TRACKED}
    events = world.query("SELECT Subject FROM Event WHERE IsChild = false")
    assert len(events) == len({row["Subject"] for row in events})
    return marked, items.keys() - marked, {row["Subject"] for row in events}


@pytest.mark.rule("TOP-24")
@pytest.mark.parametrize("take", Take)
@pytest.mark.parametrize("after", Next)
def test_a_reset_takes_as_much_as_is_said_and_the_next_run_does_as_it_was_told(
    world: World, take: Take, after: Next
) -> None:
    ann = furnished(world)
    world.later(minutes=5)

    seen = lifecycle.look(world.app, ann, take)
    assert left(world, ann) == (EVERYTHING, set(), EVERYTHING)  # it only looked
    lifecycle.reset_mailbox(world.app, now(world, ann), take, after)

    assert left(world, ann) == AFTER[take]
    assert (seen is not None) == (take in (Take.LINKS, Take.RECORDS))
    assert (now(world, ann).status, now(world, ann).standing.initialized_at) == ("disabled", None)
    with world.app.store.writing() as unit:
        unit.accounts.set_user(ann.id, disabled_at=None)
    for _ in range(2):
        world.later(minutes=30)
        world.sync(ann)
        assert left(world, ann) == AGAIN[take, after]
    assert world.mails() == 0


@pytest.mark.rule("TOP-24")
@pytest.mark.parametrize("take", [Take.NOTHING, Take.MARKS])
def test_a_reset_takes_our_entries_out_of_the_list_of_categories_unless_nothing_shall_go(
    world: World, take: Take
) -> None:
    ann = furnished(world)
    assert listed(world, ann) == world.mailboxes.marks

    lifecycle.reset_mailbox(world.app, now(world, ann), take)

    assert listed(world, ann) == (world.mailboxes.marks if take is Take.NOTHING else stays(world))


@pytest.mark.rule("TOP-24")
@pytest.mark.parametrize("take", Take)
def test_a_deleted_user_leaves_as_little_behind_as_is_said_and_nothing_in_the_database(
    world: World, take: Take
) -> None:
    ann = furnished(world)

    lifecycle.delete(world.app, ann, take, force=take is Take.NOTHING)

    assert left(world, ann) == AFTER[take]
    with world.app.store.engine.connect() as connection:
        for table in inspect(connection).get_table_names():
            columns = {column["name"] for column in inspect(connection).get_columns(table)}
            if "user_id" in columns:
                assert connection.execute(text(f"SELECT count(*) FROM {table} WHERE user_id = {ann.id}")).scalar() == 0
        assert connection.execute(text("SELECT count(*) FROM app_user")).scalar() == 0
        told = connection.execute(text("SELECT action, subject FROM admin_audit ORDER BY id DESC")).first()
    assert told == ("user.delete", ann.address)


@pytest.mark.rule("TOP-24")
@pytest.mark.point("1.3.4")
def test_a_user_whose_mailbox_holds_something_of_ours_is_not_deleted_unforced(world: World) -> None:
    ann = furnished(world)

    with pytest.raises(RefusedError):
        lifecycle.delete(world.app, ann)

    assert now(world, ann).status == "enabled"
    lifecycle.reset_mailbox(world.app, now(world, ann))
    lifecycle.delete(world.app, now(world, ann))
    with world.app.store.reading() as unit:
        assert unit.accounts.users() == []


@pytest.mark.rule("TOP-24")
def test_a_deletion_that_breaks_off_runs_nobody_and_is_ended_by_doing_it_again(world: World) -> None:
    ann = furnished(world)
    world.trouble("read", drop_before=True)

    with pytest.raises(NotPartedError):
        lifecycle.delete(world.app, ann, Take.LINKS)
    assert now(world, ann).status == "deprovisioning"

    lifecycle.delete(world.app, now(world, ann), Take.LINKS)
    assert left(world, ann) == AFTER[Take.LINKS]
