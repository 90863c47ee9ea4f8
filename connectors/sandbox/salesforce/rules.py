"""The hooks an object's own rules may use; each object registers its rule set, all others have none."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from connectors.sandbox.salesforce.call import Call

Row = dict[str, Any]
Lists = Mapping[str, list[str]]


class Rules:
    """Hooks around a write. All may raise SfError; `before_*` and `derive` may change the row they are given."""

    def before_create(self, call: Call, row: Row, given: frozenset[str], lists: Lists) -> None:
        """Check and complete a new row; `given` are the fields the caller sent."""

    def before_update(self, call: Call, old: Row, row: Row, given: frozenset[str]) -> None:
        """Check and complete a changed row."""

    def derive(self, call: Call, row: Row) -> None:
        """Set the columns that follow from others."""

    def after_create(self, call: Call, row: Row, lists: Lists) -> None:
        """Make the rows that come along."""

    def after_update(self, call: Call, old: Row, row: Row, lists: Lists) -> None:
        """Carry the change to dependent rows."""

    def before_delete(self, call: Call, row: Row) -> None:
        """Check, or change what a deleted row keeps."""

    def after_delete(self, call: Call, row: Row) -> None:
        """Carry the deletion to dependent rows."""

    def after_undelete(self, call: Call, row: Row, since: str) -> None:
        """Bring back, too, what went along with the row, deleted at the moment `since`."""


_NONE = Rules()


@cache
def _registry() -> Mapping[str, Rules]:
    # late, because the rule sets write rows themselves
    from connectors.sandbox.salesforce import rules_email, rules_event, rules_files, rules_people

    return {**rules_people.RULES, **rules_event.RULES, **rules_email.RULES, **rules_files.RULES}


def of(name: str) -> Rules:
    return _registry().get(name, _NONE)
