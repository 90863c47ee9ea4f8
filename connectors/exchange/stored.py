"""What a mailbox keeps for programs: named documents that stand with its calendar and that no client shows."""

from __future__ import annotations

from typing import Any

from exchangelib.properties import UserConfiguration, UserConfigurationName, UserConfigurationNameMNS

from connectors.errors import ConnectorError, Fault
from connectors.exchange import wire
from connectors.exchange.line import Line


def read(line: Line, name: str) -> bytes | None:
    """The document as it is stored; None when the mailbox never had one."""
    asked = UserConfigurationNameMNS(name=name, folder=wire.folder_id(line.account, "calendar"))
    service = wire.GetUserConfiguration(account=line.account)

    def get() -> Any:
        return service.get(user_configuration_name=asked, properties="XmlData")

    try:
        found = line.call(get)
    except ConnectorError as error:
        if error.fault is Fault.NOT_FOUND:
            return None
        raise
    return found.xml_data or None


def write(line: Line, name: str, document: bytes, *, new: bool) -> None:
    where = UserConfigurationName(name=name, folder=wire.folder_id(line.account, "calendar"))
    stored = UserConfiguration(user_configuration_name=where, xml_data=document)
    operation = wire.CreateUserConfiguration if new else wire.UpdateUserConfiguration
    line.call(lambda: operation(account=line.account).get(user_configuration=stored), writing=True)
