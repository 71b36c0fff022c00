"""Money that comes in through providers."""
