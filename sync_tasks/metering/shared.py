"""The Redis that all processes count in, if it is there. Nothing waits long for it, and nothing fails without it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, TypeVar

import redis

from sync_tasks.services.embedded import EmbeddedRedisError, redis_url
from sync_tasks.settings import Settings

log = logging.getLogger(__name__)

T = TypeVar("T")

PATIENCE = 0.5  # seconds for an answer
AWAY = 5.0  # seconds until it is tried again


class Shared:
    """One for each process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client: Any = None  # what its own types say of answers is true of every reading of them at once
        self._away_until = 0.0

    def do(self, action: Callable[[Any], T]) -> T | None:
        """What the action makes of Redis; None when it does not answer, or did not a moment ago. It may have been
        carried out even so."""
        if time.monotonic() < self._away_until:
            return None
        try:
            return action(self._opened())
        except (redis.RedisError, EmbeddedRedisError) as error:
            if isinstance(error, redis.ResponseError):
                log.error("metering_refused", extra={"error": type(error).__name__})
            self.close()
            self._away_until = time.monotonic() + AWAY
            return None

    def _opened(self) -> Any:
        if self._client is None:
            self._client = redis.Redis.from_url(
                redis_url(self._settings), decode_responses=True, socket_timeout=PATIENCE,
                socket_connect_timeout=PATIENCE,
            )  # fmt: skip
        return self._client

    def close(self) -> None:
        """Let go of the connection; the next use opens another."""
        client, self._client = self._client, None
        if client is not None:
            client.close()
