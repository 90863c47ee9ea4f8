"""Scripted misfortune: which call fails, how often, and in which way.

A rule is matched either by operation name (`sf.query`, `ews.*`: a shell-style pattern) or, when it contains a blank,
by `METHOD regular-expression-of-the-path`. Vendors also ask for row faults under names of their own, so that a single
row inside a batch can fail (`sf.row.Event.create`).
"""

from __future__ import annotations

import fnmatch
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

PREFIXES = {"salesforce": "sf"}  # how a vendor's operations are called when not by its own name


@dataclass(frozen=True, slots=True)
class Action:
    """What happens. `code` is a word of the vendor (SOAP response code, Salesforce error code), rendered by it.
    `delay`: seconds before it acts, `late`: between acting and answering.
    `truncate`: the answer is cut after so many bytes. `drop`: `before` acting or `after` it, no answer either way."""

    status: int = 0
    body: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = ""
    message: str = ""
    delay: float = 0.0
    late: float = 0.0
    drop: str = ""
    truncate: int | None = None

    @property
    def answers(self) -> bool:
        """True when the fault's own answer replaces the real one."""
        return bool(self.status or self.code)


@dataclass(slots=True)
class Rule:
    """Fires from the `nth` matching call on, `times` times (None: for ever)."""

    match: str
    action: Action
    nth: int = 1
    times: int | None = 1
    seen: int = 0
    fired: int = 0

    def matches(self, operation: str, method: str, path: str) -> bool:
        if " " in self.match:
            wanted, _, pattern = self.match.partition(" ")
            return bool(method) and wanted.upper() in ("*", method.upper()) and re.search(pattern, path) is not None
        return fnmatch.fnmatchcase(operation.lower(), self.match.lower())


class LineCutError(Exception):
    """The line is cut in the midst of a call that holds many."""


@contextmanager
def cutting(action: Action | None) -> Iterator[None]:
    """One part of a batch, before or after which the line of the whole batch may be cut. Raises LineCutError."""
    if action is not None and action.drop == "before":
        raise LineCutError
    yield
    if action is not None and action.drop == "after":
        raise LineCutError


class FaultScript:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._lifted = False

    def add(self, spec: str | Mapping[str, Any]) -> Rule:
        """Add a rule, given in JSON form or as command line text. Raises ValueError for a rule that makes no sense."""
        rule = parse_spec(spec) if isinstance(spec, str) else parse_rule(spec)
        with self._lock:
            self._rules.append(rule)
        return rule

    def drop(self, rule: Rule) -> None:
        """Take back one that `add` gave, if it is still there."""
        with self._lock:
            self._rules = [each for each in self._rules if each is not rule]

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    @contextmanager
    def lifted(self) -> Iterator[None]:
        """Nothing goes wrong, and no rule counts, while the block runs: for the hands of a story."""
        self._lifted = True
        try:
            yield
        finally:
            self._lifted = False

    def take(self, operation: str, method: str = "", path: str = "") -> Action | None:
        """The action for this call, if a rule fires now. The first that fires wins; every matching rule counts it."""
        hit: Action | None = None
        if self._lifted:
            return None
        with self._lock:
            for rule in self._rules:
                if not rule.matches(operation, method, path):
                    continue
                rule.seen += 1
                if hit is None and rule.seen >= rule.nth and (rule.times is None or rule.fired < rule.times):
                    rule.fired += 1
                    hit = rule.action
        return hit

    def listing(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(rule) for rule in self._rules]


_ACTION_KEYS = frozenset(
    {"status", "body", "headers", "code", "soap", "message", "delay", "late", "drop_before", "drop_after", "truncate"}
)


def parse_action(raw: Mapping[str, Any]) -> Action:
    unknown = set(raw) - _ACTION_KEYS
    if unknown:
        raise ValueError(f"a fault knows no {', '.join(sorted(unknown))}")
    truncate = raw.get("truncate")
    action = Action(
        status=int(raw.get("status", 0)),
        body=str(raw.get("body", "")),
        headers={str(key): str(value) for key, value in dict(raw.get("headers") or {}).items()},
        code=str(raw.get("code") or raw.get("soap") or ""),
        message=str(raw.get("message", "")),
        delay=float(raw.get("delay", 0)),
        late=float(raw.get("late", 0)),
        drop="before" if raw.get("drop_before") else "after" if raw.get("drop_after") else "",
        truncate=None if truncate is None else int(truncate),
    )
    if not (action.answers or action.delay or action.late or action.drop or action.truncate is not None):
        raise ValueError("a fault needs an action: status, code, delay, late, drop_before, drop_after or truncate")
    return action


def parse_rule(raw: Mapping[str, Any]) -> Rule:
    """JSON form: {"match": .., "nth": 1, "times": 1 or null, "action": {..}}."""
    if not raw.get("match") or not isinstance(raw.get("action"), Mapping):
        raise ValueError("a fault needs a match and an action")
    times = raw.get("times", 1)
    return Rule(
        str(raw["match"]), parse_action(raw["action"]), int(raw.get("nth", 1)), None if times is None else int(times)
    )


def parse_spec(text: str) -> Rule:
    """Command line form `vendor:operation:what[:nth=N][:times=N|always][:retry_after=S]`, where what is an HTTP status,
    `drop_before`, `drop_after`, `delay=S`, `truncate=BYTES` or a code of the vendor."""
    parts = text.split(":")
    if len(parts) < 3 or not all(parts[:3]):
        raise ValueError(f"{text!r} is not vendor:operation:what")
    vendor, operation, what, *options = parts
    action: dict[str, Any] = {}
    name, _, value = what.partition("=")
    if name.isdigit():
        action["status"] = int(name)
    elif name in ("drop_before", "drop_after"):
        action[name] = True
    elif name in ("delay", "truncate"):
        action[name] = float(value) if name == "delay" else int(value)
    else:
        action["code"] = name
    nth: int = 1
    times: int | None = 1
    for option in options:
        key, _, value = option.partition("=")
        if key == "times":
            times = None if value == "always" else int(value)
        elif key == "nth":
            nth = int(value)
        elif key == "retry_after":
            action["headers"] = {"Retry-After": value}
        else:
            raise ValueError(f"{text!r}: unknown option {key!r}")
    return Rule(f"{PREFIXES.get(vendor, vendor)}.{operation}", parse_action(action), nth, times)
