"""What became of every file that was to be loaded: nothing is left out silently."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

TEXT_LIMIT = 80


@dataclass(slots=True)
class FileReport:
    """`loaded`: items by kind. `skipped`: what was not loaded, and why. `notes`: loaded, but not entirely as it is."""

    name: str
    loaded: Counter[str] = field(default_factory=Counter)
    skipped: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def skip(self, what: str, reason: str) -> None:
        self.skipped.append((short(what), reason))

    def note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


@dataclass(slots=True)
class SeedReport:
    files: list[FileReport] = field(default_factory=list)

    @property
    def loaded(self) -> Counter[str]:
        total: Counter[str] = Counter()
        for each in self.files:
            total.update(each.loaded)
        return total

    @property
    def skipped(self) -> Counter[str]:
        """How often each reason was given."""
        return Counter(reason for each in self.files for _, reason in each.skipped)

    def as_json(self) -> dict[str, Any]:
        return {
            "loaded": dict(sorted(self.loaded.items())),
            "skipped": dict(sorted(self.skipped.items())),
            "files": [
                {
                    "file": each.name,
                    "loaded": dict(sorted(each.loaded.items())),
                    "skipped": [{"what": what, "reason": reason} for what, reason in each.skipped],
                    "notes": each.notes,
                }
                for each in self.files
            ],
        }


def short(text: str) -> str:
    """One line that fits into a report."""
    line = " ".join(text.split())
    return line if len(line) <= TEXT_LIMIT else line[: TEXT_LIMIT - 1] + "…"
