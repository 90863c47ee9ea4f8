"""`make screenshots`: one picture of each page, in light and, of the first ones, in dark, for people to look at."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sync_tasks.services import configuring, entering, rollouts
from sync_tasks.state.configuration import Scope
from sync_tasks.state.overview import Filter, Reach
from tests.support.browser import browser
from tests.support.crowd import fill
from tests.support.office import ADELE, ANN, Office, open_office
from tests.support.web import serving

LONG = ("user-settings", "settings-of-admin", "users")  # pages of which the beginning is enough
WIDE, NARROW = {"width": 1280, "height": 860}, {"width": 390, "height": 800}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as home:
        office = open_office(Path(home))
        fill(office.app, office.things["org_id"], 1200)
        ann, hold = f"/users/{office.ids[ANN]}", f"/holds/{office.things['hold_id']}"
        org, run = f"/organizations/{office.things['org_id']}", f"/runs/{office.things['run_id']}"
        with office.app.store.reading() as unit:
            stopped = unit.overview.users(Reach(everybody=True), Filter(status="suspended"), limit=1)[0].id
        locked = configured_office(office)
        conflict = f"{ann}/conflicts/{office.things['conflict_id']}"
        pages = {
            ANN: {
                "user": ann, "issues": f"{ann}/issues", "why": f"{ann}/why", "story": f"{ann}/why?item=ev:ann",
                "runs": f"{ann}/runs", "run": run, "people": f"{ann}/people", "conflicts": f"{ann}/conflicts",
                "conflict": conflict, "user-settings": f"{ann}/settings", "tokens": "/tokens",
                "setting": f"{ann}/settings/blocklist.user", "setting-locked": f"{ann}/settings/{locked}",
            },
            ADELE: {
                "users": "/users", "users-troubled": "/users?troubled=true&sort=issues&down=true",
                "user-of-admin": ann, "suspended-user": f"/users/{stopped}", "holds": "/holds", "hold": hold,
                "organizations": "/organizations", "organization-settings": f"{org}/settings?changed=1",
                "organization-setting": f"{org}/settings/scope.past_days", "profiles": f"{org}/profiles",
                "roll-out": f"{org}/settings/tasks.enabled", "leaving": f"{ann}/delete",
                "profile": f"/profiles/{office.things['profile_id']}?changed=1", "changes": f"{org}/changes",
                "preset": f"/presets/{office.things['preset_id']}?changed=1", "settings-of-admin": f"{ann}/settings",
                "audit": "/audit", "operations": "/operations", "refused": "/users/999999",
            },
        }  # fmt: skip
        dark = {"user", "users", "operations", "hold", "setting-locked"}
        with serving(office.app) as address, browser() as opened:
            page = opened.new_page(viewport=WIDE)
            page.goto(f"{address}/login")
            page.screenshot(path=folder / "login.png")
            page.goto(f"{address}/login/link?token=x")
            page.screenshot(path=folder / "link.png")
            for who, named in pages.items():
                for scheme in ("light", "dark"):
                    context = opened.new_context(viewport=WIDE, color_scheme=scheme)
                    secret = entering.begin(office.app, who, "screenshots", "test")
                    context.add_cookies([{"name": "inbox-sync", "value": secret, "url": address}])
                    page = context.new_page()
                    for name, path in named.items():
                        if scheme == "dark" and name not in dark:
                            continue
                        page.goto(address + path)
                        target = folder / f"{name}{'-dark' if scheme == 'dark' else ''}.png"
                        page.screenshot(path=target, full_page=name not in LONG)
                    if scheme == "light" and who == ANN:
                        page.set_viewport_size(NARROW)
                        page.goto(address + ann)
                        page.screenshot(path=folder / "user-narrow.png", full_page=True)
                    context.close()
        office.app.close()
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


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
