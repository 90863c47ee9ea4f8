"""Moving items to another folder. Graph moves mails; tasks and contacts it cannot move, so they are made anew there
with all that is told of them, and then deleted where they were.

What was made for a move that broke off is found again: it bears the same key, and in the target folder.
"""

from __future__ import annotations

from typing import Any

from connectors.errors import Fault
from connectors.graph import codec_contacts, codec_tasks
from connectors.graph.batch import Batch
from connectors.graph.codec import READERS, asked
from connectors.graph.feed import version
from connectors.graph.folders import WELL_KNOWN, items_of
from connectors.graph.line import Answer, Request
from connectors.graph.rows import EXTENDED, Json
from connectors.graph.searching import bearing
from connectors.protocols import Outcome
from mapping.model import fields as f
from mapping.model.item import ItemKind

# what the server says of an item, and nobody else does
_TOLD = frozenset(
    {
        "id", "changeKey", "createdDateTime", "lastModifiedDateTime", "parentFolderId", "bodyLastModifiedDateTime",
        "hasAttachments", "primaryEmailAddress", "secondaryEmailAddress", "tertiaryEmailAddress",
    }
)  # fmt: skip


def move(batch: Batch, folder: str) -> None:
    """Settle the open writes; the outcomes tell the ids that the items have then."""
    if not batch.open:
        return
    if batch.writes[0].kind is ItemKind.EMAIL:
        _move_mails(batch, folder)
    else:
        _copy_and_delete(batch, folder)


def _move_mails(batch: Batch, folder: str) -> None:
    target = WELL_KNOWN.get(folder) or items_of(batch.line, folder)[1]
    requests = {at: Request("POST", batch.path(at, "move"), {"destinationId": target}) for at in batch.open}
    batch.send(requests, lambda _, answer: Outcome(str(answer.body["id"]), version(answer.body)))


def _copy_and_delete(batch: Batch, folder: str) -> None:
    line, kind = batch.line, batch.writes[0].kind
    found = batch.present(batch.open, **_everything(kind))
    for at in [at for at, answer in found.items() if answer.body.get("hasAttachments")]:
        batch.fail(at, Fault.INVALID, "Graph cannot move a task with attachments")
        del found[at]
    retried = {str(_key(kind, found[at].body)): at for at in found if batch.writes[at].retrying}
    copied = {retried[each]: told for each, told in bearing(line, folder, [k for k in retried if k]).items()}
    where = line.path(*items_of(line, folder))
    wanted = {at: Request("POST", where, _copy(answer.body)) for at, answer in found.items() if at not in copied}
    for at, answer in batch.answers(wanted):
        if isinstance(answer, Answer):
            copied[at] = answer.body
        else:
            batch.settle(at, Outcome(error=answer))
    _delete(batch, copied)


def _delete(batch: Batch, copied: dict[int, Any]) -> None:
    for at, answer in batch.answers({at: Request("DELETE", batch.path(at)) for at in copied}):
        if isinstance(answer, Answer) or answer.fault is Fault.NOT_FOUND:
            batch.settle(at, Outcome(str(copied[at]["id"]), version(copied[at])))
        else:
            batch.settle(at, Outcome(error=answer))


def _everything(kind: ItemKind) -> dict[str, str]:
    if kind is ItemKind.TASK:
        return {"expand": f"{codec_tasks.LINKS},checklistItems"}
    return {"expand": asked(kind, READERS[kind])["expand"]}


def _key(kind: ItemKind, told: Json) -> str:
    return str(READERS[kind][f.KEY].value(told) or "")


def _copy(told: Json) -> dict[str, Any]:
    """What is sent to make the item anew."""
    made = {name: value for name, value in told.items() if name not in _TOLD and "@" not in name and value is not None}
    made[EXTENDED] = [{"id": each["id"], "value": each["value"]} for each in told.get(EXTENDED) or () if each["value"]]
    if made.get("fileAs") == codec_contacts.filed(told):
        del made["fileAs"]  # the server goes on filing it by its name, whatever that will be
    for name in (codec_tasks.LINKS, "checklistItems"):
        made[name] = [_bare(each) for each in told.get(name) or ()]
    return {name: value for name, value in made.items() if value != []}


def _bare(told: Json) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name not in _TOLD and "@" not in name and value is not None}
