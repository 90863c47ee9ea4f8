"""The image: what its recipe promises, as far as it can be read without building it."""

from __future__ import annotations

import re
import shlex
import tomllib
from pathlib import Path

from tests.deploy.commands import DEPLOY, no_settings, variables_in

ROOT = Path(__file__).resolve().parents[2]
RECIPE = (DEPLOY / "Dockerfile").read_text()


def steps() -> list[tuple[str, str]]:
    """Instruction and rest, continued lines put together."""
    joined = re.sub(r"\\\n\s*", " ", re.sub(r"(?m)^#.*\n", "", RECIPE))
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in joined.splitlines() if line.strip()]


def last_stage() -> list[tuple[str, str]]:
    made = steps()
    return made[max(n for n, (instruction, _) in enumerate(made) if instruction == "FROM") :]


def test_it_is_built_in_two_stages_and_run_by_a_number_that_is_nobody() -> None:
    assert sum(instruction == "FROM" for instruction, _ in steps()) == 2
    users = [rest for instruction, rest in last_stage() if instruction == "USER"]
    assert users == ["10001:10001"]
    assert ("ENTRYPOINT", '["inbox-sync"]') in last_stage()


def test_the_lock_decides_every_version() -> None:
    (installing,) = [rest for instruction, rest in steps() if instruction == "RUN" and " install --constraint" in rest]
    assert "--constraint requirements.lock" in installing
    extras = re.findall(r"\.\[([a-z,]+)\]", installing)
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert extras and set(extras[0].split(",")) <= set(known)


def test_everything_that_is_copied_is_there_and_let_through() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = set()
    for instruction, rest in steps():
        if instruction == "COPY" and "--from" not in rest:
            copied |= set(shlex.split(rest)[:-1])
    assert copied == let_through
    assert {name for name in copied if not (ROOT / name).exists()} == set()
    packages = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {name.rstrip("*") for name in packages} <= copied


def test_it_names_only_settings_that_exist() -> None:
    assert no_settings(variables_in(RECIPE)) == set()
