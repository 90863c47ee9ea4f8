"""Looking only, and each thing once: endpoints that keep what they were told, and write nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from connectors.errors import ConnectorError
from connectors.protocols import Detail
from mapping.model.item import Item, ItemRef

T = TypeVar("T")

# what is asked through; a method that is not named here may write
LOOKS = frozenset({
    "changes", "known_folders", "find", "conversations", "pushes", "aliases", "claimed_by", "check", "shape", "topics",
    "check_user", "users", "find_user", "find_people", "find_accounts", "find_accounts_by_name", "find_resources",
    "find_opportunities", "find_named", "web_hosts", "find_by_key", "find_series", "find_events", "find_tasks",
})  # fmt: skip


class LookingOnlyError(Exception):
    """Something was to be written, or might have been, where nothing may be."""


def remembering(endpoint: T) -> T:
    """The same mailbox or Salesforce for as long as it is held: what was asked once is answered from memory, so that
    whoever asks again sees the same, at no cost. A method that could write raises LookingOnlyError."""
    return cast(T, _Remembering(endpoint))


class _Remembering:
    def __init__(self, endpoint: Any) -> None:
        self._endpoint = endpoint
        self._told: dict[tuple[str, str], Any] = {}
        self._items: dict[Detail, dict[ItemRef, Item | ConnectorError | None]] = {detail: {} for detail in Detail}

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._endpoint, name)
        if not callable(found):
            return found
        return self._once(name, found) if name in LOOKS else self._refused(name)

    def poll(self, _cursors: Mapping[str, str]) -> None:
        """Nothing is gained by asking ahead."""

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> Mapping[ItemRef, Item | ConnectorError]:
        known = self._items[detail]
        missing = [ref for ref in dict.fromkeys(refs) if ref not in known]
        if missing:
            known.update(dict.fromkeys(missing) | self._endpoint.read(missing, detail))
        return {ref: item for ref in refs if (item := known[ref]) is not None}

    def _once(self, name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def ask(*args: Any, **more: Any) -> Any:
            held = tuple(map(_held, args))
            asked = name, repr((held, sorted(more.items())))
            if asked not in self._told:
                self._told[asked] = method(*held, **more)
            return self._told[asked]

        return ask

    def _refused(self, name: str) -> Callable[..., Any]:
        def refuse(*_args: Any, **_more: Any) -> Any:
            raise LookingOnlyError(f"{name} was asked for where nothing may be written")

        return refuse


def _held(value: object) -> object:
    """What can be looked at twice; of a set the order tells nothing."""
    if isinstance(value, (set, frozenset)):
        return tuple(sorted(value))
    if isinstance(value, (str, Sequence, Mapping)) or not isinstance(value, Iterable):
        return value
    return tuple(value)
