"""`inbox-sync web`: the process that serves the pages, and who may enter them."""

from __future__ import annotations

from typing import Annotated

import typer

from mapping.model.people import normalise
from sync_tasks import runtime
from sync_tasks.bootstrap import App
from sync_tasks.cli.processes import Level, announce, begin, level_named
from sync_tasks.cli.shell import Json, NotFoundError, WrongUsageError, give, is_embedded, open_app, say, table, the_org
from sync_tasks.services import entering
from sync_tasks.settings import Settings

app = typer.Typer(help="Serve the pages and the REST interface; links and administrators for them.")

Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="Mail address.")]


@app.callback(invoke_without_command=True)
def web(
    context: typer.Context,
    host: Annotated[str | None, typer.Option(metavar="HOST", help="Where to listen, else web_host.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="And on which port; else web_port; 0 takes a free one.")
    ] = None,
    log_level: Level = "INFO",
    as_json: Json = False,
) -> None:
    """Serve the pages, the REST interface and the addresses that vendors call, until told to stop."""
    if context.invoked_subcommand is not None:
        return
    # here, for no other command needs them, and they would slow down the start of each
    from sync_tasks.web.app import create_app
    from sync_tasks.web.server import address_of, listen, serve

    level = level_named(log_level)
    begin(level)
    settings = Settings()
    listener = listen(host or settings.web_host, settings.web_port if port is None else port)
    address = settings.public_url.rstrip("/") or address_of(listener)
    opened = runtime.app()
    # an installation with a database of its own has people who read its logs: there a link is made on demand
    told = {"log_in": entering.log_in_link(opened, address)} if is_embedded(settings) else {}
    announce("web", {"address": address, **told}, as_json=as_json)
    serve(create_app(opened), listener, log_level=level)


@app.command()
def link(
    who: Annotated[
        str, typer.Argument(metavar="[ADDRESS]", help="As this user or administrator, else as the local one.")
    ] = "",
    base: Annotated[str | None, typer.Option(metavar="URL", help="Where the pages are, else public_url.")] = None,
    as_json: Json = False,
) -> None:
    """Make a link that logs in once, within a quarter of an hour."""
    with open_app() as opened:
        address = _known(opened, who) if who else ""
        settings = opened.settings
        at = base or settings.public_url or f"http://{settings.web_host}:{settings.web_port}"
        made = entering.log_in_link(opened, at.rstrip("/"), address)
    if as_json:
        give({"link": made, "address": address or None, "minutes": int(entering.LINK_LIVES.total_seconds() // 60)})
    else:
        say(made)


@app.command()
def grant(
    who: Address,
    org: Annotated[str | None, typer.Option(metavar="NAME", help="Of this organization only.")] = None,
    platform: Annotated[bool, typer.Option("--platform", help="Of the whole installation.")] = False,
    as_json: Json = False,
) -> None:
    """Make somebody an administrator."""
    if platform and org is not None:
        raise WrongUsageError("either --platform or --org NAME")
    address = _normal(who)
    with open_app() as opened, opened.store.writing() as unit:
        found = None if platform else the_org(unit, org)
        now = opened.clock()
        unit.access.grant(address, found.id if found else None, now, "console")
        unit.accounts.audit(now, "console", "web.grant", address, org=found.name if found else "")
    if as_json:
        give({"address": address, "org": found.name if found else None})
    else:
        say(f"{address} administers {found.name if found else 'everything'}")


@app.command()
def revoke(who: Address, as_json: Json = False) -> None:
    """Take it back. Sessions and tokens of the address do at once only what is left to it."""
    address = _normal(who)
    with open_app() as opened, opened.store.writing() as unit:
        taken = unit.access.revoke(address)
        unit.accounts.audit(opened.clock(), "console", "web.revoke", address)
    if not taken:
        raise NotFoundError(f"{address} is no administrator; `inbox-sync web grants` lists them")
    if as_json:
        give({"address": address, "taken": taken})
    else:
        say(f"{address} is no administrator any more")


@app.command()
def grants(as_json: Json = False) -> None:
    """Who administers what."""
    with open_app() as opened, opened.store.reading() as unit:
        found = unit.access.grants()
    if as_json:
        give([{name: getattr(each, name) for name in ("address", "org", "granted_at", "granted_by")} for each in found])
        return
    if not found:
        say("nobody yet; `inbox-sync web grant ADDRESS` makes somebody an administrator")
    rows = [(each.address, each.org or "everything", each.granted_at, each.granted_by) for each in found]
    table("", ("Address", "Administers", "Since", "By"), rows)


def _normal(text: str) -> str:
    found = normalise(text)
    if not found:
        raise WrongUsageError(f"{text!r} is no mail address")
    return found


def _known(opened: App, who: str) -> str:
    address = _normal(who)
    with opened.store.reading() as unit:
        if entering.principal(unit, address) is None:
            raise NotFoundError(f"there is neither a user nor an administrator {address}")
    return address
