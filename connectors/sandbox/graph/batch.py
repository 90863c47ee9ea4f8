"""`$batch`: up to twenty calls in one. Their answers come in no particular order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from connectors.sandbox.graph.errors import bad

Json = dict[str, Any]
MOST = 20
# status, headers and body of what a part of the batch was answered
Part = tuple[int, dict[str, str], Any]
Send = Callable[[str, str, Mapping[str, str], Any], Part]


def run(body: Any, send: Send) -> Json:
    """Send the parts one after the other, those that depend on others after them. Raises BadRequest."""
    parts = _checked(body)
    answers: dict[str, Part] = {}
    for part in parts:
        needed = part.get("dependsOn") or ()
        if any(each not in answers for each in needed):
            raise bad("A request may only depend on requests before it.")
        if any(answers[each][0] >= 400 for each in needed):
            error = {"error": {"code": "FailedDependency", "message": "What it depends on failed."}}
            answers[part["id"]] = 424, {}, error
            continue
        headers = {name.lower(): str(value) for name, value in (part.get("headers") or {}).items()}
        if part.get("body") is not None and headers.get("content-type") != "application/json":
            raise bad(f"Request {part['id']} has a body and no Content-Type.")
        answers[part["id"]] = send(part["method"].upper(), part["url"], headers, part.get("body"))
    told = [
        {"id": key, "status": status, "headers": headers, "body": told}
        for key, (status, headers, told) in answers.items()
    ]
    # odd ones first: whoever takes them in the order of sending is mistaken
    return {"responses": [*told[1::2], *told[::2]]}


def _checked(body: Any) -> list[Json]:
    parts = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(parts, list) or not parts:
        raise bad("A batch needs requests.")
    if len(parts) > MOST:
        raise bad(f"A batch holds {MOST} requests at most.")
    keys = [part.get("id") for part in parts]
    if len(set(keys)) != len(keys) or not all(isinstance(key, str) and key for key in keys):
        raise bad("Every request needs an id of its own.")
    for part in parts:
        if not isinstance(part.get("method"), str) or not str(part.get("url", "")).startswith("/"):
            raise bad("Every request needs a method and a relative url.")
        if part["url"].startswith("/$batch"):
            raise bad("A batch holds no batches.")
    return parts
