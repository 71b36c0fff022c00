"""
A small real fulfilment service for development: somebody else's system, so it imports nothing of Bursar.

It does one thing once for a key, writes it into a journal of its own, and misbehaves on request (docs/fulfilment.md).
"""
