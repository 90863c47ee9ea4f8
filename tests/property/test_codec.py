"""The codec gives back every value, and the same bytes for the same fields in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.merge.plan import Act, Operation, Step
from mapping.model.codec import canonical, dump_item, dumps, load_item, loads
from mapping.model.item import MISSING, Attendee, Item, ItemKind, ItemRef, Pending, Person, Response, Role, Side, Span
from tests.property.strategies import field_maps, names

ROOT = Path(__file__).resolve().parents[2]


@given(field_maps)
def test_what_is_written_is_read_back(fields: dict[str, Any]) -> None:
    back = loads(dumps(fields))

    assert back == fields
    assert {n: type(v) for n, v in back.items()} == {n: type(v) for n, v in fields.items()}


@given(field_maps, st.randoms())
def test_the_order_of_fields_does_not_matter(fields: dict[str, Any], chance: Any) -> None:
    shuffled = list(fields.items())
    chance.shuffle(shuffled)

    assert canonical(dict(shuffled)) == canonical(fields)


@given(st.sampled_from(Side), st.sampled_from(ItemKind), names, names, names, field_maps)
def test_an_item_is_read_back(side: Any, kind: Any, ident: str, where: str, version: str, fields: Any) -> None:
    item = Item(ItemRef(side, kind, ident, where), version, fields)

    assert load_item(dump_item(item)) == item


def test_missing_stays_the_one_missing() -> None:
    assert loads(dumps({"a": MISSING}))["a"] is MISSING


def test_kinds_that_look_alike_stay_apart() -> None:
    told = [canonical({"a": value}) for value in (1, True, "1", None, "", (), MISSING, ("1",))]

    assert len(set(told)) == len(told)


def test_one_instant_is_told_in_one_way() -> None:
    there = datetime(2026, 11, 23, 9, 0, tzinfo=timezone(timedelta(hours=5, minutes=30)))

    assert canonical({"a": there}) == canonical({"a": there.astimezone(UTC)})


def test_an_instant_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        canonical({"a": datetime(2026, 11, 23, tzinfo=UTC).replace(tzinfo=None)})


def test_foreign_values_and_foreign_versions_are_refused() -> None:
    with pytest.raises(TypeError, match="float"):
        canonical({"a": 1.5})  # type: ignore[dict-item]
    with pytest.raises(ValueError, match="another version"):
        loads(b'{"v":0,"f":{}}')


EVERYTHING: dict[str, Any] = {
    "text": "Ünïcode 😀",
    "when": datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
    "span": Span(datetime(2026, 11, 23, 9, tzinfo=UTC), datetime(2026, 11, 23, 10, tzinfo=UTC)),
    "people": (Person("a@x.example", "Ann"), Attendee("b@x.example", "", Role.OPTIONAL, Response.ACCEPTED)),
    "later": (("deep", (Pending("abc"), MISSING)), 7, False, None),
}


def fingerprints() -> str:
    operation = Operation(
        Act.CREATE, Side.CRM, ItemKind.EVENT, "Event", Step.RECORDS, "FLD-1", "linked", key="k", values=EVERYTHING
    )  # fmt: skip
    return f"{canonical(EVERYTHING).decode()} {operation.id} {sorted(operation.requires)}"


def test_bytes_and_ids_are_the_same_in_every_process() -> None:
    script = "from tests.property.test_codec import fingerprints; print(fingerprints())"
    told = {
        subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("0", "1", "4711")
    }

    assert told == {fingerprints()}
