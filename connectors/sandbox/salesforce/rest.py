# ruff: noqa: S608  (table names come from the facts, never from what a caller sends)
"""Single calls below /services/data/vN: rows, describes, queries, limits. Composites send their parts here too."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import unquote

from werkzeug.http import parse_date

from connectors.sandbox.salesforce import describe, listviews, query, records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, not_found
from connectors.sandbox.salesforce.facts import ObjectFact
from connectors.sandbox.salesforce.ids import looks_like_id
from connectors.sandbox.salesforce.series import delete_from_here
from connectors.sandbox.salesforce.values import read_moment, show_moment

_BLOBS = frozenset({("ContentVersion", "VersionData"), ("Attachment", "Body")})
BIGGEST_TEXT = 50_000_000  # of a base64 field in JSON, which is 37.5 MB of content
REPLICATION_DAYS = {"updated": 30, "deleted": 15}


@dataclass
class Answer:
    """`body` None: no content; bytes are sent as they are."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Part:
    """One request, whether it came alone or inside of a composite. `path`: below the version, decoded, no slashes
    around; `raw`: the same still encoded (key values may hold slashes)."""

    method: str
    raw: str
    args: Mapping[str, str]
    body: Any = None
    in_parts: bool = False  # the body came as multipart

    @property
    def steps(self) -> list[str]:
        return [unquote(step) for step in self.raw.strip("/").split("/") if step]


class UnknownRouteError(Exception):
    """Nothing here answers to the path."""


def handle(call: Call, part: Part) -> Answer:
    """Raises SfError, UnknownRouteError."""
    steps = part.steps
    if not steps:
        names = ("sobjects", "query", "queryAll", "limits", "composite")
        return Answer(200, {name: call.path(name) for name in names})
    if steps[0] in ("query", "queryAll"):
        return _query(call, part, steps)
    if steps[0] == "limits":
        return _limits(call, part, steps)
    if steps[0] == "sobjects":
        return _sobjects(call, part, steps[1:])
    raise UnknownRouteError


def _only(part: Part, *methods: str) -> None:
    if part.method not in methods:
        allowed = ",".join(methods)
        raise SfError("METHOD_NOT_ALLOWED", f"HTTP Method '{part.method}' not allowed. Allowed are {allowed}")


def _query(call: Call, part: Part, steps: list[str]) -> Answer:
    _only(part, "GET")
    if len(steps) > 1:
        return Answer(200, query.more(call, steps[1]))
    text = part.args.get("q", "")
    if not text:
        raise SfError("MALFORMED_QUERY", "A query string has to be specified")
    return Answer(200, query.run(call, text, all_rows=steps[0] == "queryAll"))


def usage(call: Call) -> tuple[int, int]:
    used = call.store.scalar("SELECT used FROM sf_org WHERE key = ?", (call.org.key,)) or 0
    return int(used), call.org.settings.api_quota


def _limits(call: Call, part: Part, steps: list[str]) -> Answer:
    _only(part, "GET")
    if steps[1:] == ["recordCount"]:
        counts = []
        for name in part.args.get("sObjects", "").split(","):
            fact = call.find_object(name)
            number = call.store.scalar(f"SELECT count(*) FROM {call.org.table(fact.name)}") if fact else 0
            if fact and number:
                counts.append({"count": number, "name": fact.name})
        return Answer(200, {"sObjects": counts})
    used, quota = usage(call)
    full = {"Max": 100_000, "Remaining": 100_000}
    return Answer(
        200,
        {
            "DailyApiRequests": {"Max": quota, "Remaining": max(0, quota - used)},
            "DailyBulkV2QueryJobs": dict(full),
            "DataStorageMB": {"Max": 1024, "Remaining": 1000},
            "FileStorageMB": {"Max": call.org.settings.file_storage_mb, "Remaining": call.org.settings.file_storage_mb},
            "HourlyODataCallout": dict(full),
        },
    )


