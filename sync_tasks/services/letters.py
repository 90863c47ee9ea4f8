"""What mails to users and administrators say. They name addresses of users, codes and moments; never what is in
mailboxes or in Salesforce."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mapping.rules.errors import CATALOGUE, Known
from sync_tasks.state.notifications import Notice

ENDS = ".CREDENTIAL_ENDS"
NAMED = 20  # users named in one mail; of more only the number is told


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str


def to_user(notice: Notice, pages: str = "") -> Letter:
    """The mail to a user whose synchronization is suspended. `pages`: where our pages are, '' when nobody knows."""
    known = CATALOGUE[notice.cause]
    if known.code.endswith(ENDS):
        return _ends(notice, known, pages)
    again = "still " if notice.times else ""
    page = f"\nYour page: {pages}/users/{notice.user_id}" if pages else ""
    return Letter(
        f"Your Salesforce synchronization is {again}suspended",
        f"The synchronization of {notice.address} with Salesforce is {again}suspended "
        f"since {_moment(notice)}.\n\n{known.user}\n\nWhat you can do: {known.remedy}{page}\n\n"
        "Nothing is lost: what changed meanwhile is saved once this is mended. Until then you get this mail once a "
        f"day.\n\nCode: {known.code}\n",
    )


def _ends(notice: Notice, known: Known, pages: str) -> Letter:
    page = f"\nYour page: {pages}/users/{notice.user_id}" if pages else ""
    return Letter(
        "Your Salesforce synchronization needs you to sign in again soon",
        f"{known.user}\n\nWhat you can do: {known.remedy}{page}\n\nUntil then everything goes on; you get this mail "
        f"once a day.\n\nCode: {known.code}\n",
    )


def to_admins(org: str, notices: Sequence[Notice], struck: Mapping[str, Sequence[str]]) -> Letter:
    """The mail to the administrators of an organization, cause by cause. `struck`: users suspended for each cause."""
    many = {cause for notice in notices if (cause := notice.cause)}
    users = len({address for cause in many for address in struck.get(cause, ())})
    down = any(cause.endswith(".OUTAGE") for cause in many)
    calm = "a vendor is down" if down else "credentials end soon"
    subject = f"{org}: {users} user{'' if users == 1 else 's'} suspended" if users else f"{org}: {calm}"
    return Letter(subject, "\n\n".join(_paragraph(notice, struck.get(notice.cause, ())) for notice in notices) + "\n")


def _paragraph(notice: Notice, addresses: Sequence[str]) -> str:
    known = CATALOGUE[notice.cause]
    lines = [f"{known.code}, since {_moment(notice)}", known.admin, f"What mends it: {known.cure}"]
    if addresses:
        rest = len(addresses) - NAMED
        more = f", and {rest} more" if rest > 0 else ""
        lines.append(f"Suspended ({len(addresses)}): {', '.join(addresses[:NAMED])}{more}")
    return "\n".join(lines)


def _moment(notice: Notice) -> str:
    return f"{notice.since:%Y-%m-%d %H:%M} UTC"
