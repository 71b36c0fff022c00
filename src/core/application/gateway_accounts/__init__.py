"""Accounts with providers: connected, changed, checked."""
