"""Redis: fast, and allowed to forget everything."""
