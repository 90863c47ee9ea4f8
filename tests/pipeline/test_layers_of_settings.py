"""Settings in layers: what the organization, a preset, a profile and a user say, and what a run then does."""

from __future__ import annotations

import pytest

from sync_tasks.services import configuring, privacy, profiles
from sync_tasks.state.configuration import ProfileView, Scope
from sync_tasks.state.records import UserView
from tests.pipeline.test_events import TRACKED
from tests.support.world import World

pytestmark = pytest.mark.any_mailbox(why="which layer decides is told before the mailbox is asked")


def profile(world: World, name: str, preset: str = "") -> ProfileView:
    with world.app.store.writing() as unit:
        return profiles.add_profile(unit, world.org, name, preset=preset, at=world.now, by="adele")


def assign(world: World, user: UserView, to: ProfileView | None, *, override: bool = False) -> None:
    with world.app.store.writing() as unit:
        profiles.assign(unit, [user], to, override=override, at=world.now, by="adele")


def put(world: World, scope: Scope, name: str, value: object, *, lock: bool | None = None) -> None:
    with world.app.store.writing() as unit:
        configuring.put(unit, scope, name, value, lock=lock, at=world.now, by="adele")


def saves_appointments(world: World, user: UserView, subject: str) -> bool:
    """Whether a run saves an appointment that nobody marked."""
    world.later(minutes=30)
    world.appointment(user, subject)
    world.sync(user)
    return world.event(subject) is not None


@pytest.mark.rule("TOP-16")
@pytest.mark.point("1.10.1")
def test_each_level_outranks_the_one_below_from_the_next_run_on(world: World) -> None:
    ann = world.user()
    sales = profile(world, "Sales", "everything")
    assert not saves_appointments(world, ann, "By default")

    assign(world, ann, sales)
    assert saves_appointments(world, ann, "By the preset")
    put(world, configuring.of_profile(sales), "autosave.appointments", False)
    assert not saves_appointments(world, ann, "By the profile")
    put(world, configuring.of_user(ann), "autosave.appointments", True)
    assert saves_appointments(world, ann, "By Ann")


@pytest.mark.rule("TOP-16")
def test_a_locked_setting_decides_in_the_run_whatever_the_user_has_set(world: World) -> None:
    ann = world.user(autosave__appointments=True)
    sales = profile(world, "Sales")
    assign(world, ann, sales)
    assert saves_appointments(world, ann, "Before")

    put(world, configuring.of_profile(sales), "autosave.appointments", False, lock=True)
    assert not saves_appointments(world, ann, "Locked by the profile")
    with pytest.raises(configuring.SettingRefusedError, match="locked by the profile"):
        put(world, configuring.of_user(ann), "autosave.appointments", True)

    put(world, Scope(world.org), "autosave.appointments", True, lock=True)
    assert saves_appointments(world, ann, "Locked by the organization")


@pytest.mark.rule("TOP-16")
@pytest.mark.point("1.10.3")
def test_a_profile_that_is_applied_keeps_what_users_have_set_or_replaces_it(world: World) -> None:
    ann = world.user(autosave__appointments=True, blocklist__user=["rival.example"])
    sales = profile(world, "Sales", "calendar-only")
    put(world, configuring.of_profile(sales), "autosave.appointments", False)

    assign(world, ann, sales)
    assert saves_appointments(world, ann, "Preserved")
    assign(world, ann, sales, override=True)
    assert not saves_appointments(world, ann, "Overridden")
    assert world.app.effective(ann).list("blocklist.user") == ("rival.example",)


@pytest.mark.rule("TOP-16")
def test_an_earlier_value_is_set_again_and_the_run_follows_it(world: World) -> None:
    ann = world.user()
    put(world, Scope(world.org), "autosave.appointments", True)
    put(world, Scope(world.org), "autosave.appointments", False, lock=True)
    assert not saves_appointments(world, ann, "Changed")

    with world.app.store.writing() as unit:
        last = unit.configuration.changes(world.org)[0]
        assert (last.before, last.was_locked, last.after, last.locked) == (True, False, False, True)
        configuring.undo(unit, last, at=world.now, by="adele")
        held = configuring.held(unit, Scope(world.org)).explain("autosave.appointments")
    assert (held.value, held.lock) == (True, "")
    assert saves_appointments(world, ann, "Undone")


@pytest.mark.rule("TOP-16")
@pytest.mark.point("1.10.2")
def test_a_preset_made_from_a_user_keeps_what_held_then(world: World) -> None:
    ann, ben = world.user(autosave__appointments=True), world.user("ben@acme.example")
    with world.app.store.writing() as unit:
        held = configuring.held(unit, configuring.of_user(ann))
        made = profiles.add_preset(unit, world.org, "As Ann", of=held, at=world.now, by="adele")
        configuring.take_back(unit, configuring.of_user(ann), "autosave.appointments", at=world.now, by="ann")
    assign(world, ben, profile(world, "Sales", made.name))

    assert not saves_appointments(world, ann, "Hers")
    assert saves_appointments(world, ben, "His")
    with world.app.store.writing() as unit, pytest.raises(configuring.SettingRefusedError, match="profile Sales"):
        profiles.drop_preset(unit, made, at=world.now, by="adele")


@pytest.mark.every_mailbox
@pytest.mark.seed(21)
@pytest.mark.rule("LIF-1")
def test_resetting_what_a_user_has_set_touches_nothing_that_is_saved(world: World) -> None:
    ann = world.user(autosave__appointments=True, conflict__event="salesforce", scope__past_days=30)
    world.later(minutes=1)
    world.appointment(ann, "Lunch")
    world.appointment(ann, "Visit", marked=True)
    world.sync(ann)
    world.later(minutes=30)
    world.sync(ann)
    before = world.records("Event", "Subject", "LastModifiedDate")
    with world.app.store.reading() as unit:
        cursors, pairs = unit.runs.cursors(ann.id), unit.pairs.of_user(ann.id)
    world.writes()

    with world.app.store.writing() as unit:
        taken = configuring.reset(unit, ann, at=world.now, by="ann")
        assert (unit.runs.cursors(ann.id), unit.pairs.of_user(ann.id)) == (cursors, pairs)
    for _ in range(2):
        world.later(minutes=30)
        world.sync(ann)

    assert taken == ["autosave.appointments", "conflict.event", "scope.past_days"]
    assert world.writes() == {}
    assert world.records("Event", "Subject", "LastModifiedDate") == before
    assert {str(each["values"]["Categories"]) for each in world.items(ann)} == {str(TRACKED)}
    assert not saves_appointments(world, ann, "After")


@pytest.mark.rule("TOP-22")
def test_who_stood_on_a_block_list_once_is_told_and_erased(world: World) -> None:
    ann = world.user()
    for listed in (["lenny@plant.example"], ["carl@plant.example"]):
        put(world, configuring.of_user(ann), "blocklist.user", listed)
    rows = privacy.export(world.app, "lenny@plant.example", by="adele").tables["setting_change"]
    assert [row["name"] for row in rows] == ["blocklist.user", "blocklist.user"]

    privacy.erase(world.app, "lenny@plant.example", by="adele")

    assert "setting_change" not in privacy.export(world.app, "lenny@plant.example", by="adele").tables
    assert world.app.effective(ann).list("blocklist.user") == ("carl@plant.example",)
