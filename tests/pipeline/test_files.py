"""Stories of attachments: saved as files once each, beside the mail that they came with, whatever happens."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.model.reasons import Reason
from sync_tasks.state.records import UserView
from tests.support.world import World

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
