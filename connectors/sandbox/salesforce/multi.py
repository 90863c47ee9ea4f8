"""Many rows or many calls at once: collections, composite, batch, graph."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.sandbox.salesforce import query, records, rest
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError, not_found
from connectors.sandbox.salesforce.ids import looks_like_id, to18
from connectors.sandbox.salesforce.rest import Answer, Part, UnknownRouteError

MOST_ROWS, MOST_PARTS, MOST_QUERIES, MOST_NODES = 200, 25, 5, 500
_HALTED = "The transaction was rolled back since another operation in the same transaction failed."
_REFERENCE = re.compile(r"@\{([A-Za-z0-9_]+)((?:\.[A-Za-z0-9_]+|\[\d+\])*)\}")
_NAME = re.compile(r"[A-Za-z0-9_]+")
_URL = re.compile(r"(?:/services/data/)?/?v(\d+\.\d)/?(.*)", re.DOTALL)


class RolledBackError(Exception):
    """Leaves a transaction without keeping anything."""


def handle(call: Call, part: Part) -> Answer:
    """Everything below composite. Raises SfError, UnknownRouteError."""
    steps = part.steps[1:]
    if steps[:1] == ["sobjects"]:
        return _collections(call, part, steps[1:])
    if part.method == "GET" and not steps:
        return Answer(200, {name: call.path(f"composite/{name}") for name in ("sobjects", "batch", "graph")})
    if part.method != "POST":
        raise SfError("METHOD_NOT_ALLOWED", f"HTTP Method '{part.method}' not allowed. Allowed are POST")
    body = rest.payload(part)
    if not steps:
        return Answer(200, {"compositeResponse": composite(call, body)})
    if steps == ["batch"]:
        return Answer(200, _batch(call, body))
    if steps == ["graph"]:
        return Answer(200, _graph(call, body))
    raise UnknownRouteError


def attempt(call: Call, work: Callable[[], Any]) -> Any:
    """Do one row's work; a failed row leaves nothing behind, in the counters neither."""
    mark = len(call.writes)
    try:
        with call.store.transaction():
            return work()
    except SfError:
        del call.writes[mark:]
        raise


# collections


def _rows(body: Mapping[str, Any]) -> list[dict[str, Any]]:
    rows = body.get("records")
    if not isinstance(rows, list) or not rows:
        raise SfError("REQUIRED_FIELD_MISSING", "At least 1 record is required", [])
    if len(rows) > MOST_ROWS:
        raise SfError("LIMIT_EXCEEDED", f"record limit reached: no more than {MOST_ROWS} records in one request", [])
    if not all(isinstance(row, dict) for row in rows):
        raise SfError("JSON_PARSER_ERROR", "records has to be a list of objects", [])
    return rows


def _type_of(row: Mapping[str, Any]) -> str:
    attributes = row.get("attributes")
    name = attributes.get("type") if isinstance(attributes, dict) else None
    if not name:
        raise SfError("INVALID_INPUT", "Include the entity type information with each record under attributes", [])
    return str(name)


def _known(call: Call, name: str) -> str:
    fact = call.find_object(name)
    if fact is None:
        raise SfError("INVALID_TYPE", f"sObject type '{name}' is not supported.", [])
    return fact.name


def _each(call: Call, tasks: list[Callable[[], dict[str, Any]]], all_or_none: bool) -> list[dict[str, Any]]:
    """Do the rows in order. One transaction holds them all, so that a batch costs one commit."""
    results: list[dict[str, Any]] = []
    mark = len(call.writes)
    try:
        with call.store.transaction():
            failed = False
            for task in tasks:
                try:
                    results.append(attempt(call, task))
                except SfError as error:
                    failed = True
                    results.append(error.row())
            if failed and all_or_none:
                raise RolledBackError
    except RolledBackError:
        del call.writes[mark:]
        rolled = SfError(
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "Record rolled back because not all records were valid and the request was using AllOrNone header",
            [],
        )
        results = [rolled.row() if result["success"] else result for result in results]
    return results


