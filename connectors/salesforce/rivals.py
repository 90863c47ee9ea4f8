"""Signs that a second product synchronizes the same calendars, which makes duplicates.

These are heuristics, and no proof either way: a product that puts nothing on its records and has made no duplicate yet
is not seen. Looked for are columns by which such products know their records, in use lately, and events that stand
twice, once with our key and once without.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.protocols import Check, OrgShape
from connectors.salesforce.soql import literal, one_of, select
from connectors.salesforce.wire import Query, Wire
from mapping.model.findings import Finding

LATELY = timedelta(days=14)
MOST = 200  # records looked at for each sign

_NAME = "other synchronization"
# what such columns are called, under whatever prefix
_MARKER = re.compile(
    r"created_?by_?(sync|scc)|internet_?message_?id|(thread|conversation|crm|sync)_?id__c", re.IGNORECASE
)


def signs(wire: Wire, shape: OrgShape, key_field: str, now: datetime) -> Iterator[Check]:
    """One line a sign, or one that says that there is none."""
    found = [*_in_use(wire, shape, key_field, now), *_twins(wire, shape, key_field, now)]
    yield from found or [Check(_NAME, True, "no sign of it")]


def _in_use(wire: Wire, shape: OrgShape, key_field: str, now: datetime) -> Iterator[Check]:
    for crm_object in ("Event", "Task"):
        markers = [
            name
            for name, about in shape.objects.get(crm_object, {}).items()
            if about.get("custom") and name != key_field and _MARKER.search(name)
        ]
        if not markers:
            continue
        recent = [f"CreatedDate >= {literal(now - LATELY)}"]
        statement = select(("Id", *markers), crm_object, recent, order=("CreatedDate",), limit=MOST)
        rows = wire.queries([Query(statement)], "check.rivals")[0]
        used = [name for name in markers if any(row.get(name) for row in rows)]
        if used:
            yield Check(_NAME, False, f"{crm_object}s are marked by {', '.join(used)}", Finding.OTHER_ENGINE)


def _twins(wire: Wire, shape: OrgShape, key_field: str, now: datetime) -> Iterator[Check]:
    if not shape.has("Event", key_field):
        return
    window = [f"StartDateTime >= {literal(now - LATELY)}", f"StartDateTime <= {literal(now + LATELY)}"]
    columns = ("Id", "Subject", "StartDateTime", "OwnerId", "CreatedById")
    ours = wire.queries(
        [Query(select(columns, "Event", [*window, f"{key_field} != null"], order=("StartDateTime",), limit=MOST))],
        "check.rivals",
    )[0]
    looks = {_look(row) for row in ours if row.get("Subject")}
    if not looks:
        return
    where = [*window, f"{key_field} = null", one_of("OwnerId", sorted({owner for owner, _, _ in looks}))]
    if shape.has("Event", "IsChild"):
        where.append("IsChild = false")
    statement = select(columns, "Event", where, order=("StartDateTime",), limit=10 * MOST)
    others = wire.queries([Query(statement)], "check.rivals")[0]
    doubles = [row for row in others if _look(row) in looks]
    makers = Counter(str(row["CreatedById"]) for row in doubles)
    if doubles:
        who = ", ".join(f"{user} ({count})" for user, count in makers.most_common(3))
        detail = f"events that stand with our key and without: {len(doubles)}; the latter created by {who}"
        yield Check(_NAME, False, detail, Finding.OTHER_ENGINE)


def _look(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return str(row.get("OwnerId")), str(row.get("Subject")), str(row.get("StartDateTime"))
