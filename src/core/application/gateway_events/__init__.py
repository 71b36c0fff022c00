"""What providers told us, received and applied."""
