"""Planning for attachments: each is one operation after the record of its mail, and one user plans it for all who have
the mail. What an earlier run left is planned again for the record that stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.errors import ConnectorError
from connectors.protocols import Can, Detail
from mapping.merge.plan import Act, FieldChange, Operation, Step
from mapping.model.item import Fields, Item, ItemKind, ItemRef, Pending, Side, Value
from mapping.model.lens import CUT_MARK
from mapping.model.reasons import Reason
from mapping.rules import files
from mapping.rules.once import pair_key
from mapping.rules.scope import Outcome
from sync_tasks.stages.context import StageContext
from sync_tasks.stages.planning import Draft
from sync_tasks.state.mail_files import MailFilesView
from sync_tasks.state.records import PairView
from sync_tasks.state.store import Unit

MARK, OPEN, DONE = "files", "open", "done"  # what a pair says of its attachments
NAME, PARENT, LINKS, OWNER, CONTENT = "Name", "ParentId", "Links", "OwnerId", "Content"  # values of an operation
BUSINESS = {"EmailMessage": "RelatedToId", "Task": "WhatId"}


def is_open(pair: PairView | None) -> bool:
    """Has an earlier run left attachments of a saved mail?"""
    return pair is not None and pair.marks.get(MARK) == OPEN


def reference(key: str, number: int) -> str:
    """How an attachment is called in decisions and issues, for good: ids of a vendor change when the mail is moved."""
    return f"{key}#{number}"


def number_of(reference: str) -> int:
    return int(reference.rpartition("#")[2])


def plan(
    draft: Draft, key: str, item: Item, parent: str | Pending, values: Fields, target: str, *, forced: bool,
    also: tuple[str | Pending, ...] = (),
) -> None:  # fmt: skip
    """Plan the attachments of a mail that becomes, or became, the record `parent` with these values. `also`: copies of
    that record."""
    store = _store(draft.ctx)
    if store == files.NOWHERE:
        return
    chosen, left = files.choose(item, draft.ctx.settings, forced=forced)
    if draft.ctx.settings.bool("files.attach_eml") and _was_cut(values):
        chosen = (files.copy_of(item), *chosen)
    for each in left:
        draft.decide(
            Side.MAILBOX, ItemKind.EMAIL, reference(key, each.number), key, Outcome.SKIP, each.reason, each.rule,
            **each.detail,
        )  # fmt: skip
    _add(draft, key, item.ref, chosen, store, parent, (*also, *_business(draft, values.get(BUSINESS[target]))))


def go_on(draft: Draft, pending: Mapping[str, tuple[Item, PairView]]) -> None:
    """Plan what earlier runs left of saved mails: (mail, pair) by key. One call reads what the records hang on."""
    store = _store(draft.ctx)
    if store == files.NOWHERE or not pending:
        return
    refs = {key: ItemRef(Side.CRM, ItemKind.EMAIL, pair.crm_id, pair.crm_object) for key, (_, pair) in pending.items()}
    records = draft.ctx.crm.read(list(refs.values()), Detail.HEAD)
    for key, (item, pair) in pending.items():
        record = records.get(refs[key])
        if isinstance(record, ConnectorError):
            continue  # another run may see it
        business = _business(draft, record.get(BUSINESS[pair.crm_object], None) if record is not None else None)
        chosen, _ = files.choose(item, draft.ctx.settings, forced=True)
        every = (files.copy_of(item), *chosen) if record is not None else ()
        _add(draft, key, item.ref, every, store, pair.crm_id, business, retrying=True)


def _add(
    draft: Draft, key: str, origin: ItemRef, chosen: Iterable[files.Chosen], store: str, parent: str | Pending,
    further: tuple[Value, ...], *, retrying: bool = False,
) -> None:  # fmt: skip
    links = further if store == files.FILE else ()
    numbers = draft.files.setdefault(key, set())
    for each in chosen:
        numbers.add(each.number)
        values: dict[str, Value] = {
            NAME: each.name, PARENT: parent, LINKS: links, OWNER: draft.ctx.user.crm_user_id, CONTENT: each.attachment,
        }  # fmt: skip
        whole = each.number == 0
        draft.add(
            Operation(
                Act.ATTACH, Side.CRM, ItemKind.EMAIL, store, Step.FILES, "FIL-9" if whole else "FIL-1",
                (Reason.FILE_COPY if whole else Reason.FILE_SAVED).value, key=reference(key, each.number),
                pair_key=key, values=values, changes=(FieldChange(NAME, None, each.name),),
            ),
            origin, retrying=retrying,
        )  # fmt: skip


def _business(draft: Draft, record: Value) -> tuple[Value, ...]:
    """The account or opportunity that shows the files too, if it is to (FIL-6)."""
    return (record,) if record and draft.ctx.settings.bool("files.link_business") else ()


def settle(draft: Draft, unit: Unit) -> None:
    """Take on the attachments that nobody else saves, together with the plan; the others, and those that are saved
    already, leave it again. A preview only looks who has them."""
    ctx = draft.ctx
    if not draft.files:
        return
    if not ctx.preview:
        wanted = {key: numbers for key, numbers in draft.files.items() if numbers}
        unit.mail_files.claim(ctx.user.org_id, ctx.user.id, wanted, ctx.now())
    known = unit.mail_files.of(ctx.user.org_id, draft.files)
    dropped = set[str]()
    for key, numbers in draft.files.items():
        held = known.get(key)
        anew = key in draft.renewed  # what hung on the record that is gone hangs on nothing now
        mine = anew or held is None or held.user_id == ctx.user.id
        kept = numbers if held is None or anew else (numbers & held.left if mine else set[int]())
        dropped |= {reference(key, number) for number in numbers - kept}
        if not mine:
            draft.decide(
                Side.MAILBOX, ItemKind.EMAIL, reference(key, 0), key, Outcome.SKIP, Reason.FILES_BY_COLLEAGUE, "FIL-2"
            )
        elif held is not None:
            if anew and not ctx.preview:
                unit.mail_files.take_over(ctx.user.org_id, key, ctx.user.id, kept, ctx.now())
            _remember(draft, unit, held, kept)
    draft.forget((), [op.id for op, _ in draft.operations if op.act is Act.ATTACH and op.key in dropped])


def _remember(draft: Draft, unit: Unit, held: MailFilesView, kept: set[int]) -> None:
    """The pair says whether attachments are left. What is left and not there any more is given up."""
    if draft.ctx.preview:
        return
    draft.pair(pair_key(held.key), marks={MARK: OPEN if kept else DONE})
    if not kept:
        unit.mail_files.keep(draft.ctx.user.org_id, held.key, (), held.attempts, None)


def _store(ctx: StageContext) -> str:
    """As what this organization keeps the attachments of this mailbox."""
    if Can.ATTACHMENTS not in ctx.mailbox.can:
        return files.NOWHERE
    shape = ctx.shape
    return files.kept_as(
        ctx.settings,
        files=shape.can_create(files.FILE, "VersionData"),
        attachments=shape.can_create(files.ATTACHMENT, "Body"),
    )


def _was_cut(values: Fields) -> bool:
    """Is the text of the record shorter than that of the mail?"""
    return any(isinstance(value, str) and value.endswith(CUT_MARK) for value in values.values())
