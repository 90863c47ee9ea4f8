"""Several watches in one poll: what it costs, whose records they tell, and what leaves them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.protocols import Change, CrmChanges, Watch
from connectors.salesforce.reader import MOST_ROWS
from mapping.model.item import ItemKind
from tests.contract.salesforce_connector.world import SOON, World

EVENTS = Watch("event", ItemKind.EVENT, "Event")
TASKS = Watch("task", ItemKind.TASK, "Task")


def contacts(scope: str = "mine", held: Iterable[str] = (), where: str = "") -> Watch:
    return Watch("contact", ItemKind.CONTACT, "Contact", scope=scope, where=where, held=tuple(held))


class Polls:
    """Polls that go on from each other. A watch that fails keeps its cursor."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cursors: dict[str, str] = {}
        self.errors: dict[str, ConnectorError] = {}
        self.more: set[str] = set()

    def __call__(self, *watches: Watch, owner: str = "") -> dict[str, Change]:
        """The changes of all watches by id."""
        told = self.world.crm.changes(watches, owner or self.world.user_id, self.cursors)
        answers = {name: a for name, a in told.items() if isinstance(a, CrmChanges)}
        self.errors = {name: a for name, a in told.items() if isinstance(a, ConnectorError)}
        self.cursors |= {name: a.cursor for name, a in answers.items()}
        self.more = {name for name, a in answers.items() if a.more}
        return {change.ref.id: change for a in answers.values() for change in a.changes}


@pytest.fixture
def poll(world: World) -> Polls:
    return Polls(world)


def task(world: World, **values: object) -> str:
    return world.make("Task", **{"Subject": "Call", "Status": "Not Started", "Priority": "Normal", **values})


def made(world: World, kind: str) -> str:
    if kind == "Contact":
        return world.make("Contact", LastName="Ann")
    return world.event() if kind == "Event" else task(world)


def owners(told: Mapping[str, Change]) -> dict[str, str]:
    return {record_id: c.item.text("OwnerId") for record_id, c in told.items() if c.item is not None}


# --- one call


def test_all_kinds_cost_one_call_together(world: World, poll: Polls) -> None:
    made = {world.event(), task(world), world.make("Contact", LastName="Ann")}
    view = world.view(where="LastName LIKE 'A%'")
    watches = (EVENTS, TASKS, contacts(f"view:{view}"))
    poll(*watches)  # the condition of a view is asked for before it is used for the first time
    assert set(poll(*watches)) == set()
    held = (EVENTS, TASKS, contacts(f"view:{view}", made))
    for _ in range(2):
        with world.calls(1):
            assert poll(*held) == {}


def test_the_first_poll_of_all_kinds_costs_one_call(world: World, poll: Polls) -> None:
    made = {world.event(), task(world), world.make("Contact", LastName="Ann")}
    with world.calls(1):
        assert set(poll(EVENTS, TASKS, contacts())) == made


def test_more_than_five_statements_take_another_call(world: World, poll: Polls) -> None:
    others = [Watch(f"o{n}", ItemKind.CONTACT, "Opportunity", columns=("Name",)) for n in range(4)]
    with world.calls(2):
        poll(EVENTS, *others)


# --- a watch that fails


def test_a_list_that_is_refused_does_not_hold_up_the_others(world: World, poll: Polls) -> None:
    event, view = world.event(), world.view(where="Id IN (SELECT ContactId FROM CampaignMember)")
    told = poll(EVENTS, contacts(f"view:{view}"), Watch("visit", ItemKind.EVENT, "Visit__c", columns=("Name",)))
    assert set(told) == {event}
    assert {name: (e.fault, e.vendor_code) for name, e in poll.errors.items()} == {
        "contact": (Fault.INVALID, "LIST_VIEW_CAMPAIGN"),
        "visit": (Fault.NOT_FOUND, "Visit__c"),
    }


