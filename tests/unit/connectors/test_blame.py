"""What comes through a connection that knows whose it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.blame import blaming
from connectors.errors import ConnectorError, Fault


class Endpoint:
    """Reads one thing and fails at the next, at once or in the middle of telling."""

    batch_size = 7

    def read(self, count: int, *, twice: bool = False) -> int:
        if count > 1:
            raise ConnectorError(Fault.UNAVAILABLE, "down")
        return count * 2 if twice else count

    def contents(self) -> Iterator[int]:
        yield 1
        raise ConnectorError(Fault.UNKNOWN, "broke off")


def test_what_goes_well_is_as_it_was() -> None:
    named = blaming(Endpoint(), "exchange")

    assert (named.batch_size, named.read(1), named.read(1, twice=True), next(named.contents())) == (7, 1, 2, 1)


def test_what_fails_bears_the_name_of_the_vendor_even_in_the_middle() -> None:
    named = blaming(Endpoint(), "exchange")

    with pytest.raises(ConnectorError) as at_once:
        named.read(2)
    with pytest.raises(ConnectorError) as later:
        list(named.contents())

    assert (at_once.value.vendor, later.value.vendor) == ("exchange", "exchange")
