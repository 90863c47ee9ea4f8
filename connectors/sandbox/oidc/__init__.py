"""A small OpenID provider: authorization code with PKCE, as the log-in of the pages uses it."""
