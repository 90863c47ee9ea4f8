"""A call as the services see it: who acts, what is asked, and how answers are made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from connectors.sandbox.google.errors import invalid
from connectors.sandbox.google.state import Docs, Json, User

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox


@dataclass(frozen=True, slots=True)
class Call:
    """`parts`: what the path names, by name. `params`: lists of values, as the query may repeat a name."""

    sandbox: Sandbox
    docs: Docs
    parts: Mapping[str, str]
    params: Mapping[str, list[str]]
    content: bytes
    condition: str = ""
    span: str = ""  # the part of a content that is asked for, as the header says it

    @property
    def user(self) -> User:
        return self.docs.user

    def param(self, name: str, default: str = "") -> str:
        return self.params.get(name, [default])[0]

    def flag(self, name: str) -> bool:
        return self.param(name).lower() == "true"

    def number(self, name: str, default: int, most: int) -> int:
        text = self.param(name) or str(default)
        if not text.isdigit() or not int(text):
            raise invalid(f"Invalid value for {name}")
        return min(int(text), most)

    @property
    def body(self) -> Json:
        try:
            value = json.loads(self.content) if self.content else {}
        except ValueError:
            raise invalid("Parse Error") from None
        if not isinstance(value, dict):
            raise invalid("Parse Error")
        return value


def page(call: Call, found: list[Any], default: int, most: int, name: str = "maxResults") -> tuple[list[Any], str]:
    """The part of a listing that is asked for, and the token of the next."""
    size, at = call.number(name, default, most), call.param("pageToken") or "0"
    if not at.isdigit():
        raise invalid("Invalid pageToken")
    start = int(at)
    more = str(start + size) if start + size < len(found) else ""
    return found[start : start + size], more


def answered(value: Json | None, status: int = 200) -> Response:
    """JSON, or nothing for None."""
    if value is None:
        return Response("", 204)
    headers = {"ETag": value["etag"]} if isinstance(value.get("etag"), str) else {}
    return Response(json.dumps(value), status, headers, content_type="application/json; charset=UTF-8")
