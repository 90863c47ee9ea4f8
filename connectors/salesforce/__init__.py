"""The Salesforce connector: the `Crm` protocol over REST, on simple-salesforce.

Start at `crm.py`; everything a caller needs is re-exported here.
"""

from connectors.salesforce.auth import Token, TokenCache
from connectors.salesforce.config import SalesforceConfig
from connectors.salesforce.crm import SalesforceCrm

__all__ = ["SalesforceConfig", "SalesforceCrm", "Token", "TokenCache"]
