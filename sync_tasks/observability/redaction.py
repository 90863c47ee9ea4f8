"""What may stand in a log. What people write, who they are and what opens a door may not.

Three rules, from strict to lenient. A field beside the message passes only under a name of `FIELDS`, and only a number
or a word that looks like a code. An argument of a message passes as it is only from Celery's loggers and the like, and
from ours if it looks like a code; of everybody else's, only numbers do. Whatever text is left is searched for addresses
and secrets. An exception is told by its class and by where it was raised: its text may quote what it stumbled over.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterable, Mapping
from types import TracebackType

HIDDEN = "[hidden]"

# what our own log calls give as `extra`; `tests/unit/observability` holds it against the code
FIELDS = frozenset({
    "run", "stage", "code", "error", "user", "org", "organization", "items", "asking", "file", "left_out", "users",
    "count", "seconds", "program", "address", "queues", "pool", "concurrency", "every_seconds", "vendor", "operation",
    "fault", "state", "status", "subscription", "feed", "kind", "connection", "notifications", "rollout",
})  # fmt: skip

# Whose messages hold names, ids and codes; a package speaks for all below it. What ours have to say must look like a
# code as well; the others name queues, tasks and addresses of the installation.
OURS = ("sync_tasks", "connectors", "mapping")
TRUSTED = (*OURS, "celery", "kombu", "uvicorn", "alembic")

# named arguments of Celery's messages that repeat what a task was given, gave back or raised
_SPOKEN = frozenset({"args", "kwargs", "exc", "traceback", "return_value", "einfo"})

_WORD = re.compile(r"[\w.:/+,()\[\]-]{1,200}", re.ASCII)
_SECRETS = (
    # user:password@ of an address, and everything that follows its question mark
    (re.compile(r"(?<=://)[^\s/@]+@"), f"{HIDDEN}@"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s?\"'<>]*)\?[^\s\"'<>]+", re.IGNORECASE), rf"\1?{HIDDEN}"),
    (re.compile(r"\b(Bearer|Basic|Negotiate|NTLM)\s+[\w.~+/=!-]+", re.IGNORECASE), rf"\1 {HIDDEN}"),
    (
        re.compile(
            r"([\w.-]*(?:password|passwd|secret|token|assertion|api[_-]?key|client[_-]?state|signature|cookie|sid)"
            r"[\w.-]*[\"']?\s*[=:]\s*)(\"[^\"]*\"|'[^']*'|[^\s,;&\"']+)",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    (re.compile(r"-----BEGIN [A-Z ]+-----.*?(-----END [A-Z ]+-----|$)", re.DOTALL), HIDDEN),
    (re.compile(r"\beyJ[\w-]{8,}\.[\w.-]*"), HIDDEN),  # JSON web tokens
    (re.compile(r"\b00D\w{12,15}![\w.]+"), HIDDEN),  # sessions of Salesforce
    (re.compile(r"\b(?=[\w+/-]*\d)(?=[\w+/-]*[A-Za-z])[\w+/-]{40,}={0,2}"), HIDDEN),  # keys and ids of items in base64
    # mail addresses; a worker's name, which looks like one, has no dot
    (re.compile(r"[^\s@<>\"'(),;:\[\]]+@[^\s@<>\"'(),;:\[\]]+\.[^\s@<>\"'(),;:\[\]]+"), HIDDEN),
)


def clean(text: str, known: Iterable[str] = ()) -> str:
    """The text without addresses and secrets; `known`: secrets that are to be found whatever they look like."""
    for secret in known:
        text = text.replace(secret, HIDDEN)
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def is_trusted(logger: str) -> bool:
    return logger.partition(".")[0] in TRUSTED


def arguments(given: object, logger: str) -> object:
    """The arguments of a logger's message, as `LogRecord.args` holds them, with what may not be told replaced."""
    if isinstance(given, Mapping):
        return {name: HIDDEN if name in _SPOKEN else _argument(value, logger) for name, value in given.items()}
    if isinstance(given, tuple):
        return tuple(_argument(value, logger) for value in given)
    return given


def _argument(value: object, logger: str) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    if logger.partition(".")[0] in OURS:
        return field(value)
    return value if is_trusted(logger) else HIDDEN


def field(value: object) -> object:
    """A field beside the message: a number, or a text that looks like a code; else hidden."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [field(each) for each in value]
    text = str(value)
    return clean(text) if _WORD.fullmatch(text) else HIDDEN


def raised(error: BaseException, where: TracebackType | None) -> list[str]:
    """The classes of an exception and of what caused it, each with the places it passed; no text, no source line."""
    told, seen = [], set[int]()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        told.append(f"{type(error).__module__}.{type(error).__qualname__}")
        told += [f"  {frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(where)]
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None:
            break
        error, where = cause, cause.__traceback__
    return told
