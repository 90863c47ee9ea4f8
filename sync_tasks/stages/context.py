"""What a stage is given, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from connectors.errors import ConnectorError
from connectors.protocols import Crm, Detail, Mailbox, OrgShape
from mapping.merge.plan import Operation
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.model.people import normalise
from mapping.model.reasons import CODES, ISSUES, Reason
from mapping.model.series import split_id
from mapping.rules import ladder
from mapping.rules.addresses import AddressBook
from mapping.rules.behind import settings_behind
from mapping.rules.columns import Mappings
from mapping.rules.refusals import LOOKS_KNOWN
from mapping.rules.roles import Colleague
from mapping.rules.scope import Decision, Me, Outcome
from mapping.rules.settings import Effective
from sync_tasks.security.vault import KeptBox, RunBox
from sync_tasks.stages.company import Company
from sync_tasks.stages.payload import Origin, Payload
from sync_tasks.stages.work import Work
from sync_tasks.state.records import DecisionView, RunRef, RunView, UserView
from sync_tasks.state.store import Store, Unit

MAY_HEAL = frozenset(
    {Reason.AMBIGUOUS, Reason.ALIKE, Reason.NO_PERSON_MARKED, Reason.NO_ACCOUNT_MARKED, Reason.WAITING_FOR_ORGANIZER}
)

# what a message lacks that was asked for; somebody may enter it in Salesforce any day
PATIENT = frozenset({Reason.NO_PERSON_MARKED, Reason.NO_ACCOUNT_MARKED})
PATIENCE = timedelta(days=30)  # so long every run looks for it

PROFILE_LIVES = timedelta(days=7)  # how long addresses and zone of a user are taken for granted


@dataclass(frozen=True, slots=True)
class StageReport:
    """`more`: whether the run goes on; False ends it here (nothing changed, only looking, or held). `held`: code and
    sentence of the guard that objects to the plan."""

    counts: Mapping[str, int] = field(default_factory=dict)
    more: bool = True
    held: tuple[str, str] | None = None


class RefusedRunError(Exception):
    """A run must not go on until somebody has done something about it. The text says what, and may be shown."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


OnPlan = Callable[[Sequence[Operation]], None]  # is told what is planned, with the values, which are kept nowhere


