"""Taking records out of the recycle bin. The REST API has no call for that, so this is the one that goes over SOAP: up
to 200 records a call, with the access token as the session.

A record comes back under its own id, with what was deleted along with it. What is in the bin no more (after 15 days, or
when somebody emptied it) is refused, and so is what is there already; a look tells the latter apart.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from lxml import etree

from connectors.errors import ConnectorError, Fault, Scope
from connectors.protocols import Outcome
from connectors.salesforce.codec import id18
from connectors.salesforce.composite import Answer, batched
from connectors.salesforce.config import ROWS_PER_COLLECTION
from connectors.salesforce.results import Result, all_of, in_turn
from connectors.salesforce.rows import Entry
from connectors.salesforce.soql import one_of, select
from connectors.salesforce.wire import Query, Wire

PARTNER = "urn:partner.soap.sforce.com"
_ENVELOPE = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="{partner}">'
    "<e:Header><SessionHeader><sessionId>{session}</sessionId></SessionHeader></e:Header>"
    "<e:Body><undelete>{ids}</undelete></e:Body></e:Envelope>"
)
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def undelete(wire: Wire, target: str, entries: list[Entry]) -> dict[int, Result]:
    """Each entry names a deleted record by its id."""
    return in_turn(batched(entries, ROWS_PER_COLLECTION), lambda chunk: _call(wire, target, chunk))


def _call(wire: Wire, target: str, entries: list[Entry]) -> dict[int, Result]:
    ids = "".join(f"<ids>{escape(entry.write.id)}</ids>" for entry in entries)
    try:
        answer = wire.soap(lambda session: envelope(session, ids), f"write.undelete.{target}")
        results = _results(entries, answer)
        refused = [e for e in entries if isinstance(o := results[e.place], Outcome) and o.error]
        return results | (_there_already(wire, target, refused) if refused else {})
    except ConnectorError as error:
        return all_of(entries, error)


def envelope(session: str, ids: str) -> str:
    return _ENVELOPE.format(partner=PARTNER, session=escape(session), ids=ids)


def _results(entries: list[Entry], answer: Answer) -> dict[int, Result]:
    told = [] if not answer.ok else _parsed(answer.body).findall(f".//{{{PARTNER}}}result")
    if len(told) != len(entries):
        raise ConnectorError(Fault.UNKNOWN, "an answer that is none to an undelete")
    return {entry.place: _outcome(entry, result) for entry, result in zip(entries, told, strict=True)}


def _outcome(entry: Entry, result: Any) -> Outcome:
    if result.findtext(f"{{{PARTNER}}}success") == "true":
        return Outcome(id18(entry.write.id))
    code = result.findtext(f"{{{PARTNER}}}errors/{{{PARTNER}}}statusCode") or "UNDELETE_FAILED"
    detail = "the record is not in the recycle bin any more"
    return Outcome(error=ConnectorError(Fault.NOT_FOUND, detail, code, Scope.ITEM))


def _parsed(body: Any) -> Any:
    try:
        return etree.fromstring(body, _PARSER)
    except (etree.XMLSyntaxError, ValueError, TypeError):
        raise ConnectorError(Fault.UNKNOWN, "an answer that is not XML", "NOT_XML") from None


def _there_already(wire: Wire, target: str, entries: list[Entry]) -> dict[int, Result]:
    statement = select(("Id",), target, [one_of("Id", [entry.write.id for entry in entries])])
    rows = wire.queries([Query(statement)], f"write.look.{target}")[0]
    alive = {id18(str(row["Id"])) for row in rows}
    return {e.place: Outcome(id18(e.write.id), adopted=True) for e in entries if id18(e.write.id) in alive}
