"""Somebody whom vendors post to: keeps what is posted, answers as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.waiting import until


@dataclass(frozen=True, slots=True)
class Post:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Listener:
    """`answer`: a status and a body for a post; without it everything is taken, and handshakes are answered."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)
    answer: Callable[[Post], tuple[int, bytes]] | None = None

    def told(self, number: int) -> list[Post]:
        """Wait until so many posts have come."""
        until(lambda: len(self.posts) >= number)
        return list(self.posts)

    def reply(self, post: Post) -> tuple[int, bytes]:
        if self.answer is not None:
            return self.answer(post)
        asked = parse_qs(urlsplit(post.path).query).get("validationToken")
        return (200, asked[0].encode()) if asked else (202, b"")


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            post = Post(self.path, dict(self.headers), body)
            status, answer = listener.reply(post)
            if "validationToken" not in self.path:
                listener.posts.append(post)
            self.send_response(status)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *args: Any) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Handler)
    listener.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield listener
    server.shutdown()
    server.server_close()
