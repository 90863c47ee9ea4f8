"""The table of deletions, cell by cell as the manual has it, and the five kinds it speaks of."""

from __future__ import annotations

import pytest

from mapping.merge.edits import Edits
from mapping.model.item import ItemKind, Side
from mapping.rules import deletion
from mapping.rules.deletion import REASONS, Fate, Stake, Trigger, fate, plain_fate
from mapping.rules.kinds import letter
from tests.support.items import COLLEAGUE, CUSTOMER, ME, crm_event, event, guest, me, settings

WORDS = {
    "C": Fate.DELETE_CRM, "M": Fate.DELETE_MAILBOX, "R": Fate.RELEASE, "K": Fate.RESTORE_MARK, "D": Fate.DECLINE,
    "-": Fate.DROP, "I": Fate.RESTORE_ITEM,
}  # fmt: skip

# One word a kind, A to E.
TABLE = {
    Trigger.CATEGORY_REMOVED: "KKKKK",
    Trigger.MAILBOX_DELETED: "CCCCD",
    Trigger.UNSYNC_MARK: "CCCCD",
    Trigger.WINDOW: "RMRRR",
    Trigger.CRM_DELETED: "RMRRR",
    Trigger.DEACTIVATED: "RMRRR",
    Trigger.TAKEN_BACK: "CMCCR",
    Trigger.BOTH_DELETED: "-----",
    Trigger.MOVED_OUT: "RRRRR",
    Trigger.SWITCHED_OFF: "RMRRR",
    Trigger.LEFT_SCOPE: "RRRRR",
    Trigger.FOLDER_GONE: "RRRRR",
    Trigger.CONDITION: "MMMMR",
    Trigger.TAKEN_OVER: "RRRRR",
    Trigger.OCCURRENCE_GONE: "CCCCD",
    Trigger.SERIES_CHANGED: "CCCCD",
    Trigger.SERIES_OVER: "RRRRR",
}

# Tasks and contacts know two kinds: born in the mailbox, born in Salesforce.
PLAIN = {
    Trigger.CATEGORY_REMOVED: "KK",
    Trigger.MAILBOX_DELETED: "CC",
    Trigger.UNSYNC_MARK: "RR",
    Trigger.WINDOW: "RR",
    Trigger.CRM_DELETED: "MM",
    Trigger.DEACTIVATED: "RM",
    Trigger.TAKEN_BACK: "RM",
    Trigger.BOTH_DELETED: "--",
    Trigger.MOVED_OUT: "RR",
    Trigger.SWITCHED_OFF: "RM",
    Trigger.LEFT_SCOPE: "RM",
    Trigger.FOLDER_GONE: "II",
}
FREE = settings(tasks__forbid_remove=False, contacts__forbid_remove=False)


@pytest.mark.rule("DEL-1", "DEL-3", "DEL-6", "DEL-8", "MRK-6")
@pytest.mark.parametrize("trigger", Trigger)
@pytest.mark.parametrize("kind", "ABCDE")
def test_every_cell_is_as_the_manual_has_it(trigger: Trigger, kind: str) -> None:
    found, rule = fate(kind, trigger, "off")

    assert found is WORDS[TABLE[trigger]["ABCDE".index(kind)]]
    assert rule == ("DEL-6" if found is Fate.DECLINE else rule)
    assert trigger in REASONS


@pytest.mark.rule("MRK-2", "MRK-3", "TSK-5", "TSK-7", "TSK-8", "TSK-12", "CON-7", "CON-8", "CON-10", "LIF-6")
@pytest.mark.parametrize("trigger", PLAIN)
@pytest.mark.parametrize("kind", [ItemKind.TASK, ItemKind.CONTACT])
def test_every_cell_for_tasks_and_contacts(trigger: Trigger, kind: ItemKind) -> None:
    for index, born in enumerate("AB"):
        assert plain_fate(kind, born, trigger, FREE)[0] is WORDS[PLAIN[trigger][index]]


@pytest.mark.rule("TSK-6", "CON-9")
@pytest.mark.parametrize(("kind", "rule"), [(ItemKind.TASK, "TSK-6"), (ItemKind.CONTACT, "CON-9")])
def test_what_may_not_be_removed_comes_back_or_is_let_go(kind: ItemKind, rule: str) -> None:
    for down, found in ((True, Fate.RESTORE_ITEM), (False, Fate.RELEASE)):
        kept = settings(**{f"{kind.value}s__forbid_remove": True, f"{kind.value}s__down": down})
        assert plain_fate(kind, "A", Trigger.MAILBOX_DELETED, kept) == (found, rule)


@pytest.mark.rule("TSK-8", "CON-8")
def test_moving_out_may_count_as_deleting() -> None:
    strict = settings(tasks__move_out="delete", tasks__forbid_remove=False)
    assert plain_fate(ItemKind.TASK, "A", Trigger.MOVED_OUT, strict) == (Fate.DELETE_CRM, "TSK-5")


