"""The pages and the REST interface tell the truth and do what they say, also with hostile content."""

from __future__ import annotations

import csv
import io
import time
from datetime import timedelta

import httpx
import pytest

from sync_tasks.bootstrap import App
from sync_tasks.services import entering
from sync_tasks.state.overview import Filter
from sync_tasks.state.records import RunState
from tests.support.crowd import fill
from tests.support.office import ACCOUNT, ADELE, ANN, BOB, OTTO, PAT, SECRET, Office
from tests.support.web import visiting
from tests.support.world import World

SCRIPT = "<script>alert('x')</script>\"><img src=x onerror=alert(1)>"


def log_in(app: App, web: httpx.Client, address: str) -> str:
    secret = entering.begin(app, address, "test", "test")
    web.cookies.set("inbox-sync", secret)
    web.headers["Accept"] = "text/html"
    return entering.form_token(secret)


def test_a_script_in_a_subject_line_stays_text(world: World) -> None:
    ann = world.user()
    world.message(ann, SCRIPT, sender="eve@evil.example", message_id="<evil@evil.example>")
    world.sync(ann)
    with visiting(world.app) as web:
        log_in(world.app, web, ann.address)
        page = web.get(f"/users/{ann.id}/why?subjects=1").text
    assert "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<img" not in page


@pytest.mark.parametrize("path", ["/users?text={}", "/audit?text={}", "/users/{{}}/why?item={}", "/login?next=/{}"])
def test_a_script_in_an_address_stays_text(office: Office, web: httpx.Client, path: str) -> None:
    office.visit(web)
    page = web.get(path.format(SCRIPT).replace("{}", str(office.ids[ANN]))).text
    assert "<script>alert" not in page
    assert "onerror=alert(1)>" not in page


@pytest.mark.point("1.12.3")
def test_subjects_are_shown_to_the_owner_of_the_mailbox_alone(world: World) -> None:
    ann = world.user()
    world.message(ann, "For Ann's eyes", sender="eve@else.example", message_id="<one@else.example>")
    world.sync(ann)
    with visiting(world.app) as web:
        log_in(world.app, web, ann.address)
        assert "For Ann&#39;s eyes" in web.get(f"/users/{ann.id}/why?subjects=1").text
        web.cookies.clear()
        log_in(world.app, web, "")
        assert "For Ann" not in web.get(f"/users/{ann.id}/why?subjects=1").text


@pytest.mark.rule("TOP-25")
def test_a_preview_tells_each_field_and_writes_nothing(world: World) -> None:
    ann = world.user()
    world.appointment(ann, "Plan", marked=True)
    world.writes()
    with visiting(world.app) as web:
        form_token = log_in(world.app, web, ann.address)
        page = web.post(f"/users/{ann.id}/preview", data={"form_token": form_token}, timeout=60).text
        assert "<ins>Plan</ins>" in page
        with world.app.store.reading() as unit:
            run = unit.runs.recent(ann.id, 1)[0]
        assert "Plan</ins>" not in web.get(f"/runs/{run.id}").text, "the values are kept nowhere"

        form_token = log_in(world.app, web, "")
        to = web.post(f"/users/{ann.id}/preview", data={"form_token": form_token}, timeout=60).headers["location"]
        others = web.get(to).text
        assert '<code class="field">Subject</code>' in others
        assert "Plan</ins>" not in others, "the values are the owner's"
    assert "Preview of the next run" in page
    assert world.writes() == {}
    assert world.query("SELECT Id FROM Event") == []


def test_a_users_answer_is_carried_out_by_the_next_run(office: Office, web: httpx.Client) -> None:
    form_token = office.visit(web, ANN)
    page = f"/users/{office.ids[ANN]}/conflicts/{office.things['conflict_id']}"
    assert f"{SECRET} there" in web.get(page).text
    web.post(page, data={"form_token": form_token, "side": "crm"})
    with office.app.store.reading() as unit:
        after = unit.conflicts.get(office.things["conflict_id"])
    assert after is not None
    assert (after.resolution, after.resolved_by) == ("crm", ANN)


def test_what_failed_is_tried_again_on_demand(world: World) -> None:
    ann = world.user()
    item = world.appointment(ann, "Plan", marked=True)
    world.sync(ann)
    world.later(minutes=30)
    with visiting(world.app) as web:
        form_token = log_in(world.app, web, ann.address)
        answer = web.post(f"/users/{ann.id}/replay", data={"form_token": form_token, "item": item})
        assert answer.headers["location"].endswith("said=replayed")
        answer = web.post(f"/users/{ann.id}/replay", data={"form_token": form_token, "item": "no-such-item"})
        assert answer.headers["location"].endswith("said=unknown-item")
    world.sync(ann)
    assert world.last is not None
    with world.app.store.reading() as unit:
        assert item in {each.ref for each in unit.trail.of_run(world.last.id)}


