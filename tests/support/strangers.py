"""Words for stories of people whom Salesforce does not know."""

from __future__ import annotations

from typing import Any

from sync_tasks.services import strangers
from sync_tasks.state.records import UnresolvedView, UserView
from tests.support.world import World

BART = "bart.simpson@acme-labs.example"
UNSUBSCRIBE = [["List-Unsubscribe", "<https://acme-labs.example/out>"]]


def seller(world: World, **settings: Any) -> UserView:
    """A user whose mail is saved, and who answers nobody: strangers count as soon as they write. Settings are those of
    the organization."""
    world.set(**settings)
    return world.user(autosave__emails=True, resolve__require_outbound=False)


def why(world: World) -> set[str]:
    """Why nobody was made on the items of the last run."""
    assert world.last is not None
    with world.app.store.reading() as unit:
        return {row.reason for row in unit.trail.of_run(world.last.id) if row.stage == "people"}


def leads(world: World) -> set[str]:
    return {row["Email"] for row in world.records("Lead", "Email")}


def subjects(world: World) -> set[str]:
    return {row["Subject"] for row in world.records("EmailMessage", "Subject")}


def unresolved(world: World, user: UserView) -> list[UnresolvedView]:
    """On whom nothing is settled."""
    with world.app.store.reading() as unit:
        return unit.unresolved.recent(user.id, closed=False, limit=99)


def person(world: World, entry: UnresolvedView) -> str:
    found = strangers.who(world.app, entry)
    assert found is not None
    return found.address
