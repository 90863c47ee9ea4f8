"""Which opportunities come into question, as data: so that the ways of other products are entries, not code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from mapping.rules.settings import Effective


@dataclass(frozen=True, slots=True)
class Strategy:
    """`mine`: only those that the user owns. `via`: what an opportunity has to do with the people on the item: it
    belongs to their account (`account`), one of them has a role in it (`contact_role`), or either (`both`).
    `open_only`: none that are closed for longer than `grace_days`. It closes or closed at most `past_days` ago and at
    most `future_days` ahead. Among equals `recent_by` tells the most recent."""

    mine: bool = True
    via: str = "account"
    open_only: bool = True
    grace_days: int = 14
    past_days: int = 365
    future_days: int = 365
    recent_by: str = "created"

    def closing(self, today: date) -> tuple[date, date]:
        """The days between which an opportunity closes."""
        return today - timedelta(days=self.past_days), today + timedelta(days=self.future_days)


# restricted: only where somebody on the item has a role
_PLAIN = {
    "my_open": Strategy(),
    "my_any": Strategy(open_only=False),
    "all_open": Strategy(mine=False),
    "all_any": Strategy(mine=False, open_only=False),
}
STRATEGIES: dict[str, Strategy] = {
    **_PLAIN,
    **{f"{name}_restricted": replace(each, via="contact_role") for name, each in _PLAIN.items()},
}


def strategy_of(settings: Effective) -> Strategy:
    """The named strategy with the details that the settings give."""
    named = STRATEGIES[settings.text("link.strategy")]
    return replace(
        named,
        via=settings.text("link.opportunity_via") or named.via,
        grace_days=settings.int("link.opportunity_grace_days"),
        past_days=settings.int("link.opportunity_past_days"),
        future_days=settings.int("link.opportunity_future_days"),
        recent_by=settings.text("link.recent_by"),
    )