@pytest.mark.rule("DEL-2")
@pytest.mark.parametrize(
    ("strategy", "kind", "born", "found"),
    [
        ("off", "C", Side.CRM, Fate.RELEASE),
        ("own", "C", Side.CRM, Fate.DELETE_MAILBOX),
        ("own", "C", Side.MAILBOX, Fate.RELEASE),
        ("own", "A", Side.MAILBOX, Fate.RELEASE),
        ("all", "C", Side.MAILBOX, Fate.DELETE_MAILBOX),
        ("all", "A", Side.MAILBOX, Fate.DELETE_MAILBOX),
        ("all", "D", Side.MAILBOX, Fate.RELEASE),
        ("all", "E", Side.MAILBOX, Fate.RELEASE),
        ("off", "B", Side.CRM, Fate.DELETE_MAILBOX),
    ],
)
def test_the_strategy_says_how_far_deletions_in_salesforce_reach(
    strategy: str, kind: str, born: Side, found: Fate
) -> None:
    assert fate(kind, Trigger.CRM_DELETED, strategy, born=born) == (found, "DEL-2")


@pytest.mark.rule("DEL-2", "DEL-10")
@pytest.mark.parametrize("trigger", [each for each in Trigger if each is not Trigger.CRM_DELETED])
def test_the_strategy_changes_nothing_else(trigger: Trigger) -> None:
    for kind in "ABCDE":
        assert fate(kind, trigger, "all") == fate(kind, trigger, "off")


@pytest.mark.rule("ATT-8", "ROL-1", "ROL-4")
def test_the_kind_follows_guests_birth_and_organizer() -> None:
    assert letter(event(), Side.MAILBOX, me()) == "A"
    assert letter(event(), Side.CRM, me()) == "B"
    assert letter(crm_event(), Side.CRM, me()) == "B"
    assert letter(crm_event(Invitees=(guest(CUSTOMER),)), Side.CRM, me()) == "C"
    assert letter(event(CUSTOMER), Side.MAILBOX, me()) == "C"
    assert letter(event(ME, organizer=CUSTOMER), Side.MAILBOX, me()) == "D"
    assert letter(event(ME, organizer=COLLEAGUE), Side.MAILBOX, me()) == "D"
    assert letter(event(ME, organizer=COLLEAGUE), Side.MAILBOX, me(COLLEAGUE)) == "E"


# --- what is spared


def spared(found: Fate, stake: Stake, trigger: Trigger = Trigger.MAILBOX_DELETED, **given: object) -> Fate:
    return deletion.spared(found, "DEL-1", trigger, stake, settings(**given))[0]


@pytest.mark.rule("DEL-10")
def test_a_meeting_with_outsiders_is_deleted_by_a_condition_only_where_that_is_set() -> None:
    outsiders = Stake(outsiders=True)

    assert spared(Fate.DELETE_MAILBOX, outsiders, Trigger.CONDITION) is Fate.RELEASE
    assert spared(Fate.DELETE_MAILBOX, Stake(), Trigger.CONDITION) is Fate.DELETE_MAILBOX
    asked = spared(Fate.DELETE_MAILBOX, outsiders, Trigger.CONDITION, deletion__own_meetings=True)
    assert asked is Fate.DELETE_MAILBOX
    # `deletion.events` is an explicit wish too
    assert spared(Fate.DELETE_MAILBOX, outsiders, Trigger.CRM_DELETED) is Fate.DELETE_MAILBOX


@pytest.mark.rule("DEL-5")
def test_an_edited_event_is_deleted_kept_or_restored_by_the_policy_for_conflicts() -> None:
    mapped, outside = Stake(edits=Edits(mapped=True)), Stake(edits=Edits(outside=True))

    assert spared(Fate.DELETE_CRM, Stake()) is Fate.DELETE_CRM
    assert spared(Fate.DELETE_CRM, mapped) is Fate.DELETE_CRM
    assert spared(Fate.DELETE_CRM, outside) is Fate.KEEP
    assert spared(Fate.DELETE_CRM, mapped, conflict__event="manual") is Fate.KEEP
    assert spared(Fate.DELETE_CRM, outside, conflict__event="salesforce") is Fate.RESTORE_ITEM
    assert spared(Fate.DELETE_CRM, outside, Trigger.UNSYNC_MARK) is Fate.DELETE_CRM  # the user said so


@pytest.mark.rule("SCP-21")
def test_an_archived_event_is_not_deleted() -> None:
    assert spared(Fate.DELETE_CRM, Stake(read_only=True)) is Fate.RELEASE
    assert spared(Fate.DECLINE, Stake(read_only=True)) is Fate.DECLINE


def test_cancelled_instead_of_deleted() -> None:
    instead = {"deletion__cancel_instead": "ShowAs=Free"}

    assert spared(Fate.DELETE_CRM, Stake(), **instead) is Fate.CANCEL
    assert spared(Fate.DELETE_CRM, Stake(edits=Edits(outside=True)), **instead) is Fate.KEEP
    assert spared(Fate.DELETE_CRM, Stake(), Trigger.UNSYNC_MARK, **instead) is Fate.DELETE_CRM