def _sobjects(call: Call, part: Part, steps: list[str]) -> Answer:
    if not steps:
        _only(part, "GET")
        return _described(call, describe.everything(call))
    if steps[0] == "Organization":
        return _organization(call, part)
    fact = records.fact_of(call, steps[0])
    if len(steps) == 1:
        return _object(call, part, fact)
    if len(steps) == 2 and steps[1] == "describe":
        _only(part, "GET", "HEAD")
        return _described(call, describe.full(call, fact))
    if steps[1] == "listviews":
        return _list_views(call, part, fact, steps[2:])
    if len(steps) == 2 and steps[1] in REPLICATION_DAYS:
        return _replication(call, part, fact, steps[1])
    if len(steps) == 2:
        return _row(call, part, fact, steps[1])
    if len(steps) == 3 and steps[2] == "fromThisEventOnwards" and fact.name == "Event":
        _only(part, "DELETE")
        if not delete_from_here(call, steps[1]):
            raise SfError("INVALID_OPERATION", "the event is not part of a series", [])
        return Answer(204)
    if len(steps) == 3 and (fact.name, steps[2]) in _BLOBS:
        _only(part, "GET")
        row = records.require(call, fact.name, steps[1])
        data = call.store.scalar("SELECT data FROM sf_blob WHERE org = ? AND id = ?", (call.org.key, row["Id"]))
        return Answer(200, bytes(data), {"Content-Type": "application/octet-stream"})
    if len(steps) == 3:
        return _by_key(call, part, fact, steps[1], steps[2])
    raise UnknownRouteError


def _list_views(call: Call, part: Part, fact: ObjectFact, steps: list[str]) -> Answer:
    _only(part, "GET")
    if not steps:
        return Answer(200, listviews.listed(call, fact))
    if len(steps) == 1:
        return Answer(200, listviews.one(call, fact, steps[0]))
    if steps[1:] == ["describe"]:
        return Answer(200, listviews.described(call, fact, steps[0]))
    raise UnknownRouteError


def _described(call: Call, body: dict[str, Any]) -> Answer:
    """Describes are cached by clients: they say when they last changed and honour If-Modified-Since."""
    # dates in headers have whole seconds
    at = int(call.store.scalar("SELECT changed FROM sf_org WHERE key = ?", (call.org.key,)) or 0)
    changed = datetime.fromtimestamp(at, UTC)
    headers = {"Last-Modified": format_datetime(changed, usegmt=True)}
    since = call.headers.get("if-modified-since")
    moment = parse_date(since) if since else None
    return Answer(304, None, headers) if moment is not None and changed <= moment else Answer(200, body, headers)


def _organization(call: Call, part: Part) -> Answer:
    _only(part, "GET")
    shown = {"attributes": {"type": "Organization", "url": call.path(f"sobjects/Organization/{call.org.id}")}}
    return Answer(200, {**shown, "Id": call.org.id, "Name": call.org.key, "TimeZoneSidKey": "GMT", "IsSandbox": True})


def payload(part: Part, fact: ObjectFact | None = None) -> dict[str, Any]:
    """The row of a body. Raises JSON_PARSER_ERROR; STRING_TOO_LONG for a content of this object that is too large for
    JSON. In a request of several parts it may have 2 GB, more than this sandbox is ever given."""
    if not isinstance(part.body, dict):
        raise SfError("JSON_PARSER_ERROR", "The HTTP entity body is required, but this request has no entity body.")
    for name, field_name in _BLOBS if fact is not None and not part.in_parts else ():
        if fact is not None and name == fact.name and len(str(part.body.get(field_name, ""))) > BIGGEST_TEXT:
            raise SfError("STRING_TOO_LONG", f"{field_name}: data value too large", [field_name])
    return part.body


def _object(call: Call, part: Part, fact: ObjectFact) -> Answer:
    _only(part, "GET", "POST", "HEAD")
    if part.method == "POST":
        record_id = records.create(call, fact.name, payload(part, fact))
        location = {"Location": call.path(f"sobjects/{fact.name}/{record_id}")}
        return Answer(201, {"id": record_id, "success": True, "errors": []}, location)
    recent = call.store.all(f"SELECT Id FROM {call.org.table(fact.name)} WHERE IsDeleted = 0 ORDER BY Id DESC LIMIT 10")
    items = [query.retrieve(call, fact, row[0], ["Id"]) for row in recent]
    return Answer(200, {"objectDescribe": describe.brief(call, fact), "recentItems": items})


def _condition(call: Call, part: Part, row: Mapping[str, Any]) -> int:
    """The status that a conditional request ends with, 0 when it goes on. Raises for an unreadable date."""
    changed = read_moment(str(row.get("LastModifiedDate") or row["SystemModstamp"]))
    for header, answer in (("if-unmodified-since", 412), ("if-modified-since", 304)):
        text = call.headers.get(header)
        if not text or (answer == 304 and part.method not in ("GET", "HEAD")):
            continue
        moment = parse_date(text)
        if moment is None:
            if part.method in ("PATCH", "POST"):
                raise SfError("BAD_REQUEST", f"the value of {header} is not a date", [])
            continue
        if (answer == 412) == (changed > moment):
            return answer
    return 0


def _unmet() -> SfError:
    return SfError("PRECONDITION_FAILED", "The record has been modified since the given date")


def _fields(part: Part) -> list[str] | None:
    names = part.args.get("fields")
    return [name.strip() for name in names.split(",")] if names else None


