"""The parts under both vendors: who may call, clock, faults, and cut connections over a real socket."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from werkzeug.test import Client

from connectors.sandbox.faults import FaultScript, parse_spec
from connectors.sandbox.server import Sandbox, SandboxServer
from connectors.sandbox.store import Store
from tests.contract.salesforce_sandbox.sandbox_org import Org


def test_the_server_binds_to_loopback_only(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="loopback"):
        SandboxServer(sandbox, "0.0.0.0")


def test_a_rebound_name_or_a_foreign_peer_is_turned_away(sandbox: Sandbox) -> None:
    client = Client(sandbox.wsgi_app)
    assert client.get("/control/health", headers={"Host": "evil.example"}).status_code == 403
    assert client.get("/control/health", environ_overrides={"REMOTE_ADDR": "192.0.2.1"}).status_code == 403
    assert client.get("/control/health", environ_overrides={"REMOTE_ADDR": "127.0.0.1"}).status_code == 200


def test_cut_connections_and_cut_answers_reach_the_client_as_failures(sandbox: Sandbox) -> None:
    with SandboxServer(sandbox) as server:
        url = f"{server.url}/salesforce/services/data"
        for action in ({"drop_before": True}, {"drop_after": True}, {"truncate": 10}):
            sandbox.faults.add({"match": "sf.versions", "action": action})
            with pytest.raises(requests.RequestException):
                requests.get(url, timeout=10)
            sandbox.faults.clear()
        assert requests.get(url, timeout=10).status_code == 200
    assert sandbox.ledger.count("sf.versions") == 4


def test_a_fault_fires_at_the_nth_call_and_as_often_as_told() -> None:
    script = FaultScript()
    script.add({"match": "sf.*", "nth": 2, "times": 2, "action": {"status": 503}})
    assert [script.take("sf.query") is not None for _ in range(5)] == [False, True, True, False, False]
    script.clear()
    script.add({"match": "PATCH /sobjects/Event", "times": None, "action": {"status": 500}})
    assert script.take("x", "GET", "/sobjects/Event/1") is None
    assert all(script.take("x", "PATCH", "/sobjects/Event/1") for _ in range(5))


def test_the_command_line_form_of_a_fault() -> None:
    rule = parse_spec("salesforce:query:503:times=2")
    assert (rule.match, rule.action.status, rule.times) == ("sf.query", 503, 2)
    rule = parse_spec("ews:SyncFolderItems:ErrorServerBusy:nth=3:times=always:retry_after=5")
    assert (rule.match, rule.action.code, rule.nth, rule.times) == ("ews.SyncFolderItems", "ErrorServerBusy", 3, None)
    assert parse_spec("ews:CreateItem:drop_after").action.drop == "after"
    for wrong in ("salesforce:query", "salesforce:query:503:colour=red", "::503"):
        with pytest.raises(ValueError, match=r"vendor:operation:what|unknown option"):
            parse_spec(wrong)


def test_the_clock_stands_still_jumps_and_comes_back(sandbox: Sandbox) -> None:
    sandbox.clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    sandbox.clock.advance(60)
    assert sandbox.clock.now() == datetime(2030, 1, 1, 0, 1, tzinfo=UTC)
    sandbox.clock.real()
    assert abs((sandbox.clock.now() - datetime.now(UTC)).total_seconds()) < 5


def test_an_inner_transaction_can_fail_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "state.db")
    store.ensure(["CREATE TABLE t(x INTEGER)"])
    with store.transaction() as connection:
        connection.execute("INSERT INTO t VALUES(1)")
        with pytest.raises(ZeroDivisionError), store.transaction():
            connection.execute("INSERT INTO t VALUES(2)")
            raise ZeroDivisionError
    assert [row["x"] for row in store.all("SELECT x FROM t")] == [1]
    store.close()


def test_state_in_a_file_outlives_the_sandbox(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    first = Sandbox(path)
    lead = Org(first).create("Lead", LastName="x", Company="y")
    first.close()
    second = Sandbox(path)
    org = Org(second)
    assert org.get("Lead", lead)["LastName"] == "x"
    assert org.create("Lead", LastName="z", Company="y") != lead
    second.close()


def test_an_org_may_have_fields_of_its_own(org: Org) -> None:
    own = [
        {"name": "Outcome__c", "type": "picklist", "values": ["Won", "Lost"], "required": True},
        {"name": "Done__c", "type": "boolean"},
    ]
    before = org.event()
    org.client.post("/control/salesforce/settings", json={"custom_fields": {"Event": own}})

    told = {field["name"]: field for field in org.call("GET", "sobjects/Event/describe")[1]["fields"]}
    assert (told["Outcome__c"]["custom"], told["Outcome__c"]["nillable"]) == (True, False)
    assert [value["value"] for value in told["Outcome__c"]["picklistValues"]] == ["Won", "Lost"]
    assert org.refused("Event", StartDateTime="2026-11-24T10:00:00Z", DurationInMinutes=5) == "REQUIRED_FIELD_MISSING"
    made = org.event(Outcome__c="Won", Done__c=True)
    assert org.query(f"SELECT Outcome__c, Done__c FROM Event WHERE Id = '{made}'")[0]["Outcome__c"] == "Won"
    assert org.get("Event", before)["Done__c"] is False
