"""List views: what their describe says of the records they select, as a condition of ours.

Source: REST API guide, list view describe (`query` is the statement that the list runs, `scope` whose records it is
about; a scope may stand in the statement as USING SCOPE instead). Our own statements ask for other columns and for
another user, so the condition is taken out of the statement and put into ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Watch
from connectors.salesforce.composite import Part
from connectors.salesforce.describe import kind_of
from connectors.salesforce.faults import call_error
from connectors.salesforce.scopes import ALL, MINE, VIEW, Range, misconfigured
from connectors.salesforce.wire import Wire

_STRING = re.compile(r"'(?:\\.|[^'\\])*'", re.DOTALL)
_USING = re.compile(r"\bUSING\s+SCOPE\s+(\w+)", re.IGNORECASE)
_WHERE = re.compile(r"\bWHERE\b", re.IGNORECASE)
_AFTER_WHERE = re.compile(r"\b(?:GROUP\s+BY|ORDER\s+BY|LIMIT|OFFSET|FOR\s+(?:VIEW|REFERENCE))\b", re.IGNORECASE)
_SUBSELECT = re.compile(r"\(\s*SELECT\b", re.IGNORECASE)


def is_view(watch: Watch) -> bool:
    return watch.scope.startswith(VIEW)


def describe_part(watch: Watch, version: str) -> Part:
    """Asks for the view that the watch names. Raises INVALID (CONTAINER) for what is no id."""
    view_id = watch.scope.removeprefix(VIEW).strip()
    if not re.fullmatch(r"[A-Za-z0-9]{15}(?:[A-Za-z0-9]{3})?", view_id):
        raise misconfigured("the scope names no list view by its id", "SCOPE_UNKNOWN")
    return Part("GET", f"/services/data/v{version}/sobjects/{watch.object}/listviews/{view_id}/describe")


def told(described: object) -> str:
    """`mine` or `all` and the condition of the view, as the cursor keeps it. Raises INVALID (CONTAINER) for a view that
    cannot be read as a condition."""
    query = described.get("query") if isinstance(described, Mapping) else None
    if not isinstance(described, Mapping) or not isinstance(query, str):
        raise ConnectorError(Fault.UNAVAILABLE, "an answer that is none to a list view describe", scope=Scope.CONTAINER)
    # keywords inside of texts are not keywords
    masked = _STRING.sub(lambda found: "'" + "_" * (len(found[0]) - 2) + "'", query)
    using = _USING.search(masked)
    scope = (using[1] if using else str(described.get("scope") or "")).lower()
    if scope not in ("", "everything", "mine"):
        raise misconfigured("the list view is about a queue, a team or another scope of its own", "LIST_VIEW_SCOPE")
    where = _WHERE.search(masked)
    condition = ""
    if where:
        end = _AFTER_WHERE.search(masked, where.end())
        condition = query[where.end() : end.start() if end else len(query)].strip()
        if _SUBSELECT.search(masked, where.end()):
            raise misconfigured("the list view is filtered by campaign, which no query can be", "LIST_VIEW_CAMPAIGN")
    return f"{MINE if scope == 'mine' else ALL} {condition}".strip()


def view_condition(wire: Wire, version: str, crm_object: str, view_id: str) -> str:
    """The condition of a list view; '' for one of all records. One vendor call. Raises INVALID (CONTAINER) for a view
    that cannot be read as a condition, or that is about the records of whoever looks."""
    part = describe_part(Watch("", kind_of(crm_object), crm_object, VIEW + view_id), version)
    (answer,) = wire.composite([part], "describe_view", reading=True)
    if not answer.ok:
        raise call_error(answer.status, answer.body)
    scope, _, condition = told(answer.body).partition(" ")
    if scope == MINE:
        raise misconfigured("the list view is about the records of whoever looks", "LIST_VIEW_SCOPE")
    return condition


def range_of_view(text: str, owner_id: str) -> Range:
    """The range that `told` put into words."""
    scope, _, condition = text.partition(" ")
    return Range(owner_id if scope == MINE else "", condition)
