"""SOAP in, SOAP out: hardened parsing, names, envelopes, response messages and faults."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lxml import etree

from connectors.sandbox.ews.errors import EwsError, EwsFault, malformed

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://schemas.microsoft.com/exchange/services/2006/messages"
TYPES = "http://schemas.microsoft.com/exchange/services/2006/types"
ERRORS = "http://schemas.microsoft.com/exchange/services/2006/errors"
MAX_BYTES = 48 * 1024 * 1024
# Exchange Server SE RTM
VERSION = {
    "MajorVersion": "15",
    "MinorVersion": "2",
    "MajorBuildNumber": "2562",
    "MinorBuildNumber": "17",
    "Version": "Exchange2016",
}

# lxml is written in C and comes without types; its elements go under this name
Node = Any

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(text: str) -> str:
    """Text without the characters that XML cannot carry."""
    return _NOT_XML.sub("", text)


def m(name: str) -> str:
    return f"{{{MESSAGES}}}{name}"


def t(name: str) -> str:
    return f"{{{TYPES}}}{name}"


def local(node: Node) -> str:
    """Name of an element without its namespace."""
    tag: str = node.tag
    return tag.rpartition("}")[2]


def add(parent: Node, name: str, text: str | None = None, **attributes: str) -> Node:
    """Append an element of the types namespace."""
    node = etree.SubElement(parent, t(name), {key: clean(value) for key, value in attributes.items()})
    if text is not None:
        node.text = clean(text)
    return node


def children(node: Node) -> Iterator[Node]:
    return iter(node)


def child(node: Node, name: str) -> Node | None:
    """The first child of that name in either namespace, None when there is none."""
    for each in node:
        if local(each) == name:
            return each
    return None


def need(node: Node, name: str) -> Node:
    found = child(node, name)
    if found is None:
        raise malformed(f"The element '{local(node)}' has incomplete content: '{name}' is expected.")
    return found


def text_of(node: Node | None) -> str:
    return "" if node is None else str(node.text or "")


def attribute(node: Node, name: str, default: str = "") -> str:
    value: str = node.get(name, default)
    return value


def parse(data: bytes) -> Node:
    """The root of a request. Refuses document types, entities and giants; raises `EwsFault`."""
    if len(data) > MAX_BYTES:
        raise EwsFault("ErrorMessageSizeExceeded", "The request is too large.")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=False,
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        line, position = error.position
        raise malformed("The request is not well-formed XML.", line or 0, position or 0) from error
    info: Any = root.getroottree().docinfo  # the stubs do not know its doctype
    if info.doctype:
        raise malformed("Document type definitions are not allowed.", 1, 1)
    return root


def header_and_body(root: Node) -> tuple[Node | None, Node]:
    """SOAP header (may be missing) and the operation's element."""
    if root.tag != f"{{{SOAP}}}Envelope":
        raise malformed("The root element must be a SOAP 1.1 envelope.", 1, 1)
    body = root.find(f"{{{SOAP}}}Body")
    if body is None or not len(body):
        raise malformed("The SOAP body is empty.", 1, 1)
    return root.find(f"{{{SOAP}}}Header"), body[0]


def response(operation: str) -> Node:
    return etree.Element(m(f"{operation}Response"), nsmap={"m": MESSAGES, "t": TYPES})


def messages(operation: str, made: Iterable[Node]) -> Node:
    """`<m:XxxResponse>` around response messages."""
    root = response(operation)
    etree.SubElement(root, m("ResponseMessages")).extend(list(made))
    return root


def success(operation: str) -> Node:
    node = etree.Element(m(f"{operation}ResponseMessage"), {"ResponseClass": "Success"})
    etree.SubElement(node, m("ResponseCode")).text = "NoError"
    return node


def failure(operation: str, error: EwsError) -> Node:
    node = etree.Element(m(f"{operation}ResponseMessage"), {"ResponseClass": "Error"})
    return describe(node, error)


def describe(node: Node, error: EwsError) -> Node:
    """Write what went wrong into a response message."""
    etree.SubElement(node, m("MessageText")).text = clean(error.text)
    etree.SubElement(node, m("ResponseCode")).text = error.code
    etree.SubElement(node, m("DescriptiveLinkKey")).text = "0"
    if error.values:
        xml = etree.SubElement(node, m("MessageXml"))
        for name, value in error.values.items():
            add(xml, "Value", value, Name=name)
    return node


def envelope(content: Node) -> bytes:
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP})
    header = etree.SubElement(root, f"{{{SOAP}}}Header")
    etree.SubElement(header, t("ServerVersionInfo"), VERSION, nsmap={"t": TYPES})
    etree.SubElement(root, f"{{{SOAP}}}Body").append(content)
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return data


def notification(content: Node) -> bytes:
    """What the server posts to a push subscriber."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP})
    header = etree.SubElement(root, f"{{{SOAP}}}Header")
    etree.SubElement(header, t("RequestServerVersion"), {"Version": VERSION["Version"]}, nsmap={"t": TYPES})
    etree.SubElement(root, f"{{{SOAP}}}Body").append(content)
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return data


def fault(error: EwsError) -> bytes:
    """The SOAP fault for an error; schema violations spell out where, other details are named values."""
    root = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"s": SOAP})
    node = etree.SubElement(etree.SubElement(root, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    etree.SubElement(node, "faultcode", nsmap={"a": TYPES}).text = f"a:{error.code}"
    said = etree.SubElement(node, "faultstring")
    said.set("{http://www.w3.org/XML/1998/namespace}lang", "en-US")
    said.text = clean(error.text)
    detail = etree.SubElement(node, "detail")
    etree.SubElement(detail, f"{{{ERRORS}}}ResponseCode", nsmap={"e": ERRORS}).text = error.code
    etree.SubElement(detail, f"{{{ERRORS}}}Message", nsmap={"e": ERRORS}).text = clean(error.text)
    if error.values:
        xml = etree.SubElement(detail, t("MessageXml"), nsmap={"t": TYPES})
        for name, value in error.values.items():
            if error.code == "ErrorSchemaValidation":
                add(xml, name, value)
            else:
                add(xml, "Value", value, Name=name)
    data: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return data
