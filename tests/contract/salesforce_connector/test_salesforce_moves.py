"""What moved in a whole organization: what it costs, what it tells of whom, and what it looks back for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.protocols import CrmChanges, Moves, Watch
from connectors.salesforce import moves
from connectors.salesforce.moves import is_plain
from mapping.model.item import ItemKind
from tests.contract.salesforce_connector.world import World

ALL = ("Event:OwnerId", "Task:OwnerId", "Contact:OwnerId")
EVENTS = Watch("event", ItemKind.EVENT, "Event")
TASK = {"Subject": "Call", "Status": "Not Started", "Priority": "Normal"}


class Look:
    """Looks that go on from each other."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cursors: dict[str, str] = {}
        self.errors: dict[str, ConnectorError] = {}
        self.began: set[str] = set()

    def __call__(self, topics: Iterable[str] = ALL) -> dict[str, frozenset[str]]:
        """By id of the record, whom it concerns."""
        told = self.world.crm.moves(tuple(topics), self.cursors)
        answers = {name: a for name, a in told.items() if isinstance(a, Moves)}
        self.errors = {name: a for name, a in told.items() if isinstance(a, ConnectorError)}
        self.cursors = {name: a.cursor for name, a in answers.items()}
        self.began = {name for name, a in answers.items() if a.begins}
        return {move.id: move.people for a in answers.values() for move in a.moves}


@pytest.fixture
def look(world: World) -> Look:
    """One that has begun a minute ago."""
    made = Look(world)
    made()
    world.later()
    return made


def test_it_begins_with_one_call_however_much_there_is(world: World) -> None:
    for number in range(30):
        world.make("Contact", LastName=f"No. {number}")
    first = Look(world)
    with world.calls(1):
        assert first() == {}
    assert first.began == {"Event", "Task", "Contact"}


def test_all_kinds_cost_one_call_and_what_did_not_move_is_told_once(world: World, look: Look) -> None:
    made = {world.event(), world.make("Task", **TASK), world.make("Contact", LastName="Ann")}
    with world.calls(1):
        told = look()
    assert told == dict.fromkeys(made, frozenset({world.user_id}))
    world.later()
    with world.calls(1):
        assert look() == {}
    assert look.began == set()


def test_who_owns_a_record_now_is_told_and_so_are_deleted_and_restored_ones(world: World, look: Look) -> None:
    bob = world.user("bob@acme.example")
    event = world.event()
    look()
    for change in (
        lambda: world.change("Event", event, OwnerId=bob),
        lambda: world.remove("Event", event),
    ):
        world.later()
        change()
        assert look() == {event: frozenset({bob})}


def test_whoever_is_invited_is_told_with_the_event_and_whenever_somebody_answers(world: World, look: Look) -> None:
    me, bob, cid = world.user_id, world.user("bob@acme.example"), world.user("cid@acme.example")
    event = world.event()
    look()
    world.later()
    relation = world.make("EventRelation", EventId=event, RelationId=bob)
    world.make("EventRelation", EventId=event, RelationId=cid)
    assert look()[event] == {me, bob, cid}
    world.later()
    world.change("EventRelation", relation, Status="Accepted")
    assert look()[event] == {me, bob}
    world.later()
    world.change("Event", event, Subject="Another")
    assert look()[event] == {me, bob, cid}
    world.later()
    world.remove("EventRelation", relation)
    assert look()[event] == {me, bob}


@pytest.mark.parametrize("minutes", [4, 10])
def test_a_change_that_is_committed_as_late_as_a_transaction_may_last_is_not_lost(
    world: World, look: Look, minutes: int
) -> None:
    world.switch(commit_delay_seconds=0)
    world.later(minutes * 60)
    world.event("The newest")
    look()
    world.switch(commit_delay_seconds=minutes * 60)
    late = world.event("Stamped before the last look, visible after it")
    assert late in look()


def test_who_changed_it_last_is_told(world: World, look: Look) -> None:
    contact = world.make("Contact", LastName="Ann")
    told = world.crm.moves(ALL, look.cursors)["Contact"]
    assert isinstance(told, Moves)
    assert [(move.id, move.by) for move in told.moves] == [(contact, world.user_id)]


def test_an_object_that_fails_begins_anew_and_the_others_go_on(world: World, look: Look) -> None:
    look([*ALL, "Nowhere__c:OwnerId"])
    assert set(look.errors) == {"Nowhere__c"}
    event = world.event()
    assert set(look()) == {event}


