"""Reading signatures is quick; how quick exactly, `make bench` tells."""

from __future__ import annotations

from tests.bench.reading import LEAST, mails_per_second


def test_signatures_are_read_at_the_wanted_speed_even_on_a_busy_machine() -> None:
    assert mails_per_second(150) > LEAST / 2
