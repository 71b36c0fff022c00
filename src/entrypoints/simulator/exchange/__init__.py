"""What every wire protocol shares: keys that make a repetition safe, and faults on demand."""
