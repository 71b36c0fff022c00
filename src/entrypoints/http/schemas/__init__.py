"""What goes over the wire. Shape is checked here, meaning in the core."""
