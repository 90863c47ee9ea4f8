"""Settings, profiles and presets on the pages and over REST: who may change what, and what becomes of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from mapping.rules.settings import SETTINGS, coerce
from sync_tasks.services import configured, configuring
from sync_tasks.state.configuration import Scope
from tests.support.browser import log_in, reach
from tests.support.crowd import fill
from tests.support.office import ADELE, ANN, BOB, CARL, OTTO, SECRET, Office

pytestmark = pytest.mark.rule("TOP-16")


def value(office: Office, who: str, name: str) -> object:
    with office.app.store.reading() as unit:
        return office.app.effective(unit.accounts.user(office.ids[who])).value(name)


def profile_scope(office: Office) -> Scope:
    return Scope(office.things["org_id"], "profile", office.things["profile_id"])


def lock(office: Office, scope: Scope, name: str, to: object) -> None:
    with office.app.store.writing() as unit:
        configuring.put(unit, scope, name, to, lock=True, at=office.clock(), by="test")


# --- pages


def test_a_user_changes_what_is_his_without_a_mouse_and_takes_it_back(office: Office, page: Page) -> None:
    log_in(office, page, ANN)
    page.goto(f"/users/{office.ids[ANN]}/settings?text=scope.past")
    reach(page, "How many days back saved events are kept the same.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name="default 14 decides")).to_be_visible()
    reach(page, f"Another value for {ANN}")
    page.keyboard.press("Control+A")
    page.keyboard.type("30")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("It holds from the next run on")
    assert value(office, ANN, "scope.past_days") == 30
    expect(page.get_by_role("row", name="user 30 decides")).to_be_visible()

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("status").first).to_contain_text("The earlier value is set again")
    assert value(office, ANN, "scope.past_days") == 14
    page.get_by_role("link", name="All settings").click()
    page.get_by_role("button", name="Take all of it back").click()
    assert value(office, ANN, "blocklist.user") == (f"{SECRET}@blocked.example",)


@pytest.mark.point("1.10.4")
def test_what_is_locked_is_told_and_has_no_form(office: Office, page: Page) -> None:
    lock(office, profile_scope(office), "autosave.meetings", to=False)
    log_in(office, page, ANN)
    page.goto(f"/users/{office.ids[ANN]}/settings?text=autosave.meetings")
    expect(page.get_by_role("row", name="Save meetings automatically")).to_contain_text("locked")
    page.get_by_role("link", name="Save meetings automatically.").click()
    expect(page.get_by_text("locked by the profile; an administrator has to unlock it")).to_be_visible()
    expect(page.get_by_role("button", name="Save")).to_have_count(0)


@pytest.mark.point("1.3.8")
def test_an_administrator_makes_a_profile_locks_a_setting_and_puts_many_into_it(office: Office, page: Page) -> None:
    fill(office.app, office.things["org_id"], 30)
    log_in(office, page, ADELE)
    page.get_by_role("link", name="Organizations").click()
    page.get_by_role("link", name="Profiles").click()
    page.get_by_label("New profile").fill("Field")
    page.locator("select[name=preset]").select_option("read-only")
    page.get_by_role("button", name="Make it").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Profile Field")
    page.get_by_role("link", name="Save appointments automatically.").click()
    page.get_by_label("Another value for Profile Field").select_option("yes")
    page.get_by_label("locked: users cannot say something else").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="profile yes decides locks it")).to_be_visible()

    page.goto("/users?text=.000")
    count = page.locator("tbody tr").count()
    page.get_by_label("With whom").select_option("true")
    page.get_by_label("Profile", exact=True).select_option(label="Field")
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_role("status").first).to_contain_text("Assigned")
    assert asked == [f"profile Field: all {count} of this list?"]
    with office.app.store.reading() as unit:
        found = unit.configuration.profile(office.things["org_id"], "Field")
        assert found is not None
        assert len(unit.configuration.members(found.id)) == count > 1


def test_an_administrator_rolls_a_setting_out_to_some_then_to_more_then_to_all(office: Office, page: Page) -> None:
    fill(office.app, office.things["org_id"], 60)
    log_in(office, page, ADELE)
    page.goto(f"/organizations/{office.things['org_id']}/settings/scope.past_days")
    page.get_by_label("Another value for acme").fill("40")
    page.get_by_text("For a part of the users first").click()
    page.get_by_label("Share of the users").fill("25")
    page.get_by_role("button", name="Roll it out to them").click()
    running = page.get_by_role("region", name="Roll-out")
    expect(running).to_contain_text("scope.past_days = 40 for 25 % of the users")
    expect(page.get_by_role("row", name="rolled out to 25 %")).to_be_visible()
    expect(page.get_by_role("button", name="Undo")).to_have_count(0)
    running.get_by_role("button", name="Widen to so many percent").click()
    expect(running).to_contain_text("for 50 % of the users")
    running.get_by_role("button", name="Set it for everybody").click()
    expect(page.get_by_role("status").first).to_contain_text("It holds from the next run on")
    expect(page.get_by_role("row", name="organization 40 decides")).to_be_visible()
    assert value(office, BOB, "scope.past_days") == 40


def test_over_rest_a_roll_out_is_begun_looked_at_and_taken_back(office: Office, web: httpx.Client) -> None:
    headers, org = office.token(ADELE), f"/api/v1/organizations/{office.things['org_id']}/rollouts"
    begun = web.post(
        org, headers=headers, json={"settings": {"scope.past_days": 40}, "users": [office.ids[BOB]]}
    ).json()
    assert (begun["chosen"], begun["users"], begun["state"]) == (1, 1, "running")
    assert (value(office, BOB, "scope.past_days"), value(office, ANN, "scope.past_days")) == (40, 14)
    assert begun["rollout"] in {each["rollout"] for each in web.get(org, headers=headers).json()}
    one = f"/api/v1/rollouts/{begun['rollout']}"
    assert web.post(f"{one}/widen", headers=headers, json={"percent": 0}).status_code == 409
    assert web.post(f"{one}/back", headers=headers, json={"why": "too many"}).json()["why"] == "too many"
    assert value(office, BOB, "scope.past_days") == 14
    assert web.get(one, headers=office.token(OTTO)).status_code == 404


def test_every_setting_has_a_page_whose_form_says_the_same_again(office: Office, web: httpx.Client) -> None:
    form_token = office.visit(web, ADELE)
    org = f"/organizations/{office.things['org_id']}/settings"
    for name, setting in SETTINGS.items():
        shown = web.get(f"{org}/{name}")
        assert shown.status_code == 200, name
        if "organization" not in setting.levels:
            assert "may be set for" in shown.text
            continue
        with office.app.store.reading() as unit:
            was = configuring.held(unit, Scope(office.things["org_id"])).value(name)
        typed = configured.typed(setting, configured.written(setting, was))
        if setting.optional or typed or setting.type in (str, tuple):
            assert coerce(name, typed) == was, name
        sent = {"form_token": form_token, "action": "set", "value": configured.written(setting, was)}
        assert web.post(f"{org}/{name}", data=sent).status_code == 303, name


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("scope.past_days", "-3", "must not be below 0"),
        ("scope.past_days", "soon", "must be a whole number"),
        ("events.way", "sideways", "must be one of two_way, up, down"),
        ("blocklist.user", "a.example\n*.example", "without wildcards"),
        ("guard.deletes_most", "5", "may be set for organization, preset, profile only"),
    ],
)
def test_a_wrong_value_comes_back_with_what_is_allowed(
    office: Office, web: httpx.Client, name: str, given: str, words: str
) -> None:
    sent = {"form_token": office.visit(web, ANN), "action": "set", "value": given}
    answer = web.post(f"/users/{office.ids[ANN]}/settings/{name}", data=sent)
    assert (answer.status_code in (409, 422), words in answer.text) == (True, True)
    assert web.get(f"/users/{office.ids[ANN]}/settings/autosave.nothing").status_code == 404


def test_users_of_another_organization_are_not_assigned(office: Office, web: httpx.Client) -> None:
    profile = office.things["profile_id"]
    sent: dict[str, Any] = {"form_token": office.visit(web, ADELE), "addresses": f"{BOB}, {CARL}"}
    assert web.post(f"/profiles/{profile}/assign", data=sent).status_code == 422
    sent["addresses"] = BOB
    assert web.post(f"/profiles/{profile}/assign", data=sent).status_code == 303
    with office.app.store.reading() as unit:
        assert unit.configuration.members(profile) == [office.ids[ANN], office.ids[BOB]]
    everybody = {"form_token": office.visit(web), "profile": str(profile), "everybody": "true"}
    assert web.post("/users/bulk-profile", data=everybody).status_code == 303
    with office.app.store.reading() as unit:
        assert unit.configuration.profile_of(office.ids[CARL]) is None


def test_a_user_undoes_only_what_was_changed_for_him(office: Office, web: httpx.Client) -> None:
    lock(office, Scope(office.things["org_id"]), "scope.past_days", to=60)
    with office.app.store.reading() as unit:
        last = unit.configuration.changes(office.things["org_id"], limit=1)[0]
    sent = {"form_token": office.visit(web, ANN)}
    assert web.post(f"/changes/{last.id}/undo", data=sent).status_code == 404
    assert web.post(f"/api/v1/changes/{last.id}/undo", headers=office.token(ANN)).status_code == 404
    assert value(office, ANN, "scope.past_days") == 60
    sent = {"form_token": office.visit(web, ADELE), "to": "all"}
    answer = web.post(f"/changes/{last.id}/undo", data=sent)
    assert answer.headers["location"] == f"/organizations/{office.things['org_id']}/changes?said=undone"
    assert value(office, ANN, "scope.past_days") == 14


def test_lists_of_mappings_are_told_in_words_and_typed_as_json(office: Office, web: httpx.Client) -> None:
    where = f"/organizations/{office.things['org_id']}/settings/email.category_columns"
    given = '[{"category": "Hot", "column": "Priority", "value": "High"}]'
    sent = {"form_token": office.visit(web, ADELE), "action": "set", "value": given}
    assert web.post(where, data=sent).status_code == 303
    shown = web.get(where).text
    assert "category = Hot; column = Priority; value = High" in shown
    assert "As JSON" in shown


# --- REST


def test_programs_set_explain_compare_and_undo(office: Office, web: httpx.Client) -> None:
    ann = f"/api/v1/users/{office.ids[ANN]}"
    mine, hers = office.token(ANN), office.token(ADELE)
    told = web.put(f"{ann}/settings/scope.past_days", json={"value": 30}, headers=mine).json()
    assert (told["value"], told["from"], told["fixed"]) == (30, "user", "")
    rows = web.get(f"{ann}/differences", params={"other": office.ids[BOB]}, headers=hers).json()
    assert {"scope.past_days", "autosave.emails"} <= {row["name"] for row in rows}
    assert web.get(f"{ann}/differences", params={"other": office.ids[BOB]}, headers=mine).status_code == 404
    last = web.get(f"{ann}/changes", headers=mine).json()[0]
    assert (last["name"], last["before"], last["after"], last["by"]) == ("scope.past_days", None, 30, ANN)
    assert web.post(f"/api/v1/changes/{last['number']}/undo", headers=mine).json()["value"] == 14
    assert web.put(f"{ann}/settings/scope.past_days", json={"value": "x"}, headers=mine).status_code == 422
    assert web.delete(f"{ann}/settings/scope.past_days", headers=mine).status_code == 409
    assert web.get(f"{ann}/settings/nothing", headers=mine).status_code == 404
    web.put(f"{ann}/settings/scope.past_days", json={"value": 60}, headers=mine)
    assert web.post(f"{ann}/reset-settings", headers=mine).json() == {"settings": ["scope.past_days"]}


def test_programs_of_administrators_lock_and_users_are_refused(office: Office, web: httpx.Client) -> None:
    ann, profile = f"/api/v1/users/{office.ids[ANN]}", f"/api/v1/profiles/{office.things['profile_id']}"
    mine, hers = office.token(ANN), office.token(ADELE)
    locked = web.put(f"{profile}/settings/scope.past_days", json={"value": 7, "lock": True}, headers=hers).json()
    assert locked["lock"] == "profile"
    refused = web.put(f"{ann}/settings/scope.past_days", json={"value": 30}, headers=mine)
    assert (refused.status_code, "locked by the profile" in refused.json()["detail"]) == (409, True)
    assert web.get(f"{ann}/settings/scope.past_days", headers=mine).json()["fixed"].startswith("scope.past_days is")
    assert value(office, ANN, "scope.past_days") == 7


@pytest.mark.point("1.4.3")
def test_programs_make_profiles_and_presets_and_assign_them(office: Office, web: httpx.Client) -> None:
    org, hers = f"/api/v1/organizations/{office.things['org_id']}", office.token(ADELE)
    preset = web.post(f"{org}/presets", json={"name": "As Ann", "user": office.ids[ANN]}, headers=hers).json()
    assert preset["values"]["autosave.emails"] is True
    web.put(f"/api/v1/presets/{preset['id']}/settings/autosave.emails", json={"value": False}, headers=hers)
    made = web.post(f"{org}/profiles", json={"name": "Field", "preset": "As Ann"}, headers=hers).json()
    web.put(f"/api/v1/users/{office.ids[BOB]}/profile", json={"profile": made["id"]}, headers=hers)
    assert web.get(f"/api/v1/profiles/{made['id']}", headers=hers).json()["users"] == [BOB]
    assert value(office, BOB, "autosave.emails") is False
    taken = web.post(f"{org}/profiles", json={"name": "Field"}, headers=hers)
    assert (taken.status_code, taken.json()["detail"]) == (409, "there is a profile Field already")
    everybody = {"users": [office.ids[ANN], office.ids[CARL]]}
    assert web.post(f"/api/v1/profiles/{made['id']}/assign", json=everybody, headers=hers).status_code == 422
    again = {"users": None, "override": True}
    assert web.post(f"/api/v1/profiles/{made['id']}/assign", json=again, headers=hers).json()["users"] == 1
    assert web.delete(f"/api/v1/presets/{preset['id']}", headers=hers).status_code == 409
    assert web.delete(f"/api/v1/profiles/{made['id']}", headers=hers).status_code == 409
    assert web.delete(f"/api/v1/profiles/{made['id']}?force=true", headers=hers).json()["deleted"]
    assert web.get(f"{org}/profiles", headers=office.token(OTTO)).status_code == 404
