"""How the cursors of watched objects are called."""

from __future__ import annotations

from connectors.protocols import Watch
from mapping.model.item import ItemKind
from sync_tasks.stages.watching import cursor_name, forgotten
from sync_tasks.state.models import Cursor


def watch(name: str) -> Watch:
    return Watch(name, ItemKind.EVENT, name)


def test_the_name_of_a_cursor_fits_its_column_and_tells_long_objects_apart() -> None:
    room = Cursor.__table__.c.name.type.length
    long = ["a_vendor_name__" + "x" * 41 + tail for tail in ("1__c", "2__c")]
    names = {cursor_name(watch(name)) for name in long}

    assert (cursor_name(watch("Visit__c")), len(names)) == ("crm:Visit__c", 2)
    assert max(map(len, names)) <= room


def test_the_cursors_of_objects_that_are_not_asked_about_are_emptied_those_of_kinds_are_kept() -> None:
    cursors = {"crm:task": "1", "crm:event": "2", "crm:Visit__c": "3", "crm:Deal__c": "4", "crm:Old__c": "",
               "mailbox:inbox": "5"}  # fmt: skip

    assert forgotten(cursors, [watch("event"), watch("Visit__c")]) == {"crm:Deal__c": ""}
