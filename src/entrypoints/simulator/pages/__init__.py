"""What payers and developers see in a browser."""
