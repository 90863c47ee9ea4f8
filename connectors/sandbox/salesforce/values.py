"""Field values: from the wire into the store, and back."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any

from connectors.sandbox.salesforce.errors import SfError
from connectors.sandbox.salesforce.facts import FieldFact
from connectors.sandbox.salesforce.ids import looks_like_id, to18

TEXT = frozenset(
    (
        "string",
        "textarea",
        "picklist",
        "combobox",
        "email",
        "phone",
        "url",
        "multipicklist",
        "encryptedstring",
        "base64",
    )
)
_NUMBERS = frozenset(("double", "currency", "percent"))
_MAIL = re.compile(r"[^\s@,;:<>()\[\]\"]+@[^\s@,;:<>()\[\]\"]+\.[^\s@,;:<>()\[\]\"]+")
_OFFSET = re.compile(r"([+-]\d\d)(\d\d)$")


def show_moment(moment: datetime) -> str:
    """The wire form, which is the stored form too (it sorts as text). System time has whole seconds only."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def read_moment(text: str) -> datetime:
    """Raises ValueError. A zone may be `Z`, `+hh:mm` or `+hhmm`; without one it is UTC; a bare date is its midnight."""
    moment = datetime.fromisoformat(_OFFSET.sub(r"\1:\2", text.strip().replace("Z", "+00:00")))
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if not 1700 <= moment.year <= 4000:
        raise ValueError("outside of the range of dates")
    return moment.astimezone(UTC).replace(microsecond=0)


def read_date(text: str) -> date:
    """Raises ValueError. Of a moment only the date is kept."""
    day = date.fromisoformat(text.strip()[:10])
    if not 1700 <= day.year <= 4000:
        raise ValueError("outside of the range of dates")
    return day


def clean(fact: FieldFact, raw: Any) -> Any:
    """The value to store. Raises SfError as the vendor would; empty text becomes null."""
    if raw is None or raw == "":
        return _empty(fact)
    if fact.type in TEXT:
        return _text(fact, raw)
    if fact.type == "boolean":
        return _boolean(raw)
    if fact.type == "int" or fact.type in _NUMBERS:
        return _number(fact, raw)
    if fact.type in ("date", "datetime"):
        if not isinstance(raw, str):
            raise _undeserialisable(fact.type, raw)
        try:
            return show_moment(read_moment(raw)) if fact.type == "datetime" else read_date(raw).isoformat()
        except ValueError:
            raise _undeserialisable(fact.type, raw) from None
    if fact.type in ("reference", "id"):
        if not looks_like_id(raw):
            raise SfError("MALFORMED_ID", f"{fact.label}: id value of incorrect type: {raw}", [fact.name])
        return to18(raw)
    if fact.type == "junctionIdList":
        return _ids(fact, raw)
    raise SfError("INVALID_FIELD_FOR_INSERT_UPDATE", _security([fact.name]), [fact.name])


def _security(names: list[str]) -> str:
    return (
        f"Unable to create/update fields: {', '.join(names)}. Please check the security settings of this field and "
        "verify that it is read/write for your profile or permission set."
    )


def not_writable(names: list[str]) -> SfError:
    return SfError("INVALID_FIELD_FOR_INSERT_UPDATE", _security(names), names)


def _empty(fact: FieldFact) -> Any:
    return 0 if fact.type == "boolean" else [] if fact.type == "junctionIdList" else None


def _undeserialisable(kind: str, raw: Any) -> SfError:
    token = "STRING" if isinstance(raw, str) else "NUMBER_INT" if isinstance(raw, int) else "NUMBER_FLOAT"
    token = "START_OBJECT" if isinstance(raw, dict) else "START_ARRAY" if isinstance(raw, list) else f"VALUE_{token}"
    shown = "" if isinstance(raw, dict | list) else f" value {raw}"
    return SfError(
        "JSON_PARSER_ERROR",
        f"Cannot deserialize instance of {kind} from {token}{shown} or request may be missing a required field",
    )


def _text(fact: FieldFact, raw: Any) -> str | None:
    if isinstance(raw, dict | list | bool):
        raise _undeserialisable("string", raw)
    text = str(raw).strip()
    if not text:
        return None
    if fact.type != "base64" and fact.length and len(text) > fact.length:
        raise SfError(
            "STRING_TOO_LONG",
            f"{fact.label}: data value too large: {text[:255]} (max length={fact.length})",
            [fact.name],
        )
    if fact.type == "email" and not _MAIL.fullmatch(text):
        raise SfError("INVALID_EMAIL_ADDRESS", f"{fact.label}: invalid email address: {text}", [fact.name])
    if fact.has("r") and fact.values and text not in fact.values:
        raise SfError(
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            f"{fact.label}: bad value for restricted picklist field: {text}",
            [fact.name],
        )
    return text


def _boolean(raw: Any) -> int:
    if isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, str) and raw.lower() in ("true", "false"):
        return int(raw.lower() == "true")
    raise _undeserialisable("boolean", raw)


def _number(fact: FieldFact, raw: Any) -> int | float:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        raise _undeserialisable("int" if fact.type == "int" else "double", raw)
    try:
        number = float(raw)
    except ValueError:
        raise _undeserialisable("int" if fact.type == "int" else "double", raw) from None
    if fact.type == "int":
        if number != int(number):
            raise _undeserialisable("int", raw)
        if fact.more.get("digits") and abs(number) >= 10 ** int(fact.more["digits"]):
            raise SfError("NUMBER_OUTSIDE_VALID_RANGE", f"{fact.label}: value outside of valid range", [fact.name])
        return int(number)
    return number


def _ids(fact: FieldFact, raw: Any) -> list[str]:
    if not isinstance(raw, list):
        raise _undeserialisable("array", raw)
    for entry in raw:
        if not looks_like_id(entry):
            raise SfError("MALFORMED_ID", f"{fact.label}: id value of incorrect type: {entry}", [fact.name])
    return [to18(entry) for entry in raw]


def show(fact: FieldFact, stored: Any) -> Any:
    """The wire form of a stored value."""
    return bool(stored) if fact.type == "boolean" else stored
