"""The list of people whom Salesforce does not know: who is put on it, when they are looked for again, when they leave.

Put on it is whoever was on an item that was not saved for want of a known person, and whoever is held; nobody behind
whom there is no person, and nobody while records are made of nobody, unless somebody marked the item. Once a day
Salesforce is asked for all of them in one call. Whoever is known by then leaves the list, and the items on which he was
seen are looked at again.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, time, timedelta

from mapping.merge.baseline import fingerprint
from mapping.merge.plan import Step
from mapping.model.item import Person, Side
from mapping.model.people import domain_of
from mapping.model.reasons import Reason
from mapping.rules.refusals import LOOKS_KNOWN
from mapping.rules.resolving import HELD, Refusal, Wanted, Wish, held_for
from sync_tasks.stages.context import StageContext
from sync_tasks.state.records import OpState, OpView, UnresolvedState, UnresolvedView
from sync_tasks.state.store import Unit
from sync_tasks.state.unresolved import Place

NOTE = "strangers"
AGAIN = timedelta(days=1)
REMEMBERED = timedelta(days=30)  # how long it can be seen what became of somebody


@dataclass(frozen=True, slots=True)
class Seen:
    """Somebody unknown, and the item on which he was. `met`: the user has written to him."""

    person: Person
    place: Place
    met: bool


def context_of(name: str) -> str:
    """What the sealed address of somebody is bound to."""
    return f"unresolved\0{name}"


def name_of(ctx: StageContext, address: str) -> str:
    return fingerprint(ctx.fingerprint_key, "unresolved", address)


def _domain(ctx: StageContext, address: str) -> str:
    return fingerprint(ctx.fingerprint_key, "unresolved.domain", domain_of(address))


# --- what the list says to a run


@dataclass(frozen=True, slots=True)
class Listed:
    """A user's list, by the fingerprint of an address, and how many people were made today, by that of a domain."""

    ctx: StageContext
    rows: Mapping[str, UnresolvedView]
    made: Counter[str]

    def of(self, address: str) -> UnresolvedView | None:
        return self.rows.get(name_of(self.ctx, address)) if self.rows else None

    def wanted(self, address: str) -> Wanted | None:
        """What a person has decided."""
        row = self.of(address)
        return Wanted(Wish(row.wish), row.account_id) if row is not None and row.wish else None

    def held(self, address: str) -> Refusal | None:
        row = self.of(address)
        if row is None or row.state != UnresolvedState.HELD:
            return None
        return held_for(Reason(row.reasons[0]), self.ctx.settings)

    def has_met(self, address: str) -> bool:
        row = self.of(address)
        return row is not None and row.met

    def made_of(self, addresses: Iterable[str]) -> Counter[str]:
        """How many were made today, by domain; those of other domains than of these addresses under ''."""
        domains = {domain_of(address): _domain(self.ctx, address) for address in addresses}
        found = Counter({domain: self.made[name] for domain, name in domains.items()})
        found[""] = self.made.total() - found.total()
        return found


def load(ctx: StageContext) -> Listed:
    today = datetime.combine(ctx.now().date(), time(), ctx.now().tzinfo)
    with ctx.store.reading() as unit:
        return Listed(ctx, unit.unresolved.open(ctx.user.id), unit.unresolved.made_since(ctx.user.id, today))


# --- who is put on it


def keep(ctx: StageContext, unit: Unit, seen: Sequence[tuple[Seen, Refusal]]) -> None:
    """Put people on the list, with the reason for which nothing was made."""
    now = ctx.now()
    for each, why in seen:
        _keep(ctx, unit, each, why.reason, now)


def _keep(ctx: StageContext, unit: Unit, seen: Seen, reason: Reason, now: datetime) -> None:
    address, name = seen.person.address, name_of(ctx, seen.person.address)
    unit.unresolved.keep(
        ctx.user.id, name, _domain(ctx, address),
        sealed=ctx.kept.seal(json.dumps(asdict(seen.person)).encode(), context_of(name)),
        state=UnresolvedState.HELD if reason in HELD else UnresolvedState.WAITS, reasons=[reason.value],
        place=seen.place, met=seen.met, now=now, look_at=now + AGAIN,
    )  # fmt: skip


