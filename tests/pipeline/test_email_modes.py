"""Stories of what is saved automatically in which mode, and of messages with nothing to link to."""

from __future__ import annotations

import pytest

from mapping.model.reasons import Reason
from tests.pipeline.mail_words import HOMER, MARK, categories, known, linked, saved, says
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


def page(world: World, record: str) -> str:
    """A text with the address of a record's page in this very org."""
    return f"See {world.server.url}/{record} for all about it"


@pytest.mark.mail_seed(1)
@pytest.mark.rule("WAY-5", "FLT-7", "FLT-1", "FLT-3")
def test_of_a_known_a_blocked_and_a_colleague_only_the_known_one_is_linked(world: World) -> None:
    ann = world.user(autosave__emails=True, blocklist__user=["rival.example"])
    homer, account = known(world)
    known(world, "eve@rival.example", "Rival")
    known(world, "bob@acme.example", "Acme")
    world.message(ann, "Order", sender="ann@acme.example", folder="sentitems",
                  to=f"{HOMER},eve@rival.example,bob@acme.example")  # fmt: skip

    world.sync(ann)

    assert saved(world)["Order"]["RelatedToId"] == account
    assert linked(world) - {ann.crm_user_id} == {homer}


MATRIX = {
    (0, False, False): None,
    (3, False, False): None,
    (0, True, False): Reason.RECORD_NAMED,
    (3, True, False): Reason.RECORD_NAMED,
    (0, False, True): Reason.RECORD_NAMED,
}


@pytest.mark.mail_seed(2)
@pytest.mark.rule("FLT-7")
@pytest.mark.parametrize(("mode", "unlinked", "counted"), MATRIX)
def test_a_mail_of_blocked_people_that_names_a_record_is_saved_only_where_settings_say_so(
    world: World, mode: int, unlinked: bool, counted: bool
) -> None:
    ann = world.user(autosave__emails=True, blocklist__user=["rival.example"])
    world.set(
        autosave__email_mode=mode, autosave__unlinked_emails=unlinked, autosave__count_blocked=counted
    )  # fmt: skip
    eve, _ = known(world, "eve@rival.example", "Rival")
    account = world.record("Account", Name="Named")
    world.message(ann, "Offer", sender="eve@rival.example", body=page(world, account))

    world.sync(ann)

    reason = MATRIX[mode, unlinked, counted]
    assert list(saved(world)) == (["Offer"] if reason else [])
    assert (reason or Reason.ALL_BLOCKED) in world.reasons(ann)
    assert eve not in linked(world)
    assert [row["RelatedToId"] for row in saved(world).values()] == [account] * bool(reason)


@pytest.mark.rule("RES-3", "WAY-1", "FLT-7")
def test_of_a_marked_mail_to_a_blocked_and_an_unknown_one_only_the_unknown_one_is_made(world: World) -> None:
    ann = world.user(resolve__kind="lead", blocklist__user=["rival.example"])
    world.message(ann, "Hello", sender="ann@acme.example", folder="sentitems",
                  to="eve@rival.example,bart@elsewhere.example", **MARK)  # fmt: skip

    world.sync(ann)

    assert [row["Email"] for row in world.records("Lead", "Email")] == ["bart@elsewhere.example"]
    assert list(saved(world)) == ["Hello"]


@pytest.mark.mail_seed(4)
@pytest.mark.rule("FLT-5", "RES-8")
@pytest.mark.parametrize("mode", range(5))
def test_nobody_with_free_mail_is_made_in_any_mode(world: World, mode: int) -> None:
    ann = world.user(autosave__emails=True, resolve__smart=True)
    world.set(autosave__email_mode=mode)
    world.message(ann, "Hi", sender="somebody@gmail.com")

    world.sync(ann)

    assert [world.records(each) for each in ("Lead", "Contact", "Account", "EmailMessage")] == [[], [], [], []]
    assert Reason.ALL_BLOCKED in world.reasons(ann)


UNKNOWN = "bart@elsewhere.example"


@pytest.mark.rule("WAY-5", "RES-2")
@pytest.mark.parametrize(
    ("mode", "texts", "leads"),
    [(0, [], 0), (1, ["Page", "Plain"], 1), (2, [], 0), (3, ["Page"], 0), (4, ["Page", "Plain"], 1)],
)
def test_each_mode_saves_mail_with_somebody_unknown_as_it_says(
    world: World, mode: int, texts: list[str], leads: int
) -> None:
    ann = world.user(autosave__emails=True)
    world.set(autosave__email_mode=mode)
    named = page(world, world.record("Account", Name="Named"))
    for subject, text in (("Plain", "Hello"), ("Page", named)):
        world.message(ann, subject, sender=ann.address, to=UNKNOWN, folder="sentitems", body=text)

    world.sync(ann)

    assert sorted(saved(world)) == texts
    assert [row["Email"] for row in world.records("Lead", "Email")] == [UNKNOWN] * leads


