"""`inbox-sync holds`: plans that wait for a person, and the person's answer."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sync_tasks.cli.shell import (
    CommandError,
    Json,
    OnlyUser,
    existing,
    give,
    lists_by_itself,
    only_of,
    open_app,
    say,
    shown,
    table,
)
from sync_tasks.services import deciding
from sync_tasks.services.run_facts import SIDES
from sync_tasks.services.waiting import hold_changes, hold_row
from sync_tasks.state.records import HoldDecision, HoldView
from sync_tasks.state.store import Unit

app = typer.Typer(help="Plans that do more than goes without a person: look, approve, reject.")

Number = Annotated[int, typer.Argument(metavar="ID", help="Number of the hold; `inbox-sync holds` lists them.")]
_TAKEN = {HoldDecision.APPROVED: "approved", HoldDecision.REJECTED: "rejected", HoldDecision.VANISHED: "closed itself"}
_MEANING = {
    HoldDecision.APPROVED: "the next run does all of it",
    HoldDecision.REJECTED: "the next run does none of it: both copies stay, and are no longer kept the same",
}


@app.command("list")
def list_(
    user: OnlyUser = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Most holds shown.")] = 50,
    as_json: Json = False,
) -> None:
    """Holds that wait, newest first."""
    with open_app() as opened, opened.store.reading() as unit:
        found = [hold_row(hold) for hold in unit.holds.recent(only_of(unit, user), closed=everything, limit=limit)]
    if as_json:
        give(found)
        return
    if not found:
        say("nothing is held")
        return
    rows = [(h["id"], h["user"], h["opened_at"], h["items"], h["sentence"], h["decision"] or "waits") for h in found]
    table("", ("Hold", "User", "Since", "Items", "Why", "State"), rows)
    say("`inbox-sync holds show ID` lists what it is about; `holds approve ID` or `holds reject ID` decides", "dim")


lists_by_itself(app, list_)


@app.command()
def show(hold: Number, as_json: Json = False) -> None:
    """The numbers of a hold, and every change that waits, with its reason."""
    with open_app() as opened, opened.store.reading() as unit:
        found = _known(unit, hold)
        told = hold_row(found) | {"lines": found.lines, "changes": hold_changes(unit, found)}
    if as_json:
        give(told)
        return
    say(f"Hold {hold} of {told['user']}: {told['sentence']}", "bold")
    say(f"since {shown(told['opened_at'])}, run {shown(told['run'])}; {_state(told)}")
    columns = ("Side", "Kind", "Items", "Of", "Most")
    table("", columns, [(SIDES[i["side"]], i["kind"], i["count"], i["pairs"] or None, i["most"]) for i in found.lines])
    rows = [(c["act"], SIDES.get(c["side"], c["side"]), c["kind"], c["item"], c["sentence"]) for c in told["changes"]]
    table("Changes that wait", ("Act", "Side", "Kind", "Item", "Why"), rows)


@app.command()
def approve(hold: Number, as_json: Json = False) -> None:
    """Let the next run do what it planned."""
    _decide(hold, HoldDecision.APPROVED, as_json=as_json)


@app.command()
def reject(hold: Number, as_json: Json = False) -> None:
    """Have none of it done: the items stay on both sides and are no longer kept the same."""
    _decide(hold, HoldDecision.REJECTED, as_json=as_json)


def _decide(number: int, decision: HoldDecision, *, as_json: bool) -> None:
    with open_app() as opened:
        with opened.store.reading() as unit:
            _known(unit, number)
        done = deciding.decide(opened, number, decision, by="console")
        with opened.store.reading() as unit:
            after = _known(unit, number)
    if not done:
        raise CommandError(
            f"hold {number} {_state(hold_row(after))} already; `inbox-sync holds` shows what still waits"
        )
    if as_json:
        give(hold_row(after))
    else:
        say(f"hold {number} of {after.user} {_TAKEN[decision]}: {_MEANING[decision]}")


def _known(unit: Unit, number: int) -> HoldView:
    return existing(unit.holds.get(number), f"hold {number}", "holds list --all")


def _state(told: dict[str, Any]) -> str:
    if not told["decision"]:
        return "waits"
    taken = _TAKEN[HoldDecision(told["decision"])]
    by = f" by {told['decided_by']}" if told["decided_by"] else ""
    done = "" if told["closed_at"] else ", not yet done"
    return f"{taken}{by} at {shown(told['decided_at'])}{done}"
