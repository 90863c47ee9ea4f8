"""A local stand-in for the parts of the Salesforce REST API that the connector speaks to."""
