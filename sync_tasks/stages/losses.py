"""What fetch tells the guards: sources that could not simply be read on from where the last run stopped."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from mapping.model.item import ItemKind, Side
from mapping.rules.guards import Loss, Source
from sync_tasks.stages.context import StageContext
from sync_tasks.state.store import Unit

NOTE = "losses"


@dataclass(slots=True)
class Losses:
    """What befell each source; the worst of it counts."""

    found: dict[Source, Loss] = field(default_factory=dict)

    def add(self, side: Side, kind: ItemKind, *, nothing_there: bool) -> None:
        """A cursor was lost, and the source was read anew."""
        if nothing_there or (side, kind) not in self.found:
            self.found[side, kind] = Loss.EMPTY if nothing_there else Loss.CURSOR

    def missing(self, kind: ItemKind) -> None:
        """A managed folder was not there any more."""
        self.found[Side.MAILBOX, kind] = Loss.CONTAINER

    def save(self, ctx: StageContext, unit: Unit) -> None:
        if self.found:
            told = [[side.value, kind.value, loss.value] for (side, kind), loss in self.found.items()]
            ctx.save_note(unit, NOTE, json.dumps(told).encode())


def load(ctx: StageContext) -> dict[Source, Loss]:
    told = json.loads(ctx.load_note(NOTE) or b"[]")
    return {(Side(side), ItemKind(kind)): Loss(loss) for side, kind, loss in told}
