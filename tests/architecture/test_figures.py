"""Every figure of the catalogue is counted where the thing happens, and shown."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from sync_tasks.bootstrap import App
from sync_tasks.observability.metrics_catalogue import FIGURES, PREFIX, Figure
from sync_tasks.web.metrics import COUNTED, Stored
from tests.architecture.test_house import ROOT
from tests.support.web import visiting
from tests.support.world import World

SHOWS, COUNTS = {"_family"}, {"count", "observe"}


def named(calls: set[str]) -> Iterator[str]:
    """The figures that calls of these names have as their first argument."""
    for path in (ROOT / "sync_tasks").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in calls:
                yield str(node.args[0].value)


def of_ended_runs(app: App) -> set[str]:
    now = app.clock()
    return set(Stored(app)._ended(now, now))


@pytest.mark.rule("TOP-17")
def test_every_figure_is_shown_from_the_store_or_counted_where_it_happens(world: World) -> None:
    counted = {name for name in named(COUNTS) if name in {figure.name for figure in FIGURES}}
    counted |= of_ended_runs(world.app)
    assert counted == set(COUNTED), "counted but not shown, or shown and never counted"
    assert {figure.name for figure in FIGURES} == counted | set(named(SHOWS))


@pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.name)
def test_a_figure_has_its_place_on_the_page(world: World, figure: Figure) -> None:
    with visiting(world.app) as web:
        shown = web.get("/metrics").text
    bare = PREFIX + figure.name.removesuffix("_total")
    assert f"# TYPE {bare}" in shown
    assert figure.kind != "histogram" or f'{bare}_bucket{{le="+Inf"}}' in shown


def test_a_histogram_has_bounds_that_rise_and_nothing_else_has_any() -> None:
    for figure in FIGURES:
        assert bool(figure.bounds) == (figure.kind == "histogram")
        assert list(figure.bounds) == sorted(set(figure.bounds))
