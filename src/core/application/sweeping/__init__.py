"""What is due, found in PostgreSQL and queued again, whatever Redis remembers."""
