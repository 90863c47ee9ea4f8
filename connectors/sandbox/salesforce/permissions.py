"""What the user of a call may do: the one row that he sees of `UserPermissionAccess`. Nobody stores it.

Only a plain list of its columns can be asked for, which is all that is of use with one row.
"""

from __future__ import annotations

from typing import Any

from connectors.sandbox.salesforce import soql_ast as ast
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.soql_compile import invalid_field

OBJECT = "UserPermissionAccess"
_SEES_ALL = ("PermissionsModifyAllData", "PermissionsViewAllData")
_EVERYBODY = ("PermissionsApiEnabled", "PermissionsEditEvent", "PermissionsEditTask")


def lacks(call: Call, permission: str) -> bool:
    """Whether the org has not given the user what everybody has."""
    return permission in (call.org.settings.lacking or {}).get(call.user.username, ())


def is_asked(query: ast.Query) -> bool:
    return query.source.text.lower() == OBJECT.lower()


def answer(call: Call, query: ast.Query) -> dict[str, Any]:
    """The answer to a query. Raises INVALID_FIELD, MALFORMED_QUERY."""
    row = dict.fromkeys(_SEES_ALL, call.user.view_all)
    row |= {name: not lacks(call, name.removeprefix("Permissions")) for name in _EVERYBODY}
    known = {name.lower(): name for name in row}
    if query.where is not None or query.group or query.order:
        raise ast.malformed(f"{OBJECT} is one row here, and is asked for without conditions")
    record: dict[str, Any] = {"attributes": {"type": OBJECT}}
    for entry in query.selected:
        if not isinstance(entry, ast.Path) or entry.text.lower() not in known:
            raise invalid_field(entry.text if isinstance(entry, ast.Path) else "?", OBJECT)
        name = known[entry.text.lower()]
        record[name] = row[name]
    return {"totalSize": 1, "done": True, "records": [record]}
