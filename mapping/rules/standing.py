"""Where a user stands: what keeps him from being synchronized, what people may do about it, and what runs do to it.

    not_initialized -> initializing -> active -> paused | disabled | suspended -> deprovisioning -> (deleted: no row)

A pause is the user's, a disablement an administrator's, a suspension the engine's; they do not know of each other, and
each is lifted only by what lifts its own kind. What holds is the first of `CAUSES` that applies. Everything here is a
function of values: moments come in, and a standing comes out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

PROMPT_AT = 6  # so many failed runs one after the other, and the user is asked to look after his connections
SUSPEND_AT = 10  # so many, and nothing is tried but now and then
PROBES = (
    timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=12), timedelta(hours=24),
)  # fmt: skip
BY_HAND = "USER.CONFIG.BY_HAND"  # why somebody is suspended whom an administrator suspended
NOT_CONNECTED = "RUN.CONFIG.NOT_CONNECTED"


class State(StrEnum):
    NOT_INITIALIZED = "not_initialized"
    INITIALIZING = "initializing"
    ACTIVE = "active"
    PAUSED = "paused"
    DISABLED = "disabled"
    SUSPENDED = "suspended"
    DEPROVISIONING = "deprovisioning"


class Activity(StrEnum):
    """What a user who may run does at the moment."""

    IDLE = "idle"
    QUEUED = "queued"
    RUNNING = "running"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What is kept of one user. A moment is since when something holds; None: it does not. `code`: why he is suspended.
    `probe_at`: when a suspended user is tried again; None: only once somebody has done something. `attempts`: how
    often he was tried since. `failures`: runs that failed one after the other."""

    initialized_at: datetime | None = None
    paused_at: datetime | None = None
    disabled_at: datetime | None = None
    leaving_at: datetime | None = None
    suspended_at: datetime | None = None
    code: str = ""
    attempts: int = 0
    probe_at: datetime | None = None
    failures: int = 0

    @property
    def prompt(self) -> bool:
        """Is it time to ask the user to look after his connections?"""
        return self.suspended_at is not None or self.failures >= PROMPT_AT


@dataclass(frozen=True, slots=True)
class Around:
    """What is kept of those to whom a user belongs: his organization, and his profile where there is one."""

    org_enabled: bool = True
    org_paused_at: datetime | None = None
    profile_enabled: bool = True


# --- what holds


@dataclass(frozen=True, slots=True)
class Effective:
    """`cause`: a word for who or what keeps the user from running, empty for nobody. `code`: of a suspension."""

    state: State
    cause: str = ""
    since: datetime | None = None
    code: str = ""
    activity: Activity = Activity.NONE

    @property
    def runs(self) -> bool:
        """Nothing keeps the user from running by himself."""
        return not self.cause

    @property
    def text(self) -> str:
        """In the words of people."""
        if self.runs:
            return "enabled"
        told = {"organization": f"organization {self.state}", "profile": f"profile {self.state}"}.get(self.cause)
        return told or (f"suspended ({self.code})" if self.state is State.SUSPENDED else self.state.value)


@dataclass(frozen=True, slots=True)
class Cause:
    """Who keeps a user from running. `since`: the moment; `applies`: whether."""

    name: str
    state: State
    applies: Callable[[Standing, Around], bool]
    since: Callable[[Standing, Around], datetime | None] = lambda _, __: None


# From the outside in; the first that applies is the one to be told, because lifting one behind it would change nothing.
CAUSES: Sequence[Cause] = (
    Cause("leaving", State.DEPROVISIONING, lambda user, _: user.leaving_at is not None,
          lambda user, _: user.leaving_at),
    Cause("organization", State.DISABLED, lambda _, around: not around.org_enabled),
    Cause("organization", State.PAUSED, lambda _, around: around.org_paused_at is not None,
          lambda _, around: around.org_paused_at),
    Cause("profile", State.DISABLED, lambda _, around: not around.profile_enabled),
    Cause("administrator", State.DISABLED, lambda user, _: user.disabled_at is not None,
          lambda user, _: user.disabled_at),
    Cause("user", State.PAUSED, lambda user, _: user.paused_at is not None, lambda user, _: user.paused_at),
    Cause("engine", State.SUSPENDED, lambda user, _: user.suspended_at is not None, lambda user, _: user.suspended_at),
)  # fmt: skip


