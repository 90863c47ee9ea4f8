"""A table as an organization has it: as delivered, with its own changes laid over, fitted to its Salesforce."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connectors.protocols import OrgShape
from mapping.model.table import Table
from mapping.tables.adjust import Change, Wrong, lay
from mapping.tables.describe import Finding, fit


@dataclass(frozen=True, slots=True)
class Mapped:
    """`laid`: before it was fitted. `wrong`: changes that make no sense and are left out; none comes in so, but a later
    version of the program may have other rows. `findings`: what had to give way to the org."""

    table: Table
    laid: Table
    wrong: tuple[Wrong, ...]
    findings: tuple[Finding, ...]


def mapped(delivered: Table, changes: Sequence[Change], shape: OrgShape) -> Mapped:
    laid, wrong = lay(delivered, changes)
    fitted, findings = fit(laid, shape.objects.get(laid.crm_object, {}))
    return Mapped(fitted, laid, wrong, findings)
