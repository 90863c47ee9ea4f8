"""The EWS operations on subscriptions, in the manner of `wire`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from exchangelib import services
from exchangelib.properties import FolderId

from connectors.exchange.wire import Plain, raise_first


class PushSubscribe(Plain, services.SubscribeToPush):  # type: ignore[misc]
    def to(self, folder: FolderId, events: Sequence[str], minutes: int, url: str) -> tuple[str, str]:
        """A subscription that posts to the address, at least every so many minutes: its id and first watermark. Raises
        `RefusedError`."""
        payload = self.get_payload(
            folders=[folder], event_types=events, watermark=None, status_frequency=minutes, url=url
        )
        found = list(self._elems_to_objs(self._get_elements(payload)))
        raise_first(found)
        identifier, watermark = found[0]
        return str(identifier), str(watermark)

    @classmethod
    def _get_elements_in_container(cls, container: Any) -> list[Any]:
        return services.SubscribeToPush._get_elements_in_container(container)  # type: ignore[no-any-return]  # noqa: SLF001


class Unsubscribe(Plain, services.Unsubscribe):  # type: ignore[misc]
    returns_elements = False

    def end(self, subscription: str) -> None:
        """Raises `RefusedError`."""
        raise_first(list(self._get_elements(self.get_payload(subscription))))
