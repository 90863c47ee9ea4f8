"""Which addresses belong to nobody in particular."""

from __future__ import annotations

import pytest

from mapping.rules.robots import is_role, is_tracking


@pytest.mark.rule("RES-18")
@pytest.mark.parametrize(
    "local",
    ["noreply", "no-reply", "do.not.reply", "newsletter", "bounce+abc", "mailer-daemon", "info", "support",
     "notifications+x", "orders", "customer.service", "acme-no-reply"],
)  # fmt: skip
def test_robots_and_offices_are_recognised(local: str) -> None:
    assert is_role(f"{local}@x.example")


@pytest.mark.rule("RES-18")
@pytest.mark.parametrize(
    "address",
    [
        "bounces+123-ann=globex.example@mail.shop.example",
        "news+ann=globex.example@shop.example",
        "srs0=ab1c=xy=globex.example=ann@forwarder.example",
        "prvs=1234567890=ann@globex.example",
        "msprvs1=17a4b2c=bounces@shop.example",
        "reply+ab12cd34ef56@issues.example",
        "0100018f2a3b4c5d6e7f8a9b@shop.example",
        "q7w2e9r4t1y6u3i8o5p0a2s7d4f9@shop.example",
        "ann@bounces.shop.example",
        "ann@em1234.shop.example",
    ],
)
def test_addresses_that_machines_made_up_are_recognised(address: str) -> None:
    assert is_tracking(address)


@pytest.mark.parametrize("local", ["ann", "ann.smith", "bo", "teamer", "infante", "noreen", "salesman"])
def test_people_are_no_robots(local: str) -> None:
    assert not is_role(f"{local}@x.example")


@pytest.mark.parametrize(
    "address",
    [
        "ann.smith@globex.example",
        "b.smith@globex.example",
        "m-e.tracking@globex.example",
        "13800138000@globex.example",
        "ann+orders2024@globex.example",
        "e.mail1984@globex.example",
        "wolfeschlegelsteinhausenbergerdorff@globex.example",
        "ann@mail.globex.example",
        "ann@emea.globex.example",
    ],
)
def test_people_with_odd_addresses_are_still_people(address: str) -> None:
    assert not is_tracking(address)
