"""The lenses of the event table and the merge keep their laws."""

from __future__ import annotations

import pytest

from tests.property import worlds
from tests.property.laws import LAWS, Law

RULES = {
    "get_put": ("FLD-1", "FLD-2"),
    "put_get": ("FLD-1",),
    "normal": ("FLD-4",),
    "within_limit": ("FLD-4",),
    "form": ("FLD-6", "FLD-7"),
    "m3_untouched": ("FLD-1",),
    "m6_detail_kept": ("FLD-2", "FLD-4"),
    "winner_prevails": ("IDN-4",),
    "reminder_only_up": ("FLD-3",),
    "body_frozen": ("DSC-2", "DSC-3'"),
    "projections_agree": ("DSC-1",),
}


@pytest.mark.parametrize(
    "law", [pytest.param(law, id=law.name, marks=pytest.mark.rule(*RULES.get(law.name, ()))) for law in LAWS]
)
def test_the_law_holds(law: Law) -> None:
    law.hold(worlds.as_it_is(), 60)
