"""Money set aside."""
