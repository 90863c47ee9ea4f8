"""Which user saves the attachments of a mail, and what of them is left to save.

All copies of a mail have one key, and whoever plans first to save one has the row: of any number of users, in any
order, one saves the files (FIL-2). The row outlives the run, so what a run could not finish is known to the next.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from sync_tasks.state.models import MailFiles
from sync_tasks.state.types import chunks, insert_into


@dataclass(frozen=True, slots=True)
class MailFilesView:
    """`left`: places of attachments in the mail, from 1; 0 is the mail itself as a file."""

    key: str
    user_id: int
    left: frozenset[int]
    attempts: int


class MailFilesLedger:
    def __init__(self, session: Session) -> None:
        self._session = session

    def claim(self, org_id: int, user_id: int, wanted: Mapping[str, Collection[int]], now: datetime) -> None:
        """Make the user the one who saves these attachments, by the keys of the mails; whoever has a mail keeps it."""
        for some in chunks(wanted):  # in one order for everybody, so that no two transactions wait for each other
            rows = [
                {"org_id": org_id, "key": key, "user_id": user_id, "left": sorted(wanted[key]), "attempts": 0,
                 "not_before": now}
                for key in some
            ]  # fmt: skip
            self._session.execute(insert_into(self._session, MailFiles).values(rows).on_conflict_do_nothing())

    def of(self, org_id: int, keys: Iterable[str]) -> dict[str, MailFilesView]:
        """What is known of mails of the organization, by their keys."""
        found: dict[str, MailFilesView] = {}
        for some in chunks(keys):
            rows = self._session.scalars(
                select(MailFiles)
                .where(MailFiles.org_id == org_id, MailFiles.key.in_(some))
                .execution_options(populate_existing=True)
            )
            found |= {row.key: _view(row) for row in rows}
        return found

    def due(self, user_id: int, now: datetime) -> dict[str, MailFilesView]:
        """Mails of which the user has attachments left whose turn it is."""
        rows = self._session.scalars(select(MailFiles).where(MailFiles.user_id == user_id, MailFiles.not_before <= now))
        return {row.key: _view(row) for row in rows}

    def keep(self, org_id: int, key: str, left: Collection[int], attempts: int, not_before: datetime | None) -> None:
        """Note what is left of a mail, and when to try again; None: never."""
        self._session.execute(
            update(MailFiles)
            .where(MailFiles.org_id == org_id, MailFiles.key == key)
            .values(left=sorted(left), attempts=attempts, not_before=not_before)
        )

    def take_over(self, org_id: int, key: str, user_id: int, left: Collection[int], now: datetime) -> None:
        """Make the user the one who saves what is left of a mail, because he makes its record anew."""
        self._session.execute(
            update(MailFiles)
            .where(MailFiles.org_id == org_id, MailFiles.key == key)
            .values(user_id=user_id, left=sorted(left), attempts=0, not_before=now)
        )

    def forget(self, org_id: int, user_id: int, keys: Iterable[str]) -> None:
        """The records of these mails are gone: whoever saves them again starts with all their attachments."""
        for some in chunks(keys):
            self._session.execute(
                delete(MailFiles).where(
                    MailFiles.org_id == org_id, MailFiles.user_id == user_id, MailFiles.key.in_(some)
                )
            )

    def try_again(self, user_id: int, now: datetime) -> None:
        """Give what is left of the user's mails a new chance with the next run."""
        rows = self._session.scalars(select(MailFiles).where(MailFiles.user_id == user_id)).all()
        for row in rows:
            if row.left:
                row.not_before, row.attempts = now, 0


def _view(row: MailFiles) -> MailFilesView:
    return MailFilesView(row.key, row.user_id, frozenset(row.left), row.attempts)
