"""Which messages are shared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mapping.model import fields
from mapping.model.item import Item
from mapping.model.reasons import ISSUES, Reason
from mapping.rules import scope
from mapping.rules.addresses import others
from mapping.rules.decision import Decision, Outcome, PairFacts
from mapping.rules.email_modes import Standing
from mapping.rules.settings import Effective
from tests.support.items import COLLEAGUE, CUSTOMER, ME, NOW, OTHER, book, mail, me, pair, settings

ON = settings(autosave__emails=True)
MARK = ("Salesforce",)


def decide(
    item: Item,
    known: PairFacts | None = None,
    by: Effective = ON,
    *,
    first_run: bool = False,
    user: Any = None,
    asked: scope.Asked | None = None,
) -> Decision:
    return scope.email(item, known, book(by), user or me(), by, NOW, first_run, asked or scope.Asked())


def confirm(item: Item, *known: str, by: Effective = ON, can_create: bool = False, **more: Any) -> Decision:
    """The end of the decision when Salesforce knows these addresses."""
    everybody, whose = others(item, {ME}), book(by)
    eligible = [each for each in everybody if whose.eligible(each)]
    standing = Standing(
        outside=not all(map(whose.is_internal, everybody)),
        eligible=bool(eligible),
        known=any(each in known for each in eligible),
        coming=can_create and bool(eligible),
        unknown=any(each not in known for each in eligible),
        known_blocked=any(each in known for each in everybody if each not in eligible),
        **more,
    )
    return scope.confirm_email(decide(item, by=by), standing, by)


def brief(decision: Decision) -> tuple[Outcome, Reason, str]:
    return decision.outcome, decision.reason, decision.rule


@pytest.mark.rule("WAY-1")
@pytest.mark.parametrize("folder", ["inbox", "sent"])
def test_a_marked_message_is_taken(folder: str) -> None:
    decision = decide(mail(folder=folder, marks=MARK), by=settings())

    assert brief(decision) == (Outcome.CANDIDATE, Reason.MARKED, "WAY-1")


@pytest.mark.rule("WAY-2")
def test_a_marked_message_in_another_folder_is_not_looked_at() -> None:
    assert brief(decide(mail(folder="archive", marks=MARK))) == (Outcome.SKIP, Reason.OTHER_FOLDER, "WAY-2")


@pytest.mark.rule("WAY-3")
def test_a_message_moved_to_the_folder_is_taken() -> None:
    assert brief(decide(mail(folder="emails"), by=settings())) == (Outcome.CANDIDATE, Reason.MARKED, "WAY-3")


@pytest.mark.rule("WAY-5")
def test_other_messages_are_candidates_only_with_auto_save() -> None:
    assert brief(decide(mail())) == (Outcome.CANDIDATE, Reason.PEOPLE_PENDING, "WAY-5")
    assert brief(decide(mail(), by=settings())) == (Outcome.SKIP, Reason.AUTOSAVE_OFF, "WAY-5")


@pytest.mark.rule("WAY-7")
@pytest.mark.parametrize(("days", "outcome"), [(5, Outcome.CANDIDATE), (7, Outcome.SKIP)])
def test_the_first_run_looks_back_six_days(days: int, outcome: Outcome) -> None:
    at = NOW - timedelta(days=days)
    item = mail(received_at=at, sent_at=at)

    assert decide(item, first_run=True, user=me(activated_days_ago=0)).outcome is outcome
    assert decide(item, user=me(activated_days_ago=0)).outcome is outcome
    assert decide(item, user=me(activated_days_ago=30)).outcome is Outcome.CANDIDATE


@pytest.mark.rule("WAY-7")
def test_a_mark_saves_an_old_message() -> None:
    at = NOW - timedelta(days=400)

    assert decide(mail(received_at=at, sent_at=at, marks=MARK), first_run=True).outcome is Outcome.CANDIDATE


@pytest.mark.rule("WAY-1", "WAY-5")
@pytest.mark.parametrize("marks", [(), MARK])
@pytest.mark.parametrize(
    "item_class",
    ["REPORT.IPM.Note.IPNRN", "REPORT.IPM.Note.NDR", "IPM.Schedule.Meeting.Resp.Pos", "IPM.Schedule.Meeting.Request"],
)
def test_service_mail_is_never_saved(item_class: str, marks: tuple[str, ...]) -> None:
    assert decide(mail(item_class=item_class, marks=marks)).reason is Reason.SERVICE_MAIL


@pytest.mark.parametrize(
    "more",
    [
        {fields.ITEM_CLASS: "IPM.Note.SMIME"},
        {fields.ITEM_CLASS: "IPM.Note.SMIME.MultipartSigned"},
        {fields.HEADERS: (("Content-Type", "multipart/encrypted; boundary=x"),)},
    ],
)
def test_sealed_mail_is_an_issue_when_it_was_asked_for(more: dict[str, Any]) -> None:
    asked, unasked = decide(mail(marks=MARK, **more)).reason, decide(mail(**more)).reason

    assert (asked, asked in ISSUES) == (Reason.ENCRYPTED, True)
    assert (unasked, unasked in ISSUES) == (Reason.ENCRYPTED_UNASKED, False)


def test_ordinary_headers_do_not_make_a_message_sealed() -> None:
    item = mail(headers=(("Subject", "multipart/encrypted"), ("Content-Type", "text/plain")))

    assert decide(item).outcome is Outcome.CANDIDATE


@pytest.mark.rule("WAY-10")
def test_a_draft_is_looked_at_once_it_is_sent() -> None:
    assert decide(mail(is_draft=True, marks=MARK)).reason is Reason.DRAFT


@pytest.mark.rule("DUP-1", "RCD-11")
@pytest.mark.parametrize("folder", ["inbox", "emails", "archive"])
def test_a_saved_message_is_never_saved_again(folder: str) -> None:
    assert brief(decide(mail(folder=folder, marks=MARK), pair())) == (Outcome.SKIP, Reason.ALREADY_SAVED, "DUP-1")


@pytest.mark.rule("RCD-12")
def test_a_message_whose_record_was_deleted_comes_back_only_when_marked() -> None:
    gone = pair(saved_before=False, unsynced=True)

    assert brief(decide(mail(), gone)) == (Outcome.SKIP, Reason.RECORD_DELETED, "RCD-12")
    assert decide(mail(marks=MARK), gone).outcome is Outcome.CANDIDATE


@pytest.mark.rule("FLT-7")
def test_one_eligible_address_is_enough() -> None:
    assert decide(mail("x@gmail.com", (ME, COLLEAGUE), cc=(CUSTOMER,))).outcome is Outcome.CANDIDATE
    assert brief(decide(mail("x@gmail.com", (ME, COLLEAGUE)))) == (Outcome.SKIP, Reason.ALL_BLOCKED, "FLT-7")


@pytest.mark.rule("FLT-8")
def test_internal_mail_is_not_saved_automatically_but_can_be_marked() -> None:
    internal = mail(COLLEAGUE, (ME,))

    assert brief(decide(internal)) == (Outcome.SKIP, Reason.ALL_INTERNAL, "FLT-8")
    marked = confirm(mail(COLLEAGUE, (ME,), marks=MARK))
    assert brief(marked) == (Outcome.SHARE, Reason.MARKED_UNLINKED, "FLT-8")


@pytest.mark.rule("FLT-14")
def test_private_mail_is_saved_only_when_marked() -> None:
    assert brief(decide(mail(sensitivity="private"))) == (Outcome.SKIP, Reason.PRIVATE, "FLT-14")
    assert decide(mail(sensitivity="private", marks=MARK)).outcome is Outcome.CANDIDATE
    wanted = settings(autosave__emails=True, mail__skip_private=False)
    assert decide(mail(sensitivity="private"), by=wanted).outcome is Outcome.CANDIDATE


@pytest.mark.rule("WAY-5", "FLT-7")
def test_in_mode_general_a_message_is_shared_when_somebody_eligible_is_known() -> None:
    item = mail(CUSTOMER, (ME, OTHER))

    assert brief(confirm(item, OTHER)) == (Outcome.SHARE, Reason.PERSON_FOUND, "WAY-5")
    assert brief(confirm(item)) == (Outcome.SKIP, Reason.NO_PERSON, "WAY-5")


def test_a_known_but_blocked_person_does_not_count() -> None:
    by = settings(autosave__emails=True, blocklist__user=CUSTOMER)

    assert confirm(mail(CUSTOMER, (ME, OTHER)), CUSTOMER, by=by).reason is Reason.NO_PERSON


@pytest.mark.rule("RES-1", "RES-2")
def test_a_message_is_shared_when_a_record_may_be_made() -> None:
    assert brief(confirm(mail(), can_create=True)) == (Outcome.SHARE, Reason.PERSON_CREATED, "RES-2")
    assert confirm(mail(marks=MARK), can_create=True).rule == "RES-1"


@pytest.mark.rule("SCP-12", "WAY-1")
def test_a_marked_message_nobody_knows_is_an_issue() -> None:
    refused = confirm(mail(marks=MARK))

    assert brief(refused) == (Outcome.SKIP, Reason.NO_PERSON_MARKED, "WAY-1")
    assert refused.reason in ISSUES


def test_only_candidates_are_confirmed() -> None:
    skipped = decide(mail(COLLEAGUE, (ME,)))

    assert scope.confirm_email(skipped, Standing(known=True, eligible=True), ON) is skipped


@pytest.mark.rule("LNK-22")
def test_what_hangs_on_nothing_is_skipped_and_an_issue_when_it_was_asked_for() -> None:
    automatic, asked = confirm(mail(), CUSTOMER), confirm(mail(marks=MARK), CUSTOMER)

    assert brief(scope.not_linkable(automatic, Reason.NO_ACCOUNT)) == (Outcome.SKIP, Reason.NO_ACCOUNT, "LNK-22")
    assert scope.not_linkable(asked, Reason.NO_ACCOUNT).reason in ISSUES


@pytest.mark.rule("RES-1", "RES-2")
def test_records_are_made_only_for_what_is_saved_for_the_first_time() -> None:
    by = settings(autosave__emails=True, resolve__kind="lead")

    assert scope.makes_people(by)
    assert not scope.makes_people(settings())
    assert scope.may_create(decide(mail(), by=by))
    assert not scope.may_create(decide(mail(), pair(), by=by))
    assert not scope.may_create(None)
