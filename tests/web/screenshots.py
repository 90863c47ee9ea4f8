"""`make screenshots`: one picture of each page, in light and, of the first ones, in dark, for people to look at."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from sync_tasks.services import entering
from sync_tasks.state.overview import Filter, Reach
from tests.support.browser import browser
from tests.support.crowd import fill
from tests.support.office import ADELE, ANN, open_office
from tests.support.web import serving

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
        conflict = f"{ann}/conflicts/{office.things['conflict_id']}"
        pages = {
            ANN: {
                "user": ann, "issues": f"{ann}/issues", "why": f"{ann}/why", "story": f"{ann}/why?item=ev:ann",
                "runs": f"{ann}/runs", "run": run, "people": f"{ann}/people", "conflicts": f"{ann}/conflicts",
                "conflict": conflict, "user-settings": f"{ann}/settings", "tokens": "/tokens",
            },
            ADELE: {
                "users": "/users", "users-troubled": "/users?troubled=true&sort=issues&down=true",
                "user-of-admin": ann, "suspended-user": f"/users/{stopped}", "holds": "/holds", "hold": hold,
                "organizations": "/organizations", "organization-settings": f"{org}/settings?changed=1",
                "audit": "/audit", "operations": "/operations", "refused": "/users/999999",
            },
        }  # fmt: skip
        dark = {"user", "users", "operations", "hold"}
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
                        page.screenshot(path=folder / f"{name}{'-dark' if scheme == 'dark' else ''}.png",
                                        full_page=name not in ("user-settings", "users"))  # fmt: skip
                    if scheme == "light" and who == ANN:
                        page.set_viewport_size(NARROW)
                        page.goto(address + ann)
                        page.screenshot(path=folder / "user-narrow.png", full_page=True)
                    context.close()
        office.app.close()
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".screenshots"))
