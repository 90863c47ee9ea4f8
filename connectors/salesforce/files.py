"""Files on records: every content once in an organization, and shown by all records that it belongs to.

A File (ContentVersion) takes one query for the contents that are there, and one upload for each that is not, which
links it to its record as well. If more is to be linked, one query tells the documents of the uploads and what the
others are linked to, and one collections call links. An Attachment takes one upload, and one query when it is retried.

Sources: REST API guide (insert or update blob data), Object Reference: `Checksum` is the MD5 of the content;
`FirstPublishLocationId` links a new file to one record; a ContentDocumentLink can be asked for only by ids.
A document on very many records becomes slow to open and to share, so it is linked to at most `MOST_LINKS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import FileWrite, OrgShape, Store, Stored
from connectors.salesforce.codec import id18
from connectors.salesforce.composite import batched
from connectors.salesforce.config import ROWS_PER_COLLECTION
from connectors.salesforce.faults import FAULTS, row_error
from connectors.salesforce.rows import for_item
from connectors.salesforce.soql import one_of, select
from connectors.salesforce.wire import Query, Wire

MOST_LINKS = 100
TITLE, PATH, TYPE = 255, 500, 120  # what the names of a file, and the name of its type, may have at most

Content = tuple[str, int]  # digest and length


@dataclass(slots=True)
class _File:
    """A file on its way. `version`: what an upload made; `document`: known once somebody asked."""

    place: int
    write: FileWrite
    version: str = ""
    document: str = ""
    adopted: bool = False
    linked: set[str] = field(default_factory=set)
    unlinked: int = 0
    error: ConnectorError | None = None

    @property
    def content(self) -> Content:
        return hashlib.md5(self.write.content, usedforsecurity=False).hexdigest(), len(self.write.content)

    @property
    def missing(self) -> list[str]:
        """The records that do not show it yet, its own first."""
        wanted = dict.fromkeys(id18(each) for each in (self.write.parent, *self.write.links) if each)
        return [each for each in wanted if each not in self.linked]

    @property
    def stored(self) -> Stored:
        return Stored(self.document or self.version, self.adopted, self.unlinked, self.error)


class Files:
    def __init__(self, wire: Wire, shape: OrgShape) -> None:
        self._wire = wire
        self._shape = shape

    def store(self, files: Sequence[FileWrite]) -> list[Stored]:
        """See `Crm.store_files`. Raises ConnectorError when nothing was stored."""
        every = [_File(place, write) for place, write in enumerate(files)]
        self._as_files([each for each in every if each.write.store is Store.FILE])
        self._as_attachments([each for each in every if each.write.store is Store.ATTACHMENT])
        return [each.stored for each in every]

    # --- Files

    def _as_files(self, files: list[_File]) -> None:
        if not files:
            return
        contents = {each.place: each.content for each in files}
        documents = self._documents({digest for digest, _ in contents.values()})
        first: dict[Content, _File] = {}
        fresh: list[_File] = []
        for each in files:
            content = contents[each.place]
            if content in documents:
                each.document, each.adopted = documents[content], True
            elif content in first:
                each.adopted = True  # by the file before it
            else:
                first[content] = each
                fresh.append(each)
        _one_by_one(fresh, self._upload)
        for each in files:
            if each.adopted and not each.document:
                twin = first[contents[each.place]]
                each.version, each.error = twin.version, twin.error
        self._link([each for each in files if each.error is None and each.missing])

    def _documents(self, digests: Iterable[str]) -> dict[Content, str]:
        """The oldest document of each content."""
        columns = ("ContentDocumentId", "Checksum", "ContentSize")
        where = [one_of("Checksum", sorted(digests)), "IsLatest = true"]
        query = Query(select(columns, "ContentVersion", where, order=("CreatedDate", "Id")))
        found: dict[Content, str] = {}
        for row in self._wire.queries([query], "files.look")[0]:
            content = str(row["Checksum"]), int(row["ContentSize"] or 0)
            found.setdefault(content, id18(str(row["ContentDocumentId"])))
        return found

    def _upload(self, file: _File) -> None:
        write = file.write
        row = {"Title": _stem(write.name)[:TITLE], "PathOnClient": write.name[:PATH]}
        row |= {"FirstPublishLocationId": write.parent} if write.parent else {}
        row |= self._owned(write)
        answer = self._wire.upload(Store.FILE.value, row, "VersionData", write.content, "files.upload")
        file.version = _made(answer)
        file.linked.add(id18(write.parent))

    def _owned(self, write: FileWrite) -> dict[str, str]:
        may = write.owner and self._shape.can_create(write.store.value, "OwnerId")
        return {"OwnerId": write.owner} if may else {}

    def _link(self, files: list[_File]) -> None:
        """Link documents to the records that do not show them yet, those first that they came with."""
        if not files:
            return
        try:
            self._look_at_links(files)
            for chunk in batched(_wanted(files), ROWS_PER_COLLECTION):
                self._insert_links(chunk)
        except ConnectorError as error:
            for each in files:  # their contents are there, and will be found when this is tried again
                each.error = error if _is_wide(error) else for_item(error)

    def _look_at_links(self, files: list[_File]) -> None:
        """What is linked already, and the documents of what was uploaded a moment ago."""
        queries = []
        versions = sorted({each.version for each in files if not each.document})
        documents = sorted({each.document for each in files if each.document})
        if versions:
            queries.append(Query(select(("Id", "ContentDocumentId"), "ContentVersion", [one_of("Id", versions)])))
        if documents:
            columns = ("ContentDocumentId", "LinkedEntityId")
            queries.append(Query(select(columns, "ContentDocumentLink", [one_of("ContentDocumentId", documents)])))
        answers = iter(self._wire.queries(queries, "files.links"))
        if versions:
            made = {id18(str(row["Id"])): id18(str(row["ContentDocumentId"])) for row in next(answers)}
            fresh = [each for each in files if not each.document]
            for each in fresh:
                each.document = made.get(id18(each.version), "")
            known = {each.document: each.linked for each in fresh if not each.adopted}
            for each in fresh:
                each.linked = known.get(each.document, each.linked)
        held: dict[str, set[str]] = {}
        for row in next(answers, ()):
            held.setdefault(id18(str(row["ContentDocumentId"])), set()).add(id18(str(row["LinkedEntityId"])))
        for each in files:
            if each.document in held:
                each.linked = held[each.document]  # shared by all files with this content

    def _insert_links(self, links: list[tuple[_File, str]]) -> None:
        records = [
            {"attributes": {"type": "ContentDocumentLink"}, "ContentDocumentId": file.document,
             "LinkedEntityId": target, "ShareType": "V"}
            for file, target in links
        ]  # fmt: skip
        answer = self._wire.send("POST", "composite/sobjects", "files.link", {"allOrNone": False, "records": records})
        for (file, target), row in zip(links, answer, strict=True):
            error = None if row.get("success") else row_error(row.get("errors"))
            if error is None or error.vendor_code == "DUPLICATE_VALUE":
                continue
            if target == id18(file.write.parent):
                file.error = for_item(error)
            else:
                file.unlinked += 1

    # --- Attachments

    def _as_attachments(self, files: list[_File]) -> None:
        retried = [each for each in files if each.write.retrying]
        held = self._attachments(retried) if retried else {}
        for each in retried:
            each.version = held.get(_likeness(each.write), "")
            each.adopted = bool(each.version)
        _one_by_one([each for each in files if not each.version], self._attach)

    def _attachments(self, files: list[_File]) -> dict[tuple[str, str, int], str]:
        parents = sorted({each.write.parent for each in files})
        columns = ("Id", "ParentId", "Name", "BodyLength")
        query = Query(select(columns, "Attachment", [one_of("ParentId", parents)]))
        rows = self._wire.queries([query], "files.look")[0]
        return {
            (id18(str(row["ParentId"])), str(row["Name"]), int(row["BodyLength"] or 0)): id18(str(row["Id"]))
            for row in rows
        }

    def _attach(self, file: _File) -> None:
        write = file.write
        row = {"Name": write.name[:TITLE], "ParentId": write.parent, **self._owned(write)}
        row |= {"ContentType": write.type} if 0 < len(write.type) <= TYPE else {}
        file.version = _made(self._wire.upload(Store.ATTACHMENT.value, row, "Body", write.content, "files.attach"))


def _wanted(files: Sequence[_File]) -> list[tuple[_File, str]]:
    """Links to make, as far as documents have room: first to the records with which the files came."""
    wanted: list[tuple[_File, str]] = []
    for own in (True, False):
        for file in files:
            for target in file.missing:
                if (target == id18(file.write.parent)) is not own:
                    continue
                if len(file.linked) >= MOST_LINKS:
                    file.unlinked += 1
                else:
                    file.linked.add(target)
                    wanted.append((file, target))
    return wanted


def _one_by_one(files: Sequence[_File], store: Callable[[_File], None]) -> None:
    """Store each; what goes wrong with one leaves the others alone. Once the connection refuses, those that are left
    share its error unsent; it is raised when it met the first."""
    for place, each in enumerate(files):
        try:
            store(each)
        except ConnectorError as error:
            if not _is_wide(error):
                each.error = for_item(error)
                continue
            if place == 0:
                raise
            for left in files[place:]:
                left.error = error
            return


def _is_wide(error: ConnectorError) -> bool:
    """Does it concern more than this file? A lost connection may well have been the fault of its size."""
    narrow = error.vendor_code in FAULTS and not FAULTS[error.vendor_code].wide
    return error.scope is Scope.CONNECTION and error.fault is not Fault.UNKNOWN and not narrow


def _made(answer: Any) -> str:
    if not isinstance(answer, Mapping) or not answer.get("success"):
        raise ConnectorError(Fault.UNKNOWN, "an answer that is none to an upload", scope=Scope.ITEM)
    return id18(str(answer["id"]))


def _likeness(write: FileWrite) -> tuple[str, str, int]:
    return id18(write.parent), write.name[:TITLE], len(write.content)


def _stem(name: str) -> str:
    """What people call the file: its name without the extension."""
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name
