"""A payment provider that is nobody's: a real HTTP server with a truth of its own, for development and tests."""
