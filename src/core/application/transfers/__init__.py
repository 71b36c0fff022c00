"""Money that moves inside."""
