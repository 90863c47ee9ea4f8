"""What the failure of a probe says of a set-up: each vendor's own words first, then what they all have in common."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.errors import ConnectorError, Fault
from mapping.model.findings import Finding

# a connection that never came about is told as the class of the innermost error
TRANSPORT: Mapping[str, Finding] = {
    "SSLCertVerificationError": Finding.TLS_UNTRUSTED,
    "SSLError": Finding.TLS_TOO_OLD,
    "SSLEOFError": Finding.TLS_TOO_OLD,
    **dict.fromkeys(
        (
            "ConnectionRefusedError", "ConnectionError", "ConnectTimeout", "ConnectTimeoutError", "gaierror", "OSError",
            "NameResolutionError", "NewConnectionError", "ProxyError", "TimeoutError", "timeout", "ConnectError",
            "UnsupportedProtocol", "InvalidURL", "LocationParseError",
        ),
        Finding.UNREACHABLE,
    ),
}  # fmt: skip
FAULTS: Mapping[Fault, Finding] = {
    Fault.THROTTLED: Finding.THROTTLED,
    Fault.UNAVAILABLE: Finding.OUT_OF_SERVICE,
    Fault.UNKNOWN: Finding.OUT_OF_SERVICE,
}


def finding_of(error: ConnectorError, words: Mapping[str, Finding]) -> Finding:
    """`words`: the vendor's, of which the last blank-parted one counts when the whole is not among them."""
    code = error.vendor_code
    for known, word in ((words, code), (words, code.rpartition(" ")[2]), (TRANSPORT, code)):
        if word in known:
            return known[word]
    return FAULTS.get(error.fault, Finding.REFUSED)
