"""The provider's own simple wire protocol, spoken by the `mock` gateway: docs/simulator.md."""