@pytest.mark.parametrize("account", ["001' OR Name LIKE '%", f"{ACCOUNT}' OR Id != '", "003000000000001AAA", ""])
def test_an_id_that_is_none_reaches_no_query(office: Office, web: httpx.Client, account: str) -> None:
    """It is refused before anything is asked: the organization here has no connection that could answer."""
    form_token = office.visit(web, ANN)
    answer = web.post(
        f"/people/{office.things['entry_id']}", data={"form_token": form_token, "wish": "contact", "account": account}
    )
    assert answer.headers["location"].endswith("said=unknown-account")
    web.cookies.clear()
    path = f"/api/v1/people/{office.things['entry_id']}/decide"
    told = web.post(path, json={"wish": "contact", "account": account}, headers=office.token(ANN))
    assert told.status_code == 422


def test_an_address_with_quotes_finds_nobody_else(world: World) -> None:
    """It travels from a mail's head through the whole chain into the queries, and stays an address."""
    ann = world.user(autosave__emails=True)
    world.set(autosave__email_mode=1)
    world.record("Contact", LastName="Victim", Email="victim@globex.example")
    world.message(ann, "Hello", sender="x'or(email!='y@evil.example", message_id="<quotes@evil.example>", body="plain")
    world.sync(ann)
    assert world.query("SELECT Id FROM EmailMessageRelation WHERE RelationObjectType = 'Contact'") == []


@pytest.mark.point("1.3.2")
def test_the_csv_holds_all_of_the_filter_and_no_formula(office: Office, web: httpx.Client) -> None:
    with office.app.store.writing() as unit:
        unit.accounts.set_user(office.ids[BOB], address="=cmd|calc@acme.example")
    office.visit(web, ADELE)
    rows = list(csv.DictReader(io.StringIO(web.get("/users.csv").text)))
    assert [row["address"] for row in rows] == ["'=cmd|calc@acme.example", ANN]
    assert rows[1]["issues"] == "1"
    assert len(list(csv.reader(io.StringIO(web.get("/users.csv?troubled=true").text)))) == 2


@pytest.mark.point("1.7.2")
def test_runs_are_exported_to_whoever_administers_their_users(office: Office, web: httpx.Client) -> None:
    for who, found in ((ADELE, [str(office.things["run_id"])]), (OTTO, [])):
        office.visit(web, who)
        rows = list(csv.DictReader(io.StringIO(web.get("/runs.csv").text)))
        assert [row["id"] for row in rows] == found
    office.visit(web, ADELE)
    (row,) = csv.DictReader(io.StringIO(web.get("/runs.csv").text))
    assert (row["address"], row["state"], row["error_code"]) == (ANN, "held", "HELD.DELETES")
    office.clock.later(hours=25)
    office.visit(web, ADELE)
    assert list(csv.DictReader(io.StringIO(web.get("/runs.csv").text))) == []
    office.visit(web, ANN)
    assert web.get("/runs.csv").status_code == 403


@pytest.mark.point("1.3.3")
def test_what_is_done_to_the_users_of_a_profile_is_done_to_nobody_else(office: Office, web: httpx.Client) -> None:
    form_token = office.visit(web, ADELE)
    listed = web.get("/users?profile_name=Sales").text
    assert ANN in listed
    assert BOB not in listed
    sent = {"form_token": form_token, "act": "disable", "everybody": "true", "profile_name": "Sales"}
    web.post("/users/bulk", data=sent)
    with office.app.store.reading() as unit:
        status = {user.address: user.status for user in unit.accounts.users()}
    assert (status[ANN], status[BOB]) == ("disabled", "enabled")


@pytest.mark.point("1.3.3")
def test_what_is_done_to_all_reaches_all_of_the_filter_quickly(office: Office, web: httpx.Client) -> None:
    fill(office.app, office.things["org_id"], 5000)
    began = time.monotonic()
    body = {"act": "disable", "text": "nora."}
    done = web.post("/api/v1/users/bulk", json=body, headers=office.token(ADELE), timeout=60).json()
    took = time.monotonic() - began
    with office.app.store.reading() as unit:
        reach = entering.Reach(everybody=True)
        hers = unit.overview.users(reach, Filter(text="nora."))
        others = unit.overview.by_status(reach)
    assert done == {"users": len(hers)}
    assert {user.status for user in hers} == {"disabled"}
    assert others["enabled"] > 4000
    assert took < 20, f"{took:.1f} s"


