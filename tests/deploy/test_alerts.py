"""Alert rules and dashboards speak of figures that exist, in the language of Prometheus."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from sync_tasks.observability import metrics_catalogue
from sync_tasks.web import metrics
from tests.deploy.commands import DEPLOY
from tests.support.world import World

RULES = DEPLOY / "prometheus" / "inbox-sync.rules.yaml"
DASHBOARDS = sorted((DEPLOY / "grafana").glob("*.json"))
THEIRS = {"up": {"job", "instance"}}  # what Prometheus itself adds
ADDED = {"instance", "job", "le"}


def rules() -> list[dict[str, Any]]:
    loaded = yaml.safe_load(RULES.read_text())
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def panels() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in DASHBOARDS:
        for panel in json.loads(path.read_text())["panels"]:
            yield f"{path.stem}: {panel['title']}", panel


EXPRESSIONS = {rule["alert"]: rule["expr"] for rule in rules()} | {
    f"{name} {target['refId']}": target["expr"] for name, panel in panels() for target in panel["targets"]
}


def selected(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Every series that is selected, with the labels that are asked for; then those that results are grouped by."""
    waiting = [promql_parser.parse(expression)]
    while waiting:
        node = waiting.pop()
        if isinstance(node, promql_parser.VectorSelector):
            yield node.name, {each.name for each in node.matchers.matchers}
        elif isinstance(node, promql_parser.MatrixSelector):
            waiting.append(node.vector_selector)
        elif isinstance(node, promql_parser.BinaryExpr):
            waiting += [node.lhs, node.rhs]
        elif isinstance(node, promql_parser.Call):
            waiting += node.args
        elif isinstance(node, promql_parser.AggregateExpr):
            labels = set(node.modifier.labels) if node.modifier else set()
            for name, _ in selected(str(node.expr)):
                yield name, labels
            waiting.append(node.expr)
        elif hasattr(node, "expr"):
            waiting.append(node.expr)


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_an_expression_asks_for_figures_and_labels_that_exist(expression: str) -> None:
    known = {name: {*figure.labels, *ADDED} for name, figure in metrics_catalogue.series().items()} | THEIRS
    found = list(selected(expression))
    assert found
    assert {name for name, _ in found} - set(known) == set()
    assert [(name, labels - known[name]) for name, labels in found if labels - known[name]] == []


def test_a_figure_that_nobody_tells_is_found() -> None:
    """The proof that the test above can fail."""
    assert list(selected('sum by (user) (rate(inbox_sync_rums_total{result="x"}[5m]))')) == [
        ("inbox_sync_rums_total", {"user"}), ("inbox_sync_rums_total", {"result"}),
    ]  # fmt: skip


def test_every_figure_is_looked_at_somewhere() -> None:
    seen = {name for expression in EXPRESSIONS.values() for name, _ in selected(expression)}
    forgotten = [figure.name for figure in metrics_catalogue.FIGURES if not seen & set(figure.shown_as)]
    assert forgotten == []


@pytest.mark.rule("TOP-17")
def test_what_the_metrics_page_tells_stands_in_the_catalogue(world: World) -> None:
    figures = metrics_catalogue.BY_NAME
    for told in metrics.registry(world.app).collect():
        name = told.name.removeprefix(metrics_catalogue.PREFIX) + ("_total" if told.type == "counter" else "")
        assert (told.type, told.documentation) == (figures[name].kind, figures[name].help)
        labels = {label for sample in told.samples for label in sample.labels}
        assert labels <= {*figures[name].labels, "le"}


def test_the_catalogue_keeps_the_customs_of_prometheus() -> None:
    for figure in metrics_catalogue.FIGURES:
        assert figure.name.endswith("_total") == (figure.kind == "counter"), figure.name
        assert figure.help.endswith(".")
    assert len(metrics_catalogue.BY_NAME) == len(metrics_catalogue.FIGURES)


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["alert"].startswith("InboxSync")
    assert rule["labels"]["severity"] in ("critical", "warning", "info")
    assert set(rule["annotations"]) == {"summary", "action"}


def test_the_rules_fire_when_they_should_and_not_else() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not here (Debian's package prometheus has it); .ci/run sees to it")
    checked = subprocess.run(
        [promtool, "test", "rules", "inbox-sync.rules.test.yaml"], cwd=RULES.parent, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_the_panels_of_a_dashboard_fit_beside_each_other(path: Path) -> None:
    board = json.loads(path.read_text())
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24
        taken |= cells
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])
    assert board["uid"].startswith("inbox-sync-")
