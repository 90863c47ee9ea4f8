"""What was asked of the sandbox: calls by operation, writes by object, and the mails a real vendor would have sent.

Totals are exact; the lists of single calls and mails keep the newest only, so a long benchmark does not fill memory.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from datetime import datetime
from typing import Any

KEPT = 2000


class Ledger:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: Counter[tuple[str, str]] = Counter()
        self._parts: Counter[tuple[str, str]] = Counter()
        self._writes: Counter[tuple[str, str, str]] = Counter()
        self._recent: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._mails: deque[dict[str, Any]] = deque(maxlen=KEPT)
        self._mail_total = 0

    def call(self, vendor: str, operation: str) -> None:
        """Count a request when it arrives (so calls that are cut off count too)."""
        with self._lock:
            self._calls[vendor, operation] += 1

    def part(self, vendor: str, operation: str) -> None:
        """Count what was asked for inside of a batch, which is one call."""
        with self._lock:
            self._parts[vendor, operation] += 1

    def served(self, at: datetime, operation: str, method: str, path: str, status: int) -> None:
        """Remember how a request ended; status 0: the connection was cut."""
        entry = {"at": at.isoformat(), "operation": operation, "method": method, "path": path, "status": status}
        with self._lock:
            self._recent.append(entry)

    def write(self, vendor: str, thing: str, verb: str, count: int = 1) -> None:
        """Count rows or items that were really written."""
        with self._lock:
            self._writes[vendor, thing, verb] += count

    def mail(self, vendor: str, sender: str, recipients: list[str], subject: str, reason: str) -> None:
        """Note a message that the vendor would have sent to people (invitation, update, cancellation, plain mail)."""
        entry = {"vendor": vendor, "from": sender, "to": list(recipients), "subject": subject, "reason": reason}
        with self._lock:
            self._mail_total += 1
            self._mails.append(entry)

    def count(self, operation: str) -> int:
        """Calls of one operation, over all vendors."""
        with self._lock:
            return sum(number for (_, name), number in self._calls.items() if name == operation)

    def mails(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._mails)

    def recent(self) -> list[dict[str, Any]]:
        with self._lock:
            return list(self._recent)

    def counters(self) -> dict[str, Any]:
        """{"calls" and "parts" (of batches): {vendor: {operation: n}}, "writes": {vendor: {object: {verb: n}}},
        "mails": {"total", "newest"}}"""
        with self._lock:
            calls, parts = _by_vendor(self._calls), _by_vendor(self._parts)
            writes: dict[str, dict[str, dict[str, int]]] = {}
            for (vendor, thing, verb), number in sorted(self._writes.items()):
                writes.setdefault(vendor, {}).setdefault(thing, {})[verb] = number
            total = sum(self._calls.values())
            mails = {"total": self._mail_total, "newest": list(self._mails)}
            return {"calls": calls, "parts": parts, "calls_total": total, "writes": writes, "mails": mails}

    def reset(self) -> None:
        with self._lock:
            self._calls.clear()
            self._parts.clear()
            self._writes.clear()
            self._recent.clear()
            self._mails.clear()
            self._mail_total = 0


def _by_vendor(counted: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for (vendor, operation), number in sorted(counted.items()):
        found.setdefault(vendor, {})[operation] = number
    return found
