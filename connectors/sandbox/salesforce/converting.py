"""Converting a lead, which the vendor lets people do in its pages and over SOAP, but not over REST.

Source: Object Reference, Lead. The lead stays, is read-only from then on, and names what it became; its activities go
to the contact.
"""

from __future__ import annotations

from connectors.sandbox.salesforce import records
from connectors.sandbox.salesforce.call import Call

_TO_CONTACT = ("FirstName", "LastName", "Email", "Title", "Phone", "MobilePhone", "OwnerId")


def convert(call: Call, lead_id: str, account: str = "", opportunity: str = "") -> dict[str, str]:
    """The ids of what the lead became. Raises ValueError for a lead that is not there or was converted before."""
    lead = records.read(call, "Lead", lead_id)
    if lead is None or lead["IsDeleted"] or lead["IsConverted"]:
        raise ValueError(f"no lead {lead_id} that could be converted")
    owner = {"OwnerId": lead["OwnerId"]}
    made = {"account": account or records.insert(call, "Account", {"Name": lead["Company"], **owner})}
    person = {name: lead[name] for name in _TO_CONTACT}
    made["contact"] = records.insert(call, "Contact", {**person, "AccountId": made["account"]})
    if opportunity:
        deal = {"Name": opportunity, "AccountId": made["account"], "StageName": "Prospecting", **owner}
        made["opportunity"] = records.insert(call, "Opportunity", {**deal, "CloseDate": call.stamp[:10]})
        role = {"OpportunityId": made["opportunity"], "ContactId": made["contact"], "IsPrimary": 1}
        records.insert(call, "OpportunityContactRole", role)
    became = {f"Converted{name.title()}Id": record for name, record in made.items()}
    records.touch(
        call, "Lead",
        {**lead, **became, "IsConverted": 1, "ConvertedDate": call.stamp[:10], "Status": "Closed - Converted"},
    )  # fmt: skip
    return made
