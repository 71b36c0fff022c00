"""The conformance kit: checks that every gateway adapter must pass (docs/gateways/writing-an-adapter.md)."""
