"""Looking only, and each thing once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors import protocols
from connectors.protocols import Detail
from connectors.remembering import LOOKS, LookingOnlyError, remembering
from mapping.model.item import Item, ItemKind, ItemRef, Side

HERE, GONE = (ItemRef(Side.MAILBOX, ItemKind.TASK, name, "tasks") for name in ("here", "gone"))
WRITES = {"write", "folders", "claim", "withdraw", "store_files"}
PER_ITEM = {"read", "poll"}
# nothing that a plan needs, so not even offered
CONTENTS = {"contents", "mail_folders", "moves", "unmoved"}


class Endpoint:
    """Tells one item, and counts how often it is asked."""

    can = frozenset[str]()

    def __init__(self) -> None:
        self.asked: list[object] = []

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> dict[ItemRef, Item]:
        self.asked.append((tuple(refs), detail))
        return {ref: Item(ref, "1", {}) for ref in refs if ref == HERE}

    def find(self, keys: object) -> list[object]:
        self.asked.append(keys)
        return list(keys)  # type: ignore[call-overload,no-any-return]

    def write(self, _writes: object) -> None:
        raise AssertionError("this must not be reached")


def test_what_was_asked_once_is_answered_from_memory_and_nothing_is_written() -> None:
    real = Endpoint()
    asked = remembering(real)
    for _ in range(2):
        assert list(asked.read([HERE, GONE], Detail.HEAD)) == [HERE]
        assert asked.find(each for each in ("b", "a")) == ["b", "a"]
    assert list(asked.read([GONE, HERE], Detail.BODY)) == [HERE]
    assert real.asked == [((HERE, GONE), Detail.HEAD), ("b", "a"), ((GONE, HERE), Detail.BODY)]
    with pytest.raises(LookingOnlyError, match="write"):
        asked.write([])


def test_every_method_of_both_sides_is_known_to_look_or_to_write() -> None:
    named = {
        name for protocol in (protocols.Mailbox, protocols.Crm, protocols.Endpoint)
        for name, found in vars(protocol).items() if callable(found) and not name.startswith("_")
    }  # fmt: skip
    assert named == LOOKS | WRITES | PER_ITEM | CONTENTS
