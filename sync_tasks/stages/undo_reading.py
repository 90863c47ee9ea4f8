"""What a run has done, thing by thing, how it stands today, and what speaks against putting it back.

A thing is one item, record, link or file. All that the run wrote to it counts together: what stood there before the
first write, and what the last one left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from connectors.errors import ConnectorError
from connectors.protocols import Detail, Endpoint, Mailbox
from mapping.merge.plan import Act
from mapping.model.item import MISSING, Item, ItemKind, ItemRef, Original, Side, Value
from mapping.model.reasons import Reason
from mapping.model.series import split_id
from sync_tasks.stages import imaging, undo_series
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.imaging import Image
from sync_tasks.stages.payload import filled
from sync_tasks.stages.undo_series import Parts
from sync_tasks.state.journal import ImageView
from sync_tasks.state.records import OpState, OpView, PairView

MAKES = frozenset({Act.CREATE, Act.RELATE, Act.ATTACH})
REMOVES = frozenset({Act.DELETE, Act.UNRELATE})
# links and files hang on records, and are not read by themselves
HANGING = frozenset({"EventRelation", "EmailMessageRelation", "ContentVersion", "Attachment"})
PEOPLE = frozenset({"Account", "Contact", "Lead", "PersonAccount"})
SETTLING = timedelta(minutes=1)  # so long after its creation an organization's own automation may touch a record

_ALSO_EMPTY: tuple[Value, ...] = (None, "", False, (), MISSING)


@dataclass(slots=True)
class Thing:
    """`id` and `place`: where it is now, as far as the run knows; `home`: where it was before. `before`: what stood
    there, None when nobody knows. `version`: what the last write returned. `parts`: of a series, what single dates have
    of their own. `master`: of a single date of a series, that."""

    side: Side
    kind: ItemKind
    id: str
    place: str
    home: str
    key: str
    made: bool = False
    found: bool = False  # a create met what was there already
    removed: bool = False
    moved: bool = False
    overwritten: bool = False
    before: dict[str, Value] | None = field(default_factory=dict)
    written: dict[str, Value] = field(default_factory=dict)
    version: str = ""
    pair: PairView | None = None
    origin: str = ""
    ops: list[OpView] = field(default_factory=list)
    parts: Parts = field(default_factory=dict)
    now: Item | None = None
    master: Item | None = None
    unread: bool = False
    objection: Reason | None = None

    @property
    def ref(self) -> ItemRef:
        return ItemRef(self.side, self.kind, self.id, self.place)

    @property
    def hangs(self) -> bool:
        return self.place in HANGING

    @property
    def date(self) -> Original | None:
        """Where it starts by its rule, if it is a single date of a series of the mailbox."""
        return split_id(self.id)[1] if self.side is Side.MAILBOX else None


def things_of(ctx: StageContext, run_id: int) -> list[Thing]:
    """What a run has done and nobody has undone yet, in the order in which it was done first."""
    with ctx.store.reading() as unit:
        ops = [op for op in unit.plans.all(run_id) if op.state == OpState.DONE]
        wrapped = unit.journal.key(run_id)
        views = {view.op_id: view for view in unit.journal.images(run_id)}
    if wrapped is None:
        return []
    box = imaging.box_of(ctx.kept, run_id, wrapped)
    results = {op.op_id: op.result_id for op in ops}
    things: dict[tuple[Side, str], Thing] = {}
    for op in ops:
        view = views.get(op.op_id)
        if view is not None and view.undone_at is None:
            _take(things, op, Image.load(box.open(view.sealed, op.op_id.encode())), view, results)
    return list({id(each): each for each in things.values()}.values())  # one that was moved has two names


def _take(
    things: dict[tuple[Side, str], Thing], op: OpView, image: Image, view: ImageView, results: Mapping[str, str]
) -> None:  # fmt: skip
    act, side = Act(op.act), Side(op.side)
    ident = op.result_id if act in MAKES else results.get(op.ref[1:], "") if op.ref.startswith("@") else op.ref
    thing = things.get((side, ident))
    if thing is None:
        thing = things[side, ident] = Thing(
            side, ItemKind(op.kind), ident, op.target, image.place, op.pair_key, pair=image.pair, origin=image.origin
        )
    thing.ops.append(op)
    thing.key = thing.key or op.pair_key
    thing.version = view.version
    written = {name: filled(value, results) for name, value in image.written.items()}
    if act in MAKES:
        thing.made, thing.found, thing.written = view.made, not view.made, written
    elif act is Act.MOVE:
        thing.moved, thing.place, thing.id = True, str(written.get("folder", op.target)), op.result_id or ident
        things[side, thing.id] = thing
    elif act in REMOVES:
        thing.removed, thing.parts = True, image.parts
        thing.before = None if image.before is None else {**image.before, **(thing.before or {})}
    else:
        thing.overwritten = True
        known = thing.before is not None and image.before is not None
        thing.before = {**(image.before or {}), **(thing.before or {})} if known else None
        thing.written |= written


def look(ctx: StageContext, things: Iterable[Thing]) -> None:
    """Read how they stand today, each side in as few calls as it takes."""
    endpoints: Mapping[Side, Endpoint] = {Side.MAILBOX: ctx.mailbox, Side.CRM: ctx.crm}
    for side, endpoint in endpoints.items():
        refs = {each.ref: each for each in things if each.side is side and not each.hangs and not _in_a_bin(each)}
        answers = endpoint.read(list(refs), Detail.BODY) if refs else {}
        for ref, thing in refs.items():
            answer = answers.get(ref)
            thing.now = answer if isinstance(answer, Item) else None
            thing.unread = isinstance(answer, ConnectorError)
    _look_at_series(ctx.mailbox, [each for each in things if each.removed and each.date is not None])


def _look_at_series(mailbox: Mailbox, dates: Sequence[Thing]) -> None:
    """A date that was cancelled comes back with its series, so that has to be known."""
    refs = {each.id: replace(each.ref, id=split_id(each.id)[0]) for each in dates}
    answers = mailbox.read(list(dict.fromkeys(refs.values())), Detail.BODY) if refs else {}
    masters = {ref.id: answer for ref, answer in answers.items() if isinstance(answer, Item)}
    parts = undo_series.parts(mailbox, masters.values())
    for each in dates:
        each.unread = each.unread or isinstance(answers.get(refs[each.id]), ConnectorError)
        each.master, each.parts = masters.get(refs[each.id].id), parts.get(refs[each.id].id, {})


def _in_a_bin(thing: Thing) -> bool:
    """What the mailbox deleted has another id where it lies, so it is looked for by its key."""
    return thing.removed and thing.side is Side.MAILBOX and thing.date is None


def object_to(ctx: StageContext, things: Sequence[Thing], run_id: int) -> None:
    """Say of each thing what speaks against putting it back, if anything does."""
    made = {each.id for each in things if each.made and each.side is Side.CRM}
    with ctx.store.reading() as unit:
        keys, items = unit.journal.written_since(ctx.user.id, run_id)
        used = unit.journal.used_since(run_id, made)
        pairs = unit.pairs.by_key(ctx.user.id, {each.key for each in things if each.key})
        holders = unit.pairs.holders(ctx.user.org_id, {each.key for each in things if each.made and each.key})
    shared = {
        pair.crm_id
        for found in holders.values() for user, pair in found
        if user != ctx.user.id and pair.state == "live" and pair.crm_id
    }  # fmt: skip
    for each in things:
        if (each.key and each.key in keys) or each.id in items:
            each.objection = Reason.UNDO_LATER_RUN
        elif each.made and each.id in shared:
            each.objection = Reason.UNDO_SHARED
        elif each.made and each.id in used:
            each.objection = Reason.UNDO_USED
        else:
            each.objection = _objection(each, pairs.get(each.key), ctx.shape.user_id)
    _spread(things)


def _objection(thing: Thing, pair: PairView | None, me: str) -> Reason | None:
    if thing.before is None:
        return Reason.UNDO_UNKNOWN
    if thing.found or thing.hangs:
        return None  # it was there before, or goes and comes with what it hangs on
    if thing.removed and not thing.unread:
        series = undo_series.series_of(thing.master)
        lost = thing.date is not None and thing.now is None and (series is None or thing.date not in series.cancelled)
        return Reason.UNDO_OCCURRENCE if lost else None
    if thing.unread:
        return Reason.UNDO_UNREAD
    if thing.now is not None and not is_back(thing) and _changed(thing, thing.now, pair, me):
        return Reason.UNDO_CHANGED
    return None


def _changed(thing: Thing, now: Item, pair: PairView | None, me: str) -> bool:
    """Has somebody written to it since? What undid a later run was ourselves, and the pair knows the version."""
    own = "" if pair is None else pair.crm_version if thing.side is Side.CRM else pair.mailbox_version
    if now.version and now.version in (thing.version, own):
        return False
    if thing.made and thing.version and now.version:
        return True
    if thing.made and thing.side is Side.CRM and _touched_by_others(now, me):
        return True
    told = ((name, value, now.get(name)) for name, value in thing.written.items() if name != "folder")
    return any(current is not MISSING and not same(value, current) for name, value, current in told)


def _touched_by_others(now: Item, me: str) -> bool:
    created, modified = now.get("CreatedDate"), now.get("LastModifiedDate")
    if not isinstance(created, datetime) or not isinstance(modified, datetime):
        return False
    return modified - created > SETTLING and now.text("LastModifiedById")[:15] != me[:15]


def same(one: Value, other: Value) -> bool:
    """Are they equal, apart from what servers make of texts and lists?"""
    if one == other or (one in _ALSO_EMPTY and other in _ALSO_EMPTY):
        return True
    if isinstance(one, str) and isinstance(other, str):
        return one.split() == other.split()
    if isinstance(one, tuple) and isinstance(other, tuple):
        return set(map(str, one)) == set(map(str, other))
    return False


def is_back(thing: Thing) -> bool:
    """Does it stand as before already?"""
    if thing.made and not thing.hangs:
        return thing.now is None
    if thing.removed:
        return thing.now is not None
    if thing.moved or thing.hangs or thing.now is None or thing.before is None:
        return False
    return all(same(value, thing.now.get(name)) for name, value in thing.before.items())


def _spread(things: Sequence[Thing]) -> None:
    """What belongs together is put back together or not at all: the two copies of an item, and a record with all that
    it needs. People and companies stay where something that stays names them; that they stay keeps nothing else."""
    owner = {op.op_id: each for each in things for op in each.ops}
    groups: dict[str, list[Thing]] = {}
    for each in things:
        if each.key:
            groups.setdefault(each.key, []).append(each)
    waiting = [each for each in things if each.objection is not None]
    while waiting:
        kept = waiting.pop()
        near = list(groups.get(kept.key, ())) if kept.key else []
        near += [owner[op_id] for op in kept.ops for op_id in op.requires if op_id in owner]
        if kept.place not in PEOPLE or kept.key:
            own = {op.op_id for op in kept.ops}
            near += [each for each in things if any(own & set(op.requires) for op in each.ops)]
        for each in near:
            if each.objection is None:
                each.objection = Reason.UNDO_NEEDED
                waiting.append(each)
