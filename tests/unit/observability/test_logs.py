"""What a log tells, and what it keeps to itself, whoever writes it and in whatever way."""

from __future__ import annotations

import ast
import json
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sync_tasks.observability import logs, redaction
from sync_tasks.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
SUBJECT, ADDRESS, PASSWORD = "Zqsubject of the offer", "zqann@zqacme.example", "zq-very-long-pass-phrase"
MARKS = ("zqsubject", "zqann", "zqacme", "zq-very", "zqtoken")

Say = Callable[..., None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path, log_format="json", flower_password=PASSWORD,
        database_url=f"postgresql://sync:{PASSWORD}@db.example/sync",
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.fixture
def told(settings: Settings, tmp_path: Path) -> Iterator[Callable[[], str]]:
    """All that was logged since the test began, through the set-up that worker, beat and web use."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    file = tmp_path / "process.log"
    logs.setup(settings, "DEBUG", file=file)
    yield lambda: file.read_text(encoding="utf-8")
    for handler in list(root.handlers):
        handler.close()
        root.removeHandler(handler)
    for handler in before:
        root.addHandler(handler)
    root.setLevel(level)
    logging.captureWarnings(False)


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


OURS, CELERY, FOREIGN = (
    logging.getLogger(name) for name in ("sync_tasks.x", "celery.app.trace", "urllib3.connectionpool")
)


def _raise(text: str) -> None:
    raise ValueError(f"cannot read {text}")


def _failing(log: logging.Logger) -> None:
    try:
        _raise(f"{SUBJECT} of {ADDRESS}")
    except ValueError as error:
        try:
            raise RuntimeError(f"while at {SUBJECT}") from error
        except RuntimeError:
            log.exception("broke")


# every way in which something gets into a record, tried with what must not get out
LEAKS: dict[str, Say] = {
    "an address in a message": lambda: OURS.error(f"cannot reach {ADDRESS}"),
    "an address as an argument": lambda: CELERY.error("cannot reach %s", ADDRESS),
    "a subject as an argument of ours": lambda: OURS.error("skipped %s", SUBJECT),
    "a subject as a field": lambda: OURS.error("skipped", extra={"subject": SUBJECT, "run": 1}),
    "a subject under a name that is allowed": lambda: OURS.error("skipped", extra={"code": SUBJECT}),
    "an address under a name that is allowed": lambda: OURS.error("skipped", extra={"code": ADDRESS}),
    "a list under a name that is allowed": lambda: OURS.error("skipped", extra={"queues": [SUBJECT, ADDRESS]}),
    "a word as an argument of somebody else": lambda: FOREIGN.error("item %s", "Zqsubject"),
    "somebody else's chatter": lambda: FOREIGN.debug(f"<t:Subject>{SUBJECT}</t:Subject>"),
    "the text of an exception": lambda: _failing(OURS),
    "what a task raised": lambda: CELERY.error(
        "Task %(name)s raised unexpected: %(exc)s\n%(traceback)s",
        {"name": "sync.fetch", "exc": f"ValueError({SUBJECT})", "traceback": ADDRESS},
    ),
    "what a task was given": lambda: CELERY.info(
        "Task %(name)s got %(args)s %(kwargs)s", {"name": "sync.fetch", "args": f"({ADDRESS},)", "kwargs": SUBJECT}
    ),
    "an exception as an argument": lambda: OURS.error("no: %s", ValueError(SUBJECT)),
    "a warning": lambda: warnings.warn(f"odd: {ADDRESS}", UserWarning, stacklevel=1),
    "a password in an address": lambda: OURS.error("using postgresql://sync:zqtoken@db/x"),
    "a token in a query": lambda: CELERY.error("GET %s", "https://host.example/hook?clientState=zqtoken&x=1"),
    "a header": lambda: CELERY.error("Authorization: Bearer zqtoken.abc"),
    "a form": lambda: CELERY.error("grant_type=refresh_token&refresh_token=zqtoken&client_id=x"),
    "a setting of JSON": lambda: CELERY.error('{"client_secret": "zqtoken", "x": 1}'),
    "a session of Salesforce": lambda: CELERY.error("sid 00DzqtokenAAAAAA!AQzqtokenAQ.zq"),
    "a secret of the settings": lambda: OURS.error(f"it is {PASSWORD}"),
    "a key": lambda: CELERY.error("-----BEGIN PRIVATE KEY-----\nzqtoken\n-----END PRIVATE KEY-----"),
}  # fmt: skip


@pytest.mark.parametrize("form", ["json", "text"])
@pytest.mark.parametrize("say", LEAKS.values(), ids=LEAKS)
def test_no_address_no_subject_and_no_secret_passes(
    say: Say, form: str, told: Callable[[], str], settings: Settings
) -> None:
    if form == "text":
        for handler in logging.getLogger().handlers:
            handler.setFormatter(logs.Text())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        say()
    OURS.info("the_end")
    text = told()
    assert "the_end" in text  # it was listened to
    assert [mark for mark in MARKS if mark in text.lower()] == []


def test_without_redaction_each_of_them_would_have_passed() -> None:
    """The proof that the test above can fail: the same calls, seen by a handler that takes records as they are."""
    seen: list[str] = []

    class Open(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(logging.Formatter().format(record) + str(vars(record)))

    handler = Open()
    logging.captureWarnings(True)
    loggers = (*(logging.getLogger(name) for name in ("sync_tasks", "celery", "urllib3", "py.warnings")),)
    levels = [each.level for each in loggers]
    for each in loggers:
        each.addHandler(handler)
        each.setLevel("DEBUG")
    try:
        for name, say in LEAKS.items():
            seen.clear()
            with warnings.catch_warnings():
                warnings.simplefilter("always")
                say()
            assert any(mark in text.lower() for text in seen for mark in MARKS), name
    finally:
        logging.captureWarnings(False)
        for each, level in zip(loggers, levels, strict=True):
            each.removeHandler(handler)
            each.setLevel(level)


def test_a_record_is_an_object_with_its_fields(told: Callable[[], str]) -> None:
    OURS.warning("run_failed", extra={"run": 7, "stage": "fetch", "code": "AUTH_REVOKED.invalid_grant"})
    (line,) = lines(told())
    assert line["time"].endswith("+00:00")
    assert {name: line[name] for name in ("level", "logger", "message", "run", "stage", "code")} == {
        "level": "WARNING", "logger": "sync_tasks.x", "message": "run_failed", "run": 7, "stage": "fetch",
        "code": "AUTH_REVOKED.invalid_grant",
    }  # fmt: skip


def test_an_exception_is_told_by_its_classes_and_places(told: Callable[[], str]) -> None:
    _failing(OURS)
    (line,) = lines(told())
    assert [each for each in line["exception"] if not each.startswith(" ")] == [
        "builtins.RuntimeError", "builtins.ValueError",
    ]  # fmt: skip
    assert any(each.endswith(" _raise") for each in line["exception"])


def test_a_message_of_several_lines_stays_one_record(told: Callable[[], str]) -> None:
    for handler in logging.getLogger().handlers:
        handler.setFormatter(logs.Text())
    OURS.error("first\n2026-01-01 00:00:00,000 INFO forged")
    assert len(told().splitlines()) == 1


def test_what_operators_need_stays_readable(told: Callable[[], str]) -> None:
    CELERY.info("Task %(name)s[%(id)s] succeeded in %(runtime)ss", {
        "name": "sync.fetch", "id": "6f1b3c1e-4f5a-4c3b-9a53-0a4c3c0f9d11", "runtime": 0.25})  # fmt: skip
    CELERY.info("%s ready.", "celery@worker-0")
    OURS.warning("claim_refused fault=%s code=%s", "forbidden", "ErrorAccessDenied")
    assert [line["message"] for line in lines(told())] == [
        "Task sync.fetch[6f1b3c1e-4f5a-4c3b-9a53-0a4c3c0f9d11] succeeded in 0.25s",
        "celery@worker-0 ready.",
        "claim_refused fault=forbidden code=ErrorAccessDenied",
    ]


def test_every_field_that_our_code_logs_is_let_through() -> None:
    """Else it would vanish without a word."""
    given = set()
    for package in ("sync_tasks", "connectors"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
                    extras = [each.value for each in node.keywords if each.arg == "extra"]
                    given |= {key.value for extra in extras for key in extra.keys if isinstance(key, ast.Constant)}
    assert given
    assert given - redaction.FIELDS == set()
