"""Where the provider's truth outlives its process."""
