"""Whether a command line of `inbox-sync` that stands in a file of deploy/ is one that the program understands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

from sync_tasks.cli.main import cli
from sync_tasks.settings import PREFIX, SECRETS_DIR, Settings

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
_NAMED = re.compile(rf"{PREFIX}[A-Z0-9_]+")


def understood(words: Sequence[str]) -> str:
    """The name of the command, once all of its options were read; nothing is run. Raises a UsageError of click."""
    command: Any = typer.main.get_command(cli)
    context = command.make_context("inbox-sync", list(words))
    named = []
    while hasattr(command, "resolve_command") and (rest := [*context._protected_args, *context.args]):
        name, command, rest = command.resolve_command(context, rest)
        context = command.make_context(name, rest, parent=context)
        named.append(name)
    return " ".join(named)


def no_settings(names: Iterable[str]) -> set[str]:
    """Those of the names that stand for no setting; in capitals as variables, in small letters as secret files."""
    known = {PREFIX + field.upper() for field in Settings.model_fields} | {SECRETS_DIR}
    return {name for name in names if name.upper() not in known}


def variables_in(text: str) -> set[str]:
    return set(_NAMED.findall(text))
