"""How tests and people steer the provider; for clients on this machine alone."""
