"""The guards: how much a plan may do before somebody is asked, counted side by side and kind by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from mapping.model.item import ItemKind, Side
from mapping.model.reasons import Reason
from mapping.rules.guards import Effect, Guard, Line, Loss, Planned, Source, Trip, trips
from tests.support.items import settings

EVENT, TASK = ItemKind.EVENT, ItemKind.TASK
LOST = Reason.DELETED_IN_MAILBOX
WIPED = {(Side.MAILBOX, EVENT): Loss.EMPTY}


def some(
    count: int,
    effect: Effect = Effect.DELETE,
    side: Side = Side.CRM,
    kind: ItemKind = EVENT,
    reason: Reason = LOST,
    mails: int = 0,
    series: str = "",
) -> list[Planned]:
    names = [f"{series}{kind}-{side}-{effect}-{n:03}" for n in range(count)]
    return [Planned(name, series or name, effect, side, kind, reason.value, mails) for name in names]


def judged(
    planned: Iterable[Planned],
    events: int = 100,
    losses: Mapping[Source, Loss] | None = None,
    tasks: int = 0,
    **given: object,
) -> tuple[Trip, ...]:
    limits = {name.replace("__", "."): value for name, value in given.items()}
    return trips(list(planned), {EVENT: events, TASK: tasks}, losses or {}, settings(**limits))


def names(found: tuple[Trip, ...]) -> list[Guard]:
    return [trip.guard for trip in found]


@pytest.mark.parametrize(
    ("count", "pairs", "trip"),
    [
        (20, 21, False),  # not more than twenty
        (21, 210, False),  # not more than a tenth
        (21, 209, True),
        (30, 60, True),
    ],
)
@pytest.mark.rule("TOP-4")
def test_deletions_wait_when_they_are_many_and_a_large_share(count: int, pairs: int, trip: bool) -> None:
    assert names(judged(some(count), pairs)) == ([Guard.DELETES] if trip else [])


@pytest.mark.rule("TOP-4")
def test_the_numbers_and_the_ids_of_what_is_objected_to_are_told() -> None:
    (trip,) = judged([*some(25), *some(3, side=Side.MAILBOX, reason=Reason.SLID_OUT)])

    assert trip.lines == (Line(Side.CRM, EVENT, 25, 100, 20),)
    assert trip.changes == tuple(each.id for each in some(25))
    assert (trip.count, trip.most, trip.reason) == (25, 20, Reason.HELD_DELETES)


@pytest.mark.rule("TOP-4")
def test_sides_and_kinds_are_counted_apart() -> None:
    quarters = [
        *some(15),
        *some(15, side=Side.MAILBOX, reason=Reason.SLID_OUT),
        *some(15, kind=TASK),
    ]

    assert judged(quarters, tasks=20) == ()


@pytest.mark.rule("TOP-4")
def test_a_series_counts_once_however_many_occurrences_go_with_it() -> None:
    weekly = some(52, series="AAMkWeekly", reason=Reason.SERIES_CHANGED)

    assert judged(weekly, 10) == ()
    assert names(judged([*weekly, *some(20, side=Side.CRM)], 60)) == [Guard.DELETES]


@pytest.mark.rule("TOP-4")
def test_after_a_lost_cursor_the_number_alone_decides() -> None:
    lost = {(Side.MAILBOX, EVENT): Loss.CURSOR}

    assert judged(some(21), 1000) == ()
    assert names(judged(some(21), 1000, lost)) == [Guard.DELETES]
    assert judged(some(20), 1000, lost) == ()
    assert judged(some(21), 1000, {(Side.CRM, EVENT): Loss.CURSOR}) == ()


@pytest.mark.rule("TOP-4")
def test_a_source_that_is_suddenly_empty_waits_however_few_it_held() -> None:
    (trip,) = judged(some(1), 1, WIPED)

    assert (trip.guard, trip.lines) == (Guard.EMPTY, (Line(Side.MAILBOX, EVENT, 1, 1, 0),))


@pytest.mark.parametrize(("held", "trip"), [(4, False), (5, True), (19, True)])
@pytest.mark.rule("TOP-4")
def test_a_source_that_tells_everything_gone_waits_unless_it_held_a_handful(held: int, trip: bool) -> None:
    assert names(judged(some(held), held)) == ([Guard.EMPTY] if trip else [])
    assert judged(some(held), held + 1) == ()


@pytest.mark.rule("TOP-4")
def test_letting_everything_go_because_salesforce_is_empty_waits_too() -> None:
    gone = some(8, Effect.RELEASE, Side.MAILBOX, reason=Reason.DELETED_IN_CRM)

    assert names(judged(gone, 8)) == [Guard.EMPTY]


@pytest.mark.rule("MRK-2")
def test_a_missing_folder_deletes_nothing_whoever_asks_for_it() -> None:
    missing = {(Side.MAILBOX, TASK): Loss.CONTAINER}

    assert names(judged(some(1, kind=TASK, reason=Reason.FOLDER_GONE), losses=missing, tasks=50)) == [Guard.EMPTY]
    assert judged(some(3, Effect.RELEASE, kind=TASK, reason=Reason.FOLDER_GONE), losses=missing, tasks=50) == ()


@pytest.mark.rule("TOP-4")
def test_edits_and_releases_together_have_a_limit_of_their_own() -> None:
    half = [*some(60, Effect.CHANGE), *some(60, Effect.RELEASE, Side.MAILBOX, reason=Reason.SLID_OUT)]
    many = some(101, Effect.CHANGE, reason=Reason.FIELDS_CHANGED)

    assert judged(half, 120) == ()
    assert judged(many, 202) == ()
    assert names(judged(many, 201)) == [Guard.CHANGES]


@pytest.mark.rule("TOP-3")
def test_no_mail_goes_out_that_nobody_asked_for() -> None:
    mailing = some(2, Effect.OTHER, Side.MAILBOX, reason=Reason.FROM_SALESFORCE, mails=3)

    (trip,) = judged(mailing)

    assert (trip.guard, trip.count, trip.changes) == (Guard.MAILS, 6, tuple(each.id for each in mailing))
    assert judged(mailing, guard__mails_most=6) == ()


def test_what_one_guard_objects_to_is_not_counted_by_the_next() -> None:
    assert names(judged(some(40), 40, WIPED)) == [Guard.EMPTY]
    assert names(judged([*some(40), *some(40, kind=TASK)], 40, WIPED, tasks=50)) == [Guard.EMPTY, Guard.DELETES]


@pytest.mark.parametrize("limit", ["deletes_most", "changes_most", "mails_most"])
def test_a_limit_can_be_taken_away(limit: str) -> None:
    everything = [
        *some(300, Effect.CHANGE, reason=Reason.FIELDS_CHANGED),
        *some(300, reason=Reason.SLID_OUT),
        *some(1, Effect.OTHER, kind=TASK, mails=1),
    ]
    guard = Guard(limit.split("_", maxsplit=1)[0])

    assert guard in names(judged(everything, 300))
    assert guard not in names(judged(everything, 300, **{f"guard__{limit}": "none"}))
