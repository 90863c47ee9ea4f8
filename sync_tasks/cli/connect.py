"""`inbox-sync connect`: one user lets us in, to the own mailbox or to Salesforce."""

from __future__ import annotations

import http.server
import time
from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlsplit

import typer

from connectors.registry import ACCESSES
from sync_tasks.bootstrap import App
from sync_tasks.cli.checks import show_checks
from sync_tasks.cli.organizations import refuse_unknown, store_connection
from sync_tasks.cli.shell import (
    FAILED,
    CommandError,
    Json,
    WrongUsageError,
    assignments,
    give,
    open_app,
    say,
    secret_value,
    the_org,
    the_user,
    warn,
)
from sync_tasks.services import consent
from sync_tasks.services.consent import CALLBACK, Application, Begun, ConsentError
from sync_tasks.services.examining import checks_of, rows_of
from sync_tasks.state.records import UserView

app = typer.Typer(no_args_is_help=True, help="Connect one user; whole organizations: `inbox-sync org connect`.")

PORT = 8931
User = Annotated[str, typer.Argument(metavar="USER", help="The user's mail address.")]
Facts = Annotated[
    list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A fact of the connection, repeatable.")
]
Secrets = Annotated[
    list[str] | None,
    typer.Option("--secret", metavar="NAME=VALUE", help="A secret; @FILE reads it from a file, - asks for it."),
]
Port = Annotated[int, typer.Option(help="Where this machine waits for the answer; register http://localhost:PORT/...")]
Code = Annotated[bool, typer.Option("--code", help="Ask for the address that the browser ends at, instead of waiting.")]
Link = Annotated[bool, typer.Option("--link", help="Only print a link for the user, good for a week.")]
Wait = Annotated[int, typer.Option(help="Seconds to wait for the answer.")]


def _consenting(vendor: str) -> Callable[..., None]:
    """The command by which a user lets us in at a vendor."""

    def command(
        user: User, facts: Facts = None, secret: Secrets = None, port: Port = PORT, code: Code = False,
        link: Link = False, wait: Wait = 600, as_json: Json = False,
    ) -> None:  # fmt: skip
        _consent(vendor, user, facts, secret, port, wait, code=code, link=link, as_json=as_json)

    return command


for _name, _vendor, _help in (
    ("salesforce", "salesforce", "The user lets us in to Salesforce as himself."),
    ("microsoft", "graph", "The user lets us in to a mailbox in Microsoft 365."),
    ("google", "google", "The user lets us in to a mailbox of Google Workspace."),
):
    app.command(_name, help=_help)(_consenting(_vendor))


@app.command()
def exchange(
    user: User,
    username: Annotated[str | None, typer.Option(help="Who signs in; the user's own address when not given.")] = None,
    password: Annotated[str, typer.Option(help="@FILE reads it from a file, - asks for it.")] = "-",  # noqa: S107  # a dash
    access: Annotated[str, typer.Option(help=f"Under whose name: {', '.join(ACCESSES)}.")] = "self",
    facts: Facts = None,
    as_json: Json = False,
) -> None:
    """The user's mailbox on an Exchange server, with user name and password. Kept only when it works."""
    if access not in ACCESSES:
        raise WrongUsageError(f"there is no access {access}; known: {', '.join(ACCESSES)}")
    plain = {"access": access, **assignments(facts or [], "--set")}
    refuse_unknown("exchange", plain, {})
    with open_app() as opened:
        with opened.store.reading() as unit:
            who = the_user(unit, user)
            org = the_org(unit, who.org_name)
            known = unit.accounts.connection(org.id, who.id, "mailbox")
        plain["username"] = username or who.address
        secrets = {"password": secret_value("password", password)}
        before = known[2] if known is not None and known[1] == "exchange" else {}
        if not (before | plain).get("endpoint"):
            raise WrongUsageError("exchange needs --set endpoint=https://<server>/EWS/Exchange.asmx")
        rows = rows_of(checks_of(opened.mailbox_at(who, "exchange", before | plain, secrets)))
        ok = all(row["ok"] for row in rows)
        resumed = False
        if ok:
            with opened.store.writing() as unit:
                store_connection(opened, unit, org, who.id, "mailbox", "exchange", plain, secrets)
                resumed = who.suspended_at is not None and unit.accounts.user(who.id).suspended_at is None
    if as_json:
        give({"user": who.address, "vendor": "exchange", "connected": ok, "resumed": resumed, "checks": rows})
    else:
        show_checks("", rows)
        say(f"{who.address} is connected" if ok else "nothing was changed", "green" if ok else "red")
    if not ok:
        raise typer.Exit(FAILED)


