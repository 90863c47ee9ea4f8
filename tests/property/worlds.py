"""The modules under the laws, as they are or with one spot of their source changed."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

# In the order of their imports; what they import besides is shared with the world as it is.
MODULES = (
    "mapping.model.lens",
    "mapping.model.table",
    "mapping.tables.event",
    "mapping.merge.baseline",
    "mapping.merge.fields",
)


@dataclass(frozen=True)
class World:
    lens: Any
    table: Any
    event: Any
    baseline: Any
    fields: Any


def as_it_is() -> World:
    return World(*(importlib.import_module(name) for name in MODULES))


@contextmanager
def mutated(module: str, old: str, new: str) -> Iterator[World]:
    """The world in which `old` reads `new`; the real modules come back afterwards."""
    real = {name: importlib.import_module(name) for name in MODULES}
    try:
        for name in MODULES:
            path = ROOT / f"{name.replace('.', '/')}.py"
            source = path.read_text(encoding="utf-8")
            if name == module:
                assert source.count(old) == 1, f"{old!r} stands {source.count(old)} times in {name}"
                source = source.replace(old, new)
            made = ModuleType(name)
            made.__file__ = str(path)
            sys.modules[name] = made
            exec(compile(source, str(path), "exec"), made.__dict__)
        yield World(*(sys.modules[name] for name in MODULES))
    finally:
        sys.modules.update(real)
