"""Trouble on the way: expired sessions, cut connections, limits."""

from __future__ import annotations

import socket
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Detail, Verb, Watch, Write
from connectors.salesforce import Token
from mapping.model.item import ItemKind, ItemRef, Side
from tests.contract.salesforce_connector.world import World, create

CALENDAR = [Watch("event", ItemKind.EVENT, "Event")]
ANY_API_CALL = "* /services/data/"
EXPIRED = {"status": 401, "code": "INVALID_SESSION_ID"}


class Cache(dict[str, Token]):
    def alone(self, key: str) -> AbstractContextManager[None]:
        return nullcontext()

    def put(self, key: str, token: Token) -> None:
        self[key] = token


def count(world: World) -> int:
    return len(world.rows("SELECT Id FROM Event"))


def test_an_expired_session_is_renewed_and_the_call_made_again_with_its_headers(world: World) -> None:
    made = world.crm.write([create("ev:1", Subject="@{ makes the row travel alone")])[0]
    world.later()
    world.change("Event", made.id, Subject="By a person")
    world.fault("PATCH /sobjects/Event/", **EXPIRED)
    write = Write(Verb.UPDATE, ItemKind.EVENT, "Event", id=made.id, version=made.version, values={"Subject": "@{"})
    with world.calls(3):  # refused, token, again
        outcome = world.crm.write([write])[0]
    assert outcome.error is not None
    assert outcome.error.fault is Fault.STALE  # without its condition the second try would have been written


def test_a_lead_keeps_its_owner_across_an_expired_session(world: World) -> None:
    world.user("queue@acme.example")
    world.switch(lead_assignment_owner="queue@acme.example")
    world.fault(ANY_API_CALL, **EXPIRED)
    write = create("", "Lead", ItemKind.CONTACT, LastName="Ann", Company="Acme")
    outcome = world.crm.write([write])[0]
    assert outcome.error is None
    assert world.rows("SELECT OwnerId FROM Lead")[0]["OwnerId"] == world.user_id


def test_a_session_that_stays_invalid_ends_after_one_replay(world: World) -> None:
    world.fault(ANY_API_CALL, times=None, **EXPIRED)
    with world.calls(3), pytest.raises(ConnectorError) as caught:
        world.crm.changes(CALENDAR, world.user_id, {})
    assert (caught.value.fault, caught.value.scope) == (Fault.AUTH_EXPIRED, Scope.CONNECTION)


def test_a_wrong_secret_asks_for_a_person(world: World) -> None:
    with pytest.raises(ConnectorError) as caught:
        world.connect(client_secret="wrong").shape()
    assert caught.value.fault is Fault.AUTH_REVOKED


def test_a_token_kept_by_the_application_saves_the_log_in(world: World) -> None:
    cache = Cache()
    world.connect(cache).shape()
    with world.calls(1):
        world.connect(cache).shape()


@pytest.mark.parametrize(
    "fault",
    [
        {"drop_after": True}, {"truncate": 20}, {"status": 500}, {"status": 502, "body": "<html>"},
        *({"status": 200, "body": body} for body in ("<html>", "null", "{}", " ")),
    ],
)  # fmt: skip
def test_a_lost_answer_is_an_unknown_outcome_for_every_write_of_the_call(
    world: World, fault: dict[str, object]
) -> None:
    world.fault("POST /composite", **fault)
    outcomes = world.crm.write([create(f"ev:{n}", Subject="Visit") for n in range(3)])
    assert [o.error.fault if o.error else None for o in outcomes] == [Fault.UNKNOWN] * 3


def test_a_write_cut_after_it_was_done_leaves_one_record_when_tried_again(world: World) -> None:
    world.fault("POST /composite", drop_after=True)
    writes = [create(f"ev:{n}", Subject="Visit") for n in range(3)]
    assert all(o.error and o.error.fault is Fault.UNKNOWN for o in world.crm.write(writes))
    assert count(world) == 3
    again = [Write(w.verb, w.kind, w.target, key=w.key, values=w.values, retrying=True) for w in writes]
    outcomes = world.crm.write(again)
    assert all(o.error is None and o.adopted and o.version for o in outcomes)
    assert count(world) == 3


def test_a_write_cut_before_it_was_done_is_done_when_tried_again(world: World) -> None:
    world.fault("POST /composite", drop_before=True)
    write = create("ev:1", Subject="Visit")
    unknown = world.crm.write([write])[0]
    assert unknown.error is not None
    assert unknown.error.fault is Fault.UNKNOWN
    again = Write(write.verb, write.kind, write.target, key=write.key, values=write.values, retrying=True)
    assert world.crm.write([again])[0].error is None
    assert count(world) == 1


