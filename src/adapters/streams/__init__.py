"""SAQ's queue on Redis Streams, and what is published on them."""
