"""The acceptance stories of the specification: which of them are told, by the numbers that the tests bear."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
CALENDAR = frozenset(range(1, 32))
EMAILS = frozenset(range(1, 24))


def told(marker: str) -> frozenset[int]:
    """The numbers in all marks `@pytest.mark.<marker>(number, ...)`."""
    calls = (
        node
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == marker
        and ast.unparse(node.func) == f"pytest.mark.{marker}"
    )
    return frozenset(ast.literal_eval(argument) for call in calls for argument in call.args)


def test_every_story_of_calendars_tasks_and_contacts_is_told() -> None:
    assert sorted(told("seed") ^ CALENDAR) == []


def marks(decorated: ast.FunctionDef | ast.Module) -> set[str]:
    """The names of the marks that a test bears, or all tests of a module."""
    if isinstance(decorated, ast.Module):
        told = [node.value for node in decorated.body if isinstance(node, ast.Assign)]
    else:
        told = decorated.decorator_list
    return {node.attr for each in told for node in ast.walk(each) if isinstance(node, ast.Attribute)}


def test_numbered_stories_of_calendars_tasks_and_contacts_are_told_over_every_kind_of_mailbox() -> None:
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in (TESTS / "pipeline").glob("test_*.py")]
    borne = [
        (node.name, marks(node) | marks(module))
        for module in modules for node in module.body if isinstance(node, ast.FunctionDef)
    ]  # fmt: skip
    assert [name for name, names in borne if "seed" in names and not names & {"every_mailbox", "told_over"}] == []


def test_modules_that_tell_numbered_stories_of_emails_tell_them_over_every_kind_of_mailbox() -> None:
    telling = [path for path in (TESTS / "pipeline").glob("test_*.py") if "pytest.mark.mail_seed(" in path.read_text()]
    bearing = [path for path in telling if "pytestmark = pytest.mark.every_mailbox\n" in path.read_text()]
    assert telling
    assert bearing == telling


def test_no_story_of_emails_bears_a_number_that_there_is_not() -> None:
    assert sorted(told("mail_seed") - EMAILS) == []
