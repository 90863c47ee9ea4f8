"""*.json and *.csv into Salesforce objects: the file's name is the object, or the JSON says it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.sandbox.ews.mime import decode
from connectors.sandbox.salesforce import admin
from connectors.sandbox.seeding.report import FileReport

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

MAX_ROWS = 500_000
# what others point to comes first
FIRST = ("User", "Account", "Contact", "Lead", "Campaign", "Opportunity", "Case")
Row = dict[str, Any]


def rank(path: Path) -> int:
    """Place of a file among the others, so that a reference finds what it points to."""
    return FIRST.index(path.stem) if path.stem in FIRST else len(FIRST)


def load_rows(sandbox: Sandbox, org: str | None, path: Path, report: FileReport, known: dict[str, str]) -> None:
    """`known`: ids of rows with a `ref` in the files before; a value "@ref" stands for such an id."""
    text, problem = decode(path.read_bytes(), "utf-8-sig")
    if problem:
        report.note(problem)
    try:
        tables = _csv(path, text) if path.suffix.lower() == ".csv" else _json(path, text)
    except (ValueError, csv.Error) as error:
        report.skip(path.name, f"unreadable ({error})")
        return
    for name, rows in tables.items():
        kept = []
        for number, row in enumerate(rows[:MAX_ROWS], 1):
            if isinstance(row, Mapping):
                kept.append((number, _entry(name, row, known)))
            else:
                report.skip(f"{name} row {number}", "not an object")
        if len(rows) > MAX_ROWS:
            report.skip(f"{len(rows) - MAX_ROWS} rows of {name}", f"more than {MAX_ROWS} rows in one file")
        _load(sandbox, org, name, kept, report, known)


def _load(
    sandbox: Sandbox, org: str | None, name: str, rows: list[tuple[int, Row]], report: FileReport, known: dict[str, str]
) -> None:
    """All at once; when that is refused, one by one, to name the rows at fault."""
    try:
        ids = admin.load(sandbox, admin.find(sandbox, org), [row for _, row in rows])
    except (ValueError, KeyError, TypeError):
        for number, row in rows:
            try:
                made = admin.load(
                    sandbox, admin.find(sandbox, org), [_entry(name, row["fields"], known, row.get("ref"))]
                )
            except (ValueError, KeyError, TypeError) as error:
                report.skip(f"{name} row {number}", str(error) or type(error).__name__)
            else:
                _keep(known, [row], made)
                report.loaded[name] += 1
        return
    _keep(known, [row for _, row in rows], ids)
    if ids:
        report.loaded[name] += len(ids)


def _keep(known: dict[str, str], rows: Iterable[Row], ids: Iterable[str]) -> None:
    known.update({row["ref"]: found for row, found in zip(rows, ids, strict=True) if row.get("ref")})


def _entry(name: str, row: Mapping[str, Any], known: Mapping[str, str], ref: Any = None) -> Row:
    """A row as the loader wants it. `attributes` is what exports carry beside the fields."""
    fields = {
        key: known.get(value[1:], value) if isinstance(value, str) and value.startswith("@") else value
        for key, value in row.items()
        if key not in ("attributes", "ref")
    }
    found = ref or row.get("ref")
    return {"object": name, "fields": fields, **({"ref": str(found)} if found else {})}


def _csv(path: Path, text: str) -> dict[str, list[Any]]:
    rows = []
    for number, row in enumerate(csv.DictReader(io.StringIO(text))):
        if number > MAX_ROWS:
            break
        if None in row:
            raise ValueError(f"row {number + 1} has more values than the header has names")
        rows.append({key: value for key, value in row.items() if value not in ("", None)})
    return {path.stem: rows}


def _json(path: Path, text: str) -> dict[str, list[Any]]:
    content = json.loads(text)
    if isinstance(content, list):
        return {path.stem: content}
    if isinstance(content, Mapping) and isinstance(content.get("records"), list):
        return {path.stem: content["records"]}
    if isinstance(content, Mapping) and content and all(isinstance(rows, list) for rows in content.values()):
        return {str(name): rows for name, rows in content.items()}
    raise ValueError("neither a list of rows nor {object: [rows]}")
