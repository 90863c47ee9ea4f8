"""Folders: found, made, renamed, removed, synchronised; and the settings that hang on them."""

from __future__ import annotations

from typing import Any

import pytest
from exchangelib import errors
from exchangelib.folders import Messages
from lxml import etree

from connectors.sandbox.ews.control import dump
from tests.contract.ews_sandbox.conftest import ANN, Office

HIERARCHY = """<m:SyncFolderHierarchy><m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>
    <m:SyncFolderId><t:DistinguishedFolderId Id="msgfolderroot"/></m:SyncFolderId>{}</m:SyncFolderHierarchy>"""


def hierarchy(office: Office, state: str = "") -> tuple[list[tuple[str, str]], str]:
    _, answer = office.post(HIERARCHY.format(f"<m:SyncState>{state}</m:SyncState>" if state else ""))
    changes = answer.find(".//{*}Changes")
    told = [(etree.QName(each).localname, each.findtext(".//{*}DisplayName")) for each in changes]
    return told, answer.findtext(".//{*}SyncState")


def test_the_default_folders_are_there(office: Office) -> None:
    account = office.account()
    names = {folder.name for folder in account.root.walk()}
    assert {"Inbox", "Sent Items", "Deleted Items", "Calendar", "Contacts", "Tasks", "Drafts", "Junk Email"} <= names
    assert (account.calendar.folder_class, account.tasks.folder_class) == ("IPF.Appointment", "IPF.Task")


def test_a_folder_is_made_found_renamed_and_removed(office: Office) -> None:
    account = office.account()
    folder = Messages(parent=account.msg_folder_root, name="Salesforce Emails")
    folder.save()
    account.root.clear_cache()
    found = account.msg_folder_root / "Salesforce Emails"
    assert (found.id, found.folder_class, found.total_count) == (folder.id, "IPF.Note", 0)
    found.name = "Other"
    found.save(update_fields=["name"])
    office.control("items", mailbox=ANN, kind="Message", folder="Other", values={"Subject": "x"})
    assert len(office.content(folder="Other")) == 1
    identifier = found.id
    found.delete()
    body = f"""<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape></m:ItemShape><m:SyncFolderId>
        <t:FolderId Id="{identifier}"/></m:SyncFolderId><m:MaxChangesReturned>1</m:MaxChangesReturned>
        </m:SyncFolderItems>"""
    assert office.post(body)[1].findtext(".//{*}ResponseCode") == "ErrorSyncFolderNotFound"
    account.root.clear_cache()
    assert "Other" not in {each.name for each in account.root.walk()}


def test_two_folders_of_one_name_are_refused(office: Office) -> None:
    office.control("folders", mailbox=ANN, name="Twice")
    account = office.account()
    with pytest.raises(errors.ErrorFolderExists):
        Messages(parent=account.msg_folder_root, name="twice").save()


def test_distinguished_folders_stay(office: Office) -> None:
    with pytest.raises(errors.ErrorDeleteDistinguishedFolder):
        office.account().inbox.delete()


def test_the_hierarchy_is_synchronised(office: Office) -> None:
    changes, state = hierarchy(office)
    assert ("Create", "Inbox") in changes
    assert ("Create", "root") not in changes
    assert hierarchy(office, state) == ([], state)
    office.control("folders", mailbox=ANN, name="New", parent="inbox")
    office.control("folders", mailbox=ANN, name="Passing")
    office.control("folders/delete", mailbox=ANN, folder="Passing")
    changes, state = hierarchy(office, state)
    assert changes == [("Create", "New")]
    office.control("folders/delete", mailbox=ANN, folder="New")
    assert [verb for verb, _ in hierarchy(office, state)[0]] == ["Delete"]


def test_a_damaged_hierarchy_state(office: Office) -> None:
    _, answer = office.post(HIERARCHY.format("<m:SyncState>xx</m:SyncState>"))
    assert answer.findtext(".//{*}ResponseCode") == "ErrorInvalidSyncStateData"
    assert answer.findtext(".//{*}IncludesLastFolderInRange") == "true"


def test_the_category_list_is_read_and_written(office: Office) -> None:
    calendar = office.account().calendar
    before = calendar.get_user_configuration(name="CategoryList", properties="XmlData")
    assert b"<categories" in before.xml_data
    new = before.xml_data.replace(b"</categories>", b'<category name="Salesforce" color="7"/></categories>')
    calendar.update_user_configuration("CategoryList", xml_data=new)
    after = calendar.get_user_configuration(name="CategoryList", properties="XmlData")
    assert after.xml_data == new


def test_other_settings_are_made_first(office: Office) -> None:
    inbox = office.account().inbox
    with pytest.raises(errors.ErrorItemNotFound):
        inbox.get_user_configuration(name="Mine", properties="All")
    inbox.create_user_configuration(name="Mine", dictionary={"a": "b"})
    assert inbox.get_user_configuration(name="Mine", properties="All").dictionary == {"a": "b"}


def test_a_dump_can_be_compared_between_runs(office: Office) -> None:
    def story() -> Any:
        office.sandbox.reset()
        office.control("mailboxes", address=ANN, name="Ann")
        for subject in ("one", "two"):
            values = {"Subject": subject, "Start": "2026-12-01T10:00:00Z", "UID": subject}
            office.control("items", mailbox=ANN, values=values)
        return dump(office.sandbox, normalise=True)

    first, second = story(), story()
    assert first == second
    assert [item["Subject"] for item in first[ANN]["calendar"]] == ["one", "two"]


def test_mistakes_in_control_entries_are_told(office: Office) -> None:
    for path, given in (
        ("items", {"mailbox": "no@x.example"}),
        ("items", {"mailbox": ANN, "values": {"Nonsense": 1}}),
        ("items", {"mailbox": ANN, "kind": "Elephant"}),
        ("items", {"mailbox": ANN, "folder": "nowhere"}),
        ("items/update", {"mailbox": ANN, "id": "x", "values": {}}),
        ("mailboxes", {"address": "x@y.example", "timezone": "Mars"}),
        ("mailboxes", {"address": "no address"}),
    ):
        answer = office.http.post(f"/control/ews/{path}", json=given)
        assert answer.status_code == 400, path
        assert answer.json["error"]
