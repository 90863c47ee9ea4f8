"""Stories of attachments: saved as files once each, beside the mail that they came with, whatever happens."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.pipeline.mail_words import home
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox

HOMER = "homer@globex.example"
PDF = {"name": "offer.pdf", "bytes": 200_000}


def known(world: World, address: str = HOMER) -> tuple[str, str]:
    """(contact, account) of somebody known in Salesforce."""
    account = world.record("Account", Name="Globex")
    return world.record("Contact", LastName="Simpson", Email=address, AccountId=account), account


def received(world: World, user: UserView, subject: str, *attachments: dict[str, Any], **values: Any) -> str:
    values = {"sender": HOMER, "message_id": f"<{subject}@globex.example>", **values}
    return world.message(user, subject, Attachments=list(attachments), **values)


def files_of(world: World, record: str) -> list[str]:
    """The names of the files that a record shows."""
    links = world.query(f"SELECT ContentDocumentId FROM ContentDocumentLink WHERE LinkedEntityId = '{record}'")
    found: list[str] = []
    for link in links:
        document = link["ContentDocumentId"]
        rows = world.query(
            f"SELECT PathOnClient FROM ContentVersion WHERE ContentDocumentId = '{document}' AND IsLatest = true"
        )
        found += [row["PathOnClient"] for row in rows]
    return sorted(found)


def record_of(world: World, subject: str) -> str:
    (row,) = world.query(f"SELECT Id FROM EmailMessage WHERE Subject = '{subject}'")
    return str(row["Id"])


def told_of(world: World) -> dict[str, str]:
    """Place of an attachment -> the reason why it was left, in the last run."""
    assert world.last is not None
    with world.app.store.reading() as unit:
        rows = unit.trail.of_run(world.last.id)
    return {row.ref.rpartition("#")[2]: row.reason for row in rows if "#" in row.ref}


@pytest.mark.rule("FIL-1", "FIL-6")
def test_attachments_become_files_of_the_mail_and_of_its_account(world_on_both: World) -> None:
    world = world_on_both
    ann = world.user(autosave__emails=True)
    _, account = known(world)
    received(world, ann, "Order", PDF, {"name": "Re: terms", "form": "item", "type": "message/rfc822", "text": "terms"})

    run = world.sync(ann)

    assert files_of(world, record_of(world, "Order")) == ["Re_ terms.eml", "offer.pdf"]
    assert files_of(world, account) == ["Re_ terms.eml", "offer.pdf"]
    (version,) = world.query("SELECT Title, ContentSize, OwnerId FROM ContentVersion WHERE PathOnClient = 'offer.pdf'")
    assert (version["Title"], version["ContentSize"], version["OwnerId"]) == ("offer", 200_000, ann.crm_user_id)
    assert run.counts["files.stored"] == 2
    world.later(minutes=30)
    world.writes()
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("FIL-1", "FIL-6", "FIL-11")
def test_where_files_are_off_the_older_attachments_are_made_below_the_mail_alone(world: World) -> None:
    world.setting(files=False)
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Order", PDF)

    world.sync(ann)

    rows = world.query("SELECT Name, BodyLength, ContentType, ParentId, OwnerId FROM Attachment")
    assert rows == [
        {"Name": "offer.pdf", "BodyLength": 200_000, "ContentType": "application/pdf",
         "ParentId": record_of(world, "Order"), "OwnerId": ann.crm_user_id}
    ]  # fmt: skip


@pytest.mark.rule("FIL-1")
def test_where_there_are_neither_files_nor_attachments_the_mail_is_saved_without(world: World) -> None:
    world.setting(files=False, attachments=False)
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Order", PDF)

    world.sync(ann)

    assert record_of(world, "Order")
    assert world.issues(ann) == []


@pytest.mark.rule("FIL-1")
@pytest.mark.parametrize(("store", "files", "attachments"), [("attachment", 0, 1), ("off", 0, 0), ("file", 1, 0)])
def test_the_setting_says_as_what_attachments_are_kept(
    world: World, store: str, files: int, attachments: int
) -> None:  # fmt: skip
    world.set(None, files__store=store)
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Order", PDF)

    world.sync(ann)

    assert len(world.records("ContentVersion")) == files
    assert len(world.records("Attachment")) == attachments


@pytest.mark.rule("FIL-6", "FIL-1")
def test_on_a_task_the_files_hang_too_and_the_account_can_be_left_out(world: World) -> None:
    world.setting(enhanced_email=False)
    world.set(None, files__link_business=False)
    ann = world.user(autosave__emails=True)
    _, account = known(world)
    received(world, ann, "Order", PDF)

    world.sync(ann)

    (task,) = world.query("SELECT Id FROM Task")
    assert files_of(world, task["Id"]) == ["offer.pdf"]
    assert files_of(world, account) == []


@pytest.mark.rule("FIL-3", "FIL-4", "FIL-5", "FIL-8")
@pytest.mark.mail_seed(16)
def test_of_all_sorts_of_attachments_the_real_ones_are_saved(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(
        world, ann, "Order",
        {"name": "just fits.bin", "bytes": int(24.9 * 1024 * 1024)},
        {"name": "too large.bin", "bytes": int(25.1 * 1024 * 1024)},
        {"name": "setup.EXE", "bytes": 20_000},
        {"name": "logo.png", "bytes": 3_000},
        {"name": "shown.png", "bytes": 50_000, "inline": True, "content_id": "shown@1"},
        {"name": "offer.pdf", "bytes": 200_000},
        {"name": "offer.pdf", "bytes": 200_000},
        {"name": "plan.docx", "form": "link", "location": "https://files.example/plan.docx"},
        Body={"html": '<p>See <img src="cid:shown@1"></p>'},
    )  # fmt: skip

    world.sync(ann)

    assert files_of(world, record_of(world, "Order")) == ["just fits.bin", "offer.pdf"]
    assert len(world.records("ContentVersion")) == 2
    assert told_of(world) == {
        "2": Reason.FILE_TOO_LARGE.value, "3": Reason.FILE_TYPE_BLOCKED.value, "4": Reason.FILE_TOO_SMALL.value,
        "5": Reason.FILE_IN_TEXT.value, "8": Reason.FILE_IN_CLOUD.value,
    }  # fmt: skip
    assert world.issues(ann) == []


@pytest.mark.rule("FIL-7")
@pytest.mark.mail_seed(16)
def test_a_file_on_a_hundred_records_is_linked_to_no_more(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Order", PDF)
    world.sync(ann)
    (version,) = world.query("SELECT ContentDocumentId FROM ContentVersion")
    held = world.query(f"SELECT Id FROM ContentDocumentLink WHERE ContentDocumentId = '{version['ContentDocumentId']}'")
    world.enter("Account", [{"Name": f"Other {n}"} for n in range(99 - len(held))])
    others = [row["Id"] for row in world.query("SELECT Id FROM Account WHERE Name LIKE 'Other%'")]
    link = {"ContentDocumentId": version["ContentDocumentId"], "ShareType": "V"}
    world.enter("ContentDocumentLink", [{**link, "LinkedEntityId": each} for each in others])
    lisa = "lisa@initech.example"
    _, account = known(world, lisa)
    world.later(minutes=30)
    received(world, ann, "Again", PDF, sender=lisa)

    world.sync(ann)

    assert files_of(world, record_of(world, "Again")) == ["offer.pdf"]
    assert files_of(world, account) == []
    assert told_of(world) == {"1": Reason.FILE_ON_MANY.value}


@pytest.mark.rule("FIL-4")
def test_the_list_of_wanted_types_binds_what_is_saved_automatically_and_not_what_was_marked(world: World) -> None:
    world.set(None, files__types=["pdf"])
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Auto", PDF, {"name": "plan.docx", "bytes": 20_000})
    received(world, ann, "Marked", {"name": "costs.xlsx", "bytes": 30_000}, Categories=["Salesforce"])

    world.sync(ann)

    assert files_of(world, record_of(world, "Auto")) == ["offer.pdf"]
    assert files_of(world, record_of(world, "Marked")) == ["costs.xlsx"]
    assert told_of(world) == {"2": Reason.FILE_TYPE_UNLISTED.value}


@pytest.mark.rule("FIL-3")
def test_the_limits_of_size_are_settings(world: World) -> None:
    world.set(None, files__max_megabytes=1, files__min_kilobytes=100, files__min_types=["pdf"])
    ann = world.user(autosave__emails=True)
    known(world)
    received(
        world, ann, "Order", {"name": "large.bin", "bytes": 1_100_000}, {"name": "small.pdf", "bytes": 90_000},
        {"name": "small.png", "bytes": 3_000},
    )  # fmt: skip

    world.sync(ann)

    assert files_of(world, record_of(world, "Order")) == ["small.png"]


@pytest.mark.rule("FIL-5")
def test_documents_and_pictures_beside_plain_text_are_attachments_whatever_they_are_declared(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(
        world, ann, "Phone", {"name": "photo.jpg", "bytes": 80_000, "inline": True, "content_id": "p@1"},
        {"name": "scan.pdf", "bytes": 90_000, "inline": True, "content_id": "s@1"}, Body={"text": "Sent from my phone"},
    )  # fmt: skip

    world.sync(ann)

    assert files_of(world, record_of(world, "Phone")) == ["photo.jpg", "scan.pdf"]


@pytest.mark.rule("FIL-8")
def test_the_same_file_in_two_mails_of_two_users_is_stored_once(world: World) -> None:
    ann, bob = (world.user(f"{name}@acme.example", autosave__emails=True) for name in ("ann", "bob"))
    known(world)
    received(world, ann, "One", {"name": "offer.pdf", "text": "one and the same"})
    world.sync(ann)
    received(world, bob, "Two", {"name": "the same.pdf", "text": "one and the same"})

    run = world.sync(bob)

    assert len(world.records("ContentVersion")) == 1
    assert files_of(world, record_of(world, "Two")) == ["offer.pdf"]
    assert run.counts["files.linked"] == 1


@pytest.mark.rule("FIL-9")
def test_when_the_text_was_cut_the_whole_mail_is_saved_as_a_file_if_that_is_wanted(world: World) -> None:
    world.set(None, files__attach_eml=True)
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Long/story", Body={"text": "x" * 140_000})
    received(world, ann, "Short", Body={"text": "x"})

    world.sync(ann)

    assert files_of(world, record_of(world, "Long/story")) == ["Long_story.eml"]
    assert files_of(world, record_of(world, "Short")) == []
    (version,) = world.query("SELECT ContentSize FROM ContentVersion")
    assert version["ContentSize"] > 140_000


@pytest.mark.rule("FIL-9")
def test_the_copy_of_a_mail_is_not_made_unless_it_is_asked_for(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Long", Body={"text": "x" * 140_000})

    world.sync(ann)

    assert world.records("ContentVersion") == []


@pytest.mark.rule("FIL-10")
def test_an_attachment_that_fails_is_an_issue_of_its_own_until_it_heals(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Order", PDF, {"name": "b.pdf", "bytes": 30_000})
    world.sandbox.faults.add(
        {"match": "sf.row.ContentVersion.create", "nth": 2, "action": {"code": "STORAGE_LIMIT_EXCEEDED"}}
    )

    world.sync(ann)

    record = record_of(world, "Order")
    assert files_of(world, record) == ["offer.pdf"]
    assert world.issues(ann) == ["STORAGE_LIMIT_EXCEEDED"]
    assert world.entry(ann, "Order", "inbox")["Categories"] == ["Salesforce", "Status: Tracked successfully"]
    world.later(minutes=30)
    world.calls()
    world.sync(ann)

    assert files_of(world, record) == ["b.pdf", "offer.pdf"]
    assert world.issues(ann) == []
    assert len([op for op in world.operations() if op.act == "attach"]) == 1  # the other one was not tried again
    world.later(minutes=30)
    world.writes()
    world.sync(ann)
    assert world.writes() == {}


@pytest.mark.rule("FIL-10")
def test_an_attachment_that_always_fails_is_given_up_and_its_mail_stays_saved(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Order", PDF)
    world.sandbox.faults.add(
        {"match": "sf.row.ContentVersion.create", "times": None, "action": {"code": "STORAGE_LIMIT_EXCEEDED"}}
    )

    for _ in range(8):
        world.sync(ann)
        world.later(hours=25)

    world.calls()
    world.sync(ann)
    assert world.asked("content") == 0
    assert world.issues(ann) == ["STORAGE_LIMIT_EXCEEDED"]
    assert record_of(world, "Order")


@pytest.mark.rule("FIL-10")
def test_a_vendor_that_refuses_everything_ends_the_run_and_the_next_saves_what_is_left(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Order", PDF, {"name": "b.pdf", "bytes": 30_000})
    world.sandbox.faults.add(
        {"match": "POST ContentVersion$", "nth": 2, "action": {"code": "REQUEST_LIMIT_EXCEEDED", "status": 403}}
    )

    world.sync(ann, ends="failed")

    assert world.entry(ann, "Order", "inbox")["Categories"] == ["Salesforce", "Status: Tracked successfully"]
    world.later(minutes=30)
    world.sync(ann)
    assert files_of(world, record_of(world, "Order")) == ["b.pdf", "offer.pdf"]
    assert len(world.records("ContentVersion")) == 2


@pytest.mark.rule("FIL-10")
def test_what_is_left_of_a_mail_from_the_managed_folder_is_found_where_it_went(world: World) -> None:
    ann = world.user()
    known(world)
    world.sync(ann)  # makes the folder
    mail = received(world, ann, "Order", PDF)
    world.move(ann, mail, "Salesforce Emails")
    world.sandbox.faults.add({"match": world.mailboxes.contents_fail, "action": {"code": "ErrorItemCorrupt"}})
    world.later(minutes=1)
    world.sync(ann)
    assert world.issues(ann) == ["ErrorItemCorrupt"]
    assert world.item(ann, "Order", home(world)) is not None

    world.later(minutes=30)
    world.sync(ann)

    assert files_of(world, record_of(world, "Order")) == ["offer.pdf"]
    assert world.issues(ann) == []


def test_names_that_would_lead_somewhere_become_plain_names(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    names = ["../../etc/passwd", "C:\\temp\\plan.docx", "a\tb\u202ecod.txt", "  . ", "nul\x7f?.pdf", "x" * 300 + ".pdf"]
    received(world, ann, "Order", *({"name": name, "text": f"{name}!"} for name in names))

    world.sync(ann)

    assert files_of(world, record_of(world, "Order")) == sorted(
        ["passwd", "plan.docx", "abcod.txt", "attachment", "nul_.pdf", "x" * 251 + ".pdf"]
    )


def test_an_empty_attachment_is_left_out_and_nobody_is_bothered(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Order", {"name": "empty.txt", "text": ""}, PDF)

    world.sync(ann)

    assert files_of(world, record_of(world, "Order")) == ["offer.pdf"]
    assert told_of(world) == {"1": Reason.FILE_EMPTY.value}
    assert world.issues(ann) == []


def test_a_preview_names_the_files_and_touches_nothing(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    received(world, ann, "Order", PDF)

    world.sync(ann, preview=True)

    assert ("attach", "ContentVersion") in {(op.act, op.target) for op in world.operations()}
    assert world.records("ContentVersion") == []
    world.sync(ann)
    assert files_of(world, record_of(world, "Order")) == ["offer.pdf"]
