"""An installation with people of every role and, for Ann, one of everything that can belong to a user: what the tests
of the pages and of the REST interface look at."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from mapping.merge.plan import Act, Operation, Step
from mapping.model.codec import dumps
from mapping.model.item import ItemKind, Side
from mapping.model.reasons import Reason
from mapping.rules.guards import Guard, Line, Trip
from sync_tasks.bootstrap import App
from sync_tasks.services import configuring, entering, profiles, rollouts
from sync_tasks.settings import Settings
from sync_tasks.stages import disputes
from sync_tasks.stages.unresolved import context_of
from sync_tasks.state import migrate
from sync_tasks.state.records import DecisionView, RunState, UnresolvedState, UserView
from sync_tasks.state.store import Unit

ANN, BOB, CARL = "ann@acme.example", "bob@acme.example", "carl@other.example"
ADELE, OTTO, PAT = "adele@acme.example", "otto@other.example", "pat@platform.example"
SECRET = "a-subject-of-anns"  # stands in everything that is Ann's and nobody else's
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACCOUNT = "001000000000001AAA"


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def later(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@dataclass
class Office:
    """`things`: what a path's parameter stands for when it is Ann's. Ann and Bob are of one organization, which Adele
    administers; Carl is of another, Otto's; Pat administers everything."""

    app: App
    clock: Clock
    things: dict[str, Any] = field(default_factory=dict)
    ids: dict[str, int] = field(default_factory=dict)

    def session(self, address: str = "") -> str:
        """The secret of a new session of this address, or of the local administrator."""
        return entering.begin(self.app, address, "test", "test")

    def visit(self, web: httpx.Client, address: str = "") -> str:
        """Log the client in; returns the token of its forms."""
        secret = self.session(address)
        web.cookies.clear()
        web.cookies.set("inbox-sync", secret)
        web.headers["Accept"] = "text/html"
        return entering.form_token(secret)

    def token(self, address: str = "") -> dict[str, str]:
        """Headers of a program that acts as this address."""
        return {"Authorization": f"Bearer {entering.add_token(self.app, address, 'test', by='test')}"}

    def acts(self) -> list[tuple[str, str, str]]:
        """The audit, oldest first, as (who, what, whom)."""
        with self.app.store.reading() as unit:
            rows = unit.overview.audit(entering.Reach(everybody=True), limit=1000)
        return [(row.actor, row.action, row.subject) for row in reversed(rows)]


def open_office(home: Path) -> Office:
    clock = Clock()
    app = App(Settings(home=home), clock=clock)
    migrate.upgrade(app.store.engine)
    office = Office(app, clock)
    with app.store.writing() as unit:
        acme, other = unit.accounts.add_org("acme", START), unit.accounts.add_org("other", START)
        for address, org in ((ANN, acme), (BOB, acme), (CARL, other)):
            office.ids[address] = unit.accounts.add_user(
                org, address, START, crm_user_id="005000000000001AAA", shards=4, next_sync_at=START
            )
        unit.access.grant(ADELE, acme, START, "test")
        unit.access.grant(OTTO, other, START, "test")
        unit.access.grant(PAT, None, START, "test")
        layers = _layers(unit, unit.accounts.user(office.ids[ANN]))
    office.things = {"user_id": office.ids[ANN], "org_id": acme, **layers, **_belongings(office, office.ids[ANN])}
    with app.store.reading() as unit:
        # nobody else may name what is Ann's by a number that happens to be theirs, too
        assert unit.overview.owner("run", office.things["run_id"]) == office.ids[ANN]
    entering.add_token(app, ANN, SECRET, by="test")
    with app.store.reading() as unit:
        office.things["token_id"] = unit.access.tokens(ANN)[0].id
    return office


def _layers(unit: Unit, ann: UserView) -> dict[str, Any]:
    """A setting of Ann's own, the profile in which she is, the preset from which that starts, and what is being rolled
    out in it."""
    told: dict[str, Any] = {"at": START, "by": "test"}
    configuring.put(unit, configuring.of_user(ann), "blocklist.user", [f"{SECRET}@blocked.example"], **told)
    change = unit.configuration.changes(ann.org_id)[0]
    preset = profiles.add_preset(
        unit, ann.org_id, "Ours", of=unit.configuration.preset(ann.org_id, "everything"), **told
    )
    profile = profiles.add_profile(unit, ann.org_id, "Sales", text="Who sells", preset="Ours", **told)
    profiles.assign(unit, [ann], profile, **told)
    rollout = rollouts.start(unit, configuring.of_profile(profile), {"files.max_megabytes": 9}, percent=10, **told)
    return {
        "name": change.name, "change_id": change.id, "preset_id": preset.id, "profile_id": profile.id,
        "rollout_id": rollout.id,
    }  # fmt: skip


def _belongings(office: Office, user: int) -> dict[str, int]:
    """A run with an operation and a decision, an issue, a hold, a conflict, and somebody unresolved."""
    app = office.app
    box = app.vault.kept_box(user)
    operation = Operation(
        Act.UPDATE, Side.CRM, ItemKind.EVENT, "Event", Step.RECORDS, "FLD-1", Reason.MARKED.value, pair_key="ev:ann",
        ref=SECRET, values={"subject": "changed"},
    )  # fmt: skip
    with app.store.writing() as unit:
        ref = unit.runs.claim_user(user, "schedule", START, timedelta(minutes=15), app.vault.run_key())
        assert ref is not None
        unit.plans.add(ref.id, [(operation, b"sealed")])
        unit.trail.decide(user, [DecisionView(
            ref.id, START, "categorize", "mailbox", "email", SECRET, "em:ann", "skip", Reason.PRIVATE.value, "PRV-1"
        )])  # fmt: skip
        unit.trail.open_issue(
            user, ref.id, side="mailbox", kind="event", ref=SECRET, key="ev:ann", code="REQUIRED_FIELD_MISSING",
            fields=("LastName",), now=START,
        )  # fmt: skip
        line = Line(Side.CRM, ItemKind.EVENT, 120, 300, 20)
        unit.holds.keep(user, ref.id, [Trip(Guard.DELETES, (line,), (operation.id,))], START)
        unit.runs.close(
            ref, RunState.HELD, START, START + timedelta(minutes=30), commit_cursors=False, error_code="HELD.DELETES",
            error_text=SECRET,
        )  # fmt: skip
        values = box.seal(dumps({"mailbox": f"{SECRET} here", "crm": f"{SECRET} there"}),
                          disputes.context_of("ev:ann", "location"))  # fmt: skip
        unit.conflicts.put(user, "ev:ann", "event", "location", "", values, START)
        who = json.dumps({"address": f"{SECRET}@stranger.example", "name": SECRET}).encode()
        unit.unresolved.keep(
            user, "fingerprint", "domain", sealed=box.seal(who, context_of("fingerprint")), state=UnresolvedState.HELD,
            reasons=[Reason.PRIVATE.value], place=("email", SECRET, "inbox"), met=True, now=START, look_at=START,
        )  # fmt: skip
        hold = unit.holds.active(user)[0]
        conflict = unit.conflicts.open(user)[0]
        entry = next(iter(unit.unresolved.open(user).values()))
    return {"run_id": ref.id, "hold_id": hold.id, "conflict_id": conflict.id, "entry_id": entry.id}
