"""HTTPS with a floor under the protocol version, for connectors that speak through `requests`."""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

from requests.adapters import HTTPAdapter


@cache
def _context(floor: ssl.TLSVersion) -> ssl.SSLContext:
    """One for all sessions: reading the machine's certificates takes longer than an idle run."""
    context = ssl.create_default_context()
    context.minimum_version = floor
    return context


class TlsFloor(HTTPAdapter):
    """Tries once: when and how often to try again is not its business."""

    def __init__(self, floor: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        self._floor = floor
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **{**kwargs, "ssl_context": _context(self._floor)})

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, **{**kwargs, "ssl_context": _context(self._floor)})
