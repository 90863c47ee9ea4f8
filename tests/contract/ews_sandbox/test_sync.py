"""Incremental synchronisation: what a client knows after reading is what lies in the folder, from any earlier state."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from exchangelib import errors
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule
from lxml import etree

from connectors.sandbox.ews.ids import SyncState
from connectors.sandbox.ews.items import Items
from connectors.sandbox.ews.state import Directory, Folder
from connectors.sandbox.server import Sandbox
from tests.contract.ews_sandbox.conftest import ANN, Office

SYNC = """<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape>
    <m:SyncFolderId><t:DistinguishedFolderId Id="{role}"/></m:SyncFolderId>{state}
    <m:MaxChangesReturned>{limit}</m:MaxChangesReturned></m:SyncFolderItems>"""


def sync(
    office: Office, state: str = "", *, limit: int = 512, role: str = "inbox"
) -> tuple[list[tuple[str, str]], str, bool]:
    """One page: changes as (verb, id), the next state, whether it was the last."""
    given = f"<m:SyncState>{state}</m:SyncState>" if state else ""
    _, answer = office.post(SYNC.format(role=role, state=given, limit=limit))
    changes = [
        (etree.QName(each).localname, each.find(".//{*}ItemId").get("Id")) for each in answer.find(".//{*}Changes")
    ]
    last = answer.findtext(".//{*}IncludesLastItemInRange") == "true"
    return changes, answer.findtext(".//{*}SyncState"), last


def mail(office: Office, **values: Any) -> str:
    return str(office.control("items", mailbox=ANN, kind="Message", folder="inbox", values=values)["id"])


def test_the_first_reading_lists_everything_and_the_second_nothing(office: Office) -> None:
    ids = [mail(office, Subject=str(n)) for n in range(3)]
    changes, state, last = sync(office)
    assert changes == [("Create", each) for each in ids]
    assert last
    assert sync(office, state) == ([], state, True)


def test_each_kind_of_change_is_told(office: Office) -> None:
    changed, read, gone = (mail(office, Subject=each) for each in "abc")
    _, state, _ = sync(office)
    office.control("items/update", mailbox=ANN, id=changed, values={"Subject": "new"})
    office.control("items/update", mailbox=ANN, id=read, values={"IsRead": True})
    office.control("items/delete", mailbox=ANN, id=gone)
    assert sync(office, state)[0] == [("Update", changed), ("ReadFlagChange", read), ("Delete", gone)]


def test_several_changes_of_one_item_are_one(office: Office) -> None:
    known = mail(office, Subject="known")
    _, state, _ = sync(office)
    made = mail(office, Subject="made")
    office.control("items/update", mailbox=ANN, id=made, values={"Subject": "made and changed"})
    passing = mail(office, Subject="passing")
    office.control("items/delete", mailbox=ANN, id=passing, hard=True)
    office.control("items/update", mailbox=ANN, id=known, values={"IsRead": True})
    office.control("items/update", mailbox=ANN, id=known, values={"Subject": "changed and read"})
    assert sorted(sync(office, state)[0]) == sorted([("Create", made), ("Update", known)])


def test_moving_is_leaving_here_and_arriving_there(office: Office) -> None:
    item = mail(office, Subject="x")
    _, inbox, _ = sync(office)
    _, drafts, _ = sync(office, role="drafts")
    new = office.control("items/move", mailbox=ANN, id=item, folder="drafts")["id"]
    assert sync(office, inbox)[0] == [("Delete", item)]
    assert sync(office, drafts, role="drafts")[0] == [("Create", new)]


def test_pages_are_as_long_as_asked_and_tell_nothing_twice(office: Office) -> None:
    ids = [mail(office, Subject=str(n)) for n in range(7)]
    first, state, last = sync(office, limit=3)
    assert (len(first), last) == (3, False)
    # what was told already changes while the client reads on
    office.control("items/update", mailbox=ANN, id=ids[0], values={"Subject": "changed"})
    office.control("items/delete", mailbox=ANN, id=ids[5])
    late = mail(office, Subject="late")
    second, state, last = sync(office, state, limit=4)
    assert last
    assert first + second == [("Create", each) for each in ids if each != ids[5]]
    rest, state, last = sync(office, state)
    assert rest == [("Update", ids[0]), ("Delete", ids[5]), ("Create", late)]
    assert last


def test_exchangelib_reads_on_over_pages(office: Office) -> None:
    for n in range(5):
        mail(office, Subject=str(n))
    folder = office.folder("inbox")
    told = list(folder.sync_items(only_fields=["subject"], max_changes_returned=2))
    assert [(verb, item.subject) for verb, item in told] == [("create", str(n)) for n in range(5)]
    assert office.sandbox.ledger.count("ews.SyncFolderItems") == 3


@pytest.mark.parametrize("state", ["nonsense", "SQAAAAEAAAAAAAAAAVUQ+RQ="])
def test_a_damaged_state_is_told_with_the_elements_that_clients_need(office: Office, state: str) -> None:
    _, answer = office.post(SYNC.format(role="inbox", state=f"<m:SyncState>{state}</m:SyncState>", limit=1))
    assert answer.findtext(".//{*}ResponseCode") == "ErrorInvalidSyncStateData"
    assert answer.findtext(".//{*}SyncState") == state
    assert answer.findtext(".//{*}IncludesLastItemInRange") == "true"
    with pytest.raises(errors.ErrorInvalidSyncStateData):
        list(office.folder("inbox").sync_items(sync_state=state, only_fields=[]))


def test_a_state_holds_for_its_folder_only_and_not_after_a_reset(office: Office) -> None:
    mail(office, Subject="x")
    _, state, _ = sync(office)
    with pytest.raises(errors.ErrorInvalidSyncStateData):
        list(office.folder("drafts").sync_items(sync_state=state, only_fields=[]))
    office.sandbox.reset()
    office.control("mailboxes", address=ANN)
    with pytest.raises(errors.ErrorInvalidSyncStateData):
        list(office.folder("inbox").sync_items(sync_state=state, only_fields=[]))


def test_ids_to_ignore_are_left_out(office: Office) -> None:
    first, second = mail(office, Subject="a"), mail(office, Subject="b")
    body = SYNC.format(role="inbox", state=f'<m:Ignore><t:ItemId Id="{first}"/></m:Ignore>', limit=9)
    assert [each.get("Id") for each in office.post(body)[1].iterfind(".//{*}ItemId")] == [second]


@pytest.mark.parametrize("limit", [0, 513])
def test_the_page_size_has_bounds(office: Office, limit: int) -> None:
    assert office.post(SYNC.format(role="inbox", state="", limit=limit))[0] == 500


@dataclass
class Reader:
    """A client: the state it has reached and what it believes to lie in the folder (id -> subject)."""

    state: SyncState
    knows: dict[int, str] = field(default_factory=dict)


class SyncMachine(RuleBasedStateMachine):
    """Anything happens in a folder while readers page through it, each at its own pace."""

    def __init__(self) -> None:
        super().__init__()
        self.sandbox = Sandbox()
        directory = Directory(self.sandbox.store)
        mailbox = directory.add_mailbox(ANN)
        self.folder: Folder = directory.distinguished(mailbox, "inbox")
        self.other: Folder = directory.distinguished(mailbox, "drafts")
        self.items = Items(self.sandbox.store, self.sandbox.clock.now())
        self.number = 0
        self.readers = [Reader(SyncState(self.folder.id))]

    def teardown(self) -> None:
        for reader in self.readers:
            for limit in (1, 2, 512, 512, 512):
                self.page(reader, limit)
            while reader.state.midway:
                self.page(reader, 512)
            self.page(reader, 512)
            assert reader.knows == {each.id: each.values["Subject"] for each in self.items.inside(self.folder)}
        self.sandbox.close()

    def page(self, reader: Reader, limit: int) -> None:
        steps, reader.state = self.items.steps(reader.state, limit)
        assert len(steps) <= limit
        for step in steps:
            if step.verb == "delete":
                reader.knows.pop(step.item, None)
                continue
            assert (step.verb == "create") == (step.item not in reader.knows)
            reader.knows[step.item] = self.items.get(step.item).values["Subject"]

    def some(self, choice: int) -> Any:
        everything = list(self.items.inside(self.folder))
        return everything[choice % len(everything)]

    @rule()
    def create(self) -> None:
        self.number += 1
        self.items.create(self.folder, "Message", {"Subject": str(self.number), "IsRead": False})

    @precondition(lambda self: self.items.count(self.folder))
    @rule(choice=st.integers(0, 99), read=st.booleans())
    def update(self, choice: int, read: bool) -> None:
        item = self.some(choice)
        self.number += 1
        if read:
            self.items.replace(item, {**item.values, "IsRead": True}, verb="read")
        else:
            self.items.replace(item, {**item.values, "Subject": str(self.number)})

    @precondition(lambda self: self.items.count(self.folder))
    @rule(choice=st.integers(0, 99), move=st.booleans())
    def remove(self, choice: int, move: bool) -> None:
        item = self.some(choice)
        if move:
            self.items.move(item, self.other)
        else:
            self.items.delete(item)

    @rule(choice=st.integers(0, 99), limit=st.integers(1, 4))
    def read_on(self, choice: int, limit: int) -> None:
        self.page(self.readers[choice % len(self.readers)], limit)

    @precondition(lambda self: len(self.readers) < 4)
    @rule(choice=st.integers(0, 99))
    def remember(self, choice: int) -> None:
        """A reader that goes on from a state that another one leaves behind."""
        origin = self.readers[choice % len(self.readers)]
        self.readers.append(Reader(origin.state, dict(origin.knows)))


TestSyncMachine = SyncMachine.TestCase
TestSyncMachine.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
