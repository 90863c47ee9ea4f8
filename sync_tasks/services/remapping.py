"""An organization's own mapping: read from a file and written to one, held against its Salesforce, put into force.

The file is TOML: one `[[kind]]` entry a change, in order. It is the whole truth: what it does not name is as delivered.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence

from connectors.protocols import OrgShape
from mapping.model.item import ItemKind
from mapping.model.table import Table
from mapping.rules.columns import Mappings
from mapping.rules.settings import Effective
from mapping.rules.shown_objects import shown_objects
from mapping.tables import shown
from mapping.tables.adjust import Change
from mapping.tables.check import Misfit, check
from sync_tasks.bootstrap import App
from sync_tasks.stages import plan_records
from sync_tasks.stages.kinds import MIRRORED
from sync_tasks.state.records import OrgView

ORDER = ("name", "remove", "from", "column", "length", "direction", "winner")  # of the words in an entry

_HEAD = """\
# How items are mapped to Salesforce in {org}. Rows that are not named here are as delivered.
#
#   name = "location"          the row that is changed, or the name of a row of your own
#   remove = true              leaves the row out
#   direction = "up"           both, up, down, up_once
#   winner = "newest"          mailbox, salesforce, newest, manual: who prevails when both sides were edited
#   length = 80                text is cut to so many characters
#   from = "location"          for a row of your own: the mailbox field ...
#   column = "Where__c"        ... and the Salesforce column; it goes up unless you say otherwise
"""


class MappingFileError(ValueError):
    """The file is no mapping file at all; the text says where."""


# --- the file


def parse(text: str) -> tuple[dict[ItemKind, tuple[Change, ...]], tuple[Misfit, ...]]:
    """The changes in a file, and what is wrong with its shape. Raises MappingFileError when it is no TOML."""
    try:
        told = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise MappingFileError(f"this is no TOML: {error}") from None
    known = {kind.value for kind in ItemKind}
    wrong = [
        Misfit(name, 0, "", f"there is no kind {name}", f"Kinds are {', '.join(known)}; write [[event]].")
        for name in told
        if name not in known
    ]
    changes: dict[ItemKind, tuple[Change, ...]] = {}
    for kind in ItemKind:
        entries = told.get(kind.value, [])
        if isinstance(entries, list) and all(isinstance(each, dict) for each in entries):
            changes[kind] = tuple(entries)
        else:
            advice = f"Write each change as an entry of its own, headed [[{kind}]]."
            wrong.append(Misfit(kind.value, 0, "", f"{kind} is no list of changes", advice))
    return changes, tuple(wrong)


def dump(org_name: str, mappings: Mappings, tables: Mapping[ItemKind, Table]) -> str:
    """The file that says the same: every kind with the rows as delivered, as comments, and the changes."""
    parts = [_HEAD.format(org=org_name)]
    for kind, table in tables.items():
        parts.append("\n".join([f"# {kind}: {table.crm_object}", *_listed(table)]) + "\n")
        parts += [_entry(kind, change) for change in mappings.get(kind, ())]
    return "\n".join(parts)


def _listed(table: Table) -> list[str]:
    rows = [(row.name, ", ".join(row.columns), row.direction.value, _length(row.lens.limit)) for row in table.fields]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["#   " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def _length(limit: int) -> str:
    return f"up to {limit}" if limit else ""


def _entry(kind: ItemKind, change: Change) -> str:
    lines = [f"{word} = {json.dumps(change[word], ensure_ascii=False)}" for word in ORDER if word in change]
    return "\n".join([f"[[{kind}]]", *lines]) + "\n"


# --- against Salesforce


def delivered(kind: ItemKind, settings: Effective, shape: OrgShape) -> Table:
    """The table of a kind before the organization's own changes."""
    if kind in MIRRORED:
        return MIRRORED[kind].delivered(settings)
    return plan_records.delivered(settings, shape)


def misfits(mappings: Mappings, settings: Effective, shape: OrgShape) -> tuple[Misfit, ...]:
    """Everything that is wrong with the changes in this org."""
    found: list[Misfit] = []
    for kind, changes in mappings.items():
        table = delivered(kind, settings, shape)
        found += check(table, changes, shape.objects.get(table.crm_object, {}))
    return tuple(found)


def shown_misfits(settings: Effective, shape: OrgShape) -> tuple[Misfit, ...]:
    """What keeps the objects from being shown that the calendar is to show (`objects.shown`)."""
    advice = "Correct the setting objects.shown, or give the user of the connection access."
    return tuple(
        Misfit(ItemKind.EVENT.value, 0, each.object, text, advice)
        for each in shown_objects(settings.mappings("objects.shown"))
        for text in shown.misfits(each, shape.objects.get(each.object))
    )


# --- in force


def put(app: App, org: OrgView, mappings: Mappings, *, by: str) -> list[str]:
    """Put these changes in the place of those before; the next runs go by them. Returns the kinds that changed."""
    now = app.clock()
    with app.store.writing() as unit:
        before = unit.accounts.mappings(org.id)
        changed = [kind for kind in ItemKind if _plain(mappings.get(kind, ())) != _plain(before.get(kind.value, ()))]
        for kind in changed:
            after = _plain(mappings.get(kind, ()))
            unit.accounts.put_mapping(org.id, kind.value, after, now, by)
            unit.accounts.audit(
                now, by, "mapping.import", org.name, kind=kind.value, before=_plain(before.get(kind.value, ())),
                after=after,
            )  # fmt: skip
    return [kind.value for kind in changed]


def _plain(changes: Iterable[Change]) -> Sequence[dict[str, object]]:
    return [dict(each) for each in changes]