@dataclass(slots=True)
class StageContext:
    """One stage of one run: who, with which connections, under which settings, at what time."""

    ref: RunRef
    run: RunView
    user: UserView
    mailbox: Mailbox
    crm: Crm
    shape: OrgShape
    store: Store
    box: RunBox
    kept: KeptBox
    fingerprint_key: bytes
    org_fingerprint_key: bytes  # for what all users of the organization must name alike
    settings: Effective
    mappings: Mappings
    company: Company
    key_field: str
    instance: str  # the name of this installation, as mailboxes know it
    clock: Callable[[], datetime]
    on_plan: OnPlan | None = None
    expected: frozenset[str] | None = None  # ids of the operations that somebody has agreed to; None: of any

    @property
    def org(self) -> str:
        return self.user.org_name

    @property
    def me(self) -> Me:
        return self.company.me

    @property
    def book(self) -> AddressBook:
        return self.company.book

    @property
    def colleagues(self) -> tuple[Colleague, ...]:
        return self.company.colleagues

    @property
    def primary(self) -> Mapping[str, str]:
        return self.company.primary

    @property
    def preview(self) -> bool:
        return self.run.is_preview

    @property
    def parting(self) -> bool:
        """Is this the run that lets go of everything?"""
        return self.run.is_parting

    def now(self) -> datetime:
        return self.clock()

    def fenced(self) -> AbstractContextManager[Unit]:
        """A writing transaction that fails when the lease is lost; see `Store.fenced`."""
        return self.store.fenced(self.ref, self.now())

    # --- what goes from stage to stage

    def save_works(self, unit: Unit, works: Iterable[Work]) -> None:
        blobs = {f"work:{work.slot}": self.box.seal(work.dump()) for work in works}
        unit.workspace.replace(self.ref.id, blobs, prefix="work:")

    def load_works(self) -> list[Work]:
        with self.store.reading() as unit:
            blobs = unit.workspace.load(self.ref.id, prefix="work:")
        return [Work.load(self.box.open(blob)) for blob in blobs.values()]

    def staged_refs(self) -> dict[tuple[str, str], list[str]]:
        """Side and kind -> ids of the items that are on their way, without opening what was staged of them."""
        with self.store.reading() as unit:
            slots = unit.workspace.slots(self.ref.id, prefix="work:")
        found: dict[tuple[str, str], list[str]] = {}
        for slot in slots:
            _, side, kind, ref = slot.split(":", 3)
            found.setdefault((side, kind), []).append(ref)
        return found

    def save_note(self, unit: Unit, name: str, content: bytes) -> None:
        unit.workspace.replace(self.ref.id, {f"note:{name}": self.box.seal(content)}, prefix=f"note:{name}")

    def load_note(self, name: str) -> bytes | None:
        with self.store.reading() as unit:
            blobs = unit.workspace.load(self.ref.id, prefix=f"note:{name}")
        return next((self.box.open(blob) for blob in blobs.values()), None)

    def save_operations(self, unit: Unit, operations: Sequence[tuple[Operation, Origin]]) -> None:
        """Write planned operations, their values sealed."""
        unit.plans.add(self.ref.id, [(op, self.box.seal(Payload.of(op, origin).dump())) for op, origin in operations])
        if self.on_plan is not None:
            self.on_plan([op for op, _ in operations])

    def learn_shape(self) -> None:
        """Keep what Salesforce told of itself meanwhile, because what was known of it lacked an object or was wrong."""
        shape = self.crm.shape()
        if shape is not self.shape:
            self.shape = shape
            with self.fenced() as unit:
                unit.accounts.put_shape(self.user.org_id, shape, self.now())

    # --- the mailbox's managed folders

    def mailbox_has(self, folder: str) -> bool:
        return folder in self.mailbox.known_folders()

    def ensure_folders(self, roles: Collection[str]) -> None:
        """Make those of the managed folders, and the categories, that are missing, and remember their ids."""
        ids = dict(self.mailbox.folders(roles))
        with self.fenced() as unit:
            unit.accounts.remember_folders(self.user.org_id, self.user.id, ids)

    def refresh_profile(self) -> None:
        """Ask once a week for all addresses of the user, in his mailbox and in Salesforce (ATT-10, FLT-2), and for the
        zone in which his days begin (ALL-4)."""
        with self.store.reading() as unit:
            asked = unit.accounts.profile_asked_at(self.user.org_id, self.user.id)
        if self.preview or (asked is not None and self.now() - asked < PROFILE_LIVES):
            return
        self._claim()
        aliases, (zone, address) = self.mailbox.aliases(), self._in_salesforce()
        aliases |= {address} - {""}
        with self.fenced() as unit:
            unit.accounts.remember_profile(self.user.org_id, self.user.id, aliases, zone, self.now())
            unit.intents.forget_expired(self.user.id, self.now())

    def _claim(self) -> None:
        """Two installations at work on one mailbox would make duplicates of everything (LIF-5)."""
        other = self.mailbox.claimed_by()
        if other and other != self.instance:
            text = f"{other} synchronizes this mailbox (ISSM-004): stop it there, or `inbox-sync user reinit` here"
            raise RefusedRunError("MAILBOX.CONFIG.CLAIMED", text)
        if not other:
            self.mailbox.claim(self.instance)

    def _in_salesforce(self) -> tuple[str, str]:
        """The zone that the user has set there, by its IANA name, and the address that he has there; '' for what nobody
        knows."""
        ref = ItemRef(Side.CRM, ItemKind.CONTACT, self.user.crm_user_id, "User")
        found = self.crm.read([ref], Detail.HEAD).get(ref) if self.user.crm_user_id else None
        return (found.text("TimeZoneSidKey"), normalise(found.text("Email"))) if isinstance(found, Item) else ("", "")

    # --- failures of single items

    def item_failed(self, ref: ItemRef, error: ConnectorError) -> None:
        """An item could not be read: say so and try again later; the run goes on."""
        if self.preview:
            return
        with self.fenced() as unit:
            self.note_failure(unit, ref, error.vendor_code or error.fault.value, error.fields)

    def note_failure(
        self, unit: Unit, ref: ItemRef, code: str, fields: Sequence[str] = (), *, key: str = "", at_once: bool = False,
        patient: bool = False,
    ) -> None:  # fmt: skip
        """Open an issue for the item and put it on the ladder: `at_once` for a write that lost a race, which the next
        run simply does again and nobody needs to hear of. `patient`: instead of the ladder every run tries again, for
        as long as `PATIENCE` says."""
        if self.run.undoes:
            self.note_unsure(unit, ref, code, key=key)  # what could not be put back stays, and nobody tries by himself
            return
        side, kind = ref.side.value, ref.kind.value
        old = unit.trail.retries_for(self.user.id, side, [ref.id], kind=kind).get(ref.id)
        attempts = old.attempts if old is not None else 0
        now = self.now()
        if at_once:
            not_before: datetime | None = now
        else:
            since = unit.trail.open_issue(
                self.user.id, self.ref.id, side=side, kind=kind, ref=ref.id, key=key, code=code, fields=fields, now=now
            )
            attempts += 1
            if patient:
                not_before = now if now - since < PATIENCE else None
            else:
                pause = ladder.wait(attempts, self.settings, ended_at=self._ended_at(unit, key), now=now)
                not_before = None if pause is None else now + pause
        unit.trail.retry_later(
            self.user.id, side=side, kind=kind, ref=ref.id, container=ref.container, reason=code,
            not_before=not_before, attempts=attempts, run_id=self.ref.id,
        )  # fmt: skip

    def _ended_at(self, unit: Unit, key: str) -> datetime | None:
        """When the item of a pair took place, if that is known."""
        pair = unit.pairs.by_key(self.user.id, [key]).get(key) if key else None
        return None if pair is None else pair.ends_at

    def note_unsure(self, unit: Unit, ref: ItemRef, code: str, *, key: str = "") -> None:
        """Open an issue for something that was done, and that somebody had better look at."""
        unit.trail.open_issue(
            self.user.id, self.ref.id, side=ref.side.value, kind=ref.kind.value, ref=ref.id, key=key, code=code,
            fields=(), now=self.now(),
        )  # fmt: skip

    def note_quarantined(self, unit: Unit, ref: ItemRef, code: str, *, key: str = "") -> None:
        """Open an issue for something that is not tried again by itself."""
        side, kind = ref.side.value, ref.kind.value
        unit.trail.open_issue(
            self.user.id, self.ref.id, side=side, kind=kind, ref=ref.id, key=key, code=code, fields=(), now=self.now()
        )
        unit.trail.retry_later(
            self.user.id, side=side, kind=kind, ref=ref.id, container=ref.container, reason=code, not_before=None,
            attempts=self.settings.int("retry.most"), run_id=self.ref.id,
        )  # fmt: skip

    def note_issues(self, unit: Unit, works: Sequence[Work]) -> None:
        """What was left alone although somebody asked for it. What time or somebody else may heal is tried again, and
        nothing else is."""
        told = {work.ref.id: work.decision for work in works}
        for work in works:
            if work.decision is None or work.outcome not in (Outcome.SKIP, Outcome.WAIT):
                continue
            master, original = split_id(work.ref.id)
            if original is not None and work.decision == told.get(master):
                continue  # the series has the issue, not each of its occurrences
            reason = work.decision.reason
            code = CODES.get(reason, reason.value)
            if reason in MAY_HEAL:
                patient = work.kind is ItemKind.EMAIL and reason in PATIENT
                self.note_failure(unit, work.ref, code, key=work.key, patient=patient)
                continue
            unit.trail.drop_retries(self.user.id, work.side.value, [work.ref.id], kind=work.kind.value)
            if reason in ISSUES:
                unit.trail.open_issue(
                    self.user.id, self.ref.id, side=work.side.value, kind=work.kind.value, ref=work.ref.id,
                    key=work.key, code=code, fields=(), now=self.now(),
                )  # fmt: skip
            else:  # it was read, and is none of our business: whatever failed before has passed
                unit.trail.close_issues(
                    self.user.id, work.side.value, [work.ref.id], self.now(), kind=work.kind.value, but=(LOOKS_KNOWN,)
                )  # fmt: skip

    # --- why

    def note_decisions(self, unit: Unit, stage: str, works: Sequence[Work]) -> None:
        """Keep what a stage decided about items; done again, the stage replaces what it said before."""
        unit.trail.forget_stage(self.ref.id, stage)
        now = self.now()
        unit.trail.decide(
            self.user.id,
            [self.decision_row(stage, work.side, work.kind, work.ref.id, work.key, work.decision, now)
             for work in works if work.decision is not None],
        )  # fmt: skip

    def decision_row(
        self, stage: str, side: Side, kind: ItemKind, ref: str, key: str, decision: Decision, now: datetime
    ) -> DecisionView:
        return DecisionView(
            self.ref.id, now, stage, side.value, kind.value, ref, key, decision.outcome.value, decision.reason.value,
            decision.rule, {**decision.detail, **self._behind(kind, decision.reason)},
        )  # fmt: skip

    def _behind(self, kind: ItemKind, reason: Reason) -> dict[str, str]:
        """The settings that decided about a message, as they are now: somebody may change them before he asks why."""
        found = settings_behind(reason, self.settings) if kind is ItemKind.EMAIL else ()
        return {"settings": "; ".join(found)} if found else {}
