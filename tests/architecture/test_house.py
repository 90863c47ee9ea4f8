"""The rules of the house: who may import whom, how long a module is, and what must not stand in the tree."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = ("mapping", "connectors", "sync_tasks", "migrations", "tests")
LONGEST = 500

# Made by tools or belonging to an installation, not to the project.
NOT_OURS = {".venv", "build", "dist", "node_modules", "__pycache__"}
OUR_DOTTED = {".ci", ".github", ".gitignore", ".helmignore", ".dockerignore"}
PLACES = re.compile(r"(?<![\w.:/-])/(?:work|root|Users|private)/\w|(?:^|[\s\"'])file://")
TEXT = {
    ".py",
    ".md",
    ".toml",
    ".yaml",
    ".yml",
    ".json",
    ".lock",
    ".sh",
    ".cfg",
    ".ini",
    ".service",
    ".mako",
    ".txt",
    "",
}


def modules() -> Iterator[Path]:
    for package in CODE:
        yield from (path for path in (ROOT / package).rglob("*.py") if not NOT_OURS & set(path.parts))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_imports_run_one_way() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_module_is_too_long_to_read() -> None:
    lengths = {named(path): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_every_module_says_what_it_knows() -> None:
    silent = []
    for path in modules():
        source = path.read_text(encoding="utf-8")
        if source.strip() and ast.get_docstring(parsed(path)) is None:
            silent.append(named(path))
    assert silent == []


def test_no_moment_without_a_time_zone() -> None:
    assert [place for path in modules() for place in naive_moments(path)] == []


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def naive_moments(path: Path) -> Iterator[str]:
    for node in ast.walk(parsed(path)):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        naive = node.func.attr == "utcnow" or (node.func.attr == "now" and not node.args and not node.keywords)
        if naive and ast.unparse(node.func.value) in {"datetime", "datetime.datetime"}:
            yield f"{named(path)}:{node.lineno}"


def test_nothing_knows_the_machine_it_was_written_on() -> None:
    found = []
    for path in tree(ROOT):
        if path.suffix not in TEXT or path == Path(__file__):
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        found += [f"{named(path)}:{number}" for number, line in enumerate(lines, 1) if PLACES.search(line)]
    assert found == []


def test_the_lock_holds_pins_and_nothing_else() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not re.fullmatch(r"#.*|[a-z0-9][a-z0-9._-]*==[\w.+!-]+", line)] == []


def tree(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in NOT_OURS or path.name.endswith(".egg-info") or path.is_symlink():
            continue
        if path.name.startswith(".") and path.name not in OUR_DOTTED:
            continue
        if path.is_dir():
            yield from tree(path)
        else:
            yield path
