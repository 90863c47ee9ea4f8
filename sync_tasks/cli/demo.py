"""`inbox-sync demo`: everything at once, on sample data, with nothing to install and nothing to set."""

from __future__ import annotations

import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sync_tasks.bootstrap import App, secrets_of
from sync_tasks.cli.demo_children import Child, flower_answers, start, web_answers
from sync_tasks.cli.inspecting import show_issues
from sync_tasks.cli.sandbox import addresses, new_sandbox, show_report
from sync_tasks.cli.shell import CommandError, Json, give, say, table
from sync_tasks.cli.summary import show_summary
from sync_tasks.services import scheduling
from sync_tasks.services.embedded import EmbeddedRedis, free_port
from sync_tasks.services.entering import log_in_link
from sync_tasks.services.run_facts import SIDES, summary
from sync_tasks.settings import EMBEDDED, PREFIX, Settings
from sync_tasks.state import migrate
from sync_tasks.state.records import RunState, RunView
from sync_tasks.state.store import Unit

if TYPE_CHECKING:
    from connectors.sandbox.server import SandboxServer
    from sync_tasks.cli.sample_world import SampleWorld

PATIENCE = 90.0  # seconds for a run to be dispatched and to end
SCHEDULE = {
    "INTERVAL_SECONDS": "60", "JITTER": "0", "FORCE_FLOOR_SECONDS": "0", "DISPATCH_EVERY_SECONDS": "0.5",
}  # fmt: skip
VENDORS = {"exchange": "Exchange", "graph": "Microsoft 365", "google": "Google"}
LEFT_BEHIND = ("inbox-sync.db*", "beat-schedule*", "*.log")


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command()(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Leave when all was shown, instead of staying up.")] = False,
    as_json: Json = False,
) -> None:
    """Run it all on sample data: stores, sandbox, worker, beat, pages and Flower; needs nothing but this program.

    Exit 1 when a run fails, or when a run without changes writes anything.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # both ways of ending it end what it started
    with ExitStack() as stack:
        if once:
            home = Path(stack.enter_context(TemporaryDirectory(prefix="inbox-sync-demo-")))
        else:
            home = Settings().home / "demo"
        stack.enter_context(_environment(home))
        show = Show(quiet=as_json)
        told = _play(stack, home, show)
        still = told["idle"]["writes"]
        if as_json:
            give(told)
        if any(still.values()):
            raise CommandError(f"a run without changes wrote {still}; this must not be")
        show.text("No change, no write: 0 on both sides, by the sandbox's own count.", "bold green")
        if not once:
            _stay(told, show)


def _meeting(app: App, world: SampleWorld, users: Mapping[int, str]) -> dict[str, Any]:
    """What became of the meeting among all three. Raises CommandError unless all of them share one record."""
    from sync_tasks.cli.sample_world import KICK_OFF, MAILBOXES

    events, invited = world.kick_off()
    keys = [event["InboxSync_Key__c"] for event in events]
    with app.store.reading() as unit:
        copies = [
            {"user": address, "mailbox": MAILBOXES[address], "item": pair.mailbox_id, "record": pair.crm_id}
            for user, address in users.items()
            for pair in unit.pairs.by_key(user, keys).values()
        ]
    records = [event["Id"] for event in events]
    if len(records) != 1 or [copy["record"] for copy in copies] != records * len(users):
        raise CommandError(f"the meeting of all three has the records {records}; it must be one that they share")
    return {"subject": KICK_OFF, "records": records, "copies": copies, "invited": invited}


def _show_meeting(told: Mapping[str, Any]) -> None:
    rows = [(each["user"], VENDORS[each["mailbox"]], each["item"], each["record"]) for each in told["copies"]]
    table(f"{told['subject']}: {len(told['records'])} Salesforce event", ("User", "Mailbox", "Item", "Record"), rows)
    table("Invited there", ("Who", "Answer"), sorted(told["invited"].items()))


class Show:
    """Prints for people, or not at all when the answer is for a program."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def text(self, text: str, style: str = "") -> None:
        self(lambda: say(text, style))

    def head(self, text: str) -> None:
        self.text(f"\n== {text}", "bold cyan")

    def __call__(self, do: Callable[[], None]) -> None:
        if not self._quiet:
            do()


