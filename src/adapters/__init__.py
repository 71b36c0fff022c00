"""Every technology, each in its own room, behind a port."""