def _done(record_id: str, **more: Any) -> dict[str, Any]:
    return {"id": record_id, "success": True, "errors": [], **more}


def _truth(text: Any) -> bool:
    return text is True or str(text).lower() == "true"


def _collections(call: Call, part: Part, steps: list[str]) -> Answer:
    if part.method == "DELETE" and not steps:
        ids = [one for one in part.args.get("ids", "").split(",") if one]
        if not ids:
            raise SfError("REQUIRED_FIELD_MISSING", "At least 1 record is required", [])
        if len(ids) > MOST_ROWS:
            raise SfError("LIMIT_EXCEEDED", f"no more than {MOST_ROWS} records in one request", [])
        tasks = [_delete_task(call, one) for one in ids]
        return Answer(200, _each(call, tasks, _truth(part.args.get("allOrNone"))))
    if part.method in ("GET", "POST") and len(steps) == 1:
        return _retrieve(call, part, steps[0])
    body = rest.payload(part)
    rows = _rows(body)
    all_or_none = _truth(body.get("allOrNone"))
    if part.method == "POST" and not steps:
        names = [_known(call, _type_of(row)) for row in rows]
        return Answer(
            200, _each(call, [_create_task(call, *pair) for pair in zip(names, rows, strict=True)], all_or_none)
        )
    if part.method == "PATCH" and not steps:
        names = [_known(call, _type_of(row)) for row in rows]
        return Answer(
            200, _each(call, [_update_task(call, *pair) for pair in zip(names, rows, strict=True)], all_or_none)
        )
    if part.method == "PATCH" and len(steps) == 2:
        fact = records.fact_of(call, steps[0])
        key = fact.find(steps[1])
        if key is None or not (key.has("x") or key.has("i")):
            raise not_found(f"Provided external ID field does not exist or is not accessible: {steps[1]}")
        if any(_type_of(row).lower() != fact.name.lower() for row in rows):
            raise SfError("INVALID_INPUT", "all records have to be of the type in the address", [])
        return Answer(200, _each(call, [_upsert_task(call, fact.name, key.name, row) for row in rows], all_or_none))
    raise SfError("METHOD_NOT_ALLOWED", f"HTTP Method '{part.method}' not allowed.")


