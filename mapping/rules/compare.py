"""Two plans of one run, side by side: what the second does in addition, no longer, or with other values.

A plan is its operations and the last word on each item. The same operation of both plans is known by what it does to
what; the values that it writes may differ. An operation that needs another one is the same as long as that is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model.codec import canonical
from mapping.model.item import ItemKind, Pending, Side, Value
from mapping.rules.claims import claim_of


class Doing(StrEnum):
    """What becomes of an item, in the words of people."""

    SAVE = "saved"  # in Salesforce
    SHOW = "shown"  # in the mailbox
    CREATE = "created"  # a person or a company, for an item that is saved
    CHANGE = "changed"
    DELETE = "deleted"
    LET_GO = "let go"  # both copies stay, and are no longer kept the same
    LINK = "linked"
    MARK = "marked"
    MOVE = "moved"


class Fate(StrEnum):
    """What the last word on an item comes to."""

    KEPT = "kept"
    LEFT = "left alone"
    LET_GO = "let go"


@dataclass(frozen=True, slots=True)
class Word:
    """The last word on an item: its id on its side, the key of its pair ('' for none), what it comes to, and why."""

    side: Side
    kind: ItemKind
    ref: str
    key: str
    fate: Fate
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`origins`: by the id of an operation that of the item for which it is done, where that is another one than the
    one it is done to."""

    operations: Sequence[Operation]
    words: Sequence[Word] = ()
    origins: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is done for one item, whose id is `ref`. `fields`: of an operation in both plans, what the first
    and what the second writes; of one in a single plan, what it changes. `reason`, `rule`: of what is no longer done,
    why not any more."""

    doing: Doing
    side: Side
    kind: ItemKind
    target: str
    ref: str
    key: str
    reason: str
    rule: str
    fields: tuple[FieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    more: tuple[Difference, ...] = ()
    less: tuple[Difference, ...] = ()
    other: tuple[Difference, ...] = ()

    @property
    def is_empty(self) -> bool:
        return not (self.more or self.less or self.other)


Name = tuple[str, ...]

_FOLLOWING = frozenset({Doing.LINK, Doing.MARK, Doing.MOVE})
_SELF_EXPLAINING = frozenset({Doing.SAVE, Doing.SHOW, Doing.DELETE, Doing.LET_GO})


def compare(before: Plan, after: Plan) -> Comparison:
    """The difference between two plans, each part in the order of its plan."""
    old, new = _named(before.operations), _named(after.operations)
    more = [_difference(after, op) for name, op in new.items() if name not in old]
    less = [_difference(before, op) for name, op in old.items() if name not in new]
    told = _Told(after.words)
    less = [told.why(each) for each in less]
    spoken_more, spoken_less = _spoken(before, after, _subjects((*more, *less)))
    other = [_difference(after, new[name], _apart(op, new[name])) for name, op in old.items() if name in new]
    return Comparison(
        tuple(_telling([*more, *spoken_more])), tuple(_telling([*less, *spoken_less])),
        tuple(each for each in other if each.fields),
    )  # fmt: skip


def counts(differences: Iterable[Difference]) -> dict[str, dict[str, int]]:
    """How many of what, by what is done and by what it is done to: the object of a record, the kind of an item."""
    found: dict[str, dict[str, int]] = {}
    for each in differences:
        of = found.setdefault(each.doing.value, {})
        what = each.target if each.doing is Doing.CREATE else each.kind.value
        of[what] = of.get(what, 0) + 1
    return found


# --- which operations are the same


def _named(operations: Sequence[Operation]) -> dict[Name, Operation]:
    by_id = {op.id: op for op in operations}
    names: dict[str, Name] = {}

    def name(op: Operation) -> Name:
        if op.id not in names:
            names[op.id] = ()  # a plan has no circles; should one come, it ends here
            names[op.id] = (
                op.act.value, op.side.value, op.kind.value, op.target, op.pair_key, op.key, _thing(op.ref),
                "" if op.key or op.act is not Act.CREATE else claim_of(op.target, op.values), *_links(op),
            )  # fmt: skip
        return names[op.id]

    def _thing(ref: str) -> str:
        return repr(name(by_id[ref[1:]])) if ref.startswith("@") and ref[1:] in by_id else ref

    def _links(op: Operation) -> Iterator[str]:
        # a link has no name but what it links
        if op.act in (Act.RELATE, Act.UNRELATE, Act.ATTACH) and not op.ref:
            for column in sorted(op.values):
                value = op.values[column]
                yield (
                    _thing(f"@{value.operation}") if isinstance(value, Pending) else canonical({column: value}).decode()
                )

    return {name(op): op for op in operations}


def _apart(before: Operation, after: Operation) -> tuple[FieldChange, ...]:
    """The fields that the two write otherwise; one that waits for a record to be made writes that, whichever it is."""
    names = sorted(before.values.keys() | after.values.keys())
    pairs = ((name, before.values.get(name), after.values.get(name)) for name in names)
    return tuple(FieldChange(name, a, b) for name, a, b in pairs if _settled(a) != _settled(b))


def _settled(value: Value) -> object:
    if isinstance(value, Pending):
        return Pending
    return tuple(map(_settled, value)) if isinstance(value, tuple) else value


# --- what they come to for people


def _difference(plan: Plan, op: Operation, fields: tuple[FieldChange, ...] | None = None) -> Difference:
    return Difference(
        _doing(op), op.side, op.kind, op.target, plan.origins.get(op.id, op.ref), op.pair_key, op.reason, op.rule,
        op.changes if fields is None else fields,
    )  # fmt: skip


_DOINGS: Mapping[Act, Doing] = {
    Act.UPDATE: Doing.CHANGE, Act.DELETE: Doing.DELETE, Act.RESTORE: Doing.SAVE, Act.RELATE: Doing.LINK,
    Act.UNRELATE: Doing.CHANGE, Act.MARK: Doing.MARK, Act.MOVE: Doing.MOVE, Act.ATTACH: Doing.LINK,
}  # fmt: skip


def _doing(op: Operation) -> Doing:
    if op.act is not Act.CREATE:
        return _DOINGS[op.act]
    if op.step in (Step.ACCOUNTS, Step.PEOPLE):
        return Doing.CREATE
    return Doing.SAVE if op.side is Side.CRM else Doing.SHOW


class _Told:
    """The words of a plan, by the key and by the id of the item."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._by_key: dict[str, Word] = {}
        self._by_ref: dict[str, Word] = {}
        for word in words:
            self._by_ref[word.ref] = word
            if word.key:
                self._by_key[word.key] = word

    def why(self, gone: Difference) -> Difference:
        """What is no longer done, with the reason for that where there is one."""
        word = self._by_key.get(gone.key) or self._by_ref.get(gone.ref)
        if word is None or word.fate is Fate.KEPT:
            return gone
        return Difference(
            gone.doing, gone.side, gone.kind, gone.target, gone.ref, gone.key, word.reason, word.rule, gone.fields
        )


