"""Operations are ordered so that what is needed comes first, and a plan that cannot be carried out is refused."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from mapping.merge.baseline import Baseline, fingerprint
from mapping.merge.plan import Act, Operation, Step, check, order
from mapping.model.item import ItemKind, Pending, Side


def op(act: Act, step: Step, target: str, **more: object) -> Operation:
    side = Side.MAILBOX if step in (Step.ITEMS, Step.AFTERWARDS) else Side.CRM
    return Operation(act, side, ItemKind.EVENT, target, step, "FLD-1", "linked", **more)  # type: ignore[arg-type]


ACCOUNT = op(Act.CREATE, Step.ACCOUNTS, "Account", values={"Name": "Globex"})
PERSON = op(Act.CREATE, Step.PEOPLE, "Contact", values={"AccountId": Pending(ACCOUNT.id)})
RECORD = op(Act.CREATE, Step.RECORDS, "Event", key="k", pair_key="k", values={"WhoId": Pending(PERSON.id)})
INVITED = op(Act.RELATE, Step.RELATIONS, "EventRelation", values={"EventId": Pending(RECORD.id)})
MADE = op(Act.CREATE, Step.ITEMS, "calendar", key="j")
MARKED = op(Act.MARK, Step.ITEMS, "a first target", ref=f"@{MADE.id}", after=(RECORD.id,))
DELETED = op(Act.DELETE, Step.DELETES, "Event", ref="00U1", pair_key="other")
MOVED = op(Act.MOVE, Step.AFTERWARDS, "emails", ref="AA", after=(MARKED.id,))
PLAN = [ACCOUNT, PERSON, RECORD, INVITED, MADE, MARKED, DELETED, MOVED]


def test_every_order_of_planning_gives_one_order_of_applying() -> None:
    for shuffled in itertools.islice(itertools.permutations(PLAN), 0, 40_320, 997):
        assert order(shuffled) == PLAN


def test_the_same_operation_twice_is_one() -> None:
    assert order([*PLAN, *PLAN]) == PLAN


def test_a_plan_that_can_be_carried_out_passes() -> None:
    check(PLAN)
    assert RECORD.requires == {PERSON.id}
    assert MARKED.requires == {MADE.id, RECORD.id}


def test_a_plan_that_waits_for_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="which nobody plans"):
        check([PERSON])


def test_a_plan_that_waits_for_a_later_step_is_refused() -> None:
    with pytest.raises(ValueError, match="waits for a later step"):
        check([replace(ACCOUNT, step=Step.DELETES), PERSON])


@pytest.mark.rule("DEL-7")
def test_a_plan_that_deletes_what_it_makes_is_refused() -> None:
    with pytest.raises(ValueError, match="deletes what the same plan creates"):
        check([*PLAN, op(Act.DELETE, Step.DELETES, "Event", ref=f"@{RECORD.id}")])
    with pytest.raises(ValueError, match="deletes what the same plan creates"):
        check([*PLAN, op(Act.DELETE, Step.DELETES, "Event", ref="00U2", pair_key="k")])


def test_the_id_is_made_of_what_is_done() -> None:
    assert replace(RECORD, version="2", rule="X", agreed={"a": "b"}).id == RECORD.id
    assert len({RECORD.id, replace(RECORD, key="l").id, replace(RECORD, values={}).id}) == 3


@pytest.mark.rule("FLD-1")
def test_a_fingerprint_needs_its_key_its_row_and_its_value() -> None:
    mark = fingerprint(b"k", "subject", "x")

    assert len(mark) == 32
    others = {fingerprint(b"l", "subject", "x"), fingerprint(b"k", "location", "x"), fingerprint(b"k", "subject", "y")}
    assert len(others | {mark}) == 4
    base = Baseline({"subject": mark}, b"k")
    assert not base.changed("subject", "x")
    assert base.changed("subject", "y") and base.changed("location", "x")
