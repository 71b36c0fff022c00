"""Use cases: one file, one command, one handler."""