def _play(stack: ExitStack, home: Path, show: Show) -> dict[str, Any]:
    from connectors.sandbox.server import SandboxServer
    from sync_tasks.cli.sample_world import PEOPLE, SampleWorld

    show.head("Start")
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    stack.enter_context(EmbeddedRedis(home))  # holds the lock of the home: from here on it is ours alone
    for pattern in LEFT_BEHIND:
        for path in home.glob(pattern):
            path.unlink()
    app = App(Settings())
    stack.callback(app.close)
    migrate.upgrade(app.store.engine)
    sandbox = new_sandbox([])
    stack.callback(sandbox.close)
    server = stack.enter_context(SandboxServer(sandbox))
    world = SampleWorld(server)
    stack.callback(world.close)
    for report in world.furnish():
        show(lambda report=report: show_report(report))  # type: ignore[misc]
    users = _connect(app, server, world)
    world.plan_week()
    children = start(stack, home)

    play = _Play(app, world, children, users)
    show.head("First runs, by the schedule")
    first = play.wait(dict.fromkeys(users, 0))
    _show_all(show, first)
    with app.store.reading() as unit:
        issues = unit.trail.issues()
    show(lambda: show_issues(issues))
    play.rest()
    show.head("A day passes")
    done = world.change_things()
    for line in done:
        show.text(f"- {line}")
    show.head("Second runs, forced")
    second = play.force()
    _show_all(show, second)
    show.head("One meeting in three mailboxes, once in Salesforce")
    meeting = _meeting(app, world, users)
    show(lambda: _show_meeting(meeting))
    show.head("Third runs, forced, with nothing changed in between")
    play.force()  # what the second runs wrote is seen once more here, and found to be our own
    world.forget_writes()
    idle = play.force()
    writes = world.writes()
    rows = [(told["user"], told["state"]) for told in idle]
    show(lambda: table("", ("User", "Run"), rows))
    show(lambda: table("", ("Side", "Writes"), [(SIDES[side], number) for side, number in writes.items()]))
    flower, web = children["flower"], children["web"]
    return {
        "home": str(home), "users": list(PEOPLE), "first": first, "meeting": meeting,
        "issues": [issue.code for issue in issues],
        "changes": done, "second": second,
        "idle": {"runs": idle, "writes": writes},
        "sandbox": addresses(server.url), "flower": {"url": flower.url, "answers": flower_answers(flower.url)},
        "dashboard": {"url": web.url, "answers": web_answers(web.url), "log_in": log_in_link(app, web.url)},
    }  # fmt: skip


@contextmanager
def _environment(home: Path) -> Iterator[None]:
    """The settings of the demo for this process and its children, whatever is set for an installation."""
    given = {
        f"{PREFIX}HOME": str(home), f"{PREFIX}DATABASE_URL": f"sqlite:///{home.resolve()}/inbox-sync.db",
        f"{PREFIX}REDIS_URL": EMBEDDED, f"{PREFIX}FLOWER_USER": "demo",
        f"{PREFIX}FLOWER_PASSWORD": secrets.token_urlsafe(12), **{PREFIX + name: v for name, v in SCHEDULE.items()},
    }  # fmt: skip
    given |= {f"{PREFIX}WEB_PORT": str(port := free_port()), f"{PREFIX}PUBLIC_URL": f"http://127.0.0.1:{port}"}
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _connect(app: App, server: SandboxServer, world: SampleWorld) -> dict[int, str]:
    """The organization with its Salesforce, and each user with a mailbox of another vendor; returns the users."""
    from sync_tasks.cli.sample_world import BEN, DOMAIN, MAILBOXES, ORG, PEOPLE

    told = addresses(server.url)
    told["google"]["service_account"] = json.dumps(world.google_key_file())
    with app.store.writing() as unit:
        org = unit.accounts.add_org(ORG, app.clock())
        _put_connection(app, unit, org, None, "crm", "salesforce", told)
        unit.accounts.put_setting(org, None, "domains.internal", [DOMAIN])
        unit.accounts.put_setting(org, None, "autosave.emails", True)
    crm = app.crm_of(org, None, ORG)
    ids = {address: crm.find_user(address) for address in PEOPLE}
    users = {}
    with app.store.writing() as unit:
        for address, crm_user_id in ids.items():
            now = app.clock().replace(microsecond=0)  # servers tell to the second when something was made
            number = unit.accounts.add_user(
                org, address, now, crm_user_id=crm_user_id, shards=app.settings.shards, next_sync_at=now
            )
            users[number] = address
            _put_connection(app, unit, org, number, "mailbox", MAILBOXES[address], told)
            if address == BEN:  # so that the demo shows both: left alone, and a lead made
                unit.accounts.put_setting(org, number, "resolve.kind", "lead")
                unit.accounts.put_setting(org, number, "resolve.require_outbound", False)  # nobody answers the samples
    return users


