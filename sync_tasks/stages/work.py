"""One item on its way through a run: what was read, what was decided, what it will hang on."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from mapping.model.codec import dump_item, load_item
from mapping.model.item import Item, ItemKind, ItemRef, Side
from mapping.model.reasons import Reason
from mapping.rules.candidates import Code, LinkStep, load_candidate
from mapping.rules.linking import Linked, Links
from mapping.rules.scope import Decision, Outcome


@dataclass(slots=True)
class Work:
    side: Side
    kind: ItemKind
    ref: ItemRef
    deleted: bool = False
    item: Item | None = None
    key: str = ""  # the pair key, as soon as it is known
    decision: Decision | None = None
    links: Links | None = None
    copied: bool = False  # it was copied from a saved item, with all that we had put on that

    @property
    def slot(self) -> str:
        return f"{self.side.value}:{self.kind.value}:{self.ref.id}"

    @property
    def outcome(self) -> Outcome | None:
        return None if self.decision is None else self.decision.outcome

    def dump(self) -> bytes:
        """As JSON; opened again by `load`."""
        decision, links = self.decision, self.links
        body = {
            "ref": [self.ref.side.value, self.ref.kind.value, self.ref.id, self.ref.container],
            "deleted": self.deleted,
            "key": self.key,
            "item": None if self.item is None else dump_item(self.item).decode(),
            "decision": None
            if decision is None
            else [decision.outcome.value, decision.reason.value, decision.rule, dict(decision.detail)],
            "links": None if links is None else asdict(links),
            "copied": self.copied,
        }
        return json.dumps(body).encode()

    @classmethod
    def load(cls, blob: bytes) -> Work:
        body = json.loads(blob)
        side, kind, ref_id, container = body["ref"]
        ref = ItemRef(Side(side), ItemKind(kind), ref_id, container)
        item, decision, links = body["item"], body["decision"], body["links"]
        return cls(
            ref.side, ref.kind, ref, body["deleted"],
            None if item is None else load_item(item.encode()),
            body["key"],
            None if decision is None else Decision(Outcome(decision[0]), Reason(decision[1]), decision[2], decision[3]),
            None if links is None else load_links(links),
            body["copied"],
        )  # fmt: skip


def load_links(body: dict[str, object]) -> Links:
    """The inverse of `asdict` for Links."""
    values = dict(body)
    for name in ("who_ids", "whats", "own"):
        values[name] = tuple(values[name])  # type: ignore[arg-type]
    values["steps"] = tuple(LinkStep(Code(step["code"]), step["detail"]) for step in values["steps"])  # type: ignore[attr-defined]
    values["people"] = tuple(Linked(**each) for each in values["people"])  # type: ignore[attr-defined]
    values["candidates"] = tuple(load_candidate(each) for each in values["candidates"])  # type: ignore[attr-defined]
    values["skip"] = None if values["skip"] is None else Reason(values["skip"])  # type: ignore[arg-type]
    return Links(**values)  # type: ignore[arg-type]
