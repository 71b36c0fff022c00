"""Jobs nobody could do."""
