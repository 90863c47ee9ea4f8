"""One open mailbox: its account, its folders by role, and the place where every failure becomes a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from exchangelib.properties import FolderId

from connectors.calls import OnCall
from connectors.errors import ConnectorError, Fault, Scope
from connectors.exchange import wire, wire_folders
from connectors.exchange.faults import FAILURES, fault_of
from connectors.exchange.folders import DISTINGUISHED, MANAGED
from connectors.exchange.session import ExchangeConfig, open_account
from connectors.exchange.zones import zone_named
from connectors.outlook.lineage import Lineage
from connectors.protocols import Outcome

T = TypeVar("T")


class Line:
    """Raises ValueError for a build or time zone that makes no sense."""

    def __init__(self, config: ExchangeConfig, on_call: OnCall) -> None:
        zone = zone_named(config.time_zone)
        if zone is None:
            raise ValueError("the time zone of the mailbox is unknown")
        self.zone = zone
        self.account = open_account(config, on_call, zone)
        self.endpoint = config.endpoint
        self.folder_ids = dict(config.folder_ids)
        self.lineage = Lineage()

    @property
    def version(self) -> Any:
        return self.account.version

    def call(self, action: Callable[[], T], at: Scope = Scope.CONNECTION, *, writing: bool = False) -> T:
        """Do one thing at the server; whatever goes wrong is raised as a `ConnectorError`."""
        try:
            return action()
        except FAILURES as error:
            fault = self.fault(error, at, writing=writing)
        # outside of the handler, so that the library's exception, whose text may quote the mailbox, is not chained
        raise fault

    def fault(self, error: Exception, at: Scope = Scope.ITEM, *, writing: bool = False) -> ConnectorError:
        return fault_of(error, at, endpoint=self.endpoint, writing=writing)

    def failed(self, error: Exception) -> Outcome:
        """What became of one write of a batch that was refused by itself."""
        return Outcome(error=self.fault(error, writing=True))

    def folder(self, role: str) -> FolderId:
        """The folder of a role. Raises NOT_FOUND (container) for a managed folder that is not there."""
        if role in DISTINGUISHED:
            return wire.folder_id(self.account, DISTINGUISHED[role])
        if role in MANAGED and role not in self.folder_ids:
            self.find_folders([role])
        known = self.folder_ids.get(role)
        if not known:
            raise ConnectorError(Fault.NOT_FOUND, "the mailbox has no such folder", scope=Scope.CONTAINER)
        return FolderId(id=known)

    def find_folders(self, roles: Iterable[str]) -> frozenset[str]:
        """Look managed folders up by their names, all in one call; those that are there are known from now on."""
        wanted = {role: MANAGED[role] for role in roles}
        parents = [wire.folder_id(self.account, each) for each in dict.fromkeys(m.parent for m in wanted.values())]
        service = wire_folders.FindFolder(account=self.account)
        told = self.call(lambda: service.named(parents, [managed.name for managed in wanted.values()]))
        found = {role: one.id for one in told for role, m in wanted.items() if m.is_it(one.name, one.folder_class)}
        self.folder_ids.update(found)
        return frozenset(found)

    def matched(self, answers: Sequence[T], count: int, *, otherwise: Fault = Fault.UNAVAILABLE) -> Sequence[T]:
        """The answers, if there is one for each question; if not, nobody knows what they are about: raises."""
        if len(answers) != count:
            raise ConnectorError(otherwise, "the server answered for another number of items")
        return answers
