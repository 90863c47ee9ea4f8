"""What if a setting were another one: planned twice over what is there, and nothing written anywhere."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from sync_tasks.cli.main import main
from sync_tasks.services import configuring, imagining
from sync_tasks.services.configuring import SettingRefusedError
from sync_tasks.services.imagining import PRIVATE, Wish
from sync_tasks.state.configuration import Scope
from sync_tasks.state.records import UserView
from tests.support.world import World

pytestmark = pytest.mark.any_mailbox(why="a plan is made of what is read as in every run")

CLIENT = "homer@client.example"


def imagine(world: World, user: UserView, **values: object) -> dict[str, Any]:
    """The report of what these settings would change for the user, as he may see it."""
    named = {name.replace("__", "."): value for name, value in values.items()}
    wish = Wish(imagining.nearest(user, named), named)
    found = imagining.for_many(world.app, [user], wish, by="test")
    return imagining.report(wish, found, days=imagining.DAYS, content=lambda _user: True)


def told(rows: list[dict[str, Any]], what: str) -> set[tuple[str, str]]:
    return {(row["kind"], row["subject"]) for row in rows if row["what"] == what}


def everything_stored(world: World) -> dict[str, list[str]]:
    """Every row of the store, but for who looked at what, and for tokens, which any look renews when they expire."""
    with world.app.store.engine.connect() as connection:
        tables = [row[0] for row in connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table'"))]
        return {
            name: sorted(map(str, connection.execute(text(f"SELECT * FROM {name}"))))
            for name in tables if name not in ("admin_audit", "credential")
        }  # fmt: skip


def busy_week(world: World) -> UserView:
    """Somebody with a saved mail and meeting, and mails and an appointment that no run has seen yet."""
    ann = world.user(autosave__meetings=True, autosave__emails=True, mail__skip_private=False)
    world.set(link__require_account=False)
    world.record("Contact", LastName="Simpson", Email=CLIENT)
    world.message(ann, "Saved already", sender=CLIENT)
    world.appointment(ann, "Meeting", RequiredAttendees=[{"address": CLIENT}])
    world.sync(ann)
    world.later(days=4)
    world.message(ann, "Not yet read", sender=CLIENT)
    world.message(ann, "Secret", sender=CLIENT, Sensitivity="Private")
    world.appointment(ann, "Dentist")
    world.writes()
    return ann


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-15")
def test_what_a_setting_would_change_is_told_over_saved_and_new_items_and_nothing_is_written(world: World) -> None:
    ann = busy_week(world)
    before = everything_stored(world)

    off = imagine(world, ann, autosave__emails="no")
    assert told(off["less"], "saved") == {("email", "Saved already"), ("email", "Not yet read"), ("email", PRIVATE)}
    assert off["counts"]["less"]["saved"] == {"email": 3}
    assert {row["reason"] for row in off["less"] if row["what"] == "saved"} == {"autosave_off"}
    assert not off["more"] and not off["other"]

    appointments = imagine(world, ann, autosave__appointments="yes")
    assert told(appointments["more"], "saved") == {("event", "Dentist")}
    assert not appointments["less"]

    sooner = imagine(world, ann, scope__past_days=2)
    assert told(sooner["more"], "let go") == {("event", "Meeting")}

    named = imagine(world, ann, email__direction_in_subject="yes")
    assert not named["more"] and not named["less"]
    assert ("email", "Not yet read") in told(named["other"], "saved")
    assert [row["values"] for row in named["other"] if row["subject"] == PRIVATE] == [[]]
    subject = next(row["values"] for row in named["other"] if row["subject"] == "Not yet read")
    assert [(each["field"], each["before"]) for each in subject] == [("Subject", "Not yet read")]

    assert not any(world.writes().values())
    assert everything_stored(world) == before


def test_only_what_would_hold_otherwise_is_planned_for_and_only_for_whom_it_would(world: World) -> None:
    ann = busy_week(world)
    bob = world.user("bob@acme.example", autosave__emails=True)
    world.calls()
    wish = Wish(Scope(world.org), {"autosave.emails": True})
    found = imagining.for_many(world.app, [ann, bob], wish, by="test")
    assert [each.settings for each in found] == [(), ()]
    assert not world.calls()

    with pytest.raises(ValueError, match=r"did you mean autosave\.emails"):
        imagine(world, ann, autosave__email=True)
    world.set(autosave__emails=True)
    with world.app.store.writing() as unit:
        configuring.lock(unit, Scope(world.org), "autosave.emails", at=world.now, by="test")
    with pytest.raises(SettingRefusedError, match="locked by the organization"):
        imagine(world, ann, autosave__emails=False)


@pytest.mark.rule("TOP-15")
def test_the_console_tells_it_for_people_and_for_programs(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    world.sandbox.clock.set(datetime.now(UTC), frozen=True)  # the console goes by the clock of the machine
    ann = busy_week(world)
    world.sandbox.clock.set(datetime.now(UTC), frozen=True)
    monkeypatch.setenv("INBOX_SYNC_HOME", str(world.app.settings.home))
    monkeypatch.setenv("INBOX_SYNC_DATABASE_URL", world.app.settings.database_url)

    assert main(["what-if", ann.address, "--set", "autosave.emails=no"]) == 0
    told_people = capsys.readouterr().out
    assert "No longer: saved 3 email" in told_people and "Saved already" in told_people and "Secret" not in told_people
    asked = ["what-if", "--org", "acme", "--set", "email.direction_in_subject=yes", "--json"]
    assert main(asked) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["counts"]["other"]["saved"]["email"] >= 2
    assert main(["what-if", ann.address]) == 2
    assert main(["what-if", ann.address, "--set", "autosave.emails=perhaps"]) == 2
