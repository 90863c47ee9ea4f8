"""The names of all figures at `/metrics`, in one place: the page, the dashboards and the alert rules all go by it.

`labels` are the names of the parts a figure falls into; their values come from closed lists (states, reason codes,
vendors, queues) and never name a person or a record.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

PREFIX = "inbox_sync_"

MOST, SUM = "+Inf", "sum"  # how the last bucket of a histogram and the sum of its values are named

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One name without the prefix. A counter's ends in `_total`, as Prometheus shows it."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    bounds: tuple[float, ...] = ()  # of the buckets of a histogram, rising

    @property
    def shown_as(self) -> tuple[str, ...]:
        """The names of its series."""
        full = PREFIX + self.name
        return (f"{full}_bucket", f"{full}_sum", f"{full}_count") if self.kind == "histogram" else (full,)


FIGURES = (
    # --- runs
    Figure("runs_total", "counter", ("result",), "Runs that ended, by how."),
    Figure("run_seconds", "histogram", (), "How long runs took.", (0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)),
    Figure("lag_seconds", "gauge", ("mailbox_type",), "Since when who waits longest is due, by kind of mailbox."),
    Figure("due_users", "gauge", (), "Users that are due and not begun."),
    Figure("open_runs", "gauge", (), "Runs that are under way."),
    # --- items
    Figure("items_total", "counter", ("type", "op", "result"), "Operations of runs that ended."),
    Figure("item_skips_total", "counter", ("reason",), "Items that a run left alone, by why."),
    Figure("hints_total", "counter", ("vendor", "outcome"), "What vendors posted, by outcome."),
    Figure("quarantine_items", "gauge", (), "Items that are not tried any more."),
    Figure("issues_open", "gauge", (), "Items that need somebody."),
    # --- what waits for a person
    Figure("conflicts_open", "gauge", (), "Conflicts that wait for somebody."),
    Figure("holds_open", "gauge", (), "Plans that wait for somebody."),
    Figure("guard_holds_total", "counter", ("guard",), "Plans that a guard held, by guard."),
    Figure("attendee_mails_prevented_total", "counter", (), "Mails to attendees that a run kept from being sent."),
    # --- users and what connects them
    Figure("users", "gauge", ("status",), "Users by effective status."),
    Figure("suspended_users", "gauge", ("code",), "Suspended users by code."),
    Figure("credential_expiry_seconds", "gauge", ("vendor",), "Until the next credential of a vendor expires."),
    Figure("subscriptions", "gauge", ("state",), "Push subscriptions by state."),
    # --- vendors and the queue
    Figure("api_calls_total", "counter", ("provider", "op", "status"), "Calls to vendors, by operation and answer."),
    Figure("api_budget_remaining", "gauge", ("org",), "Calls left in a Salesforce organization's day, by its number."),
    Figure("feed_age_seconds", "gauge", ("org",), "Since an organization was last read for all users, by its number."),
    Figure("throttle_wait_seconds", "histogram", (), "How long calls waited for their turn.",
           (0.1, 0.5, 1, 2.5, 5, 10, 30, 60)),
    Figure("queue_depth", "gauge", ("queue",), "Messages in a queue."),
)  # fmt: skip

BY_NAME: Mapping[str, Figure] = {figure.name: figure for figure in FIGURES}


def series() -> Mapping[str, Figure]:
    """Every series that `/metrics` may show, by its full name."""
    return {name: figure for figure in FIGURES for name in figure.shown_as}