def test_an_email_cut_after_it_was_shared_is_shared_once(world: World) -> None:
    world.fault("POST /composite", drop_after=True)
    values = {"Subject": "Mail", "TextBody": "Hello", "Status": "3"}
    write = create("em:1", "EmailMessage", ItemKind.EMAIL, **values)
    lost = world.crm.write([write])[0]
    assert lost.error is not None
    found = world.crm.write([write])[0]
    assert (found.error, found.adopted) == (None, True)
    assert len(world.rows("SELECT Id FROM EmailMessage")) == 1


def test_a_write_is_never_sent_twice_by_itself(world: World) -> None:
    world.fault("POST /composite", drop_before=True)
    with world.calls(1):
        world.crm.write([create("ev:1", Subject="Visit")])


def test_a_read_survives_one_cut_connection(world: World) -> None:
    event = world.event()
    world.fault(ANY_API_CALL, drop_before=True)
    ref = ItemRef(Side.CRM, ItemKind.EVENT, event, "Event")
    with world.calls(2):
        assert set(world.crm.read([ref], Detail.BODY)) == {ref}


def test_a_read_gives_up_after_two_cut_connections(world: World) -> None:
    world.fault(ANY_API_CALL, times=None, drop_before=True)
    with world.calls(2), pytest.raises(ConnectorError) as caught:
        world.crm.changes(CALENDAR, world.user_id, {})
    assert caught.value.fault is Fault.UNAVAILABLE


def test_an_org_that_is_down_refuses_the_call_and_says_when_to_come_back(world: World) -> None:
    world.fault(ANY_API_CALL, status=503, headers={"Retry-After": "17"}, body="<html>Down</html>")
    with pytest.raises(ConnectorError) as caught:
        world.crm.write([create("ev:1", Subject="Visit")])
    assert (caught.value.fault, caught.value.retry_after) == (Fault.UNAVAILABLE, timedelta(seconds=17))
    assert count(world) == 0


def test_a_spent_quota_is_told_as_throttling(world: World) -> None:
    world.fault(ANY_API_CALL, status=403, code="REQUEST_LIMIT_EXCEEDED", message="TotalRequests Limit exceeded.")
    with pytest.raises(ConnectorError) as caught:
        world.crm.write([create("ev:1", Subject="Visit")])
    assert (caught.value.fault, caught.value.scope) == (Fault.THROTTLED, Scope.CONNECTION)
    assert caught.value.retry_after is not None


def test_the_use_of_the_quota_is_known_after_a_call(world: World) -> None:
    assert world.crm.usage is not None
    used, allowed = world.crm.usage
    assert 0 < used < allowed


def test_an_org_that_cannot_be_reached_refuses_the_write_unsent(world: World) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    shape = world.crm.shape()
    cut_off = world.connect(base_url=f"http://127.0.0.1:{port}")
    cut_off._shape = shape
    with pytest.raises(ConnectorError) as caught:
        cut_off.write([create("ev:1", Subject="Visit")])
    assert caught.value.fault is Fault.UNAVAILABLE


def test_a_locked_row_may_be_tried_again_later(world: World) -> None:
    world.fault("sf.row.Event.*", code="UNABLE_TO_LOCK_ROW")
    outcomes = world.crm.write([create("ev:1", Subject="A"), create("ev:2", Subject="B")])
    faults = [o.error.fault if o.error else None for o in outcomes]
    assert faults == [Fault.UNAVAILABLE, None]


def test_no_content_gets_into_an_error(world: World) -> None:
    world.fault(ANY_API_CALL, status=400, code="MALFORMED_QUERY", message="Dinner with Ann")
    with pytest.raises(ConnectorError) as caught:
        world.crm.changes(CALENDAR, world.user_id, {})
    error = caught.value
    assert "Ann" not in f"{error} {error!r} {error.__cause__!r}"
    assert error.__suppress_context__


def test_calls_after_a_refusal_are_not_made_and_what_was_written_is_told(world: World) -> None:
    made = world.crm.write([create(f"ev:{n}", Subject="A") for n in range(60)])
    world.fault("POST /composite", nth=2, status=503, body="<html>Down</html>")
    writes = [
        Write(Verb.UPDATE, ItemKind.EVENT, "Event", id=o.id, version=o.version, values={"Subject": "B"}) for o in made
    ]
    with world.calls(2):  # three would have been needed
        outcomes = world.crm.write(writes)
    faults = [o.error.fault if o.error else None for o in outcomes]
    assert faults == [None] * 24 + [Fault.UNAVAILABLE] * 36
    assert len(world.rows("SELECT Id FROM Event WHERE Subject = 'B'")) == 24


@pytest.mark.point("1.9.4")
def test_a_signed_assertion_opens_a_session(world: World) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    ann = world.user("ann@acme.example")
    org = {"key": "acme", "client_id": "signed", "public_key": public.decode()}
    world.control("orgs", org)
    crm = world.connect(client_id="signed", client_secret="", private_key=private, username="ann@acme.example")
    assert crm.shape().user_id == ann
