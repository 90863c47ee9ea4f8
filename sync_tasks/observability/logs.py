"""The log of a process: one line a record, as text for people or as JSON for programs, redacted either way."""

from __future__ import annotations

import json
import logging
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opentelemetry import trace

from sync_tasks.observability import redaction
from sync_tasks.settings import Settings

# Below this, libraries that know neither us nor discretion are not heard at all.
FOREIGN = logging.WARNING

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class Redact(logging.Filter):
    """Takes out of a record what may not be told; see `redaction`. `secrets`: texts that are hidden anywhere."""

    def __init__(self, secrets: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._secrets = tuple(sorted(filter(None, secrets), key=len, reverse=True))

    def filter(self, record: logging.LogRecord) -> bool:
        if record.levelno < FOREIGN and not redaction.is_trusted(record.name):
            return False
        record.args = redaction.arguments(record.args, record.name)  # type: ignore[assignment]
        try:
            told = record.getMessage()
        except (TypeError, ValueError, KeyError):  # a number was asked for where something hidden stands
            told = str(record.msg)
        record.msg, record.args = redaction.clean(told, self._secrets), None
        for name in [name for name in vars(record) if name not in _STANDARD]:
            if name in redaction.FIELDS:
                setattr(record, name, redaction.field(getattr(record, name)))
            else:
                delattr(record, name)
        if record.exc_info and record.exc_info[1] is not None:
            record.exc_text = "\n".join(redaction.raised(record.exc_info[1], record.exc_info[2]))
        record.exc_info, record.stack_info = None, None
        return True


class Text(logging.Formatter):
    """`2026-01-31 12:00:00,000 WARNING sync_tasks.services.pipeline run_failed run=7 code=THROTTLED`, in UTC."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record)} {record.levelname} {record.name} {_line(record.getMessage())}"
        line += "".join(f" {name}={value}" for name, value in _fields(record).items())
        return f"{line}\n{record.exc_text}" if record.exc_text else line


class Json(logging.Formatter):
    """An object a line. `time` in UTC; the fields of the record beside the message; the trace, where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        told: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname, "logger": record.name, "message": record.getMessage(), "pid": record.process,
            **_fields(record),
        }  # fmt: skip
        here = trace.get_current_span().get_span_context()
        if here.is_valid:
            told |= {"trace_id": f"{here.trace_id:032x}", "span_id": f"{here.span_id:016x}"}
        if record.exc_text:
            told["exception"] = record.exc_text.splitlines()
        return json.dumps(told, ensure_ascii=False)


def setup(settings: Settings, level: str | int, *, file: Path | None = None) -> None:
    """Send all that is logged in this process to stderr, or to a file, in the form that the settings ask for."""
    handler = logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if settings.log_format == "json" else Text())
    handler.addFilter(Redact(settings.secret_texts()))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(True)


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name in redaction.FIELDS and name not in _STANDARD}


def _line(text: str) -> str:
    """No record pretends to be two."""
    return text.replace("\r", "\\r").replace("\n", "\\n")
