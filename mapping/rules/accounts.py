"""Which account a new contact belongs to, told by the name of the company on it."""

from __future__ import annotations

from collections.abc import Sequence

from mapping.model.people import AccountRecord


def choose_account(company: str, found: Sequence[AccountRecord]) -> str:
    """The id of the account with that very name, the oldest of several; else of the only one whose name contains it or
    is contained in it; else '' (CON-11). Upper and lower case are the same."""
    wanted = company.strip().casefold()
    if not wanted:
        return ""
    same = sorted((a for a in found if a.name.strip().casefold() == wanted), key=lambda a: (a.created, a.id))
    if same:
        return same[0].id
    close = {a.id for a in found if wanted in a.name.casefold() or a.name.strip().casefold() in wanted}
    return next(iter(close)) if len(close) == 1 else ""
