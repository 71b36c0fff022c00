"""What people have to look at."""
