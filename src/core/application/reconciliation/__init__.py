"""The books, compared."""
