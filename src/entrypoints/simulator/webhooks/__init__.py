"""Events on their way to the merchants."""