def _consent(
    vendor: str, address: str, facts: list[str] | None, secret: list[str] | None, port: int, wait: int, *,
    code: bool, link: bool, as_json: bool,
) -> None:  # fmt: skip
    plain = assignments(facts or [], "--set")
    secrets = {key: secret_value(key, value) for key, value in assignments(secret or [], "--secret").items()}
    refuse_unknown(vendor, plain, secrets)
    with open_app() as opened:
        with opened.store.reading() as unit:
            user = the_user(unit, address)
        told = Application(plain, secrets)
        try:
            if link:
                _print_link(opened, user, vendor, told, as_json=as_json)
                return
            done = consent.finish(opened, **_answered(opened, user, vendor, told, port, wait, code=code), by="console")
        except ConsentError as error:
            raise CommandError(str(error)) from None
    if as_json:
        give({"user": done.user.address, "vendor": vendor, "connected": True, "resumed": done.resumed})
    else:
        say(f"{done.user.address} is connected" + ("; it is synchronized again" if done.resumed else ""), "green")


def _print_link(opened: App, user: UserView, vendor: str, told: Application, *, as_json: bool) -> None:
    if not opened.settings.public_url:
        raise CommandError("a link needs INBOX_SYNC_PUBLIC_URL, the address under which people reach `inbox-sync web`")
    to = f"{opened.settings.public_url.rstrip('/')}/connect/{consent.invite(opened, user, vendor, told)}"
    if as_json:
        give({"user": user.address, "vendor": vendor, "link": to})
    else:
        say(to)


def _answered(
    opened: App, user: UserView, vendor: str, told: Application, port: int, wait: int, *, code: bool
) -> dict[str, Any]:
    """The vendor's answer, and what this console holds. The page to open is printed where it does not mix with the
    answer of the command."""
    if code:
        begun = consent.begin(opened, user, vendor, f"http://localhost:{port}{CALLBACK}", told)
        _send_there(user, begun)
        ended = secret_value("the address that the browser ends at", "-")
        return {"answer": dict(parse_qsl(urlsplit(ended).query)), "browser": begun.browser}
    with _Waiting(port) as waiting:
        begun = consent.begin(opened, user, vendor, f"http://localhost:{waiting.port}{CALLBACK}", told)
        _send_there(user, begun)
        return {"answer": waiting.answer(wait), "browser": begun.browser}


def _send_there(user: UserView, begun: Begun) -> None:
    warn(f"Open this address and agree as {user.address}:")
    typer.echo(begun.address, err=True)  # in one line, however long


class _Waiting:
    """Listens on this machine alone, for one answer."""

    def __init__(self, port: int) -> None:
        self._answer: dict[str, str] = {}
        kept = self._answer

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = urlsplit(self.path)
                if found.path != CALLBACK:
                    self.send_error(404)
                    return
                kept.update(parse_qsl(found.query))
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; charset=utf-8")
                self.end_headers()
                self.wfile.write(b"The answer has arrived. Look at the console.\n")

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Codes do not belong in a log."""

        try:
            self._server = http.server.HTTPServer(("127.0.0.1", port), Handler)
        except OSError:
            raise CommandError(f"port {port} is taken; choose another with --port, or use --code") from None
        self.port = self._server.server_port

    def __enter__(self) -> _Waiting:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    def answer(self, seconds: int) -> dict[str, str]:
        until = time.monotonic() + seconds
        while not self._answer and time.monotonic() < until:
            self._server.timeout = until - time.monotonic()
            self._server.handle_request()
        if not self._answer:
            raise ConsentError("nobody came back in time: begin again")
        return dict(self._answer)