@pytest.mark.parametrize(
    ("watch", "code"),
    [
        (contacts(where="Id IN (SELECT ContactId FROM CampaignMember) OR Title = 'x'"), "MALFORMED_QUERY"),
        (contacts(where="Title ="), "MALFORMED_QUERY"),
        (contacts(where="Nothing__c = 1"), "INVALID_FIELD"),
        (contacts("view:00B000000000001"), "NOT_FOUND"),
        (contacts("view:Mine"), "SCOPE_UNKNOWN"),
        (contacts("ours"), "SCOPE_UNKNOWN"),
        (Watch("contact", ItemKind.CONTACT, "Calendar", columns=("Name",)), "SCOPE_NO_OWNER"),
        (Watch("contact", ItemKind.CONTACT, "Opportunity", columns=("Nothing__c",)), "INVALID_FIELD"),
    ],
)
def test_what_is_wrong_with_a_watch_is_told_by_its_code(watch: Watch, code: str, world: World, poll: Polls) -> None:
    event = world.event()
    assert set(poll(EVENTS, watch)) == {event}
    assert poll.errors["contact"].vendor_code == code
    assert poll.errors["contact"].scope.value == "container"


def test_one_lost_cursor_is_lost_for_its_watch_alone(world: World, poll: Polls) -> None:
    poll(EVENTS, contacts())
    poll.cursors["contact"] = "what is this"
    event = world.event()
    assert set(poll(EVENTS, contacts())) == {event}
    assert poll.errors["contact"].fault is Fault.CURSOR_LOST


def test_another_scope_or_condition_needs_another_cursor(world: World, poll: Polls) -> None:
    poll(contacts())
    poll(contacts("all"))
    assert poll.errors["contact"].fault is Fault.CURSOR_LOST
    poll(contacts(where="Title = 'CEO'"))
    assert poll.errors["contact"].fault is Fault.CURSOR_LOST


# --- what leaves


@pytest.mark.parametrize("kind", ["Event", "Task", "Contact"])
@pytest.mark.rule("ROL-9", "TSK-12", "CON-10")
def test_a_record_that_is_given_away_is_told_while_it_is_held(kind: str, world: World, poll: Polls) -> None:
    watch = {"Event": EVENTS, "Task": TASKS, "Contact": contacts()}[kind]
    given, kept = (made(world, kind) for _ in range(2))
    poll(watch)
    world.later(3600)
    bob = world.user("bob@acme.example")
    world.change(kind, given, OwnerId=bob)
    assert poll(watch) == {}  # nobody holds it, so nobody needs to know
    held = Watch(watch.name, watch.kind, watch.object, held=(given, kept))
    for _ in range(2):
        with world.calls(1):
            told = poll(held)
        assert owners(told) == {given: bob}
    assert set(poll(Watch(watch.name, watch.kind, watch.object), owner=bob)) == set()
    assert poll.errors[watch.name].fault is Fault.CURSOR_LOST  # a cursor is its owner's


def test_a_record_given_away_and_deleted_is_told_as_deleted(world: World, poll: Polls) -> None:
    event = world.event()
    poll(EVENTS)
    world.later()
    world.change("Event", event, OwnerId=world.user("bob@acme.example"))
    world.remove("Event", event)
    told = poll(Watch("event", ItemKind.EVENT, "Event", held=(event,)))
    assert [(c.ref.id, c.deleted) for c in told.values()] == [(event, True)]


def test_very_many_held_records_are_asked_about_in_turn(world: World, poll: Polls) -> None:
    given = world.make("Contact", LastName="Ann")
    poll(contacts())
    world.change("Contact", given, OwnerId=world.user("bob@acme.example"))
    held = [f"003A01{number:09d}AAA" for number in range(4000)]
    told = []
    for _ in range(6):
        with world.calls(1):
            told.append(set(poll(contacts(held=[*held, given]))))
    assert [given] == sorted({record_id for some in told[:3] for record_id in some})
    assert told[:3] == told[3:]  # three polls ask about all of them


# --- list views


@pytest.mark.rule("CON-2")
def test_a_list_view_tells_its_own_contacts_whoever_owns_them(world: World, poll: Polls) -> None:
    bob = world.user("bob@acme.example")
    ceo = world.make("Contact", LastName="Ann", Title="CEO", OwnerId=bob)
    world.make("Contact", LastName="Bob", Title="Clerk")
    where = r"Title = 'CEO' OR Title = 'the one\'s FROM x WHERE y ORDER BY z'"
    watch = contacts(f"view:{world.view(where=where)}")
    with world.calls(2):
        assert set(poll(watch)) == {ceo}
    world.later()
    other = world.make("Contact", LastName="Cid", Title="CEO", OwnerId=bob)
    with world.calls(1):
        assert set(poll(watch)) == {other}


