"""Files of a user: `drive/v3/files`, as far as they are read."""

from __future__ import annotations

import base64
import re

from werkzeug.wrappers import Response

from connectors.sandbox.google.call import Call
from connectors.sandbox.google.state import Docs, Json, fresh_id

KIND = "file"
_RANGE = re.compile(r"bytes=0-(\d+)")


def add_file(docs: Docs, name: str, kind: str, content: bytes | None) -> str:
    """`content`: None for what Google's own editors made."""
    values: Json = {"name": name, "mimeType": kind}
    if content is not None:
        values |= {"size": str(len(content)), "content": base64.b64encode(content).decode()}
    return docs.put(KIND, fresh_id(KIND, name, docs.step()), values).id


def about(call: Call) -> Json:
    return {"user": {"emailAddress": call.user.address, "displayName": call.user.name}}


def get_file(call: Call) -> Json | Response:
    found = call.docs.get(KIND, call.parts["fileId"])
    told = {name: value for name, value in found.values.items() if name != "content"}
    if call.param("alt") != "media":
        return {"kind": "drive#file", "id": found.id, **told}
    content = base64.b64decode(found.values["content"])
    part = _RANGE.fullmatch(call.span)
    if part is None:
        return Response(content, 200, content_type=found.values["mimeType"])
    return Response(content[: int(part[1]) + 1], 206, content_type=found.values["mimeType"])
