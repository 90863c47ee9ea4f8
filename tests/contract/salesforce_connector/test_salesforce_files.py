"""Files: each content once in an organization, on every record that it belongs to, at a known price."""

from __future__ import annotations

import pytest

from connectors.errors import ConnectorError, Fault
from connectors.protocols import FileWrite, Store
from connectors.salesforce.files import MOST_LINKS
from tests.contract.salesforce_connector.world import World


def mail(world: World, subject: str = "Offer") -> str:
    return world.make("EmailMessage", Subject=subject, Status="3", IsClientManaged=True)


def shown_by(world: World, record: str) -> list[str]:
    """The names of the files that a record shows."""
    links = world.rows(f"SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '{record}'")
    rows = [
        world.rows(f"SELECT PathOnClient FROM ContentVersion WHERE ContentDocumentId = '{link['ContentDocumentId']}'")
        for link in links
    ]
    return sorted(row["PathOnClient"] for found in rows for row in found)


def file(name: str, content: bytes, parent: str, *links: str, retrying: bool = False) -> FileWrite:
    return FileWrite(Store.FILE, name, content, parent, links, retrying=retrying)


def test_new_files_cost_one_look_and_one_call_each(world: World) -> None:
    record = mail(world)
    writes = [file(f"{n}.txt", f"content {n}".encode(), record) for n in range(3)]
    with world.calls(4):
        stored = world.crm.store_files(writes)
    assert [(each.error, each.adopted, bool(each.id)) for each in stored] == [(None, False, True)] * 3
    assert shown_by(world, record) == ["0.txt", "1.txt", "2.txt"]
    (version,) = world.rows("SELECT Title FROM ContentVersion WHERE PathOnClient = '0.txt'")
    assert version["Title"] == "0"


def test_a_content_that_the_organization_has_is_linked_again_and_not_stored(world: World) -> None:
    one, two = mail(world, "One"), mail(world, "Two")
    first = world.crm.store_files([file("a.pdf", b"pages", one)])[0]
    with world.calls(3):  # look, links of the document, link
        second = world.crm.store_files([file("copy.pdf", b"pages", two)])[0]
    assert second.adopted
    assert second.error is None and first.error is None
    assert (shown_by(world, one), shown_by(world, two)) == (["a.pdf"], ["a.pdf"])
    assert len(world.rows("SELECT Id FROM ContentVersion")) == 1


def test_the_same_content_twice_in_one_call_is_one_file_on_both_records(world: World) -> None:
    one, two = mail(world, "One"), mail(world, "Two")
    with world.calls(4):  # look, upload, its document, link
        world.crm.store_files([file("a.pdf", b"pages", one), file("b.pdf", b"pages", two)])
    assert (shown_by(world, one), shown_by(world, two)) == (["a.pdf"], ["a.pdf"])


def test_storing_twice_leaves_one_file_and_one_link(world: World) -> None:
    record, account = mail(world), world.make("Account", Name="Acme")
    writes = [file("a.pdf", b"pages", record, account)]
    world.crm.store_files(writes)
    with world.calls(2):
        (again,) = world.crm.store_files(writes)
    assert (again.adopted, again.error, again.unlinked) == (True, None, 0)
    assert (shown_by(world, record), shown_by(world, account)) == (["a.pdf"], ["a.pdf"])


def test_an_upload_whose_answer_was_lost_is_told_and_found_again(world: World) -> None:
    record = mail(world)
    world.fault("POST ContentVersion$", drop_after=True)
    (lost,) = world.crm.store_files([file("a.pdf", b"pages", record)])
    assert lost.error is not None and lost.error.fault is Fault.UNKNOWN
    (found,) = world.crm.store_files([file("a.pdf", b"pages", record, retrying=True)])
    assert (found.adopted, found.error) == (True, None)
    assert shown_by(world, record) == ["a.pdf"]


def test_one_refused_file_leaves_the_others_alone(world: World) -> None:
    record = mail(world)
    world.fault("sf.row.ContentVersion.create", nth=2, code="STORAGE_LIMIT_EXCEEDED")
    one, two, three = world.crm.store_files([file(f"{n}.txt", f"{n}".encode(), record) for n in range(3)])
    assert (one.error, three.error) == (None, None)
    assert two.error is not None and two.error.vendor_code == "STORAGE_LIMIT_EXCEEDED"
    assert shown_by(world, record) == ["0.txt", "2.txt"]


def test_a_refusing_connection_is_raised_or_told_for_all_that_are_left(world: World) -> None:
    record = mail(world)
    world.fault("POST ContentVersion$", code="REQUEST_LIMIT_EXCEEDED", status=403)
    with pytest.raises(ConnectorError) as caught:
        world.crm.store_files([file("0.txt", b"0", record), file("1.txt", b"1", record)])
    assert caught.value.fault is Fault.THROTTLED

    world.fault("POST ContentVersion$", nth=2, code="REQUEST_LIMIT_EXCEEDED", status=403)
    told = world.crm.store_files([file(f"{n}.txt", f"{n}".encode(), record) for n in range(3)])
    assert [each.error.fault if each.error else None for each in told] == [None, Fault.THROTTLED, Fault.THROTTLED]


def test_a_document_is_linked_to_a_hundred_records_and_first_to_those_it_came_with(world: World) -> None:
    accounts = [world.make("Account", Name=f"Acme {n}") for n in range(MOST_LINKS)]
    one, two = mail(world, "One"), mail(world, "Two")
    first, second = world.crm.store_files(
        [file("a.pdf", b"pages", one, *accounts), file("a.pdf", b"pages", two, *accounts)]
    )
    assert (shown_by(world, one), shown_by(world, two)) == (["a.pdf"], ["a.pdf"])
    assert sum(shown_by(world, account) == ["a.pdf"] for account in accounts) == MOST_LINKS - 2
    assert (first.error, second.error) == (None, None)
    assert first.unlinked + second.unlinked >= 2


def test_a_link_that_is_refused_does_not_undo_the_file(world: World) -> None:
    record, account = mail(world), world.make("Account", Name="Acme")
    world.fault("sf.row.ContentDocumentLink.create", code="INSUFFICIENT_ACCESS_OR_READONLY")
    (stored,) = world.crm.store_files([file("a.pdf", b"pages", record, account)])
    assert (stored.error, stored.unlinked) == (None, 1)
    assert shown_by(world, record) == ["a.pdf"]


def test_attachments_cost_one_call_each_and_are_looked_for_when_retried(world: World) -> None:
    record = mail(world)
    writes = [FileWrite(Store.ATTACHMENT, f"{n}.txt", b"x", record) for n in range(2)]
    with world.calls(2):
        world.crm.store_files(writes)
    with world.calls(1):
        again = world.crm.store_files([FileWrite(Store.ATTACHMENT, "0.txt", b"x", record, retrying=True)])
    assert again[0].adopted
    rows = world.rows(f"SELECT Name, BodyLength FROM Attachment WHERE ParentId = '{record}' ORDER BY Name")
    assert [(row["Name"], row["BodyLength"]) for row in rows] == [("0.txt", 1), ("1.txt", 1)]


def test_names_of_any_script_survive(world: World) -> None:
    record = mail(world)
    world.crm.store_files([file("Zürich – Übergabe 提案.pdf", b"pages", record)])
    assert shown_by(world, record) == ["Zürich – Übergabe 提案.pdf"]
