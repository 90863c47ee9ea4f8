"""`inbox-sync sandbox`: the emulated vendors, served on one port."""

from __future__ import annotations

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sync_tasks.cli.shell import CommandError, Json, WrongUsageError, give, say, table

if TYPE_CHECKING:
    from connectors.sandbox.seed import SeedReport
    from connectors.sandbox.server import Sandbox

DEFAULT_PORT = 8900
DEFAULT_MAILBOX = "demo@acme.example"
SERVICE_USER, SERVICE_PASSWORD = "svc-inbox-sync", "sandbox"  # the sandbox protects nothing
CLIENT_ID, CLIENT_SECRET = "inbox-sync", "sandbox-secret"  # nor here
TENANT = "sandbox"


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(sandbox)


def sandbox(
    host: Annotated[str, typer.Option(help="Address to listen on; it has to be this machine.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = DEFAULT_PORT,
    seed: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Load *.eml, *.mbox, *.ics, *.vcf, *.json and *.csv below this directory."),
    ] = None,
    mailbox: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Whose mailbox gets mails, calendars and contacts.")
    ] = DEFAULT_MAILBOX,
    mark: Annotated[
        str | None, typer.Option(metavar="CATEGORY", help="Give every loaded calendar item this category.")
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="Make calls fail: vendor:operation:what[:nth=N][:times=N], repeatable."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Serve the emulated vendors until Ctrl-C."""
    world = new_sandbox(fault or [])
    try:
        loaded = None if seed is None else load_seed(world, seed, mailbox, mark)
        serve(world, host, port, loaded, as_json=as_json)
    finally:
        world.close()


def new_sandbox(faults: list[str]) -> Sandbox:
    """An empty sandbox with scripted faults. Raises CommandError when the sandbox is not installed."""
    try:
        from connectors.sandbox.server import Sandbox
    except ImportError as error:
        advice = "install it with `pip install inbox-sync[sandbox]`"
        raise CommandError(f"the sandbox is not installed ({error.name} is missing): {advice}") from None
    world = Sandbox()
    for spec in faults:
        try:
            world.faults.add(spec)
        except ValueError as error:
            world.close()
            example = "for example salesforce:query:503:times=2"
            raise WrongUsageError(f"--fault {spec}: {error}; write vendor:operation:what, {example}") from None
    return world


def load_seed(world: Sandbox, seed: Path, mailbox: str, mark: str | None) -> SeedReport:
    """Load a directory; `mark` puts a category on what is in the calendar then."""
    from connectors.sandbox.ews.control import call_for, find_folder
    from connectors.sandbox.seed import load

    if "@" not in mailbox:
        raise WrongUsageError(f"--mailbox takes an address, not {mailbox!r}")
    try:
        report = load(world, seed, mailbox=mailbox.lower())
    except NotADirectoryError:
        raise WrongUsageError(f"--seed takes a directory; {seed} is none") from None
    if mark:
        call = call_for(world, mailbox)
        with world.store.transaction():
            for item in call.items.inside(find_folder(call, "calendar")):
                old = item.values.get("Categories") or []
                call.items.replace(item, {**item.values, "Categories": sorted({*old, mark})})
    return report


def serve(world: Sandbox, host: str, port: int, loaded: SeedReport | None, *, as_json: bool) -> None:
    """Print what there is and where, then serve until a signal says stop."""
    from connectors.sandbox.server import SandboxServer

    try:
        server = SandboxServer(world, host, port).start()
    except ValueError as error:
        raise WrongUsageError(str(error)) from None
    except OSError as error:
        advice = "take another with --port, 0 finds a free one"
        raise CommandError(f"port {port} on {host} cannot be opened ({error.strerror or error}): {advice}") from None
    try:
        told = {"url": server.url, **addresses(server.url)}
        if as_json:
            give({**told, "seed": None if loaded is None else loaded.as_json()})
        else:
            _show(told, loaded)
        sys.stdout.flush()
        _wait()
    finally:
        server.stop()


def addresses(url: str) -> dict[str, Any]:
    """Where everything is, and how to sign in."""
    return {
        "salesforce": {
            "login_url": f"{url}/salesforce", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET,
        },
        "exchange": {
            "endpoint": f"{url}/ews/Exchange.asmx", "username": SERVICE_USER, "password": SERVICE_PASSWORD,
        },
        "graph": {
            "login_url": f"{url}/graph", "graph_url": f"{url}/graph", "tenant": TENANT, "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
        },
        "google": {"base_url": f"{url}/google"},
        "control": f"{url}/control",
    }  # fmt: skip


def _show(told: dict[str, Any], loaded: SeedReport | None) -> None:
    if loaded is not None:
        show_report(loaded)
    crm, mailbox, graph = told["salesforce"], told["exchange"], told["graph"]
    rows = [
        ("Salesforce", crm["login_url"], f"client_id {crm['client_id']}, client_secret {crm['client_secret']}"),
        ("Exchange", mailbox["endpoint"], f"username {mailbox['username']}, password {mailbox['password']}"),
        (
            "Graph",
            graph["graph_url"],
            f"tenant {graph['tenant']}, client_id {graph['client_id']}, client_secret {graph['client_secret']}",
        ),
        ("Google", told["google"]["base_url"], "POST /control/google/accounts tells the key file of a service account"),
        ("Control", told["control"], "GET /control/counters, /control/dump; POST /control/faults, /control/clock"),
    ]
    table(f"Sandbox at {told['url']}", ("What", "Address", "How"), rows)


def show_report(loaded: SeedReport) -> None:
    """Per file what was loaded, and what was not and why."""
    rows = []
    for file in loaded.files:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(file.loaded.items()))
        reasons: dict[str, int] = {}
        for _, reason in file.skipped:
            reasons[reason] = reasons.get(reason, 0) + 1
        why = "; ".join(f"{count} x {reason}" for reason, count in sorted(reasons.items()))
        rows.append((file.name, kinds or "-", len(file.skipped) or "-", why or "-", "; ".join(file.notes) or "-"))
    table("Loaded", ("File", "Loaded", "Skipped", "Why", "Notes"), rows)
    total = ", ".join(f"{count} {kind}" for kind, count in sorted(loaded.loaded.items()))
    say(f"{len(loaded.files)} files: loaded {total or 'nothing'}; skipped {sum(loaded.skipped.values())}")


def _wait() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    try:
        while not stop.wait(3600):
            pass
    except KeyboardInterrupt:
        say("sandbox stopped")
