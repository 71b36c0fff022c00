"""Handing over what an order paid for, by the service that a tenant runs."""
