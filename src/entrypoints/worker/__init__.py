"""`bursar worker`: jobs, schedules, the outbox relay, sweeps."""
