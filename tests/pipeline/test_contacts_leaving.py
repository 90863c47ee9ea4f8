"""Stories of contacts that are deleted or moved on one side."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.model.reasons import Reason
from tests.pipeline.test_contacts import HOME, card, mirroring, saved, settled, shown, surnames
from tests.support.world import ORG, World

pytestmark = pytest.mark.every_mailbox


@pytest.mark.seed(25)
@pytest.mark.parametrize("born", [saved, shown])
@pytest.mark.rule("CON-8")
def test_a_contact_deleted_in_the_mailbox_is_deleted_in_salesforce_if_that_is_allowed(world: World, born: Any) -> None:
    ann = mirroring(world, contacts__forbid_remove=False)
    item, _ = born(world, ann)

    world.discard(ann, item)
    world.sync(ann)

    assert world.records("Contact") == []
    settled(world, ann)
    assert world.items(ann, HOME) == []


@pytest.mark.seed(25)
@pytest.mark.parametrize("born", [saved, shown])
@pytest.mark.rule("CON-9")
def test_a_contact_that_may_not_be_removed_comes_back(world: World, born: Any) -> None:
    ann = mirroring(world)
    item, made = born(world, ann)
    before = surnames(world, ann)

    world.discard(ann, item)
    world.sync(ann)

    assert surnames(world, ann) == before
    assert [row["Id"] for row in world.records("Contact")] == [made]
    settled(world, ann)


@pytest.mark.rule("CON-9", "TOP-7")
def test_a_contact_that_may_not_be_removed_comes_back_once_its_record_can_be_read(world: World) -> None:
    ann = mirroring(world)
    item, made = shown(world, ann)
    world.setting(private_objects=["Contact"])
    world.control("salesforce/users", org=ORG, username=f"integration@{ORG}.example", view_all=False)

    world.discard(ann, item)
    for _ in range(2):
        world.sync(ann)
        world.later(minutes=30)

    assert surnames(world, ann) == []
    assert world.issues(ann) == [Reason.RECORD_UNREAD.value]
    world.control("salesforce/users", org=ORG, username=f"integration@{ORG}.example", view_all=True)
    world.later(hours=1)
    world.sync(ann)
    assert surnames(world, ann) == ["Burns"]
    assert [row["Id"] for row in world.records("Contact")] == [made]
    assert world.issues(ann) == []
    settled(world, ann)


@pytest.mark.parametrize("target", ["contacts", "Friends"])
@pytest.mark.rule("CON-8", "DEL-4")
def test_a_contact_moved_out_of_the_folder_is_let_go_and_both_copies_stay(world: World, target: str) -> None:
    ann = mirroring(world, contacts__forbid_remove=False)
    world.folder(ann, "Friends", parent="contacts", holds="IPF.Contact")
    item, made = saved(world, ann)

    world.move(ann, item, target)
    world.sync(ann)

    assert [row["Id"] for row in world.records("Contact")] == [made]
    assert card(world, ann, "Simpson", target).get("Categories", []) == []
    settled(world, ann)


@pytest.mark.rule("MRK-1", "MRK-2")
def test_a_folder_that_somebody_removed_is_made_again_and_filled_from_salesforce(world: World) -> None:
    ann = mirroring(world, contacts__forbid_remove=False)
    saved(world, ann, "Simpson", GivenName="Homer")
    shown(world, ann, "Burns")
    before = world.records("Contact")

    world.drop_folder(ann, HOME)
    world.sync(ann)

    assert world.records("Contact") == before
    assert surnames(world, ann) == ["Burns", "Simpson"]
    assert card(world, ann, "Simpson")["GivenName"] == "Homer"
    settled(world, ann)


@pytest.mark.rule("CON-15")
def test_leads_are_not_shown_as_contacts(world: World) -> None:
    ann = mirroring(world)
    world.record("Lead", LastName="Smithers", Company="Plant", OwnerId=ann.crm_user_id)

    world.sync(ann)

    assert world.items(ann, HOME) == []
