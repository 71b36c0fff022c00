"""The provider of docs/simulator.md: for development, for tests, and as an example of an adapter."""

from adapters.gateways.mock.assembly import factory

__all__ = ["factory"]
