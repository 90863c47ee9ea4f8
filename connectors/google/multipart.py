"""Many requests in one: `multipart/mixed` of `application/http`, each part told apart by its Content-ID.

Answers come in any order, and each has a status of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import urlencode

BOUNDARY = "inbox-sync-batch"
CONTENT_TYPE = f"multipart/mixed; boundary={BOUNDARY}"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """One request below the root of a service. `operation`: what it is called in counters (`calendar.events.patch`).
    `condition`: the etag that the thing must still have. `most`: of a content, how many bytes are wanted; 0: all."""

    operation: str
    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Json | None = None
    condition: str = ""
    most: int = 0

    @property
    def query(self) -> str:
        return urlencode({name: _plain(value) for name, value in self.params.items()}, doseq=True)

    @property
    def headers(self) -> dict[str, str]:
        found = {"Content-Type": "application/json"} if self.body is not None else {}
        found |= {"If-Match": self.condition} if self.condition else {}
        return found | ({"Range": f"bytes=0-{self.most - 1}"} if self.most else {})


@dataclass(frozen=True, slots=True)
class Answer:
    """`retry_after`: seconds, '' when the server names none."""

    status: int
    body: Json
    retry_after: str = ""

    @property
    def ok(self) -> bool:
        return self.status < 300


def _plain(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return [str(each) for each in value] if isinstance(value, (list, tuple)) else str(value)


def encode(asks: Sequence[Ask], prefix: str) -> bytes:
    """`prefix`: the path of the service's root, in front of that of each request."""
    parts = [_part(number, ask, prefix) for number, ask in enumerate(asks)]
    return "".join([*parts, f"--{BOUNDARY}--\r\n"]).encode()


def _part(number: int, ask: Ask, prefix: str) -> str:
    query = f"?{ask.query}" if ask.query else ""
    body = "" if ask.body is None else json.dumps(ask.body)
    headers = ask.headers | ({"Content-Length": str(len(body))} if body else {})
    lines = [
        f"--{BOUNDARY}", "Content-Type: application/http", f"Content-ID: <{number}>", "",
        f"{ask.method} {prefix}{ask.path}{query} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()),
        "", body, "",
    ]  # fmt: skip
    return "\r\n".join(lines)


def decode(content_type: str, content: bytes, count: int) -> list[Answer]:
    """The answers in the order of the requests. Raises ValueError when there is not one for each."""
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + content)
    found: dict[int, Answer] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        number = str(part.get("Content-ID", "")).strip("<>").rpartition("response-")[2]
        raw = part.get_payload(decode=True)
        found[int(number)] = _answer(raw if isinstance(raw, bytes) else b"")
    if sorted(found) != list(range(count)):
        raise ValueError("the batch was answered for other requests")
    return [found[number] for number in range(count)]


def _answer(raw: bytes) -> Answer:
    line, _, rest = raw.lstrip().partition(b"\r\n")
    if not line.startswith(b"HTTP/"):
        raise ValueError("a part of the batch is no HTTP answer")
    inner = BytesParser(policy=HTTP).parsebytes(rest)
    body = inner.get_payload(decode=True)
    return Answer(int(line.split()[1]), parsed(body if isinstance(body, bytes) else b""), inner.get("Retry-After", ""))


def parsed(content: bytes) -> Json:
    """The JSON object of an answer; empty for an answer without one. Raises ValueError for anything else."""
    if not content.strip():
        return {}
    value = json.loads(content)
    if not isinstance(value, dict):
        raise ValueError("the answer is no JSON object")
    return value
