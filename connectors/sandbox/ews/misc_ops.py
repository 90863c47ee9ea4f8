"""User configurations (the master category list is one), ConvertId, ResolveNames."""

from __future__ import annotations

import base64

from lxml import etree

from connectors.sandbox.ews.call import Call
from connectors.sandbox.ews.codecs import write_person
from connectors.sandbox.ews.errors import EwsError, EwsFault, malformed
from connectors.sandbox.ews.ids import folder_number, item_number
from connectors.sandbox.ews.state import Folder
from connectors.sandbox.ews.wire import (
    Node,
    add,
    attribute,
    child,
    children,
    failure,
    m,
    messages,
    need,
    success,
    text_of,
)

CATEGORY_LIST = "CategoryList"
_EMPTY_CATEGORIES = (
    '<?xml version="1.0"?><categories default="" lastSavedSession="0" lastSavedTime="2020-01-01T00:00:00.000" '
    'xmlns="CategoryList.xsd"></categories>'
)
_PARTS = ("Dictionary", "XmlData", "BinaryData")


def _named(call: Call, node: Node) -> tuple[Folder, str]:
    return call.folder(next(children(node))), attribute(node, "Name")


def configuration(call: Call, folder: Folder, name: str) -> dict[str, str]:
    rows = call.sandbox.store.all(
        "SELECT part, value FROM ews_setting WHERE folder = ? AND name = ?", (folder.id, name)
    )
    found = {row["part"]: row["value"] for row in rows}
    if not found and name == CATEGORY_LIST and folder.role == "calendar":
        # every mailbox has a category list from the start
        return {"XmlData": base64.b64encode(_EMPTY_CATEGORIES.encode()).decode("ascii")}
    return found


def category_names(call: Call, calendar: Folder) -> list[str]:
    """What the list of categories holds, as its owner sees it."""
    stored = etree.fromstring(base64.b64decode(configuration(call, calendar, CATEGORY_LIST)["XmlData"]))
    return [str(each.get("name", "")) for each in stored]


def get_user_configuration(call: Call, operation: Node) -> Node:
    title = "GetUserConfiguration"
    asked = need(operation, "UserConfigurationName")
    wanted = text_of(need(operation, "UserConfigurationProperties")).split()
    try:
        folder, name = _named(call, asked)
        found = configuration(call, folder, name)
        if not found:
            raise EwsError("ErrorItemNotFound")
    except EwsFault:
        raise
    except EwsError as error:
        return messages(title, [failure(title, error)])
    message = success(title)
    node = etree.SubElement(message, m("UserConfiguration"))
    _write_name(node, asked, name)
    for part in _PARTS:
        if part in found and ("All" in wanted or part in wanted):
            if part == "Dictionary":
                node.append(etree.fromstring(found[part]))
            else:
                add(node, part, found[part])
    return messages(title, [message])


def _write_name(node: Node, asked: Node, name: str) -> None:
    made = add(node, "UserConfigurationName", None, Name=name)
    for each in children(asked):
        copied = add(made, etree.QName(each).localname, None, **dict(each.attrib))
        for inner in children(each):
            add(add(copied, "Mailbox"), "EmailAddress", text_of(child(inner, "EmailAddress")))


def update_user_configuration(call: Call, operation: Node) -> Node:
    return _write(call, operation, "UpdateUserConfiguration", create=False)


def create_user_configuration(call: Call, operation: Node) -> Node:
    return _write(call, operation, "CreateUserConfiguration", create=True)


def _write(call: Call, operation: Node, title: str, *, create: bool) -> Node:
    node = need(operation, "UserConfiguration")
    try:
        folder, name = _named(call, need(node, "UserConfigurationName"))
        exists = bool(configuration(call, folder, name))
        if exists == create:
            raise EwsError("ErrorObjectTypeChanged" if create else "ErrorItemNotFound")
        with call.sandbox.store.transaction() as connection:
            for part in _PARTS:
                given = child(node, part)
                if given is not None:
                    value = etree.tostring(given, encoding="unicode") if part == "Dictionary" else text_of(given)
                    connection.execute(
                        "INSERT OR REPLACE INTO ews_setting VALUES (?, ?, ?, ?)", (folder.id, name, part, value)
                    )
    except EwsFault:
        raise
    except EwsError as error:
        return messages(title, [failure(title, error)])
    call.wrote("UserConfiguration", "create" if create else "update")
    return messages(title, [success(title)])


def convert_id(call: Call, operation: Node) -> Node:  # noqa: ARG001 - every operation gets the call
    """Ids of this server have one format only; anything else is malformed (clients probe with such ids)."""
    wanted = attribute(operation, "DestinationFormat")
    made: list[Node] = []
    for node in children(need(operation, "SourceIds")):
        given = attribute(node, "Id")
        try:
            if attribute(node, "Format") != "EwsId" or wanted != "EwsId":
                raise EwsError("ErrorInvalidIdMalformed")
            try:
                item_number(given)
            except EwsError:
                folder_number(given)
            message = success("ConvertId")
            converted = etree.SubElement(message, m("AlternateId"), {"Format": wanted, "Id": given})
            converted.set("Mailbox", attribute(node, "Mailbox"))
            converted.set("{http://www.w3.org/2001/XMLSchema-instance}type", "t:AlternateIdType")
            made.append(message)
        except EwsError as error:
            made.append(failure("ConvertId", error))
    if not made:
        raise malformed("The element 'SourceIds' has incomplete content.")
    return messages("ConvertId", made)


def resolve_names(call: Call, operation: Node) -> Node:
    """Mailboxes whose address or name begins with the text."""
    asked = text_of(need(operation, "UnresolvedEntry")).strip().lower().removeprefix("smtp:")
    found = [
        mailbox
        for mailbox in call.directory.mailboxes()
        if mailbox.name.lower().startswith(asked)
        or any(alias.startswith(asked) for alias in call.directory.aliases(mailbox))
    ]
    if not found:
        return messages("ResolveNames", [failure("ResolveNames", EwsError("ErrorNameResolutionNoResults"))])
    message = success("ResolveNames")
    holder = etree.SubElement(message, m("ResolutionSet"))
    holder.set("TotalItemsInView", str(len(found)))
    holder.set("IncludesLastItemInRange", "true")
    for mailbox in found:
        resolution = add(holder, "Resolution")
        write_person(resolution, "Mailbox", {"name": mailbox.name, "address": mailbox.address})
        if attribute(operation, "ReturnFullContactData") in ("true", "1"):
            contact = add(resolution, "Contact")
            add(contact, "DisplayName", mailbox.name)
            entries = add(contact, "EmailAddresses")
            for number, alias in enumerate(call.directory.aliases(mailbox)[:3], 1):
                add(entries, "Entry", f"SMTP:{alias}", Key=f"EmailAddress{number}")
    return messages("ResolveNames", [message])
