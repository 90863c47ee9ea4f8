"""Accounts: by the mail domain of their people, and by the name of a company as it stands on a contact."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlsplit

from connectors.salesforce.codec import id18
from connectors.salesforce.soql import any_of, chunks, like, one_of, select
from connectors.salesforce.wire import Query, Wire
from mapping.model.people import AccountRecord, domain_of, normalise

Row = Mapping[str, Any]

COLUMNS = ("Id", "Name", "Website", "CreatedDate")
_OLDEST_FIRST = ("CreatedDate", "Id")

# A name that so many accounts contain singles out none of them.
MOST_ALIKE = 2000
# Shorter names are contained in nearly everything; and of a longer one only the first words count.
SHORTEST, MOST_WORDS = 3, 8


def by_domain(wire: Wire, domains: Iterable[str]) -> dict[str, tuple[AccountRecord, ...]]:
    asked = sorted({d.strip().lower() for d in domains if d.strip()})
    queries = []
    for chunk in chunks(asked, repeats=3):
        where = [any_of([like("Website", spelt) for d in chunk for spelt in _spellings(d)])]
        queries.append(Query(select(COLUMNS, "Account", where, _OLDEST_FIRST)))
        where = ["AccountId != null", any_of([like("Email", "@" + d, after="") for d in chunk])]
        columns = ("Id", "Email", "AccountId", "Account.Name", "Account.Website", "Account.CreatedDate")
        queries.append(Query(select(columns, "Contact", where, _OLDEST_FIRST)))
    results = wire.queries(queries, "find_accounts")
    found: dict[str, dict[str, AccountRecord]] = {d: {} for d in asked}
    for rows in results[0::2]:
        for row in rows:
            if (domain := website_domain(_text(row, "Website"))) in found:
                record = _account(_text(row, "Id"), row, by_website=True)
                found[domain][record.id] = record
    for rows in results[1::2]:
        for row in rows:
            parent = row.get("Account")
            domain = domain_of(normalise(_text(row, "Email")))
            if domain in found and isinstance(parent, Mapping):
                account_id = id18(_text(row, "AccountId"))
                website = account_id in found[domain] and found[domain][account_id].by_website
                found[domain][account_id] = _account(account_id, parent, by_website=website, by_contact=True)
    return {domain: _sorted(records) for domain, records in found.items() if records}


def by_name(wire: Wire, names: Iterable[str]) -> dict[str, tuple[AccountRecord, ...]]:
    """By each name the accounts that bear it, that contain it, or whose whole name is a run of its words (`Acme` for
    `Acme Europe Ltd`). One call for all that fits."""
    asked = {name: name.strip().casefold() for name in names if name.strip()}
    runs = {run for name in asked.values() for run in _runs(name)}
    long = [name for name in asked.values() if len(name) >= SHORTEST]
    same = [Query(select(COLUMNS, "Account", [one_of("Name", c)], _OLDEST_FIRST)) for c in chunks(sorted(runs))]
    alike = list(chunks(long, repeats=2))
    results = wire.queries([*same, *map(_containing, alike)], "find_accounts") if asked else []
    rows = [row for result in results[: len(same)] for row in result]
    for chunk, result in zip(alike, results[len(same) :], strict=True):
        rows += result if len(result) < MOST_ALIKE or len(chunk) == 1 else _one_by_one(wire, chunk)
    records = {record.id: record for record in (_account(_text(row, "Id"), row) for row in rows)}
    found: dict[str, dict[str, AccountRecord]] = {name: {} for name in asked}
    for record in records.values():
        theirs = record.name.strip().casefold()
        for name, mine in asked.items():
            if theirs and (mine in theirs or theirs in mine):
                found[name][record.id] = record
    return {name: _sorted(some) for name, some in found.items() if some}


def _containing(names: list[str]) -> Query:
    where = [any_of([like("Name", name) for name in names])]
    return Query(select(COLUMNS, "Account", where, _OLDEST_FIRST, MOST_ALIKE))


def _one_by_one(wire: Wire, names: list[str]) -> list[Row]:
    """Some name was so common that the others went short."""
    return [row for rows in wire.queries([_containing([name]) for name in names], "find_accounts") for row in rows]


def _runs(name: str) -> set[str]:
    words = name.split()[:MOST_WORDS]
    spans = ((start, end) for start in range(len(words)) for end in range(start + 1, len(words) + 1))
    return {name, *(" ".join(words[start:end]) for start, end in spans)}


def website_domain(website: str) -> str:
    """The host of a website as people write it, without `www.`, in the spelling of mail domains; '' when there is
    none."""
    text = website.strip().lower()
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
    except ValueError:
        return ""
    return domain_of(normalise(f"x@{host.rstrip('.').removeprefix('www.')}"))


def _spellings(domain: str) -> list[str]:
    """A domain with letters beyond ASCII stands in websites in both of its spellings."""
    try:
        shown = domain.encode("ascii").decode("idna")
    except UnicodeError:
        return [domain]
    return list(dict.fromkeys((domain, shown)))


def _account(account_id: str, row: Row, *, by_website: bool = False, by_contact: bool = False) -> AccountRecord:
    return AccountRecord(
        id=id18(account_id),
        name=_text(row, "Name"),
        website=_text(row, "Website"),
        created=_text(row, "CreatedDate"),
        by_website=by_website,
        by_contact=by_contact,
    )


def _sorted(records: Mapping[str, AccountRecord]) -> tuple[AccountRecord, ...]:
    return tuple(sorted(records.values(), key=lambda r: (r.created, r.id)))


def _text(row: Row, name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
