"""What the org says of itself: the list of objects, and each object's describe."""

from __future__ import annotations

from typing import Any

from connectors.sandbox.salesforce import orgs
from connectors.sandbox.salesforce.call import Call
from connectors.sandbox.salesforce.facts import FIELD_LETTERS, OBJECT_LETTERS, FieldFact, ObjectFact

_SOAP = {
    "id": "tns:ID", "reference": "tns:ID", "boolean": "xsd:boolean", "int": "xsd:int", "double": "xsd:double",
    "currency": "xsd:double", "percent": "xsd:double", "date": "xsd:date", "datetime": "xsd:dateTime",
    "address": "urn:address", "base64": "xsd:base64Binary", "junctionIdList": "urn:JunctionIdListNames",
}  # fmt: skip
_SINGLE_BYTE = ("id", "reference")
_NEVER = ("aiPredictionField", "deprecatedAndHidden", "displayLocationInDecimal", "formulaTreatNullNumberAsZero",
          "highScaleNumber", "writeRequiresMasterRead")  # fmt: skip
_NOTHING = ("calculatedFormula", "defaultValueFormula", "filteredLookupInfo", "inlineHelpText", "mask", "maskType",
            "referenceTargetField")  # fmt: skip
_OBJECT_NEVER = ("activateable", "customSetting", "deepCloneable", "deprecatedAndHidden", "hasSubtypes",
                 "isInterface", "isSubtype")  # fmt: skip
_OBJECT_NOTHING = ("associateEntityType", "associateParentEntity")
_OPEN_LISTS = {"EmailMessage": ("ToIds", "CcIds", "BccIds")}


def field(fact: FieldFact) -> dict[str, Any]:
    default = fact.more.get("default")
    restricted_default = default if fact.type == "picklist" else None
    out: dict[str, Any] = {
        "name": fact.name,
        "label": fact.label,
        "type": fact.type,
        "length": fact.length,
        "byteLength": fact.length * (1 if fact.type in _SINGLE_BYTE else 3),
        "precision": fact.more.get("precision", 0),
        "scale": fact.more.get("scale", 0),
        "digits": fact.more.get("digits", 0),
        "referenceTo": list(fact.references),
        "relationshipName": fact.relationship or None,
        "relationshipOrder": fact.more.get("order"),
        "picklistValues": [
            {"active": True, "defaultValue": value == default, "label": value, "validFor": None, "value": value}
            for value in fact.values
        ],
        "compoundFieldName": fact.more.get("compound"),
        "controllerName": fact.more.get("controller"),
        "extraTypeInfo": fact.more.get("extra"),
        "soapType": fact.more.get("soap") or _SOAP.get(fact.type, "xsd:string"),
        "defaultValue": False if fact.type == "boolean" else restricted_default,
        "queryByDistance": fact.type in ("address", "location"),
    }
    out |= {name: fact.has(letter) for letter, name in FIELD_LETTERS.items()}
    out |= dict.fromkeys(_NEVER, False) | dict.fromkeys(_NOTHING)
    return out


def _urls(call: Call, fact: ObjectFact) -> dict[str, str]:
    base = call.path(f"sobjects/{fact.name}")
    urls = {"sobject": base, "describe": f"{base}/describe", "rowTemplate": f"{base}/{{ID}}"}
    if fact.can("l"):
        urls |= {"layouts": f"{base}/describe/layouts", "compactLayouts": f"{base}/describe/compactLayouts"}
        urls["quickActions"] = f"{base}/quickActions"
    if fact.name == "Event":
        urls["eventSeriesUpdates"] = f"{base}/{{ID}}/fromThisEventOnwards"
    return urls


def brief(call: Call, fact: ObjectFact) -> dict[str, Any]:
    """An object's entry in the global describe."""
    out: dict[str, Any] = {"name": fact.name, "label": fact.label, "labelPlural": fact.plural}
    out |= {"keyPrefix": fact.prefix, "custom": fact.name.endswith("__c")}
    out |= {name: fact.can(letter) for letter, name in OBJECT_LETTERS.items() if letter not in "Lk"}
    out |= dict.fromkeys(_OBJECT_NEVER, False) | dict.fromkeys(_OBJECT_NOTHING)
    out["urls"] = _urls(call, fact)
    return out


def everything(call: Call) -> dict[str, Any]:
    return {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": [brief(call, fact) for fact in call.objects.values()]}


def _record_types(call: Call, fact: ObjectFact) -> list[dict[str, Any]]:
    if not fact.can("l") or fact.name == "OpportunityContactRole":
        return []
    kinds = [("Master", "Master", orgs.MASTER_RECORD_TYPE)]
    if fact.name == "Account" and call.org.settings.person_accounts:
        kinds.insert(0, ("PersonAccount", "Person Account", orgs.PERSON_RECORD_TYPE))
    return [
        {
            "active": True,
            "available": True,
            "defaultRecordTypeMapping": name == "Master",
            "developerName": name,
            "master": name == "Master",
            "name": label,
            "recordTypeId": record_id,
            "urls": {"layout": call.path(f"sobjects/{fact.name}/describe/layouts/{record_id}")},
        }
        for name, label, record_id in kinds
    ]


def full(call: Call, fact: ObjectFact) -> dict[str, Any]:
    """The describe of one object, as the caller sees it."""
    out = brief(call, fact)
    out |= {name: fact.can(letter) for letter, name in OBJECT_LETTERS.items() if letter in "Lk"}
    out |= {"actionOverrides": [], "namedLayoutInfos": [], "networkScopeFieldName": None, "listviewable": None}
    out |= {
        "lookupLayoutable": None,
        "sobjectDescribeOption": "FULL",
        "defaultImplementation": None,
        "extendedBy": None,
    }
    out |= {"extendsInterfaces": None, "implementedBy": None, "implementsInterfaces": None}
    out["supportedScopes"] = [
        {"label": f"All {fact.plural.lower()}", "name": "everything"},
        {"label": f"My {fact.plural.lower()}", "name": "mine"},
    ]
    out["childRelationships"] = [
        {
            "cascadeDelete": cascade,
            "childSObject": child,
            "deprecatedAndHidden": False,
            "field": by,
            "junctionIdListNames": list(_OPEN_LISTS.get(child, ())) if child == fact.name else [],
            "junctionReferenceTo": [],
            "relationshipName": name,
            "restrictedDelete": False,
        }
        for child, by, name, cascade in fact.children
        if child in call.objects
    ]
    out["recordTypeInfos"] = _record_types(call, fact)
    out["fields"] = [field(entry) for entry in fact.fields.values()]
    return out
