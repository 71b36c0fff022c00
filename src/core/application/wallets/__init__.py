"""Wallets: open, change, read."""
