"""People and business records of a story, and what its messages were linked to."""

from __future__ import annotations

from typing import Any

from mapping.rules.candidates import Candidate, Code
from sync_tasks.state.records import UserView
from tests.support.world import World

HOMER = "homer@globex.example"


def account(world: World, name: str = "Globex", **values: Any) -> str:
    return world.record("Account", Name=name, **values)


def contact(world: World, address: str = HOMER, **values: Any) -> str:
    return world.record("Contact", LastName=address.split("@")[0].title(), Email=address, **values)


def deal(world: World, of: str, name: str = "Deal", **values: Any) -> str:
    given = {"StageName": "Prospecting", "CloseDate": "2026-06-01", **values}
    return world.record("Opportunity", Name=name, AccountId=of, **given)


def about(world: World, subject: str = "Order") -> str | None:
    """The business record that the one message of a subject was linked to."""
    (mail,) = world.query(f"SELECT RelatedToId FROM EmailMessage WHERE Subject = '{subject}'")
    found: str | None = mail["RelatedToId"]
    return found


def linked(world: World) -> set[str]:
    rows = world.query("SELECT RelationId FROM EmailMessageRelation WHERE RelationId != null")
    return {row["RelationId"] for row in rows if not row["RelationId"].startswith("005")}


def candidates(world: World, user: UserView, item: str) -> list[Candidate]:
    with world.app.store.reading() as unit:
        (view,) = unit.linkings.of(user.id, [world.known_as(user, item)], [])
    return list(view.candidates)


def steps(world: World, user: UserView, item: str) -> set[Code]:
    with world.app.store.reading() as unit:
        (view,) = unit.linkings.of(user.id, [world.known_as(user, item)], [])
    return set(view.steps)
