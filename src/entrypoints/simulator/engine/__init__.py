"""What the provider does with money; it knows neither HTTP nor JSON, so that any wire protocol can stand before it."""
