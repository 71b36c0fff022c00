"""Hashes, signatures and random secrets."""
