"""Settings in layers, after anything that people may do to them: the outermost lock decides, else the strongest level
that says something, and applying a profile takes back what it is told to and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.rules.presets import SHIPPED
from mapping.rules.settings import LEVELS, LOCKING, MAILBOX, Layer, find, resolve
from sync_tasks.services import configuring, profiles
from sync_tasks.services.configuring import PERSONAL, NotSetError, SettingRefusedError
from sync_tasks.state import migrate
from sync_tasks.state.configuration import Scope
from sync_tasks.state.engine import open_engine
from sync_tasks.state.store import Store, Unit

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
NAMES = ("scope.past_days", "autosave.past_days", "link.opportunity_past_days")
values = st.dictionaries(st.sampled_from(NAMES), st.integers(0, 400))
stacks = st.tuples(*(st.tuples(values, st.sets(st.sampled_from(NAMES))) for _ in LEVELS))


@pytest.mark.rule("TOP-16")
@given(stacks, values)
def test_the_outermost_lock_decides_and_else_the_strongest_level(
    said: tuple[tuple[dict[str, int], set[str]], ...], mailbox: dict[str, int]
) -> None:
    by_level = dict(zip(LEVELS, said, strict=True))
    layers = [
        Layer(level, told, frozenset(locked) if level in LOCKING else frozenset())
        for level, (told, locked) in by_level.items()
    ]
    held = resolve([*layers, (MAILBOX, mailbox)])

    for name in NAMES:
        found = held.explain(name)
        lock = next((level for level in LOCKING if name in by_level[level][1]), "")
        audible = LEVELS[: LEVELS.index(lock) + 1] if lock else LEVELS
        decider = next((level for level in reversed(audible) if name in by_level[level][0]), "default")
        expected = find(name).default if decider == "default" else by_level[decider][0][name]
        assert found.lock == lock
        if name in mailbox:  # what a mailbox is not able to do holds whatever is locked
            assert (found.layer, found.value) == (MAILBOX, mailbox[name])
        else:
            assert (found.layer, found.value) == (decider, expected)
        assert held.value(name) == found.value
        assert [layer for layer, _ in found.chain] == [
            "default", *(level for level in LEVELS if name in by_level[level][0]), *([MAILBOX] * (name in mailbox)),
        ]  # fmt: skip


# --- the same in the store, where people act


@dataclass
class Model:
    """What a person expects, written down as plainly as possible. Ann and Ben are users; there are two profiles."""

    values: dict[str, dict[str, Any]] = field(default_factory=lambda: {who: {} for who in EVERYBODY})
    locks: dict[str, set[str]] = field(default_factory=lambda: {who: set() for who in EVERYBODY})
    member: dict[str, str] = field(default_factory=dict)

    def stack(self, who: str) -> list[str]:
        profile = who if who in PROFILES else self.member.get(who, "")
        return ["acme", *([profile] if profile else []), *([who] if who in USERS else [])]

    def locked_by(self, who: str, name: str) -> str:
        return next((each for each in self.stack(who) if name in self.locks[each]), "")

    def value(self, who: str, name: str) -> Any:
        lock = self.locked_by(who, name)
        stack = self.stack(who)
        heard = stack[: stack.index(lock) + 1] if lock else stack
        told = [self.values[each][name] for each in heard if name in self.values[each]]
        return told[-1] if told else find(name).default


PROFILES, USERS = ("Sales", "Service"), ("ann", "ben")
EVERYBODY = ("acme", *PROFILES, *USERS)
IN_STORE = (*NAMES, "blocklist.user")

steps = st.one_of(
    st.tuples(st.just("put"), st.sampled_from(EVERYBODY), st.sampled_from(NAMES), st.integers(0, 9)),
    st.tuples(st.just("block"), st.sampled_from(USERS), st.just("blocklist.user"), st.just(["rival.example"])),
    st.tuples(st.just("unset"), st.sampled_from(EVERYBODY), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("lock"), st.sampled_from(EVERYBODY[:3]), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("unlock"), st.sampled_from(EVERYBODY[:3]), st.sampled_from(NAMES), st.none()),
    st.tuples(st.just("assign"), st.sampled_from(USERS), st.sampled_from(("", *PROFILES)), st.booleans()),
    st.tuples(st.just("reset"), st.sampled_from(USERS), st.just(""), st.none()),
    st.tuples(st.just("undo"), st.just(""), st.just(""), st.none()),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder: Path = tmp_path_factory.mktemp("layers")
    engine = open_engine(f"sqlite:///{folder}/layers.db", pooled=False)
    migrate.upgrade(engine)
    yield Store(engine)
    engine.dispose()


_numbers = count(1)  # names of organizations and users are never the same twice


def settled(unit: Unit) -> dict[str, Scope]:
    """A new organization with everybody in it."""
    number = next(_numbers)
    org = unit.accounts.add_org(f"acme {number}", NOW)
    made = {"acme": Scope(org)}
    for name in PROFILES:
        made[name] = configuring.of_profile(profiles.add_profile(unit, org, name, at=NOW, by="test"))
    for name in USERS:
        address = f"{name}{number}@x.example"
        user = unit.accounts.add_user(org, address, NOW, crm_user_id="", shards=1, next_sync_at=NOW)
        made[name] = Scope(org, "user", user)
    return made


@pytest.mark.rule("TOP-16")
@given(st.lists(steps, max_size=25))
def test_whatever_people_do_the_store_tells_what_they_expect(
    store: Store, done: list[tuple[str, str, str, Any]]
) -> None:
    with store.writing() as unit:
        scopes, model = settled(unit), Model()
        for step in done:
            _both(unit, scopes, model, *step)
            for who in EVERYBODY:
                held = configuring.held(unit, scopes[who])
                for name in IN_STORE:
                    expected = model.value(who, name)
                    assert held.value(name) == (tuple(expected) if isinstance(expected, list) else expected)
                    assert bool(held.explain(name).lock) == bool(model.locked_by(who, name))
        _taken_back_to_the_beginning(unit, scopes)


def _both(unit: Unit, scopes: Mapping[str, Scope], model: Model, act: str, who: str, name: str, value: Any) -> None:
    """Do it, and expect what becomes of it."""
    told: Any = {"at": NOW, "by": "test"}
    weaker = model.stack(who)[:-1] if who else []
    forbidden = any(name in model.locks[each] for each in weaker)
    if act in ("put", "block", "lock"):
        kept = model.value(who, name) if act == "lock" else value
        with _refused_if(forbidden):
            if act == "lock":
                configuring.lock(unit, scopes[who], name, **told)
            else:
                configuring.put(unit, scopes[who], name, value, **told)
        if not forbidden:
            model.values[who][name] = kept
            model.locks[who] |= {name} if act == "lock" else set()
    elif act == "unset":
        with _refused_if(forbidden or name not in model.values[who]):
            configuring.take_back(unit, scopes[who], name, **told)
        if not forbidden:
            model.values[who].pop(name, None)
            model.locks[who].discard(name)
    elif act == "unlock":
        with _refused_if(name not in model.locks[who]):
            configuring.unlock(unit, scopes[who], name, **told)
        model.locks[who].discard(name)
    elif act == "assign":
        user = unit.accounts.user(scopes[who].id or 0)
        profile = unit.configuration.profile_numbered(scopes[name].id or 0) if name else None
        profiles.assign(unit, [user], profile, override=value, **told)
        model.member[who] = name
        _forget(model, who, everything=value)
    elif act == "reset":
        configuring.reset(unit, unit.accounts.user(scopes[who].id or 0), **told)
        _forget(model, who, everything=True)
    else:
        _undo_the_last(unit, scopes, model)


def _forget(model: Model, who: str, *, everything: bool) -> None:
    if everything:
        model.values[who] = {name: value for name, value in model.values[who].items() if name in PERSONAL}


def _undo_the_last(unit: Unit, scopes: Mapping[str, Scope], model: Model) -> None:
    last = next(iter(unit.configuration.changes(scopes["acme"].org_id, limit=1)), None)
    if last is None:
        return
    who = next(each for each, scope in scopes.items() if scope == last.scope)
    forbidden = any(last.name in model.locks[each] for each in model.stack(who)[:-1])
    with _refused_if(forbidden):
        configuring.undo(unit, last, at=NOW, by="test")
    if not forbidden:
        model.values[who].pop(last.name, None)
        model.values[who] |= {} if last.before is None else {last.name: last.before}
        model.locks[who].discard(last.name)
        model.locks[who] |= {last.name} if last.was_locked else set()


def _refused_if(forbidden: bool) -> Any:
    return pytest.raises((SettingRefusedError, NotSetError)) if forbidden else nullcontext()


def _taken_back_to_the_beginning(unit: Unit, scopes: Mapping[str, Scope]) -> None:
    """The history tells everything: read backwards, it ends where nothing was set."""
    found = unit.configuration.changes(scopes["acme"].org_id, limit=1000)
    now = {(each.scope, each.name): (each.after, each.locked) for each in reversed(found)}
    for scope in scopes.values():
        layer = unit.configuration.values(scope)
        told = {name: (value, name in layer.locked) for name, value in layer.values.items()}
        assert told == {name: after for (at, name), after in now.items() if at == scope and after[0] is not None}
    first = {(each.scope, each.name): (each.before, each.was_locked) for each in found}
    assert set(first.values()) <= {(None, False)}


@pytest.mark.rule("TOP-16")
@pytest.mark.parametrize("preset", SHIPPED.values(), ids=lambda preset: preset.name)
def test_every_shipped_preset_says_what_may_be_said_and_nothing_twice(preset: Any) -> None:
    held = resolve([Layer("preset", preset.values)])
    assert {name: held.value(name) for name in preset.values} == dict(preset.values)
    assert [each for each in SHIPPED.values() if each.values == preset.values] == [preset]
    assert preset.text.endswith(".")