@pytest.mark.rule("WAY-5", "RES-5")
@pytest.mark.parametrize("mode", [2, 4])
def test_a_mode_puts_somebody_unknown_under_the_account_of_the_domain(world: World, mode: int) -> None:
    ann = world.user(autosave__emails=True)
    world.set(autosave__email_mode=mode)
    account = world.record("Account", Name="Globex", Website="https://www.globex.example")
    world.message(ann, "Hello", sender=ann.address, to="bart@globex.example", folder="sentitems")

    world.sync(ann)

    assert [(row["Email"], row["AccountId"]) for row in world.records("Contact", "Email", "AccountId")] == [
        ("bart@globex.example", account)
    ]
    assert saved(world)["Hello"]["RelatedToId"] == account


@pytest.mark.rule("WAY-5")
def test_only_mode_four_makes_somebody_unknown_beside_somebody_known(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    made = {}
    for mode in range(5):
        world.set(autosave__email_mode=mode)
        world.message(ann, f"Mode {mode}", sender=ann.address, to=f"{HOMER},{mode}@new.example", folder="sentitems",
                      message_id=f"<{mode}@acme.example>")  # fmt: skip
        world.sync(ann)
        made[mode] = [row["Email"] for row in world.records("Lead", "Email")]

    assert made == {0: [], 1: [], 2: [], 3: [], 4: ["4@new.example"]}
    assert len(saved(world)) == 5


@pytest.mark.rule("WAY-5")
@pytest.mark.parametrize(("mode", "count"), [(0, 0), (1, 1), (2, 0), (3, 0), (4, 1)])
def test_a_robots_mail_is_saved_as_the_mode_says_and_makes_nobody(world: World, mode: int, count: int) -> None:
    ann = world.user(autosave__emails=True)
    world.set(autosave__email_mode=mode)
    world.message(ann, "News", sender="no-reply@shop.example")

    world.sync(ann)

    assert len(saved(world)) == count
    assert [world.records(each) for each in ("Lead", "Contact", "Account")] == [[], [], []]


# --- marked, and nothing to link to


@pytest.mark.rule("MKM-4", "WAY-13")
def test_a_marked_mail_of_somebody_unknown_says_so_and_heals_when_the_contact_is_entered(world: World) -> None:
    ann = world.user()
    world.message(ann, "Order", sender=HOMER, Categories=["Family", "Salesforce"])
    world.sync(ann)
    for _ in range(20):
        world.later(days=1)
        world.sync(ann)

    shown = categories(world, ann, "Order")
    assert shown[:3] == ["Family", "Salesforce", "Sync Error"]
    assert says(world, shown, "No related records")
    assert world.issues(ann) == ["LINK.NONE"]

    known(world)
    world.later(minutes=30)
    world.sync(ann)

    assert list(saved(world)) == ["Order"]
    assert categories(world, ann, "Order") == ["Family", *["Salesforce", "Status: Tracked successfully"]]
    assert world.issues(ann) == []


@pytest.mark.rule("MKM-4")
def test_a_mail_is_not_tried_longer_than_thirty_days(world: World) -> None:
    ann = world.user()
    world.message(ann, "Order", sender=HOMER, **MARK)
    world.sync(ann)
    for days, tried in ((29, True), (2, True), (1, False)):
        world.later(days=days)
        world.calls()
        world.sync(ann)
        assert (world.asked("read") > 0) is tried

    assert saved(world) == {}
    assert world.issues(ann) == ["LINK.NONE"]


@pytest.mark.rule("MKM-4")
def test_who_takes_his_mark_back_gets_rid_of_the_error_mark(world: World) -> None:
    ann = world.user()
    mail = world.message(ann, "Order", sender=HOMER, **MARK)
    world.sync(ann)

    world.edit(ann, mail, Categories=[each for each in categories(world, ann, "Order") if each != "Salesforce"])
    world.later(minutes=30)
    world.sync(ann)

    assert categories(world, ann, "Order") == []
    assert world.issues(ann) == []


@pytest.mark.rule("FLT-8")
def test_what_may_be_saved_without_a_link_when_it_is_marked(world: World) -> None:
    ann = world.user()
    world.message(ann, "Internal", sender="bob@acme.example", **MARK)
    world.message(ann, "Unknown", sender=HOMER, **MARK)
    world.sync(ann)
    assert list(saved(world)) == ["Internal"]

    world.set(autosave__unlinked_emails=True)
    world.later(minutes=30)
    world.sync(ann)

    assert sorted(saved(world)) == ["Internal", "Unknown"]
    assert {row["RelatedToId"] for row in saved(world).values()} == {None}
    assert world.records("Lead") == []
