"""Stories of whose addresses count on a mail: the user's own, colleagues', blocked ones, and customers'."""

from __future__ import annotations

import pytest

from mapping.model.reasons import Reason
from tests.pipeline.mail_words import HOMER, MARK, known, linked, saved
from tests.support.world import World

pytestmark = pytest.mark.every_mailbox


@pytest.mark.rule("FLT-2")
def test_a_user_is_known_under_the_addresses_of_his_mailbox_and_that_of_salesforce(world: World) -> None:
    ann = world.user(aliases=["ann.smith@acme.example", "a.smith@acme.example"], autosave__emails=True)
    world.change("User", ann.crm_user_id, Email="ann@acme-crm.example")
    known(world)

    world.sync(ann)

    with world.app.store.reading() as unit:
        told = unit.accounts.user(ann.id).aliases
    assert sorted(told) == ["a.smith@acme.example", "ann.smith@acme.example", "ann@acme-crm.example"]
    world.message(ann, "From myself", sender="ann@acme-crm.example", to=HOMER, folder="sentitems")
    world.later(minutes=30)
    world.sync(ann)
    assert saved(world, "Incoming")["From myself"]["Incoming"] is False


@pytest.mark.rule("FLT-2")
def test_addresses_are_asked_for_anew_each_week_and_when_the_credentials_change(world: World) -> None:
    ann = world.user()
    world.sync(ann)
    world.change("User", ann.crm_user_id, Email="ann.new@acme.example")

    def told() -> tuple[str, ...]:
        with world.app.store.reading() as unit:
            return unit.accounts.user(ann.id).aliases

    world.later(days=6)
    world.sync(ann)
    assert told() == ()
    with world.app.store.writing() as unit:
        unit.accounts.forget_profile(world.org, None)  # as `org connect` does
    world.sync(ann)
    assert told() == ("ann.new@acme.example",)

    world.change("User", ann.crm_user_id, Email="ann.newer@acme.example")
    world.later(days=7)
    world.sync(ann)
    assert told() == ("ann.newer@acme.example",)


@pytest.mark.rule("FLT-1")
def test_the_domains_of_the_users_own_addresses_are_internal(world: World) -> None:
    ann = world.user(aliases=["ann@acme-sales.example"], autosave__emails=True)
    world.sync(ann)
    world.record("Lead", LastName="Sales", Company="Acme", Email="carl@acme-sales.example")
    world.later(minutes=30)
    world.message(ann, "Among us", sender="carl@acme-sales.example")

    world.sync(ann)

    assert saved(world) == {}
    assert Reason.ALL_INTERNAL in world.reasons(ann)


@pytest.mark.rule("FLT-6")
@pytest.mark.parametrize(("allowed", "subjects"), [(True, ["From rival"]), (False, [])])
@pytest.mark.point("1.10.5")
def test_a_user_may_take_entries_off_the_organizations_list_unless_that_is_forbidden(
    world: World, allowed: bool, subjects: list[str]
) -> None:
    ann = world.user(autosave__emails=True, blocklist__removed=["rival.example"])
    bob = world.user("bob@acme.example", autosave__emails=True)
    world.set(blocklist__org=["rival.example"], blocklist__removable=allowed)
    known(world, "eve@rival.example", "Rival")
    for user in (ann, bob):
        world.message(user, "From rival", sender="eve@rival.example", message_id=f"<{user.id}@rival.example>")
        world.sync(user)

    assert list(saved(world)) == subjects
    assert Reason.ALL_BLOCKED in world.reasons(bob)


@pytest.mark.rule("FLT-6")
def test_internal_and_free_domains_can_be_taken_off_too(world: World) -> None:
    ann = world.user(autosave__emails=True, blocklist__removed=["gmail.com", "partner.acme.example"])
    world.set(domains__internal=["acme.example", "partner.acme.example"])
    for address in ("homer@gmail.com", "pat@partner.acme.example"):
        world.record("Lead", LastName="Somebody", Company="Home", Email=address)
        world.message(ann, address, sender=address)

    world.sync(ann)

    assert list(saved(world)) == ["homer@gmail.com"]  # partner.acme.example lies below acme.example


@pytest.mark.rule("FLT-9")
@pytest.mark.parametrize(("blocked", "subjects"), [([], ["Known colleague"]), (["acme.example"], [])])
def test_where_colleagues_count_they_are_linked_when_salesforce_knows_them(
    world: World, blocked: list[str], subjects: list[str]
) -> None:
    ann = world.user(autosave__emails=True)
    world.set(internal__include=True, resolve__kind="lead", blocklist__org=blocked)
    carl, _ = known(world, "carl@acme.example", "Acme")
    world.message(ann, "Known colleague", sender="carl@acme.example")
    world.message(ann, "Unknown colleague", sender="dora@acme.example")
    world.message(ann, "Nearly", sender="carl@acme.example.org")

    world.sync(ann)

    assert [each for each in saved(world) if each.endswith("colleague")] == subjects
    assert linked(world) & {carl} == ({carl} if subjects else set())
    assert [row["Email"] for row in world.records("Lead", "Email")] in ([], ["carl@acme.example.org"])


