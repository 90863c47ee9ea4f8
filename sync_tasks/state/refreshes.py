"""Who asks a vendor for the next token of a credential: one process at a time, whoever of them wants it."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from sync_tasks.state.models import RefreshClaim
from sync_tasks.state.types import database_now, insert_into


class Refreshes:
    """Moments are of the database's clock, as with `Claims`: the question is which of two processes came first."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def take(self, connection_id: int, name: str, holder: str, lease: timedelta) -> bool:
        """Is it this one's turn? Nobody else is at it, or whoever was has been silent for longer than a lease."""
        now = database_now(self._session)
        mine = {"holder": holder, "until": now + lease}
        row = insert_into(self._session, RefreshClaim).values(connection_id=connection_id, name=name, **mine)
        taken = row.on_conflict_do_update(
            index_elements=["connection_id", "name"], set_=mine, where=RefreshClaim.until <= now
        ).returning(RefreshClaim.holder)
        return self._session.scalars(taken).one_or_none() == holder

    def release(self, connection_id: int, name: str, holder: str) -> None:
        """What somebody else has taken meanwhile stays theirs."""
        this = (RefreshClaim.connection_id == connection_id, RefreshClaim.name == name)
        self._session.execute(delete(RefreshClaim).where(*this, RefreshClaim.holder == holder))
