"""`inbox-sync unresolved`: people whom Salesforce does not know, and what a person wants made of them."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

from mapping.rules.resolving import Wanted, Wish
from sync_tasks.bootstrap import App
from sync_tasks.cli.shell import (
    CommandError,
    Json,
    NotFoundError,
    OnlyUser,
    WrongUsageError,
    existing,
    give,
    lists_by_itself,
    only_of,
    open_app,
    plainly,
    say,
    shown,
    table,
)
from sync_tasks.services import strangers
from sync_tasks.services.waiting import stranger_row
from sync_tasks.state.records import UnresolvedState, UnresolvedView
from sync_tasks.state.store import Unit

app = typer.Typer(help="People whom Salesforce does not know: look, and decide what becomes of them.")

BY = "console"
Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the entry; `inbox-sync unresolved` lists them.")]
Lead = Annotated[bool, typer.Option("--lead", help="Make a lead.")]
Contact = Annotated[
    str | None, typer.Option("--contact", metavar="ACCOUNT", help="Make a contact of this account, named by its id.")
]
ContactAndAccount = Annotated[
    bool, typer.Option("--contact-and-account", help="Make a contact, and its account with it.")
]
Ignore = Annotated[bool, typer.Option("--ignore", help="Block the address: nobody links to it, nothing is made of it.")]
Domain = Annotated[bool, typer.Option("--domain", help="With --ignore: the whole mail domain.")]
Everybody = Annotated[bool, typer.Option("--everybody", help="With --ignore: for the whole organization.")]

_WISHES = {
    Wish.LEAD: "a lead",
    Wish.CONTACT: "a contact of account {account}",
    Wish.CONTACT_AND_ACCOUNT: "a contact and an account",
}
_STATES = {
    UnresolvedState.WAITS: "waits",
    UnresolvedState.HELD: "waits for you",
    UnresolvedState.MADE: "made",
    UnresolvedState.RESOLVED: "known by now",
    UnresolvedState.IGNORED: "blocked",
    UnresolvedState.EXPIRED: "given up",
}


@app.command("list")
def list_(
    user: OnlyUser = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that are settled, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most people shown.")] = 50,
    as_json: Json = False,
) -> None:
    """People on whom nothing is settled, seen last first. That somebody looked is noted."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            user_id = only_of(unit, user)
            rows = unit.unresolved.recent(user_id, closed=everything, limit=limit)
        found = [stranger_row(opened, row) for row in rows]
        if found:
            strangers.looked(opened, "list", user or "everybody", by=BY, entries=len(found))
    if as_json:
        give(found)
        return
    if not found:
        say("nobody is unresolved")
        return
    columns = ("ID", "User", "Who", "Seen on", "Last", "State", "Why")
    table("", columns, [(e["id"], e["user"], _who(e), len(e["items"]), e["last_seen"], _state(e), e["sentence"])
                        for e in found])  # fmt: skip
    say("`inbox-sync unresolved show ID` tells more; `unresolved decide ID --lead` and so on decides", "dim")


lists_by_itself(app, list_)


@app.command()
def show(number: Number, as_json: Json = False) -> None:
    """One of them, with the items on which he was seen. That somebody looked is noted."""
    with open_app() as opened:
        with opened.store.reading() as unit:
            row = _known(unit, number)
        told = stranger_row(opened, row)
        strangers.looked(opened, "show", row.user, by=BY, entry=number)
    if as_json:
        give(told)
        return
    say(f"{number} of {told['user']}: {_who(told)}", "bold")
    say(f"{_state(told)}: {told['sentence']}")
    met = "written to" if told["met"] else "not written to"
    say(f"first seen {shown(told['first_seen'])}, last {shown(told['last_seen'])}; {met}")
    table("Seen on", ("Kind", "Folder", "Item"), [(i["kind"], i["folder"], i["item"]) for i in told["items"]])


@app.command()
def decide(
    number: Number,
    lead: Lead = False,
    contact: Contact = None,
    contact_and_account: ContactAndAccount = False,
    ignore: Ignore = False,
    domain: Domain = False,
    everybody: Everybody = False,
    as_json: Json = False,
) -> None:
    """Say what becomes of somebody; the next run does it, and saves the items on which he was seen."""
    if lead + (contact is not None) + contact_and_account + ignore != 1:
        raise WrongUsageError("say one of --lead, --contact ACCOUNT, --contact-and-account and --ignore")
    if (domain or everybody) and not ignore:
        raise WrongUsageError("--domain and --everybody go with --ignore")
    with open_app() as opened:
        with opened.store.reading() as unit:
            before = _known(unit, number)
        if ignore:
            done = _ignore(opened, before, domain=domain, everybody=everybody)
        else:
            wish = Wish.LEAD if lead else Wish.CONTACT_AND_ACCOUNT if contact_and_account else Wish.CONTACT
            done = _make(opened, before, Wanted(wish, _account_id(contact) if contact is not None else ""))
        with opened.store.reading() as unit:
            told = stranger_row(opened, _known(unit, number))
    if as_json:
        give(told)
    else:
        say(done)


def _make(opened: App, row: UnresolvedView, wanted: Wanted) -> str:
    try:
        done = strangers.decide(opened, row.id, wanted, by=BY)
    except strangers.UnknownAccountError:
        raise NotFoundError(f"Salesforce shows no account {wanted.account_id}") from None
    if not done:
        raise _over(row)
    return f"{row.id} of {row.user}: the next run makes {_WISHES[wanted.wish].format(account=wanted.account_id)}"


def _ignore(opened: App, row: UnresolvedView, *, domain: bool, everybody: bool) -> str:
    level = "organization" if everybody else "user"
    with plainly():
        blocked = strangers.ignore(opened, row.id, whole_domain=domain, level=level, by=BY)
    if not blocked:
        raise _over(row)
    return f"{row.id} of {row.user}: {blocked} is on the block list ({strangers.LISTS[level]})"


def _over(row: UnresolvedView) -> CommandError:
    return CommandError(f"entry {row.id} is settled ({_STATES.get(UnresolvedState(row.state), row.state)})")


def _account_id(text: str) -> str:
    if not re.fullmatch(r"001[A-Za-z0-9]{12}([A-Za-z0-9]{3})?", text):
        raise WrongUsageError(f"--contact takes the id of an account, which begins with 001, not {text!r}")
    return text


def _known(unit: Unit, number: int) -> UnresolvedView:
    return existing(unit.unresolved.get(number), f"entry {number}", "unresolved list --all")


def _who(told: dict[str, Any]) -> str:
    if not told["address"]:
        return "thrown away"
    return f"{told['name']} <{told['address']}>" if told["name"] else str(told["address"])


def _state(told: dict[str, Any]) -> str:
    if told["state"] == UnresolvedState.DECIDED:
        return f"becomes {_WISHES[Wish(told['wish'])].format(account=told['account'])}"
    return _STATES[UnresolvedState(told["state"])]