def test_a_list_view_of_ones_own_is_that_of_the_user(world: World, poll: Polls) -> None:
    bob = world.user("bob@acme.example")
    mine, his = world.make("Contact", LastName="A"), world.make("Contact", LastName="B", OwnerId=bob)
    watch = contacts(f"view:{world.view(scope='mine')}")
    assert set(poll(watch)) == {mine}
    poll.cursors.clear()
    assert set(poll(watch, owner=bob)) == {his}


@pytest.mark.rule("CON-10")
def test_a_contact_that_falls_out_of_the_list_is_told_as_left(world: World, poll: Polls) -> None:
    one, other = (world.make("Contact", LastName=name, Title="CEO") for name in ("Ann", "Bob"))
    scope = "view:" + world.view(where="Title = 'CEO'")
    poll(contacts(scope))
    world.change("Contact", one, Title="Clerk")
    with world.calls(1):
        told = poll(contacts(scope, (one, other)))
    assert {record_id: c.item.flag("Left") for record_id, c in told.items() if c.item is not None} == {one: True}


@pytest.mark.rule("CON-10")
def test_a_list_view_with_another_condition_is_read_again(world: World, poll: Polls) -> None:
    ceo = world.make("Contact", LastName="Ann", Title="CEO")
    clerk = world.make("Contact", LastName="Bob", Title="Clerk")
    view = world.view(where="Title = 'CEO'")
    poll(contacts(f"view:{view}"))
    world.later(600)
    world.view(id=view, where="Title = 'Clerk'")
    with world.calls(2):
        told = poll(contacts(f"view:{view}", (ceo,)))
    assert {record_id: c.item.flag("Left") for record_id, c in told.items() if c.item is not None} == {
        ceo: True,
        clerk: False,
    }
    with world.calls(1):
        assert set(poll(contacts(f"view:{view}", (clerk,)))) == set()


def test_all_contacts_are_those_of_everybody(world: World, poll: Polls) -> None:
    bob = world.user("bob@acme.example")
    told = {world.make("Contact", LastName="A"), world.make("Contact", LastName="B", OwnerId=bob)}
    assert set(poll(contacts("all"))) == told
    world.later()
    world.change("Contact", min(told), OwnerId=bob)
    assert set(poll(contacts("all", held=told))) == {min(told)}


# --- very many records


@pytest.mark.rule("CON-14")
def test_more_contacts_than_fit_into_an_answer_come_in_parts(world: World, poll: Polls) -> None:
    count = 2 * MOST_ROWS + 500
    rows = [{"object": "Contact", "fields": {"LastName": f"Contact {n}"}} for n in range(count)]
    world.control("records", rows)
    told: list[str] = []
    for calls, last in ((1, False), (1, False), (1, True)):
        with world.calls(calls):
            told += poll(contacts())
        assert (poll.more == set()) is last
    assert len(told) == len(set(told)) == count
    for _ in range(2):
        world.later(7000)
        while poll(contacts()) and poll.more:
            pass  # while the rows are young all of them are looked at again
    with world.calls(1):
        assert poll(contacts()) == {}


def test_a_row_that_changes_while_a_long_reading_goes_on_is_told_in_the_end(world: World, poll: Polls) -> None:
    ids = world.control(
        "records", [{"object": "Contact", "fields": {"LastName": str(n)}} for n in range(MOST_ROWS + 1)]
    )
    poll(contacts())
    world.later()
    world.change("Contact", ids["ids"][0], LastName="New")
    told = poll(contacts())
    assert poll.more == set()
    item = told[ids["ids"][0]].item
    assert item is not None
    assert item.text("LastName") == "New"


# --- other objects


def visits(held: Iterable[str] = (), **more: str) -> Watch:
    times = {"starts": "Starts__c", "ends": "Ends__c", **more}
    return Watch("visit", ItemKind.EVENT, "Visit__c", columns=("Name", "Place__c"), held=tuple(held), **times)


@pytest.fixture
def visited(world: World) -> World:
    world.switch(visits=True)
    return world


def visit(world: World, name: str, start: datetime, **values: object) -> str:
    times = {"Starts__c": start.isoformat(), "Ends__c": (start + timedelta(hours=1)).isoformat()}
    return world.make("Visit__c", Name=name, **times, **values)


