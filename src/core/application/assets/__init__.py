"""Assets a tenant keeps value in."""
