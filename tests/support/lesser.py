"""A mailbox that is able to do less than the one behind it, and breaks when it is asked for what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from connectors.errors import ConnectorError
from connectors.protocols import Can, Detail, Mailbox, Outcome, Write
from mapping.model import fields as f
from mapping.model.item import Item, ItemKind, ItemRef
from sync_tasks.state.records import UserView
from tests.support.world import World


def lessen(patch: pytest.MonkeyPatch, world: World, *lacking: Can) -> None:
    """From now on the mailboxes of a world lack these abilities."""
    whole = world.app.mailbox

    def lesser(user: UserView, *, asked: bool = True) -> LesserMailbox:
        return LesserMailbox(whole(user, asked=asked), lacking)

    patch.setattr(world.app, "mailbox", lesser)


class LesserMailbox:
    """What is not written here is done by the mailbox behind it."""

    def __init__(self, mailbox: Mailbox, lacking: Sequence[Can]) -> None:
        self._mailbox, self._lacking = mailbox, frozenset(lacking)
        self.can = mailbox.can - self._lacking

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mailbox, name)

    def changes(self, folder: str, cursor: str | None) -> Any:
        assert Can.TASKS in self.can or folder not in ("tasks", "synced_tasks")
        assert Can.TASK_CATEGORIES in self.can or folder != "tasks"  # nothing there could be marked
        return self._mailbox.changes(folder, cursor)

    def read(self, refs: Sequence[ItemRef], detail: Detail) -> Mapping[ItemRef, Item | ConnectorError]:
        return {ref: self._as_told(answer) for ref, answer in self._mailbox.read(refs, detail).items()}

    def write(self, writes: Sequence[Write]) -> list[Outcome]:
        bare = Can.TASK_CATEGORIES in self._lacking
        assert not any(bare and each.kind is ItemKind.TASK and f.CATEGORIES in each.values for each in writes)
        return self._mailbox.write(writes)

    def _as_told(self, answer: Item | ConnectorError) -> Item | ConnectorError:
        if isinstance(answer, Item) and answer.ref.kind is ItemKind.TASK and Can.TASK_CATEGORIES in self._lacking:
            return answer.with_fields({f.CATEGORIES: ()})
        return answer
