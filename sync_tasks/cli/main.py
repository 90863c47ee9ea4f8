"""The console: `inbox-sync`, its families of commands, and what becomes of errors."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence

import typer
from pydantic import ValidationError

from connectors.errors import ConnectorError, Fault
from sync_tasks.bootstrap import NotConnectedError
from sync_tasks.cli import (
    abilities,
    auditing,
    blocking,
    budgeting,
    catalogue,
    config,
    conflicts,
    connect,
    database,
    demo,
    doctor,
    enrolling,
    healthy,
    holds,
    imagining,
    inspecting,
    intents,
    keys,
    mappings,
    notices,
    organizations,
    presets,
    privacy,
    processes,
    profiles,
    replaying,
    rollouts,
    running,
    sandbox,
    simulating,
    subscriptions,
    tokens,
    undoing,
    unresolved,
    users,
    web,
)
from sync_tasks.cli.shell import FAILED, WRONG_USAGE, CommandError, clean, console, give
from sync_tasks.observability.traces import TracesMissingError
from sync_tasks.security.vault import VaultError
from sync_tasks.services.embedded import EmbeddedRedisError
from sync_tasks.services.entering import RefusedError
from sync_tasks.services.scheduling import BusyError
from sync_tasks.settings import SecretsMissingError, UnknownSettingError

INTERRUPTED = 130

cli = typer.Typer(
    name="inbox-sync",
    help="Keeps mailboxes and Salesforce the same. Settings come from INBOX_SYNC_... and inbox-sync.toml. "
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 nothing found.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for module in (
    demo, sandbox, processes, doctor, running, inspecting, abilities, simulating, catalogue, notices, replaying,
    undoing, privacy, auditing, budgeting, healthy, imagining,
):  # fmt: skip
    module.register(cli)
_FAMILIES = {
    "db": database,
    "org": organizations,
    "user": users,
    "connect": connect,
    "config": config,
    "profile": profiles,
    "preset": presets,
    "rollout": rollouts,
    "holds": holds,
    "conflicts": conflicts,
    "intent": intents,
    "block": blocking,
    "unresolved": unresolved,
    "mapping": mappings,
    "keys": keys,
    "subscriptions": subscriptions,
    "web": web,
    "token": tokens,
}
enrolling.register(users.app)
for name, family in _FAMILIES.items():
    cli.add_typer(family.app, name=name)


@cli.callback()
def _root(
    debug: bool = typer.Option(False, "--debug", help="Show where an error came from; may stand anywhere."),
) -> None:
    """Keeps mailboxes and Salesforce the same."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the answer is the exit code. `--debug` lets errors through with their traceback."""
    given = list(sys.argv[1:] if argv is None else argv)
    debug = "--debug" in given
    arguments = [each for each in given if each != "--debug"]
    if not debug:
        warnings.simplefilter("ignore")
    try:
        typer.main.get_command(cli)(args=arguments, prog_name="inbox-sync")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAILED if end.code else 0
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if debug:
            raise
        text, code = told(error)
        if "--json" in arguments:
            give({"error": text, "code": code})
        else:
            console(stderr=True).print(clean(text), style="red", markup=False)
        return code
    return 0


def told(error: Exception) -> tuple[str, int]:
    """What a person is told of an error, and the exit code."""
    if isinstance(error, CommandError):
        return str(error), error.code
    known = (NotConnectedError, BusyError, EmbeddedRedisError, RefusedError, VaultError, TracesMissingError)
    if isinstance(error, known):
        return str(error), FAILED
    if isinstance(error, (UnknownSettingError, SecretsMissingError)):
        return str(error), WRONG_USAGE
    if isinstance(error, ValidationError):
        lines = [f"{'.'.join(map(str, each['loc'])) or 'settings'}: {each['msg']}" for each in error.errors()]
        return "the settings do not hold: " + "; ".join(lines), WRONG_USAGE
    if isinstance(error, ConnectorError):
        return f"{error}. {_ADVICE[error.fault]}", FAILED
    if type(error).__module__.startswith(("sqlalchemy", "alembic", "psycopg", "sqlite3")):
        text = (
            "the database (INBOX_SYNC_DATABASE_URL) does not do what it is asked; `inbox-sync doctor` looks into it, "
            f"--debug shows all ({type(error).__name__})"
        )
        return text, FAILED
    return f"this should not happen ({type(error).__name__}); run the command again with --debug to see where", FAILED


_ADVICE = dict.fromkeys(Fault, "Try again, or let `inbox-sync doctor USER` look at the connection.") | {
    Fault.UNAVAILABLE: "The server does not answer at this address: check it with `inbox-sync org show`.",
    Fault.THROTTLED: "The server asks to slow down; try again later.",
    Fault.AUTH_EXPIRED: "Give the credentials anew with `inbox-sync org connect`.",
    Fault.AUTH_REVOKED: "The credentials are refused; give them anew with `inbox-sync org connect`.",
    Fault.FORBIDDEN: "The account may not do this; `inbox-sync doctor USER` says what it needs.",
}


if __name__ == "__main__":
    sys.exit(main())
