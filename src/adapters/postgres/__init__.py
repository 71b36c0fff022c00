"""PostgreSQL, the only truth. All SQL of the project is in this room."""
