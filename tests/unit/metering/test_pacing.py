"""Buckets and counters over a real Redis: what the script says is what the rules say, and nothing depends on Redis."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mapping.rules import budget
from mapping.rules.budget import Bucket, Level
from sync_tasks.bootstrap import utc_now
from sync_tasks.metering import pacing, shared
from sync_tasks.metering.days import Days
from sync_tasks.metering.pacing import PAUSE, TAKE, Pacer, Source, Taken
from sync_tasks.metering.shared import Shared
from sync_tasks.metering.tallies import Counts, Tallies
from sync_tasks.services.embedded import EmbeddedRedis
from sync_tasks.settings import Settings

SOURCE = Source("test", Bucket(10.0, 50.0))
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

ASK = """
import sys, time
from sync_tasks.bootstrap import utc_now
from sync_tasks.metering.pacing import Pacer, Source
from sync_tasks.metering.shared import Shared
from sync_tasks.settings import Settings
from mapping.rules.budget import Bucket
pacer = Pacer(Shared(Settings(redis_url=sys.argv[1])), utc_now)
source = Source("shared", Bucket(20.0, 100.0))
end = time.time() + float(sys.argv[2])
while time.time() < end:
    taken = pacer.take([source], 1, 5.0)
    assert taken.taken
    time.sleep(taken.wait)
    print(time.time(), flush=True)
