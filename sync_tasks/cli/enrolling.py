"""`inbox-sync user candidates` and `user enroll`: many users at once, from Salesforce, a file, or by addresses."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Annotated

import typer

from sync_tasks.cli.shell import (
    FAILED,
    CommandError,
    Json,
    WrongUsageError,
    give,
    open_app,
    say,
    table,
    the_org,
    the_profile,
)
from sync_tasks.services import enrolling
from sync_tasks.services.enrolling import THERE
from sync_tasks.services.standing import CONSOLE

ADDRESS, CRM_USER = "address", "crm_user"  # columns of a file; the second may be missing, or empty

Org = Annotated[str | None, typer.Option("--org", metavar="NAME", help="Organization; needed when there are several.")]
Text = Annotated[
    str, typer.Option("--only", metavar="TEXT", help="Those in whose name, address, country, profile or role it is.")
]


def register(users: typer.Typer) -> None:
    """Add the commands to `inbox-sync user`."""
    users.command()(candidates)
    users.command()(enroll)


def candidates(org: Org = None, only: Text = "", as_json: Json = False) -> None:
    """Active users of Salesforce who have an address and are not here yet."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            organization = the_org(unit, org)
        found = enrolling.candidates(opened, organization, only)
    if as_json:
        give([{name: getattr(each, name) for name in each.__slots__} for each in found])
        return
    table("", ("Address", "Name", "Country", "Profile", "Role", "Salesforce id"), [
        (each.address, each.name, each.country, each.profile, each.role, each.id) for each in found
    ])  # fmt: skip
    say(f"{len(found)} may be added with `inbox-sync user enroll`" if found else "nobody is left to add")


def enroll(
    addresses: Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS...]", help="Whom.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All that `candidates` lists.")] = False,
    only: Text = "",
    file: Annotated[
        Path | None, typer.Option(metavar="CSV", help="With a heading: address, and, where known, crm_user (an id).")
    ] = None,
    org: Org = None,
    profile: Annotated[str | None, typer.Option(metavar="NAME", help="The profile that they are put into.")] = None,
    as_json: Json = False,
) -> None:
    """Add many users; their first runs follow one another, all within an interval. Whoever is there already stays."""
    if sum(map(bool, (addresses, everybody, file))) != 1:
        raise WrongUsageError("name addresses, or a file with --file, or say --all")
    with open_app() as opened:
        with opened.store.reading() as unit:
            organization = the_org(unit, org)
            chosen = None if profile is None else the_profile(unit, organization, profile)
        if everybody:
            wanted = enrolling.named(enrolling.candidates(opened, organization, only), None)
        else:
            wanted = _listed(file) if file is not None else dict.fromkeys(addresses or [], "")
        done = enrolling.enroll(opened, organization, wanted, chosen, by=CONSOLE)
    if as_json:
        give({"added": done.added, "left_out": done.left_out})
    else:
        for address, reason in done.left_out.items():
            say(f"{address}: {reason}", "yellow")
        say(f"{len(done.added)} of {len(wanted)} added to {organization.name}")
    if any(reason != THERE for reason in done.left_out.values()):
        raise typer.Exit(FAILED)


def _listed(path: Path) -> dict[str, str]:
    """Address and Salesforce id of each line of a file. Raises CommandError."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:  # spreadsheets begin a file with that mark
            rows = csv.DictReader(lines)
            if ADDRESS not in (rows.fieldnames or ()):
                raise CommandError(f"{path} has no column {ADDRESS}; its first line names the columns")
            return {row[ADDRESS].strip(): (row.get(CRM_USER) or "").strip() for row in rows if row[ADDRESS]}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None