def _put_connection(
    app: App, unit: Unit, org: int, user: int | None, side: str, vendor: str, told: Mapping[str, Mapping[str, str]]
) -> None:
    facts = told[vendor]
    hidden = secrets_of(vendor, facts)
    open_facts = {name: value for name, value in facts.items() if name not in hidden}
    connection = unit.accounts.put_connection(org, user, side, vendor, open_facts)
    for name, value in hidden.items():
        unit.accounts.put_credential(connection, name, app.seal_secret(connection, name, value))


class _Play:
    """Waiting for runs that the children do."""

    def __init__(self, app: App, world: SampleWorld, children: Mapping[str, Child], users: Mapping[int, str]) -> None:
        self._app, self._world, self._children, self._users = app, world, children, users

    def force(self) -> list[dict[str, Any]]:
        """Ask for a run of everybody, once those that are under way or asked for are over, and wait for those runs."""
        self.rest()
        last = {user: self._recent(user)[0].id for user in self._users}
        for user in self._users:
            scheduling.force(self._app, user)
        return self.wait(last)

    def rest(self) -> None:
        """A run that met another at the same message asks for one more by itself, which must not be taken for ours."""
        limit = time.monotonic() + PATIENCE
        while time.monotonic() < limit:
            with self._app.store.reading() as unit:
                if not unit.accounts.open_runs() and not any(unit.accounts.user(u).force_pending for u in self._users):
                    break
            time.sleep(0.1)
        time.sleep(1)  # Salesforce counts whole seconds: what people do is not to fall into that of our own last write

    def wait(self, after: Mapping[int, int]) -> list[dict[str, Any]]:
        """The next run of each user, once it has ended. A failed one, or none in time, is an error."""
        limit = time.monotonic() + PATIENCE
        ended: dict[int, RunView] = {}
        while len(ended) < len(after):
            for user, old in after.items():
                # one that asked for another by itself may have been followed by that already
                later = [run for run in self._recent(user) if run.id > old and run.state != RunState.OPEN]
                if later and user not in ended:
                    ended[user] = later[-1]
            for child in self._children.values():
                child.check()
            if time.monotonic() > limit:
                missing = ", ".join(address for user, address in self._users.items() if user not in ended)
                raise CommandError(
                    f"no run of {missing} ended within {PATIENCE:.0f} s; see the logs beside the database"
                )
            time.sleep(0.1)
        told = [summary(self._app, ended[user]) for user in after]
        for each in told:
            if each["state"] != RunState.DONE:
                raise CommandError(f"run {each['run']} of {each['user']}: {each['error_code']}, {each['error_text']}")
        return told

    def _recent(self, user: int) -> list[RunView]:
        """The newest runs, newest first."""
        with self._app.store.reading() as unit:
            return unit.runs.recent(user, 5)


def _show_all(show: Show, told: list[dict[str, Any]]) -> None:
    for each in told:
        show(lambda each=each: show_summary(each))  # type: ignore[misc]
        show.text("")


def _stay(told: Mapping[str, Any], show: Show) -> None:
    user, password = (os.environ[f"{PREFIX}FLOWER_{name}"] for name in ("USER", "PASSWORD"))
    exported = f"{PREFIX}HOME={told['home']} inbox-sync"
    rows = [
        ("Flower", told["flower"]["url"], f"user {user}, password {password}"),
        ("Sandbox", told["sandbox"]["control"], "GET /counters, /dump; POST /faults, /ews/items, /salesforce/records"),
        ("Logs", told["home"], "worker.log, beat.log, web.log, flower.log, redis/redis.log"),
        ("Console", f"{exported} runs", "also: plan RUN, explain ITEM, issues, user list, config effective, doctor"),
    ]
    show.head("It stays up; Ctrl-C ends it")
    show(lambda: table("", ("What", "Where", "How"), rows))
    show.text(f"\nThe dashboard, with a log-in that works once: {told['dashboard']['log_in']}", "bold green")
    show.text(f"Another one: {exported} web link --base {told['dashboard']['url']}", "dim")
    sys.stdout.flush()
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        show.text("stopped")