@pytest.mark.rule("FLT-10")
@pytest.mark.parametrize("overrides", [False, True])
def test_a_colleague_with_a_contact_counts_as_a_customer_only_where_that_is_wanted(
    world: World, overrides: bool
) -> None:
    ann = world.user(autosave__emails=True)
    world.set(internal__people_record_overrides=overrides)
    carl, account = known(world, "carl@acme.example", "Acme")
    world.message(ann, "Known", sender="carl@acme.example")
    world.message(ann, "Unknown", sender="dora@acme.example")

    world.sync(ann)

    assert {subject: row["RelatedToId"] for subject, row in saved(world).items()} == (
        {"Known": account} if overrides else {}
    )
    assert (carl in linked(world)) is overrides
    assert Reason.ALL_INTERNAL in world.reasons(ann)


@pytest.mark.rule("FLT-12", "FLT-3")
def test_a_list_that_changes_holds_from_the_next_run_on(world: World) -> None:
    ann = world.user(autosave__emails=True)
    known(world)
    world.message(ann, "Before", sender=HOMER)
    world.sync(ann)
    world.set(ann, blocklist__user=["globex.example"])
    world.later(minutes=30)
    world.message(ann, "Blocked", sender=HOMER, message_id="<2@globex.example>")
    world.sync(ann)
    world.set(ann, blocklist__user=[])
    world.later(minutes=30)
    world.message(ann, "After", sender=HOMER, message_id="<3@globex.example>")
    world.sync(ann)

    assert sorted(saved(world)) == ["After", "Before"]


BLOCKED = {
    "ann+news@globex.example": ["ann@globex.example", "globex.example"],
    "Ann@Globex.example": ["ann@globex.example", "ANN@GLOBEX.EXAMPLE", "Globex.Example", "@globex.example"],
    "ann@bücher.example": ["xn--bcher-kva.example", "bücher.example", "BÜCHER.example"],
    "ann@mail.globex.example": ["globex.example"],
    "ann@globex.example.": ["globex.example", "ann@globex.example"],
    "ann@globex.example": ["globex.example.", "globex.example"],
}
LET_BY = {
    ("ann+news@globex.example", "ann@globex.example"),
}


@pytest.mark.mail_seed(19)
@pytest.mark.rule("FLT-4")
@pytest.mark.parametrize(("sender", "entry"), [(sender, entry) for sender, found in BLOCKED.items() for entry in found])
def test_an_entry_of_a_list_stands_for_an_address_in_every_spelling(world: World, sender: str, entry: str) -> None:
    ann = world.user(autosave__emails=True, blocklist__user=[entry])
    world.record("Lead", LastName="Ann", Company="Globex", Email=sender.rstrip(".").replace("ü", "u"))
    world.set(autosave__email_mode=1)
    world.message(ann, "Order", sender=sender)

    world.sync(ann)

    assert bool(saved(world)) is ((sender, entry) in LET_BY)
    assert (Reason.ALL_BLOCKED in world.reasons(ann)) is ((sender, entry) not in LET_BY)


@pytest.mark.mail_seed(19)
@pytest.mark.rule("FLT-4")
def test_an_entry_with_a_tag_blocks_that_address_alone_and_sub_domains_may_be_let_by(world: World) -> None:
    ann = world.user(autosave__emails=True, blocklist__user=["homer+news@globex.example", "initech.example"])
    world.set(blocklist__subdomains=False)
    known(world)
    known(world, "bill@mail.initech.example", "Initech")
    for sender in (HOMER, "homer+news@globex.example", "bill@mail.initech.example"):
        world.message(ann, sender, sender=sender)

    world.sync(ann)

    assert sorted(saved(world)) == ["bill@mail.initech.example", HOMER]


@pytest.mark.rule("WAY-1", "FLT-7")
def test_not_even_a_mark_links_somebody_who_is_blocked(world: World) -> None:
    ann = world.user(blocklist__user=["rival.example"])
    eve, _ = known(world, "eve@rival.example", "Rival")
    homer, account = known(world)
    world.message(ann, "Both", sender="eve@rival.example", to=f"ann@acme.example,{HOMER}", **MARK)

    world.sync(ann)

    assert saved(world)["Both"]["RelatedToId"] == account
    assert linked(world) - {ann.crm_user_id} == {homer}
    assert eve not in linked(world)