def test_another_object_is_told_by_the_columns_that_date_it(visited: World, poll: Polls) -> None:
    soon = visit(visited, "Soon", SOON, Place__c="Berlin", Status__c="Planned")
    visit(visited, "Long ago", SOON - timedelta(days=60))
    visit(visited, "Not mine", SOON, OwnerId=visited.user("bob@acme.example"))
    with visited.calls(2):  # its describe, which the caller keeps, and the poll
        told = poll(EVENTS, visits())
    assert set(told) == {soon}
    item = told[soon].item
    assert item is not None
    assert set(item.fields) == {
        "Id", "SystemModstamp", "IsDeleted", "OwnerId", "Name", "Place__c", "Starts__c", "Ends__c",
    }  # fmt: skip
    assert (item.fields["Starts__c"], item.ref.container) == (SOON, "Visit__c")
    assert visited.crm.shape().has("Visit__c", "Day__c")
    visited.later()
    visited.remove("Visit__c", soon)
    with visited.calls(1):
        assert poll(EVENTS, visits())[soon].deleted


def test_another_column_may_say_whose_a_record_is(visited: World, poll: Polls) -> None:
    visited.switch(
        custom_fields={"Visit__c": [{"name": "Guide__c", "type": "reference", "length": 18, "to": ["User"]}]}
    )
    me, bob = visited.user_id, visited.user("bob@acme.example")
    mine = visit(visited, "Mine", SOON, OwnerId=bob, Guide__c=me)
    visit(visited, "His", SOON, OwnerId=me, Guide__c=bob)
    visit(visited, "Nobody's", SOON, OwnerId=me)
    assert set(poll(visits(owner="Guide__c"))) == {mine}

    visited.later()
    visited.change("Visit__c", mine, Guide__c=None)
    with visited.calls(1):
        told = poll(visits(held=[mine], owner="Guide__c"))
    item = told[mine].item
    assert item is not None
    assert (item.get("Guide__c"), item.get("OwnerId")) == (None, bob)


def test_objects_are_told_with_what_people_call_them(visited: World, poll: Polls) -> None:
    poll(EVENTS, visits())

    labels = visited.crm.shape().labels
    assert (labels["Visit__c"], labels["Opportunity"]) == ("Visit", "Opportunity")


def test_a_date_dates_a_record_too(visited: World, poll: Polls) -> None:
    today = datetime.now(UTC).date()
    soon = visited.make("Visit__c", Name="Soon", Day__c=today.isoformat())
    visited.make("Visit__c", Name="Long ago", Day__c=(today - timedelta(days=60)).isoformat())
    told = poll(Watch("visit", ItemKind.EVENT, "Visit__c", starts="Day__c"))
    assert set(told) == {soon}
    item = told[soon].item
    assert item is not None
    assert item.fields["Day__c"] == today


def test_a_record_that_leaves_the_administrators_condition_is_told_as_left(visited: World, poll: Polls) -> None:
    one = visit(visited, "One", SOON, Status__c="Planned")
    where = {"where": "Status__c = 'Planned' OR Status__c = 'Done'"}
    assert set(poll(visits(**where))) == {one}
    visited.later()
    visited.change("Visit__c", one, Status__c="Cancelled")
    told = poll(visits(**where, held=(one,)))
    assert [c.item.flag("Left") for c in told.values() if c.item is not None] == [True]


def test_a_condition_may_not_reach_around_the_scope(visited: World, poll: Polls) -> None:
    mine = visit(visited, "Mine", SOON, Status__c="Planned")
    visit(visited, "His", SOON, OwnerId=visited.user("bob@acme.example"), Status__c="Done")
    assert set(poll(visits(where="Status__c = 'Planned' OR Status__c = 'Done'"))) == {mine}


# --- invited


def test_an_invitation_that_is_withdrawn_is_told_while_the_event_is_held(world: World, poll: Polls) -> None:
    bob = world.user("bob@acme.example")
    event = world.event()
    relation = world.make("EventRelation", EventId=event, RelationId=bob)
    told = poll(EVENTS, owner=bob)
    assert {record_id: c.item.flag("Invited") for record_id, c in told.items() if c.item} == {event: True}
    world.later()
    world.change("Event", event, Location="Room 2")
    assert set(poll(EVENTS, owner=bob)) == {event}
    world.later()
    world.remove("EventRelation", relation)
    told = poll(Watch("event", ItemKind.EVENT, "Event", held=(event,)), owner=bob)
    assert {record_id: c.item.flag("Invited") for record_id, c in told.items() if c.item} == {event: False}
    assert owners(told) == {event: world.user_id}