"""


@pytest.fixture
def made(redis_url: str, tmp_path: Path) -> Iterator[Callable[[], Shared]]:
    """Makes the Redis of one more process."""
    opened: list[Shared] = []

    def make() -> Shared:
        opened.append(Shared(Settings(home=tmp_path, redis_url=redis_url)))
        return opened[-1]

    yield make
    for each in opened:
        each.close()


@pytest.fixture
def alone(tmp_path: Path, free_port: int) -> Shared:
    """A process whose Redis is not there."""
    return Shared(Settings(home=tmp_path, redis_url=f"redis://127.0.0.1:{free_port}/0"))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(
    st.lists(st.tuples(st.floats(0, 5), st.integers(1, 15), st.booleans()), min_size=1, max_size=20),
    st.floats(1, 30), st.floats(0.1, 20), st.floats(0, 10),
)  # fmt: skip
def test_the_script_is_the_arithmetic_of_the_rules(
    redis_url: str, steps: list[tuple[float, int, bool]], capacity: float, gain: float, most: float
) -> None:
    bucket, now, level = Bucket(capacity, gain), 1000.0, None
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        client.flushall()
        take, pause = client.register_script(TAKE), client.register_script(PAUSE)
        for later, parts, asks_for_pause in steps:
            now += later
            level = level or budget.full(bucket, now)
            if asks_for_pause:
                pause(keys=["b"], args=[f"{now:.17g}", parts])
                level = budget.paused(level, now + parts)
            taken, wait = take(keys=["b"], args=[f"{now:.17g}", most, f"{capacity:.17g}", f"{gain:.17g}", parts])
            expected = budget.wait(bucket, level, now, parts)
            assert float(wait) == pytest.approx(expected, abs=1e-6)
            if abs(expected - most) > 1e-6:
                assert bool(taken) == (expected <= most)
            if taken:
                level = budget.taken(bucket, level, now, parts)


@pytest.mark.rule("TOP-13")
def test_processes_share_a_bucket_evenly_and_together_keep_within_it(redis_url: str) -> None:
    began = time.time()
    running = [
        subprocess.Popen([sys.executable, "-c", ASK, redis_url, "3"], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    told = [[float(line) for line in process.communicate(timeout=60)[0].split()] for process in running]
    assert all(process.returncode == 0 for process in running)
    moments = sorted(moment for some in told for moment in some)
    seconds = moments[-1] - moments[0]
    assert moments[-1] - began < 30
    assert 0.6 * 100 * seconds <= len(moments) <= 20 + 100 * seconds + 5
    together = [sum(max(s[0] for s in told) <= m <= min(s[-1] for s in told) for m in some) for some in told]
    assert min(together) > 0.7 * max(together), f"somebody was overtaken: {together}"


def test_two_sources_are_taken_together_or_not_at_all(made: Callable[[], Shared]) -> None:
    pacer = Pacer(made(), utc_now)
    narrow, wide = Source("narrow", Bucket(2.0, 0.001)), Source("wide", Bucket(100.0, 0.001))
    assert pacer.take([narrow, wide], 2, 1.0) == Taken(True, 0.0)
    refused = pacer.take([narrow, wide], 2, 1.0)
    assert not refused.taken
    assert refused.wait == pytest.approx(2000, rel=0.01)
    assert Pacer(made(), utc_now).stand(wide).left == 98


def test_a_pause_that_one_process_was_told_holds_for_all(made: Callable[[], Shared]) -> None:
    Pacer(made(), utc_now).pause(SOURCE, timedelta(seconds=40))
    other = Pacer(made(), utc_now)
    told = other.take([SOURCE], 1, 20.0)
    assert not told.taken
    assert 39 < told.wait <= 40
    assert other.stand(SOURCE).left == 0


def test_what_is_kept_names_no_person_and_goes_by_itself(made: Callable[[], Shared], redis_url: str) -> None:
    Pacer(made(), utc_now).take([SOURCE], 5, 1.0)
    with redis.Redis.from_url(redis_url, decode_responses=True) as client:
        assert list(client.scan_iter()) == [f"{pacing.PREFIX}test"]
        assert 0 < client.ttl(f"{pacing.PREFIX}test") <= 61


# --- without Redis


@pytest.mark.rule("TOP-13")
def test_without_redis_a_process_keeps_to_its_own_bucket(alone: Shared) -> None:
    now = [START]
    pacer = Pacer(alone, lambda: now[0])
    assert pacer.take([SOURCE], 10, 1.0) == Taken(True, 0.0)
    assert pacer.take([SOURCE], 10, 1.0) == Taken(True, pytest.approx(0.2))
    assert not pacer.take([SOURCE], 10, 0.1).taken
    pacer.pause(SOURCE, timedelta(seconds=30))
    assert pacer.take([SOURCE], 1, 1.0).wait == pytest.approx(30)
    now[0] += timedelta(minutes=1)
    assert pacer.take([SOURCE], 10, 0.0) == Taken(True, 0.0)


def test_a_redis_that_is_away_is_not_waited_for_again_and_again(alone: Shared) -> None:
    pacer = Pacer(alone, utc_now)
    began = time.monotonic()
    for _ in range(50):
        pacer.take([SOURCE], 0, 1.0)
    assert time.monotonic() - began < 2 * shared.PATIENCE + 0.5


def test_what_was_counted_while_redis_was_away_is_handed_over(
    redis_server: EmbeddedRedis, made: Callable[[], Shared], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared, "AWAY", 0.05)
    here, there = made(), made()
    mine, others, days = Tallies(here), Tallies(there), Days(here, lambda: START)
    mine.count("api_calls_total", "graph", "GET", "200")
    mine.flush()
    redis_server.restart()  # it forgets, and every connection breaks
    mine.count("api_calls_total", "graph", "GET", "200", by=2)
    mine.flush()
    days.called(7, (10, 100))
    time.sleep(0.1)
    mine.flush()
    days.called(7, (11, 100))
    assert others.read("api_calls_total") == {("graph", "GET", "200"): 2.0}
    found = Days(there, lambda: START).day(7)
    assert (found.spent, found.used, found.allowed, found.told_at) == (2, 11, 100, START)


# --- counters


@pytest.mark.rule("TOP-17")
def test_counters_of_all_processes_add_up(made: Callable[[], Shared]) -> None:
    one, two = Tallies(made()), Tallies(made())
    for tally, times in ((one, 3), (two, 4)):
        for _ in range(times):
            tally.count("hints_total", "graph", "taken")
            tally.observe("throttle_wait_seconds", 0.7)
    two.flush()
    assert one.read("hints_total") == {("graph", "taken"): 7.0}
    assert one.read("throttle_wait_seconds") == {("1.0",): 7.0, ("sum",): pytest.approx(4.9)}


def test_what_ended_is_counted_once_whoever_asks(made: Callable[[], Shared]) -> None:
    asked: list[tuple[datetime, datetime]] = []

    def ended(after: datetime, until: datetime) -> Counts:
        asked.append((after, until))
        return {"runs_total": {("done",): (until - after).total_seconds()}}

    one, two = Tallies(made()), Tallies(made())
    for tally, seconds in ((one, 10), (two, 10), (two, 15), (one, 12)):
        tally.advance(START, START + timedelta(seconds=seconds), ended)
    assert one.read("runs_total") == two.read("runs_total") == {("done",): 15.0}
    assert all(before[1] == after[0] for before, after in pairwise(asked))


def test_without_redis_a_process_shows_what_it_knows(alone: Shared) -> None:
    tallies = Tallies(alone)
    tallies.count("hints_total", "graph", "taken")
    for seconds in (10, 15):
        tallies.advance(START, START + timedelta(seconds=seconds), lambda a, b: {"runs_total": {("done",): 1.0}})
    assert tallies.read("hints_total") == {("graph", "taken"): 1.0}
    assert tallies.read("runs_total") == {("done",): 2.0}


def test_a_level_that_knows_of_a_pause_only_is_full() -> None:
    level = pacing._level({"until": "5"})
    assert level is not None
    assert budget.refilled(Bucket(3, 1), level, 9.0) == Level(3, 9.0, 5.0)
