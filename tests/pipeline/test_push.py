"""Stories of a calendar that changes, a vendor that tells it to the web process, and the run that comes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from connectors.exchange.subscriptions import PushSubscriptions
from connectors.protocols import Can
from connectors.pushing import Agreed, Ear
from sync_tasks.services import listening, users
from sync_tasks.services.pipeline import next_stage, perform
from sync_tasks.services.scheduling import dispatch_due
from sync_tasks.state.records import PushState, RunRef, UserView
from tests.support.hooks import POSTER, Hooks, hooked, sets_topic
from tests.support.waiting import until
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox(Can.PUSH)

HOMER = {"address": "homer@globex.example", "name": "Homer"}


@pytest.fixture
def hooks(world: World) -> Iterator[Hooks]:
    with hooked(world, pubsub_account=POSTER, google_certs_url=f"{world.server.url}/google/oauth2/v3/certs") as hooks:
        yield hooks


def listened(hooks: Hooks, **settings: object) -> UserView:
    """A user whose first run is over, and who is listened for."""
    world = hooks.world
    world.set(instant__enabled=True)
    ann = world.user(**settings)
    account = world.record("Account", Name="Globex")
    world.record("Contact", LastName="Simpson", Email=HOMER["address"], AccountId=account)
    world.sync(ann)
    world.later(minutes=10)
    assert hooks.listen(ann).state == PushState.LIVE
    return ann


def meeting(hooks: Hooks, user: UserView, subject: str = "Offer") -> str:
    return hooks.world.appointment(user, subject, RequiredAttendees=[HOMER])


def dispatch(hooks: Hooks) -> int:
    """What beat and the workers do at this moment; how many runs that is."""

    def enqueue(run: RunRef, stage: str) -> None:
        going: str | None = stage
        while going is not None:
            going = next_stage(going) if perform(hooks.app, run, going) else None

    return len(dispatch_due(hooks.app, enqueue))


@pytest.mark.rule("INS-2", "INS-4", "INS-7", "INS-8")
def test_what_happens_in_the_calendar_is_told_and_saved_at_once(hooks: Hooks) -> None:
    ann = listened(hooks)
    dispatch(hooks)
    hooks.work()

    item = meeting(hooks, ann)
    hooks.heard()

    assert hooks.user(ann).force_pending
    assert dispatch(hooks) == 1
    assert hooks.world.event("Offer") is not None
    hooks.world.later(minutes=10)
    hooks.work()

    hooks.world.edit(ann, item, Location="Springfield")
    hooks.heard()
    dispatch(hooks)
    assert hooks.world.saved("Offer")["Location"] == "Springfield"


@pytest.mark.rule("INS-10")
def test_what_our_own_run_writes_is_told_and_starts_nothing(hooks: Hooks) -> None:
    ann = listened(hooks)
    meeting(hooks, ann)
    soon = (hooks.world.now + timedelta(days=2)).isoformat()
    hooks.world.record("Event", Subject="Visit", StartDateTime=soon, DurationInMinutes=30, OwnerId=ann.crm_user_id)
    hooks.heard()
    dispatch(hooks)
    hooks.world.later(seconds=30)

    hooks.heard()  # the mark on the one, the other that was created

    assert hooks.world.item(ann, "Visit") is not None
    assert not hooks.user(ann).force_pending
    hooks.world.later(minutes=5)
    hooks.work()
    assert not hooks.user(ann).force_pending


@pytest.mark.rule("INS-10")
def test_a_notice_of_what_a_run_has_read_asks_for_no_second_run(hooks: Hooks) -> None:
    ann = listened(hooks)
    meeting(hooks, ann)
    hooks.heard()
    dispatch(hooks)
    push = hooks.push(ann)
    hooks.world.later(minutes=1)

    with hooks.app.store.writing() as unit:  # somebody wants a look, and all there is to see is what the run wrote
        unit.pushes.set(push.id, look_at=hooks.world.now)
    hooks.work()

    assert hooks.push(ann).looked_at == hooks.world.now
    assert not hooks.user(ann).force_pending


@pytest.mark.told_over("exchange", why="only Exchange gives signs of life")
@pytest.mark.rule("INS-4", "INS-8")
def test_a_change_of_which_nobody_told_is_found_with_the_next_sign_of_life(hooks: Hooks) -> None:
    ann = listened(hooks)
    meeting(hooks, ann)
    until(lambda: bool(hooks.hints), 20)
    hooks.hints.clear()  # the queue lost it
    hooks.world.later(minutes=10)
    assert not hooks.user(ann).force_pending

    hooks.world.control("ews/push", status=True)
    hooks.heard()

    assert hooks.user(ann).force_pending


@pytest.mark.rule("INS-3", "INS-6")
def test_what_nobody_wants_saved_is_told_and_starts_nothing(hooks: Hooks) -> None:
    ann = listened(hooks)
    hooks.world.appointment(ann, "Dentist")

    hooks.heard()

    assert hooks.push(ann).looked_at is not None
    assert not hooks.user(ann).force_pending


@pytest.mark.told_over("exchange", why="it counts the calls of EWS")
@pytest.mark.rule("INS-8")
def test_many_hints_are_served_by_one_look_now_and_one_after_ten_seconds(hooks: Hooks) -> None:
    ann = listened(hooks)
    hooks.world.calls()
    for number in range(30):
        hooks.world.appointment(ann, f"Dentist {number}")
    hooks.world.control("ews/push")

    hooks.heard()

    assert hooks.world.calls()["ews"]["ews.SyncFolderItems"] == 2


@pytest.mark.rule("INS-1", "INS-5")
def test_whoever_switches_it_off_or_pauses_is_listened_for_no_more(hooks: Hooks) -> None:
    ann = listened(hooks)
    hooks.world.set(ann, instant__enabled=False)
    hooks.world.later(hours=1)
    hooks.world.calls()
    meeting(hooks, ann)
    hooks.heard()
    assert hooks.world.mailboxes.wire not in hooks.world.calls()
    hooks.tend()
    assert hooks.push(ann).state == PushState.OFF
    assert hooks.world.mailboxes.listeners() == 0

    hooks.world.set(ann, instant__enabled=True)
    hooks.world.later(hours=3)
    hooks.tend()
    assert hooks.push(ann).state == PushState.LIVE

    users.switch(hooks.app, [hooks.user(ann)], users.Switch.PAUSE, by="test")
    hooks.tend()
    assert hooks.push(ann).state == PushState.OFF


@pytest.mark.told_over("google", why="the others are listened to unasked")
@pytest.mark.rule("INS-5", "INS-7")
def test_mailboxes_of_google_are_listened_for_once_somebody_wants_it(hooks: Hooks) -> None:
    ann = hooks.world.user()
    assert hooks.listen(ann).state == PushState.OFF
    assert hooks.app.effective(ann).explain("instant.enabled").chain == (("default", True), ("vendor", False))

    hooks.world.set(instant__enabled=True)
    assert hooks.listen(ann).state == PushState.LIVE


@pytest.mark.every_mailbox(Can.PUSH, Can.LOOK_FREELY)
def test_new_users_are_listened_for_by_themselves_and_two_upkeeps_make_one_subscription(hooks: Hooks) -> None:
    ann, ben = hooks.world.user(), hooks.world.user("ben@acme.example")
    due = listening.due(hooks.app)
    assert {(push.user, push.feed) for push in due} == {
        (user.address, feed) for user in (ann, ben) for feed in ("calendar", "mail")
    }

    done = [listening.tend(hooks.app, push.id) for push in due]
    again = [listening.tend(hooks.app, push.id) for push in due]

    assert sorted(push.state for push in done if push is not None) == ["live", "live", "off", "off"]
    assert again == [None] * 4
    assert hooks.world.mailboxes.listeners() == 2


@pytest.mark.told_over("exchange", why="one of two subscriptions shows only when it is told to end")
def test_who_is_killed_while_he_asks_the_vendor_leaves_one_subscription_in_the_end(
    hooks: Hooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann = hooks.world.user()
    subscribe = PushSubscriptions.subscribe

    def killed(self: PushSubscriptions, ear: Ear, now: datetime) -> Agreed:
        subscribe(self, ear, now)
        raise KeyboardInterrupt

    monkeypatch.setattr(PushSubscriptions, "subscribe", killed)
    with pytest.raises(KeyboardInterrupt):
        hooks.listen(ann)
    monkeypatch.undo()
    assert hooks.push(ann).state == PushState.PENDING

    hooks.world.later(minutes=6)
    hooks.tend()
    assert hooks.push(ann).state == PushState.LIVE

    assert hooks.world.control("ews/push", status=True) == {"told": 1}  # the other one is told to end
    assert hooks.world.control("ews/push", status=True) == {"told": 1}
    assert hooks.counts["ews.unknown"] == 1


@pytest.mark.told_over("exchange", why="the word is one of EWS's")
def test_a_vendor_that_refuses_is_asked_again_later_and_later(hooks: Hooks) -> None:
    ann = hooks.world.user()
    hooks.world.control("faults", match="ews.Subscribe", times=3, action={"code": "ErrorExceededSubscriptionCount"})
    waits = []
    for _ in range(3):
        push = hooks.listen(ann)
        assert (push.state, push.error_code) == (PushState.FAILING, "ErrorExceededSubscriptionCount")
        waits.append(push.tend_at - hooks.world.now)
    assert waits == sorted(waits) and waits[0] < waits[-1]

    push = hooks.listen(ann)
    assert (push.state, push.failures, push.error_code) == (PushState.LIVE, 0, "")


@pytest.mark.told_over("exchange", why="only the silence of Exchange says something")
@pytest.mark.rule("INS-4")
def test_a_server_that_fell_silent_is_asked_anew_and_what_it_did_not_tell_is_found(hooks: Hooks) -> None:
    ann = listened(hooks)
    before = hooks.push(ann)
    hooks.world.later(minutes=70)

    hooks.tend()

    after = hooks.push(ann)
    assert (after.state, after.vendor_id != before.vendor_id) == (PushState.LIVE, True)
    meeting(hooks, ann)
    hooks.heard()
    assert hooks.user(ann).force_pending


@pytest.mark.told_over("google", why="only Gmail tells of mails")
def test_a_mail_that_is_marked_in_gmail_is_saved_at_once(hooks: Hooks) -> None:
    sets_topic(hooks)
    ann = listened(hooks, instant__emails=True)
    assert hooks.push(ann, "mail").state == PushState.LIVE
    mail = hooks.world.message(ann, "A question", sender=HOMER["address"])
    hooks.heard()
    assert not hooks.user(ann).force_pending

    hooks.world.edit(ann, mail, Categories=["Salesforce"])
    hooks.heard()
    assert hooks.user(ann).force_pending
    dispatch(hooks)

    assert [row["Subject"] for row in hooks.world.records("EmailMessage", "Subject")] == ["A question"]
    hooks.heard()  # the labels that the run put on it
    assert not hooks.user(ann).force_pending


@pytest.mark.any_mailbox(why="nobody is asked")
def test_without_an_address_of_our_own_nobody_is_listened_for(world: World) -> None:
    world.user()
    assert listening.due(world.app) == []
