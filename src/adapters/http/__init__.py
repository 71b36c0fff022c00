"""Calling out over HTTP, to where strangers tell us."""
