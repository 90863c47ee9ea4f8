"""The laws of lenses, forms and the merge, each as a check of one example in a given world."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from mapping.model import fields
from mapping.model.item import MISSING, Side, Span
from mapping.model.table import Direction, Winner
from tests.property.strategies import WORDS, events, spans, texts_around
from tests.property.worlds import World

KEY = b"a key of the organization"

Check = Callable[..., None]


@dataclass(frozen=True)
class Law:
    name: str
    draws: tuple[Any, ...]
    check: Check  # called with the world and one value for each draw

    def hold(self, world: World, examples: int, *, shrink: bool = True) -> None:
        """Raise when an example breaks the law."""
        phases = tuple(Phase) if shrink else (Phase.generate,)

        @settings(max_examples=examples, phases=phases, derandomize=True, database=None, deadline=None)
        @given(st.tuples(*self.draws))
        def run(drawn: tuple[Any, ...]) -> None:
            self.check(world, *drawn)

        run()


LAWS: list[Law] = []


def law(*draws: Any) -> Callable[[Check], Check]:
    def keep(check: Check) -> Check:
        LAWS.append(Law(check.__name__, draws, check))
        return check

    return keep


# --- lenses

TEXT_ROWS = ((fields.SUBJECT, 255), (fields.LOCATION, 255), (fields.BODY, 32_000))


def values_of(name: str) -> Any:
    """Mailbox values of a row of the event table, around its limit."""
    limit = dict(TEXT_ROWS).get(name)
    if limit:
        return texts_around(limit)
    return spans() if name == fields.SPAN else st.sampled_from(WORDS)


TWO_WAY = st.sampled_from((fields.SUBJECT, fields.LOCATION, fields.BODY, fields.SPAN, fields.SHOW_AS))
ROW_AND_VALUES = TWO_WAY.flatmap(lambda name: st.tuples(st.just(name), values_of(name), values_of(name)))


@law(ROW_AND_VALUES)
def get_put(world: World, drawn: Any) -> None:
    """Nothing is written when the view did not change."""
    name, old, _ = drawn
    lens = world.event.EVENT.row(name).lens
    assert lens.put(lens.get(old), old) == old


@law(ROW_AND_VALUES)
def put_get(world: World, drawn: Any) -> None:
    """What was written is what is shown."""
    name, old, other = drawn
    lens = world.event.EVENT.row(name).lens
    view = lens.get(other)
    assert lens.get(lens.put(view, old)) == view
    assert lens.get(lens.put(view, MISSING)) == view


@law(ROW_AND_VALUES)
def normal(world: World, drawn: Any) -> None:
    """A view is its own normal form, so reading it back is no edit."""
    name, old, _ = drawn
    lens = world.event.EVENT.row(name).lens
    assert lens.norm(lens.get(old)) == lens.get(old)


@law(st.sampled_from(TEXT_ROWS).flatmap(lambda row: st.tuples(st.just(row), texts_around(row[1]))))
def within_limit(world: World, drawn: Any) -> None:
    """A view fits its column, however its characters are counted, and is cut between whole characters only."""
    (name, limit), text = drawn
    view = world.event.EVENT.row(name).lens.get(text)
    assert len(view.encode("utf-16-le")) // 2 <= limit
    assert not view.endswith("\u200d")
    normalised = text.replace("\r\n", "\n").strip()
    if len(normalised.encode("utf-16-le")) // 2 <= limit and "\n" not in normalised:
        assert view == normalised
    rest = normalised[len(view) :] if normalised.startswith(view) else ""
    assert not rest.startswith(("\u0301", "\ufe0f", "\u200d"))


@law(st.text(max_size=12))
def closed(world: World, word: str) -> None:
    """An unknown word is refused in both directions."""
    lens = world.event.EVENT.row(fields.SHOW_AS).lens
    if word not in WORDS:
        with pytest.raises(ValueError, match="is not one of"):
            lens.get(word)
    if word not in lens.words:
        with pytest.raises(ValueError, match="is not one of"):
            lens.put(word, "busy")
        with pytest.raises(ValueError, match="is not one of"):
            lens.norm(word)


@law(events())
def form(world: World, event: Any) -> None:
    """What a form writes is what it reads."""
    for row in world.event.EVENT.fields:
        view = row.view(event)
        assert row.crm_view(row.to_columns(view)) == view


# --- the merge


@dataclass(frozen=True)
class Pair:
    """A pair that agreed once, and what each side edited since; an edit is a set of rows with their new values."""

    mailbox: dict[str, Any]
    crm: dict[str, Any]
    base: Any
    edited_mailbox: frozenset[str]
    edited_crm: frozenset[str]


BOTH = (fields.SUBJECT, fields.LOCATION, fields.SPAN, fields.SHOW_AS)
SOME = st.frozensets(st.sampled_from(BOTH))
NEWEST = st.sampled_from(Side)
WINNERS = st.sampled_from(Winner)


def pair(world: World, was: Any, ours: Any, theirs: Any, mine: frozenset[str], other: frozenset[str]) -> Pair:
    table = world.event.EVENT
    crm, marks = world.fields.project_up(table, was, KEY)
    mailbox = {**was, **{name: ours[name] for name in mine}}
    for name in other:
        row = table.row(name)
        crm.update(row.to_columns(row.view(theirs)))
    changed = [frozenset(n for n in names if table.row(n).view(v) != table.row(n).view(was)) for names, v in
               ((mine, ours), (other, theirs))]  # fmt: skip
    return Pair(mailbox, crm, world.baseline.Baseline(marks, KEY), *changed)


def merged(world: World, side: Pair, newest: Side = Side.MAILBOX, table: Any = None) -> Any:
    return world.fields.merge(table or world.event.EVENT, side.mailbox, side.crm, side.base, newest)


def after(world: World, side: Pair, result: Any) -> Pair:
    base = world.baseline.Baseline(result.agreed, KEY)
    return replace(side, mailbox={**side.mailbox, **result.to_mailbox}, crm={**side.crm, **result.to_crm}, base=base)


def ruled_by(world: World, winner: Winner) -> Any:
    table = world.event.EVENT
    rows = tuple(replace(row, winner=world.table.Winner(winner.value)) for row in table.fields)
    return replace(table, fields=rows)


@law(events(), events(), events(), SOME, SOME, NEWEST, WINNERS)
def m1_nothing_left(world: World, was: Any, ours: Any, theirs: Any, a: Any, b: Any, newest: Any, winner: Any) -> None:
    """A merged pair has nothing left to merge."""
    table = ruled_by(world, winner)
    side = pair(world, was, ours, theirs, a, b)
    done = after(world, side, merged(world, side, newest, table))
    again = merged(world, done, newest, table)
    assert again.to_mailbox == {} and again.to_crm == {}
    assert again.agreed == done.base.marks
    assert not again.conflicts or winner is Winner.MANUAL


@law(events(), events(), events(), SOME, SOME)
def m2_edits_survive(world: World, was: Any, ours: Any, theirs: Any, a: Any, b: Any) -> None:
    """Edits to different rows all survive, and conflict with nothing."""
    side = pair(world, was, ours, theirs, a, b - a)
    result = merged(world, side)
    done = after(world, side, result)
    table = world.event.EVENT
    assert result.conflicts == ()
    for name in a:
        assert done.mailbox[name] == ours[name]
        assert table.row(name).crm_view(done.crm) == table.row(name).view(ours)
    for name in b - a:
        assert table.row(name).view(done.mailbox) == table.row(name).view(theirs)


@law(events())
def m3_untouched(world: World, was: Any) -> None:
    """An untouched pair writes nothing."""
    side = pair(world, was, was, was, frozenset(), frozenset())
    result = merged(world, side)
    assert result.to_mailbox == {} and result.to_crm == {} and result.agreed == side.base.marks
    assert not (result.conflicts or result.refused or result.changes_crm or result.changes_mailbox)


@law(events(), events(), SOME)
def m4_same_edit(world: World, was: Any, ours: Any, a: Any) -> None:
    """The same edit on both sides writes nothing there."""
    side = pair(world, was, ours, ours, a, a)
    result = merged(world, side)
    assert result.to_mailbox == {} and result.conflicts == ()
    reminder = set(world.event.EVENT.row(fields.REMINDER).columns)
    assert set(result.to_crm) <= reminder


@law(events(), events(), events(), SOME, SOME, NEWEST, WINNERS, st.booleans())
def m5_same_view(
    world: World, was: Any, ours: Any, theirs: Any, a: Any, b: Any, newest: Any, winner: Any, known: bool
) -> None:
    """Afterwards both sides show the same, whether or not the pair was known before."""
    side = pair(world, was, ours, theirs, a, b)
    side = side if known else replace(side, base=world.baseline.Baseline({}, KEY))
    result = merged(world, side, newest, ruled_by(world, winner))
    done = after(world, side, result)
    undecided = {conflict.field for conflict in result.conflicts if conflict.won is None}
    for name in BOTH:
        row = world.event.EVENT.row(name)
        same = row.view(done.mailbox) == row.crm_view(done.crm)
        assert same or name in undecided


@law(events(), events(), events(), SOME, SOME)
def m6_detail_kept(world: World, was: Any, ours: Any, theirs: Any, a: Any, b: Any) -> None:
    """A write down touches only what shows something new, so the detail the CRM cannot hold stays."""
    side = pair(world, was, ours, theirs, a, b)
    result = merged(world, side)
    for name, value in result.to_mailbox.items():
        row = world.event.EVENT.row(name)
        assert row.view(side.mailbox) != row.crm_view(side.crm)
        assert value == row.lens.put(row.crm_view(side.crm), side.mailbox[name])
        kind = Span if name == fields.SPAN else str
        assert isinstance(value, kind)
        if name == fields.SHOW_AS:
            assert value in WORDS


@law(events(), events(), events(), SOME, SOME, NEWEST, WINNERS)
def m7_agreed_or_conflict(
    world: World, was: Any, ours: Any, theirs: Any, a: Any, b: Any, newest: Any, winner: Any
) -> None:
    """Every two-way row is agreed on what both sides show now, or it is in conflict; nothing else is in conflict."""
    side = pair(world, was, ours, theirs, a, b)
    result = merged(world, side, newest, ruled_by(world, winner))
    done = after(world, side, result)
    conflicts = {conflict.field: conflict for conflict in result.conflicts}
    for name in BOTH:
        row = world.event.EVENT.row(name)
        mark = world.baseline.fingerprint(KEY, name, row.view(done.mailbox))
        undecided = name in conflicts and conflicts[name].won is None
        assert undecided or result.agreed[name] == mark
    assert set(conflicts) <= side.edited_mailbox & side.edited_crm


@law(events(), events(), events(), SOME, NEWEST, WINNERS)
def winner_prevails(world: World, was: Any, ours: Any, theirs: Any, a: Any, newest: Any, winner: Any) -> None:
    """In a conflict the policy says which value stays; undecided, both stay."""
    side = pair(world, was, ours, theirs, a, a)
    result = merged(world, side, newest, ruled_by(world, winner))
    done = after(world, side, result)
    won = {Winner.MAILBOX: Side.MAILBOX, Winner.SALESFORCE: Side.CRM, Winner.NEWEST: newest}.get(winner)
    for conflict in result.conflicts:
        row = world.event.EVENT.row(conflict.field)
        assert conflict.won is won
        kept = conflict.crm if won is Side.CRM else conflict.mailbox
        assert row.view(done.mailbox) == kept
        assert row.crm_view(done.crm) == (conflict.crm if won is None else kept)


@law(events(), events(), events(), SOME, st.frozensets(st.sampled_from(BOTH)), st.booleans())
def silence(world: World, was: Any, ours: Any, theirs: Any, a: Any, quiet: Any, in_crm: bool) -> None:
    """A row that one side does not tell is left alone on both sides, and keeps its mark."""
    side = pair(world, was, ours, theirs, a, a)
    columns = {column for name in quiet for column in world.event.EVENT.row(name).columns}
    if in_crm:
        side = replace(side, crm={name: value for name, value in side.crm.items() if name not in columns})
    else:
        side = replace(side, mailbox={**side.mailbox, **dict.fromkeys(quiet, MISSING)})
    result = merged(world, side)
    assert not quiet & set(result.to_mailbox)
    assert not columns & set(result.to_crm)
    assert {name: result.agreed[name] for name in quiet} == {name: side.base.marks[name] for name in quiet}


@law(events(), events(), st.booleans())
def one_way(world: World, was: Any, theirs: Any, down: bool) -> None:
    """A row that goes one way is never written against it, and an edit on its far side is left alone."""
    direction = world.table.Direction.DOWN if down else world.table.Direction.UP
    table = world.event.EVENT
    rows = tuple(replace(row, direction=direction) if row.name in BOTH else row for row in table.fields)
    oneway = replace(table, fields=rows)
    side = pair(world, was, theirs, theirs, frozenset(), frozenset(BOTH))
    result = merged(world, side, table=oneway)
    changed = {name for name in BOTH if table.row(name).view(was) != table.row(name).view(theirs)}
    assert set(result.to_mailbox) == (changed if down else set())
    flipped = pair(world, was, theirs, theirs, frozenset(BOTH), frozenset())
    result = merged(world, flipped, table=oneway)
    assert result.to_mailbox == {} and result.conflicts == ()
    written = {name for name in BOTH if set(table.row(name).columns) & set(result.to_crm)}
    assert written == (set() if down else changed)


@law(events(), events())
def reminder_only_up(world: World, was: Any, ours: Any) -> None:
    """A reminder switched off in the CRM stays on in the mailbox, and is not written again."""
    side = pair(world, was, ours, ours, frozenset(), frozenset())
    side.crm.update({"IsReminderSet": False, "ReminderDateTime": None})
    assert merged(world, side).to_mailbox == {} and merged(world, side).to_crm == {}


@law(events(), events())
def body_frozen(world: World, was: Any, ours: Any) -> None:
    """After the first save the description travels neither way."""
    assert world.event.EVENT.row(fields.BODY).direction.value == Direction.UP_ONCE.value
    side = pair(world, was, ours, ours, frozenset(), frozenset())
    side.mailbox[fields.BODY] = "edited here"
    side.crm["Description"] = "edited there"
    result = merged(world, side)
    assert result.to_mailbox == {} and result.to_crm == {}


@law(events())
def projections_agree(world: World, event: Any) -> None:
    """A record made from an item, read back into a new item, shows the same and agrees on it."""
    table = world.event.EVENT
    columns, marks = world.fields.project_up(table, event, KEY)
    copied, down = world.fields.project_down(table, columns, KEY)
    for name in BOTH:
        assert table.row(name).view(copied) == table.row(name).view(event)
        assert marks[name] == down[name]
    assert fields.BODY in marks and fields.BODY not in copied and fields.REMINDER not in copied
