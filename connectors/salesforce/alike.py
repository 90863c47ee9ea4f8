"""What to do when a duplicate rule of the org finds somebody like a new person, or a company like a new one.

A rule says only that two records look alike: the same name at the same company is enough for some. It is the same one
when the address is the same, of a company when the website is. The records that a rule names may be hidden from us, and
then nobody can tell.

Sources: REST API guide, Sforce-Duplicate-Rule-Header (all of it is off unless it is sent); a rule that blocks is not
to be overruled.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.errors import ConnectorError
from connectors.protocols import OrgShape, Outcome
from connectors.salesforce import accounts
from connectors.salesforce.lookups import Lookups
from connectors.salesforce.results import Result
from connectors.salesforce.rows import Entry
from connectors.salesforce.wire import Wire
from mapping.model.people import normalise

REFUSED = "DUPLICATES_DETECTED"
REUSE, SAVE = "reuse", "save"
INSISTING: Mapping[str, str] = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}

_OBJECTS = ("Contact", "Lead")  # the better first


def is_refused_as_alike(entry: Entry, result: Result) -> bool:
    """Did a duplicate rule refuse it, and does the caller take what is there?"""
    error = result.error if isinstance(result, Outcome) else result
    return entry.alike == REUSE and error is not None and error.vendor_code == REFUSED


class Alikes:
    def __init__(self, wire: Wire, shape: OrgShape) -> None:
        self._wire = wire
        self._lookups = Lookups(wire, shape, lambda _object: ())

    def find(self, target: str, entries: list[Entry]) -> dict[int, Result]:
        """Outcomes for the creates that stand there under the same address or website; the others are left out, all
        of them when nobody answers, because what was written has to be told first."""
        if not entries:
            return {}
        try:
            companies = [e for e in entries if not _address(e)] if target == "Account" else []
            return {**self._people([e for e in entries if _address(e)]), **self._companies(companies)}
        except ConnectorError:
            return {}

    def _people(self, entries: list[Entry]) -> dict[int, Result]:
        found = self._lookups.people(map(_address, entries)) if entries else {}
        outcomes: dict[int, Result] = {}
        for entry in entries:
            records = [r for r in found.get(_address(entry), ()) if r.object in _OBJECTS]
            best = min(records, key=lambda r: (_OBJECTS.index(r.object), r.created, r.id), default=None)
            if best is not None:
                outcomes[entry.place] = Outcome(best.id, adopted=True)
        return outcomes

    def _companies(self, entries: list[Entry]) -> dict[int, Result]:
        websites = {e.place: accounts.website_domain(str(e.body.get("Website") or "")) for e in entries}
        found = accounts.by_domain(self._wire, websites.values()) if entries else {}
        outcomes: dict[int, Result] = {}
        for place, domain in websites.items():
            same = [account for account in found.get(domain, ()) if account.by_website]
            if same:
                outcomes[place] = Outcome(same[0].id, adopted=True)  # the oldest
        return outcomes


def _address(entry: Entry) -> str:
    return normalise(str(entry.body.get("Email") or entry.body.get("PersonEmail") or ""))
