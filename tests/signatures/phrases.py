"""The words of generated mails, language by language, from the files in `languages/`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


@dataclass(frozen=True)
class Language:
    """`share`: how often it is taken. `titles`, `units`: patterns, {f} is one of `functions`. `labels`: words that
    stand before a value, by kind. `reply`: what stands above a quotation, with {name}, {mail} and {day}. `headers`: the
    words for From, Sent, To and Subject."""

    share: int
    locales: tuple[str, ...]
    greetings: tuple[str, ...]
    sentences: tuple[str, ...]
    closings: tuple[str, ...]
    titles: tuple[str, ...]
    functions: tuple[str, ...]
    units: tuple[str, ...]
    labels: Mapping[str, tuple[str, ...]]
    footers: tuple[str, ...]
    mobile: tuple[str, ...]
    reply: tuple[str, ...]
    headers: tuple[str, str, str, str]


def _language(told: Mapping[str, Any]) -> Language:
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in told.items()}
    return Language(**values)


_FILES = sorted((Path(__file__).parent / "languages").glob("*.yaml"))
LANGUAGES = tuple((each, each.share) for each in (_language(yaml.safe_load(p.read_text("utf-8"))) for p in _FILES))