def test_more_than_anybody_would_read_is_refused_and_then_it_begins_anew(
    world: World, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(moves, "MOST_ROWS", 3)
    for number in range(3):
        world.make("Contact", LastName=f"No. {number}")
    look()
    assert {name: error.fault for name, error in look.errors.items()} == {"Contact": Fault.CURSOR_LOST}
    monkeypatch.undo()
    look()
    assert look.began == {"Contact"}


def test_with_another_column_or_list_it_begins_anew(world: World, look: Look) -> None:
    view = world.view(where="Title = 'Boss'")
    topics = (*ALL, f"Contact:view:{view}")
    look(topics)
    assert look.began == {"Contact"}
    world.later()
    with world.calls(1):
        look(topics)
    assert look.began == set()
    world.view(where="Title = 'Clerk'", id=view)
    look(topics)
    assert look.began == {"Contact"}


# --- what users make of it


def polled(world: World, *watches: Watch, cursors: dict[str, str]) -> dict[str, str]:
    told = world.crm.changes(watches, world.user_id, cursors)
    return {name: answer.cursor for name, answer in told.items() if isinstance(answer, CrmChanges)}


def test_cursors_come_out_as_a_poll_would_have_left_them(world: World) -> None:
    watches = (EVENTS, Watch("contact", ItemKind.CONTACT, "Contact"))
    world.event()
    world.make("Contact", LastName="Ann")
    cursors = polled(world, *watches, cursors={})
    for seconds in (60, 600, 3600, 7200, 20 * 3600):
        world.later(seconds)
        now = world.sandbox.clock.now()
        with world.calls(0):
            found = world.crm.unmoved(watches, world.user_id, cursors, now, 1, {})
        cursors = polled(world, *watches, cursors=cursors)
        assert found == cursors


@pytest.mark.parametrize(
    "more",
    [{"cursors": {}}, {"cursors": {"event": "not a cursor"}}, {"owner": "005000000000000AAA"},
     {"held": tuple(f"00U{n:015d}" for n in range(2000))}],
    ids=["no cursor", "no such cursor", "of somebody else", "many held records"],
)  # fmt: skip
def test_where_a_poll_alone_can_tell_no_cursor_comes_out(world: World, more: dict[str, Any]) -> None:
    world.event()
    cursors = more.get("cursors", polled(world, EVENTS, cursors={}))
    watch = Watch("event", ItemKind.EVENT, "Event", held=more.get("held", ()))
    now, owner = world.sandbox.clock.now(), more.get("owner", world.user_id)
    assert world.crm.unmoved([watch], owner, cursors, now, 1, {}) is None


@pytest.mark.parametrize(
    ("watch", "topic"),
    [
        (EVENTS, "Event:OwnerId"),
        (Watch("contact", ItemKind.CONTACT, "Contact", "all"), "Contact:*"),
        (Watch("c", ItemKind.CONTACT, "Contact", "view:00B000000000001"), "Contact:view:00B000000000001"),
        (Watch("c", ItemKind.CONTACT, "Contact", where="Title = 'Boss'"), "Contact:OwnerId"),
        (Watch("c", ItemKind.CONTACT, "Contact", where="Account.Name = 'Globex'"), None),
        (Watch("c", ItemKind.CONTACT, "Contact", "everybody"), None),
        (Watch("c", ItemKind.CONTACT, "Nowhere__c"), None),
    ],
)
def test_what_a_watch_listens_to(world: World, watch: Watch, topic: str | None) -> None:
    assert world.crm.topics([watch]) == (None if topic is None else (topic,))
    assert world.crm.topics([EVENTS, watch]) == (None if topic is None else tuple(sorted({"Event:OwnerId", topic})))


@pytest.mark.parametrize(
    ("condition", "plain"),
    [
        ("", True),
        ("title = 'TODAY' AND (NOT LastName LIKE 'O\\'Hara%')", True),
        ("Title IN ('a', 'b') OR MailingCity INCLUDES ('x')", True),
        ("LastModifiedDate >= 2026-01-01T00:00:00Z", True),
        ("LastModifiedDate >= LAST_N_DAYS:3", False),
        ("Birthdate = TODAY", False),
        ("Owner.Alias = 'x'", False),
        ("Name = 'x'", False),
    ],
)
def test_a_condition_is_plain_when_nothing_but_an_edit_changes_what_it_says(
    world: World, condition: str, plain: bool
) -> None:
    assert is_plain(condition, "Contact", world.crm.shape()) is plain
