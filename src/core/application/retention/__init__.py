"""Records that are kept for a time only."""
