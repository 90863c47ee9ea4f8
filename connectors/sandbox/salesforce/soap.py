"""The one call that REST does not have: `undelete` of the partner API, with the access token as the session."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from lxml import etree
from werkzeug.wrappers import Request, Response

from connectors.sandbox.salesforce import oauth, records
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.errors import SfError

if TYPE_CHECKING:
    from connectors.sandbox.server import Sandbox

PREFIX = "/salesforce/services/Soap/u/"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
PARTNER = "urn:partner.soap.sforce.com"
MOST_IDS = 200
_PARSER = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def handle(request: Request, sandbox: Sandbox) -> Response:
    try:
        root = etree.fromstring(request.get_data(), _PARSER)
    except etree.XMLSyntaxError:
        return _fault("sf:MALFORMED_REQUEST", "the request is not well-formed XML")
    session = root.findtext(f".//{{{PARTNER}}}sessionId") or ""
    found = oauth.session_of(session, sandbox)
    if found is None:
        return _fault("sf:INVALID_SESSION_ID", "INVALID_SESSION_ID: Invalid Session ID found in SessionHeader")
    asked = root.find(f".//{{{PARTNER}}}undelete")
    if asked is None:
        return _fault("sf:UNSUPPORTED_API_VERSION", "the sandbox serves undelete only")
    ids = [(each.text or "").strip() for each in asked.findall(f"{{{PARTNER}}}ids")]
    if len(ids) > MOST_IDS:
        return _fault("sf:EXCEEDED_ID_LIMIT", f"EXCEEDED_ID_LIMIT: record limit reached. Max {MOST_IDS}")
    org, user = found
    call = Call(sandbox, org, user, request.host_url.rstrip("/"))
    results = "".join(_result(call, each) for each in ids)
    call.settle()
    return _answer(f'<undeleteResponse xmlns="{PARTNER}">{results}</undeleteResponse>')


def _result(call: Call, record_id: str) -> str:
    try:
        records.undelete(call, record_id)
    except SfError as error:
        code, text = escape(error.code), escape(error.message)
        errors = f"<errors><message>{text}</message><statusCode>{code}</statusCode></errors>"
        return f"<result>{errors}<id>{escape(record_id)}</id><success>false</success></result>"
    return f"<result><id>{escape(record_id)}</id><success>true</success></result>"


def _fault(code: str, text: str) -> Response:
    body = f"<e:Fault><faultcode>{escape(code)}</faultcode><faultstring>{escape(text)}</faultstring></e:Fault>"
    return _answer(body, 500)


def _answer(body: str, status: int = 200) -> Response:
    text = (
        f'<?xml version="1.0" encoding="UTF-8"?><e:Envelope xmlns:e="{ENVELOPE}"><e:Body>{body}</e:Body></e:Envelope>'
    )
    return Response(text, status, content_type="text/xml;charset=UTF-8")
