"""`make screenshots`: a picture of each page, of some in dark and in a narrow window, for people to look at."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser

from connectors.sandbox.server import Sandbox, SandboxServer
from sync_tasks.bootstrap import App
from sync_tasks.services import configuring, entering, rollouts
from sync_tasks.state.configuration import Scope
from sync_tasks.state.overview import Filter, Reach
from tests.support.browser import browser
from tests.support.crowd import fill
from tests.support.office import ADELE, ANN, PAT, Office, open_office
from tests.support.web import serving
from tests.support.world import ORG, World

LONG = ("user-settings", "settings-of-admin", "users", "candidates")  # pages of which the beginning is enough
DARK = {"user", "users", "operations", "hold", "setting-locked", "day"}
SLIM = {"user", "users", "day", "day-issues", "day-preview", "candidates"}
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 800}
WORDY = "Re: Fwd: Yearly planning of the joint roll-out in all regions, second draft with everybody's comments " * 2
EXCHANGE = {"endpoint": "https://mail.acme.example/EWS/Exchange.asmx", "username": "svc"}
SALESFORCE = {"login_url": "https://acme.my.salesforce.com", "client_id": "inbox-sync"}

Pages = Mapping[str, Mapping[str, str]]  # by who looks: name -> path


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as home, browser() as opened:
        office = open_office(Path(home))
        pages = office_pages(office)
        with serving(office.app) as address:
            page = opened.new_page(viewport=WIDE)
            page.goto(f"{address}/login")
            page.screenshot(path=folder / "login.png")
            page.goto(f"{address}/login/link?token=x")
            page.screenshot(path=folder / "link.png")
            look(opened, office.app, address, pages, folder)
        office.app.close()
        sandbox = Sandbox()
        with SandboxServer(sandbox) as server:
            world = World(server, f"sqlite:///{home}/day.db", Path(home) / "day")
            pages = a_day(world)
            with serving(world.app) as address:
                look(opened, world.app, address, pages, folder)
            world.close()
        sandbox.close()
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


def look(opened: Browser, app: App, address: str, pages: Pages, folder: Path) -> None:
    """A picture of each page in light, of some in dark and in a narrow window. A path that begins with `!` is asked for
    with the button of that name."""
    shapes = (("", "light", WIDE, None), ("-dark", "dark", WIDE, DARK), ("-narrow", "light", NARROW, SLIM))
    for who, named in pages.items():
        for suffix, scheme, size, some in shapes:
            context = opened.new_context(viewport=size, color_scheme=scheme)
            secret = entering.begin(app, who, "screenshots", "test")
            context.add_cookies([{"name": "inbox-sync", "value": secret, "url": address}])
            page = context.new_page()
            for name, path in named.items():
                if some is not None and name not in some:
                    continue
                where, _, button = path.partition("!")
                page.goto(address + where)
                if button:
                    page.get_by_role("button", name=button).click()
                    page.wait_for_load_state()
                page.screenshot(path=folder / f"{name}{suffix}.png", full_page=name not in LONG)
            context.close()


def office_pages(office: Office) -> Pages:
    """Everybody's lists, and one of everything that may belong to a user."""
    fill(office.app, office.things["org_id"], 5000)
    ann, hold = f"/users/{office.ids[ANN]}", f"/holds/{office.things['hold_id']}"
    org, run = f"/organizations/{office.things['org_id']}", f"/runs/{office.things['run_id']}"
    with office.app.store.writing() as unit:
        unit.accounts.put_connection(office.things["org_id"], None, "mailbox", "exchange", EXCHANGE)
        unit.accounts.put_connection(office.things["org_id"], None, "crm", "salesforce", SALESFORCE)
        stopped = unit.overview.users(Reach(everybody=True), Filter(status="suspended"), limit=1)[0].id
    locked = configured_office(office)
    return {
        ANN: {
            "user": ann, "issues": f"{ann}/issues", "why": f"{ann}/why", "story": f"{ann}/why?item=ev:ann",
            "runs": f"{ann}/runs", "run": run, "people": f"{ann}/people", "conflicts": f"{ann}/conflicts",
            "conflict": f"{ann}/conflicts/{office.things['conflict_id']}", "user-settings": f"{ann}/settings",
            "tokens": "/tokens", "setting": f"{ann}/settings/blocklist.user",
            "setting-locked": f"{ann}/settings/{locked}",
        },
        ADELE: {
            "users": "/users", "users-troubled": "/users?troubled=true&sort=issues&down=true",
            "user-of-admin": ann, "suspended-user": f"/users/{stopped}", "holds": "/holds", "hold": hold,
            "organizations": "/organizations", "organization": org,
            "organization-settings": f"{org}/settings?changed=1",
            "organization-setting": f"{org}/settings/scope.past_days", "profiles": f"{org}/profiles",
            "roll-out": f"{org}/settings/tasks.enabled",
            "leaving": f"{ann}/delete", "changes": f"{org}/changes",
            "profile": f"/profiles/{office.things['profile_id']}?changed=1",
            "preset": f"/presets/{office.things['preset_id']}?changed=1", "settings-of-admin": f"{ann}/settings",
            "audit": "/audit", "refused": "/users/999999",
        },
        PAT: {"operations": "/operations"},
    }  # fmt: skip


