"""The user's labels: their names, and ours among them, which are made when they are missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from connectors.errors import ConnectorError, Fault
from connectors.google.config import Service
from connectors.google.line import Line
from connectors.google.mails import ARCHIVED, INBOX, LABELS, MARK_LABEL, OWN
from connectors.google.multipart import Ask
from connectors.places import meant, path_of, role_of, within
from mapping.model.item import MORE_MAIL

USER = "/gmail/v1/users/me"
MANAGED = "emails"


def _is_ours(name: str) -> bool:
    return within(path_of(name), map(path_of, LABELS))


class Labels:
    """Asks for the names only when somebody needs one."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._names: dict[str, str] | None = None

    def names(self, *, fresh: bool = False) -> dict[str, str]:
        """The names of the user's labels, by id."""
        if self._names is None or fresh:
            told = self._line.call(Service.GMAIL, Ask("gmail.users.labels.list", "GET", f"{USER}/labels"))
            self._names = {each["id"]: each["name"] for each in told.get("labels") or () if each.get("type") == "user"}
        return self._names

    def names_for(self, borne: Iterable[Iterable[str]]) -> Mapping[str, str]:
        """As far as messages bear labels of the user's."""
        known = self._names or {}
        own = {label for labels in borne for label in labels if label.startswith(OWN)}
        return self.names(fresh=not own <= known.keys()) if own else known

    def ids(self, names: Iterable[str]) -> dict[str, str]:
        """The ids of labels by their names; those that are missing are made."""
        known = {name.casefold(): ident for ident, name in self.names(fresh=True).items()}
        found: dict[str, str] = {}
        for name in names:
            if name.casefold() not in known:
                shown = {"name": name, "labelListVisibility": "labelShow", "messageListVisibility": "show"}
                ask = Ask("gmail.users.labels.create", "POST", f"{USER}/labels", body=shown)
                made = self._line.call(Service.GMAIL, ask, writing=True)
                known[name.casefold()] = made["id"]
                self.names()[made["id"]] = name
            found[name] = known[name.casefold()]
        return found

    def further(self) -> dict[str, str]:
        """The labels that are looked at besides: their ids by role; what was archived comes last."""
        found = {role: ident for role, ident in self._line.folder_ids.items() if role.startswith(MORE_MAIL)}
        return dict(sorted(found.items(), key=lambda pair: (pair[1] == ARCHIVED, pair[0])))

    def look_up(self, wanted: Collection[str], without: Collection[str]) -> dict[str, str]:
        """See `Mailbox.mail_folders`. A label with a slash stands below the one before it, there or not."""
        archive = ((ARCHIVED,),)
        take, leave = (meant(names, (INBOX.casefold(),), archive) for names in (wanted, without))
        paths = {ident: path_of(name) for ident, name in self.names(fresh=True).items() if not _is_ours(name)}
        found = [ident for ident, path in paths.items() if within(path, take) and not within(path, leave)]
        found += [ARCHIVED] if archive[0] in take and archive[0] not in leave else []
        roles = {role_of(ident): ident for ident in found}
        self._line.folder_ids.update(roles)
        return roles

    def ensure(self) -> None:
        """See to it that our labels are there."""
        self._line.folder_ids[MANAGED] = self.ids(LABELS)[MARK_LABEL]

    def withdraw(self) -> None:
        """Take away our labels but the one that is a folder to people."""
        asks = [
            Ask("gmail.users.labels.delete", "DELETE", f"{USER}/labels/{ident}")
            for ident, name in self.names(fresh=True).items()
            if name in LABELS and name != MARK_LABEL
        ]
        for answer in self._line.batch(Service.GMAIL, asks, writing=True) if asks else ():
            if isinstance(answer, ConnectorError) and answer.fault is not Fault.NOT_FOUND:
                raise answer
        self._names = None
