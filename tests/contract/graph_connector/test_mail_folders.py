"""Further mail folders over Graph: found by their names in one call, and read like the others."""

from __future__ import annotations

import pytest

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Detail
from mapping.model import fields as f
from mapping.model.item import MORE_MAIL
from tests.support.graph import ADDRESS, World


@pytest.fixture
def tree(world: World) -> World:
    """A mailbox in which people keep mail in folders of their own."""
    for name, parent in (("Projects", "inbox"), ("Alpha", "Projects"), ("Archive", "msgfolderroot"),
                         ("Projects", "deleteditems")):  # fmt: skip
        world.control("ews/folders", mailbox=ADDRESS, name=name, parent=parent, **{"class": "IPF.Note"})
    world.control("ews/folders", mailbox=ADDRESS, name="Dates", parent="Archive", **{"class": "IPF.Appointment"})
    return world


@pytest.mark.rule("WAY-9")
def test_folders_are_found_by_name_and_path_in_one_call(tree: World) -> None:
    found = dict(tree.mailbox.mail_folders(["Projects"], []))

    assert tree.counted(lambda: tree.mailbox.mail_folders(["Projects"], [])) == {"batch": 1}
    assert len(found) == 2
    assert all(role.startswith(MORE_MAIL) and len(role) <= 20 for role in found)
    assert tree.mailbox.mail_folders(["projects"], ["Inbox/Projects/Alpha"]).items() < found.items()
    assert len(tree.mailbox.mail_folders(["SyncArchiveFolder"], [])) == 1
    assert tree.mailbox.mail_folders(["Inbox", "Deleted Items", "Nowhere"], ["Inbox/Projects"]) == {}
    assert found.keys() <= tree.mailbox.known_folders()


@pytest.mark.rule("WAY-9")
def test_a_folder_that_was_found_is_read_and_one_that_is_gone_is_said_to_be(tree: World) -> None:
    (role,) = tree.mailbox.mail_folders(["SyncArchiveFolder"], [])
    cursor = tree.mailbox.changes(role, None).cursor
    tree.has("Message", "Archive", Subject="Old", From={"address": "h@globex.example"})

    (change,) = tree.mailbox.changes(role, cursor).changes

    (item,) = tree.mailbox.read([change.ref], Detail.HEAD).values()
    assert not isinstance(item, ConnectorError)
    assert (item.text(f.SUBJECT), item.ref.container) == ("Old", role)
    tree.control("ews/folders/delete", mailbox=ADDRESS, folder="Archive")
    with pytest.raises(ConnectorError) as gone:
        tree.mailbox.changes(role, cursor)
    assert (gone.value.fault, gone.value.scope) == (Fault.NOT_FOUND, Scope.CONTAINER)
