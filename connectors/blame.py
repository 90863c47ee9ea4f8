"""Whose fault a fault is: endpoints whose errors say from which vendor they come."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, TypeVar, cast

from connectors.errors import ConnectorError

T = TypeVar("T")


def blaming(endpoint: T, vendor: str) -> T:
    """The same endpoint; what it raises bears the name of the vendor."""
    return cast(T, _Blaming(endpoint, vendor))


class _Blaming:
    def __init__(self, endpoint: object, vendor: str) -> None:
        self._endpoint, self._vendor = endpoint, vendor

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._endpoint, name)
        return self._told(found) if callable(found) else found

    def _told(self, method: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(method)
        def call(*args: Any, **more: Any) -> Any:
            try:
                given = method(*args, **more)
            except ConnectorError as error:
                error.vendor = self._vendor
                raise
            return self._each(given) if isinstance(given, Iterator) else given

        return call

    def _each(self, given: Iterator[Any]) -> Iterator[Any]:
        """What is told one by one may fail in the middle."""
        try:
            yield from given
        except ConnectorError as error:
            error.vendor = self._vendor
            raise
