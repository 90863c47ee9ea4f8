"""By what messages belong together."""

from __future__ import annotations

from typing import Any

import pytest

from mapping.model import fields
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.rules import marks
from mapping.rules.threads import Keys, asks_for_thread, keys_of
from tests.support.items import settings

ANN, BOB = "ann@acme.example", "bob@acme.example"


def mail(number: int, *above: int, mailbox: str = ANN, conversation: str = "", **values: Any) -> Keys:
    ids = [f"<{each}@x>" for each in above]
    given = {
        fields.MESSAGE_ID: f"<{number}@x>", fields.CONVERSATION: conversation, fields.REFERENCES: tuple(ids),
        fields.IN_REPLY_TO: ids[-1] if ids else "", **values,
    }  # fmt: skip
    return keys_of("acme", mailbox, Item(ItemRef(Side.MAILBOX, ItemKind.EMAIL, "m", "inbox"), "v", given))


def together(one: Keys, other: Keys) -> bool:
    """Does the second message belong to the thread that the first one is in?"""
    return bool(set(one.own) & set(other.all))


def test_messages_meet_by_what_they_answer_in_every_mailbox() -> None:
    first = mail(1, conversation="a")

    assert together(first, mail(2, 1, mailbox=BOB, conversation="b"))
    assert together(mail(2, 1), mail(3, 1, 2, mailbox=BOB))
    assert together(mail(2, 1), mail(3, 2))  # only the parent is named
    assert together(mail(2, 1), mail(9, 1))  # siblings
    assert not together(first, mail(5, 4))


def test_a_conversation_counts_in_its_own_mailbox_only() -> None:
    assert together(mail(1, conversation="a"), mail(2, conversation="a"))
    assert not together(mail(1, conversation="a"), mail(2, conversation="a", mailbox=BOB))
    assert not together(mail(1), mail(2))


@pytest.mark.rule("THR-1", "THR-2")
@pytest.mark.parametrize(
    ("folder", "categories", "by", "asks"),
    [
        ("inbox", [marks.THREAD], {}, True),
        ("sent", ["salesforce thread"], {}, True),
        ("emails", [marks.THREAD], {}, False),
        ("inbox", [marks.SALESFORCE], {}, False),
        ("inbox", [marks.SALESFORCE], {"threads__by_default": True}, True),
        ("inbox", [marks.SALESFORCE, marks.TRACKED], {"threads__by_default": True}, False),
        ("inbox", [marks.THREAD], {"threads__enabled": False}, False),
    ],
)
def test_a_thread_is_asked_for_by_a_mark(folder: str, categories: list[str], by: dict[str, Any], asks: bool) -> None:
    item = Item(ItemRef(Side.MAILBOX, ItemKind.EMAIL, "m", folder), "v", {fields.CATEGORIES: tuple(categories)})

    assert asks_for_thread(item, settings(**{"threads__enabled": True, **by})) is asks
