"""The catalogue of errors as values, whichever way somebody looks at it."""

from __future__ import annotations

from typing import Any

from mapping.rules.errors import Known


def described(known: Known) -> dict[str, Any]:
    """An entry as JSON values."""
    return {
        "code": known.code, "class": known.kind, "retryable": known.retryable, "user": known.user,
        "admin": known.admin, "cure": known.cure, "remedy": known.remedy, "words": sorted(known.words),
    }  # fmt: skip
