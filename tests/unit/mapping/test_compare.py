"""Two plans side by side."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model.item import ItemKind, Pending, Side
from mapping.rules.compare import Doing, Fate, Plan, Word, compare, counts

MAIL = ItemKind.EMAIL


def op(act: Act, target: str = "EmailMessage", key: str = "k", **more: object) -> Operation:
    side = Side.MAILBOX if target == "inbox" else Side.CRM
    step = Step.PEOPLE if target == "Lead" else Step.RECORDS
    return Operation(act, side, MAIL, target, step, "WAY-5", "person_found", pair_key=key, **more)  # type: ignore[arg-type]


LEAD = Operation(Act.CREATE, Side.CRM, MAIL, "Lead", Step.PEOPLE, "RES-2", "person_created",
                 values={"Email": "x@y.example", "LastName": "X"})  # fmt: skip
SAVE = op(Act.CREATE, key="k", values={"Subject": "Hello"})
LINK = op(Act.RELATE, "EmailMessageRelation", values={"EmailMessageId": Pending(SAVE.id), "RelationId": "003"})
MARK = op(Act.MARK, "inbox", ref="m1", values={"categories": ("Salesforce",)})
OFF = Word(Side.MAILBOX, MAIL, "m1", "k", Fate.LEFT, "autosave_off", "WAY-5")
ON = replace(OFF, fate=Fate.KEPT, reason="person_found")


def test_what_is_no_longer_done_is_told_with_the_reason_of_now_and_without_its_mark() -> None:
    found = compare(Plan([SAVE, MARK], [ON]), Plan([], [OFF]))
    assert [(each.doing, each.reason) for each in found.less] == [(Doing.SAVE, "autosave_off")]
    assert not found.more and not found.other
    assert counts(found.less) == {"saved": {"email": 1}}


def test_what_is_kept_already_and_would_not_be_is_told_by_the_words_alone() -> None:
    found = compare(Plan([], [ON]), Plan([], [OFF]))
    assert [(each.doing, each.ref, each.rule) for each in found.less] == [(Doing.SAVE, "m1", "WAY-5")]
    record = replace(OFF, side=Side.CRM, ref="00U", fate=Fate.KEPT)
    both = compare(Plan([], [record, ON]), Plan([], [replace(record, fate=Fate.LEFT), OFF])).less
    assert [each.ref for each in both] == ["m1"], "one thing, not two"
    let_go = replace(OFF, fate=Fate.LET_GO, reason="slid_out", rule="SCP-1")
    assert [each.doing for each in compare(Plan([], [ON]), Plan([], [let_go])).more] == [Doing.LET_GO]


def test_an_operation_with_other_values_is_the_same_one_and_so_is_what_waits_for_it() -> None:
    otherwise = replace(SAVE, values={"Subject": "[In] Hello"})
    link = replace(LINK, values={**LINK.values, "EmailMessageId": Pending(otherwise.id)})
    found = compare(Plan([SAVE, LINK], [ON]), Plan([otherwise, link], [ON]))
    assert not found.more and not found.less
    assert [each.fields for each in found.other] == [(FieldChange("Subject", "Hello", "[In] Hello"),)]


def test_a_person_is_known_by_the_address_and_counted_as_made() -> None:
    found = compare(Plan([LEAD]), Plan([replace(LEAD, values={**LEAD.values, "LastName": "Y"}), op(Act.DELETE)]))
    assert [each.fields[0].name for each in found.other] == ["LastName"]
    assert counts([*found.more, *compare(Plan([]), Plan([LEAD])).more]) == {
        "deleted": {"email": 1}, "created": {"Lead": 1}
    }  # fmt: skip


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    keys = draw(st.lists(st.sampled_from("abcde"), unique=True))
    operations, words = [], []
    for key in keys:
        act = draw(st.sampled_from([Act.CREATE, Act.UPDATE, Act.DELETE, Act.MARK]))
        operations.append(op(act, key=key, ref=f"r{key}", values={"Subject": draw(st.sampled_from(["x", "y"]))}))
        words.append(replace(OFF, ref=f"m{key}", key=key, fate=draw(st.sampled_from(Fate))))
    return Plan(operations, words)


@given(plans(), plans())
def test_a_plan_does_not_differ_from_itself_and_what_one_does_more_the_other_does_less(a: Plan, b: Plan) -> None:
    assert compare(a, a).is_empty
    there, back = compare(a, b), compare(b, a)
    done, undone = (
        {(each.doing, each.key) for each in some if each.target and each.doing is not Doing.MARK}
        for some in (there.more, back.less)
    )
    assert done == undone
    assert {each.key for each in there.other} == {each.key for each in back.other}
