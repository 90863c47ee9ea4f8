"""What becomes of a pair when each side is gone, as agreed, or edited.

    mailbox \\ crm |  gone            |  same        |  changed
    gone           |  forget          |  delete crm  |  hold
    same           |  delete mailbox  |  nothing     |  down
    changed        |  hold            |  up          |  merge

The cells that delete or hold are only what the sides suggest: `mapping.rules.deletion` says what the kind of the item
and the organization's strategy make of them.
"""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    GONE = "gone"
    SAME = "same"
    CHANGED = "changed"


class PairAct(StrEnum):
    FORGET = "forget"
    DELETE_CRM = "delete_crm"
    DELETE_MAILBOX = "delete_mailbox"
    HOLD = "hold"
    NOTHING = "nothing"
    UP = "up"
    DOWN = "down"
    MERGE = "merge"


PAIRED: dict[tuple[State, State], PairAct] = {
    (State.GONE, State.GONE): PairAct.FORGET,
    (State.GONE, State.SAME): PairAct.DELETE_CRM,
    (State.GONE, State.CHANGED): PairAct.HOLD,
    (State.SAME, State.GONE): PairAct.DELETE_MAILBOX,
    (State.SAME, State.SAME): PairAct.NOTHING,
    (State.SAME, State.CHANGED): PairAct.DOWN,
    (State.CHANGED, State.GONE): PairAct.HOLD,
    (State.CHANGED, State.SAME): PairAct.UP,
    (State.CHANGED, State.CHANGED): PairAct.MERGE,
}
