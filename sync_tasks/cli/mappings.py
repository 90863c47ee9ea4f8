"""`inbox-sync mapping`: which mailbox field is which Salesforce column, and an organization's own changes of that."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from mapping.model.item import ItemKind
from mapping.model.table import Field, Table
from mapping.rules.columns import Mappings
from mapping.rules.settings import Effective, resolve
from mapping.tables.check import Misfit
from mapping.tables.describe import Finding
from sync_tasks.bootstrap import App
from sync_tasks.cli.shell import FAILED, Json, WrongUsageError, give, open_app, say, table, the_org
from sync_tasks.services import remapping
from sync_tasks.stages.mapped import Mapped, mapped
from sync_tasks.state.records import OrgView

app = typer.Typer(no_args_is_help=True, help="How fields are mapped to Salesforce, and an organization's own changes.")

Org = Annotated[str | None, typer.Option("--org", metavar="NAME", help="Organization; needed when there are several.")]
Kind = Annotated[ItemKind, typer.Argument(metavar="KIND", help="event, task, contact or email.")]


@app.command()
def show(kind: Kind, org: Org = None, as_json: Json = False) -> None:
    """The rows of a kind as they hold, and what changed them: the organization, or its Salesforce."""
    with open_app() as opened:
        found, settings, mappings = _held(opened, org)
        shape = opened.fresh_shape(found.id, found.name)
    before = remapping.delivered(kind, settings, shape)
    made = mapped(before, mappings.get(kind, ()), shape)
    rows = list(_rows(before, made))
    if as_json:
        give({"kind": kind.value, "object": before.crm_object, "rows": rows,
              "wrong": [asdict(each) for each in made.wrong]})  # fmt: skip
        return
    columns = ("Row", "Mailbox field", "Salesforce", "Direction", "Wins", "Length", "Notes")
    table(
        f"{kind}: {before.crm_object}", columns,
        [(r["row"], r["mailbox"], r["columns"], r["direction"], r["winner"], r["length"], r["notes"]) for r in rows],
    )  # fmt: skip
    for each in made.wrong:
        say(f"change {each.number} ({each.name}) is left out: {each.text}", "yellow")


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A mapping file; without one, what is in force.")
    ] = None,
    org: Org = None,
    as_json: Json = False,
) -> None:
    """Hold a mapping against the Salesforce of the organization; what is in force, with the objects that the calendar
    shows. Exit 1 when something is wrong; nothing is stored."""
    with open_app() as opened:
        found, settings, mappings = _held(opened, org)
        wrong: tuple[Misfit, ...] = ()
        if file is not None:
            mappings, wrong = _read(file)
        shape = opened.fresh_shape(found.id, found.name)
    wrong += remapping.misfits(mappings, settings, shape)
    if file is None:
        wrong += remapping.shown_misfits(settings, shape)
    _tell(wrong, mappings, as_json=as_json)
    if wrong:
        raise typer.Exit(FAILED)


@app.command()
def export(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="Where to write; without it, on the screen.")
    ] = None,
    org: Org = None,
    as_json: Json = False,
) -> None:
    """Write the organization's changes as a file to edit, with all rows as comments."""
    with open_app() as opened:
        found, settings, mappings = _held(opened, org)
        shape = opened.fresh_shape(found.id, found.name)
    if as_json:
        give({kind.value: list(mappings.get(kind, ())) for kind in ItemKind})
        return
    text = remapping.dump(found.name, mappings, {kind: remapping.delivered(kind, settings, shape) for kind in ItemKind})
    if file is None:
        typer.echo(text, nl=False)
    else:
        _write(file, text)
        say(f"written to {file}; after editing: `inbox-sync mapping check {file}`, then `import {file}`")


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A mapping file; - reads it from a pipe.")],
    org: Org = None,
    as_json: Json = False,
) -> None:
    """Put a mapping file in force, if all of it holds; else nothing changes and everything wrong is told (exit 1)."""
    with open_app() as opened:
        found, settings, _ = _held(opened, org)
        mappings, wrong = _read(file)
        wrong += remapping.misfits(mappings, settings, opened.fresh_shape(found.id, found.name))
        if wrong:
            _tell(wrong, mappings, as_json=as_json)
            raise typer.Exit(FAILED)
        changed = remapping.put(opened, found, mappings, by="console")
    if as_json:
        give({"changed": changed})
    elif changed:
        say(f"in force from the next run on: {', '.join(changed)} of {found.name} changed")
    else:
        say(f"{found.name} has this mapping already; nothing changed")


# --- what is told


def _rows(before: Table, made: Mapped) -> Iterator[dict[str, Any]]:
    """Every row there is or would be, with what became of it and why."""
    own = made.laid
    for name in dict.fromkeys([row.name for row in (*before.fields, *own.fields)]):
        delivered, changed, holds = before.row(name), own.row(name), made.table.row(name)
        row = holds or changed or delivered
        assert row is not None
        notes = [*_own(delivered, changed), *_forced(made.findings, name, left_out=changed is not None and not holds)]
        yield {
            "row": name, "mailbox": row.reads, "columns": row.columns, "direction": row.direction.value,
            "winner": row.winner.value, "length": row.lens.limit or None, "holds": holds is not None, "notes": notes,
        }  # fmt: skip
    for column, value in made.table.fixed.items():
        yield {
            "row": "", "mailbox": None, "columns": (column,), "direction": "up_once", "winner": None, "length": None,
            "holds": True, "notes": [f"always {value}"],
        }  # fmt: skip


def _own(delivered: Field | None, changed: Field | None) -> Iterator[str]:
    if changed is None:
        yield "taken out by the organization"
    elif delivered is None:
        yield "a row of the organization's own"
    else:
        facts = {
            "direction": (delivered.direction.value, changed.direction.value),
            "winner": (delivered.winner.value, changed.winner.value),
            "length": (delivered.lens.limit, changed.lens.limit),
        }
        differing = [f"{name} {after}, not {then}" for name, (then, after) in facts.items() if after != then]
        if differing:
            yield f"changed by the organization: {'; '.join(differing)}"


def _forced(findings: Sequence[Finding], name: str, *, left_out: bool) -> Iterator[str]:
    for finding in findings:
        if finding.row == name:
            yield f"left out: {finding.text}" if left_out else finding.text


def _tell(wrong: Sequence[Misfit], mappings: Mappings, *, as_json: bool) -> None:
    """What is wrong, or that nothing is."""
    if as_json:
        give({"ok": not wrong, "wrong": [asdict(each) for each in wrong]})
    elif not wrong:
        say(f"all {sum(map(len, mappings.values()))} changes hold")
    else:
        rows = [(t.kind, t.number or None, t.row, t.text, t.advice) for t in wrong]
        table("", ("Kind", "Change", "Row", "What is wrong", "What to do"), rows)


# --- reading and writing


def _held(opened: App, org: str | None) -> tuple[OrgView, Effective, Mappings]:
    """The organization, its settings, and what it changed of the tables."""
    with opened.store.reading() as unit:
        found = the_org(unit, org)
        settings = resolve(unit.accounts.settings(found.id, None))
    return found, settings, opened.mappings(found.id)


def _read(file: Path) -> tuple[Mappings, tuple[Misfit, ...]]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
        return remapping.parse(text)
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsageError(f"the file {file} cannot be read: {error.__class__.__name__}") from None
    except remapping.MappingFileError as error:
        raise WrongUsageError(f"{file}: {error}") from None


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise WrongUsageError(f"the file {file} cannot be written: {error.__class__.__name__}") from None
