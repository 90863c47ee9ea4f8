"""A user's page follows his first synchronization by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from mapping.merge.plan import Act, Operation, Step
from mapping.model.item import ItemKind, Side
from sync_tasks.state.records import RunRef, RunState
from tests.support.browser import log_in
from tests.support.office import ANN, Office

WRITES = 40


def begin(office: Office) -> RunRef:
    """A first run that has read everything and planned its writes."""
    with office.app.store.writing() as unit:
        key = office.app.vault.run_key()
        ref = unit.runs.claim_user(office.ids[ANN], "schedule", office.clock(), timedelta(minutes=15), key)
        assert ref is not None
        for stage in ("fetch", "categorize", "resolve", "link"):
            unit.runs.finish_stage(ref, stage, office.clock(), 1.0, {})
        unit.plans.add(ref.id, [
            (Operation(Act.CREATE, Side.CRM, ItemKind.EVENT, "Event", Step.RECORDS, "FLD-1", "marked", key=f"ev:{n}"),
             b"sealed")
            for n in range(WRITES)
        ])  # fmt: skip
    return ref


def write(office: Office, ref: RunRef, count: int) -> None:
    office.clock.later(seconds=60)
    with office.app.store.writing() as unit:
        open_ = unit.plans.open(ref.id, Step.RECORDS.value)
        unit.plans.done(ref.id, {op.op_id: "00U" for op, _ in open_[:count]})


@pytest.mark.rule("TOP-25")
def test_a_users_page_follows_the_first_synchronization_by_itself(office: Office, page: Page) -> None:
    ref = begin(office)
    write(office, ref, 20)
    log_in(office, page, ANN)
    page.goto(f"/users/{office.ids[ANN]}")
    panel = page.get_by_role("region", name="First synchronization")
    expect(panel).to_contain_text("62 %: writing, 20 of 40 writes done, about 1 minute left.")
    write(office, ref, 10)
    expect(panel).to_contain_text("81 %: writing, 30 of 40 writes done", timeout=15_000)
    write(office, ref, 10)
    with office.app.store.writing() as unit:
        unit.runs.close(ref, RunState.DONE, office.clock(), office.clock(), commit_cursors=False)
    expect(panel).to_have_count(0, timeout=15_000)
