"""Settings that hold, as rows for pages and programs."""

from __future__ import annotations

from typing import Any

from mapping.rules.settings import SETTINGS, Effective


def rows(held: Effective, *, changed: bool = False) -> list[dict[str, Any]]:
    """Each setting, its meaning, the value that holds, and who says so; `changed`: only those that somebody set."""
    told = ((name, setting.text, held.explain(name)) for name, setting in SETTINGS.items())
    return [
        {"name": name, "text": text, "value": found.value, "from": found.layer}
        for name, text, found in told
        if found.layer != "default" or not changed
    ]
