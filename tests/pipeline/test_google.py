"""Stories that only Google Workspace has: labels instead of folders, colours as marks, and what a run costs there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from connectors.google import gmail
from mapping.model.reasons import Reason
from sync_tasks.services.scheduling import run_here
from sync_tasks.state.records import UserView
from tests.pipeline.test_emails import HOMER, known, shared
from tests.pipeline.test_files import files_of, record_of, told_of
from tests.support.google_kind import Google
from tests.support.world import World

pytestmark = pytest.mark.told_over("google", why="these are its own ways")


def content(world: World, user: UserView) -> dict[str, Any]:
    return world.control_get("google/users", address=user.address)


def labels(world: World, user: UserView) -> list[list[str]]:
    return [sorted(each["labels"]) for each in content(world, user)["messages"]]


def acts(world: World, user: UserView, what: str, **given: Any) -> dict[str, Any]:
    return world.control(f"google/{what}", mailbox=user.address, **given)


def settled(world: World, user: UserView, runs: int = 3) -> None:
    """Nothing comes back, nothing else goes: some more runs write nothing."""
    world.writes()
    for _ in range(runs):
        world.later(minutes=30)
        world.sync(user)
    assert world.writes() == {}


@pytest.mark.rule("WAY-4", "MKM-1")
def test_the_label_saves_an_archived_mail_and_stays_where_people_put_it(world: World) -> None:
    ann = world.user()
    known(world)
    world.sync(ann)
    mail = world.message(ann, "Order", sender=HOMER)
    world.later(minutes=1)
    acts(world, ann, "messages/labels", id=mail, add=["Salesforce Emails", "Family"], remove=["INBOX"])
    world.sync(ann)

    assert [mail["Subject"] for mail in shared(world)] == ["Order"]
    assert labels(world, ann) == [["Family", "Salesforce Emails", "Tracked successfully"]]
    settled(world, ann)


@pytest.mark.rule("MKM-1", "MKM-2")
def test_a_mail_that_was_saved_by_itself_stays_in_the_inbox(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    world.message(ann, "Order", sender=HOMER)
    world.sync(ann)

    assert len(shared(world)) == 1
    assert labels(world, ann) == [["INBOX", "Salesforce Emails", "Tracked successfully"]]
    settled(world, ann)


def test_a_full_inbox_comes_run_by_run_and_the_next_one_follows_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gmail, "AT_ONCE", 2)
    ann = world.user(autosave__emails=True)
    known(world)
    for number in range(5):
        world.message(ann, f"Order {number}", sender=HOMER)
    world.sync(ann)
    assert len(shared(world)) == 2
    with world.app.store.reading() as unit:
        assert unit.accounts.user(ann.id).next_sync_at <= world.now + timedelta(minutes=1)
    for _ in range(2):
        world.later(minutes=1)
        world.sync(ann)
    assert len(shared(world)) == 5
    settled(world, ann)


def test_a_run_in_which_nothing_happened_costs_one_call_for_each_service(world: World) -> None:
    ann = world.user(tasks__enabled=True, contacts__enabled=True, autosave__emails=True)
    known(world)
    world.appointment(ann, "Lunch", marked=True)
    world.message(ann, "Order", sender=HOMER)
    for _ in range(3):
        world.sync(ann)
        world.later(minutes=30)
    world.calls()
    world.sync(ann)

    assert world.calls() == {
        "google": {
            "google.calendar.events.list": 1, "google.gmail.users.history.list": 1, "google.tasks.tasks.list": 1,
            "google.people.people.connections.list": 1,
        },
        "salesforce": {"sf.composite": 1},
    }  # fmt: skip


def test_a_colour_marks_an_event_and_gives_way_to_the_one_that_stood_there(world: World) -> None:
    with world.app.store.writing() as unit:
        facts, secrets = Google(world.mailboxes._handle).connection()
        connection = unit.accounts.put_connection(
            world.org, None, "mailbox", "google", {**facts, "mark_colour": "blueberry", "error_colour": "tomato"}
        )
        for name, value in secrets.items():
            unit.accounts.put_credential(connection, name, world.app.seal_secret(connection, name, value))
    ann = world.user()
    item = world.appointment(ann, "Lunch")
    acts(world, ann, "events/update", id=item, values={"colorId": "9"})
    world.sync(ann)
    assert world.event("Lunch") is not None

    acts(world, ann, "events/update", id=item, values={"colorId": "5"})
    world.sync(ann)
    (event,) = content(world, ann)["events"]
    assert event["colorId"] == "9", "the colour of a saved event comes back (MRK-6)"
    settled(world, ann)

    world.remove("Event", str(world.saved("Lunch")["Id"]))
    world.sync(ann)
    (event,) = content(world, ann)["events"]
    assert event["colorId"] == "5"


@pytest.mark.rule("DEL-10")
def test_guests_never_hear_of_what_we_write(world: World) -> None:
    ann = world.user()
    known(world)
    guests = [{"address": HOMER, "name": "Homer", "response": "Accept"}]
    world.appointment(ann, "Review", marked=True, RequiredAttendees=guests)
    world.sync(ann)
    world.later(minutes=30)
    world.change("Event", str(world.saved("Review")["Id"]), Location="Room 7")
    world.sync(ann)

    (event,) = content(world, ann)["events"]
    assert (event["location"], event["attendees"][0]["responseStatus"]) == ("Room 7", "accepted")
    assert world.mails() == 0


@pytest.mark.rule("FLD-1")
def test_the_reminder_that_the_calendar_has_by_itself_goes_up_with_new_events_and_occurrences(world: World) -> None:
    ann = world.user()
    start = world.now + timedelta(days=2)
    world.appointment(ann, "Lunch", start=start, marked=True)
    daily = world.series(ann, "Round", "FREQ=DAILY;COUNT=2", start=start, marked=True)
    world.edit_occurrence(ann, daily, start + timedelta(days=1), Subject="Round elsewhere")

    world.sync(ann)

    reminded = world.query("SELECT Subject, IsReminderSet FROM Event ORDER BY Subject")
    assert [(row["Subject"], row["IsReminderSet"]) for row in reminded] == [
        ("Lunch", True), ("Round", True), ("Round elsewhere", True),
    ]  # fmt: skip


CHIP = (
    '<div class="gmail_chip gmail_drive_chip"><a href="https://drive.google.com/file/d/{id}/view?usp=drive_web" '
    'aria-label="{name}"><img src="icon.png"><span>{name}</span></a></div>'
)


def send_with_files(world: World, user: UserView, *names: str) -> None:
    """A mail that shows files of Drive below its text, and quotes one that showed another."""
    kinds: dict[str, dict[str, Any]] = {
        "plan.pdf": {"type": "application/pdf", "text": "The plan"}, "film.mp4": {"bytes": 26 * 1024 * 1024},
        "Notes": {"type": "application/vnd.google-apps.document"}, "old.pdf": {"text": "old"},
    }  # fmt: skip
    ids = {name: acts(world, user, "files", name=name, **kinds[name])["id"] for name in (*names, "old.pdf")}
    chips = {name: CHIP.format(id=ident, name=name) for name, ident in ids.items()}
    quoted = f'<div class="gmail_quote">On Monday somebody wrote: {chips.pop("old.pdf")}</div>'
    letter = {
        "from": {"address": HOMER}, "to": [{"address": user.address}], "subject": "Plan", "text": "See below",
        "html": f"<div>See below</div>{''.join(chips.values())}{quoted}", "message_id": "<1@globex.example>",
    }  # fmt: skip
    acts(world, user, "messages", message=letter, labels=["INBOX"], at=world.now.isoformat())


def with_drive(world: World) -> None:
    with world.app.store.writing() as unit:
        facts = {**world.mailboxes.connection()[0], "services": "calendar,gmail,tasks,people,drive"}
        unit.accounts.put_connection(world.org, None, "mailbox", "google", facts)


@pytest.mark.rule("FIL-5", "FIL-3")
def test_files_of_drive_that_a_mail_shows_are_saved_with_it(world: World) -> None:
    with_drive(world)
    ann = world.user(autosave__emails=True)
    known(world)
    send_with_files(world, ann, "plan.pdf", "film.mp4", "Notes")

    world.sync(ann)

    assert files_of(world, record_of(world, "Plan")) == ["plan.pdf"]
    (version,) = world.query("SELECT ContentSize FROM ContentVersion")
    assert version["ContentSize"] == len("The plan")
    assert told_of(world) == {"2": Reason.FILE_TOO_LARGE, "3": Reason.FILE_IN_CLOUD}
    settled(world, ann)


@pytest.mark.rule("FIL-5")
@pytest.mark.parametrize("granted", [True, False])
def test_files_of_drive_stay_there_where_they_are_not_wanted_or_access_was_not_granted(
    world: World, granted: bool
) -> None:
    if granted:
        with_drive(world)
        world.set(None, files__without_drive=True)
    ann = world.user(autosave__emails=True)
    known(world)
    send_with_files(world, ann, "plan.pdf")
    calls = world.calls

    calls()
    world.sync(ann)

    assert files_of(world, record_of(world, "Plan")) == []
    assert told_of(world) == {"1": Reason.FILE_IN_CLOUD}
    if not granted:
        assert not [name for name in calls()["google"] if "drive" in name]


@pytest.mark.parametrize(
    "operation",
    ["gmail.users.history.list", "gmail.users.messages.get", "gmail.users.labels.list", "calendar.events.list",
     "calendar.events.insert"],
)  # fmt: skip
def test_an_answer_without_what_it_always_tells_is_not_taken_for_nothing_there(world: World, operation: str) -> None:
    ann = world.user(autosave__emails=True, autosave__unlinked_events=True)
    known(world)
    world.sync(ann)
    world.later(minutes=30)
    world.message(ann, "Order", sender=HOMER)
    at = world.now + timedelta(days=1)
    world.record("Event", Subject="Visit", StartDateTime=f"{at:%Y-%m-%dT%H:%M:%SZ}", DurationInMinutes=30,
                 OwnerId=ann.crm_user_id)  # fmt: skip
    world.control("faults", match=f"google.{operation}", times=None, action={"status": 200, "body": "{}"})
    run_here(world.app, ann.id)
    assert world.sandbox.faults.listing()[0]["fired"]
    world.sandbox.faults.clear()

    for _ in range(2):
        world.later(minutes=30)
        world.sync(ann)
    assert [mail["Subject"] for mail in shared(world)] == ["Order"]
    assert [item["values"]["Subject"] for item in world.items(ann)] == ["Visit"]
    assert labels(world, ann) == [["INBOX", "Salesforce Emails", "Tracked successfully"]]
    assert world.issues(ann) == []


def test_the_issue_of_a_mail_closes_when_it_is_read_and_proves_to_be_none_of_ours(world: World) -> None:
    ann = world.user(autosave__emails=True)
    world.record("Contact", LastName="Simpson", Email=HOMER)  # who has no account
    world.sync(ann)
    world.later(minutes=30)
    world.message(ann, "Order", sender=HOMER)
    world.control("faults", match="google.gmail.users.messages.get", times=2, action={"status": 200, "body": "{}"})
    world.sync(ann)
    assert world.issues(ann) == ["NOT_AN_ANSWER"]

    world.later(minutes=30)
    world.sync(ann)
    assert world.reasons(ann) == {Reason.NO_ACCOUNT}
    assert world.issues(ann) == []