def effective(user: Standing, around: Around, *, activity: Activity = Activity.IDLE, began: bool = True) -> Effective:
    """The state that holds, with its reason. `began`: a run was ever started for the user."""
    for cause in CAUSES:
        if cause.applies(user, around):
            code = user.code if cause.state is State.SUSPENDED else ""
            return Effective(cause.state, cause.name, cause.since(user, around), code)
    if user.initialized_at is not None:
        return Effective(State.ACTIVE, since=user.initialized_at, activity=activity)
    return Effective(State.INITIALIZING if began else State.NOT_INITIALIZED, activity=activity)


# --- what people do


class Verb(StrEnum):
    PAUSE = "pause"
    RESUME = "resume"
    DISABLE = "disable"
    ENABLE = "enable"
    SUSPEND = "suspend"
    RESET = "reset"
    REINIT = "reinit"
    LEAVE = "leave"


class RefusedError(ValueError):
    """This cannot be done as things are; the text says what to do instead."""


_LIFTED: Mapping[str, object] = {"suspended_at": None, "code": "", "attempts": 0, "probe_at": None, "failures": 0}


def _since(name: str) -> Callable[[Standing, datetime], Mapping[str, object]]:
    """A moment that is set, and that stays what it was when it is set already."""
    return lambda user, now: {name: getattr(user, name) or now}


def _suspended_by_hand(user: Standing, now: datetime) -> Mapping[str, object]:
    return {} if user.suspended_at else {**_LIFTED, "suspended_at": now, "code": BY_HAND, "failures": user.failures}


# What each verb makes of a standing. Each done twice is as good as once.
EFFECTS: Mapping[Verb, Callable[[Standing, datetime], Mapping[str, object]]] = {
    Verb.PAUSE: _since("paused_at"),
    Verb.RESUME: lambda _, __: {"paused_at": None, **_LIFTED},
    Verb.DISABLE: _since("disabled_at"),
    Verb.ENABLE: lambda _, __: {"disabled_at": None},
    Verb.SUSPEND: _suspended_by_hand,
    Verb.RESET: lambda user, now: {**_since("disabled_at")(user, now), "initialized_at": None},
    Verb.REINIT: lambda _, __: _LIFTED,
    Verb.LEAVE: _since("leaving_at"),
}


def act(verb: Verb, user: Standing, now: datetime, *, force: bool = False) -> Standing:
    """The standing after somebody did this. `force`: let a mailbox go although it is set up. Raises RefusedError."""
    if verb is not Verb.LEAVE and user.leaving_at is not None:
        raise RefusedError("this user is being deleted; `user delete` again ends that")
    if verb is Verb.LEAVE and user.initialized_at is not None and not force:
        raise RefusedError("the mailbox is initialized: `user reset` or `user deactivate` it first, or add --force")
    return replace(user, **EFFECTS[verb](user, now))  # type: ignore[arg-type]


# --- what runs do


def failed(user: Standing, code: str, now: datetime, *, at_once: bool, counts: bool = True) -> Standing:
    """The standing after a run failed. `at_once`: trying again is of no use before somebody has done something.
    `counts`: it was a failure, and not only a request to wait."""
    failures = user.failures + counts
    if user.suspended_at is not None:
        return _failed_again(user, code, failures, now, at_once=at_once)
    if not at_once and failures < SUSPEND_AT:
        return replace(user, failures=failures)
    probe = None if at_once else now + PROBES[0]
    return replace(user, failures=failures, suspended_at=now, code=code, attempts=0, probe_at=probe)


def _failed_again(user: Standing, code: str, failures: int, now: datetime, *, at_once: bool) -> Standing:
    """A suspended user was tried in vain. What an administrator suspended stays his until he lifts it."""
    if user.code == BY_HAND:
        return replace(user, failures=failures)
    attempts = user.attempts + 1
    probe = None if at_once else now + PROBES[min(attempts, len(PROBES) - 1)]
    return replace(user, failures=failures, code=code, attempts=attempts, probe_at=probe)


def succeeded(user: Standing, now: datetime) -> Standing:
    """The standing after a run went well: whatever the engine suspended the user for has passed."""
    lifted = replace(user, failures=0) if user.code == BY_HAND else replace(user, **_LIFTED)  # type: ignore[arg-type]
    return replace(lifted, initialized_at=user.initialized_at or now)


def renewed(user: Standing, scope: str) -> Standing:
    """The standing after the credentials or the address of a connection were given anew. `scope`: the first part of
    the codes that speak of it. What the engine suspended for another reason stays as it is."""
    mine = user.code == NOT_CONNECTED or user.code.startswith(f"{scope}.")
    return replace(user, **_LIFTED) if mine else user  # type: ignore[arg-type]
