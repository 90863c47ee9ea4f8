"""What asks for a run at once: the rules, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.model.notice import Happened, Notice
from mapping.model.reasons import Reason
from mapping.rules.decision import Decision, Outcome, PairFacts
from mapping.rules.instant import Seen, Wish, judge, judge_unread
from mapping.rules.settings import parse
from tests.support.items import CUSTOMER, all_day, event, mail, pair, settings

REF = ItemRef(Side.MAILBOX, ItemKind.EVENT, "AAMk1", "calendar")
SAVED = pair(kind_letter="C")
TO_SAVE = Decision(Outcome.CANDIDATE, Reason.PEOPLE_PENDING, "SCP-11")


def seen(what: Happened = Happened.CHANGED, item: Item | None = None, **more: Any) -> Seen:
    return Seen(Notice(REF, what), item=event(CUSTOMER) if item is None else item, **more)


@pytest.mark.rule("INS-2", "INS-6")
@pytest.mark.parametrize("what", Happened)
def test_whatever_happens_to_a_saved_meeting_asks_for_a_run(what: Happened) -> None:
    assert judge(seen(what, pair=SAVED), settings()).asks


@pytest.mark.rule("INS-6")
@pytest.mark.parametrize(
    ("decision", "asks"),
    [
        (TO_SAVE, True),
        (Decision(Outcome.MIRROR, Reason.MARKED, "SCP-9"), True),
        (Decision(Outcome.UNSYNC, Reason.UNSYNC_MARKED, "DEL-8"), True),
        (Decision(Outcome.SKIP, Reason.AUTOSAVE_OFF, "SCP-1"), False),
        (Decision(Outcome.WAIT, Reason.INVITATION_OPEN, "SCP-2"), False),
    ],
)
def test_what_is_not_saved_asks_when_a_run_would_save_it(decision: Decision, asks: bool) -> None:
    assert judge(seen(Happened.ADDED, decision=decision), settings()) == Wish(asks, decision.reason, "INS-6")


@pytest.mark.rule("INS-1")
@pytest.mark.parametrize("what", Happened)
def test_each_switch_turns_off_its_own_kind_of_change(what: Happened) -> None:
    switch = {Happened.ADDED: "add", Happened.CHANGED: "update", Happened.REMOVED: "delete"}[what]
    off = settings(**{f"instant__on_{switch}": False})

    assert judge(seen(what, pair=SAVED), off) == Wish(False, Reason.INSTANT_OFF, "INS-1")
    others = [each for each in Happened if each is not what]
    assert all(judge(seen(each, pair=SAVED), off).asks for each in others)
    assert not judge(seen(what, pair=SAVED), settings(instant__enabled=False)).asks


@pytest.mark.rule("INS-3")
@pytest.mark.parametrize(
    ("item", "known", "meeting"),
    [
        (event(CUSTOMER), None, True),
        (event(), None, False),
        (event(CUSTOMER, **{f.SPAN: all_day(date(2026, 11, 25))}), None, False),
        (event(), SAVED, True),  # its last guest was taken off
        (event(), pair(kind_letter="A"), False),
    ],
)
def test_only_meetings_count_unless_all_kinds_do(item: Item, known: PairFacts | None, meeting: bool) -> None:
    told = seen(item=item, pair=known, decision=TO_SAVE)

    assert judge(told, settings()).asks is meeting
    assert judge(told, settings(instant__kinds="all")).asks


@pytest.mark.rule("INS-3", "INS-6")
def test_a_deletion_asks_only_for_what_was_a_saved_meeting() -> None:
    gone = Notice(REF, Happened.REMOVED)

    assert judge(Seen(gone), settings()).reason is Reason.NOTHING_SAVED
    assert judge(Seen(gone, pair(saved_before=False, unsynced=True)), settings()).reason is Reason.NOTHING_SAVED
    assert judge(Seen(gone, pair(kind_letter="B")), settings()).reason is Reason.INSTANT_MEETINGS_ONLY
    assert judge(Seen(gone, pair(kind_letter="B")), settings(instant__kinds="all")).asks
    assert judge(Seen(Notice(REF, Happened.CHANGED), SAVED), settings()).asks  # it went before it could be looked at


@pytest.mark.rule("INS-10")
def test_our_own_write_asks_for_nothing_whatever_it_did() -> None:
    for what in Happened:
        assert judge(seen(what, pair=SAVED, own=True), settings()) == Wish(False, Reason.OWN_WRITE, "INS-10")


def test_what_the_next_run_takes_back_and_what_is_no_event_ask_for_nothing() -> None:
    assert judge(seen(pair=SAVED, undone=True), settings()).reason is Reason.EDIT_UNDONE
    message = replace(seen(pair=SAVED), notice=Notice(mail().ref, Happened.ADDED))
    assert judge(message, settings()).reason is Reason.INSTANT_EVENTS_ONLY


def test_the_item_is_looked_at_only_when_it_matters() -> None:
    assert judge_unread(Seen(Notice(REF, Happened.CHANGED), SAVED), settings()) is None
    assert judge_unread(Seen(Notice(REF, Happened.REMOVED), SAVED), settings()) is not None
    assert judge_unread(Seen(Notice(REF, Happened.CHANGED), SAVED, own=True), settings()) is not None


@pytest.mark.rule("INS-1", "INS-4")
def test_the_time_between_two_runs_lies_between_one_and_three_minutes() -> None:
    assert settings().int("instant.coalesce_seconds") == 90
    assert parse("instant.coalesce_seconds", "180") == 180
    for wrong in ("59", "181"):
        with pytest.raises(ValueError, match=r"instant\.coalesce_seconds must lie between 60 and 180"):
            parse("instant.coalesce_seconds", wrong)
    assert settings(InstantSyncEnabled=0, TriggerSyncOnDelete=0).bool("instant.enabled") is False


# --- mails


def marked(what: Happened = Happened.CHANGED, *categories: str, **more: Any) -> Seen:
    ref = ItemRef(Side.MAILBOX, ItemKind.EMAIL, "m1", "inbox")
    item = Item(ref, "1", {f.CATEGORIES: categories})
    return Seen(Notice(ref, what), item=item, **more)


@pytest.mark.rule("INS-2", "INS-6")
def test_a_mail_asks_for_a_run_once_it_is_marked_and_where_that_is_wanted() -> None:
    wanted = settings(**{"instant.emails": True})
    assert judge(marked(Happened.CHANGED, "Salesforce"), settings()).reason is Reason.INSTANT_EVENTS_ONLY
    assert judge(marked(Happened.ADDED, "Salesforce"), wanted) == Wish(True, Reason.MARKED, "INS-6")
    assert judge(marked(Happened.ADDED, "Mine"), wanted) == Wish(False, Reason.NOT_MARKED, "INS-6")
    assert judge(marked(Happened.CHANGED, pair=SAVED), wanted).reason is Reason.LINKED
    assert not judge(marked(Happened.REMOVED, pair=SAVED), wanted).asks
    assert judge(marked(Happened.CHANGED, "Salesforce", own=True), wanted).reason is Reason.OWN_WRITE
