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


KINDS = frozenset({"every_mailbox", "any_mailbox", "told_over"})
WORLDS = frozenset({"world", "world_on_both"})


def reaches_a_world(module: ast.Module) -> bool:
    """Does anything of the module ask for a world?"""
    asked = (node.args.args for node in ast.walk(module) if isinstance(node, ast.FunctionDef))
    return any(argument.arg in WORLDS for arguments in asked for argument in arguments)


def test_every_story_says_over_which_kinds_of_mailbox_it_is_told() -> None:
    silent = []
    for path in sorted((TESTS / "pipeline").glob("test_*.py")):
        module = ast.parse(path.read_text(encoding="utf-8"))
        stories = (node for node in module.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"))
        if reaches_a_world(module):
            silent += [f"{path.name}: {each.name}" for each in stories if not (marks(each) | marks(module)) & KINDS]
    assert silent == []


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
