"""One answer for several folders: a service of Google tells of all of them at once, and is asked once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Shared(Generic[T]):
    """Keeps the last answer until every folder has had it; a folder that asks again gets a new one."""

    def __init__(self) -> None:
        self._about: object = None
        self._served: set[str] = set()
        self._answer: T | None = None

    def of(self, folder: str, about: object, ask: Callable[[], T]) -> T:
        """`about`: the question. What `ask` raises is not kept."""
        if self._answer is None or about != self._about or folder in self._served:
            self._answer = None
            self._answer, self._about, self._served = ask(), about, set()
        self._served.add(folder)
        return self._answer
