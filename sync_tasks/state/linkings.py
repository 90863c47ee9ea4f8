"""To what items were linked, and what else came into question."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from mapping.rules.candidates import Candidate, Code, dump_candidate, load_candidate
from mapping.rules.linking import Links
from sync_tasks.state.models import Linking
from sync_tasks.state.types import chunks


@dataclass(frozen=True, slots=True)
class LinkingView:
    run_id: int
    user_id: int
    ref: str
    candidates: tuple[Candidate, ...]
    steps: tuple[Code, ...]
    further: tuple[str, ...]


class Linkings:
    def __init__(self, session: Session) -> None:
        self._session = session

    def keep(self, user_id: int, run_id: int, told: Sequence[tuple[str, str, Links]]) -> None:
        """Keep what a run linked, as (id, key, links); done again, it replaces what the run said before."""
        self._session.execute(delete(Linking).where(Linking.run_id == run_id))
        rows = [
            {
                "run_id": run_id, "ref": ref, "user_id": user_id, "key": key,
                "candidates": [dump_candidate(each) for each in links.candidates],
                "steps": [step.code.value for step in links.steps],
                "further": [each for each in links.whats if each != links.what and not each.startswith("@")],
            }
            for ref, key, links in told
        ]  # fmt: skip
        if rows:
            self._session.execute(insert(Linking), rows)

    def of(self, user_id: int | None, refs: Iterable[str], keys: Iterable[str]) -> list[LinkingView]:
        """Those of items by id or key, the oldest first."""
        found: dict[tuple[int, str], Linking] = {}
        for column, values in ((Linking.ref, refs), (Linking.key, keys)):
            for some in chunks(values):
                query = select(Linking).where(column.in_(some))
                if user_id is not None:
                    query = query.where(Linking.user_id == user_id)
                found |= {(row.run_id, row.ref): row for row in self._session.scalars(query)}
        return [_view(found[each]) for each in sorted(found)]


def _view(row: Linking) -> LinkingView:
    return LinkingView(
        row.run_id, row.user_id, row.ref, tuple(load_candidate(each) for each in row.candidates),
        tuple(Code(each) for each in row.steps), tuple(row.further),
    )  # fmt: skip