@pytest.mark.point("1.2.1")
def test_the_rest_interface_tells_what_the_console_tells(office: Office, web: httpx.Client) -> None:
    headers = office.token(ADELE)
    ann = f"/api/v1/users/{office.ids[ANN]}"
    told = web.get(ann, headers=headers).json()
    assert (told["address"], told["status"], told["issues"]) == (ANN, "enabled", 1)
    assert told["holds"] == [office.things["hold_id"]]
    assert told["last_run"]["state"] == RunState.HELD
    assert web.get(f"{ann}/issues", headers=headers).json()[0]["code"] == "REQUIRED_FIELD_MISSING"
    story = web.get(f"{ann}/explain", params={"item": SECRET}, headers=headers).json()["story"]
    assert [step["sentence"] for step in story] == [
        "The item is private. Mark it if you want it saved.", "You marked this item to be saved to Salesforce."
    ]  # fmt: skip
    assert web.get(f"{ann}/explain", params={"item": "x' OR '1'='1"}, headers=headers).status_code == 404


def test_the_openapi_document_names_every_address_of_the_interface(web: httpx.Client) -> None:
    document = web.get("/api/openapi.json").json()
    assert all(path.startswith(("/api/v1/", "/health", "/readyz")) for path in document["paths"])
    verbs = document["paths"]["/api/v1/users/{user_id}/force"]
    assert verbs["post"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].endswith("/Due")


def test_the_numbers_are_those_of_the_store(office: Office, web: httpx.Client) -> None:
    before = web.get("/metrics").text
    assert 'inbox_sync_users{status="enabled"} 3.0' in before
    assert "inbox_sync_conflicts_open 1.0" in before
    assert "inbox_sync_holds_open 1.0" in before
    assert 'inbox_sync_guard_holds_total{guard="deletes"} 1.0' in before
    office.clock.later(minutes=10)
    assert 'inbox_sync_lag_seconds{mailbox_type="none"} 600.0' in web.get("/metrics").text

    with office.app.store.writing() as unit:
        ref = unit.runs.claim_user(office.ids[BOB], "manual", office.clock(), entering.LOCKED_FOR, b"key")
        assert ref is not None
        office.clock.later(seconds=4)
        unit.runs.close(ref, RunState.DONE, office.clock(), office.clock(), commit_cursors=True)
    office.clock.later(minutes=1)
    for _ in range(2):
        after = web.get("/metrics").text
        assert 'inbox_sync_runs_total{result="done"} 1.0' in after, "each run counts once"
        assert 'inbox_sync_run_seconds_bucket{le="5.0"} 2.0' in after
        assert 'inbox_sync_run_seconds_bucket{le="2.5"} 1.0' in after, "Ann's took no time"


def test_numbers_are_for_this_machine_or_for_who_knows_the_token(
    office: Office, web: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert web.get("/metrics").status_code == 200
    assert web.get("/metrics", headers={"Host": "rebound.example"}).status_code == 403
    monkeypatch.setenv("INBOX_SYNC_METRICS_TOKEN", "a-secret")
    app = App(type(office.app.settings)(home=office.app.settings.home), clock=office.clock)
    with visiting(app) as guarded:
        assert guarded.get("/metrics").status_code == 403
        assert guarded.get("/metrics", headers={"Authorization": "Bearer a-secret"}).status_code == 200
    app.close()


@pytest.mark.point("1.7.1")
def test_operators_see_runs_by_half_hour_and_errors_by_class(office: Office, web: httpx.Client) -> None:
    fill(office.app, office.things["org_id"], 300)
    told = web.get("/api/v1/operations", headers=office.token(PAT)).json()
    assert sum(run[1] for run in told["runs"]) == 301
    assert sum(run[2] for run in told["runs"]) == sum(count for _, count in told["errors"])
    assert 60 < told["lag"] <= 120
    assert told["queues"] == {}, "no broker runs here, and that is no error"


def test_operators_see_how_the_feeds_of_organizations_do(office: Office, web: httpx.Client) -> None:
    org, now = office.things["org_id"], office.clock()
    with office.app.store.writing() as unit:
        unit.org_feeds.listen(org, office.ids[ANN], ["Event:OwnerId"], now)
        turn = unit.org_feeds.take(org, now, now)
        assert turn is not None
        assert unit.org_feeds.tell(
            turn, account="a", chains={}, cursors={}, read_at=now, good_until=now + timedelta(minutes=5), next_at=now,
            moved=7, calls=3, touched=[office.ids[ANN]],
        )  # fmt: skip
    office.clock.later(seconds=20)

    told = web.get("/api/v1/operations", headers=office.token(PAT)).json()["feeds"]
    assert told == [["acme", {"state": "on", "users": 1, "age_seconds": 20, "moved": 7, "calls_today": 3, "error": ""}]]
    assert f'inbox_sync_feed_age_seconds{{org="{org}"}} 20.0' in web.get("/metrics").text
    office.visit(web, PAT)
    assert "<td>acme</td><td>on</td><td>20 s ago</td><td>1</td><td>7</td><td>3</td>" in web.get("/operations").text
