"""What both sides agreed on after the last run, kept as keyed fingerprints: enough to see an edit, not to read one."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from mapping.model.codec import canonical
from mapping.model.item import Value


def fingerprint(key: bytes, field_name: str, view: Value) -> str:
    """32 hex digits that only the holder of the key can compare with a value."""
    return hmac.new(key, canonical({field_name: view}), hashlib.sha256).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Baseline:
    """`marks`: row name -> fingerprint of the view agreed on."""

    marks: Mapping[str, str] = field(default_factory=dict)
    key: bytes = b""

    def changed(self, name: str, view: Value) -> bool:
        """Is this another view than the one agreed on? Without a mark nothing was agreed, so it is."""
        mark = self.marks.get(name)
        return mark is None or not hmac.compare_digest(mark, fingerprint(self.key, name, view))
