"""Salesforce columns that settings name: those that must be read beyond the ones that are always read."""

from __future__ import annotations

from mapping.rules.settings import Effective

# settings that list columns, by object
_LISTS = {"Event": ("events.appended",), "Task": ("tasks.appended",), "Contact": ("contacts.appended",)}


def to_read(settings: Effective) -> dict[str, tuple[str, ...]]:
    """The columns by object, each once."""
    named = {name: [c for setting in lists for c in settings.list(setting)] for name, lists in _LISTS.items()}
    return {name: tuple(dict.fromkeys(columns)) for name, columns in named.items() if columns}
