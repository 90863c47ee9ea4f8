"""`inbox-sync simulate`: what the scheduler would do with many users."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from sync_tasks.cli.shell import Json, console, give, say, table
from sync_tasks.services.simulating import NOISE, Company, Outcome, simulate

REFERENCE, MOST_NOISE = 1000, 10_000  # users: what costs are compared with; with how many noise is looked at


def register(cli: typer.Typer) -> None:
    """Add the command."""
    cli.command("simulate")(command)


def command(
    users: Annotated[int, typer.Option(min=20, help="How many.")] = 10_000,
    organizations: Annotated[int, typer.Option(min=2, help="In how many, of the same size.")] = 20,
    minutes: Annotated[float, typer.Option(min=1, help="How long, in simulated time.")] = 30,
    load: Annotated[float, typer.Option(min=0.05, max=2, help="How busy the workers are; 1 is all the time.")] = 0.5,
    noise: Annotated[bool, typer.Option(help="Also look at what one noisy organization does to the others.")] = True,
    seed: Annotated[int, typer.Option(help="Of chance.")] = 1,
    as_json: Json = False,
) -> None:
    """Let the real scheduler serve simulated users: how long they wait, what claiming them costs, who disturbs whom.

    Needs no broker and no vendor, and touches nothing of this installation. 100,000 users take some ten minutes.
    """
    small = Company(min(users, REFERENCE), organizations, load, minutes, seed=seed)
    whole = Company(users, organizations, load, minutes, seed=seed)
    few = min(users, MOST_NOISE)
    quiet = Company(few, organizations, load, minutes, seed=seed)
    loud = Company(few, organizations, load, minutes, noisy=True, seed=seed)
    with _progress(quiet=as_json) as told:
        outcomes = {company: _run(company, told) for company in dict.fromkeys((small, whole))}
        if noise:
            outcomes |= {company: _run(company, told) for company in (quiet, loud) if company not in outcomes}
    facts: dict[str, Any] = {
        "users": users, "organizations": organizations, "minutes": minutes, "load": load,
        "runs": [_row(outcome) for outcome in outcomes.values()],
        "claim_cost_ratio": round(outcomes[whole].cost / outcomes[small].cost, 2),
    }  # fmt: skip
    if noise:
        before, after = (outcomes[each].percentile(0.95, others=True) for each in (quiet, loud))
        facts["noise"] = {"users": few, "others_p95_before": before, "others_p95_after": after, "ratio": after / before}
    if as_json:
        give(facts)
    else:
        _show(facts)


def _run(company: Company, told: Callable[[str], None]) -> Outcome:
    def on_minute(minute: int) -> None:
        noisy = ", one organization noisy" * company.noisy
        told(f"{company.users:,} users{noisy}: minute {minute} of {company.minutes:g}")

    with tempfile.TemporaryDirectory(prefix="inbox-sync-simulation-") as home:
        return simulate(company, Path(home), on_minute=on_minute)


def _row(outcome: Outcome) -> dict[str, Any]:
    company = outcome.company
    return {
        "users": company.users, "noisy": company.noisy, "workers": company.workers, "claims": outcome.claims,
        "claim_microseconds": round(outcome.cost * 1e6), "lag_p50": outcome.percentile(0.5),
        "lag_p95": outcome.percentile(0.95), "lag_p99": outcome.percentile(0.99),
    }  # fmt: skip


def _show(facts: dict[str, Any]) -> None:
    headings = ("users", "workers", "runs", "lag: half", "95%", "99%", "one claim")
    rows = [
        (
            f"{row['users']:,}{', one noisy' * row['noisy']}", row["workers"], f"{row['claims']:,}",
            *(f"{row[name]:.1f} s" for name in ("lag_p50", "lag_p95", "lag_p99")), f"{row['claim_microseconds']} µs",
        )
        for row in facts["runs"]
    ]  # fmt: skip
    table(f"{facts['minutes']:g} simulated minutes, workers busy for {facts['load']:.0%} of their time", headings, rows)
    say("lag: from the moment a user is due until a worker begins", "dim")
    say(f"claiming a user among {facts['users']:,} costs {facts['claim_cost_ratio']} times what it costs among the few")
    if "noise" in facts:
        noise = facts["noise"]
        say(
            f"an organization with {NOISE} times its load moves the others' 95% "
            f"from {noise['others_p95_before']:.2f} s to {noise['others_p95_after']:.2f} s ({noise['ratio']:.2f} times)"
        )


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    screen = console(stderr=True)
    if quiet or not screen.is_terminal:
        yield lambda _text: None
        return
    with screen.status("starting") as line:
        yield line.update
