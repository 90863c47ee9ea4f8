"""Who stands behind an address: records that carry it, ranked, and one of them chosen or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from mapping.model.people import PersonRecord
from mapping.rules.candidates import PERSON, Candidate, Code

PRIORITY = ("Contact", "PersonAccount", "Lead")  # users are no customers; they become invitees, not links

FIRST, SKIP, FLAG = (
    "first",
    "skip",
    "flag",
)  # what becomes of a tie: take the most recent, take none, take it and say so

# Each weighs more than all below it together.
_STANDARD_FIELD, _KIND, _OWNED, _OPPORTUNITY = 1000, 100, 10, 1


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who was chosen for an address, if anybody, and who came into question. `tied`: several were equally good."""

    address: str
    record: PersonRecord | None
    candidates: tuple[Candidate, ...] = ()
    tied: bool = False


@dataclass(frozen=True, slots=True)
class Taste:
    """What speaks for a record. `with_opportunity`: ids of people who have a role in an open opportunity."""

    user_id: str
    with_opportunity: Collection[str] = ()
    priority: Sequence[str] = PRIORITY
    tie: str = FIRST


def choose(address: str, records: Sequence[PersonRecord], taste: Taste, place: str = "") -> Chosen:
    """The best of several records with one address: found by the standard mail field, of the preferred kind, owned by
    the user, with a role in an open opportunity; among equals the most recently active, the most recently changed, the
    oldest, the lowest id."""
    found = sorted((each for each in records if each.sort in taste.priority), key=lambda each: (each.created, each.id))
    # Sorting is stable, so the weaker criteria come first.
    found.sort(key=lambda each: each.modified, reverse=True)
    found.sort(key=lambda each: each.last_activity, reverse=True)
    found.sort(key=lambda each: _score(each, taste), reverse=True)
    candidates = [_candidate(each, taste, place) for each in found]
    refused = [
        Candidate(PERSON, each.sort, each.id, 0, (Code.KIND_OFF,), place)
        for each in records
        if each.object != "User" and each.sort not in taste.priority
    ]
    if not found:
        return Chosen(address, None, tuple(refused))
    tied = len(found) > 1 and candidates[0].score == candidates[1].score
    if tied and taste.tie == SKIP:
        return Chosen(address, None, (*candidates, *refused), tied)
    why = (*candidates[0].reasons, Code.LATEST) if tied else candidates[0].reasons
    candidates[0] = replace(candidates[0], chosen=True, reasons=why)
    return Chosen(address, found[0], (*candidates, *refused), tied)


def _score(record: PersonRecord, taste: Taste) -> int:
    return (
        _STANDARD_FIELD * record.primary
        + _KIND * (len(taste.priority) - list(taste.priority).index(record.sort))
        + _OWNED * _is_owned(record, taste)
        + _OPPORTUNITY * (record.id in taste.with_opportunity)
    )


def _is_owned(record: PersonRecord, taste: Taste) -> bool:
    return bool(record.owner_id) and record.owner_id == taste.user_id


def _candidate(record: PersonRecord, taste: Taste, place: str) -> Candidate:
    reasons: Mapping[Code, bool] = {
        Code.CONVERTED_LEAD: bool(record.converted),
        Code.ADDRESS: record.primary,
        Code.OTHER_ADDRESS: not record.primary,
        Code.PREFERRED_KIND: record.sort == taste.priority[0],
        Code.OWNED: _is_owned(record, taste),
        Code.HAS_OPPORTUNITY: record.id in taste.with_opportunity,
    }
    holding = tuple(code for code, holds in reasons.items() if holds)
    return Candidate(PERSON, record.sort, record.id, _score(record, taste), holding, place)
