"""The `fields` parameter: which parts of an answer are wanted, as `id,payload(headers,parts(mimeType))`."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.google.errors import invalid

Mask = dict[str, "Mask"]


def parse(text: str) -> Mask:
    """Raises GoogleError for what is no mask."""
    mask, rest = _names(text)
    if rest:
        raise invalid(f"Invalid field selection {text}")
    return mask


def _names(text: str) -> tuple[Mask, str]:
    found: Mask = {}
    while True:
        end = next((at for at, char in enumerate(text) if char in ",()"), len(text))
        inner = found
        for name in text[:end].split("/"):
            if not name:
                raise invalid("Invalid field selection")
            inner = inner.setdefault(name, {})
        text = text[end:]
        if text.startswith("("):
            below, text = _names(text[1:])
            if not text.startswith(")"):
                raise invalid("Invalid field selection")
            inner.update(below)
            text = text[1:]
        if not text.startswith(","):
            return found, text
        text = text[1:]


def masked(value: Any, mask: Mask) -> Any:
    """What the mask lets through; an empty mask lets everything through."""
    if not mask:
        return value
    if isinstance(value, list):
        return [masked(each, mask) for each in value]
    if isinstance(value, dict):
        return {name: masked(each, mask[name]) for name, each in value.items() if name in mask}
    return value
