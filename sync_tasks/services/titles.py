"""What people call their items: subjects are not kept here, so the mailbox itself is asked."""

from __future__ import annotations

from collections.abc import Collection

from connectors.errors import ConnectorError
from connectors.protocols import Detail
from mapping.model.fields import SUBJECT
from mapping.model.item import Item, ItemKind, ItemRef, Side
from sync_tasks.bootstrap import App, NotConnectedError
from sync_tasks.state.records import UserView

MOST = 60  # items of one question


def titles(app: App, user: UserView, items: Collection[tuple[str, str]]) -> dict[str, str]:
    """The subjects of mailbox items, each given as kind and id, by id; without those that are gone. One vendor call;
    nothing at all when the mailbox does not answer."""
    refs = [ItemRef(Side.MAILBOX, ItemKind(kind), ref, "elsewhere") for kind, ref in dict.fromkeys(items)][:MOST]
    if not refs:
        return {}
    try:
        answers = app.mailbox(user).read(refs, Detail.HEAD)
    except (ConnectorError, NotConnectedError):
        return {}
    return {ref.id: item.text(SUBJECT) for ref, item in answers.items() if isinstance(item, Item)}