def a_day(world: World) -> Pages:
    """A user who works: real runs over the emulated vendors, with long subjects, refusals and something to come."""
    ann = world.user(autosave__emails=True, autosave__meetings=True)
    world.record("Contact", LastName="Simpson", Email="homer@globex.example")
    world.setting(validation_rules=[
        {"object": "Event", "field": "Subject", "op": "equals", "value": "Review", "message": "Reviews need an account"}
    ])  # fmt: skip
    guest = [{"mailbox": {"address": "homer@globex.example", "name": "Homer"}, "response": "Accept"}]
    for subject in (WORDY, "Review", "Lunch"):
        world.appointment(ann, subject, marked=True, RequiredAttendees=guest)
    for number in range(12):
        world.message(ann, f"{WORDY} {number}", sender="homer@globex.example", message_id=f"<{number}@globex.example>")
    world.sync(ann)
    world.later(minutes=30)
    world.sync(ann)
    world.later(minutes=10)
    world.appointment(ann, "Lunch again", marked=True, RequiredAttendees=guest)
    for number in range(700):
        who = f"person.{number:03d}@acme.example"
        world.control("salesforce/users", org=ORG, username=who, Email=who, Country=("DE", "FR", "US")[number % 3])
    with world.app.store.writing() as unit:
        unit.access.grant(ADELE, world.org, world.now, "test")
    page = f"/users/{ann.id}"
    assert world.last is not None
    return {
        ann.address: {
            "day": page, "day-issues": f"{page}/issues?subjects=1", "day-why": f"{page}/why?subjects=1",
            "day-run": f"/runs/{world.last.id - 1}", "day-preview": f"{page}!Preview the next run",
            "day-check": f"{page}!Check the connections",
        },
        ADELE: {
            "candidates": f"/organizations/{world.org}/candidates", "day-check-admin": f"{page}!Check the connections",
        },
    }  # fmt: skip


def configured_office(office: Office) -> str:
    """Some settings of the organization and of Ann's profile; the name of one that is locked."""
    locked = "threads.enabled"
    with office.app.store.writing() as unit:
        told: dict[str, Any] = {"at": office.clock(), "by": ADELE}
        org = Scope(office.things["org_id"])
        profile = Scope(org.org_id, "profile", office.things["profile_id"])
        configuring.put(unit, org, "scope.past_days", 30, **told)
        configuring.put(unit, org, "scope.past_days", 60, lock=True, **told)
        configuring.put(unit, Scope(org.org_id, "user", office.ids[ANN]), locked, True, **told)
        configuring.put(unit, profile, locked, False, lock=True, **told)
        configuring.put(unit, profile, "autosave.emails", False, **told)
        rollouts.start(unit, org, {"tasks.enabled": True}, percent=10, **told)
    return locked


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".screenshots"))
