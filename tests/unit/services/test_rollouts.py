"""A change of settings that reaches a part of the users first, and is taken back when that goes badly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sync_tasks.cli.main import main
from sync_tasks.services import configuring, rollouts
from sync_tasks.services.configuring import SettingRefusedError
from sync_tasks.state.configuration import Scope
from sync_tasks.state.records import RunState
from sync_tasks.state.rollouts import RolloutView
from tests.support.crowd import fill
from tests.support.office import ADELE, ANN, BOB, OTTO, Office, open_office

pytestmark = pytest.mark.rule("TOP-16")

DAYS = "scope.past_days"


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """With some sixty users in Ann's organization, for which 20 days are set and locked."""
    made = open_office(tmp_path)
    fill(made.app, made.things["org_id"], 60)
    with made.app.store.writing() as unit:
        configuring.put(unit, scope(made), DAYS, 20, lock=True, at=made.clock(), by=ADELE)
    yield made
    made.app.close()


def scope(office: Office) -> Scope:
    return Scope(office.things["org_id"])


def begin(office: Office, **how: object) -> RolloutView:
    with office.app.store.writing() as unit:
        return rollouts.start(unit, scope(office), {DAYS: 40}, at=office.clock(), by=ADELE, **how)  # type: ignore[arg-type]


def held(office: Office) -> dict[int, object]:
    """What holds for each user of the organization."""
    with office.app.store.reading() as unit:
        users = unit.accounts.users(office.things["org_id"])
        return {user.id: configuring.held(unit, configuring.of_user(user)).value(DAYS) for user in users}


def reached(office: Office) -> set[int]:
    return {user for user, value in held(office).items() if value == 40}


def end_runs(office: Office, users: set[int], *, failed: int) -> None:
    """One run of each ends, some of them badly."""
    office.clock.later(minutes=5)
    for number, user in enumerate(sorted(users)):
        with office.app.store.writing() as unit:
            ref = unit.runs.claim_user(
                user, "schedule", office.clock(), timedelta(minutes=5), office.app.vault.run_key()
            )
            assert ref is not None
            state = RunState.FAILED if number < failed else RunState.DONE
            unit.runs.close(ref, state, office.clock(), office.clock(), commit_cursors=False)


def test_a_change_reaches_a_share_then_more_and_is_set_for_all_when_it_is_finished(office: Office) -> None:
    rollout = begin(office, percent=20, group={office.ids[ANN]}, lock=True)
    first = reached(office)
    assert office.ids[ANN] in first
    assert 5 <= len(first) <= 25
    with office.app.store.writing() as unit:
        rollout = rollouts.widen(unit, rollout, percent=60, at=office.clock(), by=ADELE)
    assert first < reached(office) < set(held(office))
    with office.app.store.writing() as unit:
        with pytest.raises(SettingRefusedError, match="reaches 60 % already"):
            rollouts.widen(unit, rollout, percent=50, at=office.clock(), by=ADELE)
        with pytest.raises(SettingRefusedError, match="is rolled out"):
            configuring.put(unit, scope(office), DAYS, 30, at=office.clock(), by=ADELE)
    with office.app.store.writing() as unit:
        rollouts.finish(unit, rollout, at=office.clock(), by=ADELE)
    assert reached(office) == set(held(office))
    with office.app.store.reading() as unit:
        changes = unit.configuration.changes(office.things["org_id"], scope(office), name=DAYS)
    told = [(each.before, each.after, each.locked, each.step) for each in reversed(changes)]
    assert told == [
        (None, 20, True, ""), (20, 40, True, "rolled out to 20 % and 1 chosen"),
        (20, 40, True, "rolled out to 60 % and 1 chosen"), (20, 40, True, ""),
    ]  # fmt: skip
    assert [act for who, act, _ in office.acts() if who == ADELE and act.startswith("rollout")] == [
        "rollout.start", "rollout.widen", "rollout.finish"
    ]  # fmt: skip


def test_it_is_taken_back_by_itself_when_runs_with_it_go_wrong_and_the_exact_earlier_values_hold(
    office: Office,
) -> None:
    before = held(office)
    with office.app.store.reading() as unit:
        stored = unit.configuration.values(scope(office))
    begin(office, percent=40)
    some = reached(office)
    end_runs(office, some, failed=2)
    end_runs(office, set(before) - some, failed=1)
    assert rollouts.watch(office.app) == []
    assert reached(office) == some

    end_runs(office, some, failed=len(some))
    (back,) = rollouts.watch(office.app)
    assert (back.state, back.ended_by) == ("back", rollouts.ITSELF)
    assert "runs with it ended badly" in back.why
    assert held(office) == before
    with office.app.store.reading() as unit:
        assert unit.configuration.values(scope(office)) == stored
        last = unit.configuration.changes(office.things["org_id"], scope(office), name=DAYS)[0]
    assert (last.before, last.after, last.step) == (40, 20, "taken back")
    with office.app.store.writing() as unit, pytest.raises(SettingRefusedError, match="step of a roll-out"):
        configuring.undo(unit, last, at=office.clock(), by=ADELE)
    assert rollouts.watch(office.app) == []


def test_a_profiles_change_reaches_its_users_only_and_strangers_are_no_group(office: Office) -> None:
    profile = Scope(office.things["org_id"], "profile", office.things["profile_id"])
    told: dict[str, object] = {"at": office.clock(), "by": ADELE}
    with office.app.store.writing() as unit:
        rollouts.start(unit, profile, {"autosave.emails": "yes"}, percent=100, **told)  # type: ignore[arg-type]
        for address, value in ((ANN, True), (BOB, False)):
            user = unit.accounts.user(office.ids[address])
            assert configuring.held(unit, configuring.of_user(user)).value("autosave.emails") is value
        otto = unit.accounts.find_user("carl@other.example")
        assert otto is not None
        with pytest.raises(SettingRefusedError, match=r"carl@other\.example is not of the organization"):
            rollouts.start(unit, scope(office), {"tasks.enabled": True}, group={otto.id}, **told)  # type: ignore[arg-type]
        with pytest.raises(SettingRefusedError, match="whom it is to reach first"):
            rollouts.start(unit, scope(office), {"tasks.enabled": True}, **told)  # type: ignore[arg-type]
    assert OTTO not in {who for who, _, _ in office.acts()}


def test_the_console_rolls_out_widens_and_takes_back(
    office: Office, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INBOX_SYNC_HOME", str(office.app.settings.home))
    start = ["rollout", "start", "autosave.emails=yes", "--org", "acme", "--user", ANN]
    assert main([*start, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["users"], told["state"], told["settings"]) == (1, "running", {"autosave.emails": True})
    number = str(told["rollout"])
    assert main(start) == 2
    assert main(["rollout", "widen", number, "--percent", "50"]) == 0
    assert main(["rollout", "show", number]) == 0
    assert main(["rollout", "list", "--org", "acme"]) == 0
    shown = capsys.readouterr().out
    assert "50 % and 1 chosen" in shown and "0 of 0 with it" in shown
    assert main(["config", "explain", "autosave.emails", "--user", ANN]) == 0
    assert f"rollout show {number}" in capsys.readouterr().out
    assert main(["config", "history", "autosave.emails", "--org", "acme"]) == 0
    assert "rolled out to 50 % and 1 chosen" in capsys.readouterr().out
    assert main(["rollout", "back", number, "--why", "not now"]) == 0
    assert "by console: not now" in capsys.readouterr().out
    assert main(["rollout", "finish", number]) == 2
    assert main(["rollout", "show", "999"]) == 3