# --- who leaves it


def found(ctx: StageContext, unit: Unit, listed: Listed, addresses: Iterable[str]) -> None:
    """Salesforce knows these by now."""
    names = [row.name for address in addresses if (row := listed.of(address)) is not None]
    if names:
        _again(ctx, unit, unit.unresolved.close(ctx.user.id, names, UnresolvedState.RESOLVED, ctx.now()))


def note(ctx: StageContext, unit: Unit, planned: Mapping[str, Seen]) -> None:
    """Remember, for `settle`, whom the operations with these ids make."""
    body = {op_id: [asdict(s.person), list(s.place), s.met] for op_id, s in planned.items()}
    ctx.save_note(unit, NOTE, json.dumps(body).encode())


def settle(ctx: StageContext) -> None:
    """Write down what became of those for whom records were planned, now that everything is written."""
    planned = json.loads(ctx.load_note(NOTE) or b"{}")
    if not planned:
        return
    with ctx.fenced() as unit:
        unit.unresolved.forget(ctx.user.id, ctx.now() - REMEMBERED)
        operations = {op.op_id: op for op in unit.plans.all(ctx.ref.id) if op.step in (Step.ACCOUNTS, Step.PEOPLE)}
        for op_id, (person, (kind, ref, folder), met) in planned.items():
            seen = Seen(Person(**person), (kind, ref, folder), met)
            op = operations.get(op_id)
            if op is not None and op.state == OpState.DONE:
                address = seen.person.address
                elsewhere = unit.unresolved.made(
                    ctx.user.id, name_of(ctx, address), _domain(ctx, address), ctx.now()
                )  # fmt: skip
                _again(ctx, unit, [place for place in elsewhere if place[1] != ref])
            elif op is not None and _is_alike(op, operations):
                _keep(ctx, unit, seen, Reason.HELD_ALIKE, ctx.now())


def _is_alike(op: OpView, operations: Mapping[str, OpView]) -> bool:
    """Was it, or the account it was to belong to, refused as a duplicate?"""
    needed = [operations[each].error_code for each in op.requires if each in operations]
    return LOOKS_KNOWN in (op.error_code, *needed)


# --- looking again


def look_again(ctx: StageContext) -> None:
    """Ask once a day whether Salesforce knows those on the list by now; whoever was there too long leaves it."""
    if ctx.preview:
        return
    now = ctx.now()
    with ctx.store.reading() as unit:
        due = unit.unresolved.due(ctx.user.id, now)
    if not due:
        return
    addresses = {row.name: person_of(ctx, row).address for row in due}
    known = ctx.crm.find_people(sorted(addresses.values()))
    people = {address for address, records in known.items() if any(r.object != "User" for r in records)}
    horizon = now - timedelta(days=ctx.settings.int("resolve.unresolved_days"))
    with ctx.fenced() as unit:
        resolved = [name for name, address in addresses.items() if address in people]
        _again(ctx, unit, unit.unresolved.close(ctx.user.id, resolved, UnresolvedState.RESOLVED, now))
        blocked = [name for name, address in addresses.items() if not ctx.book.eligible(address)]
        unit.unresolved.close(ctx.user.id, blocked, UnresolvedState.IGNORED, now)
        over = [row.name for row in due if max(row.first_seen, row.decided_at or row.first_seen) <= horizon]
        unit.unresolved.close(ctx.user.id, over, UnresolvedState.EXPIRED, now)
        unit.unresolved.look_later([row.id for row in due], now + AGAIN)


def person_of(ctx: StageContext, row: UnresolvedView) -> Person:
    return Person(**json.loads(ctx.kept.open(row.sealed or b"", context_of(row.name))))


def _again(ctx: StageContext, unit: Unit, places: Iterable[Place]) -> None:
    for kind, ref, folder in places:
        unit.trail.retry_later(
            ctx.user.id, side=Side.MAILBOX.value, kind=kind, ref=ref, container=folder,
            reason=Reason.PERSON_FOUND.value, attempts=0, run_id=0, not_before=ctx.now(),
        )  # fmt: skip