def _subjects(differences: Iterable[Difference]) -> frozenset[str]:
    """Of which items an operation tells already what becomes of them."""
    return frozenset(
        name for each in differences if each.doing in _SELF_EXPLAINING for name in (each.key, each.ref) if name
    )


def _spoken(before: Plan, after: Plan, subjects: Collection[str]) -> tuple[list[Difference], list[Difference]]:
    """What only the words tell: items that are kept already, and would be or would not be by the other plan. Of the two
    copies of one thing that in the mailbox is told."""
    told = set(subjects)
    old = {(word.side, word.kind, word.ref): word for word in before.words}
    more: list[Difference] = []
    less: list[Difference] = []
    for word in sorted(after.words, key=lambda word: word.side is Side.CRM):
        was = old.get((word.side, word.kind, word.ref))
        if was is None or was.fate is word.fate or {word.key, word.ref, was.key} & told:
            continue
        told |= {word.key} - {""}
        if word.fate is Fate.LET_GO:
            more.append(_of_word(Doing.LET_GO, word))
        elif was.fate is Fate.LET_GO:
            less.append(_of_word(Doing.LET_GO, word))
        else:
            doing = Doing.SAVE if word.side is Side.MAILBOX else Doing.SHOW
            (more if word.fate is Fate.KEPT else less).append(_of_word(doing, word))
    return more, less


def _of_word(doing: Doing, word: Word) -> Difference:
    return Difference(doing, word.side, word.kind, "", word.ref, word.key, word.reason, word.rule)


def _telling(differences: Sequence[Difference]) -> Iterator[Difference]:
    """Without the links, marks and moves that follow from what is told of the same item."""
    subjects = _subjects(differences)
    for each in differences:
        if each.doing not in _FOLLOWING or not {each.key, each.ref} & subjects:
            yield each
