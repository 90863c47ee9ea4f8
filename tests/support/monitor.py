"""Everything that is said to a Redis while a block runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import redis


class Overheard:
    def __init__(self) -> None:
        self.commands: list[str] = []

    def pushed(self, queue: str) -> int:
        """How many messages were put into the queue."""
        return sum(command.startswith(f"LPUSH {queue} ") for command in self.commands)


@contextmanager
def overhearing(url: str) -> Iterator[Overheard]:
    """Listen with MONITOR. What was said up to the end of the block is complete."""
    heard = Overheard()
    client = redis.Redis.from_url(url, socket_timeout=None)  # nothing may be said for a while
    done = "the end of listening"
    with client.monitor() as monitor:

        def listen() -> None:
            for command in monitor.listen():
                if done in command["command"]:
                    return
                heard.commands.append(command["command"])

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield heard
        finally:
            client.echo(done)
            thread.join(10)
    client.close()
