"""The laws are worth something: each planted mistake is noticed by the law that forbids it."""

from __future__ import annotations

import pytest

from tests.property import worlds
from tests.property.laws import LAWS

LENS, _TABLE, EVENT, BASELINE, FIELDS = worlds.MODULES

# What is planted where, and the law that it breaks.
MUTANTS = {
    "an edit in the CRM goes up": (
        FIELDS,
        "work.down(row, theirs)  # 2",
        "work.up(row, ours, theirs)  # 2",
        "m2_edits_survive",
    ),
    "an edit in the mailbox is forgotten": (
        FIELDS,
        "work.up(row, ours, theirs)  # 3",
        "work.agree(row, ours)  # 3",
        "m2_edits_survive",
    ),
    "equal edits are not agreed": (
        FIELDS,
        "work.agree(row, ours)  # 1, or 4 with the same edit",
        "pass",
        "m7_agreed_or_conflict",
    ),
    "a write up is not agreed": (
        FIELDS,
        "FieldChange(row.name, before, view))\n        self.agree(row, view)",
        "FieldChange(row.name, before, view))",
        "m7_agreed_or_conflict",
    ),
    "a write down forgets the detail": (
        FIELDS,
        "value = row.to_mailbox(view, self.mailbox)",
        "value = view",
        "m6_detail_kept",
    ),
    "the newest loses": (
        FIELDS,
        "Winner.NEWEST: work.newest",
        "Winner.NEWEST: work.newest.other",
        "winner_prevails",
    ),
    "a person need not decide": (
        FIELDS,
        "Winner.MANUAL: None",
        "Winner.MANUAL: Side.MAILBOX",
        "winner_prevails",
    ),
    "silence of the CRM is an edit": (
        FIELDS,
        "if ours is MISSING or theirs is MISSING:",
        "if ours is MISSING:",
        "silence",
    ),
    "frozen rows travel": (
        FIELDS,
        "if row.direction is Direction.UP_ONCE:",
        "if row.direction is None:",
        "body_frozen",
    ),
    "directions do not matter downwards": (
        FIELDS,
        "row.direction.goes_down and work.base.changed(row.name, theirs)",
        "work.base.changed(row.name, theirs)",
        "one_way",
    ),
    "directions do not matter upwards": (
        FIELDS,
        "row.direction.goes_up and work.base.changed(row.name, ours)",
        "work.base.changed(row.name, ours)",
        "one_way",
    ),
    "reminders see the old start": (
        FIELDS,
        "self.to_mailbox[row.reads] = self.mailbox[row.reads] = value",
        "self.to_mailbox[row.reads] = value",
        "m1_nothing_left",
    ),
    "without a mark nothing changed": (
        BASELINE,
        "mark is None or not",
        "mark is not None and not",
        "m5_same_view",
    ),
    "cut views keep their last space": (
        LENS,
        "return cut(text_of(value).strip(), n).rstrip()",
        "return cut(text_of(value).strip(), n)",
        "normal",
    ),
    "an unchanged view is written back": (
        LENS,
        "return old if old is not MISSING and get(old) == view else back(view)",
        "return back(view)",
        "get_put",
    ),
    "unknown words pass": (
        LENS,
        "found = words.get(value) if isinstance(value, str) else None",
        "found = words.get(value, value) if isinstance(value, str) else None",
        "closed",
    ),
    "one unit too many": (
        LENS,
        "[: 2 * n]",
        "[: 2 * n + 2]",
        "within_limit",
    ),
    "emojis count once": (
        LENS,
        'end = len(text.encode("utf-16-le")[: 2 * n].decode("utf-16-le", "ignore"))',
        "end = n",
        "within_limit",
    ),
    "accents are parted from their letter": (
        LENS,
        "return bool(unicodedata.combining(char)) or",
        "return",
        "within_limit",
    ),
    "an all-day event ends a day early": (
        EVENT,
        "minutes: view.days * DAY_MINUTES",
        "minutes: (view.days - 1) * DAY_MINUTES",
        "form",
    ),
}

pytestmark = pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")


@pytest.mark.parametrize("name", MUTANTS)
def test_the_law_notices(name: str) -> None:
    module, old, new, broken = MUTANTS[name]
    law = next(law for law in LAWS if law.name == broken)
    with worlds.mutated(module, old, new) as world, pytest.raises((AssertionError, pytest.fail.Exception)):
        law.hold(world, 500, shrink=False)
