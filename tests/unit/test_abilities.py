"""What mailboxes are able to do stands in the documents as it stands in the code."""

from __future__ import annotations

from pathlib import Path

from connectors.protocols import Can
from connectors.registry import MAILBOXES, abilities
from sync_tasks.stages.abilities import WITHOUT, without

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "mailboxes.md"


def told() -> dict[str, dict[str, str]]:
    """Ability -> column -> cell, of the table in the document."""
    lines = DOCUMENT.read_text(encoding="utf-8").splitlines()
    start = next(at for at, line in enumerate(lines) if line.startswith("| ability |"))
    header = [cell.strip() for cell in lines[start].strip("|").split("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start + 2 :]]
    end = next(at for at, row in enumerate(rows) if len(row) != len(header))
    return {row[0].strip("`"): dict(zip(header, row, strict=True)) for row in rows[:end]}


def test_the_matrix_in_the_documents_is_that_of_the_connectors() -> None:
    matrix, known = told(), {ability.value for ability in Can}
    assert known <= matrix.keys()
    for vendor in MAILBOXES:
        able = {name for name in known if matrix[name][vendor] == "yes"}
        assert able == {ability.value for ability in abilities(vendor)}, vendor


def test_the_matrix_says_what_the_command_says_of_mailboxes_without_an_ability() -> None:
    matrix = told()
    assert {each: without(each) for each in WITHOUT} == {
        each: matrix[each.value]["without it"].replace("`", "") for each in WITHOUT
    }
