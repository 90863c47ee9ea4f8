"""Many requests in one: `multipart/mixed` of `application/http`. Parts are answered in another order than asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP

from werkzeug.wrappers import Request, Response

from connectors.sandbox.google.errors import answer, invalid

MOST = 100
_BOUNDARY = "batch_sandbox"


@dataclass(frozen=True, slots=True)
class Part:
    name: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    content: bytes


def handle(request: Request, act: Callable[[Part], Response]) -> Response:
    try:
        parts = _parts(request.headers.get("Content-Type", ""), request.get_data(cache=True))
    except (ValueError, IndexError):
        return answer(invalid("Failed to parse batch request."))
    if not parts or len(parts) > MOST:
        return answer(invalid(f"The batch request must have between 1 and {MOST} parts."))
    answers = [(part.name, act(part)) for part in parts]
    body = b"".join(_answered(name, told) for name, told in reversed(answers)) + f"--{_BOUNDARY}--\r\n".encode()
    return Response(body, 200, content_type=f"multipart/mixed; boundary={_BOUNDARY}")


def _parts(content_type: str, content: bytes) -> list[Part]:
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + content)
    if not message.is_multipart():
        raise ValueError("no parts")
    return [_part(str(each.get("Content-ID", "")), each.get_payload(decode=True)) for each in message.iter_parts()]


def _part(name: str, raw: object) -> Part:
    if not isinstance(raw, bytes):
        raise ValueError("a part without a request")
    line, _, rest = raw.lstrip().partition(b"\r\n")
    method, target, _ = line.decode().split(" ")
    path, _, query = target.partition("?")
    inner = BytesParser(policy=HTTP).parsebytes(rest)
    body = inner.get_payload(decode=True)
    return Part(name, method, path, query, dict(inner.items()), body if isinstance(body, bytes) else b"")


def _answered(name: str, told: Response) -> bytes:
    headers = "".join(f"{key}: {value}\r\n" for key, value in told.headers.items())
    content_id = f"<response-{name.strip('<>')}>"
    head = (
        f"--{_BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: {content_id}\r\n\r\nHTTP/1.1 {told.status}\r\n"
    )
    return head.encode() + headers.encode() + b"\r\n" + told.get_data() + b"\r\n"
