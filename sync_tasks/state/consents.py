"""People who were sent to a vendor's page to agree, and who are expected back once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from sync_tasks.state.models import ConsentRow


@dataclass(frozen=True, slots=True)
class ConsentView:
    """`browser`: digest of what only that browser, or that console, holds."""

    state: str
    org_id: int
    user_id: int
    vendor: str
    browser: str
    sealed: bytes
    expires_at: datetime


class Consents:
    def __init__(self, session: Session) -> None:
        self._session = session

    def begin(
        self, state: str, *, org_id: int, user_id: int, vendor: str, browser: str, sealed: bytes, expires_at: datetime
    ) -> None:
        """`state`: digest of what the person brings back."""
        self._session.add(
            ConsentRow(
                state=state, org_id=org_id, user_id=user_id, vendor=vendor, browser=browser, sealed=sealed,
                expires_at=expires_at,
            )
        )  # fmt: skip
        self._session.flush()

    def take(self, state: str, browser: str, now: datetime) -> ConsentView | None:
        """The consent that was begun with this state in this browser, which no second one can take; None when there is
        none, or no longer."""
        self._session.execute(delete(ConsentRow).where(ConsentRow.expires_at <= now))
        taken = delete(ConsentRow).where(ConsentRow.state == state, ConsentRow.browser == browser).returning(ConsentRow)
        row = self._session.scalars(taken).one_or_none()
        if row is None:
            return None
        return ConsentView(
            row.state, row.org_id, row.user_id, row.vendor, row.browser, row.sealed, row.expires_at
        )  # fmt: skip
