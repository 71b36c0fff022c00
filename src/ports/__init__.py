"""What the core needs from the world: one Protocol a file, domain types in and out."""
