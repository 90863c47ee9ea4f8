"""Who comes first when a change is rolled out step by step, and when that is taken back."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from math import sqrt

LEAST_BAD = 3  # so few runs may end badly by chance, whatever the others do
_SURE = 1.96  # standard deviations: 95 of 100


def share_of(name: str, who: str) -> float:
    """Where somebody stands in the line of a roll-out of that name: 0 up to, but not, 100, by chance and for ever."""
    digest = hashlib.sha256(f"{name}\x1f{who}".encode()).digest()
    return int.from_bytes(digest[:6], "big") / 2**48 * 100


def takes_part(rollout: int, user: int, percent: int, group: Collection[int]) -> bool:
    """Is this user among those who have the change already? Whoever is stays so when it is widened."""
    return user in group or share_of(f"rollout:{rollout}", str(user)) < percent


@dataclass(frozen=True, slots=True)
class Tally:
    """How many runs ended, and how many of them badly: failed, or held because of what they planned."""

    runs: int = 0
    bad: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.runs + other.runs, self.bad + other.bad)

    @property
    def between(self) -> tuple[float, float]:
        """The lowest and the highest rate of bad endings (0 to 1) that explains what was counted, at 95 of 100: the
        interval of Wilson, which holds for few runs, too."""
        if not self.runs:
            return 0.0, 1.0
        rate, weight = self.bad / self.runs, _SURE**2 / self.runs
        middle = rate + weight / 2
        reach = _SURE * sqrt(rate * (1 - rate) / self.runs + weight / (4 * self.runs))
        return max(0.0, (middle - reach) / (1 + weight)), min(1.0, (middle + reach) / (1 + weight))


def is_worse(tried: Tally, others: Tally) -> bool:
    """Do runs of those who have the change end badly more often than those of the others, so that it is taken back?
    Only what chance does not explain counts: at the least their rate is higher than that of the others at the most."""
    return tried.bad >= LEAST_BAD and tried.between[0] > others.between[1]
