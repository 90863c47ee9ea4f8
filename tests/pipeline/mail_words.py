"""What stories of e-mail say again and again."""

from __future__ import annotations

from typing import Any

from connectors.protocols import Can
from mapping.rules.marks import status
from sync_tasks.state.records import UserView
from tests.support.world import World

TRACKED = ["Salesforce", "Status: Tracked successfully"]
HOMER = "homer@globex.example"
MARK = {"Categories": ["Salesforce"]}


def known(world: World, address: str = HOMER, name: str = "Globex") -> tuple[str, str]:
    """(contact, account) of somebody known in Salesforce."""
    account = world.record("Account", Name=name)
    return world.record("Contact", LastName=address.split("@")[0].title(), Email=address, AccountId=account), account


def saved(world: World, *columns: str) -> dict[str, dict[str, Any]]:
    """The messages in Salesforce, by subject."""
    told = ", ".join(dict.fromkeys(("Id", "Subject", "RelatedToId", *columns)))
    return {row["Subject"]: row for row in world.query(f"SELECT {told} FROM EmailMessage")}


def linked(world: World) -> set[str]:
    """Ids of all people that a message is related to."""
    rows = world.query("SELECT RelationId FROM EmailMessageRelation")
    return {row["RelationId"] for row in rows if row["RelationId"]}


def categories(world: World, user: UserView, subject: str, folder: str = "inbox") -> list[str]:
    return list(world.entry(user, subject, folder).get("Categories") or [])


def home(world: World) -> str:
    """Where a mail stands that was dropped into our folder, once it is saved: back in the Inbox, or under our label."""
    return "inbox" if Can.FOLDERS in world.mailboxes.can else "Salesforce Emails"


def says(world: World, shown: list[str], why: str) -> bool:
    """Does a mail bear that it was not saved, and how the reason begins, as far as a mail of the kind can bear it?"""
    behind = shown[shown.index("Sync Error") + 1 :]
    return behind[0].startswith(status(why)) if Can.MAIL_REASONS in world.mailboxes.can else not behind
