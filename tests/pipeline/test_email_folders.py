"""Stories of further folders: which mails of them are saved, what looking at them costs, when they come and go."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.protocols import Can
from mapping.model.item import MORE_MAIL
from sync_tasks.state.records import UserView
from tests.pipeline.mail_words import HOMER, TRACKED, categories, known, saved
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


def received(world: World, user: UserView, subject: str = "Order", **values: Any) -> str:
    return world.message(user, subject, sender=HOMER, **values)


def further(world: World, user: UserView) -> set[str]:
    """The further folders that the user's runs look at."""
    with world.app.store.reading() as unit:
        known_to_us = unit.accounts.learnt(user.org_id, user.id)["folders"]
    return {role for role in known_to_us if role.startswith(MORE_MAIL)}


@pytest.mark.every_mailbox(Can.MAIL_FOLDERS)
@pytest.mark.rule("WAY-9")
def test_further_folders_are_looked_at_with_those_below_them_and_without_those_that_are_excluded(world: World) -> None:
    ann = world.user(autosave__emails=True, email__folders=["Projects", "SyncArchiveFolder"])
    world.set(ann, email__folders_excluded=["Projects/Old"])
    known(world)
    world.folder(ann, "Projects")
    for name in ("Alpha", "Old"):
        world.folder(ann, name, parent="Projects")
    world.folder(ann, "Archive")
    for name in ("Projects", "Alpha", "Old", "Archive"):
        received(world, ann, f"In {name}", folder=name, message_id=f"<{name}@globex.example>")

    world.sync(ann)

    assert sorted(saved(world)) == ["In Alpha", "In Archive", "In Projects"]
    assert set(categories(world, ann, "In Alpha", "Alpha")) >= set(TRACKED)
    assert set(categories(world, ann, "In Old", "Old")).isdisjoint(TRACKED)
    for _ in range(2):  # labels are folders and categories in one, so it may be told once more
        world.later(minutes=30)
        world.writes()
        world.sync(ann)
        assert world.writes() == {}


@pytest.mark.every_mailbox(Can.MAIL_FOLDERS)
@pytest.mark.rule("WAY-9")
def test_a_folder_more_costs_an_idle_run_a_call_only_where_each_is_asked_by_itself(world: World) -> None:
    vendor = {"exchange": "ews"}.get(world.mailboxes.vendor, world.mailboxes.vendor)
    ann, bob = world.user(email__folders=["Projects"]), world.user("bob@acme.example")
    for name, parent in (("Projects", "msgfolderroot"), ("Alpha", "Projects")):
        world.folder(ann, name, parent=parent)
    spent = []
    for user in (ann, bob):
        world.sync(user)
        world.later(minutes=5)
        world.calls()
        world.sync(user)
        spent.append(sum(world.calls()[vendor].values()))

    assert spent[0] - spent[1] == (2 if vendor == "ews" else 0)


@pytest.mark.every_mailbox(Can.MAIL_FOLDERS)
@pytest.mark.rule("WAY-9")
def test_a_folder_made_later_joins_within_a_day_and_one_that_goes_is_forgotten(world: World) -> None:
    ann = world.user(autosave__emails=True, email__folders=["Projects"])
    known(world)
    world.folder(ann, "Projects")
    world.sync(ann)
    world.folder(ann, "New", parent="Projects")
    received(world, ann, folder="New")
    world.later(hours=25)
    world.sync(ann)
    assert list(saved(world)) == ["Order"]
    assert len(further(world, ann)) == 2

    world.drop_folder(ann, "New")
    for _ in range(2):
        world.later(minutes=30)
        world.sync(ann)
    assert len(further(world, ann)) == 1


@pytest.mark.every_mailbox(Can.MAIL_FOLDERS)
@pytest.mark.rule("WAY-9")
def test_a_setting_that_changes_is_looked_at_with_the_next_run(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    world.folder(ann, "Projects")
    received(world, ann, folder="Projects")
    world.sync(ann)
    assert saved(world) == {}

    world.set(ann, email__folders=["Projects"])
    world.later(minutes=30)
    world.sync(ann)
    assert list(saved(world)) == ["Order"]
