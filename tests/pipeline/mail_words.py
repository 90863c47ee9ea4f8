"""What stories of e-mail say again and again."""

from __future__ import annotations

from typing import Any

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
