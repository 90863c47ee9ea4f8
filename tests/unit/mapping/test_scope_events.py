"""Which events are ours."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from mapping.model import fields
from mapping.model.item import ELSEWHERE, Attendee, Item, Response, Role, Series, Side
from mapping.model.reasons import ISSUES, Reason
from mapping.rules import scope
from mapping.rules.decision import Decision, Outcome, PairFacts
from mapping.rules.roles import Leader
from mapping.rules.settings import Effective
from tests.support.items import (
    COLLEAGUE,
    CUSTOMER,
    ME,
    NOW,
    OTHER,
    all_day,
    book,
    crm_event,
    event,
    guest,
    me,
    pair,
    settings,
    timed,
)

SAVED = pair()
MARK = ("Salesforce",)


def decide(item: Item, known: PairFacts | None = None, by: Effective | None = None, user: Any = None) -> Decision:
    effective = by or settings()
    return scope.event_from_mailbox(item, known, book(effective), user or me(), effective, NOW)


def of_crm(item: Item, known: PairFacts | None = None, by: Effective | None = None) -> Decision:
    return scope.event_from_crm(item, known, me(), by or settings(), NOW)


def brief(decision: Decision) -> tuple[Outcome, Reason, str]:
    return decision.outcome, decision.reason, decision.rule


# --- saved automatically


@pytest.mark.rule("SCP-1")
def test_a_meeting_with_a_customer_is_a_candidate() -> None:
    assert brief(decide(event(CUSTOMER))) == (Outcome.CANDIDATE, Reason.PEOPLE_PENDING, "SCP-11")


@pytest.mark.rule("SCP-1")
@pytest.mark.parametrize("answer", [Response.ACCEPTED, Response.TENTATIVE])
def test_an_accepted_invitation_is_a_candidate(answer: Response) -> None:
    item = event(ME, organizer=CUSTOMER, my_response=answer.value)

    assert decide(item).outcome is Outcome.CANDIDATE


@pytest.mark.rule("SCP-1")
def test_meetings_are_left_alone_when_auto_save_is_off() -> None:
    decision = decide(event(CUSTOMER), by=settings(autosave__meetings=False))

    assert brief(decision) == (Outcome.SKIP, Reason.AUTOSAVE_OFF, "SCP-1")


@pytest.mark.rule("SCP-2")
@pytest.mark.parametrize("answer", [Response.NONE, Response.UNKNOWN, Response.DECLINED])
@pytest.mark.parametrize("marks", [(), MARK])
def test_an_invitation_not_accepted_waits(answer: Response, marks: tuple[str, ...]) -> None:
    decision = decide(event(ME, organizer=CUSTOMER, my_response=answer.value, marks=marks))

    assert brief(decision) == (Outcome.WAIT, Reason.INVITATION_OPEN, "SCP-2")
    assert decision.reason in ISSUES


@pytest.mark.rule("SCP-3")
def test_an_invitation_not_accepted_is_a_candidate_when_asked_for() -> None:
    item = event(ME, organizer=CUSTOMER, my_response=Response.NONE.value)

    assert decide(item, by=settings(invitations__unanswered=True)).outcome is Outcome.CANDIDATE


@pytest.mark.rule("SCP-4")
def test_an_appointment_is_saved_only_when_asked_for() -> None:
    assert brief(decide(event())) == (Outcome.SKIP, Reason.AUTOSAVE_OFF, "SCP-4")

    decision = decide(event(), by=settings(autosave__appointments=True))

    assert brief(decision) == (Outcome.MIRROR, Reason.AUTOSAVED, "SCP-4")


@pytest.mark.rule("SCP-5")
def test_what_is_older_than_the_activation_is_not_saved_unless_marked() -> None:
    old = {fields.CREATED: NOW - timedelta(days=101)}

    assert brief(decide(event(CUSTOMER, **old))) == (Outcome.SKIP, Reason.BEFORE_ACTIVATION, "SCP-5")
    assert decide(event(CUSTOMER, marks=MARK, **old)).outcome is Outcome.CANDIDATE


@pytest.mark.rule("SCP-7")
@pytest.mark.parametrize(("days", "outcome"), [(-14, Outcome.CANDIDATE), (-15, Outcome.SKIP)])
@pytest.mark.point("1.6.6")
def test_events_further_back_than_the_window_are_skipped(days: int, outcome: Outcome) -> None:
    assert decide(event(CUSTOMER, span=timed(days))).outcome is outcome


@pytest.mark.rule("SCP-7")
def test_a_mark_saves_an_event_outside_the_window() -> None:
    decision = decide(event(span=timed(-100), marks=MARK))

    assert brief(decision) == (Outcome.MIRROR, Reason.MARKED, "SCP-7")


@pytest.mark.rule("SCP-8")
@pytest.mark.parametrize(("days", "outcome"), [(60, Outcome.CANDIDATE), (61, Outcome.WAIT)])
@pytest.mark.point("1.6.6")
def test_events_further_ahead_than_the_window_wait(days: int, outcome: Outcome) -> None:
    assert decide(event(CUSTOMER, span=timed(days))).outcome is outcome


@pytest.mark.rule("SCP-8", "SCP-8'")
def test_a_waiting_event_says_on_which_day_it_will_be_saved() -> None:
    decision = decide(event(CUSTOMER, span=all_day(NOW.date() + timedelta(days=70))))

    assert decision.reason is Reason.AHEAD_OF_WINDOW
    assert decision.detail["eligible_on"] == (NOW.date() + timedelta(days=10)).isoformat()


@pytest.mark.rule("SCP-9")
def test_a_meeting_among_colleagues_is_skipped() -> None:
    assert brief(decide(event(COLLEAGUE))) == (Outcome.SKIP, Reason.ALL_INTERNAL, "SCP-9")


@pytest.mark.rule("SCP-9")
def test_a_meeting_among_colleagues_is_saved_when_allowed_or_marked() -> None:
    allowed = decide(event(COLLEAGUE), by=settings(autosave__internal_events=True))

    assert brief(allowed) == (Outcome.MIRROR, Reason.AUTOSAVED_INTERNAL, "SCP-9")
    assert brief(decide(event(COLLEAGUE, marks=MARK))) == (Outcome.MIRROR, Reason.MARKED, "SCP-9")


@pytest.mark.rule("SCP-10")
def test_a_meeting_is_skipped_only_when_all_invitees_are_blocked() -> None:
    by = settings(blocklist__org="globex.example", blocklist__user="bob@initech.example")

    assert brief(decide(event(CUSTOMER, OTHER), by=by)) == (Outcome.SKIP, Reason.ALL_BLOCKED, "SCP-10")
    assert decide(event(CUSTOMER, "eve@initech.example"), by=by).outcome is Outcome.CANDIDATE


@pytest.mark.rule("SCP-10", "FLT-5")
def test_free_mail_counts_as_blocked_unless_switched_off() -> None:
    item = event("someone@gmail.com")

    assert decide(item).reason is Reason.ALL_BLOCKED
    assert decide(item, by=settings(blocklist__free_mail=False)).outcome is Outcome.CANDIDATE


@pytest.mark.rule("SCP-11")
def test_a_candidate_nobody_knows_is_skipped_unless_unlinked_ones_are_wanted() -> None:
    item = event(CUSTOMER)
    candidate = decide(item)

    assert brief(scope.confirm_event(candidate, item, frozenset({CUSTOMER}), settings()))[0] is Outcome.MIRROR
    assert brief(scope.confirm_event(candidate, item, frozenset(), settings())) == (
        Outcome.SKIP,
        Reason.NO_PERSON,
        "SCP-11",
    )
    wanted = settings(autosave__unlinked_events=True)
    assert scope.confirm_event(candidate, item, frozenset(), wanted).reason is Reason.AUTOSAVED_UNLINKED


@pytest.mark.rule("SCP-12")
def test_a_marked_meeting_nobody_knows_is_an_issue() -> None:
    item = event(CUSTOMER, marks=MARK)
    candidate = decide(item)

    assert brief(candidate) == (Outcome.CANDIDATE, Reason.MARKED, "SCP-12")
    refused = scope.confirm_event(candidate, item, frozenset({OTHER}), settings(autosave__unlinked_events=True))
    assert brief(refused) == (Outcome.SKIP, Reason.NO_PERSON_MARKED, "SCP-12")
    assert refused.reason in ISSUES


def test_only_candidates_are_confirmed() -> None:
    settled = decide(event(marks=MARK))

    assert scope.confirm_event(settled, event(), frozenset(), settings()) is settled


@pytest.mark.rule("SCP-13", "PRV-1")
@pytest.mark.parametrize("sensitivity", ["private", "confidential"])
def test_private_items_are_not_saved_automatically(sensitivity: str) -> None:
    decision = decide(event(CUSTOMER, sensitivity=sensitivity))

    assert brief(decision) == (Outcome.SKIP, Reason.PRIVATE, "PRV-1")


@pytest.mark.rule("PRV-3")
def test_private_items_are_saved_where_the_organization_wants_them() -> None:
    assert decide(event(CUSTOMER, sensitivity="private"), by=settings(private_mode="full")).outcome is Outcome.CANDIDATE


@pytest.mark.rule("PRV-1")
def test_personal_items_are_as_normal_ones() -> None:
    assert decide(event(CUSTOMER, sensitivity="personal")).outcome is Outcome.CANDIDATE


@pytest.mark.rule("REC-3")
@pytest.mark.parametrize(
    ("sensitivity", "mode", "known", "told"),
    [
        ("normal", "skip", None, Reason.MARKED),
        ("private", "skip", None, Reason.PRIVATE_SERIES),
        ("private", "placeholder", None, Reason.AUTOSAVE_OFF),  # nobody asked for the placeholder
        ("private", "full", None, Reason.MARKED),
        ("normal", "skip", replace(SAVED, saved_before=False, unsynced=True), Reason.UNSYNCED),
    ],
)
def test_a_mark_on_one_date_asks_for_the_series_unless_it_would_open_what_is_closed(
    sensitivity: str, mode: str, known: PairFacts | None, told: Reason
) -> None:
    master = event(sensitivity=sensitivity).with_fields({fields.ASKED_IN_PART: True})
    by = settings(private_mode=mode, autosave__appointments=False)
    assert decide(master, known, by).reason is told


@pytest.mark.rule("PRV-2")
def test_marked_private_items_are_saved() -> None:
    assert brief(decide(event(sensitivity="private", marks=MARK))) == (Outcome.MIRROR, Reason.MARKED, "PRV-2")
    assert decide(event(CUSTOMER, sensitivity="private", marks=MARK)).rule == "PRV-2"


@pytest.mark.rule("SCP-14")
@pytest.mark.parametrize("known", [None, SAVED])
def test_events_longer_than_fourteen_days_are_refused(known: PairFacts | None) -> None:
    first = NOW.date() + timedelta(days=1)
    too_long = decide(event(CUSTOMER, span=all_day(first, 15), marks=MARK), known)

    assert brief(too_long) == (Outcome.SKIP, Reason.TOO_LONG, "SCP-14")
    assert too_long.detail == {"days": "15", "limit": "14"}
    assert decide(event(CUSTOMER, span=all_day(first, 14)), known).reason is not Reason.TOO_LONG


def test_a_room_is_no_guest() -> None:
    item = event(COLLEAGUE, Attendee("room@globex.example", role=Role.RESOURCE))

    assert decide(item).reason is Reason.ALL_INTERNAL


def test_an_item_without_a_time_is_an_issue() -> None:
    item = event(CUSTOMER, span=None)

    assert decide(item).reason is Reason.NO_TIME


# --- the organizer


@pytest.mark.rule("ROL-2")
@pytest.mark.parametrize("marks", [(), MARK])
def test_a_colleagues_meeting_waits_for_the_colleague(marks: tuple[str, ...]) -> None:
    decision = decide(event(ME, CUSTOMER, organizer=COLLEAGUE, marks=marks), user=me(COLLEAGUE))

    assert brief(decision) == (Outcome.WAIT, Reason.WAITING_FOR_ORGANIZER, "ROL-2")


@pytest.mark.rule("ROL-2", "SCP-9")
def test_nobody_waits_for_a_meeting_that_would_not_be_saved() -> None:
    item = event(ME, organizer=COLLEAGUE)

    assert decide(item, user=me(COLLEAGUE)).reason is Reason.ALL_INTERNAL
    allowed = settings(autosave__internal_events=True)
    assert decide(item, by=allowed, user=me(COLLEAGUE)).reason is Reason.WAITING_FOR_ORGANIZER


LEADER = Leader(7, frozenset({COLLEAGUE}), "00U7", "Event")


def shared(leader: Leader | None, known: PairFacts | None = None, organizer: str = COLLEAGUE, **more: Any) -> Decision:
    effective = settings()
    item = event(ME, CUSTOMER, organizer=organizer, my_response="accepted", **more)
    return scope.event_from_mailbox(item, known, book(effective), me(COLLEAGUE), effective, NOW, leader)


@pytest.mark.rule("ROL-1", "ROL-2")
@pytest.mark.parametrize("marks", [(), MARK])
def test_a_colleagues_meeting_waits_for_his_run_and_then_is_only_taken_part_in(marks: tuple[str, ...]) -> None:
    assert brief(shared(None, marks=marks)) == (Outcome.WAIT, Reason.WAITING_FOR_ORGANIZER, "ROL-2")
    assert brief(shared(LEADER, marks=marks)) == (Outcome.JOIN, Reason.ORGANIZER_WRITES, "ROL-1")
    assert shared(LEADER, pair(guest=True), marks=marks).outcome is Outcome.JOIN


@pytest.mark.rule("ROL-7")
def test_what_was_saved_provisionally_is_given_up_once_the_organizer_has_saved_it() -> None:
    assert brief(shared(None, SAVED)) == (Outcome.MIRROR, Reason.LINKED, "FLD-1")
    assert brief(shared(LEADER, SAVED)) == (Outcome.RELEASE, Reason.TAKEN_OVER, "ROL-7")


@pytest.mark.rule("ROL-4", "ROL-5")
@pytest.mark.parametrize("marks", [(), MARK])
def test_an_outsiders_meeting_that_a_colleague_saved_is_taken_part_in(marks: tuple[str, ...]) -> None:
    assert shared(None, organizer=CUSTOMER, marks=marks).outcome is Outcome.CANDIDATE
    assert brief(shared(LEADER, organizer=CUSTOMER, marks=marks)) == (Outcome.JOIN, Reason.COLLEAGUE_WRITES, "ROL-5")


@pytest.mark.rule("ROL-7")
def test_the_organizer_himself_takes_the_meeting_over() -> None:
    assert shared(LEADER, organizer=ME).outcome is Outcome.CANDIDATE


@pytest.mark.rule("ROL-4")
def test_an_outside_organizers_meeting_is_saved_by_its_attendee() -> None:
    assert decide(event(ME, organizer=CUSTOMER)).outcome is Outcome.CANDIDATE


# --- saved before


@pytest.mark.rule("FLD-1")
@pytest.mark.parametrize("marks", [(), MARK])
def test_a_saved_event_stays_ours_with_or_without_its_mark(marks: tuple[str, ...]) -> None:
    by = settings(autosave__meetings=False)

    assert brief(decide(event(CUSTOMER, marks=marks), SAVED, by)) == (Outcome.MIRROR, Reason.LINKED, "FLD-1")


@pytest.mark.rule("DEL-8")
@pytest.mark.parametrize("mark", ["Salesforce Unsync", "salesforce unsync"])
def test_the_unsync_mark_takes_a_saved_event_out(mark: str) -> None:
    item = event(CUSTOMER, marks=("Salesforce", mark))

    assert brief(decide(item, SAVED)) == (Outcome.UNSYNC, Reason.UNSYNC_MARKED, "DEL-8")
    assert decide(item).reason is Reason.UNSYNC_NOTHING


@pytest.mark.rule("DEL-8")
def test_an_event_taken_out_is_saved_again_only_when_marked() -> None:
    gone = pair(saved_before=False, unsynced=True)

    assert brief(decide(event(CUSTOMER), gone)) == (Outcome.SKIP, Reason.UNSYNCED, "DEL-8")
    assert decide(event(CUSTOMER, marks=MARK), gone).outcome is Outcome.CANDIDATE


@pytest.mark.rule("DEL-1")
def test_a_cancelled_meeting_is_gone() -> None:
    assert brief(decide(event(CUSTOMER, is_cancelled=True), SAVED)) == (Outcome.GONE, Reason.CANCELLED, "DEL-1")
    assert decide(event(CUSTOMER, is_cancelled=True, marks=MARK)).reason is Reason.CANCELLED_UNSAVED


@pytest.mark.rule("DEL-3")
def test_a_saved_event_that_slides_out_is_released_unless_pinned() -> None:
    item = event(CUSTOMER, span=timed(-15))

    assert decide(item, SAVED) == scope.slid_out()
    assert decide(item, pair(pinned=True)).outcome is Outcome.MIRROR
    assert decide(event(CUSTOMER, span=timed(-13)), SAVED).outcome is Outcome.MIRROR


@pytest.mark.rule("DEL-3")
def test_a_saved_event_far_ahead_stays_unless_a_limit_is_set() -> None:
    item = event(CUSTOMER, span=timed(200))

    assert decide(item, SAVED).outcome is Outcome.MIRROR
    assert decide(item, SAVED, settings(scope__future_days=100)).outcome is Outcome.RELEASE


WEEKLY = Series("FREQ=WEEKLY", timed(-30), "Europe/Berlin")


def series(rule: Series = WEEKLY, **more: Any) -> Item:
    return event(CUSTOMER, recurrence="master", series=rule, span=rule.first, **more)


@pytest.mark.rule("REC-1", "REC-2")
def test_a_series_is_decided_on_like_any_other_item_unless_series_are_switched_off() -> None:
    assert brief(decide(series())) == (Outcome.CANDIDATE, Reason.PEOPLE_PENDING, "SCP-11")
    assert brief(decide(series(marks=MARK), by=settings(recurrence__enabled=False))) == (
        Outcome.SKIP, Reason.RECURRING_OFF, "REC-1",
    )  # fmt: skip


@pytest.mark.rule("SCP-7", "SCP-8")
def test_a_series_is_judged_by_the_occurrence_that_comes_next() -> None:
    over = replace(WEEKLY, first=timed(-90), rule="FREQ=WEEKLY;COUNT=3")
    ahead = replace(WEEKLY, first=timed(100))

    assert brief(decide(series(over))) == (Outcome.SKIP, Reason.PAST_WINDOW, "SCP-7")
    assert decide(series(ahead)).reason is Reason.AHEAD_OF_WINDOW
    assert decide(series(ahead)).detail["eligible_on"] == (timed(100).start - timedelta(days=60)).date().isoformat()


@pytest.mark.rule("REC-9")
@pytest.mark.parametrize(("mode", "outcome"), [("expand", Outcome.MIRROR), ("classic", Outcome.SKIP)])
def test_a_single_event_that_becomes_a_series_goes_on_only_where_occurrences_stand_alone(
    mode: str, outcome: Outcome
) -> None:
    decision = decide(series(), SAVED, by=settings(recurrence__mode=mode))

    assert decision.outcome is outcome
    assert (decision.reason is Reason.RECURRING_CONVERTED) is (mode == "classic")


def test_a_series_whose_rule_makes_no_sense_is_an_issue() -> None:
    decision = decide(series(replace(WEEKLY, rule="FREQ=SOMETIMES")))

    assert brief(decision) == (Outcome.SKIP, Reason.NO_TIME, "FLD-1")
    assert decision.reason in ISSUES


# --- born in Salesforce


@pytest.mark.rule("ROL-10")
def test_a_new_salesforce_event_comes_down() -> None:
    assert brief(of_crm(crm_event())) == (Outcome.MIRROR, Reason.FROM_SALESFORCE, "ROL-10")
    assert of_crm(crm_event(IsPrivate=True)).outcome is Outcome.MIRROR


@pytest.mark.rule("SCP-6")
def test_a_salesforce_event_older_than_the_activation_stays_there() -> None:
    old = crm_event(CreatedDate=NOW - timedelta(days=101))

    assert brief(of_crm(old)) == (Outcome.SKIP, Reason.BEFORE_ACTIVATION, "SCP-6")


@pytest.mark.rule("SCP-15")
def test_somebody_elses_salesforce_event_is_ignored() -> None:
    assert brief(of_crm(crm_event(OwnerId="005OTHER"))) == (Outcome.SKIP, Reason.NOT_MINE, "SCP-15")


@pytest.mark.rule("SCP-16")
def test_nothing_new_comes_down_when_it_is_switched_off() -> None:
    off = settings(events__down=False)

    assert brief(of_crm(crm_event(), by=off)) == (Outcome.SKIP, Reason.DOWN_OFF, "SCP-16")
    assert of_crm(crm_event(), SAVED, off).outcome is Outcome.MIRROR


@pytest.mark.rule("ROL-1")
def test_child_events_are_skipped() -> None:
    assert of_crm(crm_event(IsChild=True)).reason is Reason.CHILD_EVENT


@pytest.mark.rule("REC-6")
def test_a_lightning_series_stays_in_salesforce() -> None:
    assert brief(of_crm(crm_event(IsRecurrence2=True))) == (Outcome.SKIP, Reason.LIGHTNING_SERIES, "REC-6")


@pytest.mark.rule("SCP-7", "SCP-8")
@pytest.mark.parametrize(("days", "outcome"), [(-15, Outcome.SKIP), (-14, Outcome.MIRROR), (61, Outcome.WAIT)])
def test_new_salesforce_events_keep_to_the_window(days: int, outcome: Outcome) -> None:
    assert of_crm(crm_event(StartDateTime=NOW + timedelta(days=days))).outcome is outcome


@pytest.mark.rule("DEL-3")
def test_a_saved_salesforce_event_that_slides_out_is_released() -> None:
    past = crm_event(IsAllDayEvent=True, ActivityDate=date(2026, 11, 1), DurationInMinutes=1440)

    assert of_crm(past, pair(Side.CRM)).outcome is Outcome.RELEASE


@pytest.mark.rule("DEL-7")
def test_an_event_deleted_in_the_mailbox_does_not_come_down_again() -> None:
    assert of_crm(crm_event(), pair(Side.CRM, saved_before=False, unsynced=True)).reason is Reason.UNSYNCED


def test_a_salesforce_event_without_a_time_is_an_issue() -> None:
    assert of_crm(crm_event(StartDateTime=None)).reason is Reason.NO_TIME


def test_a_guest_may_be_written_with_a_response() -> None:
    item = event(guest(CUSTOMER, Response.DECLINED))

    assert decide(item).outcome is Outcome.CANDIDATE


@pytest.mark.rule("DEL-4")
def test_a_saved_item_that_was_moved_to_another_calendar_is_released_whatever_else_holds() -> None:
    moved = event(marks=MARK)
    moved = replace(moved, ref=replace(moved.ref, container=ELSEWHERE))

    for known in (SAVED, replace(SAVED, guest=True)):
        decision = decide(moved, known)
        assert (decision.outcome, decision.reason, decision.rule) == (Outcome.RELEASE, Reason.MOVED_OUT, "DEL-4")
    cancelled = replace(moved, fields={**moved.fields, fields.IS_CANCELLED: True})
    assert decide(cancelled, SAVED).outcome is Outcome.RELEASE
