"""The user's labels: their names, and ours among them, which are made when they are missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from connectors.errors import ConnectorError, Fault
from connectors.google.config import Service
from connectors.google.line import Line
from connectors.google.mails import LABELS, MARK_LABEL
from connectors.google.multipart import Ask

USER = "/gmail/v1/users/me"
MANAGED = "emails"
_OWN = "Label_"  # how the ids of labels begin that people make


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
        own = {label for labels in borne for label in labels if label.startswith(_OWN)}
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
