"""The calls that the engine needs for each job stay within the limits that `make bench` holds it to."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from connectors.sandbox.server import SandboxServer
from tests.bench.idle import Idle, idle_all
from tests.bench.jobs import JOBS, Cost, run_all
from tests.bench.linked import compare
from tests.bench.place import Place
from tests.bench.resting import LOOKS, Resting, rest
from tests.bench.sharing import share_all
from tests.support.world import World


def test_no_job_needs_more_calls_than_its_limits_allow(world: World) -> None:
    done = list(run_all(Place(world, 60)))

    assert [measured.name for measured in done] == [job.name for job in JOBS]
    assert {measured.name: measured.broken for measured in done if measured.broken} == {}


def test_an_idle_user_costs_one_call_to_salesforce_and_few_to_any_kind_of_mailbox(
    sandbox: SandboxServer, tmp_path: Path
) -> None:
    done = list(idle_all(sandbox, tmp_path))

    assert [each.broken for each in done] == [()] * len(done)
    assert {(each.kind, each.mailbox) for each in done} == {
        ("exchange", 4), ("exchange", 8), ("graph", 1), ("google", 2), ("google", 4),
    }  # fmt: skip


def test_users_at_rest_cost_one_call_a_look_and_none_a_run(world: World) -> None:
    assert rest(world, 3) == Resting(users=3, looks=LOOKS, runs=0)


def test_a_call_more_for_users_at_rest_breaks_the_limit() -> None:
    assert Resting(3, LOOKS, 0).broken == ()
    assert len(Resting(3, LOOKS + 1, 1).broken) == 2


@pytest.mark.parametrize("more", ["graph.batch", "sf.composite"])
def test_a_call_more_for_an_idle_user_breaks_the_limit(more: str) -> None:
    calls = Counter({"graph.batch": 1, "sf.composite": 1})

    assert Idle("graph", "events", Cost(calls, 0.1, 0.1), 1).broken == ()
    assert len(Idle("graph", "events", Cost(calls + Counter([more]), 0.1, 0.1), 1).broken) == 1


def test_sharing_mails_needs_few_calls_however_many_they_are(world: World) -> None:
    done = {each.name: each for each in share_all(world, (1, 10, 200))}

    assert {name: each.broken for name, each in done.items() if each.broken} == {}
    assert done["200 e-mails"].calls <= 12


def test_a_run_among_many_linked_events_needs_the_calls_that_it_needs_among_few(world: World) -> None:
    compared = list(compare(world, few=10, many=250, changed=10))

    assert len(compared) == 3
    assert {each.name: each.broken for each in compared if each.broken} == {}
