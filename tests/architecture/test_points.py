"""Every point of operating the installation is proved by a test, or was left out with a reason."""

from __future__ import annotations

import ast
from pathlib import Path

from tests.support.points import LEFT_OUT, POINTS

TESTS = Path(__file__).parents[1]


def named() -> dict[str, list[str]]:
    """Point -> the tests that bear it."""
    found: dict[str, list[str]] = {}
    for path in TESTS.rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.point":
                    for each in mark.args:
                        assert isinstance(each, ast.Constant), f"{path}: {node.name}"
                        found.setdefault(str(each.value), []).append(node.name)
    return found


def test_every_point_is_proved_by_a_test() -> None:
    assert set(POINTS) - set(named()) == set()


def test_no_test_bears_a_point_that_there_is_not() -> None:
    assert set(named()) - set(POINTS) == set()


def test_points_stand_in_their_order_and_say_something() -> None:
    order = [tuple(map(int, each.split("."))) for each in POINTS]
    assert order == sorted(order)
    assert all(text.endswith(".") for text in (*POINTS.values(), *LEFT_OUT.values()))