def _row(call: Call, part: Part, fact: ObjectFact, record_id: str) -> Answer:
    _only(part, "GET", "HEAD", "PATCH", "DELETE")
    if part.method == "DELETE":
        # conditional headers mean nothing here
        records.delete(call, fact.name, record_id)
        return Answer(204)
    row = records.require(call, fact.name, record_id, writing=part.method == "PATCH")
    if part.method == "PATCH":
        body = payload(part)
        with call.store.transaction():
            row = records.require(call, fact.name, record_id, writing=True)
            if _condition(call, part, row) == 412:
                raise _unmet()
            records.update(call, fact.name, record_id, body)
        return Answer(204)
    headers = {"Last-Modified": format_datetime(read_moment(row["SystemModstamp"]), usegmt=True)}
    status = _condition(call, part, row)
    if status == 412:
        raise _unmet()
    if status:
        return Answer(status, None, headers)
    return Answer(200, query.retrieve(call, fact, row["Id"], _fields(part)), headers)


def _by_key(call: Call, part: Part, fact: ObjectFact, key: str, value: str) -> Answer:
    _only(part, "GET", "HEAD", "PATCH", "POST", "DELETE")
    field_fact = fact.find(key)
    if looks_like_id(key) and field_fact is None:
        raise not_found()
    if field_fact is None or not (field_fact.has("x") or field_fact.has("i")):
        raise not_found(f"Provided external ID field does not exist or is not accessible: {key}")
    try:
        if part.method in ("PATCH", "POST"):
            record_id, created = records.upsert(call, fact.name, key, value, payload(part))
            body = {"id": record_id, "success": True, "errors": [], "created": created}
            if created:
                return Answer(201, body)
            return Answer(200, body) if call.org.settings.upsert_update_status == 200 else Answer(204)
        ids = records.find_ids(call, fact.name, field_fact, value)
        if len(ids) > 1:
            raise records.MultipleMatchesError(fact.name, ids)
    except records.MultipleMatchesError as found:
        return Answer(300, [call.path(f"sobjects/{fact.name}/{one}") for one in found.ids])
    if not ids:
        raise not_found()
    return _row(call, part, fact, ids[0])


def _replication(call: Call, part: Part, fact: ObjectFact, what: str) -> Answer:
    _only(part, "GET")
    try:
        start, end = (read_moment(part.args[name].replace(" ", "+")) for name in ("start", "end"))
    except (KeyError, ValueError):
        raise SfError("INVALID_REPLICATION_DATE", "start and end are needed, as dates with times") from None
    start, end = start.replace(second=0), end.replace(second=0)
    oldest = call.now - timedelta(days=REPLICATION_DAYS[what])
    if end <= start or start < oldest - timedelta(minutes=1):
        raise SfError("INVALID_REPLICATION_DATE", "startDate before org replication enablement date or after endDate")
    covered = min(end, call.now.replace(second=0, microsecond=0))
    low, high = show_moment(start), show_moment(end)
    table = call.org.table(fact.name)
    owner, more = "", []
    if not call.user.view_all and fact.name in call.org.settings.private_objects:
        owner, more = " AND OwnerId = ?", [call.user.id]
    gone = int(what == "deleted")
    sql = (
        f"SELECT Id, SystemModstamp FROM {table} WHERE SystemModstamp >= ? AND SystemModstamp < ? "
        f"AND IsDeleted = ?{owner} ORDER BY SystemModstamp, Id"
    )
    rows = call.store.all(sql, [low, high, gone, *more])
    if what == "updated":
        return Answer(200, {"ids": [row[0] for row in rows], "latestDateCovered": show_moment(covered)})
    return Answer(
        200,
        {
            "deletedRecords": [{"id": row[0], "deletedDate": row[1]} for row in rows],
            "earliestDateAvailable": show_moment(oldest),
            "latestDateCovered": show_moment(covered),
        },
    )


def _is_json(entry: Any) -> bool:
    return not entry.filename or "json" in (entry.content_type or "")


def multipart_body(form: Mapping[str, str], files: Mapping[str, Any]) -> dict[str, Any]:
    """A row with its file: one JSON part, one binary part named after the field."""
    texts = [value for value in form.values() if value.lstrip().startswith("{")]
    texts += [entry.read().decode() for entry in files.values() if _is_json(entry)]
    if not texts:
        raise SfError("INVALID_MULTIPART_REQUEST", "the part with the row is missing")
    body: dict[str, Any] = json.loads(texts[0])
    for name, entry in files.items():
        if not _is_json(entry):
            body[name] = base64.b64encode(entry.read()).decode()
    return body
