"""How much is given up in one transaction when an endpoint is disabled or deleted."""

CANCELED_AT_ONCE = 5000
"""The rest is canceled by the endpoint's delivery job, so that no backlog is too long to be given up."""
