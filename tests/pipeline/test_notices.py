"""Mails to people: at once, then once a day until it is mended, over a mail server that is really one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from pydantic import SecretStr

from sync_tasks.bootstrap import App
from sync_tasks.services import expiring, notifying, standing, users
from sync_tasks.services.scheduling import run_here
from sync_tasks.state.records import UserView
from tests.support.postoffice import PostOffice, post_office
from tests.support.world import World

pytestmark = pytest.mark.any_mailbox(why="who is told what, when and how often is the same over all")

BOSS = "boss@acme.example"


@pytest.fixture
def office(world: World, free_port: int) -> Iterator[PostOffice]:
    with post_office(free_port) as opened:
        told = {
            "smtp_host": "127.0.0.1", "smtp_port": free_port, "smtp_security": "none",
            "smtp_sender": "sync@acme.example", "smtp_admins": BOSS,
        }  # fmt: skip
        world.app.settings = world.app.settings.model_copy(update=told)
        yield opened


def own_password(world: World, user: UserView) -> None:
    """The user signs in to his mailbox himself."""
    with world.app.store.writing() as unit:
        found = unit.accounts.connection(world.org, None, "mailbox")
        assert found is not None
        mine = unit.accounts.put_connection(world.org, user.id, "mailbox", found[1], {})
        unit.accounts.put_credential(mine, "password", world.app.seal_secret(mine, "password", "sandbox"))


def refused(world: World, *names: str) -> list[UserView]:
    """Users whose mailbox has just refused the log-in."""
    users = [world.user(f"{name}@acme.example") for name in names]
    for user in users:
        own_password(world, user)
    world.mailboxes_fail("closed")
    for user in users:
        assert run_here(world.app, user.id).error_code == "MAILBOX.PERMANENT.AUTH_REVOKED"
    return users


def sent_over(world: World, hours: int) -> None:
    for _ in range(hours):
        notifying.send_due(world.app)
        world.later(hours=1)


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-11", "TOP-25")
@pytest.mark.point("1.6.3", "1.13.2")
def test_a_user_is_mailed_at_his_suspension_and_once_a_day_until_it_is_mended(world: World, office: PostOffice) -> None:
    (ann,) = refused(world, "ann")

    notifying.send_due(world.app)
    (mail,) = office.to(ann.address)
    assert mail["Subject"] == "Your Salesforce synchronization is suspended"
    text = mail.get_content()
    assert "no longer lets us in. Sign in again." in text
    assert "Sign in again: where you have let us in yourself" in text
    assert "inbox-sync" not in text  # what to type on the console is for administrators
    assert "MAILBOX.PERMANENT.AUTH_REVOKED" in text

    sent_over(world, 72)
    assert [str(mail["Subject"]) for mail in office.to(ann.address)] == [
        "Your Salesforce synchronization is suspended", *["Your Salesforce synchronization is still suspended"] * 2,
    ]  # fmt: skip
    users.switch(world.app, [ann], users.Switch.RESUME, by="ann")
    sent_over(world, 48)
    assert len(office.to(ann.address)) == 3


@pytest.mark.rule("TOP-11")
def test_administrators_get_one_mail_for_everything_by_cause(world: World, office: PostOffice) -> None:
    refused(world, "ann", "ben", "cem")
    dan = world.user("dan@acme.example")
    world.sandbox.faults.clear()
    world.app.mailbox(dan).claim("globex/0123456789ab")
    run_here(world.app, dan.id)

    sent_over(world, 50)

    first, second, third = office.to(BOSS)
    assert first["Subject"] == "acme: 4 users suspended"
    text = first.get_content().replace("\n", " ")
    assert "Suspended (3): ann@acme.example, ben@acme.example, cem@acme.example" in text
    assert "Suspended (1): dan@acme.example" in text
    assert "MAILBOX.CONFIG.CLAIMED" in text
    assert {mail["Subject"] for mail in (second, third)} == {"acme: 4 users suspended"}
    assert len({mail["Message-ID"] for mail in office.mails}) == len(office.mails)


@pytest.mark.rule("TOP-11")
def test_what_passes_before_anybody_was_told_is_not_told(world: World, office: PostOffice) -> None:
    (ann,) = refused(world, "ann")
    world.sandbox.faults.clear()
    users.switch(world.app, [ann], users.Switch.RESUME, by="ann")

    sent_over(world, 30)

    assert office.mails == []


@pytest.mark.every_mailbox
@pytest.mark.rule("TOP-11")
def test_connecting_anew_resumes_whoever_was_suspended_for_it(world: World, office: PostOffice) -> None:
    ann, ben = refused(world, "ann", "ben")
    world.sandbox.faults.clear()

    with world.app.store.writing() as unit:
        assert standing.renewed(unit, world.org, None, "crm", world.now) == []
        assert standing.renewed(unit, world.org, ann.id, "mailbox", world.now) == [ann.address]
        assert standing.renewed(unit, world.org, None, "mailbox", world.now) == [ben.address]

    with world.app.store.reading() as unit:
        assert {user.status for user in unit.accounts.users()} == {"enabled"}
        assert unit.notifications.listed() == []


@pytest.mark.rule("TOP-11")
def test_two_who_send_at_once_send_each_mail_once(world: World, office: PostOffice) -> None:
    refused(world, "ann", "ben", "cem")
    world.later(minutes=6)
    other = App(world.app.settings, clock=world.sandbox.clock.now)

    with ThreadPoolExecutor(2) as both:
        sent = list(both.map(notifying.send_due, (world.app, other)))

    other.close()
    assert sum(sent) == len(office.mails) == 4


@pytest.mark.rule("TOP-11")
@pytest.mark.parametrize("answer", ["451 later", "554 no"])
def test_a_mail_that_the_server_refuses_is_sent_later(world: World, office: PostOffice, answer: str) -> None:
    (ann,) = refused(world, "ann")
    office.answer = answer
    assert notifying.send_due(world.app) == 0
    office.answer = "250 OK"
    assert notifying.send_due(world.app) == 0  # not yet
    world.later(minutes=15)

    notifying.send_due(world.app)

    assert len(office.to(ann.address)) == 1


@pytest.mark.rule("TOP-11")
def test_an_unknown_recipient_keeps_nobody_else_from_his_mail(world: World, office: PostOffice) -> None:
    ann, ben = refused(world, "ann", "ben")
    office.refuses = frozenset({ann.address})

    assert notifying.send_due(world.app) == 1

    assert (office.to(ann.address), len(office.to(ben.address))) == ([], 1)


@pytest.mark.rule("TOP-11")
def test_a_line_that_breaks_after_a_mail_was_taken_sends_it_again_under_the_same_identity(
    world: World, office: PostOffice
) -> None:
    ann, ben = refused(world, "ann", "ben")
    office.hang_up = 1
    notifying.send_due(world.app)
    world.later(minutes=15)

    notifying.send_due(world.app)

    told = [str(mail["Message-ID"]) for mail in office.to(ann.address)]
    assert len(told) == 2
    assert len(set(told)) == 1
    assert len(office.to(ben.address)) == 1


@pytest.mark.rule("TOP-11")
def test_mails_that_a_dead_sender_had_taken_are_sent_by_somebody_else(world: World, office: PostOffice) -> None:
    (ann,) = refused(world, "ann")
    with world.app.store.writing() as unit:
        unit.notifications.take_due(world.now, notifying.HOLD)  # and then it dies
    assert notifying.send_due(world.app) == 0
    world.later(seconds=(notifying.HOLD + timedelta(seconds=1)).total_seconds())

    notifying.send_due(world.app)

    assert len(office.to(ann.address)) == 1


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.rule("TOP-11")
def test_a_server_that_wants_a_log_in_takes_mails_of_who_has_one(world: World, free_port: int) -> None:
    (ann,) = refused(world, "ann")
    told = {"smtp_host": "127.0.0.1", "smtp_port": free_port, "smtp_security": "none", "smtp_user": "sync@acme.example"}
    with post_office(free_port, "sync@acme.example", "secret") as guarded:
        for password in ("wrong", "secret"):
            more = told | {"smtp_password": SecretStr(password)}
            world.app.settings = world.app.settings.model_copy(update=more)
            notifying.send_due(world.app)
            world.later(minutes=16)

        (mail,) = guarded.to(ann.address)
    assert mail["From"] == "sync@acme.example"


@pytest.mark.rule("TOP-11")
def test_a_server_that_does_not_encrypt_gets_nothing_where_that_is_asked_for(world: World, office: PostOffice) -> None:
    (ann,) = refused(world, "ann")
    world.app.settings = world.app.settings.model_copy(update={"smtp_security": "starttls"})

    assert notifying.send_due(world.app) == 0

    assert office.mails == []
    with world.app.store.reading() as unit:
        assert ann.address in {notice.address for notice in unit.notifications.listed()}


def test_without_a_server_nothing_is_sent_and_nothing_forgotten(world: World) -> None:
    (ann,) = refused(world, "ann")

    assert notifying.send_due(world.app) == 0

    with world.app.store.reading() as unit:
        assert {notice.address for notice in unit.notifications.listed()} == {"", ann.address}


def subjects(office: PostOffice, address: str) -> list[str]:
    return [str(mail["Subject"]) for mail in office.to(address)]


def ends(world: World, user_id: int | None, days: int) -> None:
    """The secret of a mailbox, of everybody's or of a user's own, is good for so many days more."""
    with world.app.store.writing() as unit:
        found = unit.accounts.connection(world.org, user_id, "mailbox")
        assert found is not None
        secret = world.app.seal_secret(found[0], "password", "sandbox")
        unit.accounts.put_credential(found[0], "password", secret, world.now + timedelta(days=days))


@pytest.mark.rule("TOP-12")
@pytest.mark.point("1.6.5")
def test_whoever_can_renew_a_credential_is_told_two_weeks_before_it_ends(world: World, office: PostOffice) -> None:
    ann = world.user()
    own_password(world, ann)

    def told(hours: int) -> tuple[list[str], list[str]]:
        for _ in range(hours):
            expiring.warn(world.app)
            notifying.send_due(world.app)
            world.later(hours=1)
        return subjects(office, BOSS), subjects(office, ann.address)

    ends(world, None, 20)
    ends(world, ann.id, 40)
    assert told(24) == ([], [])
    world.later(days=6)
    mails, none = told(48)
    assert (mails, none) == (["acme: credentials end soon"] * 2, [])
    assert "org connect" in office.to(BOSS)[0].get_content()

    ends(world, None, 400)
    world.later(days=20)
    mails, hers = told(24)
    assert (mails, len(hers)) == (["acme: credentials end soon"] * 2, 1)  # what was renewed is told no more
    text = office.to(ann.address)[0].get_content()
    assert "ends within two weeks" in text
    assert "inbox-sync" not in text