def _create_task(call: Call, name: str, row: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    def work() -> dict[str, Any]:
        fields = {key: value for key, value in row.items() if not (key.lower() == "id" and value is None)}
        return _done(records.create(call, name, fields))

    return work


def _update_task(call: Call, name: str, row: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    def work() -> dict[str, Any]:
        record_id = next((value for key, value in row.items() if key.lower() == "id"), None)
        if not record_id:
            raise SfError("MISSING_ARGUMENT", "Id not specified in an update call", ["Id"])
        if not looks_like_id(record_id):
            raise SfError("MALFORMED_ID", f"Id: id value of incorrect type: {record_id}", ["Id"])
        records.update(call, name, record_id, {key: value for key, value in row.items() if key.lower() != "id"})
        return _done(to18(record_id))

    return work


def _upsert_task(call: Call, name: str, key: str, row: dict[str, Any]) -> Callable[[], dict[str, Any]]:
    def work() -> dict[str, Any]:
        value = next((value for field, value in row.items() if field.lower() == key.lower()), None)
        rest_of = {field: entry for field, entry in row.items() if field.lower() not in (key.lower(), "id")}
        if value in (None, "") and key != "Id":
            raise SfError("MISSING_ARGUMENT", f"{key} not specified", [])
        try:
            record_id, created = records.upsert(call, name, key, value, rest_of)
        except records.MultipleMatchesError as found:
            raise SfError(
                "DUPLICATE_VALUE", f"duplicate value found: {key} on records {', '.join(found.ids)}", []
            ) from None
        return _done(record_id, created=created)

    return work


def _delete_task(call: Call, record_id: str) -> Callable[[], dict[str, Any]]:
    def work() -> dict[str, Any]:
        name = query.object_name(record_id)
        if not looks_like_id(record_id) or name is None:
            raise SfError("MALFORMED_ID", f"malformed id {record_id}", [])
        records.delete(call, name, record_id)
        return _done(to18(record_id))

    return work


def _retrieve(call: Call, part: Part, name: str) -> Answer:
    fact = records.fact_of(call, name)
    if part.method == "POST":
        body = rest.payload(part)
        ids, fields = body.get("ids"), body.get("fields")
    else:
        ids, fields = part.args.get("ids", "").split(","), part.args.get("fields", "").split(",")
    if not isinstance(ids, list) or not isinstance(fields, list) or not any(ids) or not any(fields):
        raise SfError("MISSING_ARGUMENT", "ids and fields are needed", [])
    if len(ids) > 2000:
        raise SfError("LIMIT_EXCEEDED", "no more than 2000 ids in one request", [])
    out: list[dict[str, Any] | None] = []
    for one in ids:
        try:
            row = records.require(call, fact.name, str(one))
        except SfError:
            out.append(None)
        else:
            out.append(query.retrieve(call, fact, row["Id"], [str(name) for name in fields]))
    return Answer(200, out)


# composites


def _resolve(value: Any, known: Mapping[str, Any]) -> Any:
    """Put in what earlier parts answered. Raises KeyError for a part that failed or does not exist."""
    if isinstance(value, dict):
        return {key: _resolve(entry, known) for key, entry in value.items()}
    if isinstance(value, list):
        return [_resolve(entry, known) for entry in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _lookup(whole, known)
    return _REFERENCE.sub(lambda found: str(_lookup(found, known)), value)


def _lookup(found: re.Match[str], known: Mapping[str, Any]) -> Any:
    value = known[found[1]]
    for step in re.findall(r"\.([A-Za-z0-9_]+)|\[(\d+)\]", found[2]):
        name, index = step
        try:
            value = value[int(index)] if index else value[name]
        except (IndexError, TypeError):
            raise KeyError(found[0]) from None
    return value


def dispatch(call: Call, part: Part) -> Answer:
    """One call of any kind; errors become answers."""
    try:
        inner = handle if part.steps[:1] == ["composite"] else rest.handle
        return inner(call, part)
    except SfError as error:
        return Answer(error.status, error.body())
    except UnknownRouteError:
        return Answer(404, not_found().body())


def _part(sub: Mapping[str, Any], url: str, body: Any) -> Part:
    split = urlsplit(url)
    match = _URL.fullmatch(split.path)
    if match is None:
        raise SfError("INVALID_INPUT", f"{url} is not an address of a sub-request", [])
    args = dict(parse_qsl(split.query, keep_blank_values=True))
    return Part(str(sub.get("method", "GET")).upper(), match[2], args, body)


def _check(parts: list[dict[str, Any]], most: int) -> None:
    if not parts:
        raise SfError("REQUIRED_FIELD_MISSING", "At least 1 sub-request is required", [])
    if len(parts) > most:
        raise SfError("LIMIT_EXCEEDED", f"no more than {most} sub-requests in one request", [])
    names = [str(part.get("referenceId", "")) for part in parts]
    for name in names:
        if not _NAME.fullmatch(name):
            raise SfError("INVALID_INPUT", f"Invalid reference ID '{name}': letters, digits and underscores only", [])
    if len(set(names)) < len(names):
        raise SfError("INVALID_INPUT", "reference IDs have to be unique", [])


def _is_wide(url: str) -> bool:
    return re.search(r"/v\d+\.\d/(query|queryAll|composite/sobjects)\b", url) is not None


def composite(call: Call, body: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answers of the parts, in order. Raises SfError when the request as a whole is no good."""
    parts = body.get("compositeRequest")
    parts = parts if isinstance(parts, list) else []
    _check(parts, MOST_PARTS)
    if sum(_is_wide(str(part.get("url", ""))) for part in parts) > MOST_QUERIES:
        raise SfError("LIMIT_EXCEEDED", f"no more than {MOST_QUERIES} queries and collections in one request", [])
    if any(re.search(r"/composite(/batch|/graph)?/?$", str(part.get("url", ""))) for part in parts):
        raise SfError("INVALID_INPUT", "composites do not nest", [])
    return _run_parts(call, parts, _truth(body.get("allOrNone")))


def _run_parts(call: Call, parts: list[dict[str, Any]], all_or_none: bool) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = []
    mark = len(call.writes)
    try:
        if not all_or_none:
            return _run_each(call, parts, results, stop=False)
        with call.store.transaction():
            _run_each(call, parts, results, stop=True)
            if any(result["httpStatusCode"] >= 400 for result in results):
                raise RolledBackError
    except RolledBackError:
        del call.writes[mark:]
        halted = SfError("PROCESSING_HALTED", _HALTED).body()
        for result in results:
            if result["httpStatusCode"] < 400:
                result |= {"body": halted, "httpHeaders": {}, "httpStatusCode": 400}
        results += [
            {"body": halted, "httpHeaders": {}, "httpStatusCode": 400, "referenceId": part["referenceId"]}
            for part in parts[len(results) :]
        ]
    return results


def _run_each(
    call: Call, parts: list[dict[str, Any]], results: list[dict[str, Any]], *, stop: bool
) -> list[dict[str, Any]]:
    known: dict[str, Any] = {}
    for sub in parts:
        name = str(sub["referenceId"])
        try:
            part = _part(sub, _resolve(str(sub.get("url", "")), known), _resolve(sub.get("body"), known))
        except KeyError:
            answer = Answer(400, SfError("PROCESSING_HALTED", _HALTED).body())
        except SfError as error:
            answer = Answer(error.status, error.body())
        else:
            headers = {str(key).lower(): str(value) for key, value in (sub.get("httpHeaders") or {}).items()}
            answer = dispatch(call.with_headers({**call.headers, **headers}), part)
        if answer.status < 400:
            known[name] = answer.body if answer.body is not None else {}
        results.append(
            {"body": answer.body, "httpHeaders": answer.headers, "httpStatusCode": answer.status, "referenceId": name}
        )
        if stop and answer.status >= 400:
            break
    return results


def _batch(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    parts = body.get("batchRequests")
    if not isinstance(parts, list) or not parts:
        raise SfError("REQUIRED_FIELD_MISSING", "At least 1 sub-request is required", [])
    if len(parts) > MOST_PARTS:
        raise SfError("LIMIT_EXCEEDED", f"no more than {MOST_PARTS} sub-requests in one request", [])
    results: list[dict[str, Any]] = []
    halt = _truth(body.get("haltOnError"))
    failed = False
    for sub in parts:
        if failed and halt:
            results.append(
                {"statusCode": 412, "result": SfError("BATCH_PROCESSING_HALTED", "Batch processing halted").body()}
            )
            continue
        try:
            answer = dispatch(call, _part(sub, str(sub.get("url", "")), sub.get("richInput")))
        except SfError as error:
            answer = Answer(error.status, error.body())
        failed = failed or answer.status >= 400
        results.append({"statusCode": answer.status, "result": answer.body})
    return {"hasErrors": failed, "results": results}


def _graph(call: Call, body: Mapping[str, Any]) -> dict[str, Any]:
    graphs = body.get("graphs")
    if not isinstance(graphs, list) or not graphs:
        raise SfError("REQUIRED_FIELD_MISSING", "At least 1 graph is required", [])
    if len(graphs) > 75 or sum(len(graph.get("compositeRequest") or []) for graph in graphs) > MOST_NODES:
        raise SfError("LIMIT_EXCEEDED", f"no more than 75 graphs with {MOST_NODES} nodes in one request", [])
    out = []
    for graph in graphs:
        parts = graph.get("compositeRequest") or []
        _check(parts, MOST_NODES)
        for part in parts:
            if not re.search(r"/v\d+\.\d/sobjects/", str(part.get("url", ""))):
                raise SfError("INVALID_INPUT", "graphs take single record requests only", [])
        results = _run_parts(call, parts, True)
        good = all(result["httpStatusCode"] < 400 for result in results)
        response = {
            "graphId": graph.get("graphId"),
            "graphResponse": {"compositeResponse": results},
            "isSuccessful": good,
        }
        out.append(response)
    return {"graphs": out}
